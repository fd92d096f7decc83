// The verdict's arithmetic for single claims. Two-sided intervals; decisions use their ends.
#pragma once

#include "plumb/audit.h"
#include "plumb/policy_contrast.h"

namespace plumb {

Measured make_measured(double value, double standard_error, double critical, double level);
// The interval that the contrast's parts give at this critical value; standard_error is its half-width over the
// critical value, so that a few events have an error too.
Measured make_measured(const ContrastParts& parts, double critical, double level);
Measured unknown(std::string why_not);
// A contrast of which no event was seen has no error for the bootstrap, but an interval: it counts by
// Bonferroni.
void count_without_events(const ContrastParts& parts, MaxT& family);
Measured negated(Measured measured);

// What an outcome can be at all: its declared range, [0, 1] for binary ones, nothing where nobody said.
struct Bounds {
  bool known = false;
  double lowest = 0, highest = 0;
};
Bounds bounds_of(const Goal& goal, const std::string& outcome);
Bounds bounds_of_goal(const Goal& goal);  // of the weighted sum

// Rows that were rejected are worth the worst. Had they been read, `share` of all rows would have brought
// doubly robust terms of their own: a prediction within the bounds, and up to `largest_weight` times the
// bounds' span beside it, for a difference on either side of 0. Nothing is done where share is 0 or the bounds
// are not known.
struct RejectedRows {
  double share = 0;
  Bounds bounds;
  double largest_weight = 1;
  bool difference = false;
  // The interval with them, and the limit of the interval without them that stands for `limit` with them.
  Interval widened(const Interval& interval) const;
  double limit_without(double limit, bool from_above) const;
};

// Whether an action may be everyone's: what a budget does not allow is no yardstick.
bool within_budget(const Goal& goal, const std::string& action);

struct GainVerdict {
  Verdict verdict = Verdict::kInconclusive;
  std::string reason;
  std::uint64_t decisions_needed = 0;
};
// Passes if the lower end is above 0 and the value at least minimum_effect (proof_minimum: the lower end at
// least it); refused if the upper end is below minimum_effect. n: decisions of the whole log, since only a
// share of further ones will be rows of this claim's kind.
GainVerdict judge_gain(const Goal& goal, const Measured& gain, double critical, double n);

// Further decisions until the interval of these parts lies above `pass_above` or below `refuse_below`,
// whichever the value is on the way to, n having been read; 0 where no number of them would do.
std::uint64_t further_decisions(std::size_t n, const ContrastParts& parts, double pass_above,
                                double refuse_below, double critical);

// Passes if the interval of harm_sign * value lies inside limit + margin. Refusal is decided elsewhere (Holm).
bool inside_limit(const Measured& measured, double harm_sign, double limit, double margin);

}  // namespace plumb
