#include "audit/claims.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/digits.h"

namespace plumb {

Measured make_measured(double value, double standard_error, double critical, double level) {
  Measured out;
  out.known = std::isfinite(value) && std::isfinite(standard_error);
  if (!out.known) return unknown("there is nothing to measure it on");
  out.value = value;
  out.standard_error = standard_error;
  out.interval = normal_interval(value, standard_error, critical, level);
  out.method = "normal";
  return out;
}

Measured unknown(std::string why_not) {
  Measured out;
  out.why_not = std::move(why_not);
  return out;
}

Measured make_measured(const ContrastParts& parts, double critical, double level) {
  if (!parts.why_not.empty()) return unknown(parts.why_not);
  Measured out;
  out.known = true;
  out.value = parts.value;
  out.interval = interval_of(parts, critical, level);
  out.standard_error =
      parts.sides.empty() ? parts.standard_error : (out.interval.upper - out.interval.lower) / (2 * critical);
  out.method = parts.method();
  return out;
}

void count_without_events(const ContrastParts& parts, MaxT& family) {
  if (parts.standard_error > 0 || parts.sides.empty()) return;
  ++family.family;
  ++family.few;
}

Measured negated(Measured measured) {
  measured.value = -measured.value;
  const Interval i = measured.interval;
  measured.interval = {-i.upper, -i.lower, i.level};
  return measured;
}

namespace {

// The worst that a rejected row may have brought, on either side.
std::pair<double, double> worst(const RejectedRows& rows) {
  const double span = rows.bounds.highest - rows.bounds.lowest;
  const double reach = rows.largest_weight * span;
  if (rows.difference) return {-span - reach, span + reach};
  return {rows.bounds.lowest - reach, rows.bounds.highest + reach};
}

}  // namespace

Interval RejectedRows::widened(const Interval& i) const {
  if (share <= 0 || !bounds.known) return i;
  const auto [low, high] = worst(*this);
  return {(1 - share) * i.lower + share * low, (1 - share) * i.upper + share * high, i.level};
}

double RejectedRows::limit_without(double limit, bool from_above) const {
  if (share <= 0 || !bounds.known) return limit;
  const auto [low, high] = worst(*this);
  return (limit - share * (from_above ? low : high)) / (1 - share);
}

Bounds bounds_of(const Goal& goal, const std::string& outcome) {
  const OutcomeSpec* spec = goal.outcome(outcome);
  PLUMB_ASSERT(spec != nullptr);
  if (spec->range_lower && spec->range_upper) return {true, *spec->range_lower, *spec->range_upper};
  if (spec->kind == OutcomeKind::kBinary) return {true, 0, 1};
  return {};
}

Bounds bounds_of_goal(const Goal& goal) {
  Bounds out{true, 0, 0};
  for (const Term& term : goal.maximize) {
    const Bounds one = bounds_of(goal, term.outcome);
    out.known = out.known && one.known;
    const double a = term.weight * one.lowest, b = term.weight * one.highest;
    out.lowest += std::min(a, b);
    out.highest += std::max(a, b);
  }
  return out;
}

bool within_budget(const Goal& goal, const std::string& action) {
  const auto cost = goal.cost.find(action);
  return !goal.budget || cost == goal.cost.end() || cost->second <= *goal.budget;
}

GainVerdict judge_gain(const Goal& goal, const Measured& gain, double critical, double n) {
  GainVerdict out;
  if (!gain.known) {
    out.reason = gain.why_not;
    return out;
  }
  const double least = goal.minimum_effect, needed = goal.proof_minimum ? least : 0;
  const Interval& i = gain.interval;
  const Written w = written(gain.value, i.lower, i.upper, {0.0, least});
  if (i.upper < least) {
    out.verdict = Verdict::kRefuse;
    out.reason =
        fmt::format("its gain is at most {}, less than the {} worth shipping", w.upper, as_stated(least));
    return out;
  }
  const bool proven = goal.proof_minimum ? i.lower >= needed : i.lower > 0;
  if (proven && gain.value >= least) {
    out.verdict = Verdict::kPass;
    out.reason = fmt::format("it gains {}, between {} and {}", w.value, w.lower, w.upper);
    return out;
  }
  // Whichever end is nearer to being decided, the spread staying as it is.
  const double to_pass = gain.value >= least ? gain.value - needed : 0, to_refuse = least - gain.value;
  const double distance = std::max(to_pass, to_refuse);
  out.decisions_needed = decisions_needed(n, critical * gain.standard_error, distance);
  out.reason = fmt::format("its gain of {} may be anything between {} and {}", w.value, w.lower, w.upper);
  return out;
}

std::uint64_t further_decisions(std::size_t n, const ContrastParts& parts, double pass_above,
                                double refuse_below, double critical) {
  const double limit = parts.value >= refuse_below && parts.value > pass_above ? pass_above : refuse_below;
  const double times = times_to_exclude(parts, limit, critical);
  if (!std::isfinite(times)) return 0;
  return static_cast<std::uint64_t>(std::ceil(static_cast<double>(n) * (times - 1)));
}

bool inside_limit(const Measured& measured, double harm_sign, double limit, double margin) {
  if (!measured.known) return false;
  const double worst = harm_sign > 0 ? measured.interval.upper : -measured.interval.lower;
  return worst <= harm_sign * limit + margin;
}

}  // namespace plumb
