// A stable hash: words of eight bytes, read as little-endian whatever the machine, folded by 64 x 64 -> 128 bit
// products. The constants are fixed for ever: folds, buckets and digests depend on them.
#include <bit>
#include <cstring>

#include "plumb/base.h"

namespace plumb {

namespace {

constexpr std::uint64_t kFirst = 0x9e3779b97f4a7c15u;   // odd, from the golden ratio
constexpr std::uint64_t kSecond = 0xd1b54a32d192ed03u;  // odd, from the plastic number
constexpr std::uint64_t kThird = 0x8cb92ba72f3d8dd7u;   // odd

// The high and the low half of a 128-bit product, folded.
std::uint64_t fold_product(std::uint64_t a, std::uint64_t b) {
  __extension__ using Wide = unsigned __int128;
  const Wide product = static_cast<Wide>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

// A bijection of 64 bits in which every input bit changes every output bit with probability about 1/2 (the
// constants of splitmix64's finisher: Stafford 2011, variant 13).
std::uint64_t finish(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

std::uint64_t little_endian(const char* bytes) {
  std::uint64_t word = 0;
  std::memcpy(&word, bytes, sizeof word);
  if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
  return word;
}

// The last `count` bytes, fewer than eight and at least one, as the low bytes of a word.
std::uint64_t last_bytes(std::string_view bytes, std::size_t count) {
  if (bytes.size() >= 8) return little_endian(bytes.data() + bytes.size() - 8) >> (64 - 8 * count);
  std::uint64_t word = 0;
  for (std::size_t i = 0; i < count; ++i)
    word |= static_cast<std::uint64_t>(static_cast<unsigned char>(bytes[i])) << (8 * i);
  return word;
}

// Adding the old state keeps what a product by zero would lose.
std::uint64_t absorb(std::uint64_t state, std::uint64_t word) {
  return fold_product(state ^ word ^ kSecond, kFirst ^ word) + (state ^ (word << 32 | word >> 32)) * kThird;
}

}  // namespace

std::uint64_t hash_bytes(std::string_view bytes, std::uint64_t seed) {
  std::uint64_t state = finish(seed + kFirst);
  std::size_t at = 0;
  for (; at + 8 <= bytes.size(); at += 8) state = absorb(state, little_endian(bytes.data() + at));
  if (at < bytes.size()) state = absorb(state, last_bytes(bytes, bytes.size() - at));
  // The length tells "a" from "a\0".
  return finish(absorb(state, bytes.size() * kThird));
}

std::uint64_t hash_combine(std::uint64_t a, std::uint64_t b) {
  return finish(finish(a + kFirst) * kThird + finish(b ^ kSecond));
}

std::string hex(std::uint64_t value) {
  std::string digits(16, '0');
  for (std::size_t i = 16; i-- > 0; value >>= 4) digits[i] = "0123456789abcdef"[value & 15];
  return digits;
}

}  // namespace plumb
