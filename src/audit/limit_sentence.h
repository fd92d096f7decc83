// What is said of a limit: the value, the side that is bad, the room that is left.
#pragma once

#include <string>

#include "plumb/audit.h"

namespace plumb {

// "csat fell by 7.4 points, between 6.1 and 8.7; it may fall by at most 3 points" (a share; other outcomes in
// their own unit); "c is 0.2, between 0.19 and 0.22; the limit is at most 0.12". REQUIRES: claim.id is that of
// a constraint of the goal, of one of its levels, or kBudgetClaim.
std::string sentence_of(const Goal& goal, const ConstraintClaim& claim);

}  // namespace plumb
