#include <algorithm>
#include <boost/math/distributions/chi_squared.hpp>
#include <boost/math/distributions/normal.hpp>
#include <cmath>
#include <numeric>

#include "plumb/stats.h"

namespace plumb {

double normal_quantile(double p) {
  PLUMB_ASSERT(p > 0 && p < 1);
  return boost::math::quantile(boost::math::normal(), p);
}

double normal_cdf(double z) { return 0.5 * std::erfc(-z / std::sqrt(2.0)); }

double chi_squared_tail(double statistic, double degrees) {
  return boost::math::cdf(boost::math::complement(boost::math::chi_squared(degrees), std::max(0.0, statistic)));
}

Interval normal_interval(double value, double standard_error, double critical, double level) {
  return {value - critical * standard_error, value + critical * standard_error, level};
}

Interval hall_interval(double value, double standard_error, double skewness, double critical, double level) {
  if (std::abs(skewness) < 1e-6) return normal_interval(value, standard_error, critical, level);
  // Hall's g(T) = T + (s/3) T^2 + (s^2/27) T^3 + s/6 is nearly normal; its inverse turns normal quantiles into
  // quantiles of T. s is the skewness of the estimate itself, of order 1/sqrt(n).
  const double s = skewness;
  const auto inverse = [s](double z) { return 3 / s * (std::cbrt(1 + s * (z - s / 6)) - 1); };
  return {value - standard_error * inverse(critical), value - standard_error * inverse(-critical), level};
}

std::vector<bool> holm(std::span<const double> p_values, double alpha) {
  std::vector<std::size_t> order(p_values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return p_values[a] < p_values[b]; });
  std::vector<bool> rejected(p_values.size(), false);
  for (std::size_t k = 0; k < order.size(); ++k) {
    if (p_values[order[k]] > alpha / static_cast<double>(order.size() - k)) break;
    rejected[order[k]] = true;
  }
  return rejected;
}

std::uint64_t decisions_needed(double n, double critical_times_se, double distance) {
  constexpr double kMost = 1e12;
  if (critical_times_se <= distance) return 0;
  if (!(distance > 0)) return static_cast<std::uint64_t>(kMost);
  const double ratio = critical_times_se / distance;
  return static_cast<std::uint64_t>(std::min(kMost, std::ceil(n * (ratio * ratio - 1))));
}

}  // namespace plumb
