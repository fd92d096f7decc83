// Uncertainty of scores: draws against the exact posterior, diagonal against full, bootstrap against the
// truth's spread, and the rules that turn members into one number.
#include "plumb/ensemble.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/reward/made_preferences.h"

namespace plumb {
namespace {

// (H)^-1 for three standardized numbers, by Gauss and Jordan; H as the header defines it.
std::vector<std::vector<double>> exact_covariance(const NumberWorld& world, const TextReward& model,
                                                  std::array<double, 3>* deviation) {
  const std::size_t n = world.rows.rows();
  const auto x = [&](std::size_t i, std::size_t c) { return static_cast<double>(world.rows.value[3 * i + c]); };
  std::array<double, 3> mean{};
  *deviation = {};
  for (std::size_t c = 0; c < 3; ++c) {
    for (std::size_t i = 0; i < n; ++i) mean[c] += x(i, c) / static_cast<double>(n);
    for (std::size_t i = 0; i < n; ++i) {
      (*deviation)[c] += (x(i, c) - mean[c]) * (x(i, c) - mean[c]) / static_cast<double>(n);
    }
    (*deviation)[c] = std::sqrt((*deviation)[c]);
  }
  std::vector<std::vector<double>> h(3, std::vector<double>(6, 0.0));
  for (std::size_t c = 0; c < 3; ++c) {
    h[c][c] = model.penalty;
    h[c][3 + c] = 1;
  }
  for (std::size_t k = 0; k < world.judged.first.size(); ++k) {
    std::array<double, 3> d{};
    double margin = 0;
    for (std::size_t c = 0; c < 3; ++c) {
      const double difference = x(world.judged.first[k], c) - x(world.judged.second[k], c);
      d[c] = difference / (*deviation)[c];
      margin += difference * static_cast<double>(model.weight[16 + c]);
    }
    const double p = sigmoid(margin);
    for (std::size_t a = 0; a < 3; ++a) {
      for (std::size_t b = 0; b < 3; ++b) h[a][b] += p * (1 - p) * d[a] * d[b];
    }
  }
  for (std::size_t c = 0; c < 3; ++c) {
    const double pivot = h[c][c];
    for (double& v : h[c]) v /= pivot;
    for (std::size_t r = 0; r < 3; ++r) {
      if (r == c) continue;
      const double f = h[r][c];
      for (std::size_t k = 0; k < 6; ++k) h[r][k] -= f * h[c][k];
    }
  }
  std::vector<std::vector<double>> out;
  for (const auto& row : h) out.emplace_back(row.begin() + 3, row.end());
  return out;
}

TextRewardOptions options_of(const NumberWorld& world, double penalty) {
  TextRewardOptions out;
  out.features = world.rows.features;
  out.penalties = {penalty};
  return out;
}

TEST(Laplace, DrawsHaveTheExactCovariance) {
  const NumberWorld world = number_world({1.0, -0.5, 0.2}, 30, 60, 1);
  const TextRewardOptions options = options_of(world, 0.02);
  const TextReward fit = fit_text_reward(world.rows, world.judged, options, 1);
  std::array<double, 3> deviation{};
  const auto covariance = exact_covariance(world, fit, &deviation);
  constexpr std::size_t kDraws = 256, kRuns = 8;  // 2,048 draws in all
  std::array<double, 3> mean{};
  std::array<std::array<double, 3>, 3> found{};
  for (std::size_t run = 0; run < kRuns; ++run) {
    const TextReward draws = laplace_members(world.rows, world.judged, options, kDraws, Rng(100 + run), 2);
    for (std::size_t m = 0; m < kDraws; ++m) {
      std::array<double, 3> off{};
      for (std::size_t c = 0; c < 3; ++c) {
        off[c] = static_cast<double>(draws.weight[(16 + c) * kDraws + m] - fit.weight[16 + c]) * deviation[c];
        mean[c] += off[c];
      }
      for (std::size_t a = 0; a < 3; ++a) {
        for (std::size_t b = 0; b < 3; ++b) found[a][b] += off[a] * off[b];
      }
    }
  }
  const double n = kDraws * kRuns;
  for (std::size_t a = 0; a < 3; ++a) {
    EXPECT_LT(std::abs(mean[a] / n), 4 * std::sqrt(covariance[a][a] / n));
    for (std::size_t b = 0; b < 3; ++b) {
      // Variance of a sample covariance of normals: (s_ab^2 + s_aa s_bb) / n.
      const double error =
          std::sqrt((covariance[a][b] * covariance[a][b] + covariance[a][a] * covariance[b][b]) / n);
      EXPECT_NEAR(found[a][b] / n, covariance[a][b], 4 * error) << a << b;
    }
  }
}

TEST(Laplace, DiagonalIsExactForOneColumnAndNamesTheMean) {
  const NumberWorld world = number_world({0.8}, 50, 200, 2);
  const TextReward fit = fit_text_reward(world.rows, world.judged, options_of(world, 1e-3), 1);
  double mean = 0, spread = 0, information = fit.penalty;
  for (const float v : world.rows.value) mean += static_cast<double>(v) / 50;
  for (const float v : world.rows.value)
    spread += (static_cast<double>(v) - mean) * (static_cast<double>(v) - mean) / 50;
  information *= spread;  // the penalty is on the standardized column's weight
  for (std::size_t k = 0; k < 200; ++k) {
    const double d =
        static_cast<double>(world.rows.value[world.judged.first[k]] - world.rows.value[world.judged.second[k]]);
    const double p = sigmoid(d * static_cast<double>(fit.weight[16]));
    information += p * (1 - p) * d * d;
  }
  const RewardScores s = score(fit, world.rows, 1);
  for (std::size_t i = 0; i < 50; ++i) {
    const double x = static_cast<double>(world.rows.value[i]);
    EXPECT_NEAR(s.mean[i], (x - mean) * static_cast<double>(fit.weight[16]), 1e-5);
    EXPECT_NEAR(s.standard_error[i], std::abs(x - mean) / std::sqrt(information), 1e-4);
  }
  const std::uint32_t first[] = {3, 4}, second[] = {7, 4};
  const RewardDifferences d = score_differences(fit, world.rows, first, second);
  EXPECT_NEAR(d.mean[0], s.mean[3] - s.mean[7], 1e-9);
  EXPECT_NEAR(d.standard_error[0],
              std::abs(static_cast<double>(world.rows.value[3] - world.rows.value[7])) / std::sqrt(information),
              1e-4);
  EXPECT_EQ(d.mean[1], 0);
  EXPECT_EQ(d.standard_error[1], 0);
}

// Bootstrap over groups: its standard error of a coefficient is that of the estimate over fresh worlds.
TEST(Bootstrap, SpreadIsThatOfFreshJudgements) {
  constexpr int kWorlds = 60;
  double sum = 0, squares = 0, bootstrap = 0;
  const std::uint32_t first[] = {0}, second[] = {1};
  NumberWorld probe = number_world({1.0, -0.5}, 2, 0, 999);
  for (int k = 0; k < kWorlds; ++k) {
    const NumberWorld world = number_world({1.0, -0.5}, 200, 600, 1000 + static_cast<std::uint64_t>(k));
    const TextRewardOptions options = options_of(world, 1e-4);
    const double d =
        score_differences(fit_text_reward(world.rows, world.judged, options, 1), probe.rows, first, second)
            .mean[0];
    sum += d;
    squares += d * d;
    const TextReward members = bootstrap_members(world.rows, world.judged, options, 24, Rng(5), 2);
    const double error = score_differences(members, probe.rows, first, second).standard_error[0];
    bootstrap += error * error / kWorlds;
  }
  const double variance = (squares - sum * sum / kWorlds) / (kWorlds - 1);
  // A variance of 60 worlds has a relative error of sqrt(2 / 59) = .18; the bootstrap of 20 groups leans low by
  // 1/20.
  EXPECT_NEAR(std::sqrt(bootstrap / variance), 1, 3 * 0.18 / 2 + 0.05);
}

TEST(Bootstrap, TheFirstFiveOfEightMembersAreThoseOfFive) {
  const TextWorld world = text_world(80, 300, 0.5, true, 3);
  TextRewardOptions options;
  options.penalties = {1e-2};
  const ItemRows rows = text_rows(world.texts, options.features, 1);
  const TextReward five = bootstrap_members(rows, world.judged, options, 5, Rng(1), 1);
  const TextReward eight = bootstrap_members(rows, world.judged, options, 8, Rng(1), 4);
  bool differ = false;
  for (std::size_t c = 0; c < five.columns(); ++c) {
    for (std::size_t m = 0; m < 5; ++m) ASSERT_EQ(five.weight[c * 5 + m], eight.weight[c * 8 + m]);
    differ |= five.weight[c * 5] != five.weight[c * 5 + 1];
  }
  EXPECT_TRUE(differ);
  EXPECT_EQ(reward_bytes(five), reward_bytes(bootstrap_members(rows, world.judged, options, 5, Rng(1), 3)));
}

TEST(Ensemble, RulesAreTheirDefinitions) {
  RewardScores s;
  s.members = Matrix(2, 3);
  s.members.data = {1, 2, 6, -1, -1, -1};
  s.mean = {3, -1};
  s.standard_error = {std::sqrt(7.0), 0};
  EXPECT_EQ(combine_members(s, MemberRule::kMean), (std::vector<double>{3, -1}));
  EXPECT_EQ(combine_members(s, MemberRule::kWorstCase), (std::vector<double>{1, -1}));
  const std::vector<double> weighted = combine_members(s, MemberRule::kUncertaintyWeighted, 0.5);
  EXPECT_NEAR(weighted[0], 3 - 0.5 * 7, 1e-12);
  EXPECT_EQ(weighted[1], -1);
  EXPECT_THROW(combine_members(s, MemberRule::kMean, -1), Error);
}

TEST(Ensemble, MeanAndErrorAreThoseOfTheMembersAndTheAverageScoresTheMean) {
  const TextWorld world = text_world(80, 300, 0.5, true, 4);
  TextRewardOptions options;
  options.penalties = {1e-2};
  const ItemRows rows = text_rows(world.texts, options.features, 1);
  const TextReward five = bootstrap_members(rows, world.judged, options, 5, Rng(1), 2);
  const RewardScores s = score(five, rows, 1), averaged = score(average_weights(five), rows, 1);
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    double mean = 0, squares = 0;
    for (std::size_t m = 0; m < 5; ++m) mean += s.members(i, m) / 5;
    for (std::size_t m = 0; m < 5; ++m) squares += (s.members(i, m) - mean) * (s.members(i, m) - mean) / 4;
    EXPECT_NEAR(s.mean[i], mean, 1e-12);
    EXPECT_NEAR(s.standard_error[i], std::sqrt(squares), 1e-9);
    EXPECT_NEAR(averaged.mean[i], mean, 1e-4);
  }
  EXPECT_TRUE(averaged.standard_error.empty());
  EXPECT_THROW(combine_members(averaged, MemberRule::kUncertaintyWeighted), Error);
  // Members are centred on the same rows.
  for (std::size_t m = 0; m < 5; ++m) {
    double sum = 0;
    for (std::size_t i = 0; i < rows.rows(); ++i) sum += s.members(i, m);
    EXPECT_NEAR(sum / static_cast<double>(rows.rows()), 0, 1e-4);
  }
}

TEST(Ensemble, AveragesModelsFittedApartAndRefusesStrangers) {
  const NumberWorld a = number_world({1.0}, 50, 200, 5), b = number_world({1.0}, 50, 200, 6);
  const TextReward one = fit_text_reward(a.rows, a.judged, options_of(a, 1e-3), 1);
  const TextReward two = fit_text_reward(b.rows, b.judged, options_of(b, 1e-3), 1);
  const TextReward both[] = {one, two};
  EXPECT_NEAR(static_cast<double>(average_weights(both).weight[16]),
              static_cast<double>(one.weight[16] + two.weight[16]) / 2, 1e-6);
  TextReward other = two;
  other.numbers = {"else"};
  const TextReward strangers[] = {one, other};
  EXPECT_THROW(average_weights(strangers), Error);
  EXPECT_THROW(bootstrap_members(a.rows, a.judged, options_of(a, 1e-3), 1, Rng(1), 1), Error);
  EXPECT_THROW(score(two, text_rows(std::vector<std::string>{"x"}, {}, 1), 1), Error);
}

}  // namespace
}  // namespace plumb
