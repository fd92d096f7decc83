// plumb/reward.h: what outcomes to expect of an action in a context, learnt from the training half of a log.
//
// One OutcomeModel an outcome, by its kind: ridge for numbers, counts and ratings, logistic for binary
// outcomes, two parts (does anything come, and how much) for amounts that are mostly zero. Beside each stands a
// linear model of the same outcome, whose coefficients give the direction in which a softmax policy is pushed.
// With Learner::kBoosted what is expected comes from boosted trees instead, which find crosses and thresholds
// that a linear design has no column for; the linear models beside them stay.
//
// Models never see the rows that they score: rows of training fold f are scored by models fitted without f,
// rows of the certification half by models fitted on the whole training half. So the certification half is
// never learnt from.
//
//   OutcomeModels models = fit_outcome_models(log, {"click", "value_90d"}, threads, goal.outcome_models);
//   models.q[1][row];          // expected value_90d of the offered action in `row`
#pragma once

#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "plumb/data.h"
#include "plumb/features.h"

namespace plumb {

enum class Method { kRidge, kLogistic, kTwoPart, kConstant, kBradleyTerry, kBoosted };
std::string_view name_of(Method method);

// How predictions stand to what came, on rows of the training half that the model did not see.
struct Calibration {
  double slope = 0, intercept = 0;  // least squares of outcome on prediction; 1 and 0 where calibrated
  double r_squared = 0;             // share of variance explained; can be negative
  std::uint64_t count = 0;
};

struct PreferenceModel;  // plumb/preferred.h
struct LearntOutcome;    // plumb/learnt.h

// Between which values an outcome may be expected to lie; infinite: anything.
struct OutcomeSpan {
  double lower = -std::numeric_limits<double>::infinity(), upper = std::numeric_limits<double>::infinity();
};

struct OutcomeModels {
  std::vector<std::string> outcome;
  std::vector<Method> method;
  std::vector<Calibration> calibration;
  FeatureMap map;                     // made from the training half
  std::vector<std::vector<float>> q;  // by outcome, a row an offered action: expected outcome
  // By outcome and variant: what q was held to, since no outcome can be expected to be what it cannot be: [0,
  // 1] of binary outcomes, of all others what the variant saw, from the least to the largest value. Empty for
  // what people prefer.
  std::vector<std::vector<OutcomeSpan>> span;
  // By outcome and variant, coefficients of the linear model in the design of `map`. Variant v < kTrainingFolds
  // was fitted without training fold v, variant kTrainingFolds on the whole training half.
  std::vector<std::vector<std::vector<double>>> linear;
  // By outcome: theta . phi of the linear model for every offered action, by the variant that did not see the
  // row.
  std::vector<std::vector<float>> direction;
  // Where one of the outcomes is what people prefer: its model, and which one it is. The last outcome.
  std::shared_ptr<const PreferenceModel> preference;
  std::size_t preference_index() const { return outcome.size() - 1; }  // REQUIRES: preference
  std::size_t index(std::string_view name) const;                      // REQUIRES: the outcome is there
  // Those of the outcomes whose values are learnt; their error enters every interval.
  std::vector<std::shared_ptr<const LearntOutcome>> learnt;
  const LearntOutcome* learnt_named(std::string_view name) const;  // nullptr where it is read from the log
};

// Which variant may score decision i: its training fold, or kTrainingFolds for the certification half.
inline std::size_t variant_of(const DecisionLog& log, std::size_t i) {
  return log.in_training(i) ? log.fold[i] : static_cast<std::size_t>(kTrainingFolds);
}

// REQUIRES: folds were assigned; outcomes exist. An outcome with fewer than 30 observed decisions in a fold's
// complement gets a constant (the mean of what its variant may see). Throws where no decision of the training
// half is observed, and for kBoosted in a build without XGBoost. Deterministic.
//
// Predictions are held to OutcomeModels::span: doubly robust estimates are right with any q, and one that lies
// outside has only error to add.
//
// kBoosted: q of every outcome that gets no constant is that of gradient-boosted trees (logistic loss for
// binary outcomes, else squared) on c and a of plumb/features.h. How many trees, up to 300 and down to none, is
// chosen on a fold of those that a variant may see, then all of these are learnt from. Bytes depend on the
// library's version.
OutcomeModels fit_outcome_models(const DecisionLog& log, const std::vector<std::string>& outcomes, int threads,
                                 Learner learner = Learner::kLinear);

// How q stands to what came in the decisions of the training half (models are cross-fitted, so none saw the
// row), each weighted by one over the probability that it was asked. REQUIRES: j is no preference.
struct Reliability;  // plumb/reliability.h
Reliability reliability_of(const DecisionLog& log, const OutcomeModels& models, std::size_t j, double level);

// A further signal: linear models of `target` (variant x n: what variant v may see of it, used where use[i]) on
// the same design, as OutcomeModels::linear and ::direction have them. For indices made of several outcomes,
// which are themselves learnt: variant v of the direction sees only variant v of the index.
struct Direction {
  std::vector<std::vector<double>> linear;
  std::vector<float> score;
};
Direction fit_direction(const DecisionLog& log, const FeatureMap& map,
                        std::span<const std::vector<double>> target, const std::vector<std::uint8_t>& use,
                        int threads);

}  // namespace plumb
