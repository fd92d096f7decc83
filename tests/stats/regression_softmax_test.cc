// Conditional logit, against numbers of an independent program, known truth and logistic regression.
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "plumb/regression.h"

namespace plumb {
namespace {

struct Choices {
  std::size_t p = 0;
  std::vector<float> x;
  std::vector<std::uint64_t> offset = {0};
  std::vector<std::uint32_t> chosen;
  std::vector<std::uint8_t> fold;
  DesignView view() const { return {x.data(), x.size() / p, p}; }
  LinearFit fit(FoldMask use, int threads) const {
    return softmax_regression(view(), offset, chosen, fold, use, threads);
  }
};

// The last column does not vary within a decision. truth is over the columns after the constant.
Choices simulate(std::size_t n, const std::vector<double>& truth, std::size_t most, std::uint64_t seed) {
  Choices data;
  data.p = truth.size() + 2;
  Rng rng(seed);
  for (std::size_t i = 0; i < n; ++i) {
    const std::size_t offered = 2 + i % (most - 1);
    const auto context = static_cast<float>(rng.normal());
    std::vector<double> weight;
    for (std::size_t a = 0; a < offered; ++a) {
      double utility = 0;
      data.x.push_back(1);
      for (const double b : truth) {
        data.x.push_back(static_cast<float>(rng.normal()));
        utility += b * static_cast<double>(data.x.back());
      }
      data.x.push_back(context);
      weight.push_back(std::exp(utility));
    }
    data.offset.push_back(data.offset.back() + offered);
    data.chosen.push_back(static_cast<std::uint32_t>(rng.categorical(weight)));
    data.fold.push_back(static_cast<std::uint8_t>(hash_combine(i, seed) % 4));
  }
  return data;
}

// Oracle: numpy 2.4, Barzilai-Borwein gradient descent without any Hessian to a gradient below 1e-11; folds 0,
// 1 fit and fold 3 judges the 13 penalties (scale: mean of numpy.cov's diagonal within decisions), then all
// three fit.
TEST(SoftmaxRegression, EqualsGradientDescentByAnotherProgram) {
  Choices data;
  data.p = 4;
  std::size_t row = 0;
  std::vector<int> picks(4, 0);
  for (std::size_t i = 0; i < 160; ++i) {
    const std::size_t offered = 2 + i % 3;
    std::vector<double> weight;
    for (std::size_t a = 0; a < offered; ++a, ++row) {
      for (std::size_t j = 0; j < 4; ++j) {
        const auto cell = static_cast<double>((row * 37 + j * 101 + row * j * 13) % 97);
        data.x.push_back(j == 0 ? 1.0f : static_cast<float>(cell / 48.0 - 1.0));
      }
      weight.push_back(
          std::exp(static_cast<double>(data.x[row * 4 + 1]) - 0.7 * static_cast<double>(data.x[row * 4 + 2])));
    }
    const double sum = std::accumulate(weight.begin(), weight.end(), 0.0);
    double u = static_cast<double>((i * 7919 + 13 * i * i) % 1009) / 1009.0;
    std::uint32_t pick = 0;
    while (pick + 1 < offered && u >= weight[pick] / sum) u -= weight[pick++] / sum;
    data.chosen.push_back(pick);
    ++picks[pick];
    data.offset.push_back(row);
    data.fold.push_back(static_cast<std::uint8_t>(i % 4));
  }
  ASSERT_EQ(picks, (std::vector<int>{62, 57, 33, 8}));
  const LinearFit fit = data.fit(0b1011, 2);
  EXPECT_NEAR(fit.penalty, 4.486695805286, 1e-10);
  EXPECT_NEAR(fit.held_out_loss, 0.953102867816, 1e-6);
  const std::vector<double> expected = {0, 0.796228156625, -0.642829229241, -0.034694675443};
  for (std::size_t j = 0; j < 4; ++j) EXPECT_NEAR(fit.coef[j], expected[j], 1e-9) << j;
}

TEST(SoftmaxRegression, RecoversAKnownLogit) {
  const std::vector<double> truth = {1.0, -0.5, 0.0};
  const Choices data = simulate(30'000, truth, 6, 21);
  const LinearFit fit = data.fit(0b1111, 2);
  EXPECT_EQ(fit.coef[0], 0);
  for (std::size_t j = 0; j < 3; ++j)
    EXPECT_NEAR(fit.coef[1 + j], truth[j], 0.04) << j;  // over 4 standard errors
  EXPECT_NEAR(fit.coef[4], 0, 1e-9);                    // never varies within a decision
}

// Choosing between x and a row of zeros is logistic regression of the choice on x.
TEST(SoftmaxRegression, WithTwoOffersHasLogisticRegressionsFirstOrderCondition) {
  Choices data;
  data.p = 3;
  Rng rng(22);
  for (std::size_t i = 0; i < 3000; ++i) {
    const double a = rng.normal(), b = rng.normal();
    for (const double v : {1.0, a, b, 1.0, 0.0, 0.0}) data.x.push_back(static_cast<float>(v));
    data.offset.push_back(2 * i + 2);
    data.chosen.push_back(rng.bernoulli(sigmoid(0.7 * a - 0.2 * b)) ? 0 : 1);
    data.fold.push_back(static_cast<std::uint8_t>(i % 3));
  }
  const LinearFit fit = data.fit(0b111, 1);
  std::vector<double> gradient = {0, fit.penalty * fit.coef[1], fit.penalty * fit.coef[2]};
  for (std::size_t i = 0; i < 3000; ++i) {
    const double a = static_cast<double>(data.x[i * 6 + 1]), b = static_cast<double>(data.x[i * 6 + 2]);
    const double residual =
        1 / (1 + std::exp(-fit.coef[1] * a - fit.coef[2] * b)) - (data.chosen[i] == 0 ? 1 : 0);
    gradient[1] += residual * a;
    gradient[2] += residual * b;
  }
  EXPECT_NEAR(gradient[1], 0, 1e-6);
  EXPECT_NEAR(gradient[2], 0, 1e-6);
}

TEST(SoftmaxRegression, PenaltyIsStrongOnNoiseAndWeakOnSignal) {
  double noise = 0, signal = 0;
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    noise += simulate(600, std::vector<double>(30, 0.0), 4, 500 + seed).fit(0b1111, 1).penalty / 450 / 5;
    signal += simulate(600, std::vector<double>(30, 0.8), 4, 600 + seed).fit(0b1111, 1).penalty / 450 / 5;
  }
  EXPECT_GT(noise, 0.5);
  EXPECT_LT(signal, 0.05);
}

TEST(SoftmaxRegression, ChoicesThatAreCertainStayFinite) {
  Choices data = simulate(900, {1.0, 0.0}, 3, 23);
  for (std::size_t i = 0; i < 900; ++i) {  // the largest first feature is always taken
    data.chosen[i] = 0;
    for (std::uint64_t r = data.offset[i]; r < data.offset[i + 1]; ++r) {
      if (data.view()(r, 1) > data.view()(data.offset[i] + data.chosen[i], 1)) {
        data.chosen[i] = static_cast<std::uint32_t>(r - data.offset[i]);
      }
    }
  }
  const LinearFit fit = data.fit(0b1111, 1);
  for (const double b : fit.coef) EXPECT_TRUE(std::isfinite(b) && std::abs(b) < 1e5) << b;
  EXPECT_GT(fit.coef[1], 10);
  EXPECT_LT(fit.held_out_loss, 0.1);
}

TEST(SoftmaxRegression, SameBytesForAnyNumberOfThreads) {
  const Choices data = simulate(9001, {0.5, 0.1, -0.3, 0.0}, 5, 24);
  const LinearFit one = data.fit(0b0111, 1);
  for (const int threads : {2, 7}) {
    const LinearFit many = data.fit(0b0111, threads);
    EXPECT_EQ(one.coef, many.coef);
    EXPECT_EQ(one.penalty, many.penalty);
    EXPECT_EQ(one.held_out_loss, many.held_out_loss);
  }
}

TEST(SoftmaxRegression, WithTheConstantAloneIsUniform) {
  const std::vector<float> x(8, 1.0f);
  const std::vector<std::uint64_t> offset = {0, 2, 4, 8};
  const std::vector<std::uint32_t> chosen = {0, 1, 3};
  const std::vector<std::uint8_t> fold = {0, 0, 1};
  const LinearFit fit = softmax_regression({x.data(), 8, 1}, offset, chosen, fold, 0b11, 1);
  EXPECT_EQ(fit.coef, std::vector<double>{0.0});
  EXPECT_NEAR(fit.held_out_loss, std::log(4.0), 1e-15);
}

TEST(SoftmaxRegression, RefusesToFitWithoutDecisionsOrOnNumbersThatAreNotFinite) {
  Choices data = simulate(40, {1.0}, 3, 25);
  EXPECT_THROW(data.fit(0, 1), Error);
  data.x[9 * 3 + 1] = std::nanf("");
  EXPECT_THROW(data.fit(0b1111, 1), Error);
}

// Columns that are the same for all that was offered have coefficient 0; of a wide design they are left out,
// and the others' coefficients are those of a design without them.
TEST(SoftmaxRegression, OfAWideDesignIsThatOfTheColumnsThatTellChoicesApart) {
  const Choices narrow = simulate(120, {0.8, -0.5}, 3, 11);
  Choices wide = narrow;
  const std::size_t more = 1500, rows = narrow.x.size() / narrow.p;
  wide.p = narrow.p + more;
  wide.x.clear();
  for (std::size_t i = 0, r = 0; i < narrow.chosen.size(); ++i) {
    for (; r < narrow.offset[i + 1]; ++r) {
      const auto row = narrow.x.begin() + static_cast<std::ptrdiff_t>(r * narrow.p);
      wide.x.insert(wide.x.end(), row, row + static_cast<std::ptrdiff_t>(narrow.p));
      for (std::size_t k = 0; k < more; ++k) wide.x.push_back(static_cast<float>((i + 1) * (k + 1) % 17));
    }
  }
  ASSERT_EQ(wide.x.size(), rows * wide.p);
  Choices without = narrow;  // its last column does not vary within a decision either
  without.p = narrow.p - 1;
  without.x.clear();
  for (std::size_t r = 0; r < rows; ++r)
    without.x.insert(without.x.end(), narrow.x.begin() + static_cast<std::ptrdiff_t>(r * narrow.p),
                     narrow.x.begin() + static_cast<std::ptrdiff_t>(r * narrow.p + without.p));
  const LinearFit want = without.fit(0xf, 1), got = wide.fit(0xf, 2);
  EXPECT_EQ(got.penalty, want.penalty);
  ASSERT_EQ(got.coef.size(), wide.p);
  for (std::size_t c = 0; c < wide.p; ++c) EXPECT_EQ(got.coef[c], c < without.p ? want.coef[c] : 0) << c;
  EXPECT_GT(std::abs(got.coef[1]), 0.1);
}

}  // namespace
}  // namespace plumb
