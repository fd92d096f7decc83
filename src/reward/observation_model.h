// How likely an outcome was to be observed, where some of it is missing and nobody said why.
//
// Weighting what was observed by one over this probability stands for what was not, where being observed
// depends on nothing but action and context ("missing at random", Rubin 1976; Robins, Rotnitzky, Zhao 1994).
// The model is logistic on the design of the outcome models and cross-fitted as they are: a row of training
// fold f is scored without f, rows of the certification half by the fit on the whole training half.
//
// What the error of these probabilities does to intervals, which leave it out: on all rows nothing to first
// order (the part of it that the training half takes away again comes back on the other half, which has as many
// rows); on the certification half alone it adds the variance of what is weighted projected on the model's
// scores, which is 0 where the outcome model is right (the doubly robust score is orthogonal to it:
// Chernozhukov and others 2018) and small beside the rest where it is not. IPS is conservative by that
// projection on the training half. bench/quality/missing measures what is left.
#pragma once

#include <string>
#include <vector>

#include "plumb/data.h"

namespace plumb {

// How the estimated probabilities stand to who was observed.
//
// By action, all actions together, every context and segment column is cut into its levels or its quantiles,
// pairs of columns into coarse cells, and so are the probabilities themselves. In every cell two things are
// held against 0: how many were observed minus how many were expected, and (what an estimate rests on) how many
// decisions the observed ones stand for, each weighing 1/s, minus how many there are. Errors are the model's
// own, or, where units are named and that is more, those of sums over units. Bonferroni over all of them at
// kObservationAlarm; cells too thin for a normal error (skewness above kMostSkewness, variance below 5
// decisions) are left out. A column's level of which an action shows nothing at all, though it is common, fails
// it too: there the log has no answer to weight. With a right model it fails in at most 1 % of logs.
struct ObservationTest {
  bool failed = false;
  std::size_t comparisons = 0;  // 0: nothing could be tested
  std::string sentence;         // what stands out most, where it failed: a clause without a full stop
};
inline constexpr double kObservationAlarm = .001;

struct ObservationModel {
  std::vector<double> asked;  // n, in (0, 1]: the probability that the decision's outcome is observed
  ObservationTest test;
};

// REQUIRES: folds were assigned. Decisions that are immature are left out of the fit. Where a variant sees one
// state only, its probability is that of regression.h (half a success and half a failure added). One pass over
// the training half for the design, one over the log for the scores; the same bytes for any number of threads.
ObservationModel fit_observation(const DecisionLog& log, const OutcomeColumn& column, int threads);
// The test alone, for any probabilities, estimated or stated; without crossed columns those that are stated,
// which one column shows to be wrong where anything does.
ObservationTest test_observation(const DecisionLog& log, const OutcomeColumn& column,
                                 const std::vector<double>& asked, bool stated, int threads);

// Decisions whose outcome is missing (not immature).
std::size_t count_missing(const OutcomeColumn& column);

}  // namespace plumb
