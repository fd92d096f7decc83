// Numbers of a column that lie so far from the others that they are no part of its tails.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace plumb {

// What lies beyond [low, high] is outlying. lowest and highest: the farthest numbers within, of those that made
// the fence. Infinite where the numbers tell no bound: fewer than two different ones, or a share too large to
// be a few cells stands far off.
//
// On either side of the median, distances from it are taken to grow with the normal quantile z of their place
// as z^b, through two of their quantiles (the fifth and the twenty-fifth part of a side from its end): b = 1 of
// a normal, 1.5 of an exponential, 2 of a lognormal column. The bound is the distance that this gives at z
// = 5.5, and a third more; b is at least 1. So less than one in 10^7 of normal, uniform or exponential numbers
// lies beyond and about one in 10^5 of lognormal ones; up to 4 % of a side may be anything without moving the
// bound. Numbers equal to the median have no side, so that columns of mostly zeros are judged by the others. A
// side of fewer than kLeastOfSide numbers has no quantiles: it ends kFewTimes as far out as its farthest
// number.
struct Fence {
  double low, high;
  bool is_outlying(double x) const { return x < low || x > high; }
};
inline constexpr std::size_t kLeastOfSide = 26;
inline constexpr double kFewTimes = 10;

// NaN is no number and is left out. Deterministic; of more than 2^16 rows the quantiles are those of every
// k-th.
Fence fence_of(std::span<const float> number, std::span<const std::uint32_t> rows);

}  // namespace plumb
