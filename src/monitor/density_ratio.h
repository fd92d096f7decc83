// How much more often a context stands in the later log than in the first.
#pragma once

#include <vector>

#include "plumb/features.h"

namespace plumb {

struct DensityRatio {
  std::vector<double> score;  // by decision of the joined log: log r(x), up to a constant
  std::vector<double> ratio;  // by decision: r(x)
};

// `both`: the joined log, `first_count` decisions of it from the first log; `fold` by decision: the unit's fold
// in its own log. Learnt on the training folds of both; rows of the certification folds are scored unseen.
DensityRatio density_ratio(const DecisionLog& both, std::size_t first_count, const FeatureMap& map,
                           const std::vector<std::uint8_t>& fold, int threads);

}  // namespace plumb
