#include <gtest/gtest.h>

#include <cmath>

#include "plumb/stats.h"

namespace plumb {
namespace {

// Two columns over the first `n` buckets, one unit a bucket: x and y as given.
Moments moments_of(const std::vector<double>& x, const std::vector<double>& y) {
  Moments m;
  const std::size_t sx = m.add_sums(), sy = m.add_sums(), count = m.add_sums();
  m.add_column(sx, count);
  m.add_column(sy, count);
  for (std::size_t i = 0; i < x.size(); ++i) {
    m.sums(sx)[i] += x[i];
    m.sums(sy)[i] += y[i];
    m.sums(count)[i] += 1;
  }
  return m;
}

TEST(Moments, GiveTheMeanAndItsStandardErrorOfIndependentUnits) {
  const std::vector<double> x = {1, 2, 4, 9}, y = {0, 1, 1, 2};
  const Contrast mean{"mean", {{0, 1.0}}}, difference{"difference", {{0, 1.0}, {1, -1.0}}};
  const Contrast both[] = {mean, difference};
  const Estimates e = estimate(moments_of(x, y), both);
  EXPECT_DOUBLE_EQ(e.value[0], 4);
  // Sample variance 38/3 over n = 4.
  EXPECT_NEAR(e.standard_error[0], std::sqrt(38.0 / 3 / 4), 1e-12);
  EXPECT_DOUBLE_EQ(e.value[1], 3);
  // Differences 1, 1, 3, 7: sample variance 24/3.
  EXPECT_NEAR(e.standard_error[1], std::sqrt(24.0 / 3 / 4), 1e-12);
}

TEST(Moments, RatiosHaveTheDeltaMethodsStandardError) {
  Moments m;
  const std::size_t top = m.add_sums(), bottom = m.add_sums();
  m.add_column(top, bottom);
  const double t[] = {2, 3, 1}, b[] = {1, 2, 1};
  for (std::size_t i = 0; i < 3; ++i) {
    m.sums(top)[i] = t[i];
    m.sums(bottom)[i] = b[i];
  }
  const Contrast c{"ratio", {{0, 1.0}}};
  const Estimates e = estimate(m, {&c, 1});
  EXPECT_DOUBLE_EQ(e.value[0], 1.5);
  // Influences (t - 1.5 b)/4: .125, 0, -.125; times 3/2.
  EXPECT_NEAR(e.standard_error[0], std::sqrt(2 * 0.125 * 0.125 * 1.5), 1e-12);
}

TEST(Moments, MergingEqualsAddingAtOnce) {
  Moments a = moments_of({1, 2}, {3, 4}), b = moments_of({5, 6}, {7, 8});
  a.merge(b);
  EXPECT_DOUBLE_EQ(a.numerator(0)[0], 6);
  EXPECT_DOUBLE_EQ(a.numerator(1)[1], 12);
  Moments other;
  other.add_sums();
  EXPECT_THROW(a.merge(other), Error);
}

TEST(MaxT, OfOneContrastIsTheNormalQuantile) {
  const Contrast c{"one", {{0, 1.0}}};
  const Estimates e = estimate(moments_of({1, 2, 4, 9}, {0, 0, 0, 0}), {&c, 1});
  EXPECT_NEAR(max_t_distribution(e, Rng(1), 1).critical(0.05), 1.959963984540054, 1e-9);
}

TEST(MaxT, OfIndependentContrastsIsSidaks) {
  // Five independent normal columns over all buckets: the critical value is the quantile at (1 + .95^(1/5))/2.
  Moments m;
  const std::size_t count = m.add_sums();
  std::vector<Contrast> contrasts;
  for (int k = 0; k < 5; ++k) {
    const std::size_t s = m.add_sums();
    Rng rng = Rng(3).stream("column", k);
    for (double& x : m.sums(s)) x = rng.normal();
    contrasts.push_back({"c", {{m.add_column(s, count), 1.0}}});
  }
  for (double& x : m.sums(count)) x = 1;
  const double sidak = normal_quantile(0.5 + 0.5 * std::pow(0.95, 0.2));
  const double critical = max_t_distribution(estimate(m, contrasts), Rng(1), 2).critical(0.05);
  // Simulation error of a 95 % quantile from 8,192 draws: sqrt(.05 .95 / 8192) / density, about .02; four of
  // them.
  EXPECT_NEAR(critical, sidak, 0.08);
}

TEST(MaxT, DoesNotDependOnThreads) {
  const Contrast both[] = {{"a", {{0, 1.0}}}, {"b", {{1, 1.0}}}};
  const Estimates e = estimate(moments_of({1, 2, 4, 9, 3}, {5, 1, 1, 2, 0}), both);
  EXPECT_EQ(max_t_distribution(e, Rng(1), 1).sorted, max_t_distribution(e, Rng(1), 7).sorted);
}

TEST(MaxT, CombinationsEqualContrastsOfColumns) {
  const Moments m = moments_of({1, 2, 4, 9, 3}, {5, 1, 1, 2, 0});
  const Contrast direct{"d", {{0, 1.0}, {1, -1.0}}};
  const Contrast parts[] = {{"a", {{0, 1.0}}}, {"b", {{1, 1.0}}}};
  const Estimates one = estimate(m, {&direct, 1}), combined = combine(estimate(m, parts), {&direct, 1});
  EXPECT_NEAR(one.value[0], combined.value[0], 1e-12);
  EXPECT_NEAR(one.standard_error[0], combined.standard_error[0], 1e-12);
}

TEST(Intervals, HallLeansTowardsTheLongTailAndIsNormalWithoutSkew) {
  const Interval plain = hall_interval(1, 0.1, 0, 1.96, 0.95);
  EXPECT_NEAR(plain.lower, 0.804, 1e-12);
  const Interval skewed = hall_interval(1, 0.1, 0.3, 1.96, 0.95);
  EXPECT_GT(skewed.upper - 1, 1 - skewed.lower);
  // Its end is the root of Hall's cubic: g(T) = z at T = (value - lower)/se.
  const double t = (1 - skewed.lower) / 0.1, s = 0.3;
  EXPECT_NEAR(t + s / 3 * t * t + s * s / 27 * t * t * t + s / 6, 1.96, 1e-9);
}

TEST(Holm, RejectsStepByStep) {
  const std::vector<double> p = {0.01, 0.04, 0.03, 0.005};
  EXPECT_EQ(holm(p, 0.05), (std::vector<bool>{true, false, false, true}));
}

TEST(DecisionsNeeded, GrowWithTheSquareOfTheWidth) {
  EXPECT_EQ(decisions_needed(1000, 2, 1), 3000u);
  EXPECT_EQ(decisions_needed(1000, 1, 2), 0u);
  EXPECT_EQ(decisions_needed(1000, 1, 0), 1000000000000u);
}

}  // namespace
}  // namespace plumb
