#include <gtest/gtest.h>

#include <cmath>

#include "plumb/agreement.h"

namespace plumb {
namespace {

TEST(Correlation, HasTheClosedFormOfSmallExamples) {
  const std::vector<double> x = {1, 2, 3, 4}, y = {2, 1, 40, 40};
  const Correlation c = correlate(x, y, {}, Rng(1));
  EXPECT_TRUE(c.known);
  // Deviations -1.5 .. 1.5 against -18.75, -19.75, 19.25, 19.25: 76.5 / sqrt(5 * 1482.75).
  EXPECT_NEAR(c.pearson, 76.5 / std::sqrt(5 * 1482.75), 1e-12);
  // Ranks 1, 0, 2.5, 2.5 against 0 .. 3: 3.5 / sqrt(5 * 4.5).
  EXPECT_NEAR(c.spearman, 3.5 / std::sqrt(5 * 4.5), 1e-12);
}

TEST(Correlation, IntervalCoversTheTruth) {
  int covered = 0;
  const int worlds = 200;
  for (std::uint64_t seed = 0; seed < worlds; ++seed) {
    Rng rng = Rng(seed).stream("world");
    std::vector<double> x(150), y(150);
    for (std::size_t i = 0; i < 150; ++i) x[i] = rng.normal(), y[i] = .6 * x[i] + .8 * rng.normal();
    const Correlation c = correlate(x, y, {.replicates = 300}, Rng(seed));
    covered += c.pearson_interval.lower < .6 && .6 < c.pearson_interval.upper;
  }
  EXPECT_NEAR(covered / static_cast<double>(worlds), .95, 3 * std::sqrt(.95 * .05 / worlds));
}

TEST(Correlation, IsNotKnownOfConstantsOrTwoUnits) {
  const std::vector<double> x = {1, 2, 3}, same = {4, 4, 4};
  EXPECT_FALSE(correlate(x, same, {}, Rng(1)).known);
  EXPECT_FALSE(correlate({x.data(), 2}, {same.data(), 2}, {}, Rng(1)).known);
  const std::vector<double> bad = {1, 2, std::nan("")};
  EXPECT_THROW(correlate(x, bad, {}, Rng(1)), Error);
}

TEST(Correlation, HasTheSameBytesForAnyNumberOfThreads) {
  Rng rng(1);
  std::vector<double> x(50), y(50);
  for (std::size_t i = 0; i < 50; ++i) x[i] = rng.normal(), y[i] = x[i] + rng.normal();
  const Correlation one = correlate(x, y, {.replicates = 100}, Rng(2)),
                    many = correlate(x, y, {.replicates = 100, .threads = 3}, Rng(2));
  EXPECT_EQ(one.spearman_interval.lower, many.spearman_interval.lower);
  EXPECT_EQ(one.pearson_interval.upper, many.pearson_interval.upper);
}

}  // namespace
}  // namespace plumb
