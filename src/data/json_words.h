// Single values of JSON, read eight bytes at a time; included by json_shape.cc only. Whatever these take is
// valid JSON and read as the parser reads it; in doubt they take nothing. REQUIRES everywhere:
// TextSource::kPadding readable bytes follow the line that ends at `end`.
#pragma once

#include <bit>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "data/rows.h"

namespace plumb::words {

inline constexpr std::uint64_t kOnes = 0x0101010101010101u, kHighs = 0x8080808080808080u;

// Eight bytes, the first one lowest.
inline std::uint64_t eight(const char* at) {
  std::uint64_t word = 0;
  std::memcpy(&word, at, sizeof word);
  if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
  return word;
}

// REQUIRES: seven readable bytes behind both.
inline bool same_bytes(const char* a, const char* b, std::size_t size) {
  constexpr std::size_t kLong = 64;
  if (size >= kLong) return std::memcmp(a, b, size) == 0;
  if (size < 8) return size == 0 || (eight(a) ^ eight(b)) << (64 - 8 * size) == 0;
  for (std::size_t at = 0; at + 8 < size; at += 8)
    if (eight(a + at) != eight(b + at)) return false;
  return eight(a + size - 8) == eight(b + size - 8);
}

// The highest bit of every byte that is zero; above the lowest one of these it may err.
inline std::uint64_t zeros(std::uint64_t word) { return (word - kOnes) & ~word & kHighs; }

// The end of a text without escapes, from behind its opening quote; null where there is none. `seen` collects
// bits of its bytes, and possibly of some behind it.
inline const char* end_of_text(const char* at, const char* end, std::uint64_t& seen) {
  for (; at < end; at += 8) {
    const std::uint64_t word = eight(at);
    const std::uint64_t control = (word - kOnes * 0x20) & ~word & kHighs;
    const std::uint64_t stops = zeros(word ^ kOnes * '"') | zeros(word ^ kOnes * '\\') | control;
    seen |= word;
    if (stops == 0) continue;
    at += std::countr_zero(stops) / 8;
    return at < end && *at == '"' ? at : nullptr;
  }
  return nullptr;
}

inline bool is_digit(char c) { return c >= '0' && c <= '9'; }

inline constexpr double kPowers[] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7};
inline constexpr std::uint64_t kWholePowers[] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000};

// The number of digits at the start of eight bytes (7 where there are more), and their value. Without a branch:
// how long numbers are cannot be foretold.
struct Digits {
  explicit Digits(std::uint64_t word) {
    const std::uint64_t apart = word ^ kOnes * '0';  // 0 to 9 where it is a digit, alone
    const std::uint64_t others = (((apart & ~kHighs) + kOnes * 0x76) | apart) & kHighs;
    count = std::countr_zero(others | std::uint64_t{0x80} << 56) / 8;
    // Behind zeros; then pairs, fours and all eight of them are added up.
    std::uint64_t sum = count == 0 ? 0 : apart << (64 - 8 * count);
    sum = sum * 10 + (sum >> 8);
    constexpr std::uint64_t kPair = 0x000000ff000000ffu;
    value = ((sum & kPair) * (100 + (std::uint64_t{1000000} << 32)) +
             ((sum >> 16) & kPair) * (1 + (std::uint64_t{10000} << 32))) >>
            32;
  }
  int count = 0;
  std::uint64_t value = 0;
};

// Any number by JSON's grammar into the cell; its end, or null where there is none that is taken here.
inline const char* read_long_number(const char* at, const char* end, Cell& cell) {
  const char* const start = at;
  const bool negative = at < end && *at == '-';
  at += negative;
  const char* const digits = at;
  std::uint64_t value = 0;
  for (; at < end && is_digit(*at); ++at) value = 10 * value + static_cast<std::uint64_t>(*at - '0');
  const auto before = at - digits;
  if (before == 0 || (before > 1 && *digits == '0')) return nullptr;
  std::ptrdiff_t after = 0;
  if (at < end && *at == '.') {
    const char* const point = at++;
    while (at < end && is_digit(*at)) ++at;
    after = at - point - 1;
    if (after == 0) return nullptr;
  }
  const bool exponent = at < end && (*at == 'e' || *at == 'E');
  cell.integer = after == 0 && !exponent;
  if (cell.integer) {
    // Whole numbers of 19 digits and more are the parser's.
    if (before > 18) return nullptr;
    cell.whole = negative ? -static_cast<std::int64_t>(value) : static_cast<std::int64_t>(value);
    cell.number = static_cast<double>(cell.whole);
    return at;
  }
  cell.whole = 0;
  if (exponent) {
    ++at;
    if (at < end && (*at == '+' || *at == '-')) ++at;
    const char* const first = at;
    while (at < end && is_digit(*at)) ++at;
    if (at == first) return nullptr;
  }
  const auto [stop, error] = std::from_chars(start, at, cell.number);
  return error == std::errc() && stop == at ? at : nullptr;
}

// Numbers of up to six digits before the point and six behind it are read by words.
inline const char* read_number(const char* at, const char* end, Cell& cell) {
  const char* const start = at;
  const bool negative = *at == '-';
  at += negative;
  const Digits whole(eight(at));
  if (whole.count == 0 || (whole.count > 1 && *at == '0') || whole.count == 7)
    return read_long_number(start, end, cell);
  at += whole.count;
  double number = static_cast<double>(whole.value);
  cell.integer = *at != '.';
  cell.whole = 0;
  if (cell.integer) {
    cell.whole = negative ? -static_cast<std::int64_t>(whole.value) : static_cast<std::int64_t>(whole.value);
  } else {
    const Digits fraction(eight(++at));
    if (fraction.count == 0 || fraction.count == 7) return read_long_number(start, end, cell);
    at += fraction.count;
    // Both are exact, so one division rounds right.
    number = static_cast<double>(whole.value * kWholePowers[fraction.count] + fraction.value) /
             kPowers[fraction.count];
  }
  if (*at == 'e' || *at == 'E' || at > end) return read_long_number(start, end, cell);
  cell.number = negative && (number != 0 || !cell.integer) ? -number : number;
  return at;
}

inline const char* read_bool(const char* at, const char* end, Cell& cell) {
  const std::string_view rest(at, static_cast<std::size_t>(end - at));
  const bool yes = rest.starts_with("true");
  if (!yes && !rest.starts_with("false")) return nullptr;
  cell.number = yes ? 1 : 0;
  return at + (yes ? 4 : 5);
}

}  // namespace plumb::words
