// Least squares from sums by fold.
//
// Rows of one fold are gathered in ascending order and split into at most kParts runs of whole blocks; each run
// is a partial sum, and partial sums are added in order. Memory is folds * kParts * p^2 doubles whatever n is.
#include <fmt/format.h>

#include <Eigen/Cholesky>
#include <Eigen/Core>
#include <bit>
#include <cmath>
#include <limits>

#include "plumb/regression.h"
#include "stats/selection.h"

namespace plumb {
namespace {

using RowMatrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

constexpr std::size_t kBlock = 512;
constexpr std::size_t kParts = 8;  // a fold
constexpr const char* kFoldSums = "fold_sums";

struct Part {
  std::size_t fold = 0;
  std::span<const std::uint32_t> rows;
  Eigen::MatrixXd xtx;  // lower triangle
  Eigen::MatrixXd xty;  // p x outcomes
  Eigen::VectorXd yty, y_sum;
  double count = 0;  // sum of weights
};

void add_up(DesignView x, std::span<const std::span<const double>> ys, std::span<const double> weight,
            Part& part) {
  const auto p = static_cast<Eigen::Index>(x.cols), m = static_cast<Eigen::Index>(ys.size());
  part.xtx = Eigen::MatrixXd::Zero(p, p);
  part.xty = Eigen::MatrixXd::Zero(p, m);
  part.yty = Eigen::VectorXd::Zero(m);
  part.y_sum = Eigen::VectorXd::Zero(m);
  RowMatrix block(static_cast<Eigen::Index>(kBlock), p);
  Eigen::VectorXd y(static_cast<Eigen::Index>(kBlock)), root(static_cast<Eigen::Index>(kBlock));
  for (std::size_t begin = 0; begin < part.rows.size(); begin += kBlock) {
    const auto rows = part.rows.subspan(begin, std::min(kBlock, part.rows.size() - begin));
    const auto n = static_cast<Eigen::Index>(rows.size());
    stats::load_rows(x, rows, block.data());
    auto used = block.topRows(n);
    // A row of weight w is the row and its outcome times the root of w.
    for (Eigen::Index i = 0; !weight.empty() && i < n; ++i) {
      root[i] = std::sqrt(weight[rows[static_cast<std::size_t>(i)]]);
      used.row(i) *= root[i];
      part.count += root[i] * root[i];
    }
    if (weight.empty()) part.count += static_cast<double>(n);
    part.xtx.selfadjointView<Eigen::Lower>().rankUpdate(used.transpose());
    // One outcome at a time, so that its sums do not depend on which others are asked for.
    for (Eigen::Index j = 0; j < m; ++j) {
      for (Eigen::Index i = 0; i < n; ++i)
        y[i] = ys[static_cast<std::size_t>(j)][rows[static_cast<std::size_t>(i)]];
      if (!weight.empty()) y.head(n).array() *= root.head(n).array();
      part.xty.col(j).noalias() += used.transpose() * y.head(n);
      part.yty[j] += y.head(n).squaredNorm();
      part.y_sum[j] += weight.empty() ? y.head(n).sum() : y.head(n).dot(root.head(n));
    }
  }
}

// Sums over several folds, ready to solve.
struct Normal {
  Eigen::MatrixXd xtx;
  Eigen::VectorXd xty;
  double yty = 0, count = 0;
};

Normal combine(const FoldSums& sums, FoldMask use) {
  const auto p = static_cast<Eigen::Index>(sums.p);
  Normal total{Eigen::MatrixXd::Zero(p, p), Eigen::VectorXd::Zero(p), 0, 0};
  for (std::size_t f = 0; f < sums.count.size(); ++f) {
    if ((use >> f & 1u) == 0) continue;
    total.xtx += Eigen::Map<const Eigen::MatrixXd>(sums.xtx[f].data(), p, p);
    total.xty += Eigen::Map<const Eigen::VectorXd>(sums.xty[f].data(), p);
    total.yty += sums.yty[f];
    total.count += sums.count[f];
  }
  return total;
}

Eigen::LLT<Eigen::MatrixXd> factor(const Normal& normal, double penalty) {
  Eigen::MatrixXd system = normal.xtx;
  system.diagonal().tail(system.rows() - 1).array() += penalty;
  // The weakest penalty is a millionth of the mean diagonal: far above rounding, so no pivot is lost.
  Eigen::LLT<Eigen::MatrixXd> result(system);
  PLUMB_ASSERT(result.info() == Eigen::Success);
  return result;
}

double squared_error(const Normal& on, const Eigen::VectorXd& coef) {
  // The sums can cancel to a rounding error below 0 where the fit is exact.
  return std::max(0.0, on.yty - 2 * coef.dot(on.xty) + coef.dot(on.xtx.selfadjointView<Eigen::Lower>() * coef));
}

double generalized_cross_validation(const Normal& normal, double penalty) {
  const auto solver = factor(normal, penalty);
  const double effective = solver.solve(normal.xtx).trace();
  const double left = 1 - effective / normal.count;
  if (left <= 1e-9) return std::numeric_limits<double>::infinity();  // the fit interpolates: no evidence
  return squared_error(normal, solver.solve(normal.xty)) / normal.count / (left * left);
}

}  // namespace

namespace stats {

void refuse_non_finite_outcome(std::span<const double> y, std::span<const std::uint32_t> rows) {
  for (const std::uint32_t row : rows) {
    if (!std::isfinite(y[row]))
      refuse(kFoldSums, fmt::format("y row {}", row), fmt::format("{}", y[row]), "a finite number");
  }
  refuse(kFoldSums, "sum of y squared", "overflow", "outcomes below 1e150");
}

}  // namespace stats

std::vector<FoldSums> fold_sums_many(DesignView x, std::span<const std::span<const double>> ys,
                                     std::span<const std::uint32_t> rows, std::span<const std::uint8_t> fold,
                                     int folds, int threads, std::span<const double> weight) {
  PLUMB_ASSERT(weight.empty() || weight.size() == x.rows);
  PLUMB_ASSERT(x.cols > 0 && folds > 0 && folds <= 32 && fold.size() == x.rows);
  for (const auto& y : ys) PLUMB_ASSERT(y.size() == x.rows);
  const auto fold_count = static_cast<std::size_t>(folds);
  std::vector<std::vector<std::uint32_t>> members(fold_count);
  for (std::size_t k = 0; k < rows.size(); ++k) {
    PLUMB_ASSERT(rows[k] < x.rows && fold[rows[k]] < folds && (k == 0 || rows[k - 1] < rows[k]));
    members[fold[rows[k]]].push_back(rows[k]);
  }
  std::vector<Part> parts;
  for (std::size_t f = 0; f < fold_count; ++f) {
    for (const auto& [begin, end] : stats::fixed_parts(members[f].size(), kBlock, kParts)) {
      parts.push_back(
          {f, std::span<const std::uint32_t>(members[f]).subspan(begin, end - begin), {}, {}, {}, {}, 0});
    }
  }
  parallel_blocks(parts.size(), threads, [&](std::size_t k) { add_up(x, ys, weight, parts[k]); });

  const std::size_t p = x.cols;
  std::vector<std::vector<double>> xtx(fold_count, std::vector<double>(p * p, 0.0));
  for (const Part& part : parts) {
    for (std::size_t r = 0; r < p; ++r) {
      for (std::size_t c = 0; c <= r; ++c) {
        xtx[part.fold][r * p + c] += part.xtx(static_cast<Eigen::Index>(r), static_cast<Eigen::Index>(c));
      }
    }
  }
  for (std::size_t f = 0; f < fold_count; ++f) {
    for (std::size_t r = 0; r < p; ++r) {
      if (!std::isfinite(xtx[f][r * p + r])) stats::refuse_non_finite(x, rows, kFoldSums);
      for (std::size_t c = 0; c < r; ++c) xtx[f][c * p + r] = xtx[f][r * p + c];
    }
    // Column 0 is the constant 1.
    PLUMB_ASSERT(!weight.empty() || xtx[f][0] == static_cast<double>(members[f].size()));
  }

  std::vector<FoldSums> result;
  result.reserve(ys.size());
  for (std::size_t j = 0; j < ys.size(); ++j) {
    const auto column = static_cast<Eigen::Index>(j);
    FoldSums sums;
    sums.p = p;
    sums.xtx = xtx;
    sums.xty.assign(fold_count, std::vector<double>(p, 0.0));
    sums.yty.assign(fold_count, 0.0);
    sums.y_sum.assign(fold_count, 0.0);
    sums.count.assign(fold_count, 0.0);
    for (const Part& part : parts) {
      for (std::size_t c = 0; c < p; ++c)
        sums.xty[part.fold][c] += part.xty(static_cast<Eigen::Index>(c), column);
      sums.count[part.fold] += part.count;
      sums.yty[part.fold] += part.yty[column];
      sums.y_sum[part.fold] += part.y_sum[column];
    }
    for (const double square : sums.yty) {
      if (!std::isfinite(square)) stats::refuse_non_finite_outcome(ys[j], rows);
    }
    result.push_back(std::move(sums));
  }
  return result;
}

FoldSums fold_sums(DesignView x, std::span<const double> y, std::span<const std::uint32_t> rows,
                   std::span<const std::uint8_t> fold, int folds, int threads, std::span<const double> weight) {
  return std::move(fold_sums_many(x, std::span(&y, 1), rows, fold, folds, threads, weight).front());
}

LinearFit ridge(const FoldSums& sums, FoldMask use) {
  FoldMask filled = 0;
  for (std::size_t f = 0; f < sums.count.size(); ++f) {
    if ((use >> f & 1u) != 0 && sums.count[f] > 0) filled |= FoldMask{1} << f;
  }
  const Normal all = combine(sums, filled);
  if (all.count < 2) refuse("ridge", "rows in the folds used", fmt::format("{}", all.count), "2 or more");
  const auto p = static_cast<Eigen::Index>(sums.p);
  const double diagonal = p > 1 ? all.xtx.diagonal().tail(p - 1).mean() : 0;
  const double scale = diagonal > 0 ? diagonal : 1;  // only zero columns: any penalty gives the mean

  const auto grid = stats::penalty_grid();
  std::array<double, stats::kPenalties> error{};
  if (std::has_single_bit(filled)) {
    for (std::size_t k = 0; k < grid.size(); ++k) error[k] = generalized_cross_validation(all, grid[k] * scale);
  } else {
    for (FoldMask left = filled; left != 0; left &= left - 1) {
      const FoldMask held = left & (~left + 1);
      const Normal fitted = combine(sums, filled & ~held), judge = combine(sums, held);
      for (std::size_t k = 0; k < grid.size(); ++k) {
        error[k] += squared_error(judge, factor(fitted, grid[k] * scale).solve(fitted.xty)) / all.count;
      }
    }
  }
  std::size_t best = grid.size() - 1;
  for (std::size_t k = grid.size(); k-- > 0;) {
    if (error[k] < error[best]) best = k;
  }
  LinearFit fit;
  fit.penalty = p > 1 ? grid[best] * scale : 0;
  fit.held_out_loss = error[best];
  const Eigen::VectorXd coef = factor(all, fit.penalty).solve(all.xty);
  fit.coef.assign(coef.data(), coef.data() + p);
  return fit;
}

}  // namespace plumb
