// The design of the training half: one row a decision, of the action that was chosen.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "plumb/features.h"
#include "stats/factored.h"
#include "stats/row_space.h"

namespace plumb {

struct TrainingDesign {
  FeatureMap map;
  std::vector<std::uint32_t> decision;  // decision of each row, ascending
  std::vector<std::uint8_t> fold;       // of each row, < kTrainingFolds
  std::vector<double> weight;           // how many decisions each row stands for; empty: 1
  stats::FactoredDesign x;              // by action where an action's features are the same everywhere
  // Where x has fewer rows than the map has columns: x is the space that the rows span.
  std::shared_ptr<const stats::RowSpace> turned;
  // Coefficients of the map's columns, from those that were fitted to x.
  std::vector<double> coefficients(std::vector<double> fitted) const {
    return turned ? turned->carried(fitted) : fitted;
  }
};

// A model of more columns than kMostColumnsFitted is fitted to few decisions only: each limit keeps a fit
// within a few minutes. Checked before any is.
inline constexpr std::size_t kMostColumnsFitted = 4608;
inline constexpr std::size_t kMostDecisionsOfWide = 2048;
inline constexpr std::size_t kMostCellsOfWide = 1 << 27;
// Throws Error{kInput}: too large; `source` is the log.
void refuse_too_large(const std::string& source, std::size_t columns, std::size_t rows);

// With a map made from the training half, or with one that is there. Throws where the training half is empty,
// and where the design is too large.
TrainingDesign training_design(const DecisionLog& log, int threads);
TrainingDesign training_design(const DecisionLog& log, const FeatureMap& map, int threads);

}  // namespace plumb
