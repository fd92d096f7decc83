// The four questions. Each answer is a sentence that a manager reads: no nats, no KL; distances are shares of
// decisions that would be chosen otherwise. The tables keep the rest.
#include "report/questions.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/digits.h"
#include "report/phrases.h"

namespace plumb {
namespace {

using nlohmann::json;

struct Answer {
  std::string_view verdict;     // "pass", "refuse", "inconclusive", "not asked"
  std::string badge, sentence;  // the badge in words, not only the verdict
};

json question(const char* text, const char* stage, const Answer& answer) {
  return {{"question", text},
          {"stage", stage},
          {"verdict", answer.verdict},
          {"badge", answer.badge.empty() ? std::string(answer.verdict) : answer.badge},
          {"sentence", answer.sentence}};
}

Written of(const Interval& interval, double value, std::initializer_list<double> beside, bool sign = false) {
  return written(value, interval.lower, interval.upper, beside, sign);
}

// "in 38 % of decisions", where it is known.
std::string in_decisions(const std::optional<double>& share) {
  return share ? "in " + share_of_decisions(*share) + " of decisions" : "";
}

// Where on a proxy's path harm is shown, at its largest pressure.
const CurvePoint* worst_harm(const GoodhartCurve& curve) {
  const CurvePoint* found = nullptr;
  for (const CurvePoint& p : curve.points)
    if (p.proxy_interval.lower > 0 && p.goal_interval.upper < 0) found = &p;
  return found;
}

std::string harm_sentence(const Study& study, const ProxyAudit& a, const ProxyReach& reach) {
  const CurvePoint& p = *worst_harm(a.curve);
  const Written w = written(-p.goal, -p.goal_interval.upper, -p.goal_interval.lower, {0.0});
  std::string out = fmt::format("Do not optimize {}: ", a.name);
  const std::string from = in_decisions(reach.harm);
  out += from.empty() ? "pushed hard" : "once a policy that is pushed towards it chooses otherwise " + from;
  out += fmt::format(", {} is shown to fall while {} rises (at the worst by {}, between {} and {}).",
                     study.goal.maximize_text, a.name, with_unit(w.value, study.goal.unit), w.lower, w.upper);
  if (reach.peak && a.curve.peak.kl < a.curve.harm_kl)
    out += fmt::format(" The goal is highest where it chooses otherwise {}.", in_decisions(reach.peak));
  return out;
}

// The contrast of a surrogacy test without its nats.
std::string contrast_of(const ProxyAudit& a, const ProxyReach& reach) {
  if (!a.surrogacy.contrast.starts_with("the end of the path")) return a.surrogacy.contrast;
  const std::string far = in_decisions(reach.end);
  return fmt::format("pushing {} as hard as the log can show{}", a.name,
                     far.empty() ? "" : " (choosing otherwise " + far + ")");
}

std::string missed_sentence(const Study& study, const ProxyAudit& a, const ProxyReach& reach) {
  const Surrogacy& s = a.surrogacy;
  const double usable = study.goal.minimum_effect;
  const Written w = of(s.bias.interval, s.bias.value, {-usable, usable}, true);
  const std::string measured =
      fmt::format("of the effect of {}, {} leaves out {}, between {} and {}", contrast_of(a, reach), a.name,
                  with_unit(w.value, study.goal.unit), w.lower, w.upper);
  switch (s.verdict) {
    case Verdict::kPass:
      return fmt::format("{} may stand for {}: {}, which is less than the {} that matter.", a.name,
                         study.goal.maximize_text, measured, as_stated(usable));
    case Verdict::kRefuse:
      return fmt::format("{} does not stand for {}: {}; {} would matter.", a.name, study.goal.maximize_text,
                         measured, as_stated(usable));
    case Verdict::kInconclusive:
      break;
  }
  return fmt::format("The log cannot tell whether {} stands for {}: {}; {} would matter.", a.name,
                     study.goal.maximize_text, measured, as_stated(usable));
}

std::string proxy_sentence(const Study& study, const ProxyAudit& a) {
  const auto found = study.reach.find(a.name);
  const ProxyReach reach = found == study.reach.end() ? ProxyReach{} : found->second;
  if (a.curve.harm && worst_harm(a.curve) != nullptr) return harm_sentence(study, a, reach);
  if (a.surrogacy.known) return missed_sentence(study, a, reach);
  return fmt::format("The log cannot tell whether {} stands for {}: {}.", a.name, study.goal.maximize_text,
                     a.surrogacy.why_not.empty() ? a.path.end_reason : a.surrogacy.why_not);
}

Answer right_goal(const Study& study) {
  if (study.proxies.empty())
    return {"not asked", "no proxies", "The goal is measured itself: the goal file names no proxies for it."};
  std::vector<Verdict> verdicts;
  std::string sentence, names;
  for (const ProxyAudit& a : study.proxies) {
    verdicts.push_back(a.verdict);
    sentence += (sentence.empty() ? "" : " ") + proxy_sentence(study, a);
  }
  const Verdict all = combine(verdicts);
  for (const ProxyAudit& a : study.proxies)
    if (a.verdict == all) names += (names.empty() ? "" : ", ") + a.name;
  const char* said = all == Verdict::kRefuse ? "do not optimize"
                     : all == Verdict::kPass ? "may stand for the goal"
                                             : "cannot be told";
  return {name_of(all), names + ": " + said, sentence + trained_on_what_is_not_trusted(study)};
}

Answer how_hard(const Study& study) {
  if (!study.training || study.training->candidates.empty())
    return {"not asked", "", study.training ? study.training->sentence : "Nothing was trained."};
  const Candidate& chosen = study.training->candidates[study.training->chosen];
  std::string unmet;
  for (const Multiplier& m : chosen.multipliers)
    if (!m.met) unmet += (unmet.empty() ? "" : ", ") + m.constraint;
  const auto otherwise = study.otherwise.find(chosen.policy->name());
  const std::string far = otherwise == study.otherwise.end()
                              ? std::string()
                              : share_of_decisions(otherwise->second) + " of decisions";
  std::string sentence =
      far.empty()
          ? fmt::format("Pushed towards {}", chosen.signal)
          : fmt::format("As far from today as choosing otherwise in {}, pushed towards {}", far, chosen.signal);
  if (!chosen.why_not.empty())
    return {"inconclusive", "cannot be told",
            sentence + ": what that gains has no number, for " + chosen.why_not + "."};
  const double half = kPlannedCritical * chosen.standard_error;
  const Written w =
      written(chosen.gain, chosen.gain - half, chosen.gain + half, {0.0, study.goal.minimum_effect}, true);
  sentence += fmt::format(": on the half of the log that training reads, that gains {}, between {} and {}.",
                          with_unit(w.value, study.goal.unit), w.lower, w.upper);
  if (!unmet.empty())
    return {"inconclusive", "limits are not met", sentence + " It does not keep within: " + unmet + "."};
  if (chosen.lower() > 0) return {"pass", far.empty() ? "a gain is in sight" : "to " + far, sentence};
  return {"inconclusive", "no gain in sight",
          sentence + " That may be nothing: what training finds has yet to show on the other half."};
}

std::string others(const Certification& c) {
  std::size_t undecided = 0, refused = 0, all = 0;
  for (std::size_t k = 1; k < c.candidates.size(); ++k) {
    if (c.candidates[k].kind == PolicyKind::kReference) continue;
    ++all;
    undecided += c.candidates[k].verdict == Verdict::kInconclusive;
    refused += c.candidates[k].verdict == Verdict::kRefuse;
  }
  return fmt::format("Of {} candidates {} {} refused and {} undecided.", all, refused,
                     refused == 1 ? "is" : "are", undecided);
}

Answer really_pursued(const Study& study) {
  if (!study.certification || study.verb != "align")
    return {"not asked", "", "No policy was certified in this run."};
  const Certification& c = *study.certification;
  if (c.recommended) {
    const CandidateClaim& best = c.candidates[*c.recommended];
    const Measured& gain = best.versus_reference;
    const Written w = of(gain.interval, gain.value, {0.0, study.goal.minimum_effect}, true);
    const char* rows = best.fixed_beforehand ? "on all decisions of the log, which it did not learn from"
                                             : "on decisions that it has not seen";
    std::string sentence = fmt::format("{} is shown better than {}, {}: {}, between {} and {}. {}", best.name,
                                       reference_phrase(study), rows, with_unit(w.value, study.goal.unit),
                                       w.lower, w.upper, others(c));
    if (best.kind == PolicyKind::kConstant) sentence += " Nothing is shown to beat this one action for all.";
    return {"pass", "policy: shown better", sentence};
  }
  if (c.decision == "keep")
    return {"refuse", "nothing shown better",
            "Every alternative is shown to be not worth shipping, or to break a limit."};
  if (!study.caps.empty())
    return {"inconclusive", "the log cannot tell", "No verdict on this log: " + study.caps.front() + "."};
  const CandidateClaim* best = best_undecided(c);
  return {"inconclusive", "not shown better",
          best ? fmt::format("Undecided. The best that is not refused is {}: {}.", best->name, best->reason)
               : std::string("Undecided: the log carries no number for any alternative that is not refused.")};
}

}  // namespace

const CandidateClaim* best_undecided(const Certification& c) {
  const CandidateClaim* best = nullptr;
  for (std::size_t k = 1; k < c.candidates.size(); ++k) {
    const CandidateClaim& claim = c.candidates[k];
    if (claim.kind == PolicyKind::kReference || claim.verdict != Verdict::kInconclusive ||
        !claim.versus_reference.known)
      continue;
    if (!best || claim.versus_reference.value > best->versus_reference.value) best = &claim;
  }
  return best;
}

std::string trained_on_what_is_not_trusted(const Study& study) {
  if (!study.certification || !study.certification->recommended) return "";
  const CandidateClaim& best = study.certification->candidates[*study.certification->recommended];
  for (const ProxyAudit& a : study.proxies) {
    if (a.name != best.signal || a.verdict != Verdict::kRefuse) continue;
    return fmt::format(" {} served as a training signal, at this pressure; it is not to be taken for the goal.",
                       a.name);
  }
  return "";
}

json questions_json(const Study& study) {
  return {question("Did we specify the right goal?", "outer alignment", right_goal(study)),
          question("How hard may we optimize it?", "optimization", how_hard(study)),
          question("Does the policy really pursue it?", "inner alignment", really_pursued(study)),
          question("Does it still hold out there?", "distribution shift",
                   {"not asked", "not tested yet",
                    "One log says nothing of later: that the world stays as it was is declared, not tested."})};
}

}  // namespace plumb
