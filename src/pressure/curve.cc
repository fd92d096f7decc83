#include <cmath>

#include "plumb/pressure.h"
#include "plumb/ties.h"

namespace plumb {
namespace {

// Pressures whose goal is not shown to be below the highest: simultaneous intervals of (point - highest point).
// The reference takes part as the point of no pressure.
Peak find_peak(const Evaluation& evaluation, const PressurePath& path, std::size_t reference,
               std::size_t subset, std::span<const std::pair<std::size_t, double>> goal,
               const std::vector<CurvePoint>& points, double level, const Rng& rng, int threads) {
  Peak peak;
  std::size_t best = points.size();  // the reference
  double highest = 0;
  for (std::size_t k = 0; k < points.size(); ++k) {
    if (exceeds(points[k].goal, highest, points[k].goal_interval.upper - points[k].goal)) {
      highest = points[k].goal;
      best = k;
    }
  }
  const auto policy_of = [&](std::size_t k) { return k < points.size() ? path.points[k].policy : reference; };
  const auto kl_of = [&](std::size_t k) { return k < points.size() ? points[k].kl : 0.0; };
  std::vector<Contrast> contrasts;
  for (std::size_t k = 0; k <= points.size(); ++k) {
    Contrast c;
    c.id = "below the peak";
    evaluation.add_terms(c, policy_of(k), goal, subset, 1);
    evaluation.add_terms(c, policy_of(best), goal, subset, -1);
    contrasts.push_back(std::move(c));
  }
  const Estimates e = evaluation.estimate(contrasts);
  const double critical = max_t_distribution(e, rng, threads).critical(1 - level);
  peak.kl = peak.kl_lower = peak.kl_upper = kl_of(best);
  for (std::size_t k = 0; k <= points.size(); ++k) {
    if (k != best && e.value[k] + critical * e.standard_error[k] < 0) continue;
    peak.kl_lower = std::min(peak.kl_lower, kl_of(k));
    peak.kl_upper = std::max(peak.kl_upper, kl_of(k));
  }
  peak.censored = !points.empty() && peak.kl_upper >= points.back().kl;
  return peak;
}

}  // namespace

GoodhartCurve goodhart_curve(const Evaluation& evaluation, const PressurePath& path, std::size_t reference,
                             std::size_t subset, std::span<const std::pair<std::size_t, double>> proxy_terms,
                             std::span<const std::pair<std::size_t, double>> goal_terms, double level,
                             const Rng& rng, int threads) {
  GoodhartCurve out;
  if (path.points.empty()) return out;
  std::vector<Contrast> contrasts;
  for (const PathPoint& point : path.points) {
    Contrast proxy, goal;
    proxy.id = "proxy";
    goal.id = "goal";
    evaluation.add_terms(proxy, point.policy, proxy_terms, subset, 1);
    evaluation.add_terms(proxy, reference, proxy_terms, subset, -1);
    evaluation.add_terms(goal, point.policy, goal_terms, subset, 1);
    evaluation.add_terms(goal, reference, goal_terms, subset, -1);
    contrasts.push_back(std::move(proxy));
    contrasts.push_back(std::move(goal));
  }
  const Estimates e = evaluation.estimate(contrasts);
  out.critical = max_t_distribution(e, rng.stream("curve"), threads).critical(1 - level);
  for (std::size_t k = 0; k < path.points.size(); ++k) {
    const PathPoint& point = path.points[k];
    CurvePoint c;
    c.kl = point.kl;
    c.chi2 = point.chi2;
    c.ess_share = point.support.ess / point.support.count;
    c.proxy = e.value[2 * k];
    c.goal = e.value[2 * k + 1];
    c.proxy_interval = normal_interval(c.proxy, e.standard_error[2 * k], out.critical, level);
    c.goal_interval = normal_interval(c.goal, e.standard_error[2 * k + 1], out.critical, level);
    out.proxy_rises |= c.proxy_interval.lower > 0;
    if (c.proxy_interval.lower > 0 && c.goal_interval.upper < 0 && !out.harm) {
      out.harm = true;
      out.harm_kl = c.kl;
    }
    out.points.push_back(c);
  }
  out.peak = find_peak(evaluation, path, reference, subset, goal_terms, out.points, level, rng.stream("peak"),
                       threads);
  return out;
}

}  // namespace plumb
