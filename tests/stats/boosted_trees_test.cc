// Boosted trees against sums by hand: leaf values, the number of rounds, errors. One indicator, one split.
#include "stats/boosted_trees.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/data/small_logs.h"

namespace plumb::stats {
namespace {

// Rows of one column: an indicator that is set in some rows and left out of the others.
BoostRows rows_of(const std::vector<int>& set, const std::vector<float>& y, std::vector<float> weight = {}) {
  BoostRows out;
  out.x.columns = 1;
  for (const int one : set) {
    if (one) out.x.column.push_back(0), out.x.value.push_back(1);
    out.x.start.push_back(out.x.column.size());
  }
  out.y = y;
  out.weight = weight.empty() ? std::vector<float>(y.size(), 1) : std::move(weight);
  return out;
}

// What trees of one split predict where the indicator is set, and where it is not, by the formula of the
// header.
std::array<double, 2> by_hand(const BoostRows& rows, double start, BoostLoss loss, std::size_t rounds,
                              const BoostSettings& how) {
  const bool logistic = loss == BoostLoss::kLogistic;
  const double margin = logistic ? std::log(start / (1 - start)) : start;
  std::array<double, 2> m{margin, margin};
  const auto value = [&](double z) { return logistic ? 1 / (1 + std::exp(-z)) : z; };
  for (std::size_t round = 0; round < rounds; ++round) {
    std::array<double, 2> g{}, h{};
    for (std::size_t r = 0; r < rows.y.size(); ++r) {
      const std::size_t side = rows.x.start[r + 1] > rows.x.start[r];
      const double p = value(m[side]), w = rows.weight[r];
      g[side] += w * (p - rows.y[r]);
      h[side] += w * (logistic ? p * (1 - p) : 1);
    }
    for (std::size_t side = 0; side < 2; ++side) m[side] -= how.rate * g[side] / (h[side] + how.penalty);
  }
  return {value(m[0]), value(m[1])};
}

BoostSettings small_settings() {
  BoostSettings out;
  out.depth = 1;
  out.least_weight = .1;
  return out;
}

#define NEEDS_TREES() \
  if (!can_boost()) GTEST_SKIP() << "built without XGBoost"

TEST(BoostedTrees, HaveTheLeavesOfTheFormula) {
  NEEDS_TREES();
  const BoostSettings how = small_settings();
  const BoostRows numbers = rows_of({0, 1, 0, 1, 0}, {1, 10, 2, 12, 3.5f}, {1, 2, 1, 1, .5f}),
                  shares = rows_of({0, 1, 0, 1, 0, 1}, {0, 1, 0, 1, 1, 0}, {1, 2, 1, 1, .5f, 1});
  const SparseRows both = rows_of({0, 1}, {0, 0}).x;
  for (const std::size_t rounds : {0u, 1u, 2u, 25u}) {
    for (const auto& [rows, start, loss] :
         {std::tuple(&numbers, .75, BoostLoss::kSquared), std::tuple(&shares, .3, BoostLoss::kLogistic)}) {
      const BoostedTrees trees(*rows, start, loss, rounds, how);
      std::vector<float> predicted(2);
      trees.predict(both, predicted);
      const auto expected = by_hand(*rows, start, loss, rounds, how);
      for (std::size_t side = 0; side < 2; ++side)
        EXPECT_NEAR(predicted[side], expected[side], 2e-6 * (1 + std::abs(expected[side]))) << rounds;
    }
  }
  // -G / (H + 1) / 10 spelt out: set rows pull by 2 (10 - .75) + (12 - .75), on a weight of 3.
  std::vector<float> one(2);
  BoostedTrees(numbers, .75, BoostLoss::kSquared, 1, how).predict(both, one);
  EXPECT_NEAR(one[1], .75 + .1 * (2 * 9.25 + 11.25) / 4, 1e-6);
  EXPECT_NEAR(one[0], .75 + .1 * (.25 + 1.25 + .5 * 2.75) / 3.5, 1e-6);
}

TEST(BoostedTrees, SplitNoLeafBelowTheLeastWeight) {
  NEEDS_TREES();
  const BoostRows rows = rows_of({0, 1, 0, 1, 0}, {1, 10, 2, 12, 3});
  BoostSettings how = small_settings();
  how.least_weight = 2.5;  // two rows have the indicator
  std::vector<float> predicted(2);
  BoostedTrees(rows, 0, BoostLoss::kSquared, 3, how).predict(rows_of({0, 1}, {0, 0}).x, predicted);
  EXPECT_EQ(predicted[0], predicted[1]);
}

TEST(BoostedTrees, AreAsManyAsHeldOutRowsWant) {
  NEEDS_TREES();
  BoostSettings how = small_settings();
  const BoostRows fit = rows_of({1, 1, 1, 0, 0, 0}, {1, 1, 1, 0, 0, 0});
  const auto rounds_for = [&](float held_out) {
    return choose_rounds(fit, rows_of({1, 0}, {held_out, 0}), 0, BoostLoss::kSquared, how);
  };
  EXPECT_EQ(rounds_for(-1), 0u);  // every tree makes it worse
  std::size_t nearest = 0;        // the set rows go to 1 in steps of .075 of what is left
  for (std::size_t k = 1; k <= 40; ++k) {
    const auto distance = [&](std::size_t n) {
      return std::abs(by_hand(fit, 0, BoostLoss::kSquared, n, how)[1] - .55);
    };
    if (distance(k) < distance(nearest)) nearest = k;
  }
  ASSERT_GT(nearest, 5u);
  EXPECT_EQ(rounds_for(.55f), nearest);
  how.most_rounds = nearest - 3;
  EXPECT_EQ(rounds_for(.55f), nearest - 3);
  // Of a chance: where .8 came and .8 is held out, as far as it goes; where .5 is the start and the truth,
  // none.
  const BoostRows often = rows_of({1, 1, 1, 1, 1, 0, 0}, {1, 1, 1, 1, 0, 0, 1}),
                  even = rows_of({1, 1, 0, 0}, {0, 1, 0, 1});
  EXPECT_EQ(choose_rounds(often, often, .5, BoostLoss::kLogistic, how), how.most_rounds);
  EXPECT_EQ(choose_rounds(often, even, .5, BoostLoss::kLogistic, how), 0u);
}

TEST(BoostedTrees, TurnWhatTheLibraryRefusesIntoAnError) {
  NEEDS_TREES();
  BoostRows rows = rows_of({0, 1, 0, 1}, {0, 1, 0, 1});
  rows.x.value[0] = INFINITY;
  testing::internal::CaptureStderr();
  try {
    BoostedTrees(rows, 0, BoostLoss::kSquared, 1, small_settings());
    ADD_FAILURE() << "an infinite feature was taken";
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Code::kEnvironment);
    EXPECT_EQ(std::string(e.what()).rfind("XGBoost: ", 0), 0u) << e.what();
    EXPECT_EQ(std::string(e.what()).find('\n'), std::string::npos) << e.what();
  }
  BoostedTrees(rows_of({0, 1, 0, 1}, {0, 1, 0, 1}), 0, BoostLoss::kSquared, 1, small_settings());
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST(BoostedTrees, SayWhatToDoWhereTheBuildHasNone) {
  if (can_boost()) {
    refuse_without_trees("goal.toml:9", "policy.outcome_models");  // does not
    GTEST_SKIP() << "built with XGBoost";
  }
  EXPECT_EQ(refusal([] { refuse_without_trees("goal.toml:9", "policy.outcome_models"); }),
            "goal.toml:9: policy.outcome_models: found \"boosted\" in a build without XGBoost, expected "
            "\"linear\", or a build that found XGBoost (the package libxgboost-dev)");
}

}  // namespace
}  // namespace plumb::stats
