// Tests of one rater or one group; stats.h holds what they come to over a panel (holm).
#pragma once

#include <cstdint>

namespace plumb {

// P(X >= k) of a binomial of n trials at `share`; 1 for k = 0.
double binomial_upper_tail(std::uint64_t k, std::uint64_t n, double share);

// P(X <= k); k and n need not be whole: evidence of clustered votes counts as fewer.
double binomial_lower_tail(double k, double n, double share);

// Two-sided: twice the smaller tail of the hypergeometric of `both` among n, of which `a` have one property and
// `b` the other; at most 1.
double fisher_two_sided(std::uint64_t both, std::uint64_t a, std::uint64_t b, std::uint64_t n);

// P(T > t) for the mean of `n` terms with sum and sum of squares: Student's t against 0; 1 for fewer than 5.
double positive_sum_p(double sum, double squares, std::uint64_t n);

}  // namespace plumb
