// Private to the library: least squares whose every row is predicted by a fit that did not see its fold.
#pragma once

#include "plumb/regression.h"

namespace plumb::stats {

// One entry a target: for every row of x the prediction by a ridge fit of the target on the rows listed in
// `rows` that are not in its own fold; rows that are not listed are predicted alike. All targets share X'X and
// its factors, so a further target costs n p. The penalty of a target is the one of ridge()'s grid (times the
// mean diagonal of X'X over the penalized columns) with the least squared error on rows that the fit did not
// see: one number from all of them. Arguments and throws as in fold_sums; REQUIRES: two folds or more that hold
// listed rows. The same bytes for any number of threads.
std::vector<std::vector<double>> cross_fitted(DesignView x, std::span<const std::span<const double>> targets,
                                              std::span<const std::uint32_t> rows,
                                              std::span<const std::uint8_t> fold, int folds, int threads,
                                              std::span<const double> weight = {});

}  // namespace plumb::stats
