#include "audit/costs.h"

#include <algorithm>
#include <cmath>

#include "plumb/budget.h"

namespace plumb {
namespace {

constexpr std::size_t kBlock = 4096;

}  // namespace

bool is_chance(double value, double standard_error) {
  return std::isfinite(standard_error) && standard_error > 1e-12 * (1 + std::abs(value));
}

CostSums::CostSums(const DecisionLog& log, const Goal& goal, int threads)
    : log_(log), threads_(threads), cost_(action_costs(goal.cost, log.actions, goal.path, "policy.costs")) {}

double CostSums::lowest() const { return *std::min_element(cost_.begin(), cost_.end()); }
double CostSums::highest() const { return *std::max_element(cost_.begin(), cost_.end()); }

std::size_t CostSums::add_subset(const std::vector<std::uint8_t>& mask) {
  PLUMB_ASSERT(mask.size() == log_.size());
  const std::size_t id = moments_.add_sums();
  const std::span<double> sums = moments_.sums(id);
  for (std::size_t i = 0; i < log_.size(); ++i) sums[bucket_of(log_.unit[i])] += mask[i] ? 1 : 0;
  masks_.push_back(mask);
  counts_.push_back(id);
  return masks_.size() - 1;
}

std::size_t CostSums::add_policy(const Policy& policy) {
  std::vector<double> cost(log_.size());
  parallel_blocks((log_.size() + kBlock - 1) / kBlock, threads_, [&](std::size_t block) {
    const std::size_t begin = block * kBlock, end = std::min(log_.size(), begin + kBlock);
    const std::size_t first = log_.offset[begin];
    std::vector<float> p;
    if (!policy.is_logging()) {
      p.resize(log_.offset[end] - first);
      policy.probabilities(log_, begin, end, p);
    }
    for (std::size_t i = begin; i < end; ++i) {
      if (policy.is_logging()) {
        cost[i] = cost_[log_.chosen_action(i)];
        continue;
      }
      for (std::size_t row = log_.offset[i]; row < log_.offset[i + 1]; ++row)
        cost[i] += static_cast<double>(p[row - first]) * cost_[log_.action[row]];
    }
  });
  const std::size_t out = moments_.columns();
  for (std::size_t s = 0; s < masks_.size(); ++s) {
    const std::size_t id = moments_.add_sums();
    const std::span<double> sums = moments_.sums(id);
    for (std::size_t i = 0; i < log_.size(); ++i) {
      if (masks_[s][i]) sums[bucket_of(log_.unit[i])] += cost[i];
    }
    moments_.add_column(id, counts_[s]);
  }
  return out;
}

}  // namespace plumb
