// The exponential for loops over many numbers, as log_of.h has the logarithm: no branches, no table, no call.
#pragma once

#include <bit>
#include <cstdint>

#include "base/log_of.h"

namespace plumb {

// exp(x) within about one unit in the last place. REQUIRES: |x| <= 700. x = n log 2 + r, exp(r) by its Taylor
// series to the thirteenth power: what is left out is below 1e-17 for |r| <= log(2) / 2.
inline double exp_of(double x) {
  constexpr double kRound = 0x1.8p52;  // adding it leaves the nearest integer in the low bits
  constexpr double kLog2High = 0x1.62e42fee00000p-1, kLog2Low = 0x1.a39ef35793c76p-33;
  const double k = multiply_add(x, 0x1.71547652b82fep0, kRound);
  const double n = k - kRound;
  const double r = multiply_add(n, -kLog2Low, multiply_add(n, -kLog2High, x));
  double p = 1.0 / 6227020800;
  p = multiply_add(p, r, 1.0 / 479001600);
  p = multiply_add(p, r, 1.0 / 39916800);
  p = multiply_add(p, r, 1.0 / 3628800);
  p = multiply_add(p, r, 1.0 / 362880);
  p = multiply_add(p, r, 1.0 / 40320);
  p = multiply_add(p, r, 1.0 / 5040);
  p = multiply_add(p, r, 1.0 / 720);
  p = multiply_add(p, r, 1.0 / 120);
  p = multiply_add(p, r, 1.0 / 24);
  p = multiply_add(p, r, 1.0 / 6);
  p = multiply_add(p, r, 0.5);
  p = multiply_add(p, r, 1.0);
  p = multiply_add(p, r, 1.0);
  return std::bit_cast<double>(std::bit_cast<std::uint64_t>(p) + (std::bit_cast<std::uint64_t>(k) << 52));
}

// exp(x) within about two units in the last place. REQUIRES: |x| <= 87.
inline float exp_of(float x) {
  constexpr float kRound = 0x1.8p23f;
  constexpr float kLog2High = 0x1.62e4p-1f, kLog2Low = 0x1.7f7d1cp-20f;
  const float k = x * 0x1.715476p0f + kRound;
  const float n = k - kRound;
  const float r = (x - n * kLog2High) - n * kLog2Low;  // n * kLog2High is exact
  float p = 1.0f / 5040;
  p = p * r + 1.0f / 720;
  p = p * r + 1.0f / 120;
  p = p * r + 1.0f / 24;
  p = p * r + 1.0f / 6;
  p = p * r + 0.5f;
  p = p * r + 1.0f;
  p = p * r + 1.0f;
  return std::bit_cast<float>(std::bit_cast<std::uint32_t>(p) + (std::bit_cast<std::uint32_t>(k) << 23));
}

}  // namespace plumb
