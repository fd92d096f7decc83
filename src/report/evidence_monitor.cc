// What the monitor found, as evidence and in sentences.
#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "base/digits.h"
#include "report/phrases.h"
#include "report/study.h"

namespace plumb {
namespace {

using nlohmann::json;

json family_json(const ShiftFamily& family, const std::string& sentence) {
  json shifts = json::array();
  for (const Shift& s : family.shifts) {
    json one = interval_json(s.moved);
    one.update({{"group", s.group},
                {"what", s.what},
                {"then", number_json(s.then)},
                {"now", number_json(s.now)},
                {"shown", s.shown},
                {"harmful", s.harmful}});
    if (!s.moved.known) one["why_not"] = s.moved.why_not;
    shifts.push_back(std::move(one));
  }
  json out = {{"shifts", std::move(shifts)},
              {"size", family.size},
              {"critical", number_json(family.critical)},
              {"sentence", sentence}};
  if (!family.why_not.empty()) out["why_not"] = family.why_not;
  return out;
}

json scales_json(const std::vector<ScaleMove>& scales) {
  json out = json::array();
  for (const ScaleMove& s : scales)
    out.push_back({{"outcome", s.outcome},
                   {"mean", number_json(s.mean)},
                   {"spread", number_json(s.spread)},
                   {"unit", s.unit},
                   {"sentence", s.sentence}});
  return out;
}

// What is to be named beside the verdict, as sentences; empty where there is nothing.
// Not as sentences of their own: many begin with a column's name, which keeps its letters.
std::string findings_text(const Monitoring& m) {
  std::string out;
  for (const Finding& f : m.findings) out += (out.empty() ? " Noted: " : "; ") + f.sentence;
  return out.empty() ? out : out + ".";
}

// The largest of those that are shown, by its distance from 0 in standard errors.
const Shift* clearest(const ShiftFamily& family) {
  const Shift* out = nullptr;
  const auto t = [](const Shift& s) { return std::abs(s.moved.value) / s.moved.standard_error; };
  for (const Shift& s : family.shifts) {
    if (s.shown && s.what != "all of them together" && (!out || t(s) > t(*out))) out = &s;
  }
  return out;
}

std::string contexts_sentence(const ShiftFamily& family) {
  if (!family.why_not.empty()) return "Not compared: " + family.why_not + ".";
  if (family.shown() == 0) return fmt::format("None of {} comparisons shows that they moved.", family.size);
  const Shift* s = clearest(family);
  if (!s) return "They moved: all columns together tell the later decisions from the first, none does alone.";
  return fmt::format(
      "They moved: {} of {} comparisons show it, {}{} most clearly, by {:+.3g} standard deviations (from "
      "{:.4g} "
      "to {:.4g}). This alone revokes nothing.",
      family.shown(), family.size, s->group == "offered" ? "what is offered, " : "", s->what, s->moved.value,
      s->then, s->now);
}

std::string choices_sentence(const ShiftFamily& family, const LoggingMove& move) {
  if (!family.why_not.empty()) return "Not compared: " + family.why_not + ".";
  std::string out;
  if (family.shown() == 0) {
    out = fmt::format("None of {} comparisons shows that something else chose.", family.size);
  } else if (const Shift* s = clearest(family)) {
    out = fmt::format(
        "Choices moved beyond what contexts explain: {} of {} comparisons show it, {} most clearly, by {:+.3g} "
        "standard deviations.",
        family.shown(), family.size, s->what, s->moved.value);
  }
  if (move.another_policy) {
    out += fmt::format(
        " The later log's policy stands {:.3g} nats from the first one's; the certified policy "
        "stood at {:.3g}.",
        move.kl, move.certified_kl);
  }
  return out;
}

// cap: what keeps the later log from telling anything; then nothing is said to have moved.
std::string outcomes_sentence(const ShiftFamily& family, const std::string& cap) {
  if (!family.why_not.empty()) return "Not compared: " + family.why_not + ".";
  std::string harmful;
  for (const Shift& s : family.shifts) {
    if (!s.harmful) continue;
    const Written w = written(s.moved.value, s.moved.interval.lower, s.moved.interval.upper, {0.0}, true);
    harmful += fmt::format("{}{} by {} (between {} and {})", harmful.empty() ? "" : ", ", s.what, w.value,
                           w.lower, w.upper);
  }
  if (!cap.empty() && family.shown() > 0)
    return fmt::format("Taken as it stands, {} of {} comparisons would show a move{}{}; but {}.",
                       family.shown(), family.size, harmful.empty() ? "" : " for the worse, ", harmful, cap);
  if (!harmful.empty()) return "They moved for the worse, contexts being what they are: " + harmful + ".";
  const Shift* s = clearest(family);
  if (!s) return fmt::format("None of {} comparisons shows that they moved.", family.size);
  return fmt::format(
      "{} of {} comparisons show that something moved, none of them a harm to what was certified; most clearly "
      "{} ({}), by {:+.4g}.",
      family.shown(), family.size, s->what, s->group, s->moved.value);
}

// What keeps the later log from telling what came of the certified policy; empty where nothing does.
std::string cap_of(const Monitoring& m) {
  if (!m.cap.empty() || m.claims.candidates.size() < 2) return m.cap;
  return m.claims.candidates[1].cap;
}

std::string_view moved_word(const ShiftFamily& family, const std::string& cap = {}) {
  if (!cap.empty() && family.shown() > 0) return "not confirmed";
  return !family.why_not.empty() ? "not compared" : family.shown() > 0 ? "moved" : "no move shown";
}

std::string between(const Measured& m) {
  const Written w = written(m.value, m.interval.lower, m.interval.upper, {0.0}, true);
  return fmt::format("{}, between {} and {}", w.value, w.lower, w.upper);
}

}  // namespace

json monitor_json(const MonitorSummary& monitor) {
  const Monitoring& m = monitor.found;
  return {{"policy", m.policy},
          {"kind", name_of(m.kind)},
          {"certificate",
           {{"log", monitor.first_log.substr(monitor.first_log.find_last_of('/') + 1)},
            {"log_digest", hex(monitor.first_digest)},
            {"decisions", m.first_decisions},
            {"compared", m.compared_decisions},
            {"carried_ess", number_json(m.carried_ess)}}},
          {"reason", m.reason},
          {"harms", m.harms},
          {"shared_decisions", m.shared_decisions},
          {"scales", scales_json(m.scales)},
          {"gain",
           {{"certified", interval_json(monitor.certified)},
            {"then", interval_json(m.then)},
            {"carried", interval_json(m.carried)},
            {"now", interval_json(m.now)},
            {"by_contexts", interval_json(m.by_contexts)},
            {"by_outcomes", interval_json(m.by_outcomes)}}},
          {"logging",
           {{"kl", number_json(m.logging.kl)},
            {"standard_error", number_json(m.logging.standard_error)},
            {"certified_kl", number_json(m.logging.certified_kl)},
            {"another_policy", m.logging.another_policy}}},
          {"contexts", family_json(m.contexts, contexts_sentence(m.contexts))},
          {"choices", family_json(m.choices, choices_sentence(m.choices, m.logging))},
          {"outcomes", family_json(m.outcomes, outcomes_sentence(m.outcomes, cap_of(m)))}};
}

std::string monitor_headline(const Study& study) {
  const Monitoring& m = study.monitor->found;
  const std::string& unit = study.goal.unit;
  if (m.verdict == Verdict::kRefuse) {
    return fmt::format("Revoke the certificate of {}: {}{}.{}", m.policy, m.harms.front(),
                       m.harms.size() > 1 ? fmt::format("; and {} more", m.harms.size() - 1) : "",
                       findings_text(m));
  }
  if (m.verdict == Verdict::kPass) {
    std::string then;
    if (m.then.known) then = fmt::format(" It was {:+.4g} on the certificate's log.", m.then.value);
    return fmt::format("The certificate of {} stands: in the later log it gains {}.{}{}", m.policy,
                       with_unit(between(m.now), unit), then, findings_text(m));
  }
  return fmt::format("Not confirmed: the later log cannot tell whether the certificate of {} still stands: {}.",
                     m.policy, m.reason);
}

json monitor_questions_json(const Study& study) {
  const Monitoring& m = study.monitor->found;
  json out = json::array();
  const auto add = [&](const char* text, const char* stage, std::string_view verdict, std::string sentence) {
    out.push_back(
        {{"question", text}, {"stage", stage}, {"verdict", verdict}, {"sentence", std::move(sentence)}});
  };
  if (!m.claims.candidates.empty()) {
    add("Did the contexts move?", "contexts", moved_word(m.contexts), contexts_sentence(m.contexts));
    add("Did something else choose?", "choices", moved_word(m.choices), choices_sentence(m.choices, m.logging));
    add("Did outcomes move, given both?", "outcomes", moved_word(m.outcomes, cap_of(m)),
        outcomes_sentence(m.outcomes, cap_of(m)));
  }
  std::string change;
  if (m.then.known && m.now.known && m.by_contexts.known && cap_of(m).empty()) {
    change = fmt::format(
        " Since the certificate's log the gain changed by {} with the contexts, and by {} with "
        "outcomes.",
        between(m.by_contexts), between(m.by_outcomes));
  }
  std::string reason = m.reason;
  if (!reason.empty()) reason[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(reason[0])));
  add("Does it still hold out there?", "distribution shift", name_of(m.verdict), reason + "." + change);
  return out;
}

}  // namespace plumb
