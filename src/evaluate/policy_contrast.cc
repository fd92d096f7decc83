// The parts of a contrast: what its events bring on either side, and the rest.
#include "plumb/policy_contrast.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "evaluate/contribution_spread.h"
#include "evaluate/deciding_unit.h"
#include "evaluate/event_sides.h"
#include "evaluate/preference_told.h"
#include "stats/event_limits.h"

namespace plumb {
namespace {

constexpr double kLargeShare = 0.05;
constexpr double kMaxCritical = 37;

// How far the two ends of an interval for a smooth part lie from its value: the wider of normal and Hall.
std::pair<double, double> reach(double error, double skewness, double degrees, double critical) {
  if (!(error > 0)) return {0, 0};
  const double t = t_critical(critical, degrees);
  const Interval normal = normal_interval(0, error, t, 0), hall = hall_interval(0, error, skewness, t, 0);
  return {-std::min(normal.lower, hall.lower), std::max(normal.upper, hall.upper)};
}

// Whether the policies' weights are nothing but rounding apart, on every row that is kept.
bool weigh_alike(const EventRows& rows, const std::vector<std::uint8_t>& mask,
                 const std::vector<EventTerm::Share>& shares) {
  constexpr double kRounding = 1e-5;
  if (shares.size() < 2) return false;
  for (const std::uint32_t at : rows.sample) {
    if (mask[rows.row[at]] == 0) continue;
    double sum = 0, size = 0;
    for (const EventTerm::Share& share : shares) {
      const double w = share.scale * static_cast<double>(share.weight[at]);
      sum += w;
      size += std::abs(w);
    }
    if (std::abs(sum) > kRounding * size) return false;
  }
  return true;
}

double total_of(std::span<const double> sums) {
  double out = 0;
  for (const double sum : sums) out += sum;
  return out;
}

}  // namespace

Contrast as_columns(const Evaluation& evaluation, const PolicyContrast& contrast) {
  Contrast out;
  for (const auto& [policy, weight] : contrast.policies)
    evaluation.add_terms(out, policy, contrast.terms, contrast.subset, weight, contrast.estimator);
  return out;
}

ContrastParts contrast_parts(const Evaluation& e, const PolicyContrast& contrast) {
  const Contrast columns = as_columns(e, contrast);
  const Estimates whole = e.estimate({&columns, 1});
  ContrastParts out = smooth_parts(whole, 0);
  if (!out.why_not.empty()) return out;
  DrawnPrompts prompts;  // of a preference among the terms, in units of the value
  if (e.models_.preference) {
    const std::size_t preference = e.models_.preference_index();
    std::vector<std::pair<const PreferenceTold*, double>> told;
    for (const auto& [policy, weight] : contrast.policies) {
      const auto& sums = e.policies_[policy];
      const bool zero = sums.told.empty() || (sums.is_logging && contrast.policies.size() > 1);
      told.emplace_back(zero ? nullptr : &sums.told[contrast.subset], weight);
    }
    double scale = 0;
    for (const auto& [outcome, term] : contrast.terms)
      if (outcome == preference) scale += term;
    if (scale != 0) {
      out.why_not = not_told(*e.models_.preference, told);
      if (!out.why_not.empty()) return out;
      prompts = drawn_prompts(told);
      const double count = total_of(e.moments_.denominator(
          e.column(contrast.policies.front().first, preference, contrast.subset, Estimator::kDr)));
      prompts.added *= scale * scale / (count * count);
      out.standard_error = std::sqrt(out.standard_error * out.standard_error + prompts.added);
    }
  }
  const EventRows& events = *e.events_;
  const std::vector<std::uint8_t>& mask = e.subsets_[contrast.subset].mask;
  std::vector<EventTerm::Share> plain;
  for (const auto& [policy, weight] : contrast.policies) plain.push_back({e.probe_weight_[policy], weight});
  // A value of exactly 0 without an error is that of equal policies, or of two that both met no event: the
  // latter may differ all the same.
  if (whole.equal(0) && weigh_alike(events, mask, plain)) return out;

  std::vector<double> rest(kBuckets);
  for (std::size_t b = 0; b < kBuckets; ++b) rest[b] = whole.influence(b, 0);
  double heaviest = 0;
  const bool levels = contrast.policies.size() == 1;
  DecidingInput deciding{e.log_, events, e.bucket_, mask, {}, {}, out.value};
  for (const auto& [outcome, term] : contrast.terms) {
    const EventRows::Outcome& one = events.outcomes[outcome];
    if (term == 0) continue;
    heaviest = std::max(heaviest, one.tail_sigma);
    const OutcomeColumn& column = e.log_.outcome(e.models_.outcome[outcome]);
    std::vector<EventTerm::Share> shares = plain;
    for (std::size_t k = 0; k < shares.size(); ++k) {
      const std::size_t sums =
          e.column(contrast.policies[k].first, outcome, contrast.subset, contrast.estimator);
      const double total = total_of(e.moments_.denominator(sums));
      shares[k].scale *= total != 0 ? term / total : 0;
    }
    const bool models = contrast.estimator == Estimator::kDr;
    deciding.terms.push_back({&column, &one,
                              models ? std::span<const float>(e.models_.q[outcome]) : std::span<const float>(),
                              shares});
    if (!one.countable) continue;
    if (levels && contrast.terms.size() == 1) {
      const double scale = term * contrast.policies[0].second, origin = scale * one.origin;
      (scale * one.sign > 0 ? out.lowest : out.highest) = origin;
    }
    const EventTerm on_rows(e.log_, column, events, one, mask, std::move(shares));
    std::array<EventSide, 2> sides = on_rows.sides();
    const double enough = one.amounts || one.share <= kRareShare ? kFewEvents : kFewCommonEvents;
    const auto few = [&](const EventSide& side) { return side.effective_events() < enough; };
    // Many on both sides need no look at what one more would weigh.
    if (!few(sides[0]) && !few(sides[1])) continue;
    on_rows.weigh(sides);
    const double together = sides[0].effective_events() + sides[1].effective_events();
    if (one.amounts && together < kFewestAmounts && out.why_not.empty())
      out.why_not = fmt::format(
          "too few events: {:.0f} effective non-zero values of {}, {:.0f} are needed where they differ in size",
          together, column.name, kFewestAmounts);
    // Where fewer decisions came to weigh for the policy than were to be expected, one more event says more of
    // it.
    const double came = levels ? e.support(contrast.policies[0].first, contrast.subset).mean_weight : 1;
    const double rows_short = came > 0 && came < 1 ? 1 / came : 1;
    if (std::none_of(sides.begin(), sides.end(),
                     [&](const EventSide& side) { return side.holds_anything() && few(side); }))
      continue;
    const bool own_is_positive = term * one.sign * contrast.policies.front().second > 0;
    for (std::size_t s = 0; s < 2; ++s) {
      const EventSide& side = sides[s];
      if (!side.holds_anything()) continue;
      out.sides.push_back({side.sum, side.squares, side.weight.above(kLargeShare) * one.large * rows_short,
                           s == 0 ? 1.0 : -1.0, side.effective_events(), own_is_positive == (s == 0)});
    }
    const std::vector<double> brought = on_rows.brought(e.bucket_);
    const auto live = e.moments_.denominator(
        e.column(contrast.policies.front().first, outcome, contrast.subset, Estimator::kDr));
    const double count = total_of(live), total = total_of(brought);
    for (std::size_t b = 0; b < kBuckets; ++b)
      rest[b] -= brought[b] - (count > 0 ? total * live[b] / count : 0);
  }
  std::vector<double> influence(kBuckets);
  for (std::size_t b = 0; b < kBuckets; ++b) influence[b] = whole.influence(b, 0);
  deciding.influence = influence;
  out.one_decides = one_decides(deciding);
  const Spread left = spread_of(rest);
  out.rest_error = std::sqrt(left.error * left.error + prompts.added);
  out.rest_skewness = left.skewness;
  out.rest_degrees = out.degrees =
      prompts.clusters > 1 ? std::min(left.degrees, prompts.clusters - 1) : left.degrees;
  if (out.why_not.empty() && heaviest > kHeaviestTail && left.five > kFewShare)
    out.why_not = fmt::format(
        "a few units decide this: five of them are {:.0f} % of its variance, and larger values are still to "
        "come (a tail like that of a lognormal with sigma {:.2f}; above {:.2f} no interval holds)",
        100 * left.five, heaviest, kHeaviestTail);
  if (!out.why_not.empty() && !out.one_decides.empty()) out.why_not = out.one_decides;
  return out;
}

ContrastParts smooth_parts(const Estimates& estimates, std::size_t k) {
  ContrastParts out;
  out.value = estimates.value[k];
  out.standard_error = estimates.standard_error[k];
  if (!std::isfinite(out.value) || !std::isfinite(out.standard_error)) {
    out.why_not = "there is nothing to measure it on";
    return out;
  }
  std::vector<double> influence(kBuckets);
  for (std::size_t b = 0; b < kBuckets; ++b) influence[b] = estimates.influence(b, k);
  const Spread all = spread_of(influence);
  out.rest_error = all.error;
  out.skewness = out.rest_skewness = all.skewness;
  out.degrees = out.rest_degrees = all.degrees;
  return out;
}

std::optional<ContrastParts> as_if(const ContrastParts& parts, double value) {
  ContrastParts out = parts;
  out.value = value;
  for (ContrastParts::Side& side : out.sides) {
    if (!side.own) continue;
    const double sum = side.sum + side.sign * (value - parts.value);
    if (sum < 0) return std::nullopt;
    side.squares = side.sum > 0 ? side.squares * sum / side.sum : sum * side.large;
    side.sum = sum;
    break;
  }
  return out;
}

Interval interval_of(const ContrastParts& parts, double critical, double level) {
  auto [down, up] = reach(parts.rest_error, parts.rest_skewness, parts.rest_degrees, critical);
  const double bottom = std::min(parts.value, parts.highest), top = std::max(parts.value, parts.lowest);
  if (parts.sides.empty()) return {bottom - down, top + up, level};
  double lower = down * down, upper = up * up;
  const double alpha = level_of_critical(critical);
  for (const ContrastParts::Side& side : parts.sides) {
    const Interval i = gamma_limits({side.sum, side.squares, side.large}, alpha);
    const double below = side.sum - i.lower, above = i.upper - side.sum;
    lower += side.sign > 0 ? below * below : above * above;
    upper += side.sign > 0 ? above * above : below * below;
  }
  return {bottom - std::sqrt(lower), top + std::sqrt(upper), level};
}

double times_to_exclude(const ContrastParts& parts, double limit, double critical) {
  constexpr double kMost = 1e6;
  const auto excluded = [&](double times) {
    ContrastParts then = parts;
    then.rest_error /= std::sqrt(times);
    then.rest_skewness /= std::sqrt(times);
    then.rest_degrees *= times;
    for (ContrastParts::Side& side : then.sides) {
      side.squares /= times;
      side.large /= times;
    }
    const Interval i = interval_of(then, critical, 0);
    return limit < i.lower || limit > i.upper;
  };
  if (excluded(1)) return 1;
  if (!excluded(kMost)) return INFINITY;
  double low = 1, high = kMost;
  for (int step = 0; step < 60; ++step) {
    const double middle = std::sqrt(low * high);
    (excluded(middle) ? high : low) = middle;
  }
  return high;
}

double critical_to_reach(const ContrastParts& parts, double limit) {
  const auto outside = [&](double critical) {
    const Interval i = interval_of(parts, critical, 0);
    return limit < i.lower || limit > i.upper;
  };
  double low = 0, high = kMaxCritical;
  if (outside(high)) return high;
  for (int step = 0; step < 60; ++step) {
    const double middle = 0.5 * (low + high);
    (outside(middle) ? low : high) = middle;
  }
  return low;
}

}  // namespace plumb
