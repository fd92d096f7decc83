// What a candidate gains on the training half, where comparisons tell it.
#pragma once

#include "plumb/optimize.h"

namespace plumb {

// Why the gain of a policy over the reference is no number on the training half: the goal holds what people
// prefer, and they were not asked about what the two differ in. Empty where it is one.
std::string gain_not_told(const TrainingContext& context, const Policy& policy);

// "on the training half it gains 0.12 EUR (standard error 0.02)", or that this is no number and why.
std::string gain_text(const Candidate& candidate, const std::string& unit);

}  // namespace plumb
