// Limits of few events against closed forms and exact tables.
#include "stats/event_limits.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace plumb {
namespace {

TEST(GammaLimits, OfNothingSeenEndWhereOneMoreEventWouldBeUnlikely) {
  const Interval i = gamma_limits({0, 0, 0.01}, 0.05);
  EXPECT_EQ(i.lower, 0);
  EXPECT_NEAR(i.upper, -0.01 * std::log(0.025), 1e-15);
}

// Garwood's exact limits of a Poisson mean, as tables have them (Ulm 1990): of 5 events 1.6235 and 11.6683.
TEST(GammaLimits, OfEqualWeightsAreExact) {
  const Interval i = gamma_limits({5, 5, 1}, 0.05);
  EXPECT_NEAR(i.lower, 1.6235, 1e-4);
  EXPECT_NEAR(i.upper, 11.6683, 1e-4);
  const Interval scaled = gamma_limits({5 * 0.3, 5 * 0.09, 0.3}, 0.05);
  EXPECT_NEAR(scaled.lower, 0.3 * i.lower, 1e-12);
  EXPECT_NEAR(scaled.upper, 0.3 * i.upper, 1e-12);
}

TEST(GammaLimits, HaveALevelAtAnyCriticalValue) {
  for (const double critical : {0.0, 1.0, 8.0, 37.0, 500.0}) {
    const Interval i = gamma_limits({3, 3, 1}, level_of_critical(critical));
    EXPECT_TRUE(std::isfinite(i.lower) && std::isfinite(i.upper)) << critical;
    EXPECT_LE(i.lower, 3) << critical;
    EXPECT_GE(i.upper, 3) << critical;
  }
}

// Quantiles of Student's t at .975: 2.2281 for 10 degrees, 12.7062 for one.
TEST(TCritical, IsTheTQuantileOfTheSameLevel) {
  const double z = normal_quantile(0.975);
  EXPECT_NEAR(t_critical(z, 10), 2.2281, 1e-4);
  EXPECT_NEAR(t_critical(z, 1), 12.7062, 1e-4);
  EXPECT_NEAR(t_critical(z, 1e9), z, 1e-12);
}

TEST(EffectiveDegrees, AreTheUnitsOfNormalContributionsAndFewWhereFewDecide) {
  // 1,000 contributions of kurtosis 3.
  EXPECT_NEAR(effective_degrees(1000, 1000, 3000), 1000, 1e-9);
  // One contribution alone: the kurtosis of 1,000 is 1,000.
  EXPECT_NEAR(effective_degrees(1000, 1, 1), 2000.0 / 999, 1e-12);
  EXPECT_EQ(effective_degrees(1000, 0, 0), 1);
}

// Quantiles of a Pareto distribution of index 1/a: Hill's estimate is a, up to its own error of a/sqrt(m).
TEST(TailIndex, IsThatOfAParetoDistribution) {
  for (const double a : {0.3, 0.7, 1.2}) {
    std::vector<double> values;
    constexpr int kValues = 10000;
    for (int k = 1; k <= kValues; ++k) values.push_back(std::pow(k / (kValues + 1.0), -a));
    EXPECT_NEAR(tail_index(values), a, a / std::sqrt(300.0));
  }
  std::vector<double> few(30, 1.0);
  EXPECT_EQ(tail_index(few), 0);
}

// Quantiles of a lognormal distribution have its sigma, however many there are.
TEST(LognormalSigma, IsThatOfALognormalDistribution) {
  for (const int n : {1000, 20000}) {
    for (const double sigma : {1.0, 2.0}) {
      std::vector<double> values;
      for (int k = 1; k <= n; ++k) values.push_back(std::exp(sigma * normal_quantile(k / (n + 1.0))));
      const double index = tail_index(values);
      EXPECT_NEAR(lognormal_sigma(index, values.size()), sigma, 0.05 * sigma) << n;
    }
  }
  EXPECT_EQ(lognormal_sigma(0, 1000), 0);
}

// Quantiles of a lognormal distribution go on as they were told to: one of n values lies beyond with
// probability 1/100, so that the size is its quantile at 1 - 1/(100 n). One value more, however large, hardly
// moves it.
TEST(OutlyingSize, IsTheLognormalQuantileAndHeedsNoOneValue) {
  for (const int n : {200, 1000, 20000}) {
    std::vector<double> values;
    for (int k = 1; k <= n; ++k) values.push_back(std::exp(normal_quantile((k - 0.5) / n)));
    std::vector<double> copy = values;
    const double size = outlying_size(copy);
    EXPECT_NEAR(std::log(size), normal_quantile(1 - 0.01 / n), 0.1) << n;
    values.back() = 1e12;
    EXPECT_EQ(outlying_size(values), size);
  }
  std::vector<double> few(29, 1.0), equal(500, 1.0);
  EXPECT_EQ(outlying_size(few), INFINITY);
  EXPECT_GT(outlying_size(equal), 1);
}

// At most 3 in 100 samples of any size: 600 of each hold at most 33 (99.9 % of a rate of .03).
TEST(OutlyingSize, IsSeldomReachedByLognormalValues) {
  for (const std::size_t n : {50, 100, 200, 500, 2000}) {
    int beyond = 0;
    for (std::uint64_t seed = 1; seed <= 600; ++seed) {
      Rng rng(seed);
      std::vector<double> values(n);
      for (double& v : values) v = std::exp(rng.normal());
      const double most = *std::max_element(values.begin(), values.end());
      beyond += most > outlying_size(values);
    }
    EXPECT_LE(beyond, 33) << n;
  }
}

}  // namespace
}  // namespace plumb
