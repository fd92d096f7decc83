// The design of the training half: one row a decision, of the action that was chosen.
#pragma once

#include <vector>

#include "plumb/features.h"
#include "stats/factored.h"

namespace plumb {

struct TrainingDesign {
  FeatureMap map;
  std::vector<std::uint32_t> decision;  // decision of each row, ascending
  std::vector<std::uint8_t> fold;       // of each row, < kTrainingFolds
  std::vector<double> weight;           // how many decisions each row stands for; empty: 1
  stats::FactoredDesign x;              // by action where an action's features are the same everywhere
};

// With a map made from the training half, or with one that is there. Throws where the training half is empty.
TrainingDesign training_design(const DecisionLog& log, int threads);
TrainingDesign training_design(const DecisionLog& log, const FeatureMap& map, int threads);

}  // namespace plumb
