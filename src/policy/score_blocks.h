// Softmax probabilities of a block of decisions, shared by the softmax policy and the model of the logging
// policy.
#pragma once

#include <span>

#include "plumb/features.h"

namespace plumb {

// out = base * exp(theta . phi), normalized by decision; `base` empty: uniform. base and out have a float a row
// of log.action from offset[begin] to offset[end]; they may be the same memory.
void softmax_block(const DecisionLog& log, std::size_t begin, std::size_t end, const FeatureMap& map,
                   std::span<const double> theta, std::span<const float> base, std::span<float> out);

}  // namespace plumb
