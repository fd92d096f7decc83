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

}  // namespace plumb
