// Penalized logistic regression, against numbers of an independent program, its own first-order condition and
// closed forms.
#include <gtest/gtest.h>

#include <cmath>
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
  double log_odds(const LinearFit& fit, std::size_t i) const {
    const auto row = view().row(i);
    return std::inner_product(row.begin(), row.end(), fit.coef.begin(), 0.0);
  }
};

Data simulate(std::size_t n, std::size_t p, double constant, double signal, std::uint64_t seed) {
  Data data{n, p, std::vector<float>(n * p), std::vector<double>(n), {}, {}};
  Rng rng(seed);
  for (std::size_t i = 0; i < n; ++i) {
    double log_odds = constant;
    data.x[i * p] = 1;
    for (std::size_t j = 1; j < p; ++j) {
      data.x[i * p + j] = static_cast<float>(rng.normal());
      log_odds += signal * static_cast<double>(data.x[i * p + j]);
    }
    data.y[i] = rng.bernoulli(sigmoid(log_odds)) ? 1 : 0;
    data.rows.push_back(static_cast<std::uint32_t>(i));
    data.fold.push_back(static_cast<std::uint8_t>(hash_combine(i, seed) % 4));
  }
  return data;
}

// Data by formula, the same in the program that computed the oracle.
Data formula_data() {
  Data data{240, 4, std::vector<float>(240 * 4), std::vector<double>(240), {}, {}};
  for (std::size_t i = 0; i < data.n; ++i) {
    for (std::size_t j = 0; j < 4; ++j) {
      const auto cell = static_cast<double>((i * 37 + j * 101 + i * j * 13) % 97);
      data.x[i * 4 + j] = j == 0 ? 1.0f : static_cast<float>(cell / 48.0 - 1.0);
    }
    const double u = static_cast<double>((i * 7919 + 13 * i * i) % 1009) / 1009.0;
    const double e =
        0.3 + 0.8 * static_cast<double>(data.x[i * 4 + 1]) - 1.2 * static_cast<double>(data.x[i * 4 + 2]);
    data.y[i] = u < 1 / (1 + std::exp(-e)) ? 1 : 0;
    data.rows.push_back(static_cast<std::uint32_t>(i));
    data.fold.push_back(static_cast<std::uint8_t>(i % 4));
  }
  return data;
}

// Oracle: numpy 2.4, Barzilai-Borwein gradient descent without any Hessian to a gradient below 1e-11; folds 0,
// 1 fit and fold 3 judges the 13 penalties, then all three fit. Fold 2 is not used.
TEST(Logistic, EqualsGradientDescentByAnotherProgram) {
  const Data data = formula_data();
  ASSERT_EQ(std::accumulate(data.y.begin(), data.y.end(), 0.0), 140);
  const LinearFit fit = logistic(data.view(), data.y, data.rows, data.fold, 0b1011, 2);
  EXPECT_NEAR(fit.penalty, 2.115527694585, 1e-10);
  EXPECT_NEAR(fit.held_out_loss, 0.685098332363, 1e-6);
  const std::vector<double> expected = {0.276838904493, 0.553101708694, -0.732287815502, 0.443515105224};
  for (std::size_t j = 0; j < 4; ++j) EXPECT_NEAR(fit.coef[j], expected[j], 1e-9) << j;
}

