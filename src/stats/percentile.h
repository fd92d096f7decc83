// Percentile intervals of bootstrap replicates.
#pragma once

#include <algorithm>
#include <vector>

#include "plumb/stats.h"

namespace plumb {

// The middle `level` of the values, ends interpolated between order statistics. REQUIRES: values, level in (0,
// 1).
inline Interval percentile_interval(std::vector<double> values, double level) {
  PLUMB_ASSERT(!values.empty() && level > 0 && level < 1);
  std::sort(values.begin(), values.end());
  const auto at = [&](double p) {
    const double place = p * static_cast<double>(values.size() - 1);
    const auto below = static_cast<std::size_t>(place);
    const std::size_t above = std::min(below + 1, values.size() - 1);
    return values[below] + (place - static_cast<double>(below)) * (values[above] - values[below]);
  };
  return {at((1 - level) / 2), at((1 + level) / 2), level};
}

}  // namespace plumb
