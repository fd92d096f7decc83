// What is stated of a preference: coefficients from comparisons that no policy was pushed along, at any share
// of careless answers.
#pragma once

#include <vector>

#include "plumb/preferred.h"
#include "reward/compared_pairs.h"

namespace plumb {

// Folds of comparisons, as sets of bits: a variant is learnt on `kTraining` without one of them.
inline constexpr std::size_t kVariants = kTrainingFolds + 1;
inline constexpr std::uint32_t kTraining = (1u << kTrainingFolds) - 1, kEveryFold = (1u << kFolds) - 1;

// What keeps collinear columns apart where the estimate must not be shrunk, relative to the mean curvature.
inline constexpr double kWeakPenalty = 1e-4;

// Coefficients of the columns that vary, among all columns of the design.
std::vector<double> spread(const Eigen::VectorXd& coef, const ComparedPairs& comparisons, std::size_t width);

// How sure of themselves the answers are, as fitted: the mean of p (1 - p); a fair coin has .25.
double mean_doubt(const Pairs& pairs, const Eigen::VectorXd& coef);

// Fills estimate, influence and support of every variant at model.lapse. The fit of the certification half.
PairFit estimate_values(PreferenceModel& model, const ComparedPairs& comparisons, const Feedback& feedback,
                        std::size_t width, int threads);

}  // namespace plumb
