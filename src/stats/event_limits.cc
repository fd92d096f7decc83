#include "stats/event_limits.h"

#include <algorithm>
#include <boost/math/distributions/chi_squared.hpp>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <functional>
#include <limits>

namespace plumb {
namespace {

constexpr double kMaxCritical = 37;

// Doubles are enough, and half of the library need not be compiled again for longer ones.
using Doubles = boost::math::policies::policy<boost::math::policies::promote_double<false>>;
using ChiSquared = boost::math::chi_squared_distribution<double, Doubles>;
using StudentsT = boost::math::students_t_distribution<double, Doubles>;

double chi_squared_quantile(double p, double degrees) { return boost::math::quantile(ChiSquared(degrees), p); }
double chi_squared_upper(double p, double degrees) {
  return boost::math::quantile(boost::math::complement(ChiSquared(degrees), p));
}

// How many of n values are the tail.
double tail_size(std::size_t n) { return std::floor(3 * std::sqrt(static_cast<double>(n))); }

}  // namespace

Interval gamma_limits(const WeightedEvents& events, double alpha) {
  PLUMB_ASSERT(alpha > 0 && alpha < 1);
  Interval out{0, 0, 1 - alpha};
  const double t = events.sum, v = events.squares;
  if (t > 0 && v > 0) out.lower = v / (2 * t) * chi_squared_quantile(alpha / 2, 2 * t * t / v);
  const double up = t + events.large, squares = v + events.large * events.large;
  if (up > 0 && squares > 0)
    out.upper = squares / (2 * up) * chi_squared_upper(alpha / 2, 2 * up * up / squares);
  return out;
}

double level_of_critical(double critical) {
  return std::min(1 - 1e-12, 2 * normal_cdf(-std::min(std::abs(critical), kMaxCritical)));
}

double t_critical(double critical, double degrees) {
  const double z = std::min(std::abs(critical), kMaxCritical);
  if (degrees > 1e5) return z;
  const double tail = normal_cdf(-z);
  return boost::math::quantile(boost::math::complement(StudentsT(degrees), tail));
}

double effective_degrees(double units, double squares, double fourth_powers) {
  if (!(squares > 0) || !(units > 1)) return 1;
  const double kurtosis = units * fourth_powers / (squares * squares);
  return kurtosis > 1 ? std::clamp(2 * units / (kurtosis - 1), 1.0, units) : units;
}

double tail_index(std::vector<double>& values) {
  constexpr double kFew = 20;
  const double m = tail_size(values.size());
  if (m < kFew || m >= static_cast<double>(values.size())) return 0;
  const auto end = values.begin() + static_cast<std::ptrdiff_t>(m);
  std::nth_element(values.begin(), end, values.end(), std::greater<>());
  const double threshold = *end;
  if (!(threshold > 0)) return 0;
  std::sort(values.begin(), end, std::greater<>());  // a sum that does not depend on the order before
  double sum = 0;
  for (auto at = values.begin(); at != end; ++at) sum += std::log(*at / threshold);
  return sum / m;
}

double lognormal_sigma(double index, std::size_t n) {
  if (!(index > 0)) return 0;
  // Log values are normal: beyond the quantile z they lie sigma (phi(z)/P(Z > z) - z) above it on average.
  const double share = tail_size(n) / static_cast<double>(n), z = normal_quantile(1 - share);
  const double density = std::exp(-z * z / 2) / std::sqrt(2 * std::acos(-1.0));
  return index / (density / share - z);
}

double outlying_size(std::vector<double>& values) {
  constexpr std::size_t kFew = 30, kSmall = 150;
  constexpr double kRare = 0.01, kRareOfSmall = 0.005,
                   kLeastSlope = 0.25;  // of rounded values that are all alike
  const std::size_t n = values.size();
  if (n < kFew) return std::numeric_limits<double>::infinity();
  const auto largest = [&](std::size_t k) {
    const auto place = values.begin() + static_cast<std::ptrdiff_t>(k);
    std::nth_element(values.begin(), place, values.end(), std::greater<>());
    return *place;
  };
  const std::size_t near = std::clamp<std::size_t>(n / 10, 12, 100),
                    far = std::clamp<std::size_t>(n / 50, 4, 20);
  const double low = largest(near), high = largest(far);
  if (!(low > 0)) return std::numeric_limits<double>::infinity();
  const auto z_of = [n](double beyond) { return normal_quantile(1 - beyond / static_cast<double>(n)); };
  const double z_high = z_of(static_cast<double>(far) + 0.5), z_low = z_of(static_cast<double>(near) + 0.5);
  const double slope = std::max(kLeastSlope, std::log(high / low) / (z_high - z_low));
  return high * std::exp(slope * (z_of(n < kSmall ? kRareOfSmall : kRare) - z_high));
}

}  // namespace plumb
