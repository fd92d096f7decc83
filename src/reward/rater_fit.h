// Shared by the fit of raters, their joint errors, the screen and held-out votes.
#pragma once

#include "reward/item_objective.h"
#include "reward/rater_effects.h"

namespace plumb {

// Throws Error{kInput} where votes or options cannot be used.
void check_rater_votes(const RaterVotes& votes, const RaterOptions& options, const char* where);

// The part of the model that items, position and ties are, given raters.
Penalties rater_model_penalties(const RaterVotes& votes, const RaterOptions& options, double utility_sd);
RaterSetting rater_setting(const RaterModel& model, const RaterOptions& options);

// Fills the errors of a fitted model.
void add_errors(const RaterVotes& votes, const RaterOptions& options, RaterModel* model);

// Whether utilities' errors can be had: the joint information of items is inverted as a whole.
inline bool can_invert(const RaterVotes& votes) { return votes.votes.items <= kDenseItems; }

}  // namespace plumb
