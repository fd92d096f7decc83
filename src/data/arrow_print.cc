// Numbers and times as text. Nothing is allocated but the room that `out` grows by.
#include "data/arrow_print.h"

#include <fmt/format.h>

#include <chrono>
#include <cmath>
#include <iterator>

namespace plumb {

void print_arrow_float(double value, int width, std::string* out) {
  if (value == std::trunc(value) && std::abs(value) < 9007199254740992.0) {
    fmt::format_to(std::back_inserter(*out), "{}", static_cast<std::int64_t>(value));
  } else if (width == 4) {
    fmt::format_to(std::back_inserter(*out), "{}", static_cast<float>(value));
  } else {
    fmt::format_to(std::back_inserter(*out), "{}", value);
  }
}

void print_arrow_integer(std::int64_t value, bool is_signed, std::string* out) {
  const fmt::format_int digits =
      is_signed ? fmt::format_int(value) : fmt::format_int(static_cast<std::uint64_t>(value));
  out->append(digits.data(), digits.size());
}

std::optional<std::int64_t> print_arrow_time(std::int64_t value, const ArrowType& type, std::string* out) {
  constexpr std::int64_t kFarthestUs = 9'000'000'000'000'000;
  // Floor, also below zero; the product of what is left cannot overflow.
  const std::int64_t whole = value / type.divided_by - (value % type.divided_by < 0 ? 1 : 0);
  if (whole > kFarthestUs / type.us || whole < -kFarthestUs / type.us) {
    print_arrow_integer(value, true, out);
    return std::nullopt;
  }
  const std::int64_t us = whole * type.us;
  using namespace std::chrono;
  const sys_time<microseconds> time{microseconds(us)};
  const auto day = floor<days>(time);
  const year_month_day date{day};
  const auto within = (time - day).count();
  fmt::format_to(std::back_inserter(*out), "{:04}-{:02}-{:02}", static_cast<int>(date.year()),
                 static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
  if (type.kind == ArrowKind::kDate && within == 0) return us;
  const auto seconds = within / 1'000'000, rest = within % 1'000'000;
  fmt::format_to(std::back_inserter(*out), "T{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60,
                 seconds % 60);
  if (rest != 0) {
    fmt::format_to(std::back_inserter(*out), ".{:06}", rest);
    while (out->back() == '0') out->pop_back();
  }
  out->push_back('Z');
  return us;
}

}  // namespace plumb
