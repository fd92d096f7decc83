// Blocks of rows that are used one by one: what the first block settles, and a block as a log of its own.
#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "data/late_outcomes.h"
#include "data/log_builder.h"

namespace plumb {

bool LogBuilder::keeps_below(std::string_view name, bool action) const {
  if (!kept_) return true;
  const std::string below = std::string(name) + ".";
  for (const std::string& kept : action ? kept_->action_features : kept_->context)
    if (kept.starts_with(below)) return true;
  return false;
}

void LogBuilder::settle(const DecisionLog& first) {
  settled_ = true;
  const auto settle_all = [&](std::vector<ColumnBuilder>& builders, const std::vector<FeatureColumn>& columns) {
    builders.clear();
    for (const FeatureColumn& column : columns) {
      builders.emplace_back(column.name, keep_text_);
      builders.back().settle(column.is_category);
      if (sparse_) builders.back().become_sparse();
    }
  };
  settle_all(context_, first.context);
  settle_all(features_, first.action_features);
  if (fixed_mode_ && !arms_given_) set_fixed_arms(first.actions);
}

void LogBuilder::check_types(const RowDraft& row) const {
  const auto check = [](const ColumnBuilder& column, const Cell& cell) {
    if (column.fits(cell)) return;
    throw BadRow{column.name(), shown(cell),
                 "a number, as in the first block of rows (a stream's columns keep "
                 "their type)"};
  };
  for (std::size_t c = 0; c < row.context.size(); ++c) check(context_[c], row.context[c]);
  for (std::size_t c = 0; c < row.features.size(); ++c) check(features_[c % features_.size()], row.features[c]);
  for (const SparseCell& cell : row.sparse_context) check(context_[cell.column], cell.cell);
  for (const SparseCell& cell : row.sparse_features) check(features_[cell.column], cell.cell);
}

void LogBuilder::join_late(const LateOutcomes& late, BlockAccount* account) {
  for (std::uint32_t row = 0; row < ids_.size(); ++row) {
    const std::uint32_t id = late.find(ids_.name(row));
    if (id == Interner::kNone) continue;
    account->late.push_back(id);
    const std::int64_t decided = log_.time_us.empty() ? kNoMoment : log_.time_us[row];
    late.for_each(id, [&](const LateOutcomes::Value& record) {
      const std::size_t j = record.outcome;
      if (!account->joined.count(fate_of(record.time_us(), decided, goal_.outcomes[j]))) return;
      double& before = outcomes_.value[j][row];
      if (!std::isnan(before) && before != record.value)
        refuse(fmt::format("{}:{}", log_.source, line_[row]), "outcome." + goal_.outcomes[j].name,
               print_number(before),
               fmt::format("{} as in the late record of id {}", record.value, shown(ids_.name(row))));
      if (!std::isnan(before)) ++account->joined.repeated;
      before = record.value;
    });
  }
}

DecisionLog LogBuilder::finish_block(const LateOutcomes& late, std::int64_t as_of, BlockAccount* account) {
  account->rows_read = rows_read_;
  account->bad_rows = bad_rows_;
  account->line = line_;
  account->notes = std::move(notes_);
  account->words = std::move(words_);
  if (log_.size() == 0) return std::move(log_);
  account->id_hash = ids_.hashes();
  if (!late.empty()) join_late(late, account);
  for (const std::vector<double>& values : outcomes_.value)
    account->values.push_back(static_cast<std::uint64_t>(
        std::count_if(values.begin(), values.end(), [](double y) { return !std::isnan(y); })));
  if (fixed_mode_) {
    expand_fixed_arms();
  } else {
    log_.actions = actions_.take_names();
  }
  log_.fixed_actions = fixed_mode_ || same_offers_;
  weigh_rows(/*always=*/true);
  declare_logged();
  for (std::size_t j = 0; j < goal_.outcomes.size(); ++j) {
    const int asked = outcomes_.asked_of[j];
    log_.outcomes.push_back(
        make_outcome_column(log_, goal_.outcomes[j], as_of, std::move(outcomes_.value[j]),
                            asked < 0 ? nullptr : &outcomes_.asked[static_cast<std::size_t>(asked)]));
  }
  if (as_of != kNoMoment)
    account->after_as_of = static_cast<std::uint64_t>(
        std::count_if(log_.time_us.begin(), log_.time_us.end(), [&](std::int64_t t) { return t > as_of; }));
  log_.id = ids_.take_names();
  log_.policy_version = versions_.take_names();
  finish_columns();
  name_units();
  state_implied();
  log_.fold.assign(log_.size(), 0);
  account->notes.insert(account->notes.end(), notes_.begin(), notes_.end());
  return std::move(log_);
}

}  // namespace plumb
