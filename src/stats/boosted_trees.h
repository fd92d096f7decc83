// Gradient-boosted trees (Friedman 2001; Chen, Guestrin 2016), fitted and applied by XGBoost where the build
// found it. Nothing else of plumb knows that library; without it the same functions are there and can_boost()
// is false.
//
// A fit runs on the calling thread alone and draws no random numbers, so its bytes depend on its input and on
// the library's version. What the library reports goes nowhere; what fails in it is an Error{kEnvironment}.
//
//   if (stats::can_boost()) {
//     const std::size_t rounds = stats::choose_rounds(fit, held_out, start, BoostLoss::kSquared);
//     const stats::BoostedTrees trees(all, start, BoostLoss::kSquared, rounds);
//     trees.predict(x, out);
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "plumb/base.h"

namespace plumb::stats {

// Whether this build has XGBoost. Everything below REQUIRES it, but for the next.
bool can_boost();
// Throws Error{kInput} that says what to do where it has not.
inline void refuse_without_trees(std::string_view where, std::string_view what) {
  if (can_boost()) return;
  refuse(where, what, "\"boosted\" in a build without XGBoost",
         "\"linear\", or a build that found XGBoost (the package libxgboost-dev)");
}

// Rows of features as what is in them. What is left out of a row (0 of an indicator) goes to one side of every
// split on its column, the side that fits better.
struct SparseRows {
  std::vector<std::uint64_t> start{0};  // where each row begins, and the end
  std::vector<std::uint32_t> column;    // ascending in a row, < columns
  std::vector<float> value;             // finite
  std::size_t columns = 0;
  std::size_t rows() const { return start.size() - 1; }
};

struct BoostRows {
  SparseRows x;
  std::vector<float> y, weight;  // of every row: finite, and > 0
};

enum class BoostLoss { kSquared, kLogistic };

// Outcomes of decisions are mostly noise, so many small steps of shallow trees, stopped by rows that were held
// out.
struct BoostSettings {
  int depth = 4;             // products of up to four features
  double rate = 0.1;         // eta: the share of each tree that is taken
  double penalty = 1;        // lambda on leaf values, in rows of squared loss
  double least_weight = 20;  // of a leaf: rows of squared loss, sum of p (1 - p) of logistic loss
  std::size_t most_rounds = 300;
  std::size_t patience = 20;  // rounds without a new least held-out loss before the search ends
};

// The number of trees, 0 included, with the least loss on `held_out` when they are fitted on `fit`. Where
// several have it, the least number.
std::size_t choose_rounds(const BoostRows& fit, const BoostRows& held_out, double start, BoostLoss loss,
                          const BoostSettings& settings = {});

// `rounds` trees. REQUIRES: at least one row and one column; `start`, the prediction of no tree, is in (0, 1)
// for logistic loss. With gradients G and curvatures H summed over a leaf, its value is -rate G / (H +
// penalty), added to the prediction (logistic loss: to its log-odds).
class BoostedTrees {
 public:
  BoostedTrees(const BoostRows& rows, double start, BoostLoss loss, std::size_t rounds,
               const BoostSettings& settings = {});
  // The expected outcome of every row. One thread at a time.
  void predict(const SparseRows& x, std::span<float> out) const;

 private:
  std::shared_ptr<void> booster_;  // none where there are no trees
  double start_;
};

}  // namespace plumb::stats
