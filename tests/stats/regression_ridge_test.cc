// Ridge from sums by fold, against Gaussian elimination written here and closed forms.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>
#include <string>

#include "plumb/regression.h"

namespace plumb {
namespace {

struct Data {
  std::size_t n = 0, p = 0;
  std::vector<float> x;
  std::vector<double> y;
  std::vector<std::uint32_t> rows;
  std::vector<std::uint8_t> fold;
  DesignView view() const { return {x.data(), n, p}; }
};

// y = sum of `signal` x_j + noise; folds 0 .. 3 by hash.
Data simulate(std::size_t n, std::size_t p, double signal, std::uint64_t seed) {
  Data data{n, p, std::vector<float>(n * p), std::vector<double>(n), {}, {}};
  Rng rng(seed);
  for (std::size_t i = 0; i < n; ++i) {
    double mean = 3;
    data.x[i * p] = 1;
    for (std::size_t j = 1; j < p; ++j) {
      data.x[i * p + j] = static_cast<float>(rng.normal());
      mean += signal * static_cast<double>(data.x[i * p + j]);
    }
    data.y[i] = mean + rng.normal();
    data.rows.push_back(static_cast<std::uint32_t>(i));
    data.fold.push_back(static_cast<std::uint8_t>(hash_combine(i, seed) % 4));
  }
  return data;
}

// Solves a x = b by elimination with partial pivoting; a is row-major, n x n.
std::vector<double> eliminate(std::vector<double> a, std::vector<double> b) {
  const std::size_t n = b.size();
  for (std::size_t k = 0; k < n; ++k) {
    std::size_t pivot = k;
    for (std::size_t r = k + 1; r < n; ++r) {
      if (std::abs(a[r * n + k]) > std::abs(a[pivot * n + k])) pivot = r;
    }
    for (std::size_t c = 0; c < n; ++c) std::swap(a[k * n + c], a[pivot * n + c]);
    std::swap(b[k], b[pivot]);
    for (std::size_t r = k + 1; r < n; ++r) {
      const double factor = a[r * n + k] / a[k * n + k];
      for (std::size_t c = k; c < n; ++c) a[r * n + c] -= factor * a[k * n + c];
      b[r] -= factor * b[k];
    }
  }
  for (std::size_t k = n; k-- > 0;) {
    for (std::size_t c = k + 1; c < n; ++c) b[k] -= a[k * n + c] * b[c];
    b[k] /= a[k * n + k];
  }
  return b;
}

// (X'X + penalty D)^-1 X'y over the rows for which keep(row), entry by entry in long double.
template <class Keep>
std::vector<double> direct_ridge(const Data& data, double penalty, const Keep& keep) {
  std::vector<double> a(data.p * data.p), b(data.p);
  for (std::size_t r = 0; r < data.p; ++r) {
    for (std::size_t c = 0; c <= data.p; ++c) {
      long double sum = 0;
      for (const std::uint32_t i : data.rows) {
        if (keep(i))
          sum += data.view()(i, r) * static_cast<long double>(c < data.p ? data.view()(i, c) : data.y[i]);
      }
      (c < data.p ? a[r * data.p + c] : b[r]) = static_cast<double>(sum);
    }
    if (r > 0) a[r * data.p + r] += penalty;
  }
  return eliminate(a, b);
}

double mean_squared_error(const Data& data, const std::vector<double>& coef, int fold, double* count) {
  double sum = 0;
  for (const std::uint32_t i : data.rows) {
    if (data.fold[i] != fold) continue;
    const auto row = data.view().row(i);
    sum += std::pow(data.y[i] - std::inner_product(row.begin(), row.end(), coef.begin(), 0.0), 2);
    *count += 1;
  }
  return sum;
}

TEST(Ridge, EqualsTheClosedFormOfTheRowsInUse) {
  const Data data = simulate(700, 6, 0.3, 1);
  const FoldSums sums = fold_sums(data.view(), data.y, data.rows, data.fold, 4, 2);
  for (const FoldMask use : {0b1111u, 0b1011u, 0b0010u}) {
    const LinearFit fit = ridge(sums, use);
    ASSERT_GT(fit.penalty, 0);
    const auto expected =
        direct_ridge(data, fit.penalty, [&](std::uint32_t i) { return (use >> data.fold[i] & 1u) != 0; });
    for (std::size_t j = 0; j < data.p; ++j) EXPECT_NEAR(fit.coef[j], expected[j], 1e-11) << use << " " << j;
  }
}

TEST(Ridge, HeldOutLossAndPenaltyAreThoseOfRefittingWithoutEachFold) {
  const Data data = simulate(300, 8, 0.05, 2);
  const FoldMask use = 0b1101;
  const LinearFit fit = ridge(fold_sums(data.view(), data.y, data.rows, data.fold, 4, 1), use);
  double scale = 0;
  for (const std::uint32_t i : data.rows) {
    for (std::size_t j = 1; j < data.p && (use >> data.fold[i] & 1u) != 0; ++j) {
      scale += std::pow(static_cast<double>(data.view()(i, j)), 2) / static_cast<double>(data.p - 1);
    }
  }
  double best = std::numeric_limits<double>::infinity(), best_penalty = 0;
  for (int k = 0; k < 13; ++k) {
    const double penalty = scale * std::pow(10.0, -6.0 + 2.0 * k / 3.0);
    double error = 0, count = 0;
    for (const int held : {0, 2, 3}) {
      const auto coef = direct_ridge(data, penalty, [&](std::uint32_t i) {
        return data.fold[i] != held && (use >> data.fold[i] & 1u) != 0;
      });
      error += mean_squared_error(data, coef, held, &count);
    }
    if (error / count < best) {
      best = error / count;
      best_penalty = penalty;
    }
  }
  EXPECT_NEAR(fit.held_out_loss, best, 1e-10);
  EXPECT_NEAR(fit.penalty / best_penalty, 1, 1e-10);
}

TEST(Ridge, FoldsLeftOutAreAsIfTheyHadNeverBeenRead) {
  const Data data = simulate(900, 5, 0.3, 3);
  std::vector<std::uint32_t> kept;
  for (const std::uint32_t i : data.rows) {
    if (data.fold[i] != 2) kept.push_back(i);
  }
  const LinearFit masked = ridge(fold_sums(data.view(), data.y, data.rows, data.fold, 4, 1), 0b1011);
  const LinearFit direct = ridge(fold_sums(data.view(), data.y, kept, data.fold, 4, 1), 0b1111);
  EXPECT_EQ(masked.coef, direct.coef);
  EXPECT_EQ(masked.penalty, direct.penalty);
  EXPECT_EQ(masked.held_out_loss, direct.held_out_loss);
}

TEST(Ridge, PenaltyIsStrongOnNoiseAndWeakOnSignal) {
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    const Data noise = simulate(400, 60, 0.0, 100 + seed), signal = simulate(400, 60, 2.0, 200 + seed);
    for (const FoldMask use : {0b1111u, 0b0001u}) {  // by folds, and by generalized cross-validation
      const auto relative = [&](const Data& data) {
        const FoldSums sums = fold_sums(data.view(), data.y, data.rows, data.fold, 4, 1);
        double count = 0;
        for (std::size_t f = 0; f < 4; ++f) count += (use >> f & 1u) != 0 ? sums.count[f] : 0;
        return ridge(sums, use).penalty / count;  // columns have variance 1
      };
      EXPECT_GT(relative(noise), 0.9) << seed << " " << use;
      EXPECT_LT(relative(signal), 0.02) << seed << " " << use;
    }
  }
}

// With p = 1 + one centred column of mean square s: df = 1 + s n / (s n + penalty), all by hand.
TEST(Ridge, OneFoldIsJudgedByGeneralizedCrossValidation) {
  const std::vector<float> x = {1, -1, 1, -1, 1, 1, 1, 1};
  const std::vector<double> y = {1.0, 2.0, 4.0, 2.5};
  const std::vector<std::uint32_t> rows = {0, 1, 2, 3};
  const std::vector<std::uint8_t> fold = {0, 0, 0, 0};
  const LinearFit fit = ridge(fold_sums({x.data(), 4, 2}, y, rows, fold, 1, 1), 1);
  double best = std::numeric_limits<double>::infinity(), slope = 0;
  for (int k = 12; k >= 0; --k) {
    const double penalty = 4 * std::pow(10.0, -6.0 + 2.0 * k / 3.0), b = (-3.0 + 6.5) / (4 + penalty);
    double rss = 0;
    for (std::size_t i = 0; i < 4; ++i)
      rss += std::pow(y[i] - 2.375 - b * static_cast<double>(x[2 * i + 1]), 2);
    const double score = rss / 4 / std::pow(1 - (1 + 4 / (4 + penalty)) / 4, 2);
    if (score < best) {
      best = score;
      slope = b;
    }
  }
  EXPECT_NEAR(fit.held_out_loss, best, 1e-12);
  EXPECT_NEAR(fit.coef[0], 2.375, 1e-12);
  EXPECT_NEAR(fit.coef[1], slope, 1e-12);
}

TEST(Ridge, AllLevelsOfACategoryBesideTheConstantGiveTheLevelsMeans) {
  const std::size_t n = 6000;
  std::vector<float> x(n * 5, 0.0f);  // constant, three levels, a column of zeros
  std::vector<double> y(n), mean = {-2.0, 0.5, 7.0};
  std::vector<std::uint32_t> rows;
  std::vector<std::uint8_t> fold;
  Rng rng(8);
  for (std::size_t i = 0; i < n; ++i) {
    x[i * 5] = 1;
    x[i * 5 + 1 + i % 3] = 1;
    y[i] = mean[i % 3] + 0.01 * rng.normal();
    rows.push_back(static_cast<std::uint32_t>(i));
    fold.push_back(static_cast<std::uint8_t>(i / 3 % 2));
  }
  const LinearFit fit = ridge(fold_sums({x.data(), n, 5}, y, rows, fold, 2, 1), 0b11);
  for (std::size_t level = 0; level < 3; ++level) {
    EXPECT_NEAR(fit.coef[0] + fit.coef[1 + level], mean[level], 2e-3);
    EXPECT_LT(std::abs(fit.coef[1 + level]), 10);  // no split of the mean into huge opposites
  }
  EXPECT_NEAR(fit.coef[1] + fit.coef[2] + fit.coef[3], 0, 1e-5);  // the penalty's choice among equal fits
  EXPECT_EQ(fit.coef[4], 0);
}

TEST(Ridge, LargeOffsetsOfTheOutcomeDoNotSpoilTheSlope) {
  Data data = simulate(2000, 4, 0.5, 4);
  const LinearFit before = ridge(fold_sums(data.view(), data.y, data.rows, data.fold, 4, 1), 0b1111);
  for (double& y : data.y) y += 1e5;
  const LinearFit after = ridge(fold_sums(data.view(), data.y, data.rows, data.fold, 4, 1), 0b1111);
  EXPECT_NEAR(after.coef[0], before.coef[0] + 1e5, 1e-6);
  for (std::size_t j = 1; j < 4; ++j) EXPECT_NEAR(after.coef[j], before.coef[j], 1e-6);
  EXPECT_NEAR(after.held_out_loss, before.held_out_loss, 1e-4);
}

TEST(FoldSums, SumsAreThoseOfTheListedRowsOfEachFold) {
  const Data data = simulate(5000, 3, 1.0, 5);
  std::vector<std::uint32_t> rows;
  for (const std::uint32_t i : data.rows) {
    if (i % 7 != 3) rows.push_back(i);
  }
  const FoldSums sums = fold_sums(data.view(), data.y, rows, data.fold, 5, 2);
  ASSERT_EQ(sums.count.size(), 5u);
  EXPECT_EQ(sums.count[4], 0);  // a fold without rows
  for (std::size_t f = 0; f < 4; ++f) {
    long double xtx = 0, xty = 0, yty = 0, y_sum = 0, count = 0;
    for (const std::uint32_t i : rows) {
      if (data.fold[i] != f) continue;
      const long double a = data.view()(i, 1), b = data.view()(i, 2), y = data.y[i];
      xtx += a * b;
      xty += b * y;
      yty += y * y;
      y_sum += y;
      count += 1;
    }
    EXPECT_NEAR(sums.xtx[f][1 * 3 + 2], static_cast<double>(xtx), 1e-9);
    EXPECT_EQ(sums.xtx[f][1 * 3 + 2], sums.xtx[f][2 * 3 + 1]);
    EXPECT_NEAR(sums.xty[f][2], static_cast<double>(xty), 1e-9);
    EXPECT_NEAR(sums.yty[f], static_cast<double>(yty), 1e-8);
    EXPECT_NEAR(sums.y_sum[f], static_cast<double>(y_sum), 1e-8);
    EXPECT_EQ(sums.count[f], static_cast<double>(count));
  }
}

bool same_bytes(const std::vector<double>& a, const std::vector<double>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(double)) == 0;
}

