// worlds/truth.h (private to worlds): the average of expected outcomes under a policy.
#pragma once

#include "worlds/worlds.h"

namespace plumb {

// `expected` has a row an offered action of `log`, a column an outcome. Throws Error{kInput} where the policy's
// probabilities of a decision are not probabilities.
Truth average_truth(const DecisionLog& log, const Matrix& expected, const PolicyProbabilities& policy,
                    std::span<const std::string> outcomes);
// The seed of contexts that no log of `seed` holds.
std::uint64_t truth_seed(std::uint64_t seed);

}  // namespace plumb
