// What policies cost a decision: known for every decision from the policy's own probabilities, so that only
// whom the log happens to hold is left to chance.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "plumb/policy.h"
#include "plumb/stats.h"

namespace plumb {

class CostSums {
 public:
  // Throws Error{kInput} where costs and actions of the log do not fit each other. Keeps a reference to log.
  CostSums(const DecisionLog& log, const Goal& goal, int threads);
  double lowest() const;
  double highest() const;
  std::size_t add_subset(const std::vector<std::uint8_t>& mask);
  // Columns of a policy, one a subset, in their order; returns the first. What wrote the log cost what it
  // chose.
  std::size_t add_policy(const Policy& policy);
  Estimates estimate(std::span<const Contrast> contrasts) const { return plumb::estimate(moments_, contrasts); }

 private:
  const DecisionLog& log_;
  int threads_;
  std::vector<double> cost_;  // by action
  std::vector<std::vector<std::uint8_t>> masks_;
  std::vector<std::size_t> counts_;  // sums, by subset
  Moments moments_;
};

// Whether a standard error is more than rounding: constants cost the same every time.
bool is_chance(double value, double standard_error);

}  // namespace plumb
