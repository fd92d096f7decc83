// Private to reward: how far a surrogate index follows what changes with the date.
#pragma once

#include "plumb/learnt.h"
#include "reward/index_fit.h"

namespace plumb {

// By shape (kIndexShapes), then by fold.
using IndexFits = std::array<std::vector<IndexFit>, kIndexShapes.size()>;

// Sums by which fits become gains, on the decisions that are asked. An arm is an action; where actions are not
// fixed, one arm in which decisions count by how far above the mean they are foretold.
struct IndexEffects {
  struct Arm {
    double count = 0;            // sum of weights, or of decisions
    std::vector<double> load;    // folds x width: weight times the value's derivative by the coefficients
    std::vector<double> weight;  // kBuckets: sums of weights
    std::vector<double> left;    // kBuckets: of weight times value less what the context explains of it
    // kBuckets: of weight times held, and of that times the late outcome less what the context explains of it:
    // what an evaluation without early outcomes would have.
    std::vector<double> seen_weight, seen_left;
  };
  bool by_action = false;
  std::vector<Arm> arm;
  Arm all;  // every decision once
};
// held: as LearntOutcome's, or empty. Values are those of the stable fits.
IndexEffects index_effects(const DecisionLog& log, const IndexDesign& design, const OutcomeColumn& index,
                           const OutcomeColumn& late, const std::vector<IndexFit>& stable,
                           std::span<const float> held, std::vector<std::uint8_t> use);

// What the fits say of a change, and how much of it is carried: the gain of every arm over all.
IndexChange index_change(const IndexEffects& effects, const IndexFits& fits);

// What decisions of a fold get: coefficients and influence as `change` says.
IndexFit carried_fit(const IndexFits& fits, std::size_t fold, const IndexChange& change);

// As LearntOutcome::further, for values by `fits`. REQUIRES: effects are by action and of all decisions.
std::vector<std::vector<double>> further_change(const DecisionLog& log, const IndexDesign& design,
                                                const OutcomeColumn& index, std::span<const float> held,
                                                const IndexEffects& effects,
                                                const std::vector<IndexFit>& linear,
                                                const std::vector<IndexFit>& fits);

}  // namespace plumb
