// Newton's method for item models; steps by preconditioned conjugate gradients on products with the curvature.
// The objective is concave, so backtracking is needed only far from the maximum.
#include <algorithm>
#include <cmath>

#include "reward/item_objective.h"

namespace plumb {
namespace {

constexpr int kMostSteps = 200;
constexpr int kMostProducts = 2000;
constexpr double kStandardErrors = 1e-9;  // how near to the maximum a fit ends
constexpr double kNear = 1e-5, kExact = 1e-6;

double dot(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

}  // namespace

std::vector<double> solve_curvature(ItemObjective& objective, std::span<const double> c, double tolerance,
                                    int most_steps) {
  const std::vector<double>& diagonal = objective.diagonal();
  const std::size_t n = objective.size();
  std::vector<double> solution(n, 0.0), residual(c.begin(), c.end()), scaled(n), direction(n), product(n);
  for (std::size_t i = 0; i < n; ++i) direction[i] = scaled[i] = residual[i] / diagonal[i];
  double rho = dot(residual, scaled);
  const double enough = tolerance * tolerance * rho;
  for (int step = 0; step < most_steps && rho > enough; ++step) {
    objective.multiply(direction, &product);
    const double curve = dot(direction, product);
    if (!(curve > 0)) break;  // only what the votes do not see is left
    const double length = rho / curve;
    double next = 0;
    for (std::size_t i = 0; i < n; ++i) {
      solution[i] += length * direction[i];
      residual[i] -= length * product[i];
      scaled[i] = residual[i] / diagonal[i];
      next += residual[i] * scaled[i];
    }
    const double turn = next / rho;
    for (std::size_t i = 0; i < n; ++i) direction[i] = scaled[i] + turn * direction[i];
    rho = next;
  }
  return solution;
}

int maximize(ItemObjective& objective, std::vector<double>* x) {
  const std::size_t n = objective.size();
  std::vector<double> trial(n);
  double value = objective.evaluate(*x);
  PLUMB_ASSERT(std::isfinite(value));
  double first_norm = -1;
  for (int step = 1; step <= kMostSteps; ++step) {
    const std::vector<double>& gradient = objective.gradient();
    double norm = 0;
    for (std::size_t i = 0; i < n; ++i) norm += gradient[i] * gradient[i] / objective.diagonal()[i];
    norm = std::sqrt(norm);
    if (first_norm < 0) first_norm = norm;
    if (norm == 0) return step;
    // Where the start was far steps need be no more exact than the distance still to go. Near by, looking at
    // the votes again costs more than many products, so few exact steps are taken: norm is the distance in
    // standard errors, roughly.
    const double exact = norm < 1 ? kExact : std::clamp(norm / first_norm, 1e-4, 0.1);
    const std::vector<double> move = solve_curvature(objective, gradient, exact, kMostProducts);
    const double slope =
        dot(gradient, move);  // twice the gain to expect; its root is the way in standard errors
    // What an exact step of length s leaves is of the order s^2.
    const bool last = slope < kStandardErrors * kStandardErrors || (norm < 1 && slope < kNear * kNear);
    double length = 1, reached = value;
    for (int halving = 0; halving < 60; ++halving, length /= 2) {
      for (std::size_t i = 0; i < n; ++i) trial[i] = (*x)[i] + length * move[i];
      reached = objective.evaluate(trial);
      if (reached >= value + 1e-4 * length * slope - 1e-13 * std::abs(value)) break;
    }
    *x = trial;
    value = reached;
    if (last) return step;
  }
  return kMostSteps;
}

}  // namespace plumb
