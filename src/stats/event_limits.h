// Limits of a weighted sum of rare events, and how limits of parts become limits of their sum.
#pragma once

#include "plumb/stats.h"

namespace plumb {

// A sum of w y over independent units: what it is, the sum of its squares, and what one more event would weigh.
struct WeightedEvents {
  double sum = 0, squares = 0;
  double large = 0;  // >= 0; 0 where nothing can happen
};

// Two-sided limits of the expected sum at level 1 - alpha, by the gamma approximation of Fay and Feuer (1997,
// Statistics in Medicine 16, 791): lower squares/(2 sum) chi2(alpha/2; 2 sum^2/squares), upper the same with
// one more event of weight `large`. Exact for equal weights (Garwood); without an event the upper end is -large
// log(alpha/2). REQUIRES: sum, squares, large >= 0, alpha in (0, 1).
Interval gamma_limits(const WeightedEvents& events, double alpha);

// The two-sided level that a critical value of a normal interval stands for: 2 Phi(-critical). The critical
// value is cut at 37, below which doubles have a level.
double level_of_critical(double critical);

// The critical value of Student's t that has the level of this normal one. REQUIRES: degrees > 0.
double t_critical(double critical, double degrees);

// Degrees of freedom of a variance that is the sum of these squares over `units` independent ones: 2 units /
// (kurtosis - 1), what the variance's own variance amounts to; `units` for normal contributions, few where a
// few contributions are most of it. At least 1.
double effective_degrees(double units, double squares, double fourth_powers);

// Hill's estimate of the tail index (1975) over the largest 3 sqrt(n) of n positive values: the larger, the
// heavier; from 1/2 on the variance does not exist. 0 where fewer than 20 would be used. `values` is reordered.
double tail_index(std::vector<double>& values);

// The sigma of a lognormal distribution whose tail, beyond the quantile that tail_index reads n values from,
// has this index: comparable for any n, as the index of a lognormal tail is not. 0 where the index is 0.
double lognormal_sigma(double index, std::size_t n);

// Beyond which size the largest of n positive values is no part of their tail: what less than one in 100 (in
// 200 of fewer than 150) such samples would hold if the tail went on like the lognormal one through two of its
// own quantiles, which a few values cannot move: the 21st and the 101st largest of 500 and more, relatively
// deeper ones of fewer. With their error at most 3 in 100 lognormal samples of any size hold a value beyond;
// heavier tails do more often. Infinite for fewer than 30 values. `values` is reordered.
double outlying_size(std::vector<double>& values);

}  // namespace plumb
