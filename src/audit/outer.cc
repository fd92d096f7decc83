#include <fmt/format.h>

#include <cmath>

#include "audit/association.h"
#include "base/digits.h"
#include "plumb/audit.h"

namespace plumb {
namespace {

// Importance weights of probabilities (a float a row) for the chosen actions.
std::vector<double> weights_of(const DecisionLog& log, std::span<const float> probabilities) {
  std::vector<double> out(log.size());
  for (std::size_t i = 0; i < log.size(); ++i) out[i] = probabilities[log.chosen_row(i)] / log.propensity[i];
  return out;
}

// All pairs of actions; where actions are not fixed, the end of the path against what was logged (the path is
// cross-fitted). On all rows.
Surrogacy test_surrogacy(const AuditContext& context, const std::string& proxy, const PressurePath& path,
                         const Signal& signal) {
  const DecisionLog& log = context.log;
  if (context.constants.size() >= 2)
    return surrogacy_of_actions(log, context.goal, proxy, context.models, context.threads);
  Surrogacy out;
  if (path.points.empty()) {
    out.why_not = "there is no path: " + path.end_reason;
    return out;
  }
  std::vector<float> end(log.action.size()), score;
  const auto beta = static_cast<float>(path.points.back().beta);
  for (std::size_t i = 0; i < log.size(); ++i) {
    const std::size_t first = log.offset[i], k = log.offered(i);
    score.resize(k);
    for (std::size_t a = 0; a < k; ++a) score[a] = beta * signal.score[first + a];
    tilt(context.base.subspan(first, k), score, {end.data() + first, k});
  }
  out = surrogacy_test(log, context.goal, proxy, context.models, weights_of(log, end),
                       std::vector<double>(log.size(), 1.0), context.evaluation.subset(context.all).mask,
                       context.threads);
  out.contrast =
      fmt::format("the end of the path ({:.2g} nats) against the logging policy", path.points.back().kl);
  return out;
}

// What the surrogacy test adds to a sentence; nothing where the proxy may be used for the goal and the test
// read the whole log.
std::string missed(const Surrogacy& s, const Goal& goal) {
  if (!s.known) return "";
  const std::string where =
      s.rows < s.of_rows ? fmt::format(", on the {} of {} decisions in which both are seen", s.rows, s.of_rows)
                         : std::string();
  const Written w = written(s.bias.value, s.bias.interval.lower, s.bias.interval.upper,
                            {0.0, -goal.minimum_effect, goal.minimum_effect});
  if (s.verdict == Verdict::kPass) {
    if (where.empty()) return "";
    return fmt::format("; what it is worth can be read off it{}: the index misses {} of the effect of {}",
                       where, w.value, s.contrast);
  }
  return fmt::format(
      "; what it is worth cannot be read off it: the index misses {} of the effect of {} (between {} and {}{})",
      w.value, s.contrast, w.lower, w.upper, where);
}

std::string sentence_of(const ProxyAudit& a, const Goal& goal) {
  const std::string wanted = goal.maximize_text;
  const GoodhartCurve& curve = a.curve;
  if (curve.points.empty())
    return fmt::format("\"{}\" cannot be pushed on this log: {}.", a.name, a.path.end_reason);
  const CurvePoint& end = curve.points.back();
  const auto worst = [&] {
    const CurvePoint* found = nullptr;
    for (const auto& p : curve.points) {
      if (p.proxy_interval.lower > 0 && p.goal_interval.upper < 0) found = &p;
    }
    return found;
  }();
  if (worst) {
    const std::string until =
        curve.peak.kl > 0 ? fmt::format(
                                "Up to about {:.2g} nats of pressure the goal goes along (its highest point is "
                                "between {:.2g} and {:.2g} nats); ",
                                curve.peak.kl, curve.peak.kl_lower, curve.peak.kl_upper)
                          : std::string("No pressure is safe: ");
    const Written fall = written(-worst->goal, -worst->goal_interval.upper, -worst->goal_interval.lower, {0.0});
    return fmt::format(
        "Pushing \"{}\" harms the goal. {}from {:.2g} nats {} is shown to fall below the reference while {} "
        "rises "
        "(at {:.2g} nats by {}, between {} and {}).",
        a.name, until, curve.harm_kl, wanted, a.name, worst->kl, fall.value, fall.lower, fall.upper);
  }
  if (!end.goal_why_not.empty())
    return fmt::format(
        "The log cannot tell whether the goal follows \"{}\": at {:.2g} nats it has no number ({}){}.", a.name,
        end.kl, end.goal_why_not, missed(a.surrogacy, goal));
  const Written w = written(end.goal, end.goal_interval.lower, end.goal_interval.upper, {0.0}, true);
  if (!curve.proxy_rises) {
    return fmt::format("Pushing \"{}\" is not shown to raise even itself on this log{}.", a.name,
                       missed(a.surrogacy, goal));
  }
  if (end.goal_interval.lower > 0) {
    return fmt::format(
        "The goal rises with \"{}\" to the end of what the log can show ({:.2g} nats: {}, between {} and "
        "{}){}.",
        a.name, end.kl, w.value, w.lower, w.upper, missed(a.surrogacy, goal));
  }
  return fmt::format(
      "The log cannot tell whether the goal follows \"{}\": at {:.2g} nats it changes by {}, between {} and "
      "{}{}.",
      a.name, end.kl, w.value, w.lower, w.upper, missed(a.surrogacy, goal));
}

}  // namespace

ProxyAudit audit_proxy(const AuditContext& context, const std::string& proxy, const PressurePath& path,
                       const Signal& signal) {
  ProxyAudit out;
  out.name = proxy;
  out.path = path;
  out.unit_association = unit_association(context, proxy);
  out.effect_association = effect_association(context, proxy);
  const Rng rng = Rng(context.seed).stream("audit:" + proxy);
  const std::vector<std::pair<std::size_t, double>> proxy_terms{{context.models.index(proxy), 1.0}};
  out.curve =
      goodhart_curve(context.evaluation, path, context.reference, context.all, proxy_terms,
                     goal_terms(context.goal, context.models), context.goal.confidence, rng, context.threads);
  out.surrogacy = test_surrogacy(context, proxy, path, signal);
  if (out.curve.harm || (out.surrogacy.known && out.surrogacy.verdict == Verdict::kRefuse)) {
    out.verdict = Verdict::kRefuse;
  } else if (out.surrogacy.known && out.surrogacy.verdict == Verdict::kPass) {
    out.verdict = Verdict::kPass;
  }
  out.sentence = sentence_of(out, context.goal);
  return out;
}

}  // namespace plumb
