// Rows are predicted by fits that did not see their fold.
#include "stats/cross_fitted.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

namespace plumb {
namespace {

struct Made {
  std::size_t n = 400, p = 2;
  std::vector<float> x;
  std::vector<double> y, z, weight;
  std::vector<std::uint8_t> fold;
  std::vector<std::uint32_t> rows;
  Made() {
    Rng rng(3);
    for (std::size_t i = 0; i < n; ++i) {
      const double u = rng.normal();
      x.insert(x.end(), {1.0f, static_cast<float>(u)});
      y.push_back(2 - 3 * u + .01 * rng.normal());
      z.push_back(u + rng.normal());
      weight.push_back(i % 3 == 0 ? 2 : 1);
      fold.push_back(static_cast<std::uint8_t>(i % 5));
    }
    rows.resize(n);
    std::iota(rows.begin(), rows.end(), 0u);
  }
  std::vector<std::vector<double>> run(const std::vector<std::span<const double>>& targets,
                                       int threads = 1) const {
    return stats::cross_fitted({x.data(), n, p}, targets, rows, fold, 5, threads, weight);
  }
};

// The oracle: the weighted least squares line of the other folds, in closed form. With little noise one of the
// weakest penalties is the best, which shrinks by some millionths.
TEST(CrossFitted, IsTheLineOfTheOtherFolds) {
  const Made m;
  const std::vector<double> predicted = m.run({m.y})[0];
  for (std::uint8_t f = 0; f < 5; ++f) {
    double n = 0, sx = 0, sy = 0, sxx = 0, sxy = 0;
    for (std::size_t i = 0; i < m.n; ++i) {
      if (m.fold[i] == f) continue;
      const double u = m.x[2 * i + 1], w = m.weight[i];
      n += w, sx += w * u, sy += w * m.y[i], sxx += w * u * u, sxy += w * u * m.y[i];
    }
    const double slope = (sxy - sx * sy / n) / (sxx - sx * sx / n), intercept = (sy - slope * sx) / n;
    for (std::size_t i = f; i < m.n; i += 5)
      EXPECT_NEAR(predicted[i], intercept + slope * m.x[2 * i + 1], 1e-4);
  }
}

TEST(CrossFitted, LearnsNothingFromARowsOwnFold) {
  Made m;
  const std::vector<double> before = m.run({m.y})[0];
  for (std::size_t i = 2; i < m.n; i += 5) m.y[i] += .001;
  const std::vector<double> after = m.run({m.y})[0];
  for (std::size_t i = 2; i < m.n; i += 5) EXPECT_EQ(before[i], after[i]);
  EXPECT_NE(before[0], after[0]);
}

TEST(CrossFitted, IsTheSameForAnyThreadsAndForATargetAloneToRounding) {
  const Made m;
  const auto both = m.run({m.y, m.z}), threads = m.run({m.y, m.z}, 7);
  EXPECT_EQ(both, threads);
  const std::vector<double> alone = m.run({m.z})[0];
  for (std::size_t i = 0; i < m.n; ++i) EXPECT_NEAR(both[1][i], alone[i], 1e-12);
}

}  // namespace
}  // namespace plumb
