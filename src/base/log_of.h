// A natural logarithm that loops over many numbers can use: no branches, no table, no call, so the compiler
// turns the loop into vector instructions.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>

namespace plumb {

// a * b + c, rounded once where the instructions have it.
inline double multiply_add(double a, double b, double c) {
#if defined(__FMA__) || defined(__aarch64__)
  return std::fma(a, b, c);
#else
  return a * b + c;
#endif
}

// log(x) within one unit in the last place of the result or 1.2e-16, whichever is more. REQUIRES: x normal and
// positive, below 1e300 (any positive float is). Some finite number for 0. The reduction to [sqrt 1/2, sqrt 2)
// and the polynomial are those of fdlibm's e_log.c (Sun Microsystems 1993); log 2 is one double instead of two.
inline double log_of(double x) {
  constexpr std::uint64_t kSqrtHalf = 0x3fe6a09e667f3bcd, kBias = std::uint64_t{1024} << 52;
  constexpr double kL1 = 6.666666666666735130e-01, kL2 = 3.999999999940941908e-01,
                   kL3 = 2.857142874366239149e-01, kL4 = 2.222219843214978396e-01,
                   kL5 = 1.818357216161805012e-01, kL6 = 1.531383769920937332e-01,
                   kL7 = 1.479819860511658591e-01;
  const auto bits = std::bit_cast<std::uint64_t>(x);
  const std::uint64_t exponent = (bits - kSqrtHalf + kBias) >> 52;  // of 2, plus 1024
  const double f = std::bit_cast<double>(bits - (exponent << 52) + kBias) - 1;
  // The integer as the low bits of 2^52 + 1024 + e: no conversion from 64-bit integers is needed.
  const double e = std::bit_cast<double>(exponent | 0x4330000000000000) - (0x1p52 + 1024);
  const double s = f / (2 + f), z = s * s, w = z * z;
  const double even = w * multiply_add(w, multiply_add(w, kL6, kL4), kL2);
  const double odd = z * multiply_add(w, multiply_add(w, multiply_add(w, kL7, kL5), kL3), kL1);
  const double half = 0.5 * f * f;
  return multiply_add(e, 0x1.62e42fefa39efp-1, f - (half - s * (half + (even + odd))));
}

}  // namespace plumb
