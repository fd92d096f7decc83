// Durations ("90d") and UTC times (ISO 8601) as integer microseconds.
#include <fmt/format.h>

#include <charconv>
#include <chrono>

#include "plumb/goal.h"

namespace plumb {

namespace {

constexpr std::int64_t kSecond = 1000000;
// Times reach 9e15 microseconds either way, so that a time and a duration always have a sum.
constexpr std::int64_t kLongest = kSecond * 86400 * 365250;
constexpr std::string_view kTimeForm = "a UTC date or time, 2026-03-01 or 2026-03-01T12:30:00Z";

// Reads exactly `digits` digits at the front of `rest`; false where they are not there.
bool take_digits(std::string_view& rest, std::size_t digits, int& value) {
  if (rest.size() < digits) return false;
  value = 0;
  for (std::size_t i = 0; i < digits; ++i) {
    if (rest[i] < '0' || rest[i] > '9') return false;
    value = 10 * value + (rest[i] - '0');
  }
  rest.remove_prefix(digits);
  return true;
}

bool take(std::string_view& rest, char c) {
  if (rest.empty() || rest[0] != c) return false;
  rest.remove_prefix(1);
  return true;
}

// Up to six digits after the point; more would be finer than a microsecond and are refused, not rounded.
bool take_fraction(std::string_view& rest, std::int64_t& microseconds) {
  std::size_t digits = 0;
  while (digits < rest.size() && rest[digits] >= '0' && rest[digits] <= '9') ++digits;
  int value = 0;
  if (digits == 0 || digits > 6 || !take_digits(rest, digits, value)) return false;
  microseconds = value;
  for (std::size_t i = digits; i < 6; ++i) microseconds *= 10;
  return true;
}

// "Z", "+02:00", "-0530" or nothing (UTC).
bool take_offset(std::string_view& rest, std::int64_t& seconds) {
  seconds = 0;
  if (rest.empty() || take(rest, 'Z') || take(rest, 'z')) return true;
  const bool east = rest[0] == '+';
  if (!east && rest[0] != '-') return false;
  rest.remove_prefix(1);
  int hours = 0, minutes = 0;
  if (!take_digits(rest, 2, hours)) return false;
  take(rest, ':');
  if (!take_digits(rest, 2, minutes) || hours > 23 || minutes > 59) return false;
  seconds = (east ? 1 : -1) * (3600 * hours + 60 * minutes);
  return true;
}

bool read_time(std::string_view rest, std::int64_t& microseconds) {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
  std::int64_t fraction = 0, offset = 0;
  if (!take_digits(rest, 4, year) || !take(rest, '-') || !take_digits(rest, 2, month) || !take(rest, '-') ||
      !take_digits(rest, 2, day)) {
    return false;
  }
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok()) return false;
  if (take(rest, 'T') || take(rest, 't') || take(rest, ' ')) {
    if (!take_digits(rest, 2, hour) || !take(rest, ':') || !take_digits(rest, 2, minute)) return false;
    if (take(rest, ':')) {
      if (!take_digits(rest, 2, second)) return false;
      if (take(rest, '.') && !take_fraction(rest, fraction)) return false;
    }
    if (hour > 23 || minute > 59 || second > 59 || !take_offset(rest, offset)) return false;
  }
  if (!rest.empty()) return false;
  const std::int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
  microseconds = ((days * 86400 + hour * 3600 + minute * 60 + second) - offset) * kSecond + fraction;
  return true;
}

}  // namespace

std::int64_t parse_duration_us(std::string_view text, std::string_view where, std::string_view what) {
  std::int64_t count = 0, unit = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, count);
  if (error == std::errc() && rest + 1 == end && count >= 0) {
    switch (*rest) {
      case 'd':
        unit = 86400 * kSecond;
        break;
      case 'h':
        unit = 3600 * kSecond;
        break;
      case 'm':
        unit = 60 * kSecond;
        break;
      case 's':
        unit = kSecond;
        break;
      default:
        break;
    }
  }
  const bool too_long =
      unit != 0 ? count > kLongest / unit : error == std::errc::result_out_of_range && rest + 1 == end;
  if (unit == 0 || too_long) {
    refuse(where, what, fmt::format("\"{}\"", text),
           too_long ? "a duration of at most \"365250d\", a thousand years"
                    : "a duration such as \"90d\", \"12h\", \"30m\" or \"45s\"");
  }
  return count * unit;
}

std::int64_t parse_time_us(std::string_view text, std::string_view where, std::string_view what) {
  std::int64_t microseconds = 0;
  if (!read_time(text, microseconds)) refuse(where, what, fmt::format("\"{}\"", text), kTimeForm);
  return microseconds;
}

}  // namespace plumb
