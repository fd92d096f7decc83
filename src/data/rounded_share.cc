#include "data/rounded_share.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

namespace plumb {

// What a goal file's shares may miss 1 by.
constexpr double kRounding = 1e-3 + 1e-12;

bool rounds_to(double written, double exact) {
  if (std::abs(written - exact) > .005 + 1e-15) return false;  // two digits at least
  const std::string text = fmt::format("{}", written);
  const std::size_t point = text.find('.');
  if (point == std::string::npos || text.find('e') != std::string::npos) return written == exact;
  const auto digits = static_cast<int>(text.size() - point - 1);
  // The hair is for the last digit's own binary rounding.
  return written == exact || (digits >= 2 && std::abs(written - exact) <= .5 * std::pow(10, -digits) + 1e-15);
}

std::map<std::string, double> shares_as_meant(const std::map<std::string, double>& written, std::string* note) {
  std::map<std::string, double> out = written;
  note->clear();
  if (written.empty()) return out;
  const double equal = 1 / static_cast<double>(written.size());
  double sum = 0;
  bool all_equal = true, exact = true;
  for (const auto& [arm, share] : written) {
    sum += share;
    all_equal = all_equal && rounds_to(share, equal);
    exact = exact && std::abs(share - equal) <= 1e-12;
  }
  if (all_equal && !exact) {
    for (auto& [arm, share] : out) share = equal;
    *note = fmt::format("The declared propensities are 1/{} each, rounded: 1/{} is used.", written.size(),
                        written.size());
  } else if (!all_equal && std::abs(sum - 1) > 1e-9 && std::abs(sum - 1) <= kRounding) {
    for (auto& [arm, share] : out) share /= sum;
    *note =
        fmt::format("The declared propensities sum to {}, which is 1 within rounding: each is divided by it.",
                    fmt::format("{:.6g}", sum));
  }
  return out;
}

}  // namespace plumb
