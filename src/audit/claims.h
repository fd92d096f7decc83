// The verdict's arithmetic for single claims. Two-sided intervals; decisions use their ends.
#pragma once

#include "plumb/audit.h"

namespace plumb {

Measured make_measured(double value, double standard_error, double critical, double level);
Measured unknown(std::string why_not);

// What an outcome can be at all: its declared range, [0, 1] for binary ones, nothing where nobody said.
struct Bounds {
  bool known = false;
  double lowest = 0, highest = 0;
};
Bounds bounds_of(const Goal& goal, const std::string& outcome);
Bounds bounds_of_goal(const Goal& goal);  // of the weighted sum

// Rows that were rejected are worth the worst: `share` of all rows may have had anything within the bounds (a
// difference anything between minus and plus their span). Nothing is done where the bounds are not known.
void widen(Measured& measured, double share, const Bounds& bounds, bool difference);

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

// Passes if the interval of harm_sign * value lies inside limit + margin. Refusal is decided elsewhere (Holm).
bool inside_limit(const Measured& measured, double harm_sign, double limit, double margin);

}  // namespace plumb
