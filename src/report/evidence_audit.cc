#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/digits.h"
#include "report/phrases.h"
#include "report/study.h"

namespace plumb {
namespace {

using nlohmann::json;

json share_json(const std::optional<double>& share) { return share ? json(*share) : json(); }

json proxy_json(const Study& study, const ProxyAudit& a) {
  const auto found = study.reach.find(a.name);
  const ProxyReach reach = found == study.reach.end() ? ProxyReach{} : found->second;
  json unit = interval_json(a.unit_association), effect = interval_json(a.effect_association);
  if (!a.unit_association.known) unit["sentence"] = a.unit_association.why_not;
  effect["sentence"] = a.effect_association.known
                           ? fmt::format("one more of the proxy's effect goes with {:.3g} more of the goal's",
                                         a.effect_association.value)
                           : a.effect_association.why_not;
  json surrogacy = {{"z", a.surrogacy.known ? number_json(a.surrogacy.z) : json()},
                    {"p", a.surrogacy.known ? number_json(a.surrogacy.p) : json()},
                    {"contrast", a.surrogacy.contrast},
                    {"direct_effect", interval_json(a.surrogacy.direct)},
                    {"index_effect", interval_json(a.surrogacy.index)},
                    {"index_bias", interval_json(a.surrogacy.bias)},
                    {"pairs", a.surrogacy.pairs},
                    {"rows", a.surrogacy.rows},
                    {"of_rows", a.surrogacy.of_rows},
                    {"verdict", name_of(a.surrogacy.verdict)}};
  if (!a.surrogacy.known) surrogacy["sentence"] = a.surrogacy.why_not;
  json curve = json::array();
  for (const CurvePoint& p : a.curve.points) curve.push_back(curve_point_json(p));
  json peak = peak_json(a.curve);
  peak["otherwise"] = share_json(reach.peak);
  const double end = a.curve.points.empty() ? 0 : a.curve.points.back().kl;
  return {{"name", a.name},
          {"verdict", name_of(a.verdict)},
          {"sentence", a.sentence},
          {"unit_association", unit},
          {"effect_association", effect},
          {"surrogacy", surrogacy},
          {"curve", curve},
          {"harm_shown", a.curve.harm},
          {"peak", std::move(peak)},
          {"end_of_support",
           {{"kl", end},
            {"reached", a.path.end_of_support},
            {"reason", a.path.end_reason},
            {"otherwise", share_json(reach.end)}}}};
}

std::string comparison_sentence(const SignalComparison& c, const Goal& goal) {
  const std::string& wanted = goal.maximize_text;
  if (c.same_policy)
    return fmt::format(
        "Training on {} and training on {} give the same policy: pushed equally hard ({:.2g} nats), both "
        "choose "
        "alike in every decision of the certification half.",
        c.proxy, wanted, c.kl_proxy);
  const Interval& i = c.difference.interval;
  const std::string finding =
      i.lower > 0   ? fmt::format("Training on {} is better than training on {}", c.proxy, wanted)
      : i.upper < 0 ? fmt::format("Training on {} is worse than training on {}", c.proxy, wanted)
                    : fmt::format("Training on {} and training on {} cannot be told apart", c.proxy, wanted);
  const Written w = written(c.difference.value, i.lower, i.upper, {0.0}, true);
  return fmt::format(
      "{}: pushed equally hard ({:.2g} nats), the paired difference on the certification half is {}, between "
      "{} "
      "and {}.",
      finding, c.kl_proxy, with_unit(w.value, goal.unit), w.lower, w.upper);
}

}  // namespace

json peak_json(const GoodhartCurve& curve) {
  const bool unknown = std::any_of(curve.points.begin(), curve.points.end(),
                                   [](const CurvePoint& p) { return !p.goal_why_not.empty(); });
  if (unknown) return {{"kl", nullptr}, {"kl_lower", nullptr}, {"kl_upper", nullptr}, {"censored", false}};
  return {{"kl", curve.peak.kl},
          {"kl_lower", curve.peak.kl_lower},
          {"kl_upper", curve.peak.kl_upper},
          {"censored", curve.peak.censored}};
}

json curve_point_json(const CurvePoint& p) {
  const auto range = [](double value, const Interval& interval, const std::string& why_not) {
    if (!why_not.empty())
      return json{{"value", nullptr}, {"lower", nullptr}, {"upper", nullptr}, {"why_not", why_not}};
    return json{
        {"value", value}, {"lower", number_json(interval.lower)}, {"upper", number_json(interval.upper)}};
  };
  return {{"kl", p.kl},
          {"chi2", number_json(p.chi2)},
          {"ess_share", p.ess_share},
          {"proxy", range(p.proxy, p.proxy_interval, p.proxy_why_not)},
          {"goal", range(p.goal, p.goal_interval, p.goal_why_not)}};
}

json audit_json(const Study& study) {
  json out = {{"proxies", json::array()}, {"comparisons", json::array()}};
  for (const ProxyAudit& a : study.proxies) out["proxies"].push_back(proxy_json(study, a));
  for (const SignalComparison& c : study.comparisons) {
    if (!c.difference.known) continue;
    json one = interval_json(c.difference);
    one.update({{"a", "softmax:" + c.proxy},
                {"b", "softmax:goal"},
                {"kl", c.kl_proxy},
                {"kl_goal", c.kl_goal},
                {"same_policy", c.same_policy},
                {"sentence", comparison_sentence(c, study.goal)}});
    out["comparisons"].push_back(std::move(one));
  }
  return out;
}

json limits_json(const CandidateClaim& claim) {
  json out = json::array();
  for (const ConstraintClaim& k : claim.constraints) {
    json one = interval_json(k.measured);
    one.update(
        {{"id", k.id},
         {"limit", k.limit},
         {"margin", k.margin},
         {"verdict", name_of(k.verdict)},
         {"decisions_needed",
          k.verdict == Verdict::kInconclusive && k.decisions_needed > 0 ? json(k.decisions_needed) : json()},
         {"sentence", k.sentence}});
    out.push_back(std::move(one));
  }
  return out;
}

json segments_json(const CandidateClaim& claim) {
  json out = json::array();
  for (const SegmentClaim& s : claim.segments) {
    json one = interval_json(s.gain);
    one.update(
        {{"segment", s.segment}, {"level", s.level}, {"count", s.count}, {"verdict", name_of(s.verdict)}});
    out.push_back(std::move(one));
  }
  return out;
}

json certification_json(const Certification& certification) {
  json out = json::array();
  for (const std::size_t at : order_of_claims(certification)) {
    const CandidateClaim& c = certification.candidates[at];
    json goal = interval_json(c.goal);
    goal["level"] = c.goal.known ? json(c.goal.interval.level) : json();
    goal["ess"] = number_json(c.support.ess);
    if (!c.goal.known) goal["why_not"] = c.goal.why_not;
    out.push_back({{"name", c.name},
                   {"signal", c.signal.empty() ? json() : json(c.signal)},
                   {"kind", name_of(c.kind)},
                   {"kl", number_json(c.kl)},
                   {"chi2", number_json(c.chi2)},
                   {"rows", c.fixed_beforehand ? "all rows" : "certification half"},
                   {"goal", goal},
                   {"versus_reference", interval_json(c.versus_reference)},
                   {"versus_best_constant", interval_json(c.versus_best_constant)},
                   {"support",
                    {{"ess", number_json(c.support.ess)},
                     {"max_weight", number_json(c.support.max_weight)},
                     {"mean_weight", number_json(c.support.mean_weight)},
                     {"verdict", c.support.sufficient ? "pass" : "inconclusive"}}},
                   {"verdict", c.kind == PolicyKind::kReference ? json() : json(name_of(c.verdict))},
                   {"reason", c.reason},
                   {"cap", c.cap.empty() ? json() : json(c.cap)},
                   {"constraints", limits_json(c)},
                   {"segments", segments_json(c)}});
  }
  return out;
}

}  // namespace plumb
