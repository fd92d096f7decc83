#include "evaluate/contribution_spread.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <vector>

#include "stats/event_limits.h"

namespace plumb {

Spread spread_of(std::span<const double> contributions) {
  Spread out;
  const auto used = static_cast<double>(
      std::count_if(contributions.begin(), contributions.end(), [](double s) { return s != 0; }));
  double squares = 0, cubes = 0, fourth = 0;
  std::vector<double> largest;
  for (const double s : contributions) {
    const double square = s * s;
    squares += square;
    cubes += square * s;
    fourth += square * square;
    if (largest.size() < 5 || square > largest.back()) {
      largest.insert(std::upper_bound(largest.begin(), largest.end(), square, std::greater<>()), square);
      if (largest.size() > 5) largest.pop_back();
    }
  }
  out.error = std::sqrt(squares * (used > 1 ? used / (used - 1) : 1));
  if (!(squares > 0)) return out;
  out.skewness = cubes / std::pow(squares, 1.5);
  out.degrees = effective_degrees(used, squares, fourth);
  for (const double square : largest) out.five += square / squares;
  return out;
}

}  // namespace plumb
