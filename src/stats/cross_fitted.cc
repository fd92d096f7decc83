#include "stats/cross_fitted.h"

#include <Eigen/Cholesky>
#include <Eigen/Core>

#include "stats/selection.h"

namespace plumb::stats {
namespace {

constexpr std::size_t kBlock = 1024;

// X'X and X'y of all targets, without one fold and in it.
struct Split {
  Eigen::MatrixXd xtx, xty, held_xtx, held_xty;
  Eigen::VectorXd held_yty;
};

Split split(const std::vector<FoldSums>& sums, std::size_t held) {
  const auto p = static_cast<Eigen::Index>(sums[0].p), m = static_cast<Eigen::Index>(sums.size());
  Split out{Eigen::MatrixXd::Zero(p, p), Eigen::MatrixXd::Zero(p, m), Eigen::MatrixXd::Zero(p, p),
            Eigen::MatrixXd::Zero(p, m), Eigen::VectorXd::Zero(m)};
  for (std::size_t f = 0; f < sums[0].count.size(); ++f) {
    (f == held ? out.held_xtx : out.xtx) += Eigen::Map<const Eigen::MatrixXd>(sums[0].xtx[f].data(), p, p);
    for (Eigen::Index j = 0; j < m; ++j) {
      const FoldSums& target = sums[static_cast<std::size_t>(j)];
      (f == held ? out.held_xty : out.xty).col(j) += Eigen::Map<const Eigen::VectorXd>(target.xty[f].data(), p);
      if (f == held) out.held_yty[j] = target.yty[f];
    }
  }
  return out;
}

Eigen::MatrixXd coefficients(const Split& sums, double penalty) {
  Eigen::MatrixXd system = sums.xtx;
  system.diagonal().tail(system.rows() - 1).array() += penalty;
  const Eigen::LLT<Eigen::MatrixXd> factor(system);
  PLUMB_ASSERT(factor.info() == Eigen::Success);
  return factor.solve(sums.xty);
}

}  // namespace

std::vector<std::vector<double>> cross_fitted(DesignView x, std::span<const std::span<const double>> targets,
                                              std::span<const std::uint32_t> rows,
                                              std::span<const std::uint8_t> fold, int folds, int threads,
                                              std::span<const double> weight) {
  const std::vector<FoldSums> sums = fold_sums_many(x, targets, rows, fold, folds, threads, weight);
  const std::size_t n = x.rows, p = x.cols, m = targets.size(), count = static_cast<std::size_t>(folds);
  double diagonal = 0;
  for (std::size_t f = 0; f < count; ++f) {
    for (std::size_t k = 1; k < p; ++k) diagonal += sums[0].xtx[f][k * p + k] / static_cast<double>(p - 1);
  }
  const double scale = diagonal > 0 ? diagonal : 1;
  const auto grid = penalty_grid();
  // By fold: the coefficients at every penalty, and their squared errors in the fold.
  std::vector<std::vector<Eigen::MatrixXd>> fitted(count);
  std::vector<Eigen::MatrixXd> errors(count);
  parallel_blocks(count, threads, [&](std::size_t f) {
    const Split part = split(sums, f);
    errors[f] = Eigen::MatrixXd::Zero(static_cast<Eigen::Index>(m), static_cast<Eigen::Index>(grid.size()));
    for (std::size_t g = 0; g < grid.size(); ++g) {
      Eigen::MatrixXd coef = coefficients(part, grid[g] * scale);
      const Eigen::MatrixXd image = part.held_xtx * coef;
      for (Eigen::Index j = 0; j < static_cast<Eigen::Index>(m); ++j)
        errors[f](j, static_cast<Eigen::Index>(g)) =
            part.held_yty[j] - 2 * coef.col(j).dot(part.held_xty.col(j)) + coef.col(j).dot(image.col(j));
      fitted[f].push_back(std::move(coef));
    }
  });
  std::vector<std::size_t> chosen(m, grid.size() - 1);
  for (std::size_t j = 0; j < m; ++j) {
    std::vector<double> error(grid.size(), 0.0);
    for (std::size_t g = 0; g < grid.size(); ++g) {
      for (const Eigen::MatrixXd& one : errors)
        error[g] += one(static_cast<Eigen::Index>(j), static_cast<Eigen::Index>(g));
    }
    for (std::size_t g = grid.size(); g-- > 0;) {
      if (error[g] < error[chosen[j]]) chosen[j] = g;
    }
  }
  std::vector<Eigen::MatrixXd> coef(
      count, Eigen::MatrixXd(static_cast<Eigen::Index>(m), static_cast<Eigen::Index>(p)));
  for (std::size_t f = 0; f < count; ++f) {
    for (std::size_t j = 0; j < m; ++j)
      coef[f].row(static_cast<Eigen::Index>(j)) =
          fitted[f][chosen[j]].col(static_cast<Eigen::Index>(j)).transpose();
  }
  std::vector<std::vector<double>> out(m, std::vector<double>(n));
  parallel_blocks((n + kBlock - 1) / kBlock, threads, [&](std::size_t block) {
    Eigen::VectorXd row(static_cast<Eigen::Index>(p));
    for (std::size_t i = block * kBlock; i < std::min(n, (block + 1) * kBlock); ++i) {
      for (std::size_t k = 0; k < p; ++k) row[static_cast<Eigen::Index>(k)] = static_cast<double>(x(i, k));
      const Eigen::VectorXd predicted = coef[fold[i]] * row;
      for (std::size_t j = 0; j < m; ++j) out[j][i] = predicted[static_cast<Eigen::Index>(j)];
    }
  });
  return out;
}

}  // namespace plumb::stats
