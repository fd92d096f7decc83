// How proxy and goal go together: over decisions, and over the effects of actions.
#pragma once

#include "plumb/audit.h"

namespace plumb {

// Pearson correlation over decisions where both are observed, with an interval that clusters on units.
// What people prefer is a model's score: it stands in no row, so whatever is computed from rows would miss the
// error of the model. True where the goal or `proxy` is or contains it.
bool involves_preference(const Goal& goal, const std::string& proxy);
// The same for outcomes that are learnt: values of a model, with errors that are common to decisions.
bool involves_learnt(const Goal& goal, const std::string& proxy);

Measured unit_association(const AuditContext& context, const std::string& proxy);

// Across actions that were always offered: the slope of their effects on the goal on their effects on the
// proxy, with the covariance of the estimation noise subtracted (the naive slope is biased by shared noise;
// Bibaut et al. 2024) and a leave-one-action-out (jackknife) interval. Needs at least three effects, that is
// four actions.
Measured effect_association(const AuditContext& context, const std::string& proxy);

}  // namespace plumb
