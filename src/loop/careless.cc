// Certification where the goal holds what people prefer: at every share of careless answers that is possible.
#include <fmt/format.h>

#include <algorithm>

#include "loop/stages.h"

namespace plumb {
namespace {

// Whether `maximize` adds what people prefer to something in another unit.
bool adds_units(const Goal& goal) {
  const OutcomeSpec* preference = goal.preference();
  bool preferred = false, other = false;
  for (const Term& term : goal.maximize)
    (term.outcome == preference->name ? preferred : other) |= term.weight != 0;
  return preferred && other;
}

}  // namespace

LapseRange lapses_of(const Study& study) {
  LapseRange out = lapse_range(*study.feedback, study.goal.preference()->careless_at_most);
  if (out.highest == 0) return out;
  const double most = most_lapse(*study.feedback, study.models.map, study.seed, out.highest, study.threads);
  if (most < out.lowest && out.cap.empty())
    out.cap = fmt::format(
        "check items show at least {:.0f} % of the answers to be careless, and people answer too much alike "
        "for more "
        "than {:.0f} %",
        100 * out.lowest, 100 * most);
  if (most < out.highest && out.cap.empty())
    out.sentence += fmt::format(
        "; with more than {:.0f} % careless the answers could not be as decided as they are, and intervals end "
        "there",
        100 * most);
  out.highest = std::max(most, out.lowest);
  out.point = std::clamp(out.point, out.lowest, out.highest);
  return out;
}

Certification certify_at_every_lapse(Study& study, const std::vector<Certifiable>& candidates,
                                     const CertificationOptions& options) {
  const auto certified = [&] {
    return certify(study.log, study.goal, study.models, study.reference, candidates, options);
  };
  Certification out = certified();
  if (!study.models.preference) return out;
  const auto stated = study.models.preference;
  const auto at = [&](double lapse) {
    restate_preference(study.log, study.models,
                       std::make_shared<PreferenceModel>(at_lapse(*stated, *study.feedback, study.models.map,
                                                                  study.seed, lapse, study.threads)),
                       study.base, study.threads);
    Certification other = certified();
    restate_preference(study.log, study.models, stated, study.base, study.threads);
    return other;
  };
  const LapseRange& lapses = study.lapses;
  const auto decisions = static_cast<double>(study.log.size());
  for (const double lapse : {lapses.lowest, lapses.highest})
    if (lapse != lapses.point)
      widen_over(out, at(lapse), study.goal, decisions,
                 fmt::format("with {:.0f} % of the answers careless", 100 * lapse));
  const bool decided = std::any_of(out.candidates.begin() + 1, out.candidates.end(),
                                   [](const CandidateClaim& c) { return c.verdict != Verdict::kInconclusive; });
  if (lapses.told != LapseRange::Told::kNothing || !decided || !adds_units(study.goal)) return out;
  const double most = most_lapse(*study.feedback, study.models.map, study.seed, kUnknownLapses, study.threads);
  if (most > 0)
    hold_at(
        out, at(most),
        fmt::format("nobody said how careless the answers are, and if {} of them were given without looking "
                    "this would not be decided: careless answers shrink the unit of {} (check items with "
                    "`expected`, or careless_at_most in the goal file)",
                    most == kUnknownLapses ? "half" : fmt::format("{:.0f} %", 100 * most),
                    study.goal.preference()->name));
  return out;
}

}  // namespace plumb
