// Roles of names, and the row in hand. Invariant: between clear() and finish(), every cell of row_ belongs to
// the row in hand; a name whose stamp is the row's has a value there already.
#include "data/sparse_row.h"

#include <fmt/core.h>

#include <algorithm>

namespace plumb {

namespace {

// A column a row of every log: more are features that belong to a model, not to a log's columns.
constexpr std::size_t kMostColumns = 4096;

// Of the log: which of its rows came late enough to be the one too many says nothing about them.
[[noreturn]] void refuse_features(const std::string& source) {
  refuse(source, "features", fmt::format("more than {} different ones", kMostColumns),
         "fewer (context = [...] below [data] names those that are needed; words of texts are no columns)");
}

// Whether a name below `path` could match.
bool may_match_below(std::string_view pattern, const std::string& path) {
  const std::string below = path + ".";
  if (pattern.starts_with(below)) return true;
  return pattern.ends_with('*') && below.starts_with(pattern.substr(0, pattern.size() - 1));
}

constexpr std::string_view kByPlace = "#";
constexpr const char* kCoreWhat[] = {"data.id", "data.unit", "data.time", "data.version"};

}  // namespace

SparseRow::SparseRow(const Goal& goal, LogBuilder& builder, bool add_repeated)
    : goal_(goal), builder_(builder), add_repeated_(add_repeated), segment_names_(goal.all_segments()) {
  builder.become_sparse();
  core_name_[kId] = goal.data.id;
  core_name_[kUnit] = goal.data.unit;
  core_name_[kTime] = goal.data.time;
  core_name_[kVersion] = goal.data.version;
  row_.segments.resize(segment_names_.size());
  row_.asked.resize(builder.asked_columns().size());
  row_.outcomes.resize(goal.outcomes.size());
}

void SparseRow::clear() {
  ++row_stamp_;
  for (Cell& cell : core_) cell = {};
  std::fill(row_.segments.begin(), row_.segments.end(), Cell{});
  asked_.assign(row_.asked.size(), {});
  std::fill(row_.outcomes.begin(), row_.outcomes.end(), std::numeric_limits<double>::quiet_NaN());
  row_.sparse_context.clear();
  row_.sparse_features.clear();
  row_.offered.clear();
  row_.propensities.clear();
  row_.drop_rate = 0;
}

void SparseRow::resolve(Side& side, std::uint32_t name, Needs& found) const {
  const std::string& path = side.names.path(name);
  const bool shared = &side == &shared_;
  found.known = true;
  const bool is_id = !shared && path == goal_.data.action;
  found.named = is_id;
  if (side.names.hidden(name) || is_id) found.column = -1;
  if (!shared) {
    if (!builder_.keeps_feature(path)) found.column = -1;
    found.below = builder_.keeps_below(path, /*action=*/true) || may_match_below(goal_.data.action, path);
    return;
  }
  const auto& patterns = goal_.data.context;
  const auto matched = [&](const std::string& pattern) { return matches(pattern, path); };
  if (!patterns.empty() && std::none_of(patterns.begin(), patterns.end(), matched)) found.column = -1;
  if (!builder_.keeps_context(path)) found.column = -1;
  found.below = builder_.keeps_below(path, /*action=*/false) &&
                (patterns.empty() || std::any_of(patterns.begin(), patterns.end(), [&](const std::string& p) {
                   return may_match_below(p, path);
                 }));
  const auto named = [&](const std::string& wanted) {
    if (may_match_below(wanted, path)) found.below = true;
    return !wanted.empty() && wanted == path;
  };
  for (int c = 0; c < kCores; ++c)
    if (named(core_name_[c])) found.core = c;
  for (std::size_t s = 0; s < segment_names_.size(); ++s)
    if (named(segment_names_[s])) found.segment = static_cast<int>(s);
  for (std::size_t a = 0; a < builder_.asked_columns().size(); ++a)
    if (named(builder_.asked_columns()[a])) found.asked = static_cast<int>(a);
  found.named = found.core >= 0 || found.segment >= 0 || found.asked >= 0;
}

void SparseRow::set_again(Side& side, std::uint32_t name, Cell& before, const Cell& cell) const {
  const std::string& path = side.names.path(name);
  if (!add_repeated_ || std::isnan(before.number) || std::isnan(cell.number))
    throw BadRow{path, "a second value", "every feature once"};
  before.number += cell.number;
  before.text = {};
  before.kind = Cell::Kind::kNumber;
  ColumnBuilder::check(before, path, /*allow_absent=*/false);
}

void SparseRow::make_column(Side& side, std::uint32_t name, Needs& found, const Cell& cell) {
  const std::string& path = side.names.path(name);
  ColumnBuilder::check(cell, path, /*allow_absent=*/false);
  if (++columns_ > kMostColumns) refuse_features(builder_.source());
  found.column = static_cast<int>(&side == &shared_ ? builder_.add_context_column(path)
                                                    : builder_.add_feature_column(path));
}

void SparseRow::set_named(const Needs& found, const Cell& cell) {
  if (found.core >= 0 && core_[found.core].absent()) core_[found.core] = cell;
  if (found.segment >= 0) row_.segments[found.segment] = cell;
  if (found.asked >= 0) asked_[found.asked] = cell;
}

void SparseRow::next_action() {
  row_.offered.emplace_back();
  ++action_stamp_;
  action_id_ = {};
  tag_ = {};
}

std::string_view SparseRow::position_name(std::size_t slot) {
  while (positions_.size() <= slot) positions_.push_back(std::to_string(positions_.size() + 1));
  return positions_[slot];
}

void SparseRow::name_action() {
  const std::size_t slot = row_.offered.size() - 1;
  while (scratch_.size() <= slot) scratch_.emplace_back();
  const std::string& named = goal_.data.action;
  if (named == kByPlace) {
    row_.offered[slot] = position_name(slot);
    return;
  }
  if (!named.empty() && named != "_tag") {
    row_.offered[slot] = LogBuilder::checked_name(action_id_, named, &scratch_[slot]);
    return;
  }
  if (!tags_known_) by_tag_ = !named.empty() || !tag_.absent();
  tags_known_ = true;
  row_.offered[slot] = by_tag_ ? LogBuilder::checked_name(tag_, "_tag", &scratch_[slot]) : position_name(slot);
}

void SparseRow::refuse_repeated_actions() {
  if (goal_.data.action == kByPlace || (!by_tag_ && goal_.data.action.empty())) return;
  try {
    LogBuilder::refuse_repeated(row_.offered, sorted_);
  } catch (BadRow& bad) {
    bad.expected += " (action = \"#\" below [data] takes actions by their place)";
    throw;
  }
}

void SparseRow::missing(std::string_view what, std::string_view name) const {
  std::vector<std::string> names;
  for (std::uint32_t n = 1; n < shared_.names.size(); ++n) names.push_back(shared_.names.path(n));
  throw BadRow{std::string(what), "no feature " + shown(name), expected_name(name, names)};
}

void SparseRow::finish() {
  refuse_repeated_actions();
  for (std::size_t s = 0; s < row_.segments.size(); ++s) {
    if (row_.segments[s].absent()) missing("segment", segment_names_[s]);
    ColumnBuilder::check(row_.segments[s], segment_names_[s], /*allow_absent=*/false);
  }
  for (std::size_t a = 0; a < asked_.size(); ++a) {
    if (asked_[a].absent()) missing("asked", builder_.asked_columns()[a]);
    row_.asked[a] = LogBuilder::checked_asked(asked_[a], builder_.asked_columns()[a]);
  }
  for (int c = 0; c < kCores; ++c)
    if (!core_name_[c].empty() && core_[c].absent()) missing(kCoreWhat[c], core_name_[c]);
  const auto optional_name = [&](Core which, const char* own) -> std::optional<std::string_view> {
    if (core_[which].absent()) return std::nullopt;
    const std::string_view what = core_name_[which].empty() ? own : std::string_view(core_name_[which]);
    return LogBuilder::checked_name(core_[which], what, &text_[which]);
  };
  row_.id = optional_name(kId, "id");
  row_.unit = optional_name(kUnit, "unit");
  row_.version = optional_name(kVersion, "version");
  row_.time_us.reset();
  if (!core_[kTime].absent())
    row_.time_us =
        LogBuilder::checked_time(core_[kTime], core_name_[kTime].empty() ? "time" : core_name_[kTime].c_str());
}

void SparseRow::list_names(std::vector<std::string>& names, std::vector<std::string>& columns) const {
  for (std::uint32_t n = 1; n < shared_.names.size(); ++n) {
    names.push_back(shared_.names.path(n));
    if (n < shared_.needs.size() && shared_.needs[n].column >= 0) columns.push_back(names.back());
  }
}

namespace {

void add_new(std::vector<std::string>& to, const std::vector<std::string>& from) {
  for (const std::string& name : from)
    if (std::find(to.begin(), to.end(), name) == to.end()) to.push_back(name);
}

}  // namespace

void SparseRow::absorb(const SparseRow& later) {
  std::vector<std::string> names, columns;
  later.list_names(names, columns);
  add_new(later_names_, names);
  add_new(later_columns_, columns);
  count_columns(*this);
  count_columns(later);
  if (counted_.size() > kMostColumns) refuse_features(builder_.source());
}

void SparseRow::count_columns(const SparseRow& from) {
  for (const Side* side : {&from.shared_, &from.action_})
    for (std::uint32_t n = 1; n < side->needs.size(); ++n)
      if (side->needs[n].column >= 0)
        counted_.insert((side == &from.shared_ ? "shared " : "action ") + side->names.path(n));
}

void SparseRow::check_patterns(const std::string& source) {
  if (!builder_.keeps_all()) return;  // names of columns that are not kept are not looked at
  std::vector<std::string> names, columns;
  list_names(names, columns);
  add_new(names, later_names_);
  add_new(columns, later_columns_);
  for (const std::string& pattern : goal_.data.context)
    if (std::none_of(columns.begin(), columns.end(),
                     [&](const std::string& name) { return matches(pattern, name); }))
      refuse(source, "data.context", "no feature " + shown(pattern), expected_name(pattern, names));
}

}  // namespace plumb
