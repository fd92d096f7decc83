#include <cmath>

#include "audit/claims.h"
#include "plumb/audit.h"

namespace plumb {
namespace {

// The point of the path with the highest pressure that is not above `kl`; the first one where all are.
const PathPoint& point_at(const PressurePath& path, double kl) {
  const PathPoint* best = &path.points.front();
  for (const PathPoint& point : path.points) {
    if (point.kl <= kl * (1 + 1e-9)) best = &point;
  }
  return *best;
}

}  // namespace

std::vector<SignalComparison> compare_signals(const AuditContext& context,
                                              const std::vector<PressurePath>& paths) {
  std::vector<SignalComparison> out;
  if (paths.empty() || paths[0].points.empty()) return out;
  const PressurePath& goal_path = paths[0];
  PLUMB_ASSERT(goal_path.signal == "goal");
  const auto goal = goal_terms(context.goal, context.models);
  std::vector<Contrast> contrasts;
  for (const std::string& proxy : context.goal.proxies) {
    for (const PressurePath& path : paths) {
      if (path.signal != proxy || path.points.empty()) continue;
      // As hard as both can be pushed, equally hard: a policy that is hardly pushed says nothing of its signal.
      const double kl = std::min(path.points.back().kl, goal_path.points.back().kl);
      const PathPoint &on_proxy = point_at(path, kl), &on_goal = point_at(goal_path, kl);
      Contrast c;
      c.id = proxy;
      context.evaluation.add_terms(c, on_proxy.policy, goal, context.certification, 1);
      context.evaluation.add_terms(c, on_goal.policy, goal, context.certification, -1);
      contrasts.push_back(std::move(c));
      SignalComparison comparison;
      comparison.proxy = proxy;
      comparison.kl_proxy = on_proxy.kl;
      comparison.kl_goal = on_goal.kl;
      out.push_back(std::move(comparison));
    }
  }
  const Estimates e = context.evaluation.estimate(contrasts);
  const double critical = max_t_distribution(e, Rng(context.seed).stream("signals"), context.threads)
                              .critical(1 - context.goal.confidence);
  for (std::size_t k = 0; k < out.size(); ++k) {
    out[k].difference = make_measured(e.value[k], e.standard_error[k], critical, context.goal.confidence);
  }
  return out;
}

}  // namespace plumb
