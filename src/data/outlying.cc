#include "data/outlying.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace plumb {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr std::size_t kMostOfQuantiles = std::size_t{1} << 16;
// Parts of a side beyond its two quantiles, and the normal quantiles there: a side is half of a symmetric
// column.
constexpr double kFarPart = 0.04, kNearPart = 0.2;
constexpr double kFarZ = 2.0537489, kNearZ = 1.2815516, kBoundZ = 5.5;
constexpr double kMargin = 4.0 / 3;

// Of distances > 0, in any order: beyond which one is outlying. 0 where there are none.
double reach_of(std::vector<double>& distance) {
  if (distance.empty()) return 0;
  if (distance.size() < kLeastOfSide) return kFewTimes * *std::max_element(distance.begin(), distance.end());
  const auto from_end = [&](double part) {
    const auto place = static_cast<std::ptrdiff_t>((1 - part) * static_cast<double>(distance.size() - 1));
    std::nth_element(distance.begin(), distance.begin() + place, distance.end());
    return distance[static_cast<std::size_t>(place)];
  };
  const double far = from_end(kFarPart), near = from_end(kNearPart);
  const double power = std::max(1.0, std::log(far / near) / std::log(kFarZ / kNearZ));
  return kMargin * far * std::pow(kBoundZ / kFarZ, power);
}

}  // namespace

Fence fence_of(std::span<const float> number, std::span<const std::uint32_t> rows) {
  const std::size_t stride = (rows.size() + kMostOfQuantiles - 1) / kMostOfQuantiles;
  std::vector<double> value;
  value.reserve(std::min(rows.size(), kMostOfQuantiles));
  for (std::size_t k = 0; k < rows.size(); k += stride)
    if (!std::isnan(number[rows[k]])) value.push_back(static_cast<double>(number[rows[k]]));
  Fence out{-kInfinity, kInfinity};
  if (value.empty()) return out;
  const auto middle = value.begin() + static_cast<std::ptrdiff_t>(value.size() / 2);
  std::nth_element(value.begin(), middle, value.end());
  const double median = *middle;
  std::vector<double> below, above;
  for (const double x : value) {
    if (x < median) below.push_back(median - x);
    if (x > median) above.push_back(x - median);
  }
  double down = reach_of(below), up = reach_of(above);
  if (down == 0 && up == 0) return out;
  // A side with too few numbers is as wide as the other, if that one has enough.
  const bool few_below = below.size() < kLeastOfSide, few_above = above.size() < kLeastOfSide;
  if (down == 0 || (few_below && !few_above)) down = up;
  if (up == 0 || (few_above && !few_below)) up = down;
  // As single precision has them: so do the features.
  const auto rounded = [](double x) {
    return std::abs(x) < std::numeric_limits<float>::max() ? static_cast<double>(static_cast<float>(x))
                                                           : std::copysign(kInfinity, x);
  };
  out.low = rounded(median - down);
  out.high = rounded(median + up);
  return out;
}

}  // namespace plumb
