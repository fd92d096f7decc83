#include <cmath>

#include "plumb/policy_contrast.h"
#include "plumb/pressure.h"
#include "plumb/ties.h"

namespace plumb {
namespace {

// Of every contrast; where one carries no number, from minus to plus infinity, and why.
struct Told {
  Interval interval;
  std::string why_not;
};
std::vector<Told> intervals_of(const Evaluation& evaluation, const std::vector<PolicyContrast>& contrasts,
                               double critical, double level, int threads) {
  std::vector<Told> out(contrasts.size(), {{-INFINITY, INFINITY, level}, {}});
  parallel_blocks(contrasts.size(), threads, [&](std::size_t k) {
    const ContrastParts parts = contrast_parts(evaluation, contrasts[k]);
    out[k].why_not = parts.why_not;
    if (parts.why_not.empty()) out[k].interval = interval_of(parts, critical, level);
  });
  return out;
}

// Pressures whose goal is not shown to be below the highest: simultaneous intervals of (point - highest point).
// The reference takes part as the point of no pressure.
Peak find_peak(const Evaluation& evaluation, const PressurePath& path, std::size_t reference,
               std::size_t subset, std::span<const std::pair<std::size_t, double>> goal,
               const std::vector<CurvePoint>& points, double level, const Rng& rng, int threads) {
  Peak peak;
  std::size_t best = points.size();  // the reference
  double highest = 0;
  for (std::size_t k = 0; k < points.size(); ++k) {
    if (!points[k].goal_why_not.empty()) continue;
    if (exceeds(points[k].goal, highest, points[k].goal_interval.upper - points[k].goal)) {
      highest = points[k].goal;
      best = k;
    }
  }
  const auto policy_of = [&](std::size_t k) { return k < points.size() ? path.points[k].policy : reference; };
  const auto kl_of = [&](std::size_t k) { return k < points.size() ? points[k].kl : 0.0; };
  std::vector<Contrast> contrasts;
  std::vector<PolicyContrast> below;
  for (std::size_t k = 0; k <= points.size(); ++k) {
    below.push_back({{{policy_of(k), 1.0}, {policy_of(best), -1.0}}, {goal.begin(), goal.end()}, subset});
    contrasts.push_back(as_columns(evaluation, below.back()));
  }
  const double critical = max_t_distribution(evaluation.estimate(contrasts), rng, threads).critical(1 - level);
  const std::vector<Told> told = intervals_of(evaluation, below, critical, level, threads);
  peak.kl = peak.kl_lower = peak.kl_upper = kl_of(best);
  for (std::size_t k = 0; k <= points.size(); ++k) {
    if (k != best && told[k].interval.upper < 0) continue;
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
  std::vector<PolicyContrast> gains;  // proxy, goal, by point
  for (const PathPoint& point : path.points) {
    for (const auto& terms : {proxy_terms, goal_terms}) {
      gains.push_back({{{point.policy, 1.0}, {reference, -1.0}}, {terms.begin(), terms.end()}, subset});
      contrasts.push_back(as_columns(evaluation, gains.back()));
    }
  }
  const Estimates e = evaluation.estimate(contrasts);
  out.critical = max_t_distribution(e, rng.stream("curve"), threads).critical(1 - level);
  const std::vector<Told> told = intervals_of(evaluation, gains, out.critical, level, threads);
  for (std::size_t k = 0; k < path.points.size(); ++k) {
    const PathPoint& point = path.points[k];
    CurvePoint c;
    c.kl = point.kl;
    c.chi2 = point.chi2;
    c.ess_share = point.support.ess / point.support.count;
    c.proxy = e.value[2 * k];
    c.goal = e.value[2 * k + 1];
    c.proxy_interval = told[2 * k].interval;
    c.goal_interval = told[2 * k + 1].interval;
    c.proxy_why_not = told[2 * k].why_not;
    c.goal_why_not = told[2 * k + 1].why_not;
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
