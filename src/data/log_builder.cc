// Rows into columns. Invariant: between two calls of add, every column of log_ has as many rows as there are
// decisions (features: as there are offered actions); a row that is refused leaves no trace but its count.
#include "data/log_builder.h"

#include <fmt/core.h>

#include <algorithm>
#include <numeric>

#include "data/implied.h"
#include "data/readers.h"
#include "data/rounded_share.h"

namespace plumb {

namespace {

// Every decision of a CSV log offers every action: more than this is a log that should name what was offered.
constexpr std::size_t kMostArms = 4096;
constexpr std::size_t kMostActionRows = std::size_t{1} << 30;
constexpr double kSumTolerance = 1e-6, kAgreement = 1e-6;

std::vector<ColumnBuilder> builders(const std::vector<std::string>& names, bool keep_text) {
  std::vector<ColumnBuilder> out;
  out.reserve(names.size());
  for (const std::string& name : names) out.emplace_back(name, keep_text);
  return out;
}

}  // namespace

LogBuilder::LogBuilder(std::string source, const Goal& goal, bool keep_text)
    : goal_(goal), bad_rows_(source), keep_text_(keep_text) {
  log_.source = std::move(source);
  log_.offset.push_back(0);
  segments_ = builders(goal.all_segments(), keep_text);
  for (const OutcomeSpec& spec : goal.outcomes) {
    int index = -1;
    if (spec.asked_column) {
      const auto at = std::find(asked_columns_.begin(), asked_columns_.end(), *spec.asked_column);
      index = static_cast<int>(at - asked_columns_.begin());
      if (at == asked_columns_.end()) asked_columns_.push_back(*spec.asked_column);
    }
    outcomes_.asked_of.push_back(index);
  }
  std::string note;
  by_arm_ = shares_as_meant(goal.data.propensity_by_arm, &note);
  if (!note.empty()) notes_.push_back(note);
  outcomes_.value.resize(goal.outcomes.size());
  words_.resize(goal.outcomes.size());
  outcomes_.asked.resize(asked_columns_.size());
}

void LogBuilder::set_context(const std::vector<std::string>& names) { context_ = builders(names, keep_text_); }
void LogBuilder::set_action_features(const std::vector<std::string>& names) {
  features_ = builders(names, keep_text_);
}
std::size_t LogBuilder::add_context_column(const std::string& name) { return place_of(name, context_); }
std::size_t LogBuilder::add_feature_column(const std::string& name) { return place_of(name, features_); }
// Settled builders have the columns of the first block already.
std::size_t LogBuilder::place_of(const std::string& name, std::vector<ColumnBuilder>& columns) const {
  const auto same = [&](const ColumnBuilder& column) { return column.name() == name; };
  const auto found = settled_ ? std::find_if(columns.begin(), columns.end(), same) : columns.end();
  const auto place = static_cast<std::size_t>(found - columns.begin());
  if (place == columns.size()) {
    columns.emplace_back(name, keep_text_);
    columns.back().become_sparse();  // only sparse logs make columns as they go
  }
  return place;
}
void LogBuilder::set_fixed_arms(std::vector<std::string> arms) {
  fixed_mode_ = true;
  arms_given_ = !arms.empty();
  std::sort(arms.begin(), arms.end());
  for (const std::string& arm : arms) actions_.intern(arm);
}

void LogBuilder::check_all_or_none(const RowDraft& row) const {
  const auto check = [&](bool had, bool has, const char* what) {
    if (had != has)
      throw BadRow{what, has ? "one" : "nothing",
                   had ? "one, as in the rows before" : "none, as in the rows before"};
  };
  check(has_id_, row.id.has_value(), "id");
  check(has_unit_, row.unit.has_value(), "unit");
  check(has_time_, row.time_us.has_value(), "time");
  check(has_version_, row.version.has_value(), "policy version");
  check(has_logged_, !row.propensities.empty(), "propensities");
}

void LogBuilder::check_propensities(const RowDraft& row, std::size_t chosen) const {
  double sum = 0;
  for (const double p : row.propensities) sum += p;
  if (std::abs(sum - 1) > kSumTolerance)
    throw BadRow{"propensities", "a sum of " + print_number(sum), "1 (within 1e-6)"};
  if (std::abs(row.propensities[chosen] - row.propensity) > kAgreement * row.propensity)
    throw BadRow{"propensities", fmt::format("{} for the chosen action", row.propensities[chosen]),
                 fmt::format("its propensity, {}", row.propensity)};
}

std::uint32_t LogBuilder::known_arm(std::string_view action) const {
  const std::uint32_t arm = actions_.find(action);
  if (arm != Interner::kNone) return arm;
  std::vector<std::string> arms;
  for (std::uint32_t a = 0; a < actions_.size(); ++a) arms.push_back(actions_.name(a));
  if (settled_ && !has_logged_ && goal_.data.propensity_by_arm.empty())
    throw BadRow{
        "action", shown(action) + ", which no row of the first block has",
        expected_name(action, arms) + " (a stream knows no others: give data.propensities or an arm's)"};
  throw BadRow{"action", shown(action) + ", which has no propensity", expected_name(action, arms)};
}

double LogBuilder::propensity_of_arm(std::string_view action, const std::vector<double>& propensities) const {
  const double p = propensities[known_arm(action)];
  if (p > 0) return p;
  throw BadRow{"propensities", fmt::format("0 for {}, which was chosen", shown(action)), "a number in (0, 1]"};
}

// estimand = "deployed": a unit is one decision with one arm and one propensity, however many rows it has.
void LogBuilder::check_deployed(const RowDraft& row, std::string_view chosen_name) {
  const auto [at, is_new] =
      first_of_unit_.try_emplace(hash_bytes(*row.unit), static_cast<std::uint32_t>(log_.size()));
  if (is_new) return;
  const std::uint32_t first = at->second;
  const std::uint32_t arm = fixed_mode_ ? log_.chosen[first] : log_.chosen_action(first);
  if (actions_.name(arm) != chosen_name)
    throw BadRow{"unit", fmt::format("{} with {}", shown(*row.unit), shown(chosen_name)),
                 fmt::format("{} as in {} {} (estimand = \"deployed\": one arm a unit)",
                             shown(actions_.name(arm)), bad_rows_.place(), line_[first])};
  if (log_.propensity[first] != row.propensity)
    throw BadRow{"unit", fmt::format("{} with propensity {}", shown(*row.unit), row.propensity),
                 fmt::format("{} as in {} {} (estimand = \"deployed\")", log_.propensity[first],
                             bad_rows_.place(), line_[first])};
}

void LogBuilder::add_offered(const RowDraft& row) {
  // Where every decision offers the same, the code is known before looking.
  const std::size_t k = row.offered.size();
  const bool first = log_.size() == 0;
  const std::size_t known = first ? 0 : log_.offered(0);
  bool same = !first && known == k;
  offered_.resize(k);
  for (std::size_t a = 0; a < k; ++a) {
    const std::uint32_t guess = a < known ? log_.action[a] : Interner::kNone;
    if (guess != Interner::kNone && actions_.name(guess) == row.offered[a]) {
      offered_[a] = guess;
    } else {
      offered_[a] = actions_.intern(row.offered[a]);
      same = false;
    }
  }
  if (!first && !same) same_offers_ = false;
  log_.action.insert(log_.action.end(), offered_.begin(), offered_.end());
  log_.offset.push_back(log_.action.size());
}

void LogBuilder::add_features(const RowDraft& row, std::size_t first_row) {
  for (std::size_t c = 0; c < row.context.size(); ++c) context_[c].add(row.context[c], row.line);
  for (std::size_t at = 0; at < row.features.size();)
    for (ColumnBuilder& feature : features_) feature.add(row.features[at++], row.line);
  for (const auto& [column, slot, cell] : row.sparse_context) {
    context_[column].pad(log_.size() - 1);
    context_[column].add(cell, row.line);
  }
  for (const auto& [column, slot, cell] : row.sparse_features) {
    features_[column].pad(first_row + slot);
    features_[column].add(cell, row.line);
  }
}

void LogBuilder::add(const RowDraft& row) {
  if (!planned_) {
    has_id_ = row.id.has_value();
    has_unit_ = row.unit.has_value();
    has_time_ = row.time_us.has_value();
    has_version_ = row.version.has_value();
    has_logged_ = !row.propensities.empty();
  }
  check_all_or_none(row);
  std::uint32_t arm = Interner::kNone;
  if (fixed_mode_ && arms_given_) arm = known_arm(row.chosen_name);
  if (has_logged_) check_propensities(row, fixed_mode_ ? arm : row.chosen);
  Interner::Place id;
  if (row.id) {
    id = ids_.place_of(*row.id);
    if (id.code != Interner::kNone)
      throw BadRow{"id",
                   fmt::format("{} again, first in {} {}", shown(*row.id), bad_rows_.place(), line_[id.code]),
                   "every id once"};
  }
  if (row.unit && goal_.data.estimand == Estimand::kDeployed)
    check_deployed(row, fixed_mode_ ? row.chosen_name : row.offered[row.chosen]);
  if (settled_) check_types(row);
  if (const auto refused = refused_.empty() ? refused_.end() : refused_.find(row.line);
      refused != refused_.end()) {
    BadRow bad = refused->second;
    if (bad.found.empty()) bad.found = shown(*row.id) + " again";
    throw bad;
  }

  // From here on nothing throws: the row is in.
  planned_ = true;
  line_.push_back(row.line);
  add_drop_rate(row.drop_rate);
  const std::size_t first_row = log_.action.size();
  if (fingerprints_) log_.row_fingerprint.push_back(row.fingerprint);
  if (row.id) ids_.add(id, *row.id);
  if (row.unit) log_.unit.push_back(hash_bytes(*row.unit));
  if (!row.id && !row.unit) raw_hash_.push_back(hash_bytes(row.raw));
  if (row.time_us) log_.time_us.push_back(*row.time_us);
  if (row.version) log_.version.push_back(versions_.intern_repeated(*row.version));
  if (fixed_mode_) {
    log_.chosen.push_back(actions_.intern(row.chosen_name));
  } else {
    add_offered(row);
    log_.chosen.push_back(row.chosen);
  }
  log_.propensity.push_back(row.propensity);
  for (const double p : row.propensities) log_.logged.push_back(static_cast<float>(p));
  add_features(row, first_row);
  for (std::size_t s = 0; s < segments_.size(); ++s) segments_[s].add(row.segments[s], row.line);
  add_unnamed(row);
  for (std::size_t j = 0; j < outcomes_.value.size(); ++j) outcomes_.value[j].push_back(row.outcomes[j]);
  for (std::size_t j = 0; j < outcomes_.asked.size(); ++j) outcomes_.asked[j].push_back(row.asked[j]);
  for (const auto& [outcome, truth, word, quoted] : row.words) {
    if (quoted) {
      words_[outcome].add_quoted(word);
    } else {
      truth ? words_[outcome].add_truth(word) : words_[outcome].add_missing(word);
    }
  }
}

// Fixed arms: codes become slots in sorted order, and every decision offers all of them.
void LogBuilder::expand_fixed_arms() {
  const std::size_t n = log_.size(), k = actions_.size();
  if (k > kMostArms || n > kMostActionRows / k)
    refuse(
        log_.source, "action", fmt::format("{} different actions in {} rows", k, n),
        fmt::format("at most {}: every row of a CSV log offers all of them (JSON lines name what was offered)",
                    kMostArms));
  std::vector<std::uint32_t> order(k), slot(k);
  std::iota(order.begin(), order.end(), 0u);
  std::sort(order.begin(), order.end(), [&](auto a, auto b) { return actions_.name(a) < actions_.name(b); });
  for (std::uint32_t s = 0; s < k; ++s) slot[order[s]] = s;
  for (std::uint32_t& chosen : log_.chosen) chosen = slot[chosen];
  for (const std::uint32_t code : order) log_.actions.push_back(actions_.name(code));
  log_.action.resize(n * k);
  log_.offset.resize(n + 1);
  for (std::size_t i = 0; i < n; ++i) {
    log_.offset[i + 1] = (i + 1) * k;
    std::iota(log_.action.begin() + static_cast<std::ptrdiff_t>(i * k),
              log_.action.begin() + static_cast<std::ptrdiff_t>((i + 1) * k), 0u);
  }
}

// mu of every offered action from the goal file: a number an arm, or one number that is the uniform policy's.
void LogBuilder::declare_logged() {
  const DataSpec& data = goal_.data;
  log_.propensity_declared = data.propensity_number.has_value() || !data.propensity_by_arm.empty();
  if (!log_.propensity_declared || has_logged_) return;
  const std::size_t n = log_.size();
  if (data.propensity_number) {
    bool rounded = false;
    for (std::size_t i = 0; i < n; ++i) {
      const double uniform = 1.0 / static_cast<double>(log_.offered(i)), written = *data.propensity_number;
      rounded = rounded || std::abs(written - uniform) > 1e-12;
      if (std::abs(written - uniform) <= kSumTolerance || rounds_to(written, uniform)) continue;
      notes_.push_back(fmt::format(
          "The declared propensity {} is not 1/{}, so that the logging probabilities of the actions "
          "that were not chosen are unknown.",
          *data.propensity_number, log_.offered(i)));
      return;
    }
    log_.logged.resize(log_.action.size());
    for (std::size_t i = 0; i < n; ++i) {
      log_.propensity[i] = 1.0 / static_cast<double>(log_.offered(i));
      for (std::uint64_t row = log_.offset[i]; row < log_.offset[i + 1]; ++row)
        log_.logged[row] = static_cast<float>(log_.propensity[i]);
    }
    if (rounded)
      notes_.push_back(fmt::format("The declared propensity {} is 1/{}, rounded: 1/{} is used.",
                                   *data.propensity_number, log_.offered(0), log_.offered(0)));
    return;
  }
  std::vector<double> arm(log_.actions.size());
  for (std::size_t a = 0; a < arm.size(); ++a) arm[a] = by_arm_.at(log_.actions[a]);
  log_.logged.resize(log_.action.size());
  for (std::size_t i = 0; i < n; ++i) {
    double sum = 0;
    for (std::uint64_t row = log_.offset[i]; row < log_.offset[i + 1]; ++row) {
      sum += arm[log_.action[row]];
      log_.logged[row] = static_cast<float>(arm[log_.action[row]]);
    }
    if (std::abs(sum - 1) > kSumTolerance)
      refuse(goal_name(), "data.propensity",
             fmt::format("a sum of {} over the actions offered in {}", sum, bad_rows_.where(line_[i])),
             "1 (within 1e-6)");
  }
}

// A column of propensities whose every value is one over the number of offered actions, rounded, is that.
void LogBuilder::read_rounded_propensities() {
  double last = -1;
  std::size_t of = 0;
  bool same = false;
  // Columns hold few different values, mostly one after the other.
  const auto rounds_to_uniform = [&](double written, std::size_t offered) {
    if (written != last || offered != of)
      last = written, of = offered, same = rounds_to(written, 1.0 / static_cast<double>(offered));
    return same;
  };
  if (log_.propensity_declared || has_logged_ || log_.size() == 0) return;
  const auto uniform = [&](std::size_t i) { return 1.0 / static_cast<double>(log_.offered(i)); };
  bool rounded = false;
  for (std::size_t i = 0; i < log_.size(); ++i) {
    const double written = log_.propensity[i];
    if (!rounds_to_uniform(written, log_.offered(i))) return;
    rounded = rounded || std::abs(written - uniform(i)) > 1e-12;
  }
  if (!rounded) return;
  notes_.push_back(
      fmt::format("Every propensity is one over the number of offered actions, rounded ({} is 1/{}): "
                  "the exact one is used.",
                  log_.propensity[0], log_.offered(0)));
  for (std::size_t i = 0; i < log_.size(); ++i) log_.propensity[i] = uniform(i);
}

// Of two offered actions the one that was not chosen has what the chosen one leaves. Digests do not know: they
// are those of what was written.
void LogBuilder::state_implied() {
  // One number for every chosen action is none for the others.
  if (log_.logged.empty() && !log_.propensity_declared) log_.logged = implied_probabilities(log_);
}

void LogBuilder::finish_columns() {
  std::string note;
  // What a column was taken for comes before all other notes: whoever reads one reads that.
  std::vector<std::string> first;
  const auto finish_all = [&](std::vector<ColumnBuilder>& from, std::vector<FeatureColumn>& to) {
    for (ColumnBuilder& builder : from) {
      to.push_back(builder.finish(&note));
      if (!note.empty() && std::find(first.begin(), first.end(), note) == first.end()) first.push_back(note);
    }
    from.clear();
  };
  if (sparse_) {
    for (auto* columns : {&context_, &features_}) {
      if (!settled_) std::erase_if(*columns, [](const ColumnBuilder& column) { return column.empty(); });
      for (ColumnBuilder& column : *columns)
        column.pad(columns == &context_ ? log_.size() : log_.action.size());
    }
  }
  finish_all(context_, log_.context);
  finish_all(features_, log_.action_features);
  finish_all(segments_, log_.segments);
  for (FeatureColumn& segment : log_.segments) segment = to_segment(std::move(segment));
  finish_unnamed();
  notes_.insert(notes_.begin(), first.begin(), first.end());
}

// Before the row is in.
void LogBuilder::add_drop_rate(double rate) {
  if (rate == 0 && drop_rate_.empty()) return;
  drop_rate_.resize(log_.size(), 0.0f);
  drop_rate_.push_back(static_cast<float>(rate));
}

// Rows that were dropped at random at one rate leave every mean as it is. At several rates a row stands for
// 1 / (1 - rate) rows. `always`: also where these rows have one rate, since others may have another.
void LogBuilder::weigh_rows(bool always) {
  if (drop_rate_.empty()) return;
  drop_rate_.resize(log_.size(), 0.0f);
  const auto [least, most] = std::minmax_element(drop_rate_.begin(), drop_rate_.end());
  if (*least == *most && !always) {
    notes_.push_back(fmt::format(
        "Every row says that rows like it were dropped at random at the rate {}: all count alike.", *least));
    return;
  }
  notes_.push_back(
      always ? "Rows say that rows like them were dropped at random before the log was written: each "
               "counts 1/(1 - rate) times."
             : fmt::format("Rows say that rows like them were dropped at random at rates from {} to {} "
                           "before the log was written: each counts 1/(1 - rate) times.",
                           *least, *most));
  for (const float rate : drop_rate_) log_.weight.push_back(1 / (1 - rate));
}

void LogBuilder::name_units() {
  log_.unit_named = has_unit_;
  if (has_unit_) return;
  notes_.push_back("No unit is named: every decision counts as a unit of its own.");
  if (has_id_) {
    log_.unit = ids_.hashes();  // ids are numbered as the rows are
    return;
  }
  log_.unit.reserve(log_.size());
  std::unordered_map<std::uint64_t, std::uint64_t> times;
  times.reserve(raw_hash_.size());
  for (const std::uint64_t raw : raw_hash_) log_.unit.push_back(hash_combine(raw, times[raw]++));
}

DecisionLog LogBuilder::finish(LoadReport* report, int threads) {
  bad_rows_.refuse_beyond(goal_.data.reject_up_to, rows_read_);
  if (log_.size() == 0)
    refuse(log_.source, "rows", rows_read_ ? "no usable row" : "no rows", "at least one decision");
  if (fixed_mode_) {
    expand_fixed_arms();
  } else {
    log_.actions = actions_.take_names();
  }
  log_.fixed_actions = fixed_mode_ || same_offers_;
  weigh_rows(/*always=*/false);
  declare_logged();
  for (std::size_t j = 0; j < words_.size(); ++j)
    for (std::string& note : word_notes(goal_.outcomes[j].name, words_[j])) notes_.push_back(std::move(note));
  read_rounded_propensities();
  join_outcomes(log_, goal_, ids_, std::move(outcomes_), &notes_);
  log_.id = ids_.take_names();
  log_.policy_version = versions_.take_names();
  finish_columns();
  name_units();
  digest_rows(log_, threads);
  state_implied();
  log_.fold.assign(log_.size(), 0);
  if (report != nullptr) {
    report->rows_read = rows_read_;
    report->decisions = log_.size();
    report->rejected = bad_rows_.count();
    report->rejections = bad_rows_.first();
    report->notes = std::move(notes_);
  }
  return std::move(log_);
}

}  // namespace plumb
