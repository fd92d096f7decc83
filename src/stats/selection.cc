// Newton's method with a reused Hessian, and the path of penalties.
//
// The gradient costs O(n p), the Hessian O(n p^2). Steps with an older Hessian still go downhill and converge
// linearly; a new one is computed only where that convergence is slow (a predicted decrease that shrinks by
// less than a factor of ten) or a step does not descend. Along the path from strong to weak penalties the
// solution moves little, so most fits need gradients only.
#include "stats/selection.h"

#include <fmt/format.h>

#include <Eigen/Cholesky>
#include <Eigen/Core>
#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

namespace plumb::stats {
namespace {

using RowMatrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

constexpr int kMostSteps = 200;
constexpr double kSlow = 0.1;
constexpr double kPathTolerance = 1e-10;  // 1e-5 of a standard error
constexpr double kFinalTolerance = 1e-13;
constexpr int kPatience = 3;

std::span<const double> as_span(const Eigen::VectorXd& v) {
  return {v.data(), static_cast<std::size_t>(v.size())};
}

// The mean curvature of the penalized coefficients, 1 where they have none (any penalty then gives 0).
double penalty_scale(const Matrix& curvature, std::size_t unpenalized) {
  double sum = 0;
  for (std::size_t j = unpenalized; j < curvature.rows; ++j) sum += curvature(j, j);
  return sum > 0 ? sum / static_cast<double>(curvature.rows - unpenalized) : 1.0;
}

}  // namespace

std::array<double, kPenalties> penalty_grid() {
  std::array<double, kPenalties> grid{};
  for (std::size_t k = 0; k < kPenalties; ++k)
    grid[k] = std::pow(10.0, -6.0 + 8.0 * static_cast<double>(k) / 12.0);
  return grid;
}

std::vector<std::pair<std::size_t, std::size_t>> fixed_parts(std::size_t n, std::size_t block,
                                                             std::size_t most) {
  const std::size_t blocks = (n + block - 1) / block;
  const std::size_t parts = std::min(blocks, most);
  std::vector<std::pair<std::size_t, std::size_t>> result;
  result.reserve(parts);
  for (std::size_t k = 0; k < parts; ++k) {
    result.emplace_back(k * blocks / parts * block, std::min(n, (k + 1) * blocks / parts * block));
  }
  return result;
}

void load_rows(DesignView x, std::span<const std::uint32_t> rows, double* out) {
  for (const std::uint32_t row : rows) {
    const float* from = x.data + static_cast<std::size_t>(row) * x.stride;
    for (std::size_t c = 0; c < x.cols; ++c) out[c] = static_cast<double>(from[c]);
    out += x.cols;
  }
}

void refuse_non_finite(DesignView x, std::span<const std::uint32_t> rows, const char* where) {
  constexpr std::uint32_t kExponent = 0x7f800000;  // all ones: infinite or NaN
  for (const std::uint32_t row : rows) {
    const float* values = x.data + static_cast<std::size_t>(row) * x.stride;
    std::uint32_t bad = 0;
    for (std::size_t c = 0; c < x.cols; ++c) {
      bad |= static_cast<std::uint32_t>((std::bit_cast<std::uint32_t>(values[c]) & kExponent) == kExponent);
    }
    if (bad == 0) continue;
    const auto* found = std::find_if(values, values + x.cols, [](float v) { return !std::isfinite(v); });
    refuse(where, fmt::format("design row {} column {}", row, found - values), fmt::format("{}", *found),
           "a finite number");
  }
}

InnerSplit split_inner(std::span<const std::uint32_t> ids_in_use, std::span<const std::uint8_t> fold,
                       std::size_t stride) {
  InnerSplit split;
  split.all.assign(ids_in_use.begin(), ids_in_use.end());
  std::vector<std::uint32_t> sample;
  for (std::size_t k = 0; k < split.all.size(); k += stride) sample.push_back(split.all[k]);
  PLUMB_ASSERT(sample.size() >= 2);
  std::uint8_t first = fold[sample[0]], last = first;
  for (const std::uint32_t id : sample) {
    first = std::min(first, fold[id]);
    last = std::max(last, fold[id]);
  }
  const std::size_t quarter = sample.size() - std::max<std::size_t>(1, sample.size() / 4);
  for (std::size_t k = 0; k < sample.size(); ++k) {
    const bool judges = first == last ? k >= quarter : fold[sample[k]] == last;
    (judges ? split.held_out : split.fit).push_back(sample[k]);
  }
  return split;
}

std::vector<double> minimize(const ConvexLoss& loss, double penalty, std::size_t unpenalized,
                             std::vector<double> coef, Matrix& curvature, double tolerance) {
  const auto p = static_cast<Eigen::Index>(loss.parameters());
  const auto free = static_cast<Eigen::Index>(unpenalized);
  const auto objective = [&](const Eigen::VectorXd& at, Eigen::VectorXd& gradient) {
    const double value = loss.evaluate(as_span(at), {gradient.data(), static_cast<std::size_t>(p)});
    gradient.tail(p - free) += penalty * at.tail(p - free);
    return value + penalty / 2 * at.tail(p - free).squaredNorm();
  };

  Eigen::VectorXd b = Eigen::Map<const Eigen::VectorXd>(coef.data(), p), gradient(p), trial(p),
                  trial_gradient(p);
  double value = objective(b, gradient);
  Eigen::LLT<Eigen::MatrixXd> factor;
  bool factored = false, exact = false;  // exact: the curvature is that of b
  double before = std::numeric_limits<double>::infinity();
  const auto forget = [&] { curvature = Matrix(); };
  for (int step = 0; step < kMostSteps; ++step) {
    if (curvature.rows == 0) {
      curvature = loss.curvature(as_span(b));
      exact = true;
      factored = false;
    }
    if (!factored) {
      Eigen::MatrixXd system = Eigen::Map<const RowMatrix>(curvature.data.data(), p, p);
      system.diagonal().tail(p - free).array() += penalty;
      // Far out on separable data every weight can underflow; the direction must exist all the same.
      system.diagonal().head(free).array() += 1e-10 * penalty;
      factor.compute(system);
      PLUMB_ASSERT(factor.info() == Eigen::Success);
      factored = true;
    }
    const Eigen::VectorXd direction = factor.solve(-gradient);
    const double decrease = -gradient.dot(direction);
    if (!(decrease > 0)) break;
    if (!exact && decrease > kSlow * before) {
      forget();
      continue;
    }
    if (decrease <= tolerance) {
      b += direction;
      break;
    }
    double length = 1, trial_value = 0;
    bool descends = false;
    for (int halving = 0; halving < 40 && !descends; ++halving) {
      if (halving > 0) length /= 2;
      trial = b + length * direction;
      trial_value = objective(trial, trial_gradient);
      descends = trial_value <= value - 1e-4 * length * decrease + 1e-13 * std::abs(value);
      if (!descends && !exact) break;
    }
    if (!descends) {
      if (exact) break;  // the value's own rounding is all that is left
      forget();
      continue;
    }
    b.swap(trial);
    gradient.swap(trial_gradient);
    value = trial_value;
    before = decrease;
    exact = false;
  }
  return {b.data(), b.data() + p};
}

LinearFit select_and_fit(const ConvexLoss* inner, const ConvexLoss& held_out, const ConvexLoss& all,
                         std::size_t unpenalized, const std::vector<double>& start) {
  const auto grid = penalty_grid();
  const auto judged = [&](const std::vector<double>& coef) {
    return held_out.evaluate(coef, {}) / held_out.size();
  };
  LinearFit fit{start, 0, 0};
  if (all.parameters() <= unpenalized || inner == nullptr) {
    fit.held_out_loss = judged(start);
    if (all.parameters() == 0) return fit;
    if (all.parameters() > unpenalized)
      fit.penalty = grid.back() * penalty_scale(all.curvature(start), unpenalized);
  } else {
    Matrix curvature = inner->curvature(start);
    const double scale = penalty_scale(curvature, unpenalized);
    std::vector<double> coef = start;
    fit.held_out_loss = std::numeric_limits<double>::infinity();
    int worse = 0;
    for (std::size_t k = grid.size(); k-- > 0 && worse < kPatience;) {
      coef = minimize(*inner, grid[k] * scale, unpenalized, std::move(coef), curvature, kPathTolerance);
      const double score = judged(coef);
      if (score < fit.held_out_loss) {
        fit = {coef, grid[k] * scale, score};
        worse = 0;
      } else {
        ++worse;
      }
    }
  }
  Matrix curvature;
  fit.coef = minimize(all, fit.penalty, unpenalized, std::move(fit.coef), curvature, kFinalTolerance);
  return fit;
}

}  // namespace plumb::stats
