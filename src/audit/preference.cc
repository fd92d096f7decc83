// What the reward model promises, and what people say whom it did not learn from.
#include <fmt/format.h>

#include <cmath>

#include "plumb/audit.h"

namespace plumb {
namespace {

std::string sentence_of(const PreferenceAudit& a) {
  if (a.curve.points.empty())
    return fmt::format("\"{}\" cannot be pushed on this log: {}.", a.name, a.path.end_reason);
  const CurvePoint& end = a.curve.points.back();
  const std::string promised = fmt::format(
      "Pushed to {:.2g} nats the reward model promises {:+.3g} in log-odds of being preferred to what runs "
      "today; "
      "people whom it did not learn from ",
      end.kl, end.proxy);
  if (a.curve.harm) {
    return promised + fmt::format(
                          "are shown to like it less from {:.2g} nats on. They like it best between {:.2g} and "
                          "{:.2g} nats.",
                          a.curve.harm_kl, a.curve.peak.kl_lower, a.curve.peak.kl_upper);
  }
  if (!end.goal_why_not.empty())
    return promised + fmt::format("say nothing that is a number: {}.", end.goal_why_not);
  const std::string said = fmt::format("say {:+.3g}, between {:+.3g} and {:+.3g}", end.goal,
                                       end.goal_interval.lower, end.goal_interval.upper);
  if (a.curve.peak.censored) return promised + said + ".";
  return promised + said +
         fmt::format(", and like it best between {:.2g} and {:.2g} nats.", a.curve.peak.kl_lower,
                     a.curve.peak.kl_upper);
}

}  // namespace

PreferenceAudit audit_preference(const AuditContext& context, const PressurePath& path) {
  PLUMB_ASSERT(context.models.preference);
  const std::size_t j = context.models.preference_index();
  PreferenceAudit out;
  out.name = context.models.outcome[j];
  out.path = path;
  const std::vector<std::pair<std::size_t, double>> terms{{j, 1.0}};
  out.curve =
      goodhart_curve(context.evaluation, path, context.reference, context.all, terms, terms,
                     context.goal.confidence, Rng(context.seed).stream("audit:preference"), context.threads);
  out.curve.harm = false;
  out.curve.harm_kl = 0;
  for (std::size_t k = 0; k < out.curve.points.size(); ++k) {
    CurvePoint& point = out.curve.points[k];
    point.proxy = path.points[k].promised;
    point.proxy_interval = {point.proxy, point.proxy, context.goal.confidence};
    if (out.curve.harm || !(point.goal_interval.upper < 0)) continue;
    out.curve.harm = true;
    out.curve.harm_kl = point.kl;
  }
  out.sentence = sentence_of(out);
  return out;
}

}  // namespace plumb
