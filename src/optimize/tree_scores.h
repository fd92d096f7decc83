// Private to optimize: doubly robust scores of every action on the training rows.
#pragma once

#include <span>
#include <vector>

#include "plumb/optimize.h"

namespace plumb {

// Scores of a weighted sum of outcomes; rows are decisions of the training half.
struct ActionScores {
  Matrix action;                  // rows x offered slots
  std::vector<double> reference;  // by row: of the reference policy
};
using Terms = std::vector<std::pair<std::size_t, double>>;  // outcomes of the models, weights

// Training decisions in which no outcome of the terms is immature, ascending.
std::vector<std::uint32_t> training_rows(const TrainingContext& context, std::span<const Terms> terms);

// q: by outcome of the models, a float a row of the log; only those that the terms name are read. REQUIRES:
// every decision offers all actions in the log's order.
ActionScores action_scores(const TrainingContext& context, std::span<const std::uint32_t> rows,
                           const Terms& terms, const std::vector<std::vector<float>>& q);

// Predictions of the linear models of one variant, by outcome; empty for outcomes that no term names. A variant
// has seen nothing of its own fold.
std::vector<std::vector<float>> linear_predictions(const TrainingContext& context, std::span<const Terms> terms,
                                                   std::size_t variant);

// Mean and standard error of a value by row, clustered on units. REQUIRES: at least one row.
struct MeanValue {
  double value = 0, standard_error = 0;
};
MeanValue clustered_mean(const TrainingContext& context, std::span<const std::uint32_t> rows,
                         std::span<const double> value);

}  // namespace plumb
