// Philox against its published vectors, and the distributions against their closed-form moments and quantiles.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "plumb/base.h"

namespace plumb {
namespace {

constexpr int kDraws = 200000;

struct Moments {
  double mean = 0, variance = 0;
};

template <class Draw>
Moments moments(Draw draw) {
  double sum = 0, squares = 0;
  for (int i = 0; i < kDraws; ++i) {
    const double x = draw();
    sum += x;
    squares += x * x;
  }
  const double mean = sum / kDraws;
  return {mean, squares / kDraws - mean * mean};
}

// Five standard errors of the mean and, with kurtosis k, of the variance.
void expect_moments(const Moments& found, double mean, double variance, double kurtosis) {
  EXPECT_NEAR(found.mean, mean, 5 * std::sqrt(variance / kDraws));
  EXPECT_NEAR(found.variance, variance, 5 * variance * std::sqrt((kurtosis - 1) / kDraws));
}

TEST(Rng, GivesTheKnownAnswersOfPhilox) {
  // Random123's kat_vectors: philox4x32-10, counter 0, key 0: 6627e8d5 e169c58d bc57ac4c 9b00dbd8.
  Rng zero(0);
  EXPECT_EQ(zero.bits(), 0xe169c58d6627e8d5u);
  EXPECT_EQ(zero.bits(), 0x9b00dbd8bc57ac4cu);
  // From an implementation of the paper's rounds in Python, which gives the published vectors too.
  Rng pi(0x299f31d0a4093822u);
  EXPECT_EQ(pi.bits(), 0xaddb136a0e847852u);
  EXPECT_EQ(pi.bits(), 0x7062ac6b59b5ba7au);
  EXPECT_EQ(pi.bits(), 0xa8e41926f9a58d27u);
  EXPECT_EQ(pi.bits(), 0xb3702f6bf1a18f40u);
}

TEST(Rng, StreamsDependOnTheirNameOnly) {
  Rng fresh(7), used(7);
  for (int i = 0; i < 11; ++i) used.normal();
  EXPECT_EQ(fresh.stream("folds", 3).bits(), used.stream("folds", 3).bits());
  const std::uint64_t first = fresh.stream("folds", 3).bits();
  EXPECT_NE(first, fresh.stream("folds", 4).bits());
  EXPECT_NE(first, fresh.stream("fold", 3).bits());
  EXPECT_NE(first, Rng(8).stream("folds", 3).bits());
  EXPECT_NE(first, fresh.bits());
}

TEST(Rng, StreamsAreUncorrelated) {
  double sum = 0;
  const Rng parent(1);
  constexpr int kStreams = 20000;
  for (int i = 0; i < kStreams; ++i) {
    sum += parent.stream("a", i).normal() * parent.stream("a", i + 1).normal();
  }
  EXPECT_NEAR(sum / kStreams, 0, 5 / std::sqrt(double{kStreams}));
}

TEST(Rng, UniformIsUniformAndNeverAnEnd) {
  Rng rng(1);
  double low = 1, high = 0;
  std::vector<double> cells(100);
  for (int i = 0; i < kDraws; ++i) {
    const double u = rng.uniform();
    low = std::min(low, u);
    high = std::max(high, u);
    cells[static_cast<std::size_t>(u * 100)] += 1;
  }
  EXPECT_GT(low, 0);
  EXPECT_LT(high, 1);
  double chi2 = 0;
  for (const double count : cells)
    chi2 += (count - kDraws / 100.0) * (count - kDraws / 100.0) / (kDraws / 100.0);
  EXPECT_LT(chi2, 99 + 5 * std::sqrt(2 * 99.0));
  EXPECT_GT(chi2, 99 - 5 * std::sqrt(2 * 99.0));
}

TEST(Rng, NormalHasTheQuantilesOfTheNormal) {
  Rng rng(2);
  expect_moments(moments([&] { return rng.normal(); }), 0, 1, 3);
  for (const double z : {-2.0, -1.0, 0.5, 1.96}) {
    const double p = 0.5 * std::erfc(-z / std::sqrt(2.0));
    int below = 0;
    for (int i = 0; i < kDraws; ++i) below += rng.normal() < z;
    EXPECT_NEAR(double(below) / kDraws, p, 5 * std::sqrt(p * (1 - p) / kDraws)) << z;
  }
}

TEST(Rng, ExponentialGammaAndBetaHaveTheirMoments) {
  Rng rng(3);
  expect_moments(moments([&] { return rng.exponential(); }), 1, 1, 9);
  for (const double shape : {0.3, 1.0, 2.0, 8.5}) {
    expect_moments(moments([&] { return rng.gamma(shape); }), shape, shape, 3 + 6 / shape);
  }
  for (const auto& [a, b] : {std::pair{1.2, 8.0}, {8.0, 2.0}, {0.5, 0.5}}) {
    const double sum = a + b;
    expect_moments(moments([&, a = a, b = b] { return rng.beta(a, b); }), a / sum,
                   a * b / (sum * sum * (sum + 1)), 6);
  }
}

TEST(Rng, BelowIsUnbiasedWhereTheBoundDoesNotDivide) {
  Rng rng(4);
  // Two thirds of 2^64: a modulo would give the lower half twice the weight of the upper.
  const std::uint64_t bound = 0xaaaaaaaaaaaaaaaau;
  int lower = 0;
  for (int i = 0; i < kDraws; ++i) {
    const std::uint64_t x = rng.below(bound);
    ASSERT_LT(x, bound);
    lower += x < bound / 2;
  }
  EXPECT_NEAR(double(lower) / kDraws, 0.5, 2.5 / std::sqrt(double{kDraws}));
  EXPECT_EQ(rng.below(1), 0u);
  EXPECT_THROW(rng.below(0), Error);
}

TEST(Rng, CategoricalFollowsItsWeights) {
  Rng rng(5);
  const std::vector<double> weights = {0, 2, 0, 1, 5, 0};
  std::vector<double> count(weights.size());
  for (int i = 0; i < kDraws; ++i) count[rng.categorical(weights)] += 1;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const double p = weights[i] / 8;
    EXPECT_NEAR(count[i] / kDraws, p, 5 * std::sqrt(p * (1 - p) / kDraws)) << i;
  }
  EXPECT_THROW(rng.categorical(std::vector<double>{0, 0}), Error);
  EXPECT_THROW(rng.categorical(std::vector<double>{1, -1}), Error);
}

}  // namespace
}  // namespace plumb
