// plumb/policy_contrast.h: which interval a difference between policies (or a level) gets. This is the one
// place that decides; every gain, constraint, segment, point of a curve and rule of a tree asks here.
//
// A normal interval has no width where no event was seen, and far too little where few were. So a contrast
// is cut into parts. Of every outcome that is mostly one value (0, or the end of a rating), the doubly robust
// sum is the sum of w y over decisions of positive weight, less that over decisions of negative weight, plus a
// rest that is smooth in the decisions. Where either side holds few effective events, both get gamma limits
// over unit totals (Fay and Feuer 1997), the rest an interval by its variance, and all are put together by
// MOVER (Zou and Donner 2008, Statistics in Medicine 27, 1693). Terms of a goal are further parts. Elsewhere
// the interval is the wider of the normal and Hall's (1992) at each end, with Student's t at the degrees of
// freedom that the contributions' kurtosis leaves: few or unequal units, and heavy tails, widen it.
//
//   PolicyContrast gain{{{policy, 1.0}, {reference, -1.0}}, goal_terms(goal, models), subset};
//   ContrastParts parts = contrast_parts(evaluation, gain);
//   Interval i = interval_of(parts, critical, level);    // any critical value, of one contrast or of a family
//
// Measured in bench/quality/rare_events and bench/quality/tails. No number is given (why_not says so) where
// amounts differ (counts only where kFewEvents of them show that they do) and both sides hold fewer than
// kFewestAmounts effective events together, and where a few units decide: the outcome's tail is heavier than a
// lognormal's of kHeaviestTail and the five largest contributions are more than kFewShare of the variance; no
// interval that was tried holds there.
//
// Where one unit brings more than kOneShare of the variance, or of a gain that is beyond kClearGain standard
// errors, one_decides names it, and what is judged by the contrast stays inconclusive. A unit that stands out
// by one row counts only where that row's outcome is no part of its column's tail (as the tail of the others
// goes on, like a lognormal's, at most three of a hundred sound logs would hold it), or where there are
// kManyWeights effective outcomes of a tail no heavier than kLightTail, of which not even a sound lognormal
// with sigma 1 brings more than kOneShare in one. Few 0/1 events are never meant: gamma limits know what one of
// them weighs.
#pragma once

#include <cmath>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "plumb/evaluate.h"

namespace plumb {

// Weighted policies on the rows of one subset, each valued by the same sum of outcomes.
struct PolicyContrast {
  std::vector<std::pair<std::size_t, double>> policies;  // number in the evaluation, weight
  std::vector<std::pair<std::size_t, double>> terms;     // position of the outcome in the models, weight
  std::size_t subset = 0;
  Estimator estimator = Estimator::kDr;
};

inline constexpr double kFewEvents = 100;       // fewer effective events on a side: gamma limits ...
inline constexpr double kFewCommonEvents = 20;  // ... and where the outcome is no rare one, below this
inline constexpr double kRareShare = 0.2;       // of decisions: what is more frequent is not rare
inline constexpr double kFewestAmounts = 20;    // of amounts that differ: fewer on both sides carry no number
inline constexpr double kHeaviestTail = 1.76;   // sigma of a lognormal with as heavy a tail
inline constexpr double kFewShare = 0.5;        // of the variance, in five units
inline constexpr double kOneShare = 0.25;       // of the variance or the gain, in one unit
inline constexpr double kClearGain = 1.645;     // standard errors
inline constexpr double kManyWeights = 3000;
inline constexpr double kLightTail = 1.25;  // sigma of a lognormal, as kHeaviestTail

// Everything that an interval needs, at any critical value. Equal policies (plumb/stats.h, Estimates) differ by
// 0 without an error; two policies that both met no event differ by 0 with the limits of nothing seen.
struct ContrastParts {
  double value = 0;
  double standard_error = 0;  // by linearization, of the whole
  double skewness = 0, degrees = 0;
  struct Side {
    double sum = 0, squares = 0, large = 0;  // of a value's own unit (divided by the count of decisions)
    double sign = 1;                         // -1: it is subtracted
    double effective_events = 0;
    bool own = false;  // they are events of the contrast's first policy, not of what it is compared with
  };
  std::vector<Side> sides;  // empty: no gamma limits
  // What the value cannot be beyond: a level of an outcome that lies on one side of its origin, whose estimate
  // may lie on the other by what the models foretold. An interval reaches at least as far as from there.
  double lowest = -INFINITY, highest = INFINITY;
  // What is not in the sides: all where there are none.
  double rest_error = 0, rest_skewness = 0, rest_degrees = 0;
  std::string why_not;      // not empty: no number
  std::string one_decides;  // not empty: which unit, and how much of it is this one's; nothing may rest on it
  std::string_view method() const { return sides.empty() ? "Hall" : "gamma"; }
};

// REQUIRES: every policy of the contrast was added after its subset.
ContrastParts contrast_parts(const Evaluation& evaluation, const PolicyContrast& contrast);

// The same of an estimate alone, none of whose events are looked at: for sums that hold no rows (a stream).
ContrastParts smooth_parts(const Estimates& estimates, std::size_t k);

// The parts as they would be expected if the true value were this one: the first policy's events are more, or
// fewer, and their error with them. Empty where it would take fewer events than none. Parts without sides keep
// their error.
std::optional<ContrastParts> as_if(const ContrastParts& parts, double value);

// Two-sided, at the level that `critical` has for a normal interval. `level` is only written into it.
Interval interval_of(const ContrastParts& parts, double critical, double level);
// How many times the decisions would have to be for the interval to leave `limit` outside, values, weights and
// shares of events staying as they are: 1 where it does already, infinite where a million times are not enough.
double times_to_exclude(const ContrastParts& parts, double limit, double critical);
// The largest critical value at which `limit` is still outside of the interval (0 where it never is): the size
// of the contrast's |t| against it, for p-values. At most 37.
double critical_to_reach(const ContrastParts& parts, double limit);

// The contrast as sums of the evaluation's columns, for families of them.
Contrast as_columns(const Evaluation& evaluation, const PolicyContrast& contrast);

}  // namespace plumb
