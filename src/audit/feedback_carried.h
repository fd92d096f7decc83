// Private to audit: which votes hold up a prompt's best item.
#pragma once

#include "plumb/feedback_study.h"

namespace plumb::audit {

// For the prompts with the most comparisons, at most options.most_results of them that have three items or more
// compared and a best one. `why` says why there is none.
std::vector<CarriedResult> carried_results(const Feedback& feedback, const StatsOptions& options,
                                           std::string* why);

}  // namespace plumb::audit
