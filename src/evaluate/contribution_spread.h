// How the contributions of independent units to an estimate are spread: its error, and the shape that its
// interval needs.
#pragma once

#include <span>

namespace plumb {

struct Spread {
  double error = 0;     // root of the sum of squares, times the root of G/(G - 1) for G that are used
  double skewness = 0;  // third standardized cumulant of their sum
  double degrees = 1;   // stats/event_limits.h, effective_degrees
  double five = 0;      // share of the variance in the largest five
};

// A contribution of exactly 0 is that of a unit which is not used.
Spread spread_of(std::span<const double> contributions);

}  // namespace plumb
