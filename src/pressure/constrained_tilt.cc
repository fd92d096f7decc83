// The constrained problem through its dual
//   g(m) = mean over decisions of log sum_a ref(a) exp(beta sum_j (w_j - m_j) r_j(a)) / beta + sum_j m_j cap_j,
// convex in m >= 0, with derivative cap_j - E[r_j]: each multiplier in turn is moved to where its derivative is
// zero, or to 0 where it is positive there, until none moves.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "plumb/over_optimization.h"

namespace plumb {
namespace {

constexpr int kSweeps = 500;
constexpr double kRelative = 1e-9;  // of a reward's spread: caps are met and multipliers at rest
constexpr double kMet = 1e-6;

struct Problem {
  std::span<const double> reference;
  std::span<const std::uint64_t> offset;
  const Matrix& reward;
  std::span<const double> weight;
  double beta;

  // Probabilities under the multipliers.
  void solve(std::span<const double> multiplier, std::vector<double>& p) const {
    for (std::size_t i = 0; i + 1 < offset.size(); ++i) {
      double largest = -INFINITY, total = 0;
      for (std::size_t row = offset[i]; row < offset[i + 1]; ++row) {
        double score = 0;
        for (std::size_t j = 0; j < weight.size(); ++j) score += (weight[j] - multiplier[j]) * reward(row, j);
        p[row] = beta * score;
        if (reference[row] > 0) largest = std::max(largest, p[row]);
      }
      for (std::size_t row = offset[i]; row < offset[i + 1]; ++row)
        total += p[row] = reference[row] > 0 ? reference[row] * std::exp(p[row] - largest) : 0;
      for (std::size_t row = offset[i]; row < offset[i + 1]; ++row) p[row] /= total;
    }
  }
  double value(std::span<const double> p, std::size_t j) const {
    double sum = 0;
    for (std::size_t row = 0; row < p.size(); ++row) sum += p[row] * reward(row, j);
    return sum / static_cast<double>(offset.size() - 1);
  }
};

void check(const Problem& problem, std::span<const double> cap) {
  const std::size_t rows = problem.reference.size(), k = problem.reward.cols;
  const auto size = [](bool holds, const char* what, std::size_t found, std::size_t expected) {
    if (!holds) refuse("constrained policy", what, fmt::format("{}", found), fmt::format("{}", expected));
  };
  size(problem.reward.rows == rows, "rows of the rewards", problem.reward.rows, rows);
  size(problem.weight.size() == k, "weights", problem.weight.size(), k);
  size(cap.size() == k, "caps", cap.size(), k);
  if (problem.offset.size() < 2 || problem.offset.front() != 0 || problem.offset.back() != rows)
    refuse("constrained policy", "offset", fmt::format("{} entries", problem.offset.size()),
           "0, ..., the number of rows");
  for (std::size_t i = 0; i + 1 < problem.offset.size(); ++i) {
    if (problem.offset[i] >= problem.offset[i + 1] || problem.offset[i + 1] > rows)
      refuse("constrained policy", "offset", fmt::format("{}", problem.offset[i + 1]), "ascending offsets");
    double total = 0;
    for (std::size_t row = problem.offset[i]; row < problem.offset[i + 1]; ++row) {
      if (!(problem.reference[row] >= 0))
        refuse("constrained policy", "reference", fmt::format("{}", problem.reference[row]), "probabilities");
      total += problem.reference[row];
    }
    if (!(std::abs(total - 1) < 1e-6))
      refuse("constrained policy", "reference", fmt::format("a sum of {}", total), "1 a decision");
  }
  for (const double r : problem.reward.data) {
    if (!std::isfinite(r)) refuse("constrained policy", "reward", fmt::format("{}", r), "finite numbers");
  }
  for (std::size_t j = 0; j < k; ++j) {
    if (!std::isfinite(problem.weight[j]))
      refuse("constrained policy", "weight", fmt::format("{}", problem.weight[j]), "finite numbers");
    if (std::isnan(cap[j]) || cap[j] == -INFINITY)
      refuse("constrained policy", "cap", fmt::format("{}", cap[j]), "a number, or infinity for none");
  }
  if (!(std::isfinite(problem.beta) && problem.beta > 0))
    refuse("constrained policy", "beta", fmt::format("{}", problem.beta), "a number above 0");
}

}  // namespace

double multiplier_step(double multiplier, double value, double cap, double rate) {
  return std::max(0.0, multiplier + rate * (value - cap));
}

ConstrainedPolicy constrained_tilt(std::span<const double> reference, std::span<const std::uint64_t> offset,
                                   const Matrix& reward, std::span<const double> weight,
                                   std::span<const double> cap, double beta) {
  const Problem problem{reference, offset, reward, weight, beta};
  check(problem, cap);
  const std::size_t k = weight.size();
  ConstrainedPolicy out;
  out.probability.resize(reference.size());
  out.multiplier.assign(k, 0.0);
  std::vector<double> spread(k, 0.0);
  for (std::size_t j = 0; j < k; ++j) {
    double low = INFINITY, high = -INFINITY;
    for (std::size_t row = 0; row < reference.size(); ++row) {
      low = std::min(low, reward(row, j));
      high = std::max(high, reward(row, j));
    }
    spread[j] = std::max(high - low, 1e-300);
  }
  const auto excess = [&](std::size_t j) {
    problem.solve(out.multiplier, out.probability);
    return problem.value(out.probability, j) - cap[j];
  };
  for (int sweep = 0; sweep < kSweeps; ++sweep) {
    double moved = 0;
    for (std::size_t j = 0; j < k; ++j) {
      if (!std::isfinite(cap[j])) continue;
      const double before = out.multiplier[j], most = 1e4 / (beta * spread[j]);
      out.multiplier[j] = 0;
      if (excess(j) > 0) {
        // E[r_j] falls in its own multiplier: bracket, then bisect.
        double low = 0, high = std::max(1 / (beta * spread[j]), before);
        out.multiplier[j] = high;
        while (excess(j) > 0 && high < most) {
          low = high;
          out.multiplier[j] = high *= 2;
        }
        for (int step = 0; step < 80; ++step) {
          out.multiplier[j] = (low + high) / 2;
          (excess(j) > 0 ? low : high) = out.multiplier[j];
        }
        out.multiplier[j] = high;
      }
      moved = std::max(moved, std::abs(out.multiplier[j] - before) * beta * spread[j]);
    }
    if (moved < kRelative) break;
  }
  problem.solve(out.multiplier, out.probability);
  out.met = true;
  for (std::size_t j = 0; j < k; ++j) {
    out.value.push_back(problem.value(out.probability, j));
    out.met &= out.value[j] <= cap[j] + kMet * spread[j];
  }
  for (std::size_t row = 0; row < reference.size(); ++row) {
    const double p = out.probability[row];
    if (p > 0) out.kl += p * std::log(p / reference[row]);
  }
  out.kl = std::max(0.0, out.kl / static_cast<double>(offset.size() - 1));
  return out;
}

}  // namespace plumb
