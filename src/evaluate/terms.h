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
                         std::span<const float> probabilities, bool is_logging, bool all_estimators,
                         int threads);

struct SubsetSums {
  double count = 0, weight = 0, weight_squares = 0, max_weight = 0, kl = 0, chi2 = 0;
};
SubsetSums subset_sums(const PolicyTerms& terms, const std::vector<std::uint8_t>& mask);

// (sum w)^2 / sum w^2 over the decisions of the mask with a non-zero observed outcome.
double effective_events(const PolicyTerms& terms, const OutcomeColumn& column,
                        const std::vector<std::uint8_t>& mask);

Support support_of(const SubsetSums& sums);

}  // namespace plumb
