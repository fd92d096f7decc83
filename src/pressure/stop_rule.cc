// The stop rule: a joint fit over all checkpoints after each one.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "plumb/over_optimization.h"

namespace plumb {
namespace {

constexpr std::size_t kLeastFitted = 3;  // two parameters and one degree of freedom
constexpr std::size_t kRecent = 4;       // checkpoints of the local slope, where no form fits
constexpr double kGainLevel = 0.95;

// Weighted least squares among sequences that rise to `mode` and fall after it: pool adjacent violators on
// either side (Barlow et al. 1972). Returns the fitted values.
std::vector<double> rise_and_fall(const std::vector<Checkpoint>& points, std::size_t mode) {
  struct Block {
    double value, weight;
    std::size_t count;
  };
  const auto rising = [&](std::size_t first, std::size_t count, bool backwards, std::vector<Block>& blocks) {
    for (std::size_t k = 0; k < count; ++k) {
      const Checkpoint& c = points[backwards ? first - k : first + k];
      blocks.push_back({c.value, 1 / c.variance, 1});
      while (blocks.size() > 1 && blocks[blocks.size() - 2].value >= blocks.back().value) {
        const Block last = blocks.back();
        blocks.pop_back();
        Block& into = blocks.back();
        into.value = (into.value * into.weight + last.value * last.weight) / (into.weight + last.weight);
        into.weight += last.weight;
        into.count += last.count;
      }
    }
  };
  std::vector<Block> left, right;
  rising(0, mode + 1, false, left);
  rising(points.size() - 1, points.size() - 1 - mode, true, right);
  std::vector<double> out;
  for (const Block& b : left) out.insert(out.end(), b.count, b.value);
  for (auto b = right.rbegin(); b != right.rend(); ++b) out.insert(out.end(), b->count, b->value);
  return out;
}

// The middle of the highest stretch of the best rise and fall.
std::size_t unimodal_peak(const std::vector<Checkpoint>& points) {
  double least = INFINITY;
  std::size_t peak = 0;
  for (std::size_t mode = 0; mode < points.size(); ++mode) {
    const std::vector<double> fit = rise_and_fall(points, mode);
    double loss = 0;
    for (std::size_t k = 0; k < fit.size(); ++k) {
      const double off = points[k].value - fit[k];
      loss += off * off / points[k].variance;
    }
    if (!(loss < least * (1 - 1e-12))) continue;
    least = loss;
    const double highest = *std::max_element(fit.begin(), fit.end());
    std::size_t first = 0;
    while (fit[first] < highest) ++first;
    std::size_t last = first;
    while (last + 1 < fit.size() && fit[last + 1] >= highest) ++last;
    peak = (first + last + 1) / 2;
  }
  return peak;
}

// Probability that a line through the last checkpoints falls.
double recent_falling(const std::vector<Checkpoint>& points) {
  const std::size_t first = points.size() - std::min(points.size(), kRecent);
  double weight = 0, mean = 0, spread = 0, cross = 0;
  for (std::size_t k = first; k < points.size(); ++k) {
    weight += 1 / points[k].variance;
    mean += points[k].d / points[k].variance;
  }
  mean /= weight;
  for (std::size_t k = first; k < points.size(); ++k) {
    const double off = points[k].d - mean;
    spread += off * off / points[k].variance;
    cross += off * points[k].value / points[k].variance;
  }
  return normal_cdf(-cross / std::sqrt(spread));
}

// Whether the kept checkpoint's gain is above 0, whichever is kept: by the band of the fitted curve, which
// holds at all pressures at once (Working, Hotelling 1929: the square root of a chi-squared of two parameters);
// where no form fits, by the checkpoint's own answers with Sidak's correction over the checkpoints.
bool gain_shown(const StopDecision& now, const std::vector<Checkpoint>& points) {
  const Checkpoint& kept = points[now.keep];
  if (!now.curve.misfit)
    return now.curve.at(kept.d) > std::sqrt(-2 * std::log(1 - kGainLevel)) * now.curve.at_error(kept.d);
  const double alone = std::pow(kGainLevel, 1 / static_cast<double>(points.size()));
  return kept.value > normal_quantile((1 + alone) / 2) * std::sqrt(kept.variance);
}

std::string describe(const StopDecision& now, const std::vector<Checkpoint>& points,
                     const StopOptions& options) {
  const std::string kept =
      now.keep == kKeepReference
          ? std::string("keep the reference: no checkpoint's fitted gain is above 0")
          : fmt::format("keep checkpoint {} (KL {:.3g} nats){}", now.keep + 1,
                        points[now.keep].d * points[now.keep].d,
                        now.gain_shown ? "" : "; that it is better than the reference is not shown");
  if (now.action == StopAction::kStop)
    return fmt::format(
        "stop: at KL {:.3g} nats the panel's curve falls with probability {:.3f} (at least {:.3g}); {}",
        points.back().d * points.back().d, now.probability_falling, options.falling, kept);
  if (!now.fitted) return "continue: too few checkpoints to see a turn; inconclusive";
  if (now.curve.misfit)
    return fmt::format(
        "continue: no known form fits the curve and its last {} checkpoints do not fall; so far {}", kRecent,
        kept);
  if (now.curve.peak.shown)
    return fmt::format(
        "continue: the predicted peak is at KL {:.3g} nats ({:.0f} % interval {:.3g} to {:.3g}), "
        "not shown to be passed; so far {}",
        now.curve.peak.d * now.curve.peak.d, 100 * options.level, now.curve.peak.lower * now.curve.peak.lower,
        now.curve.peak.upper * now.curve.peak.upper, kept);
  return fmt::format("continue: no turn is shown, the peak may lie beyond the data; inconclusive; so far {}",
                     kept);
}

}  // namespace

Checkpoint checkpoint_from_votes(double kl, std::uint64_t wins, std::uint64_t ties, std::uint64_t losses) {
  if (!(std::isfinite(kl) && kl > 0)) refuse("checkpoint", "kl", fmt::format("{}", kl), "a number above 0");
  if (wins + ties + losses == 0) refuse("checkpoint", "votes", "none", "at least one");
  const double w = static_cast<double>(wins) + 0.5, l = static_cast<double>(losses) + 0.5;
  const double t = static_cast<double>(ties), n = w + t + l, share = (w + t / 2) / n;
  const double spread =
      (w * (1 - share) * (1 - share) + t * (0.5 - share) * (0.5 - share) + l * share * share) / n;
  Checkpoint out;
  out.d = std::sqrt(kl);
  out.value = std::log(share / (1 - share));
  out.variance = spread / (n * share * share * (1 - share) * (1 - share));
  out.comparisons = wins + ties + losses;
  return out;
}

StopRule::StopRule(const StopOptions& options) : options_(options) {
  if (!(options.falling > 0.5 && options.falling < 1))
    refuse("stop rule", "falling", fmt::format("{}", options.falling), "a probability above .5 and below 1");
  if (!(options.level > 0 && options.level < 1))
    refuse("stop rule", "level", fmt::format("{}", options.level), "a number in (0, 1)");
  if (options.least_checkpoints < kLeastFitted)
    refuse("stop rule", "least_checkpoints", fmt::format("{}", options.least_checkpoints), "3 or more");
}

StopDecision StopRule::add(const Checkpoint& checkpoint) {
  const double before = checkpoints_.empty() ? 0 : checkpoints_.back().d;
  if (!(std::isfinite(checkpoint.d) && checkpoint.d > before))
    refuse("stop rule", "d", fmt::format("{}", checkpoint.d), fmt::format("a pressure above {}", before));
  if (!std::isfinite(checkpoint.value))
    refuse("stop rule", "value", fmt::format("{}", checkpoint.value), "a finite number");
  if (!(std::isfinite(checkpoint.variance) && checkpoint.variance > 0))
    refuse("stop rule", "variance", fmt::format("{}", checkpoint.variance), "a number above 0");
  checkpoints_.push_back(checkpoint);

  StopDecision now;
  const std::size_t k = checkpoints_.size();
  if (k >= kLeastFitted) {
    std::vector<double> d(k), value(k);
    Matrix covariance(k, k);
    for (std::size_t i = 0; i < k; ++i) {
      d[i] = checkpoints_[i].d;
      value[i] = checkpoints_[i].value;
      covariance(i, i) = checkpoints_[i].variance;
    }
    now.fitted = true;
    now.curve = fit_curve(d, value, covariance, options_.level);
    std::size_t best = 0;
    if (now.curve.misfit) {
      best = unimodal_peak(checkpoints_);
      now.probability_falling = recent_falling(checkpoints_);
      if (value[best] > 0) now.keep = best;
    } else {
      for (std::size_t i = 1; i < k; ++i) {
        if (now.curve.at(d[i]) > now.curve.at(d[best])) best = i;
      }
      now.probability_falling = now.curve.probability_falling(d.back());
      if (now.curve.at(d[best]) > 0) now.keep = best;
    }
    if (now.keep != kKeepReference) now.gain_shown = gain_shown(now, checkpoints_);
    if (k >= options_.least_checkpoints && now.probability_falling >= options_.falling)
      now.action = StopAction::kStop;
  }
  now.sentence = describe(now, checkpoints_, options_);
  last_ = now;
  return now;
}

}  // namespace plumb
