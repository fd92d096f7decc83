// plumb/ties.h: when two values are equal. Values of policies are sums of floats and doubles: a gain of 4.6e-15
// is a tie, and whatever chooses among policies, actions or pressures must not let the last digit choose. Ties
// go to what stands first, so callers list the simpler policy first.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace plumb {

// Whether a and b differ by nothing that is a reason to prefer one: by at most 1e-9 of the larger magnitude
// (what sums of doubles lose) plus a thousandth of the standard error that one of them has (0 where none is
// known). Symmetric in a and b; false where either is not a number. It is a tie for choices; a claim that two
// policies are the same is stricter (Estimates::equal, plumb/stats.h).
bool equal_up_to_rounding(double a, double b, double standard_error = 0);

// a is above b, and that is no tie: what a search for the best asks of a candidate before it takes the place of
// one that stood before it.
bool exceeds(double a, double b, double standard_error = 0);

// Positions by value, highest first; those that tie with the first of their run keep their order.
// REQUIRES: as many standard errors as values.
std::vector<std::size_t> ranked(std::span<const double> value, std::span<const double> standard_error);

}  // namespace plumb
