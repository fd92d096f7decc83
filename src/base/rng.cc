// Counter-based random numbers. A stream is a 64-bit key; its n-th block of 128 bits is Philox 4x32-10 of the
// counter (n, 0) under that key, so streams never interact and no state but the counter exists.
#include <Random123/philox.h>

#include <cmath>
#include <numbers>

#include "plumb/base.h"

namespace plumb {

Rng::Rng(std::uint64_t seed) : Rng(seed, 0) {}

Rng Rng::stream(std::string_view name, std::uint64_t index) const {
  return Rng(hash_combine(hash_bytes(name, key_), index), 0);
}

std::uint64_t Rng::bits() {
  if (left_ == 0) {
    const r123::Philox4x32::ctr_type counter = {
        {static_cast<std::uint32_t>(counter_), static_cast<std::uint32_t>(counter_ >> 32), 0, 0}};
    const r123::Philox4x32::key_type key = {
        {static_cast<std::uint32_t>(key_), static_cast<std::uint32_t>(key_ >> 32)}};
    const r123::Philox4x32::ctr_type words = r123::Philox4x32()(counter, key);
    ++counter_;
    buffer_[0] = words[0] | static_cast<std::uint64_t>(words[1]) << 32;
    buffer_[1] = words[2] | static_cast<std::uint64_t>(words[3]) << 32;
    left_ = 2;
  }
  return buffer_[static_cast<std::size_t>(2 - left_--)];
}

double Rng::uniform() {
  // The middles of 2^52 equal cells: never 0, never 1.
  return (static_cast<double>(bits() >> 12) + 0.5) * 0x1p-52;
}

double Rng::normal() {
  if (has_spare_) {
    has_spare_ = false;
    return spare_;
  }
  const double radius = std::sqrt(-2.0 * std::log(uniform()));
  const double angle = 2.0 * std::numbers::pi * uniform();
  spare_ = radius * std::sin(angle);
  has_spare_ = true;
  return radius * std::cos(angle);
}

double Rng::exponential() { return -std::log(uniform()); }

double Rng::gamma(double shape) {
  PLUMB_ASSERT(shape > 0 && std::isfinite(shape));
  if (shape < 1) {  // X(a + 1) U^(1 / a) has shape a
    const double larger = gamma(shape + 1);
    return larger * std::exp(std::log(uniform()) / shape);
  }
  const double d = shape - 1.0 / 3.0;
  const double c = 1.0 / std::sqrt(9.0 * d);
  while (true) {
    const double x = normal();
    const double root = 1.0 + c * x;
    if (root <= 0) continue;
    const double v = root * root * root;
    if (std::log(uniform()) < 0.5 * x * x + d - d * v + d * std::log(v)) return d * v;
  }
}

double Rng::beta(double a, double b) {
  PLUMB_ASSERT(a > 0 && b > 0);
  while (true) {  // both can underflow to 0 where a and b are tiny
    const double x = gamma(a), y = gamma(b);
    if (x + y > 0) return x / (x + y);
  }
}

std::uint64_t Rng::below(std::uint64_t bound) {
  PLUMB_ASSERT(bound > 0);
  // Lemire 2019: the high half of bits * bound, rejecting the few low halves that would be counted once too
  // often.
  __extension__ using Wide = unsigned __int128;
  const std::uint64_t threshold = (0 - bound) % bound;
  while (true) {
    const Wide product = static_cast<Wide>(bits()) * bound;
    if (static_cast<std::uint64_t>(product) >= threshold) return static_cast<std::uint64_t>(product >> 64);
  }
}

std::size_t Rng::categorical(std::span<const double> weights) {
  double total = 0;
  for (const double weight : weights) {
    PLUMB_ASSERT(weight >= 0 && std::isfinite(weight));
    total += weight;
  }
  PLUMB_ASSERT(total > 0);
  double left = uniform() * total;
  std::size_t last = 0;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    if (weights[i] == 0) continue;
    last = i;  // rounding may leave a little over: it belongs to the last that has weight
    left -= weights[i];
    if (left < 0) break;
  }
  return last;
}

}  // namespace plumb
