// What comparisons say of a value, against the null space and the covariance in closed form.
#include "reward/preference_support.h"

#include <gtest/gtest.h>

#include <cmath>

namespace plumb {
namespace {

double length(const std::vector<double>& v) {
  double squares = 0;
  for (const double x : v) squares += x * x;
  return std::sqrt(squares);
}

std::vector<double> sketched(const Matrix& matrix, const std::vector<double>& shift) {
  std::vector<double> out;
  for (std::size_t r = 0; r < matrix.rows; ++r) {
    double sum = 0;
    for (std::size_t k = 0; k < shift.size(); ++k) sum += matrix(r, k) * shift[k];
    out.push_back(sum);
  }
  return out;
}

// Columns 1 and 2 of the design differ freely, column 4 is their sum, columns 0 and 3 never differ.
struct Compared {
  Pairs pairs;
  PairFit fit;
  double penalty = 0;
  std::vector<std::size_t> column{1, 2, 4};
  Compared() {
    constexpr Eigen::Index kRows = 400;
    Rng rng(8);
    pairs.design.resize(kRows, 4);
    pairs.answer.resize(kRows);
    pairs.weight = Eigen::VectorXd::Ones(kRows);
    for (Eigen::Index r = 0; r < kRows; ++r) {
      const double a = rng.normal(), b = rng.normal();
      pairs.design.row(r) << 1, a, b, a + b;
      pairs.answer[r] = rng.bernoulli(1 / (1 + std::exp(-.5 * a)));
      pairs.fold.push_back(0);
      pairs.bucket.push_back(static_cast<std::uint32_t>(r));
    }
    penalty = 1e-4 * curvature_scale(pairs);
    fit = fit_pairs(pairs, penalty, {}, 1);
  }
  ComparisonSupport support() const { return comparison_support(pairs, fit, penalty, column, 5); }
};

TEST(ComparisonSupport, KnowsNothingOfDirectionsThatNoTwoOptionsDifferIn) {
  const Compared compared;
  const ComparisonSupport support = compared.support();
  const auto unseen = [&](const std::vector<double>& shift) { return length(sketched(support.unseen, shift)); };
  EXPECT_LT(unseen({0, 1, 0, 0, 1}), 1e-6);  // moves with a: (1, 0, 1) is in the rows' space
  EXPECT_LT(unseen({0, 1, 1, 0, 2}), 1e-6);
  // (1, 1, -1) / sqrt 3 is the null direction of columns 1, 2 and 4; signs of 32 sums keep its length.
  const double root = std::sqrt(static_cast<double>(kSupportSketch));
  EXPECT_NEAR(unseen({0, 1, 1, 0, -1}), std::sqrt(3.0) * root, 1e-6);
  EXPECT_NEAR(unseen({0, 1, 0, 0, 0}), root / std::sqrt(3.0), 1e-6);
  EXPECT_NEAR(unseen({0, 0, 0, 2, 0}), 2 * root, 1e-12);  // never varies
  EXPECT_NEAR(length(sketched(support.whole, {0, 0, 0, 2, 0})), 2 * root, 1e-12);
}

TEST(ComparisonSupport, DrawsAnswersWithTheVarianceOfTheModel) {
  const Compared compared;
  const ComparisonSupport support = compared.support();
  const std::vector<double> shift{0, 1, 0, 0, 1};
  double drawn = 0;
  for (std::size_t b = 0; b < kBuckets; ++b) {
    double moved = 0;
    for (std::size_t k = 0; k < shift.size(); ++k) moved += support.drawn(b, k) * shift[k];
    drawn += moved * moved;
  }
  Eigen::VectorXd s(4), weight(400);
  s << 0, 1, 0, 1;
  for (Eigen::Index r = 0; r < 400; ++r) {
    const double share = 1 / (1 + std::exp(-compared.pairs.design.row(r).dot(compared.fit.coef)));
    weight[r] = share * (1 - share);
  }
  const Eigen::VectorXd along = compared.fit.curvature.ldlt().solve(s);
  const Eigen::MatrixXd information =
      compared.pairs.design.transpose() * weight.asDiagonal() * compared.pairs.design;
  EXPECT_NEAR(drawn, along.dot(information * along), 1e-9 * drawn);
}

}  // namespace
}  // namespace plumb
