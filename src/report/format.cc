#include "report/format.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/digits.h"

namespace plumb::report {
namespace {

constexpr std::string_view kNoNumber = "no number";
constexpr int kDigits = 4;

std::string control_picture(unsigned char c) {
  const int code = c == 0x7f ? 0x2421 : 0x2400 + c;
  return {static_cast<char>(0xe0 | (code >> 12)), static_cast<char>(0x80 | ((code >> 6) & 0x3f)),
          static_cast<char>(0x80 | (code & 0x3f))};
}

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

// Commas between thousands of the integer part of a fixed-point number; "-0.00" loses its sign.
std::string grouped(std::string s) {
  const bool negative = !s.empty() && s[0] == '-';
  if (negative) s.erase(0, 1);
  const std::size_t point = std::min(s.find('.'), s.size());
  for (std::size_t i = point; i > 3; i -= 3) s.insert(i - 3, ",");
  const bool zero = s.find_first_not_of("0.,") == std::string::npos;
  return negative && !zero ? "-" + s : s;
}

int decimals_for(double magnitude) {
  return std::max(0, kDigits - 1 - static_cast<int>(std::floor(std::log10(magnitude))));
}

}  // namespace

std::string escape(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        if (is_control(c) && c != '\n') {
          out += control_picture(static_cast<unsigned char>(c));
        } else {
          out += c;
        }
    }
  }
  return out;
}

std::string plain(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (is_control(c)) {
      out += control_picture(static_cast<unsigned char>(c));
    } else {
      out += c;
    }
  }
  return out;
}

std::string significant(double x) {
  const double magnitude = std::fabs(x);
  if (magnitude == 0) return "0";
  if (magnitude >= 1e15 || magnitude < 1e-4) return fmt::format("{:.3g}", x);
  if (magnitude == std::floor(magnitude)) return grouped(fmt::format("{:.0f}", x));
  std::string s = fmt::format("{:.{}f}", x, decimals_for(magnitude));
  if (s.find('.') != std::string::npos) {
    s.erase(s.find_last_not_of('0') + 1);
    if (s.back() == '.') s.pop_back();
  }
  return grouped(s);
}

std::string signed_number(double x) { return (x > 0 ? "+" : "") + significant(x); }

std::string significant(const std::optional<double>& x) { return x ? significant(*x) : std::string(kNoNumber); }

std::string interval(const Range& range, bool difference) {
  if (!range.value) return std::string(kNoNumber);
  double largest = std::fabs(*range.value);
  if (range.lower) largest = std::max(largest, std::fabs(*range.lower));
  if (range.upper) largest = std::max(largest, std::fabs(*range.upper));
  // No more digits than the interval supports, and none that would put an end on the other side of 0; less
  // those that are 0 in all three.
  constexpr double kNone = INFINITY;
  // The ends alone: an estimate near 0 claims nothing.
  const double lower = range.lower.value_or(-kNone), upper = range.upper.value_or(kNone);
  int decimals =
      decimals_of(range.lower || range.upper ? range.lower.value_or(upper) : *range.value, lower, upper, {0.0});
  if (!range.lower || !range.upper) decimals = std::max(decimals, decimals_of(*range.value, lower, upper));
  const auto fixed = [&](double x) { return fmt::format("{:.{}f}", x, decimals); };
  const auto ends_in_zero = [&](const std::optional<double>& x) { return !x || fixed(*x).back() == '0'; };
  while (decimals > 0 && ends_in_zero(range.value) && ends_in_zero(range.lower) && ends_in_zero(range.upper)) {
    --decimals;
  }
  const auto one = [&](double x) {
    if (largest != 0 && (largest < 1e-4 || largest >= 1e15))
      return difference ? signed_number(x) : significant(x);
    const std::string s = grouped(fixed(x));
    const bool positive = s[0] != '-' && s.find_first_not_of("0.,") != std::string::npos;
    return difference && positive ? "+" + s : s;
  };
  const auto end = [&](const std::optional<double>& x) { return x ? one(*x) : std::string("no bound"); };
  if (!range.lower && !range.upper) return one(*range.value);
  return fmt::format("{} [{}, {}]", one(*range.value), end(range.lower), end(range.upper));
}

std::string percent(double rate) { return significant(rate * 100) + "\u00a0%"; }

std::string typeset(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool before_digit = i + 1 < text.size() && text[i + 1] >= '0' && text[i + 1] <= '9';
    if (text[i] == '-' && before_digit) {
      out += "\u2212";
    } else {
      out += text[i];
    }
  }
  return out;
}

std::string more_decisions(const std::optional<double>& decisions, const std::optional<double>& weeks) {
  if (!decisions) return {};
  std::string s = significant(*decisions) + " more decisions";
  if (!weeks) return s;
  const double rounded = *weeks < 2 ? std::round(*weeks * 7) : std::round(*weeks);
  const char* unit = *weeks < 2 ? (rounded == 1 ? "day" : "days") : "weeks";
  if (rounded < 1) return s + " (less than a day at this log's rate)";
  s += fmt::format(" (about {} {} at this log's rate)", significant(rounded), unit);
  return s;
}

std::string_view tone(std::string_view word) {
  if (word == "pass" || word == "ship" || word == "stands" || word == "tested") return "pass";
  if (word == "refuse" || word == "revoked" || word == "harm" || word == "failed" || word == "cap")
    return "refuse";
  if (word == "inconclusive" || word == "experiment" || word == "undecided" || word == "warning") return "open";
  if (word == "keep") return "calm";
  return "none";
}

std::size_t characters(std::string_view utf8) {
  return static_cast<std::size_t>(std::count_if(
      utf8.begin(), utf8.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

std::string shortened(std::string_view utf8, std::size_t limit) {
  if (characters(utf8) <= limit) return std::string(utf8);
  std::size_t end = 0, seen = 0;
  while (end < utf8.size()) {
    if ((static_cast<unsigned char>(utf8[end]) & 0xc0) != 0x80 && ++seen == limit) break;
    ++end;
  }
  return std::string(utf8.substr(0, end)) + "\u2026";
}

}  // namespace plumb::report
