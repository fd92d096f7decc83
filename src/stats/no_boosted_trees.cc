// Boosted trees in a build without XGBoost: none. Nothing but can_boost() may be called.
#include "stats/boosted_trees.h"

namespace plumb::stats {

bool can_boost() { return false; }

std::size_t choose_rounds(const BoostRows&, const BoostRows&, double, BoostLoss, const BoostSettings&) {
  PLUMB_ASSERT(can_boost());
  return 0;
}

BoostedTrees::BoostedTrees(const BoostRows&, double start, BoostLoss, std::size_t, const BoostSettings&)
    : start_(start) {
  PLUMB_ASSERT(can_boost());
}

void BoostedTrees::predict(const SparseRows&, std::span<float> out) const {
  PLUMB_ASSERT(can_boost());
  for (float& one : out) one = static_cast<float>(start_);
}

}  // namespace plumb::stats
