#include "audit/limit_sentence.h"

#include <fmt/format.h>

#include <cmath>

#include "base/digits.h"

namespace plumb {
namespace {

const ConstraintSpec* constraint_of(const Goal& goal, const std::string& id) {
  const ConstraintSpec* found = nullptr;
  for (const ConstraintSpec& spec : goal.constraints) {
    if (spec.id() == id) return &spec;
    if (!spec.segment.empty() && id.starts_with(spec.id() + " = ")) found = &spec;
  }
  return found;
}

// Shares change by points, a hundredth each.
double in_points(double share) { return std::round(1e12 * share) / 1e10; }

// A change against the reference, told in the direction that is bad.
std::string change_sentence(const ConstraintSpec& spec, ConstraintClaim claim, bool share) {
  const double sign = spec.higher_is_better ? -1 : 1;  // of harm
  const char* points = share ? " points" : "";
  if (share) {
    for (double* x :
         {&claim.measured.value, &claim.measured.interval.lower, &claim.measured.interval.upper, &claim.margin})
      *x = in_points(*x);
  }
  const Interval& i = claim.measured.interval;
  const double value = sign * claim.measured.value, low = sign > 0 ? i.lower : -i.upper,
               high = sign > 0 ? i.upper : -i.lower;
  const Written w = written(value, low, high, {0.0, claim.margin});
  const char* verb = spec.higher_is_better ? "fall" : "rise";
  const std::string allowed =
      claim.margin > 0 ? fmt::format("it may {} by at most {}{}", verb, as_stated(claim.margin), points)
                       : fmt::format("it may not {}", verb);
  const std::string ends = fmt::format("between {} and {}", w.lower, w.upper);
  if (value == 0 && low == 0 && high == 0) return fmt::format("{} stays as it is; {}", claim.id, allowed);
  if (value >= 0 || low >= 0)
    return fmt::format("{} {} by {}{}, {}; {}", claim.id, spec.higher_is_better ? "fell" : "rose", w.value,
                       points, ends, allowed);
  const Written gained = written(-value, -high, -low, {0.0, -claim.margin});
  return fmt::format("{} {} by {}{}, between {} and {}; {}", claim.id, spec.higher_is_better ? "rose" : "fell",
                     gained.value, points, gained.lower, gained.upper, allowed);
}

}  // namespace

std::string sentence_of(const Goal& goal, const ConstraintClaim& claim) {
  if (!claim.measured.known) return fmt::format("{}: {}", claim.id, claim.measured.why_not);
  const ConstraintSpec* spec = constraint_of(goal, claim.id);
  if (spec != nullptr && spec->no_worse_than_reference) {
    const OutcomeSpec* outcome = goal.outcome(spec->outcome);
    return change_sentence(*spec, claim, outcome != nullptr && outcome->kind == OutcomeKind::kBinary);
  }
  const bool least = spec != nullptr && spec->at_least.has_value();
  const Interval& i = claim.measured.interval;
  const double end = least ? claim.limit - claim.margin : claim.limit + claim.margin;
  const Written w = written(claim.measured.value, i.lower, i.upper, {claim.limit, end});
  const std::string limit =
      fmt::format("the limit is at {} {}", least ? "least" : "most", as_stated(claim.limit));
  const std::string margin =
      claim.margin > 0 ? fmt::format(" with a margin of {}", as_stated(claim.margin)) : std::string();
  if (i.lower == i.upper) return fmt::format("{} is {}; {}{}", claim.id, w.value, limit, margin);
  return fmt::format("{} is {}, between {} and {}; {}{}", claim.id, w.value, w.lower, w.upper, limit, margin);
}

}  // namespace plumb
