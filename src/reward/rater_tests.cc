#include "reward/rater_tests.h"

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <boost/math/special_functions/beta.hpp>
#include <cmath>

namespace plumb {
namespace {

double log_choose(double n, double k) {
  return std::lgamma(n + 1) - std::lgamma(k + 1) - std::lgamma(n - k + 1);
}

// From x outwards in steps of `step` (-1 or +1) while there is probability: terms by their ratios.
double hypergeometric_tail(double x, double a, double b, double n, double step) {
  const double low = std::max(0.0, a + b - n), high = std::min(a, b);
  double term = std::exp(log_choose(a, x) + log_choose(n - a, b - x) - log_choose(n, b)), sum = term;
  for (double at = x; at + step >= low && at + step <= high && term > 1e-18 * sum; at += step) {
    term *= step > 0 ? (a - at) * (b - at) / ((at + 1) * (n - a - b + at + 1))
                     : at * (n - a - b + at) / ((a - at + 1) * (b - at + 1));
    sum += term;
  }
  return sum;
}

}  // namespace

double binomial_upper_tail(std::uint64_t k, std::uint64_t n, double share) {
  if (k == 0) return 1;
  if (k > n) return 0;
  return boost::math::ibeta(static_cast<double>(k), static_cast<double>(n - k + 1), share);
}

double binomial_lower_tail(double k, double n, double share) {
  return k >= n ? 1 : boost::math::ibetac(k + 1, n - k, share);
}

double fisher_two_sided(std::uint64_t both, std::uint64_t a, std::uint64_t b, std::uint64_t n) {
  const double x = static_cast<double>(both), da = static_cast<double>(a), db = static_cast<double>(b),
               dn = static_cast<double>(n);
  return std::min(1.0,
                  2 * std::min(hypergeometric_tail(x, da, db, dn, -1), hypergeometric_tail(x, da, db, dn, 1)));
}

double positive_sum_p(double sum, double squares, std::uint64_t n) {
  if (n < 5 || !(squares > 0)) return 1;
  const double z2 = sum * sum / squares, size = static_cast<double>(n);
  if (z2 >= size) return sum > 0 ? 0 : 1;
  const double t = sum / std::sqrt(squares) * std::sqrt((size - 1) / (size - z2));
  return boost::math::cdf(boost::math::complement(boost::math::students_t(size - 1), t));
}

}  // namespace plumb
