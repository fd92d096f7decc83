// What one decision contributes to the value of a policy, before anything is summed.
#pragma once

#include <span>
#include <vector>

#include "plumb/evaluate.h"

namespace plumb {

inline constexpr std::size_t kDecisionBlock = 2048;

struct PolicyTerms {
  std::vector<double> dr;               // outcomes x n: sum_a pi q + w o/s (y - q); 0 where immature
  std::vector<double> ips;              // outcomes x n: w o/s y (only where asked for)
  std::vector<double> observed_weight;  // outcomes x n: w o/s
  std::vector<double> weight;           // n: w = pi(chosen)/propensity
  std::vector<double> kl, chi2;         // n: sum_a pi log(pi/base), sum_a pi^2/base
};

PolicyTerms policy_terms(const DecisionLog& log, const OutcomeModels& models, std::span<const float> base,
                         bool base_is_estimate, std::span<const float> probabilities, bool is_logging,
                         bool all_estimators, int threads);

struct SubsetSums {
  double weight_error = 0;     // standard error of the mean weight, clustered on units
  double effective_units = 0;  // (sum of buckets' weights)^2 / sum of their squares
  double count = 0, weight = 0, weight_squares = 0, max_weight = 0, kl = 0, chi2 = 0;
};
SubsetSums subset_sums(const PolicyTerms& terms, const std::vector<std::uint8_t>& mask,
                       const std::vector<std::uint32_t>& bucket);

// Over the decisions of the mask where the outcome was observed, with weights w/s: the effective sample size,
// the largest share of one decision, and the effective number of non-zero outcomes (weights w).
struct ObservedSums {
  double ess = 0, largest_share = 0, events = 0;
};
ObservedSums observed_sums(const PolicyTerms& terms, const OutcomeColumn& column,
                           const std::vector<std::uint8_t>& mask);

Support support_of(const SubsetSums& sums);
// A policy's support for the value of an outcome: enough decisions in which it was observed are needed too.
void limit_to_observed(Support& support, const std::string& outcome, const ObservedSums& observed);

}  // namespace plumb
