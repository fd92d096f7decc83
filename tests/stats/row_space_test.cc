// Designs of more columns than rows: the fit in the space of the rows is the fit of all columns.
#include "stats/row_space.h"

#include <gtest/gtest.h>

#include <Eigen/Cholesky>
#include <cmath>

namespace plumb {
namespace {

constexpr std::size_t kRows = 40, kSlots = 130, kColumns = 260;

// (1, x) by group: the first half of the columns is common, the second half is one group's own.
struct Wide {
  stats::FactoredDesign design;
  Eigen::MatrixXd x;
  std::vector<double> y;
  std::vector<std::uint32_t> rows;
  std::vector<std::uint8_t> fold;
};

Wide wide(std::size_t n, std::uint64_t seed, bool binary) {
  Wide out;
  Rng rng(seed);
  out.design = stats::compressed(
      n, kSlots,
      [&](std::size_t, std::span<float> z) {
        z[0] = 1;
        for (std::size_t k = 1; k < kSlots; ++k) z[k] = static_cast<float>(rng.normal());
      },
      1);
  out.design.columns = kColumns;
  out.design.map.clear();
  for (std::uint32_t g = 0; g < 2; ++g) {
    out.design.map.emplace_back();
    for (std::uint32_t k = 0; k < kSlots; ++k) {
      out.design.map[g].push_back({k, k, 1.0});
      if (g == 1) out.design.map[g].push_back({static_cast<std::uint32_t>(kSlots) + k, k, 0.5});
    }
  }
  out.x = Eigen::MatrixXd::Zero(static_cast<Eigen::Index>(n), kColumns);
  for (std::size_t i = 0; i < n; ++i) {
    const auto g = static_cast<std::uint32_t>(i % 2);
    out.design.group.push_back(g);
    for (std::size_t e = out.design.start[i]; e < out.design.start[i + 1]; ++e) {
      for (const auto& image : out.design.map[g]) {
        if (image.slot == out.design.slot[e])
          out.x(static_cast<Eigen::Index>(i), image.column) +=
              image.factor * static_cast<double>(out.design.value[e]);
      }
    }
    const double mean = 1 + out.x(static_cast<Eigen::Index>(i), 1);
    out.y.push_back(binary ? (rng.bernoulli(sigmoid(mean)) ? 1 : 0) : mean + rng.normal());
    out.rows.push_back(static_cast<std::uint32_t>(i));
    out.fold.push_back(static_cast<std::uint8_t>(i % 4));
  }
  return out;
}

double largest(const Eigen::VectorXd& v) { return v.cwiseAbs().maxCoeff(); }

TEST(RowSpace, RidgeIsThatOfAllColumns) {
  const Wide w = wide(kRows, 3, false);
  ASSERT_TRUE(stats::is_wide(w.design));
  const stats::RowSpace turned = stats::row_space(w.design, 1);
  ASSERT_EQ(turned.design.columns, kRows + 1);
  const std::span<const double> y = w.y;
  const FoldSums sums = stats::fold_sums_many(turned.design, {&y, 1}, w.rows, w.fold, 4, 1)[0];
  for (const FoldMask use : {0xfu, 0x7u}) {
    const LinearFit fit = ridge(sums, use);
    const std::vector<double> got = turned.carried(fit.coef);
    Eigen::MatrixXd system = Eigen::MatrixXd::Zero(kColumns, kColumns);
    Eigen::VectorXd right = Eigen::VectorXd::Zero(kColumns);
    for (std::size_t i = 0; i < kRows; ++i) {
      if ((use >> w.fold[i] & 1u) == 0) continue;
      const Eigen::VectorXd row = w.x.row(static_cast<Eigen::Index>(i)).transpose();
      system += row * row.transpose();
      right += w.y[i] * row;
    }
    system.diagonal().tail(kColumns - 1).array() += fit.penalty;
    const Eigen::VectorXd want = system.llt().solve(right);
    EXPECT_LT(largest(Eigen::Map<const Eigen::VectorXd>(got.data(), kColumns) - want), 1e-5 * largest(want));
  }
}

// The gradient of the penalized loss by all columns is zero where the fit in the space of the rows is.
TEST(RowSpace, LogisticFitIsThatOfAllColumns) {
  const Wide w = wide(kRows, 4, true);
  const stats::RowSpace turned = stats::row_space(w.design, 1);
  const FoldMask use = 0xf;
  const LinearFit fit = stats::logistic(turned.design, w.y, w.rows, w.fold, {&use, 1}, 1)[0];
  const std::vector<double> coef = turned.carried(fit.coef);
  const Eigen::Map<const Eigen::VectorXd> b(coef.data(), kColumns);
  Eigen::VectorXd gradient = fit.penalty * b, scale = Eigen::VectorXd::Zero(kColumns);
  gradient[0] = 0;
  for (std::size_t i = 0; i < kRows; ++i) {
    const Eigen::VectorXd row = w.x.row(static_cast<Eigen::Index>(i)).transpose();
    gradient += (sigmoid(row.dot(b)) - w.y[i]) * row;
    scale += row.cwiseAbs();
  }
  EXPECT_GT(largest(b.tail(kColumns - 1)), 1e-3);
  EXPECT_LT(largest(gradient), 1e-4 * largest(scale));
}

// Long rows of several groups are summed by blocks; short ones one by one.
TEST(Factored, SumsOfLongRowsByGroupAreThoseOfTheRowsWrittenOut) {
  const Wide w = wide(700, 5, false);
  const std::span<const double> y = w.y;
  const FoldSums sums = stats::fold_sums_many(w.design, {&y, 1}, w.rows, w.fold, 4, 2)[0];
  Eigen::MatrixXd want = Eigen::MatrixXd::Zero(kColumns, kColumns);
  for (std::size_t i = 0; i < 700; ++i) {
    if (w.fold[i] == 2)
      want += w.x.row(static_cast<Eigen::Index>(i)).transpose() * w.x.row(static_cast<Eigen::Index>(i));
  }
  const Eigen::Map<const Eigen::MatrixXd> got(sums.xtx[2].data(), kColumns, kColumns);
  EXPECT_LT((got - want).cwiseAbs().maxCoeff(), 1e-9 * want.cwiseAbs().maxCoeff());
}

}  // namespace
}  // namespace plumb
