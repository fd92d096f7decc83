// Blocks of one log, read apart, become one. What a row must have is known from the first row of all, so blocks
// find out by themselves what is wrong with their rows; only what needs all earlier rows (an id that stands
// twice) is looked at here.
#include <fmt/core.h>

#include <algorithm>

#include "data/log_builder.h"

namespace plumb {

namespace {

template <class T>
void append_to(std::vector<T>& to, const std::vector<T>& from) {
  to.insert(to.end(), from.begin(), from.end());
}

}  // namespace

LogBuilder LogBuilder::fork() const {
  PLUMB_ASSERT(planned_);
  LogBuilder out(log_.source, goal_, keep_text_);
  if (!sparse_ || settled_) {
    for (const ColumnBuilder& column : context_) out.context_.push_back(column.empty_copy());
    for (const ColumnBuilder& column : features_) out.features_.push_back(column.empty_copy());
  }
  for (const UnnamedColumn& unnamed : unnamed_) out.unnamed_.push_back({unnamed.column.empty_copy()});
  out.unnamed_wanted_ = unnamed_wanted_;
  out.kept_ = kept_;
  out.settled_ = settled_;
  out.fingerprints_ = fingerprints_;
  out.sparse_ = sparse_;
  out.fixed_mode_ = fixed_mode_;
  out.arms_given_ = arms_given_;
  if (arms_given_)
    for (std::uint32_t arm = 0; arm < actions_.size(); ++arm) out.actions_.intern(actions_.name(arm));
  out.has_id_ = has_id_;
  out.has_unit_ = has_unit_;
  out.has_time_ = has_time_;
  out.has_version_ = has_version_;
  out.has_logged_ = has_logged_;
  out.planned_ = true;
  out.reserve(*this);
  return out;
}

// Blocks of a log have about as many rows as the first one: room for those is made at once, not by and by.
void LogBuilder::reserve(const LogBuilder& like) {
  usual_rows_ = std::max(like.usual_rows_, like.log_.size());
  usual_actions_ = std::max(like.usual_actions_, like.log_.action.size());
  if (!like.settled_) return;
  const std::size_t rows = usual_rows_ + usual_rows_ / 16, actions = usual_actions_ + usual_actions_ / 16;
  if (has_id_) ids_.reserve(rows);
  for (auto* column : {&line_, &log_.offset}) column->reserve(rows + 1);
  log_.propensity.reserve(rows);
  log_.chosen.reserve(rows);
  if (!fixed_mode_) log_.action.reserve(actions);
  if (has_logged_) log_.logged.reserve(actions);
  if (has_time_) log_.time_us.reserve(rows);
  if (has_version_) log_.version.reserve(rows);
  for (ColumnBuilder& column : context_) column.reserve(rows);
  for (ColumnBuilder& column : features_) column.reserve(actions);
  for (auto& values : outcomes_.value) values.reserve(rows);
  for (auto& values : outcomes_.asked) values.reserve(rows);
}

std::map<std::uint64_t, BadRow> LogBuilder::repeated(const LogBuilder& later) const {
  std::map<std::uint64_t, BadRow> out;
  for (std::uint32_t row = 0; row < later.ids_.size(); ++row) {
    const std::uint32_t before = ids_.find(later.ids_, row);
    if (before == Interner::kNone) continue;
    out.emplace(later.line_[row], BadRow{"id",
                                         fmt::format("{} again, first in {} {}", shown(later.ids_.name(row)),
                                                     bad_rows_.place(), line_[before]),
                                         "every id once"});
  }
  return out;
}

// Codes of actions by name; slots stay as they are.
void LogBuilder::append_actions(LogBuilder& later) {
  std::vector<std::uint32_t> here(later.actions_.size());
  for (std::uint32_t code = 0; code < here.size(); ++code) here[code] = actions_.take(later.actions_, code);
  if (fixed_mode_) {
    for (const std::uint32_t chosen : later.log_.chosen) log_.chosen.push_back(here[chosen]);
    return;
  }
  const std::size_t start = log_.action.size(), first = log_.offered(0);
  log_.action.reserve(start + later.log_.action.size());
  for (const std::uint32_t code : later.log_.action) log_.action.push_back(here[code]);
  for (std::size_t i = 1; i < later.log_.offset.size(); ++i)
    log_.offset.push_back(start + later.log_.offset[i]);
  append_to(log_.chosen, later.log_.chosen);
  // All of a block offer what its first row does, and that one what the first of all does.
  same_offers_ = same_offers_ && later.same_offers_ && later.log_.offered(0) == first &&
                 std::equal(log_.action.begin(), log_.action.begin() + static_cast<std::ptrdiff_t>(first),
                            log_.action.begin() + static_cast<std::ptrdiff_t>(start));
}

void LogBuilder::append_columns(std::vector<ColumnBuilder>& to, std::vector<ColumnBuilder>& from,
                                std::size_t rows) const {
  for (std::size_t c = 0; c < from.size(); ++c) {
    std::size_t at = c;
    if (sparse_) {
      const auto same = [&](const ColumnBuilder& column) { return column.name() == from[c].name(); };
      // Columns are met in nearly the same order in every block.
      if (at >= to.size() || !same(to[at]))
        at = static_cast<std::size_t>(std::find_if(to.begin(), to.end(), same) - to.begin());
      if (at == to.size()) {
        to.emplace_back(from[c].name(), keep_text_);
        to.back().become_sparse();
      }
    }
    to[at].append(std::move(from[c]), rows);
  }
}

void LogBuilder::append_drop_rates(const LogBuilder& later) {
  if (drop_rate_.empty() && later.drop_rate_.empty()) return;
  drop_rate_.resize(log_.size(), 0.0f);
  append_to(drop_rate_, later.drop_rate_);
  drop_rate_.resize(log_.size() + later.log_.size(), 0.0f);
}

void LogBuilder::append(LogBuilder&& later) {
  bad_rows_.append(later.bad_rows_);
  rows_read_ += later.rows_read_;
  if (later.log_.size() == 0) return;
  append_drop_rates(later);
  const std::size_t rows = log_.size(), action_rows = log_.action.size();
  for (std::uint32_t id = 0; id < later.ids_.size(); ++id) ids_.take(later.ids_, id);
  std::vector<std::uint32_t> version(later.versions_.size());
  for (std::uint32_t code = 0; code < version.size(); ++code)
    version[code] = versions_.take(later.versions_, code);
  for (const std::uint32_t code : later.log_.version) log_.version.push_back(version[code]);
  append_actions(later);
  append_to(line_, later.line_);
  append_to(raw_hash_, later.raw_hash_);
  append_to(log_.row_fingerprint, later.log_.row_fingerprint);
  append_to(log_.unit, later.log_.unit);
  append_to(log_.time_us, later.log_.time_us);
  append_to(log_.propensity, later.log_.propensity);
  append_to(log_.logged, later.log_.logged);
  append_columns(context_, later.context_, rows);
  append_columns(features_, later.features_, action_rows);
  append_columns(segments_, later.segments_, rows);
  append_unnamed(later, rows);
  for (std::size_t j = 0; j < outcomes_.value.size(); ++j)
    append_to(outcomes_.value[j], later.outcomes_.value[j]);
  for (std::size_t j = 0; j < outcomes_.asked.size(); ++j)
    append_to(outcomes_.asked[j], later.outcomes_.asked[j]);
  for (std::size_t j = 0; j < words_.size(); ++j) words_[j].append(later.words_[j]);
}

}  // namespace plumb