TEST(Logistic, GradientOfThePenalizedLossIsZeroAtTheSolution) {
  for (const double constant : {0.0, -5.0}) {
    const Data data = simulate(30'000, 6, constant, 0.4, 11);  // more rows than the subsample
    const FoldMask use = 0b1110;
    const LinearFit fit = logistic(data.view(), data.y, data.rows, data.fold, use, 2);
    std::vector<double> gradient(data.p, 0.0);
    for (std::size_t i = 0; i < data.n; ++i) {
      if ((use >> data.fold[i] & 1u) == 0) continue;
      const double residual = 1 / (1 + std::exp(-data.log_odds(fit, i))) - data.y[i];
      for (std::size_t j = 0; j < data.p; ++j) gradient[j] += residual * static_cast<double>(data.view()(i, j));
    }
    for (std::size_t j = 1; j < data.p; ++j) gradient[j] += fit.penalty * fit.coef[j];
    for (std::size_t j = 0; j < data.p; ++j) EXPECT_NEAR(gradient[j], 0, 1e-5) << constant << " " << j;
    EXPECT_NEAR(fit.coef[0], constant, 0.3);
    EXPECT_NEAR(fit.coef[1], 0.4, 0.25);
  }
}

TEST(Logistic, SeparableDataStayFiniteAndAreTold) {
  Data data = simulate(2000, 4, 0, 1, 12);
  for (std::size_t i = 0; i < data.n; ++i) data.y[i] = data.view()(i, 2) > 0 ? 1 : 0;
  const LinearFit fit = logistic(data.view(), data.y, data.rows, data.fold, 0b1111, 1);
  for (const double b : fit.coef) EXPECT_TRUE(std::isfinite(b) && std::abs(b) < 1e4) << b;
  EXPECT_GT(fit.coef[2], 10);
  EXPECT_LT(fit.held_out_loss, 0.02);
}

TEST(Logistic, AllLevelsOfACategoryBesideTheConstantGiveTheLevelsRates) {
  const std::size_t n = 9000;
  Data data{n, 5, std::vector<float>(n * 5, 0.0f), std::vector<double>(n), {}, {}};
  const std::vector<std::size_t> successes = {1, 3, 8};  // of 10
  for (std::size_t i = 0; i < n; ++i) {
    data.x[i * 5] = 1;
    data.x[i * 5 + 1 + i % 3] = 1;  // column 4 stays 0
    data.y[i] = i / 3 % 10 < successes[i % 3] ? 1 : 0;
    data.rows.push_back(static_cast<std::uint32_t>(i));
    data.fold.push_back(static_cast<std::uint8_t>(i / 30 % 3));
  }
  const LinearFit fit = logistic(data.view(), data.y, data.rows, data.fold, 0b111, 1);
  for (std::size_t level = 0; level < 3; ++level) {
    EXPECT_NEAR(sigmoid(fit.coef[0] + fit.coef[1 + level]), static_cast<double>(successes[level]) / 10, 1e-3);
  }
  EXPECT_EQ(fit.coef[4], 0);
}

TEST(Logistic, PenaltyIsStrongOnNoiseAndWeakOnSignal) {
  double noise = 0, signal = 0, truth = 0;
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    const Data a = simulate(800, 40, -1, 0.0, 300 + seed), b = simulate(800, 40, 0, 1.0, 400 + seed);
    const LinearFit on_noise = logistic(a.view(), a.y, a.rows, a.fold, 0b1111, 1);
    const LinearFit on_signal = logistic(b.view(), b.y, b.rows, b.fold, 0b1111, 1);
    noise += on_noise.penalty / 600 / 5;  // three folds of 200, curvature at most 1/4
    signal += on_signal.penalty / 600 / 5;
    truth += std::abs(on_noise.coef[0] + 1) / 5;
  }
  EXPECT_GT(noise, 0.2);
  EXPECT_LT(signal, 0.02);
  EXPECT_LT(truth, 0.2);
}

TEST(Logistic, OneClassGivesTheSmoothedRate) {
  Data data = simulate(120, 3, 0, 0, 13);
  std::fill(data.y.begin(), data.y.end(), 0.0);
  const LinearFit fit = logistic(data.view(), data.y, data.rows, data.fold, 0b1111, 1);
  EXPECT_NEAR(sigmoid(fit.coef[0]), 0.5 / 121, 1e-15);
  EXPECT_EQ(fit.coef[1], 0);
  EXPECT_EQ(fit.coef[2], 0);
  EXPECT_NEAR(fit.held_out_loss, -std::log(1 - 0.5 / 121), 1e-12);
}

