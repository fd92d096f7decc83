#include "monitor/content_counts.h"

#include <algorithm>
#include <boost/math/distributions/poisson.hpp>
#include <cmath>

namespace plumb {
namespace {

constexpr double kSure = 1e-7, kSpread = 4;

// The most that the mean of a count may be.
double most_mean(double count) { return count + kSpread * std::sqrt(count) + 2 * kSpread; }

bool too_many(double count, double most) {
  if (count <= most) return false;
  return boost::math::cdf(boost::math::complement(boost::math::poisson(most), count - 1)) < kSure;
}

}  // namespace

ContentCounts count_contents(std::vector<std::uint64_t> first, std::vector<std::uint64_t> later) {
  std::sort(first.begin(), first.end());
  std::sort(later.begin(), later.end());
  ContentCounts out;
  std::size_t i = 0, j = 0;
  while (i < first.size() || j < later.size()) {
    const std::uint64_t content = j == later.size()   ? first[i]
                                  : i == first.size() ? later[j]
                                                      : std::min(first[i], later[j]);
    std::size_t a = 0, b = 0;
    while (i < first.size() && first[i] == content) ++i, ++a;
    while (j < later.size() && later[j] == content) ++j, ++b;
    if (a <= ContentCounts::kMostTimes && b <= ContentCounts::kMostTimes) ++out.stands[a][b];
  }
  return out;
}

double shared_by_chance(const ContentCounts& counts) {
  return 2 * std::sqrt(counts.stands[2][0] * counts.stands[0][2]);
}

bool shared_beyond_chance(const ContentCounts& counts) {
  const auto& f = counts.stands;
  const auto bound = [&](double factor, double a, double b) {
    return factor * std::sqrt(most_mean(a) * most_mean(b));
  };
  return too_many(f[1][1], bound(2, f[2][0], f[0][2])) ||
         too_many(f[1][2], bound(std::sqrt(2.0), f[2][2], f[0][2])) ||
         too_many(f[2][1], bound(std::sqrt(2.0), f[2][2], f[2][0])) ||
         too_many(f[2][2], bound(1.5, f[1][3], f[3][1]));
}

}  // namespace plumb
