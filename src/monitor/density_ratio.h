// How much more often a context stands in the later log than in the first, and what its own error does to means
// that it re-weights.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "plumb/features.h"

namespace plumb {

struct DensityRatio {
  std::vector<double> score;  // by decision of the joined log: log r(x), up to a constant
  std::vector<double> ratio;  // by decision: r(x)

  // A mean over decisions of the first log, re-weighted: sum_i r_i value_i / sum_i r_i over those that count.
  struct Carried {
    std::function<bool(std::size_t)> counts;
    std::function<double(std::size_t)> value;
    double mean = 0;  // what it came to
  };
  // For each of them, by unit bucket: what the rows that the ratio was learnt from add to the numerator's sums,
  // so that the mean's variance has the error of the ratio in it. Sums to 0 over buckets. To first order: with
  // beta the coefficients of the regression, H its curvature and s_t the score of its row t, beta errs by H^-1
  // sum_t s_t, and the numerator by (sum_i r_i (value_i - mean) x_i)' times that (the usual linearization of an
  // estimator with a first stage: Newey, McFadden 1994, theorem 6.1).
  std::vector<std::vector<double>> error_of(std::span<const Carried> means, int threads) const;

  struct Fit;
  std::shared_ptr<const Fit> fit;
};

// `both`: the joined log, which must outlive the ratio, `first_count` decisions of it from the first log;
// `fold` by decision: the unit's fold in its own log, `bucket` its bucket. Learnt on the training folds of
// both; rows of the certification folds are scored unseen.
DensityRatio density_ratio(const DecisionLog& both, std::size_t first_count, const FeatureMap& map,
                           const std::vector<std::uint8_t>& fold, std::span<const std::uint32_t> bucket,
                           int threads);

}  // namespace plumb