TEST(Logistic, EventsOnlyInTheJudgingFoldStillGiveAFit) {
  Data data = simulate(400, 3, 0, 0, 14);
  for (std::size_t i = 0; i < data.n; ++i) data.y[i] = data.fold[i] == 3 && i % 2 == 0 ? 1 : 0;
  const LinearFit fit = logistic(data.view(), data.y, data.rows, data.fold, 0b1111, 1);
  double mean = 0, expected = 0;
  for (std::size_t i = 0; i < data.n; ++i) {
    mean += data.y[i];
    expected += sigmoid(data.log_odds(fit, i));
  }
  EXPECT_NEAR(mean, expected, 1e-6);  // the unpenalized constant's first-order condition
  EXPECT_GT(fit.penalty, 0);
}

TEST(Logistic, OneFoldJudgesByItsLastQuarter) {
  const Data data = simulate(400, 3, 0, 1, 15);
  std::vector<std::uint8_t> one(data.n, 0), two(data.n, 0);
  for (std::size_t i = 300; i < data.n; ++i) two[i] = 1;
  EXPECT_EQ(logistic(data.view(), data.y, data.rows, one, 1, 1).coef,
            logistic(data.view(), data.y, data.rows, two, 3, 1).coef);
}

TEST(Logistic, PenaltyIsChosenOnEverySecondOfMoreThanTwentyThousandRows) {
  Data data = simulate(20'003, 4, 0, 0.1, 18);
  const LinearFit before = logistic(data.view(), data.y, data.rows, data.fold, 0b1111, 1);
  for (std::size_t i = 1; i < data.n; i += 2) data.y[i] = 1 - data.y[i];
  const LinearFit after = logistic(data.view(), data.y, data.rows, data.fold, 0b1111, 1);
  EXPECT_EQ(before.penalty, after.penalty);
  EXPECT_EQ(before.held_out_loss, after.held_out_loss);
  EXPECT_GT(std::abs(before.coef[1] - after.coef[1]), 0.05);  // the fit itself uses every row
}

TEST(Logistic, SameBytesForAnyNumberOfThreads) {
  const Data data = simulate(25'003, 13, -1, 0.2, 16);
  const LinearFit one = logistic(data.view(), data.y, data.rows, data.fold, 0b1111, 1);
  for (const int threads : {2, 7}) {
    const LinearFit many = logistic(data.view(), data.y, data.rows, data.fold, 0b1111, threads);
    EXPECT_EQ(one.coef, many.coef);
    EXPECT_EQ(one.penalty, many.penalty);
    EXPECT_EQ(one.held_out_loss, many.held_out_loss);
  }
}

TEST(Logistic, RefusesOutcomesThatAreNotProbabilities) {
  Data data = simulate(50, 3, 0, 1, 17);
  for (const double bad : {-0.1, 1.5, std::numeric_limits<double>::quiet_NaN()}) {
    data.y[7] = bad;
    try {
      logistic(data.view(), data.y, data.rows, data.fold, 0b1111, 1);
      FAIL() << "accepted " << bad;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), Code::kInput);
      EXPECT_NE(std::string(error.what()).find("y row 7"), std::string::npos) << error.what();
    }
  }
  data.y[7] = 1;
  data.x[7 * 3 + 1] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THROW(logistic(data.view(), data.y, data.rows, data.fold, 0b1111, 1), Error);
  EXPECT_THROW(logistic(data.view(), data.y, {}, data.fold, 0b1111, 1), Error);
}

TEST(Sigmoid, IsAccurateInBothTails) {
  EXPECT_EQ(sigmoid(0), 0.5);
  EXPECT_DOUBLE_EQ(sigmoid(-700), std::exp(-700.0));
  EXPECT_EQ(sigmoid(800), 1);
  EXPECT_EQ(sigmoid(-800), 0);
  EXPECT_DOUBLE_EQ(log1p_exp(0), std::log(2.0));
  EXPECT_DOUBLE_EQ(log1p_exp(-50), std::exp(-50.0));
  EXPECT_EQ(log1p_exp(1e4), 1e4);
  for (double x = -30; x < 30; x += 0.37) EXPECT_NEAR(log1p_exp(x) - log1p_exp(-x), x, 1e-13);
}

}  // namespace
}  // namespace plumb
