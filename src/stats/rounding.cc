// Equal up to rounding: contrasts that are exactly nothing, and values that are a tie.
#include "stats/rounding.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "plumb/ties.h"

namespace plumb {
namespace {

constexpr double kDoubleRounding = 1e-9;  // of a magnitude: sums of a billion numbers, and what is made of them
constexpr double kFloatRounding = 1e-7;   // of a magnitude: probabilities
constexpr double kErrorShare = 1e-3;      // of a standard error: no reason to prefer one of two

}  // namespace

namespace stats {

void sum_up(Estimates& estimates, std::size_t k, std::span<double> influence, double factor, bool compared) {
  double squares = 0, cubes = 0, fourths = 0, used = 0;
  for (const double s : influence) {
    const double square = s * s;
    squares += square;
    cubes += square * s;
    fourths += square * square;
    used += s != 0 ? 1 : 0;
  }
  estimates.standard_error[k] = std::sqrt(squares * factor);
  estimates.skewness[k] = squares > 0 ? cubes / std::pow(squares, 1.5) : 0;
  // Fourth powers of tiny influences may vanish.
  estimates.effective[k] = fourths > 0 ? squares * squares / fourths : squares > 0 ? 1 : 0;
  if (!compared) return;
  const double error = estimates.terms_error[k], size = estimates.terms_size[k], root = std::sqrt(used),
               se = estimates.standard_error[k], value = std::abs(estimates.value[k]);
  // A policy that differs by a share of its last digits has that share of the terms' errors, and of the
  // difference between actions, which is of the size of the values or of an outcome's spread: at least the
  // error times the root of the number of buckets.
  const bool same = se <= kRoundingShare * error && value <= kRoundingShare * (size + root * error);
  // Where an outcome is the same for everyone, terms have no errors but rounding of their own.
  const bool constant = root * se <= kFloatRounding * size && value <= 10 * kFloatRounding * size;
  if (!same && !constant) return;
  estimates.value[k] = estimates.standard_error[k] = estimates.skewness[k] = estimates.effective[k] = 0;
  std::fill(influence.begin(), influence.end(), 0.0);
}

}  // namespace stats

bool equal_up_to_rounding(double a, double b, double standard_error) {
  if (a == b) return true;
  if (!std::isfinite(a) || !std::isfinite(b)) return false;
  const double error = std::isfinite(standard_error) ? std::abs(standard_error) : 0;
  return std::abs(a - b) <= kDoubleRounding * std::max(std::abs(a), std::abs(b)) + kErrorShare * error;
}

bool exceeds(double a, double b, double standard_error) {
  return a > b && !equal_up_to_rounding(a, b, standard_error);
}

std::vector<std::size_t> ranked(std::span<const double> value, std::span<const double> standard_error) {
  PLUMB_ASSERT(value.size() == standard_error.size());
  std::vector<std::size_t> order(value.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return value[a] > value[b]; });
  for (std::size_t begin = 0; begin < order.size();) {
    const std::size_t first = order[begin];
    std::size_t end = begin + 1;
    while (end < order.size() && equal_up_to_rounding(value[first], value[order[end]], standard_error[first]))
      ++end;
    std::sort(order.begin() + static_cast<std::ptrdiff_t>(begin),
              order.begin() + static_cast<std::ptrdiff_t>(end));
    begin = end;
  }
  return order;
}

}  // namespace plumb