TEST(FoldSums, SameBytesForAnyNumberOfThreadsAndAnyCompanyOfOutcomes) {
  const Data data = simulate(20'011, 17, 0.2, 6);
  std::vector<double> other(data.n);
  for (std::size_t i = 0; i < data.n; ++i) other[i] = static_cast<double>(i % 13);
  const FoldSums one = fold_sums(data.view(), data.y, data.rows, data.fold, 4, 1);
  for (const int threads : {1, 2, 7}) {
    const std::vector<std::span<const double>> ys = {other, data.y};
    const auto many = fold_sums_many(data.view(), ys, data.rows, data.fold, 4, threads);
    for (std::size_t f = 0; f < 4; ++f) {
      EXPECT_TRUE(same_bytes(one.xtx[f], many[1].xtx[f]));
      EXPECT_TRUE(same_bytes(one.xty[f], many[1].xty[f]));
    }
    EXPECT_TRUE(same_bytes(one.yty, many[1].yty));
    EXPECT_TRUE(same_bytes(one.y_sum, many[1].y_sum));
    EXPECT_FALSE(same_bytes(one.xty[0], many[0].xty[0]));
  }
}

TEST(FoldSums, RefusesWhatIsNotFiniteWithItsPlace) {
  Data data = simulate(50, 3, 1.0, 7);
  data.y[31] = std::numeric_limits<double>::quiet_NaN();
  try {
    fold_sums(data.view(), data.y, data.rows, data.fold, 4, 1);
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::kInput);
    EXPECT_NE(std::string(error.what()).find("y row 31"), std::string::npos) << error.what();
  }
  std::erase(data.rows, 31u);  // a row that is not listed may hold anything
  EXPECT_NO_THROW(fold_sums(data.view(), data.y, data.rows, data.fold, 4, 1));
  data.x[20 * 3 + 2] = std::numeric_limits<float>::infinity();
  try {
    fold_sums(data.view(), data.y, data.rows, data.fold, 4, 1);
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("design row 20 column 2"), std::string::npos) << error.what();
  }
}

TEST(Ridge, RefusesToFitWithoutRows) {
  const Data data = simulate(50, 3, 1.0, 9);
  const FoldSums sums = fold_sums(data.view(), data.y, data.rows, data.fold, 5, 1);
  EXPECT_THROW(ridge(sums, 0), Error);
  EXPECT_THROW(ridge(sums, 0b10000), Error);
}

TEST(Ridge, ConstantAloneIsTheMean) {
  const std::vector<float> x(6, 1.0f);
  const std::vector<double> y = {1, 2, 3, 4, 5, 9};
  const std::vector<std::uint32_t> rows = {0, 1, 2, 3, 4, 5};
  const std::vector<std::uint8_t> fold = {0, 1, 0, 1, 0, 1};
  const LinearFit fit = ridge(fold_sums({x.data(), 6, 1}, y, rows, fold, 2, 1), 0b11);
  EXPECT_NEAR(fit.coef[0], 4, 1e-14);
  EXPECT_EQ(fit.penalty, 0);
}

}  // namespace
}  // namespace plumb
