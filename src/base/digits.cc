#include "base/digits.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace plumb {
namespace {

constexpr int kOfWidth = 2, kAtMost = 4;  // significant digits
constexpr int kMost = 15;                 // decimals

// Decimals that leave `digits` significant ones of x > 0.
int decimals_for_digits(double x, int digits) {
  return digits - 1 - static_cast<int>(std::floor(std::log10(x)));
}

double rounded(double x, int decimals) {
  return std::strtod(fmt::format("{:.{}f}", x, decimals).c_str(), nullptr);
}

int sign_of(double x) { return (x > 0) - (x < 0); }

}  // namespace

int decimals_of(double value, double lower, double upper, std::initializer_list<double> beside) {
  double largest = 0;
  for (const double x : {value, lower, upper})
    if (std::isfinite(x)) largest = std::max(largest, std::fabs(x));
  if (largest == 0) return 0;
  int out = decimals_for_digits(largest, kAtMost);
  const double half = (upper - lower) / 2;
  if (std::isfinite(half) && half > 0) out = std::min(out, decimals_for_digits(half, kOfWidth));
  out = std::clamp(out, 0, kMost);
  if (half == 0) {  // nothing uncertain: as few digits as give it back
    while (out > 0 && rounded(value, out - 1) == rounded(value, out)) --out;
  }
  const auto crosses = [&](int decimals) {
    for (const double mark : beside) {
      for (const double x : {value, lower, upper}) {
        if (std::isfinite(x) && std::isfinite(mark) &&
            sign_of(rounded(x, decimals) - mark) != sign_of(x - mark))
          return true;
      }
    }
    return false;
  };
  while (out < kMost && crosses(out)) ++out;
  return out;
}

std::string to_decimals(double x, int decimals) {
  std::string out = fmt::format("{:.{}f}", x, decimals);
  if (out[0] == '-' && out.find_first_not_of("-0.") == std::string::npos) out.erase(0, 1);
  return out;
}

Written written(double value, double lower, double upper, std::initializer_list<double> beside, bool sign) {
  const int decimals = decimals_of(value, lower, upper, beside);
  const auto one = [&](double x) {
    std::string out = to_decimals(x, decimals);
    return sign && x > 0 && out.find_first_not_of("0.") != std::string::npos ? "+" + out : out;
  };
  return {one(value), one(lower), one(upper)};
}

std::string as_stated(double x) { return fmt::format("{}", x); }

}  // namespace plumb
