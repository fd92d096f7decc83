// Expected outcomes by boosted trees, cross-fitted as the linear models are.
#pragma once

#include <span>
#include <vector>

#include "reward/design.h"

namespace plumb {

struct BoostedOutcome {
  std::span<const std::uint32_t> rows;  // of the training design, where it is observed
  std::span<const double> value;        // by row of the training design
  bool is_binary = false;               // logistic loss, else squared
  std::span<float> q;                   // by offered action of the log, written
};

// Trees of c and a (plumb/features.h: the context, the action's features and its id), which find crosses by
// themselves. Variant v learns from rows of the folds that it may see. The last of these folds that has rows
// judges how many trees the others want; then that many are fitted on all of them. Where nothing can be learnt
// or judged (all outcomes alike, one fold with rows), q is the mean of what the variant may see. REQUIRES:
// stats::can_boost(). Deterministic.
void score_boosted(const DecisionLog& log, const TrainingDesign& design,
                   std::span<const BoostedOutcome> outcomes, int threads);

}  // namespace plumb
