// What is said of a limit: the value, the side that is bad, the room that is left.
#pragma once

#include <string>

#include "plumb/audit.h"

namespace plumb {

// "csat fell by 0.074, between 0.061 and 0.087; it may fall by at most 0.03"; "c is 0.2, between 0.19 and 0.22;
// the limit is at most 0.12". REQUIRES: claim.id is that of a constraint of the goal, of one of its levels, or
// kBudgetClaim.
std::string sentence_of(const Goal& goal, const ConstraintClaim& claim);

}  // namespace plumb
