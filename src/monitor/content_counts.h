// How often contents stand in each of two logs, and whether chance explains those that stand in both.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace plumb {

// stands[j][k]: contents that stand j times in the first log and k times in the later one; those that stand
// more than kMostTimes times in either are not counted.
struct ContentCounts {
  static constexpr std::size_t kMostTimes = 3;
  std::array<std::array<double, kMostTimes + 1>, kMostTimes + 1> stands{};
  // In both, at most twice in either: the contents that are looked at.
  double in_both() const { return stands[1][1] + stands[1][2] + stands[2][1] + stands[2][2]; }
};
// Contents by their digests, in any order.
ContentCounts count_contents(std::vector<std::uint64_t> first, std::vector<std::uint64_t> later);

// Rows of both logs drawn independently, each log from a distribution of its own, make contents whose two
// counts are Poisson with some rates (a, b), mixed over contents. Then sums over contents of a^j b^k exp(-a-b)
// are j! k! stands[j][k] in expectation, and by Cauchy and Schwarz
//   stands[1][1]^2 <= 4 stands[2][0] stands[0][2],   stands[1][2]^2 <= 2 stands[2][2] stands[0][2],
//   stands[2][1]^2 <= 2 stands[2][2] stands[2][0],   stands[2][2]^2 <= 9/4 stands[1][3] stands[3][1]
// whatever the two distributions are: contents that meet across logs also meet within them. Rows that stand in
// both logs break it. True where one of the four is broken beyond error (1e-7, limits of counts at 4 errors).
bool shared_beyond_chance(const ContentCounts& counts);
// The most contents with [1][1] that the inequality explains, without any error of counts.
double shared_by_chance(const ContentCounts& counts);

}  // namespace plumb
