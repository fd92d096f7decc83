// Numbers of features that models do not take as they are written.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "data/checks.h"
#include "data/outlying.h"

namespace plumb {
namespace {

void find_in(const DecisionLog& log, const FeatureColumn& column, std::span<const std::uint32_t> learnt,
             bool of_actions, std::vector<Finding>& out) {
  if (column.is_category) return;
  const Fence fence = fence_of(column.number, learnt);
  std::size_t count = 0, farthest = 0;
  double largest = -1;
  for (std::size_t row = 0; row < column.number.size(); ++row) {
    const auto x = static_cast<double>(column.number[row]);
    if (!fence.is_outlying(x)) continue;
    ++count;
    const double beyond = std::max(fence.low - x, x - fence.high);
    if (beyond > largest) largest = beyond, farthest = row;
  }
  if (count == 0) return;
  std::size_t decision = farthest;
  if (of_actions)
    decision = static_cast<std::size_t>(std::upper_bound(log.offset.begin(), log.offset.end(), farthest) -
                                        log.offset.begin() - 1);
  const float value = column.number[farthest];
  out.push_back(
      {"outlying_cells", Severity::kInfo,
       fmt::format(
           "{} of {} numbers of {} {} far beyond all others, outside {:.4g} to {:.4g}; the farthest is {} in "
           "decision {}. Models and policies take what lies beyond as the mean of the others, as they take "
           "a missing number.",
           count, column.number.size(), column.name, count == 1 ? "lies" : "lie", fence.low, fence.high, value,
           log.id.empty() ? std::to_string(decision + 1) : log.id[decision])});
}

}  // namespace

void find_outlying(const DecisionLog& log, std::vector<Finding>& out) {
  std::vector<std::uint32_t> decisions, rows;
  for (std::size_t i = 0; i < log.size(); ++i) {
    if (!log.fold.empty() && !log.in_training(i)) continue;
    decisions.push_back(static_cast<std::uint32_t>(i));
    for (auto row = log.offset[i]; !log.action_features.empty() && row < log.offset[i + 1]; ++row)
      rows.push_back(static_cast<std::uint32_t>(row));
  }
  for (const FeatureColumn& column : log.context) find_in(log, column, decisions, false, out);
  for (const FeatureColumn& column : log.action_features) find_in(log, column, rows, true, out);
}

}  // namespace plumb
