#include "loop/policy_estimates.h"

#include <fmt/format.h>

#include "audit/claims.h"

namespace plumb {

std::string too_few_events(const std::string& outcome, OutcomeKind kind, double events) {
  if (events >= static_cast<double>(least_events(kind))) return {};
  return fmt::format("too few events: {:.0f} effective non-zero values of {}, {} are needed for a level",
                     events, outcome, least_events(kind));
}

Measured level_of(const Estimates& level, const Goal& goal) {
  const double z = normal_quantile(0.5 + goal.confidence / 2);
  Measured out = make_measured(level.value[0], level.standard_error[0], z, goal.confidence);
  if (out.known)
    out.interval =
        hall_interval(level.value[0], level.standard_error[0], level.skewness[0], z, goal.confidence);
  return out;
}

void judge_alone(const Goal& goal, const Estimates& gain, std::size_t together, double decisions,
                 PolicyEstimates& out) {
  const double critical = normal_quantile(1 - (1 - goal.confidence) / (2 * static_cast<double>(together)));
  const GainVerdict verdict =
      judge_gain(goal, make_measured(gain.value[0], gain.standard_error[0], critical, goal.confidence),
                 critical, decisions);
  out.verdict = verdict.verdict;
  out.reason = "against the reference " + verdict.reason;
}

}  // namespace plumb
