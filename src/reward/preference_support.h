// What comparisons say of a policy's value, and what they do not: a direction of the design in which no two
// options that were compared differ has no coefficient, whatever a penalty makes of it.
#pragma once

#include "plumb/preferred.h"
#include "reward/pairwise.h"

namespace plumb {

// Of one estimate. `column`: which columns of the design the fit holds, after the position; `width`: of the
// design. REQUIRES: fit is of pairs, with this penalty.
ComparisonSupport comparison_support(const Pairs& pairs, const PairFit& fit, double penalty,
                                     const std::vector<std::size_t>& column, std::size_t width);

}  // namespace plumb
