// Two logs as one, so that models and features mean the same in both.
#pragma once

#include "plumb/data.h"

namespace plumb {

// The first log's rows, then the later one's. Folds: the first keeps its own; all of the later log lies in the
// certification half, so nothing is learnt from it. Times, versions, segments and digests are left out.
// Throws Error{kInput} where the columns differ.
DecisionLog joined_log(const DecisionLog& first, const DecisionLog& later);

}  // namespace plumb
