// A stable hash: words of eight bytes, read as little-endian whatever the machine.
#include <bit>
#include <cstring>

#include "base/hash_words.h"
#include "plumb/base.h"

namespace plumb {

using namespace hashing;

namespace {

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
