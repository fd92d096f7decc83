// Private to audit: what the surrogacy tests regress on, and what the regressions leave.
#pragma once

#include <string>
#include <vector>

#include "plumb/reward.h"

namespace plumb {

// A row a decision, column 0 the constant: context, proxy and their crosses, where numbers have hinges at their
// quantiles and products of each other beside them, so that what is smooth is followed and not only what is
// linear. Richness goes down, crosses first, until the width is at most `most_columns` (never below the linear
// terms). Quantiles and scales are those of the decisions with use[i]: nothing but context and proxy is read.
struct CarriedDesign {
  std::size_t width = 0;
  std::vector<float> x;  // n x width
};
CarriedDesign carried_design(const DecisionLog& log, const OutcomeColumn& proxy, const FeatureMap& map,
                             const std::vector<std::uint8_t>& use, std::size_t most_columns, int threads);

// For every decision with use[i], (T - E[T | s, x]) (y - E[y | s, x]) for every treatment T, the mean over
// several assignments of units to folds of what cross-fitted regressions leave. Assignments do not depend on
// the split seed. weight: how much a decision counts, in the regressions too.
struct Carried {
  std::vector<double> left;  // n x treatments
  std::size_t treatments = 0;
};
Carried carried(const DecisionLog& log, const OutcomeColumn& proxy, const FeatureMap& map,
                std::span<const double> y, const std::vector<std::vector<double>>& treatment,
                std::span<const double> weight, const std::vector<std::uint8_t>& use, int threads);

}  // namespace plumb
