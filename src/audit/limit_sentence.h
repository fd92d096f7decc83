// What a constraint's claim says in words: which way the outcome went, and what is allowed.
#pragma once

#include <string>

#include "plumb/audit.h"

namespace plumb {

// A guard against the reference says the direction, in points where the outcome is a share: "csat fell by 7.4
// points (between -8.7 and -6.1), at most 3 allowed"; a level says "complaint is 0.0031, between 0.0022 and
// 0.0041; at most 0.002 allowed, with a margin of 0.0005". `kind`: of the outcome.
std::string limit_sentence(const ConstraintSpec& spec, OutcomeKind kind, const ConstraintClaim& claim);
// A claim about a level that may be at most `claim.limit`, such as the budget's.
std::string limit_sentence(const ConstraintClaim& claim);

}  // namespace plumb
