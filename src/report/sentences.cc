// The words of the evidence: what a manager reads before any table.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/digits.h"
#include "report/index_assumptions.h"
#include "report/phrases.h"
#include "report/questions.h"
#include "report/study.h"

namespace plumb {
namespace {

using nlohmann::json;

// The first candidate that missing outcomes keep from being decided; nullptr where there is none.
const CandidateClaim* capped(const Certification& c) {
  for (std::size_t k = 1; k < c.candidates.size(); ++k) {
    if (!c.candidates[k].cap.empty() && c.candidates[k].verdict == Verdict::kInconclusive)
      return &c.candidates[k];
  }
  return nullptr;
}

std::uint64_t needed_by(const CandidateClaim& claim) {
  std::uint64_t needed = claim.decisions_needed;
  for (const ConstraintClaim& c : claim.constraints) {
    if (c.verdict == Verdict::kInconclusive) needed = std::max(needed, c.decisions_needed);
  }
  return needed;
}

// A limit that what runs today is shown to break; empty where there is none.
std::string broken_today(const Certification& c) {
  for (const ConstraintClaim& claim : c.candidates[0].constraints) {
    if (claim.verdict == Verdict::kRefuse) return " What runs today breaks a limit: " + claim.sentence + ".";
  }
  return "";
}

json weeks_needed(const Study& study, std::uint64_t decisions) {
  if (!study.weeks || *study.weeks <= 0 || decisions == 0) return json();
  return static_cast<double>(decisions) / (static_cast<double>(study.log.size()) / *study.weeks);
}

}  // namespace

std::string headline(const Study& study) {
  const std::string& unit = study.goal.unit;
  if (study.verb == "check") {
    if (!study.caps.empty())
      return fmt::format("The log can be read, but {} of its problems keep any verdict at inconclusive: {}.",
                         study.caps.size(), fmt::join(study.caps, "; "));
    return study.detectable_effect
               ? fmt::format("The log can be used: it can show a gain of about {} or more{}.",
                             with_unit(fmt::format("{:.2g}", *study.detectable_effect), unit),
                             !study.detectable_action.empty()
                                 ? " from " + study.detectable_action + " for everyone"
                                 : "")
               : "The log can be read, but it carries no gain of any action over the reference.";
  }
  if (study.verb == "audit") {
    std::string out;
    for (const ProxyAudit& a : study.proxies) {
      out += fmt::format("{}{}: {}", out.empty() ? "" : "; ", a.name,
                         a.verdict == Verdict::kRefuse ? "does not stand for the goal"
                         : a.verdict == Verdict::kPass ? "stands for the goal"
                                                       : "the log cannot tell");
    }
    return out.empty() ? "The goal names no proxies." : out + ".";
  }
  if (study.verb == "reward") {
    std::string out;
    for (const auto& [name, r] : study.reliability) {
      if (!out.empty()) out += "; ";
      out += r.known
                 ? fmt::format("{} is predicted with {:.1f} % of its variance", name, 100 * r.r_squared.value)
                 : fmt::format("there is too little of {} to say how well it is predicted", name);
    }
    return out.empty() ? "Nothing was learnt from the log." : "On decisions that no model saw: " + out + ".";
  }
  if (study.verb == "train") return study.training ? study.training->sentence : "";
  if (study.verb == "monitor") return monitor_headline(study);
  if (study.verb == "evaluate") {
    return fmt::format("{} {} evaluated on {} decisions.", study.policies.size(),
                       study.policies.size() == 1 ? "policy" : "policies", count(study.decisions()));
  }
  if (!study.certification) return "";
  const Certification& c = *study.certification;
  if (study.verb == "gate") {
    if (c.verdict == Verdict::kInconclusive && !study.policy_note.empty())
      return "inconclusive: " + study.policy_note;
    if (c.candidates.size() < 2) return std::string(name_of(c.verdict));
    const CandidateClaim& judged = c.candidates[1];
    if (judged.kind == PolicyKind::kReference) return "keep: it is what runs today";
    return fmt::format("{}: {} against {}: {}", name_of(c.verdict), judged.name, reference_phrase(study),
                       judged.reason);
  }
  if (c.decision == "ship") {
    const CandidateClaim& best = c.candidates[*c.recommended];
    const Measured& gain = best.versus_reference;
    const Written w =
        written(gain.value, gain.interval.lower, gain.interval.upper, {0.0, study.goal.minimum_effect}, true);
    return fmt::format("Ship {}: {} over {}, between {} and {}.{}", best.name, with_unit(w.value, unit),
                       reference_phrase(study), w.lower, w.upper, trained_on_what_is_not_trusted(study));
  }
  if (c.decision == "keep")
    return "Keep what you have: every alternative is shown to be not worth shipping." + broken_today(c);
  if (!study.caps.empty()) return "Do not decide on this log: " + study.caps.front() + ".";
  if (const CandidateClaim* open = capped(c)) return "Do not decide on this log: " + open->cap + ".";
  const CandidateClaim* best = best_undecided(c);
  const std::uint64_t needed = best ? needed_by(*best) : 0;
  if (needed == 0) return "Run an experiment: this log cannot decide." + broken_today(c);
  return fmt::format("Run an experiment: about {} more decisions would decide about {}.",
                     count(two_digits_up(needed)), best->name) +
         broken_today(c);
}

json reasons_json(const Study& study) {
  json out = json::array();
  const auto add = [&](std::string check, std::string_view verdict, std::string detail, std::uint64_t needed) {
    const bool open = verdict == "inconclusive" && needed > 0;
    out.push_back({{"check", std::move(check)},
                   {"verdict", verdict},
                   {"detail", std::move(detail)},
                   {"decisions_needed", open ? json(needed) : json()},
                   {"weeks_needed", open ? weeks_needed(study, needed) : json()}});
  };
  for (const std::string& cap : study.caps) add("log", "inconclusive", cap, 0);
  if (!study.policy_note.empty()) add("trained on this log", "inconclusive", study.policy_note, 0);
  const Certification& c = *study.certification;
  if (!study.policy_note.empty()) return out;
  if (const CandidateClaim* open = study.caps.empty() ? capped(c) : nullptr)
    add(open->cap.starts_with("one customer decides")       ? "one customer"
        : open->cap.starts_with("nobody said how careless") ? "careless answers"
                                                            : "missing outcomes",
        "inconclusive", open->cap, 0);
  for (const ConstraintClaim& claim : c.candidates[0].constraints) {
    if (claim.verdict == Verdict::kRefuse) add(claim.id + " of the reference", "refuse", claim.sentence, 0);
  }
  for (const std::size_t k : order_of_claims(c)) {
    const CandidateClaim& claim = c.candidates[k];
    if (claim.kind == PolicyKind::kReference) continue;
    if (!claim.support.sufficient) {
      add("support of " + claim.name, "inconclusive", claim.reason, 0);
      continue;
    }
    if (!claim.versus_reference.known) continue;
    const Interval& i = claim.versus_reference.interval;
    const double least = study.goal.minimum_effect;
    const Written w = written(claim.versus_reference.value, i.lower, i.upper, {0.0, least}, true);
    add("gain of " + claim.name, name_of(claim.gain),
        fmt::format("{}, between {} and {}; {} is worth shipping", w.value, w.lower, w.upper, as_stated(least)),
        claim.decisions_needed);
    for (const ConstraintClaim& constraint : claim.constraints) {
      add(fmt::format("{} of {}", constraint.id, claim.name), name_of(constraint.verdict), constraint.sentence,
          constraint.decisions_needed);
    }
    for (const SegmentClaim& s : claim.segments) {
      if (s.verdict != Verdict::kRefuse) continue;
      const Written lost = written(-s.gain.value, -s.gain.interval.upper, -s.gain.interval.lower, {0.0});
      add(fmt::format("{} = {} under {}", s.segment, s.level, claim.name), "refuse",
          fmt::format("it loses {}, between {} and {}", lost.value, lost.lower, lost.upper), 0);
    }
  }
  return out;
}

json assumptions_json(const Study& study) {
  json out = json::array();
  const auto add = [&](const char* name, const char* status, std::string detail) {
    out.push_back({{"name", name}, {"status", status}, {"detail", std::move(detail)}});
  };
  add("ignorability", "declared",
      study.log.propensity_declared || study.goal.data.propensity_number ||
              !study.goal.data.propensity_by_arm.empty()
          ? "The goal file states with what probability each action was chosen."
          : "The log states with what probability each action was chosen; nothing "
            "else is taken to have decided.");
  // What was tested is what the checks say of themselves; the worst of them decides.
  bool failed = false;
  std::string what;
  for (const Finding& f : study.findings) {
    if (f.check != "mean_weight" && f.check != "sample_ratio" && f.check != "balance") continue;
    failed = failed || f.severity == Severity::kCap;
    what += (what.empty() ? "" : " ") + f.sentence;
  }
  if (study.streamed) {
    add("propensities as stated", "declared", "A stream's propensities are not held against what was chosen.");
    add("no interference", "declared", "What one unit gets does not change the outcomes of another.");
    add("stationarity", "declared", "Contexts and outcomes to come are like those of the log.");
    add("independent units", "declared", "Decisions of different units do not depend on each other.");
    return out;
  }
  add("propensities as stated",
      failed         ? "failed"
      : what.empty() ? "declared"
                     : "tested",
      what.empty() ? "The log is too small to hold the stated probabilities against what was chosen." : what);
  bool overlap = true;
  if (study.certification && study.policy_note.empty()) {
    for (const CandidateClaim& c : study.certification->candidates) overlap &= c.support.sufficient;
  }
  add("overlap", "tested",
      overlap ? "Every candidate has enough effective decisions."
              : "Some candidates have too little support: no numbers.");
  add("no interference", "declared", "What one unit gets does not change the outcomes of another.");
  if (study.monitor) {
    add("stationarity", "tested", "The later log was held against the certificate's; what moved is shown.");
    add("outcomes carried over", "declared",
        "The part by outcomes is unbiased where the models of the outcomes or the ratio of the contexts' "
        "densities are right.");
  } else {
    add("stationarity", "declared", "Contexts and outcomes to come are like those of the log.");
  }
  add("independent units", "declared",
      study.log.unit_named ? "Decisions of one unit may depend on each other, those of different units do not."
                           : "No unit is named: every decision counts as independent of all others.");
  if (std::any_of(study.log.outcomes.begin(), study.log.outcomes.end(),
                  [](const OutcomeColumn& c) { return !c.asked.empty() && !c.asked_estimated; })) {
    add("asking rates as stated", "declared",
        "Whether an outcome was asked for depends on nothing but the stated rate.");
  }
  for (const OutcomeColumn& c : study.log.outcomes) {
    if (!c.asked_estimated) continue;
    const OutcomeSpec* spec = study.goal.outcome(c.name);
    const bool declared = spec != nullptr && spec->missing_at_random;
    add((c.name + " missing at random").c_str(),
        declared && c.asked_known ? "declared"
        : declared                ? "failed"
                                  : "untestable",
        fmt::format(
            "Whether {} is observed depends on nothing but action and context. By these its probability is "
            "estimated{}; what the missing values are, no log can tell.",
            c.name,
            declared && !c.asked_known ? ", and the estimate does not fit who was observed"
            : declared                 ? ""
                                       : "; nobody declared it"));
  }
  if (study.logging && study.logging->is_estimate()) {
    add("logging policy", "untestable",
        "The log does not state the probabilities of all offered actions: KL to the logging policy is an "
        "estimate.");
  }
  if (study.models.preference) {
    const PreferenceQuality& q = study.models.preference->quality;
    const bool off = !q.calibrated();
    add("people's preferences are linear in the features", off ? "failed" : "tested",
        fmt::format(
            "On comparisons that the model did not learn from, log-odds higher by 1 came out higher by {:.2f} "
            "(standard error {:.2f}).",
            q.slope, q.slope_error));
    add("independent people", "declared",
        study.models.preference->raters > 0
            ? "What one person answers may depend on that person's other answers, not on other people's."
            : "No rater is named: records that name neither a unit nor an id count as people of their own, "
              "copies too.");
    add("people asked are like those served", "declared",
        "Who compared, and what they were shown, is like the decisions of the log.");
  }
  for (const auto& learnt : study.models.learnt) {
    for (const LearntAssumption& a : learnt->assumptions) add(a.name.c_str(), a.status.c_str(), a.detail);
  }
  for (const LearntAssumption& a : index_assumptions(study)) add(a.name.c_str(), a.status.c_str(), a.detail);
  if (study.policy_origin_declared) {
    add("not trained here", "declared",
        "The policy was not learnt from rows of this log (--not-trained-here).");
  }
  return out;
}

}  // namespace plumb
