// Private to stats: from the influences of a contrast to its error, and what is nothing but rounding.
#pragma once

#include "plumb/stats.h"

namespace plumb::stats {

// Standard error, skewness and effective buckets of contrast k from its influences by bucket; its value,
// terms_error and terms_size are there already. factor: what few buckets multiply the variance by. Where
// `compared` (the contrast has two terms or more) and nothing but rounding is left, value and error become
// exactly 0 and so does the influence.
void sum_up(Estimates& estimates, std::size_t k, std::span<double> influence, double factor, bool compared);

}  // namespace plumb::stats
