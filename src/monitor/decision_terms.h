// What one decision says of a policy's value, in parts, before anything is summed.
#pragma once

#include <span>
#include <vector>

#include "evaluate/support.h"
#include "plumb/evaluate.h"

namespace plumb {

// n decisions; arrays by outcome hold outcome j of decision i at j * n + i, 0 where immature.
struct DecisionTerms {
  std::vector<double> weight;  // w = pi(chosen)/propensity, 1 for the logging policy
  std::vector<double> chi2;    // sum_a pi^2/base, infinite where the base never takes what the policy does
  std::vector<double>
      direct;  // sum_a pi q; where the logging policy is an estimate, its own is q of the chosen
  std::vector<double> residual;  // w o/s (y - q of the chosen action)
};
// probabilities and base: a float a row of log.action. The same bytes for any number of threads.
DecisionTerms decision_terms(const DecisionLog& log, const OutcomeModels& models, std::span<const float> base,
                             bool base_is_estimate, std::span<const float> probabilities, bool is_logging,
                             int threads);
// What the weights look like on the rows of `mask`.
Support support_on(const DecisionTerms& terms, const std::vector<std::uint8_t>& mask,
                   std::span<const std::uint32_t> bucket);

}  // namespace plumb
