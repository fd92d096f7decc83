// Probabilities that a log does not write down and that can be nothing else.
#pragma once

#include <vector>

#include "plumb/data.h"

namespace plumb {

// Of every offered action, where every decision offers two: the chosen one's is written, the other has the
// rest. Empty where some decision offers another number of actions.
std::vector<float> implied_probabilities(const DecisionLog& log);

}  // namespace plumb
