// Krippendorff's alpha against published examples and against the definition by all pairs of values.
#include "plumb/agreement.h"

#include <gtest/gtest.h>

#include <cmath>

namespace plumb {
namespace {

const double kMissing = std::nan("");

Matrix table_of(const std::vector<std::vector<double>>& raters) {  // a row a rater, as the examples are printed
  Matrix out(raters[0].size(), raters.size());
  for (std::size_t r = 0; r < raters.size(); ++r)
    for (std::size_t u = 0; u < raters[r].size(); ++u) out(u, r) = raters[r][u];
  return out;
}

// The example of 3 raters and 15 units.
Matrix three_by_fifteen() {
  const double m = kMissing;
  return table_of({{m, m, m, m, m, 3, 4, 1, 2, 1, 1, 3, 3, m, 3},
                   {1, m, 2, 1, 3, 3, 4, 3, m, m, m, m, m, m, m},
                   {m, m, 2, 1, 3, 4, 4, m, 2, 1, 1, 3, 3, m, 4}});
}

// Hayes, Krippendorff 2007: 4 observers, 12 units.
Matrix four_by_twelve() {
  const double m = kMissing;
  return table_of({{1, 2, 3, 3, 2, 1, 4, 1, 2, m, m, m},
                   {1, 2, 3, 3, 2, 2, 4, 1, 2, 5, m, 3},
                   {m, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, m},
                   {1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, m}});
}

double alpha_of(const Matrix& table, Scale scale) {
  return krippendorff_alpha(rated_units(table.view()), scale, {.replicates = 0}, Rng(1)).alpha;
}

TEST(KrippendorffAlpha, EqualsThePublishedExamples) {
  EXPECT_NEAR(alpha_of(three_by_fifteen(), Scale::kNominal), .691358, 5e-7);
  EXPECT_NEAR(alpha_of(three_by_fifteen(), Scale::kInterval), .810845, 5e-7);
  EXPECT_NEAR(alpha_of(four_by_twelve(), Scale::kNominal), .743, 5e-4);
  EXPECT_NEAR(alpha_of(four_by_twelve(), Scale::kOrdinal), .815, 5e-4);
}

// The definition, pair by pair of values.
double by_definition(const RatedUnits& units, Scale scale) {
  std::vector<double> all;
  for (std::size_t u = 0; u < units.size(); ++u)
    if (units.offset[u + 1] - units.offset[u] > 1)
      for (std::uint64_t k = units.offset[u]; k < units.offset[u + 1]; ++k) all.push_back(units.value[k]);
  const auto delta = [&](double a, double b) -> double {
    if (a == b) return 0;
    if (scale == Scale::kNominal) return 1;
    if (scale == Scale::kInterval) return (a - b) * (a - b);
    double between = 0;  // values from a to b, those of the ends for half
    for (const double x : all)
      if (x >= std::min(a, b) && x <= std::max(a, b)) between += x == a || x == b ? 0.5 : 1;
    return between * between;
  };
  const double n = static_cast<double>(all.size());
  double observed = 0, expected = 0;
  for (std::size_t u = 0; u < units.size(); ++u) {
    const std::uint64_t from = units.offset[u], to = units.offset[u + 1];
    if (to - from < 2) continue;
    for (std::uint64_t i = from; i < to; ++i)
      for (std::uint64_t j = from; j < to; ++j)
        if (i != j) observed += delta(units.value[i], units.value[j]) / static_cast<double>(to - from - 1);
  }
  for (std::size_t i = 0; i < all.size(); ++i)
    for (std::size_t j = 0; j < all.size(); ++j) expected += i == j ? 0 : delta(all[i], all[j]);
  return 1 - (observed / n) / (expected / (n * (n - 1)));
}

RatedUnits random_units(std::uint64_t seed, std::size_t units) {
  Rng rng = Rng(seed).stream("units");
  RatedUnits out;
  for (std::size_t u = 0; u < units; ++u) {
    const double truth = static_cast<double>(rng.below(5));
    std::vector<double> values(rng.below(6));
    for (double& x : values) x = rng.uniform() < 0.6 ? truth : 1000.5 + static_cast<double>(rng.below(5));
    out.add(values);
  }
  return out;
}

TEST(KrippendorffAlpha, EqualsTheDefinitionPairByPair) {
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    const RatedUnits units = random_units(seed, 40);
    for (const Scale scale : {Scale::kNominal, Scale::kOrdinal, Scale::kInterval})
      EXPECT_NEAR(krippendorff_alpha(units, scale, {.replicates = 0}, Rng(1)).alpha,
                  by_definition(units, scale), 1e-11);
  }
}

TEST(KrippendorffAlpha, IsOneForPerfectAndNegativeForSystematicDisagreement) {
  RatedUnits same, opposite;
  for (int u = 0; u < 6; ++u) {
    same.add(std::vector<double>{1.0 * u, 1.0 * u});
    opposite.add(std::vector<double>{0, 1});
  }
  EXPECT_EQ(krippendorff_alpha(same, Scale::kInterval, {}, Rng(1)).alpha, 1);
  // Each unit disagrees, a chance pair in 6 of 11 cases.
  EXPECT_NEAR(krippendorff_alpha(opposite, Scale::kNominal, {}, Rng(1)).alpha, 1 - 11.0 / 6, 1e-12);
}

TEST(KrippendorffAlpha, SaysWhereItIsNotDefined) {
  RatedUnits lonely, constant;
  for (int u = 0; u < 5; ++u) lonely.add(std::vector<double>{1.0 * u}), constant.add(std::vector<double>{3, 3});
  const Agreement once = krippendorff_alpha(lonely, Scale::kNominal, {}, Rng(1));
  EXPECT_FALSE(once.known);
  EXPECT_NE(once.why.find("judged twice"), std::string::npos);
  const Agreement same = krippendorff_alpha(constant, Scale::kNominal, {}, Rng(1));
  EXPECT_FALSE(same.known);
  EXPECT_NE(same.why.find("all values are the same"), std::string::npos);
  constant.add(std::vector<double>{3, 4});  // most resamples of the units are constant now
  const Agreement rare = krippendorff_alpha(constant, Scale::kNominal, {}, Rng(1));
  EXPECT_TRUE(rare.known);
  EXPECT_FALSE(rare.interval_known);
}

// Raters hit the truth (five equal classes) with probability .7, else say any other: two agree with probability
// .49 + .09/4, chance .2, so alpha is (.5125 - .2) / .8 in the long run.
TEST(KrippendorffAlpha, IntervalCoversTheTruth) {
  const double truth = (.49 + .09 / 4 - .2) / .8;
  int covered = 0;
  const int worlds = 300;
  for (std::uint64_t seed = 0; seed < worlds; ++seed) {
    Rng rng = Rng(seed).stream("world");
    RatedUnits units;
    for (int u = 0; u < 200; ++u) {
      const std::uint64_t klass = rng.below(5);
      std::vector<double> values(2 + rng.below(3));
      for (double& x : values)
        x = static_cast<double>(rng.uniform() < .7 ? klass : (klass + 1 + rng.below(4)) % 5);
      units.add(values);
    }
    const Agreement a =
        krippendorff_alpha(units, Scale::kNominal, {.replicates = 400}, Rng(seed).stream("alpha"));
    ASSERT_TRUE(a.interval_known);
    covered += a.interval.lower < truth && truth < a.interval.upper;
  }
  EXPECT_NEAR(covered / static_cast<double>(worlds), .95, 3 * std::sqrt(.95 * .05 / worlds));
}

TEST(KrippendorffAlpha, HasTheSameBytesForAnyNumberOfThreads) {
  const RatedUnits units = random_units(3, 150);
  const Agreement one = krippendorff_alpha(units, Scale::kOrdinal, {.replicates = 200}, Rng(4));
  for (const int threads : {2, 5}) {
    const Agreement many =
        krippendorff_alpha(units, Scale::kOrdinal, {.replicates = 200, .threads = threads}, Rng(4));
    EXPECT_EQ(one.interval.lower, many.interval.lower);
    EXPECT_EQ(one.interval.upper, many.interval.upper);
  }
}

TEST(KrippendorffAlpha, WhatCannotBeUsedIsRefused) {
  RatedUnits units;
  units.add(std::vector<double>{1, kMissing});
  EXPECT_THROW(krippendorff_alpha(units, Scale::kNominal, {}, Rng(1)), Error);
  units.value[1] = 2;
  EXPECT_THROW(krippendorff_alpha(units, Scale::kNominal, {.level = 1}, Rng(1)), Error);
  EXPECT_THROW(krippendorff_alpha(units, Scale::kNominal, {.replicates = -1}, Rng(1)), Error);
}

}  // namespace
}  // namespace plumb
