#include "optimize/told_gain.h"

#include <fmt/format.h>

#include <algorithm>

namespace plumb {

std::string gain_not_told(const TrainingContext& context, const Policy& policy) {
  const OutcomeSpec* preference = context.goal.preference();
  const bool wanted =
      preference != nullptr && std::any_of(context.goal.maximize.begin(), context.goal.maximize.end(),
                                           [&](const Term& term) { return term.outcome == preference->name; });
  if (!wanted) return "";
  return gain_not_told(context.log, context.models, policy, context.reference_policy, context.base,
                       context.evaluation.subset(context.training_subset).mask, context.threads);
}

std::string gain_text(const Candidate& candidate, const std::string& unit) {
  if (!candidate.why_not.empty())
    return fmt::format("what it gains on the training half is no number: {}", candidate.why_not);
  return fmt::format("on the training half it gains {:.4g} {} (standard error {:.2g})", candidate.gain, unit,
                     candidate.standard_error);
}

}  // namespace plumb
