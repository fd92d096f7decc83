// The parts of a contrast: what its events bring on either side, and the rest.
#include "plumb/policy_contrast.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "evaluate/event_rows.h"
#include "stats/event_limits.h"

namespace plumb {
namespace {

constexpr double kLargeShare = 0.05;
constexpr double kMaxCritical = 37;

// Sums over buckets of one contrast's contributions: its error, and the shape that its interval needs.
struct Spread {
  double error = 0, skewness = 0, degrees = 1, five = 0;  // five: share of the variance in the largest five
};

Spread spread_of(std::span<const double> influence) {
  Spread out;
  const auto used =
      static_cast<double>(std::count_if(influence.begin(), influence.end(), [](double s) { return s != 0; }));
  double squares = 0, cubes = 0, fourth = 0;
  std::vector<double> largest;
  for (const double s : influence) {
    const double square = s * s;
    squares += square;
    cubes += square * s;
    fourth += square * square;
    if (largest.size() < 5 || square > largest.back()) {
      largest.insert(std::upper_bound(largest.begin(), largest.end(), square, std::greater<>()), square);
      if (largest.size() > 5) largest.pop_back();
    }
  }
  out.error = std::sqrt(squares * (used > 1 ? used / (used - 1) : 1));
  if (!(squares > 0)) return out;
  out.skewness = cubes / std::pow(squares, 1.5);
  out.degrees = effective_degrees(used, squares, fourth);
  for (const double square : largest) out.five += square / squares;
  return out;
}

// What events bring on one side, by unit totals.
struct SideSums {
  double sum = 0, squares = 0;
  WeightedQuantile weight;
  void add(double total) {
    sum += total;
    squares += total * total;
  }
  double effective_events() const { return squares > 0 ? sum * sum / squares : 0; }
};

// How far the two ends of an interval for a smooth part lie from its value: the wider of normal and Hall.
std::pair<double, double> reach(double error, double skewness, double degrees, double critical) {
  if (!(error > 0)) return {0, 0};
  const double t = t_critical(critical, degrees);
  const Interval normal = normal_interval(0, error, t, 0), hall = hall_interval(0, error, skewness, t, 0);
  return {-std::min(normal.lower, hall.lower), std::max(normal.upper, hall.upper)};
}

}  // namespace

Contrast as_columns(const Evaluation& evaluation, const PolicyContrast& contrast) {
  Contrast out;
  for (const auto& [policy, weight] : contrast.policies)
    evaluation.add_terms(out, policy, contrast.terms, contrast.subset, weight, contrast.estimator);
  return out;
}

ContrastParts contrast_parts(const Evaluation& e, const PolicyContrast& contrast) {
  ContrastParts out;
  const Contrast columns = as_columns(e, contrast);
  const Estimates whole = e.estimate({&columns, 1});
  out.value = whole.value[0];
  out.standard_error = whole.standard_error[0];
  if (!std::isfinite(out.value) || !std::isfinite(out.standard_error)) {
    out.why_not = "there is nothing to measure it on";
    return out;
  }
  // A value of exactly 0 without an error is that of equal policies, or of two that both met no event: the
  // latter may differ all the same.
  const std::vector<std::uint8_t>& mask = e.subsets_[contrast.subset].mask;
  const auto weigh_alike = [&] {
    constexpr double kRounding = 1e-5;
    if (contrast.policies.size() < 2) return false;
    for (const std::uint32_t at : e.events_->sample) {
      if (mask[e.events_->row[at]] == 0) continue;
      double sum = 0, size = 0;
      for (const auto& [policy, weight] : contrast.policies) {
        const double w = weight * static_cast<double>(e.probe_weight_[policy][at]);
        sum += w;
        size += std::abs(w);
      }
      if (std::abs(sum) > kRounding * size) return false;
    }
    return true;
  };
  if (whole.equal(0) && weigh_alike()) return out;
  std::vector<double> rest(kBuckets);
  for (std::size_t b = 0; b < kBuckets; ++b) rest[b] = whole.influence(b, 0);

  const EventRows& events = *e.events_;
  double heaviest = 0;
  for (const auto& [outcome, term] : contrast.terms) {
    const EventRows::Outcome& one = events.outcomes[outcome];
    if (term == 0) continue;
    heaviest = std::max(heaviest, one.tail_sigma);
    if (!one.countable) continue;
    const OutcomeColumn& column = e.log_.outcome(e.models_.outcome[outcome]);
    // Weights of the policies over what their sums are divided by.
    struct Share {
      const float* weight;
      double scale;
    };
    std::vector<Share> shares;
    for (const auto& [policy, weight] : contrast.policies) {
      double total = 0;
      for (const double d :
           e.moments_.denominator(e.column(policy, outcome, contrast.subset, contrast.estimator)))
        total += d;
      shares.push_back({e.probe_weight_[policy].data(), total != 0 ? weight * term * one.sign / total : 0});
    }
    const auto weight_at = [&](std::uint32_t at) {
      const std::size_t i = events.row[at];
      double v = 0;
      for (const Share& share : shares) v += share.scale * static_cast<double>(share.weight[at]);
      return column.asked.empty() ? v : v / column.asked[i];
    };
    SideSums side[2];  // positive, negative
    std::vector<double> brought(kBuckets, 0.0);
    double total = 0, in_unit[2] = {0, 0};
    std::uint64_t unit = 0;
    bool open = false;
    const auto close = [&] {
      for (int s = 0; s < 2; ++s) {
        if (in_unit[s] != 0) side[s].add(in_unit[s]);
        in_unit[s] = 0;
      }
    };
    for (const std::uint32_t at : one.event) {
      const std::size_t i = events.row[at];
      if (mask[i] == 0) continue;
      if (open && (!e.log_.unit_named || e.log_.unit[i] != unit)) close();
      open = true;
      unit = e.log_.unit[i];
      const double x = weight_at(at) * one.sign * (column.value[i] - one.origin);
      in_unit[x < 0] += std::abs(x);
      brought[e.bucket_[i]] += x;
      total += x;
    }
    close();
    const double enough = one.amounts || one.share <= kRareShare ? kFewEvents : kFewCommonEvents;
    // Many on both sides need no look at what one more would weigh.
    if (side[0].effective_events() >= enough && side[1].effective_events() >= enough) continue;
    open = false;
    const auto close_weight = [&] {
      for (int s = 0; s < 2; ++s) {
        side[s].weight.add(in_unit[s]);
        in_unit[s] = 0;
      }
    };
    for (const std::uint32_t at : events.sample) {
      const std::size_t i = events.row[at];
      if (mask[i] == 0 || column.state[i] != State::kObserved) continue;
      if (open && (!e.log_.unit_named || e.log_.unit[i] != unit)) close_weight();
      open = true;
      unit = e.log_.unit[i];
      const double v = weight_at(at);
      in_unit[v < 0] += std::abs(v);
    }
    close_weight();
    bool few = false;
    for (const SideSums& s : side)
      if (s.weight.total() > 0 || s.sum > 0) few |= s.effective_events() < enough;
    const double together = side[0].effective_events() + side[1].effective_events();
    if (one.amounts && together < kFewestAmounts && out.why_not.empty()) {
      out.why_not = fmt::format(
          "too few events: {:.0f} effective non-zero values of {}, {:.0f} are needed where they differ in size",
          together, column.name, kFewestAmounts);
    }
    if (!few) continue;
    for (int s = 0; s < 2; ++s) {
      const SideSums& sums = side[s];
      if (!(sums.weight.total() > 0) && !(sums.sum > 0)) continue;
      out.sides.push_back({sums.sum, sums.squares, sums.weight.above(kLargeShare) * one.large,
                           s == 0 ? 1.0 : -1.0, sums.effective_events(),
                           (term * one.sign * contrast.policies.front().second > 0) == (s == 0)});
    }
    double count = 0;
    const auto live = e.moments_.denominator(
        e.column(contrast.policies.front().first, outcome, contrast.subset, Estimator::kDr));
    for (const double d : live) count += d;
    for (std::size_t b = 0; b < kBuckets; ++b)
      rest[b] -= brought[b] - (count > 0 ? total * live[b] / count : 0);
  }
  const Spread left = spread_of(rest);
  out.rest_error = left.error;
  out.rest_skewness = left.skewness;
  out.rest_degrees = left.degrees;
  out.skewness = whole.skewness[0];
  out.degrees = left.degrees;
  if (out.why_not.empty() && heaviest > kHeaviestTail && left.five > kFewShare) {
    out.why_not = fmt::format(
        "a few units decide this: five of them are {:.0f} % of its variance, and larger values are still to "
        "come "
        "(a tail like that of a lognormal with sigma {:.2f}; above {:.2f} no interval holds)",
        100 * left.five, heaviest, kHeaviestTail);
  }
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
  if (parts.sides.empty()) return {parts.value - down, parts.value + up, level};
  double lower = down * down, upper = up * up;
  const double alpha = level_of_critical(critical);
  for (const ContrastParts::Side& side : parts.sides) {
    const Interval i = gamma_limits({side.sum, side.squares, side.large}, alpha);
    const double below = side.sum - i.lower, above = i.upper - side.sum;
    lower += side.sign > 0 ? below * below : above * above;
    upper += side.sign > 0 ? above * above : below * below;
  }
  return {parts.value - std::sqrt(lower), parts.value + std::sqrt(upper), level};
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
