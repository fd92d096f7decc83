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
  return make_measured(smooth_parts(level, 0), normal_quantile(0.5 + goal.confidence / 2), goal.confidence);
}

}  // namespace plumb
