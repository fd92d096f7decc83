// With which weights best-of-n takes the candidates of one prompt.
#pragma once

#include <span>

#include "plumb/base.h"

namespace plumb {

// A row a number, a column a candidate: the probability that the candidate is taken (plumb/pool.h, BestOfN).
// REQUIRES: 1 <= n <= candidates.
Matrix best_of_n_weights(std::span<const double> proxy, std::span<const std::size_t> numbers);

}  // namespace plumb
