// Alpha's interval over new people and new units: against the closed form for panels of known spreads.
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "plumb/agreement.h"

namespace plumb {
namespace {

struct Panel {
  RatedUnits units;
  std::vector<std::uint64_t> person;
};

double yes_share(double item, double person) { return 1 / (1 + std::exp(-item - person)); }

// Everybody judges every unit; log-odds of a yes are the unit's plus the person's, normal of these spreads.
Panel panel(std::size_t people, std::size_t items, double item_sd, double people_sd, Rng rng) {
  std::vector<double> own(people);
  for (double& o : own) o = people_sd * rng.normal();
  Panel out;
  std::vector<double> values(people);
  for (std::size_t i = 0; i < items; ++i) {
    const double liked = item_sd * rng.normal();
    for (std::size_t p = 0; p < people; ++p) {
      values[p] = rng.bernoulli(yes_share(liked, own[p]));
      out.person.push_back(p);
    }
    out.units.add(values);
  }
  return out;
}

// Two people on a unit differ in 2 (p - E f^2) of cases, f a unit's share over people; any two values in 2 p (1
// - p): alpha = Var f / (p (1 - p)), and p is .5. By the trapezoid over normals.
double true_alpha(double item_sd, double people_sd) {
  double total = 0, square = 0;
  for (int a = -48; a <= 48; ++a) {
    double share = 0, weights = 0;
    for (int b = -48; b <= 48; ++b) {
      const double w = std::exp(-.5 * b * b / 64.0);
      share += w * yes_share(item_sd * a / 8.0, people_sd * b / 8.0);
      weights += w;
    }
    const double w = std::exp(-.5 * a * a / 64.0), f = share / weights - .5;
    square += w * f * f;
    total += w;
  }
  return square / total / .25;
}

TEST(CrossedAlpha, IsKrippendorffsAlphaOnEveryScale) {
  Rng rng = Rng(5).stream("values");
  Panel p;
  for (std::size_t u = 0; u < 40; ++u) {
    std::vector<double> values;
    for (std::uint64_t k = 1 + rng.below(6); k > 0; --k) {
      values.push_back(static_cast<double>(rng.below(4) + u % 3));
      p.person.push_back(rng.below(15));
    }
    p.units.add(values);
  }
  for (const Scale scale : {Scale::kNominal, Scale::kOrdinal, Scale::kInterval}) {
    const Agreement crossed = crossed_alpha(p.units, p.person, scale, .95);
    EXPECT_DOUBLE_EQ(crossed.alpha, krippendorff_alpha(p.units, scale, {.95, 0, 1}, Rng(1)).alpha);
    ASSERT_TRUE(crossed.interval_known);
    EXPECT_LT(crossed.interval.lower, crossed.alpha);
    EXPECT_GT(crossed.interval.upper, crossed.alpha);
  }
}

TEST(CrossedAlpha, CoversTheAlphaOfNewPeopleAndNewUnits) {
  // Binomial error of 1,000 rounds at .95: .0069. Units alone take the people for fixed.
  constexpr int kRounds = 1000;
  for (const double people_sd : {0., 1.}) {
    const double truth = true_alpha(1.5, people_sd);
    int missed = 0;
    for (int round = 0; round < kRounds; ++round) {
      const Panel p = panel(20, 40, 1.5, people_sd, Rng(7).stream("round", static_cast<std::uint64_t>(round)));
      const Agreement a = crossed_alpha(p.units, p.person, Scale::kNominal, .95);
      missed += !a.interval_known || a.interval.lower > truth || a.interval.upper < truth;
    }
    EXPECT_LE(missed, 73) << people_sd;  // exceeded with .001 at 5 %
    EXPECT_GE(missed, 5) << people_sd;   // not wide without need
  }
}

TEST(CrossedAlpha, HasNoIntervalFromFewPeopleOrFewUnits) {
  const Panel people = panel(9, 30, 1, 0, Rng(1)), items = panel(30, 9, 1, 0, Rng(1));
  EXPECT_FALSE(crossed_alpha(people.units, people.person, Scale::kNominal, .95).interval_known);
  EXPECT_TRUE(crossed_alpha(people.units, {}, Scale::kNominal, .95).interval_known);
  EXPECT_FALSE(crossed_alpha(items.units, items.person, Scale::kNominal, .95).interval_known);
}

}  // namespace
}  // namespace plumb
