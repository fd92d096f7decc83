// Sums of one policy over one set of rows, block after block: what Support, events and contrasts are made of.
#pragma once

#include <vector>

#include "evaluate/terms.h"

namespace plumb {

// Everything is a sum over decisions (max_weight and `largest`: a maximum), so blocks add up.
struct StreamSums {
  explicit StreamSums(std::size_t outcomes)
      : weight(kBuckets, 0.0), count(kBuckets, 0.0), outcome(outcomes, Outcome{}) {}
  struct Outcome {
    std::vector<double> dr = zeros(), ips = zeros(), observed_weight = zeros(), count = zeros();  // by bucket
    double sum = 0, squares = 0, largest = 0, event_sum = 0, event_squares = 0;  // of w/s, of w where y != 0
    static std::vector<double> zeros() { return std::vector<double>(kBuckets, 0.0); }
  };
  std::vector<double> weight, count;  // by bucket
  std::vector<Outcome> outcome;
  double decisions = 0, weights = 0, weight_squares = 0, max_weight = 0, kl = 0, chi2 = 0;

  // One block; use (empty: all) marks the decisions that count. `terms` has all estimators.
  void add(const DecisionLog& block, const PolicyTerms& terms, const std::vector<std::uint32_t>& bucket,
           const std::vector<std::uint8_t>& use);
  void add(const StreamSums& later);
  SubsetSums totals() const;
  ObservedSums observed(std::size_t outcome) const;
};

}  // namespace plumb
