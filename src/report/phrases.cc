#include "report/phrases.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace plumb {
namespace {

constexpr std::size_t kNamedShares = 4;  // arms of a lottery that a sentence still tells one by one
constexpr double kEqual = 1e-6;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// "half and half", "a third each", "70 % a, 30 % b".
std::string lottery(const std::vector<std::string>& actions, const std::vector<double>& shares) {
  const bool equal = std::all_of(shares.begin(), shares.end(),
                                 [&](double s) { return std::abs(s - shares.front()) < kEqual; });
  if (equal && shares.size() == 2) return "half and half";
  if (equal && shares.size() == 3) return "a third each";
  if (equal) return fmt::format("each of {} actions as often", shares.size());
  if (shares.size() > kNamedShares) return "";
  std::string out;
  for (std::size_t a = 0; a < shares.size(); ++a)
    out += fmt::format("{}{} {}", out.empty() ? "" : ", ", share_of_decisions(shares[a]), actions[a]);
  return out;
}

}  // namespace

std::string with_unit(const std::string& number, const std::string& unit) {
  return unit.empty() ? number : number + " " + unit;
}

std::string share_of_decisions(double share) {
  const double percent = 100 * share;
  if (share <= 0) return "no";
  if (share >= 1) return "all";
  if (percent < 0.1) return "less than 0.1 %";
  if (percent > 99.9) return "more than 99.9 %";
  return percent < 10 || percent > 99 ? fmt::format("{:.1f} %", percent) : fmt::format("{:.0f} %", percent);
}

std::string reference_phrase(const Study& study) {
  const std::string& reference = study.goal.reference;
  if (reference.starts_with("constant:")) return reference.substr(9) + " for everyone";
  if (reference == "uniform") return "choosing at random";
  if (reference != "logging") return "the policy in " + reference;
  const std::string shares =
      study.todays_shares.size() < 2 ? "" : lottery(study.log.actions, study.todays_shares);
  return "choosing as today" + (shares.empty() ? "" : ", " + shares);
}

std::string count(std::uint64_t n) {
  std::string digits = std::to_string(n), out;
  for (std::size_t k = 0; k < digits.size(); ++k) {
    if (k > 0 && (digits.size() - k) % 3 == 0) out += ',';
    out += digits[k];
  }
  return out;
}

std::uint64_t two_digits_up(std::uint64_t n) {
  std::uint64_t unit = 1;
  while (n / unit >= 100) unit *= 10;
  return (n / unit + (n % unit != 0)) * unit;
}

bool naturally_before(const std::string& a, const std::string& b) {
  std::size_t i = 0, j = 0;
  while (i < a.size() && j < b.size()) {
    if (!is_digit(a[i]) || !is_digit(b[j])) {
      if (a[i] != b[j]) return a[i] < b[j];
      ++i;
      ++j;
      continue;
    }
    while (i < a.size() && a[i] == '0') ++i;
    while (j < b.size() && b[j] == '0') ++j;
    std::size_t end_a = i, end_b = j;
    while (end_a < a.size() && is_digit(a[end_a])) ++end_a;
    while (end_b < b.size() && is_digit(b[end_b])) ++end_b;
    if (end_a - i != end_b - j) return end_a - i < end_b - j;
    const int order = a.compare(i, end_a - i, b, j, end_b - j);
    if (order != 0) return order < 0;
    i = end_a;
    j = end_b;
  }
  if (a.size() - i != b.size() - j) return a.size() - i < b.size() - j;
  return a < b;  // "01" and "1": some order
}

std::vector<std::size_t> order_of_claims(const Certification& certification) {
  std::vector<std::size_t> out;
  for (std::size_t k = 0; k < certification.candidates.size(); ++k) out.push_back(k);
  const auto is_constant = [&](std::size_t k) {
    return certification.candidates[k].name.starts_with("constant:");
  };
  const auto first = std::find_if(out.begin(), out.end(), is_constant);
  const auto last = std::find_if_not(first, out.end(), is_constant);
  std::stable_sort(first, last, [&](std::size_t a, std::size_t b) {
    return naturally_before(certification.candidates[a].name, certification.candidates[b].name);
  });
  return out;
}

}  // namespace plumb
