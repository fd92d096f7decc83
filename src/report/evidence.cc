#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "audit/claims.h"
#include "base/digits.h"
#include "report/phrases.h"
#include "report/study.h"

namespace plumb {
namespace {

using nlohmann::json;

json data_json(const Study& study) {
  const DecisionLog& log = study.log;
  std::vector<std::uint64_t> units(log.unit);
  std::sort(units.begin(), units.end());
  const auto distinct = std::unique(units.begin(), units.end()) - units.begin();
  json out = {{"log", log.source.substr(log.source.find_last_of('/') + 1)},
              {"decisions", study.decisions()},
              {"units", study.streamed ? json() : json(distinct)},
              {"unit_named", study.streamed ? !study.goal.data.unit.empty() : log.unit_named},
              {"actions", study.streamed ? json() : json(log.actions.size())},
              {"fixed_actions", log.fixed_actions},
              {"rows_read", study.load.rows_read},
              {"rejected", study.load.rejected},
              {"rejections", study.load.rejections},
              {"notes", study.load.notes},
              {"weeks", study.weeks ? json(*study.weeks) : json()}};
  out["findings"] = json::array();
  for (const Finding& f : study.findings) {
    const char* severity = f.severity == Severity::kCap       ? "cap"
                           : f.severity == Severity::kWarning ? "warning"
                                                              : "info";
    out["findings"].push_back({{"check", f.check}, {"severity", severity}, {"sentence", f.sentence}});
  }
  out["outcomes"] = json::array();
  for (const OutcomeColumn& c : log.outcomes) {
    double sum = 0;
    for (std::size_t i = 0; i < c.value.size(); ++i) sum += c.state[i] == State::kObserved ? c.value[i] : 0;
    out["outcomes"].push_back({{"name", c.name},
                               {"kind", name_of(c.kind)},
                               {"observed", c.observed_count},
                               {"missing", c.missing_count},
                               {"immature", c.immature_count},
                               // What runs today is the zero of a preference.
                               {"mean", c.observed_count && c.kind != OutcomeKind::kPreference
                                            ? json(sum / static_cast<double>(c.observed_count))
                                            : json()}});
  }
  if (study.streamed) {
    for (const StreamedOutcome& c : study.streamed->outcomes)
      out["outcomes"].push_back(
          {{"name", c.name},
           {"kind", name_of(c.kind)},
           {"observed", c.observed},
           {"missing", c.missing},
           {"immature", c.immature},
           {"mean", c.observed ? json(c.sum / static_cast<double>(c.observed)) : json()}});
  }
  return out;
}

json models_json(const Study& study) {
  const OutcomeModels& models = study.models;
  json out = json::array();
  for (std::size_t j = 0; j < models.outcome.size(); ++j) {
    const Calibration& c = models.calibration[j];
    if (models.method[j] == Method::kBradleyTerry) continue;  // has a section of its own
    out.push_back(
        {{"outcome", models.outcome[j]},
         {"method", name_of(models.method[j])},
         {"calibration_slope", number_json(c.slope)},
         {"held_out_r2", number_json(c.r_squared)},
         {"sentence",
          fmt::format("{} model of {}: on {} decisions that it did not see, a prediction higher by 1 "
                      "came out higher by {:.2f}; it explains {:.1f} % of the variance.",
                      name_of(models.method[j]), models.outcome[j], c.count, c.slope, 100 * c.r_squared)}});
    const auto measured = study.reliability.find(models.outcome[j]);
    if (measured != study.reliability.end()) out.back()["reliability"] = reliability_json(measured->second);
  }
  return out;
}

json training_json(const Study& study) {
  const Training& training = *study.training;
  json out = {{"sentence", training.sentence}, {"signals", json::array()}, {"constraints", json::array()}};
  for (std::size_t k = 0; k < training.candidates.size(); ++k) {
    const Candidate& c = training.candidates[k];
    out["signals"].push_back({{"signal", c.signal},
                              {"policy", c.policy->name()},
                              {"kl", c.kl},
                              {"value", c.why_not.empty() ? json(c.gain) : json()},
                              {"lower", number_json(c.lower())},
                              {"chosen", k == training.chosen}});
    if (!c.why_not.empty()) out["signals"].back()["why_not"] = c.why_not;
  }
  if (!training.candidates.empty()) {
    for (const Multiplier& m : training.candidates[training.chosen].multipliers) {
      out["constraints"].push_back(
          {{"id", m.constraint}, {"multiplier", m.value}, {"slack", number_json(m.slack)}, {"met", m.met}});
    }
  }
  return out;
}

json policies_json(const Study& study) {
  const Bounds bounds = bounds_of_goal(study.goal);
  json out = json::array();
  for (const PolicyEstimates& p : study.policies) {
    json estimates = json::array();
    for (const auto& e : p.estimates) {
      json one = interval_json(e.value);
      one["estimator"] = name_of(e.estimator);
      one["level"] = e.value.interval.level;
      one["ess"] = p.support.ess;
      one["standard_error"] = e.value.known ? json(e.value.standard_error) : json();
      if (!e.value.known) one["why_not"] = e.value.why_not;
      const bool outside =
          e.value.known && bounds.known && (e.value.value < bounds.lowest || e.value.value > bounds.highest);
      if (outside)
        one["outside"] = fmt::format("outside of what the goal can be ({} to {})", as_stated(bounds.lowest),
                                     as_stated(bounds.highest));
      estimates.push_back(std::move(one));
    }
    json one = {{"name", p.name},
                {"rows", p.rows},
                {"estimates", estimates},
                {"support",
                 {{"ess", p.support.ess},
                  {"max_weight", p.support.max_weight},
                  {"mean_weight", p.support.mean_weight},
                  {"chi2", number_json(p.support.chi2)},
                  {"reason", p.support.reason},
                  {"verdict", p.support.sufficient ? "pass" : "inconclusive"}}},
                {"versus_reference", p.claim ? interval_json(p.claim->versus_reference) : interval_json({})},
                {"verdict", p.verdict ? json(name_of(*p.verdict)) : json()},
                {"reason", p.reason}};
    if (p.claim) {
      one["constraints"] = limits_json(*p.claim);
      one["segments"] = segments_json(*p.claim);
    }
    out.push_back(std::move(one));
  }
  return out;
}

json family_json(const Certification& c) {
  return {{"size", c.family_size},
          {"method", "max-t, multiplier bootstrap over 4096 unit buckets"},
          {"critical", c.critical}};
}

json look_json(const LookSummary& look, double confidence) {
  // Each level's own promise holds; that of all looks is the most lenient one's.
  const std::string beyond =
      look.spent > 1 - confidence
          ? fmt::format(" (more than this goal's {:.3g}: goals with less confidence looked too)",
                        1 - confidence)
          : "";
  return {{"alpha", look.alpha},
          {"count", look.number},
          {"spent", look.counted ? look.spent : look.alpha},
          {"sentence",
           look.counted ? fmt::format("Look {} at this log: it may err with probability {:.3g}, all up to it "
                                      "together with {:.3g}{}; {}.",
                                      look.number, look.alpha, look.spent, beyond, look.place)
                        : "Looks at the certification half are not counted: neither this goal nor this log is "
                          "locked (plumb check GOAL --lock)."}};
}

}  // namespace

json number_json(double value) { return std::isfinite(value) ? json(value) : json(); }

json interval_json(const Measured& m) {
  if (!m.known) return {{"value", nullptr}, {"lower", nullptr}, {"upper", nullptr}};
  json out = {{"value", number_json(m.value)},
              {"lower", number_json(m.interval.lower)},
              {"upper", number_json(m.interval.upper)}};
  if (!m.method.empty()) out["method"] = m.method;
  return out;
}

json evidence_document(const Study& study) {
  const Goal& goal = study.goal;
  json out = {{"plumb", version()},
              {"evidence_version", 1},
              {"verb", study.verb},
              {"goal",
               {{"name", goal.name},
                {"intent", goal.intent},
                {"unit", goal.unit},
                {"maximize", goal.maximize_text},
                {"minimum_effect", goal.minimum_effect},
                {"confidence", goal.confidence},
                {"owner", goal.owner}}},
              {"goal_hash", hex(goal.hash)},
              {"headline", headline(study)},
              {"data", data_json(study)},
              {"assumptions", assumptions_json(study)},
              {"provenance",
               {{"goal_hash", hex(goal.hash)},
                {"log_digest", study.streamed ? json() : json(hex(study.digest))},
                {"split_seed", study.seed},
                {"version", version()},
                {"options",
                 {{"signal", goal.signal},
                  {"family", goal.family},
                  {"reference", goal.reference},
                  {"kl_budget", goal.kl_budget ? json(*goal.kl_budget) : json("auto")}}}}}};
  if (goal.outcome_models != Learner::kLinear)
    out["provenance"]["options"]["outcome_models"] = name_of(goal.outcome_models);
  if (!study.models.outcome.empty()) out["models"] = models_json(study);
  if (!study.models.learnt.empty()) out["learnt"] = learnt_json(study);
  if (study.models.preference) out["preference"] = preference_json(study);
  if (study.verb == "audit") {
    out["proxies"] = audit_json(study)["proxies"];
    out["comparisons"] = audit_json(study)["comparisons"];
  } else if (!study.proxies.empty()) {
    out["audit"] = audit_json(study);
  } else if (study.verb == "align") {
    out["audit"] = {{"proxies", json::array()}};
  }
  if (study.training) out["training"] = training_json(study);
  if (!study.trees.empty()) out["trees"] = trees_json(study);
  if (study.goal.budget && (study.budget || !study.spending.empty())) out["budget"] = budget_json(study);
  if (!study.policies.empty()) out["policies"] = policies_json(study);
  if (study.verb == "check") {
    out["constants"] = json::array();
    std::vector<ConstantSummary> constants = study.constant_summaries;
    std::stable_sort(
        constants.begin(), constants.end(),
        [](const ConstantSummary& a, const ConstantSummary& b) { return naturally_before(a.name, b.name); });
    for (const ConstantSummary& c : constants) {
      json one = interval_json(c.value);
      one["name"] = c.name;
      one["count"] = c.count;
      one["arm_mean"] = number_json(c.arm_mean);
      if (!c.value.known) one["why_not"] = c.value.why_not;
      out["constants"].push_back(std::move(one));
    }
    out["detectable_effect"] = study.detectable_effect ? json(*study.detectable_effect) : json();
  }
  if (study.verb == "align" || study.verb == "gate") {
    const Certification& c = *study.certification;
    out["decision"] = c.decision;
    out["verdict"] = name_of(c.verdict);
    out["candidates"] = certification_json(c);
    out["reasons"] = reasons_json(study);
    const std::string recommended = c.recommended ? c.candidates[*c.recommended].name : "reference";
    out["recommended"] = {{"policy", recommended},
                          {"file", study.recommended_file.empty() ? json() : json(study.recommended_file)}};
    if (const auto far = study.otherwise.find(recommended); far != study.otherwise.end())
      out["recommended"]["otherwise"] = far->second;
    out["family"] = family_json(c);
    out["look"] = look_json(study.look, study.goal.confidence);
  }
  if (study.verb == "evaluate" && study.certification) {
    out["family"] = family_json(*study.certification);
    out["look"] = look_json(study.look, study.goal.confidence);
  }
  if (study.verb == "align" || study.verb == "audit") out["questions"] = questions_json(study);
  if (study.verb == "monitor") {
    const Monitoring& m = study.monitor->found;
    out["decision"] = m.verdict == Verdict::kPass     ? "stands"
                      : m.verdict == Verdict::kRefuse ? "revoked"
                                                      : "undecided";
    out["verdict"] = name_of(m.verdict);
    out["questions"] = monitor_questions_json(study);
    out["monitor"] = monitor_json(*study.monitor);
    if (!m.claims.candidates.empty()) {
      out["candidates"] = certification_json(m.claims);
      out["reasons"] = reasons_json(study);
    }
  }
  return out;
}

}  // namespace plumb
