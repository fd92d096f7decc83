// Private to reward: minimization of a smooth strongly convex function by L-BFGS.
#pragma once

#include <functional>
#include <span>
#include <vector>

namespace plumb::text {

// Returns the value and fills the gradient.
using Smooth = std::function<double(std::span<const double> x, std::span<double> gradient)>;

struct Minimum {
  std::vector<double> x;
  double value = 0;
  double gap = 0;  // |gradient|^2 / (2 strength): by strong convexity no less than the distance to the minimum
  int steps = 0;
};

// From `x`, with ten pairs of memory (Nocedal 1980) and a backtracking search for sufficient decrease. Stops
// where the gap is at most `tolerance`, or no step along the gradient decreases the value in double precision,
// or after `most_steps`. `strength`: the smallest curvature of `smooth` in any direction, > 0.
Minimum minimize_smooth(const Smooth& smooth, std::vector<double> x, double strength, double tolerance,
                        int most_steps);

}  // namespace plumb::text
