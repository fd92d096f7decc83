// The inside of hash_bytes, for loops that hash many numbers: words of eight bytes, folded by 64 x 64 -> 128
// bit products. The constants are fixed for ever: folds, buckets and digests depend on them.
#pragma once

#include <cstdint>

namespace plumb::hashing {

inline constexpr std::uint64_t kFirst = 0x9e3779b97f4a7c15u;   // odd, from the golden ratio
inline constexpr std::uint64_t kSecond = 0xd1b54a32d192ed03u;  // odd, from the plastic number
inline constexpr std::uint64_t kThird = 0x8cb92ba72f3d8dd7u;   // odd

// The high and the low half of a 128-bit product, folded.
inline std::uint64_t fold_product(std::uint64_t a, std::uint64_t b) {
  __extension__ using Wide = unsigned __int128;
  const Wide product = static_cast<Wide>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

// A bijection of 64 bits in which every input bit changes every output bit with probability about 1/2 (the
// constants of splitmix64's finisher: Stafford 2011, variant 13).
constexpr std::uint64_t finish(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

// Adding the old state keeps what a product by zero would lose.
inline std::uint64_t absorb(std::uint64_t state, std::uint64_t word) {
  return fold_product(state ^ word ^ kSecond, kFirst ^ word) + (state ^ (word << 32 | word >> 32)) * kThird;
}

// hash_bytes of the sixteen bytes of two numbers, each little-endian.
inline std::uint64_t hash_two_words(std::uint64_t a, std::uint64_t b, std::uint64_t seed) {
  return finish(absorb(absorb(absorb(finish(seed + kFirst), a), b), 16 * kThird));
}

}  // namespace plumb::hashing
