// The table of held-out comparisons: against sums done by hand, and on worlds where the truth is known.
#include <gtest/gtest.h>

#include <cmath>

#include "plumb/regression.h"
#include "plumb/text_reward.h"

namespace plumb {
namespace {

// Votes drawn from s(slope * difference); five votes a comparison, 24 topics.
HeldOutComparisons made(double slope, std::size_t n, std::uint64_t seed) {
  HeldOutComparisons h;
  Rng rng = Rng(seed).stream("held out");
  for (int t = 0; t < 24; ++t) h.topics.push_back("topic " + std::to_string(t));
  for (std::size_t i = 0; i < n; ++i) {
    const double d = 1.5 * rng.normal();
    double a = 0;
    for (int v = 0; v < 5; ++v) a += rng.bernoulli(sigmoid(slope * d));
    h.difference.push_back(d);
    h.first_votes.push_back(a);
    h.second_votes.push_back(5 - a);
    h.tie_votes.push_back(0);
    h.log_length_ratio.push_back(0.5 * d + 0.5 * rng.normal());
    h.topic.push_back(static_cast<std::uint32_t>(i % 24));
  }
  return h;
}

TEST(RewardCalibration, EqualsSumsByHand) {
  HeldOutComparisons h = made(1, 40, 1);
  // All 40 in five topics; with one comparison of ties only.
  for (std::uint32_t& t : h.topic) t %= 5;
  h.first_votes[0] = h.second_votes[0] = 0;
  h.tie_votes[0] = 4;
  double right = 0, brier = 0, loss = 0, votes = 0, longer = 0;
  std::vector<double> residual(5, 0.0), decided(5, 0.0);
  for (std::size_t i = 0; i < 40; ++i) {
    const double p = 1 / (1 + std::exp(-h.difference[i]));
    const double a = h.first_votes[i] + h.tie_votes[i] / 2, b = h.second_votes[i] + h.tie_votes[i] / 2;
    votes += a + b;
    brier += a * (1 - p) * (1 - p) + b * p * p;
    loss -= a * std::log(p) + b * std::log(1 - p);
    if (i == 0) continue;
    const double ok = (h.difference[i] > 0) == (a > b);
    right += ok;
    residual[h.topic[i]] += ok;
    ++decided[h.topic[i]];
    longer += (h.log_length_ratio[i] > 0) == (a > b);
  }
  const CalibrationLine line = reward_calibration(h)[0];
  ASSERT_TRUE(line.enough);
  EXPECT_EQ(line.by, "all");
  EXPECT_EQ(line.comparisons, 40u);
  EXPECT_EQ(line.topics, 5u);
  EXPECT_NEAR(line.accuracy, right / 39, 1e-12);
  EXPECT_NEAR(line.longer_accuracy, longer / 39, 1e-12);
  EXPECT_NEAR(line.brier, brier / votes, 1e-12);
  EXPECT_NEAR(line.log_loss, loss / votes, 1e-12);
  double squares = 0;
  for (std::size_t t = 0; t < 5; ++t) {
    squares += (residual[t] - right / 39 * decided[t]) * (residual[t] - right / 39 * decided[t]);
  }
  EXPECT_NEAR(line.accuracy_error, std::sqrt(5.0 / 4 * squares) / 39, 1e-12);
}

TEST(RewardCalibration, FindsTheSlopeOfBoldAndTimidDifferences) {
  for (const double slope : {0.4, 1.0, 2.0}) {
    const CalibrationLine line = reward_calibration(made(slope, 4000, 2))[0];
    EXPECT_GT(line.slope_error, 0);
    EXPECT_NEAR(line.slope, slope, 4 * line.slope_error);
    EXPECT_LT(line.slope_error, 0.1);
  }
}

// Intervals of +-1.96 standard errors over 200 worlds: 24 clusters, so a little short of 95 %.
TEST(RewardCalibration, StandardErrorsCover) {
  int slope_covered = 0, accuracy_covered = 0;
  const CalibrationLine truth = reward_calibration(made(1, 200000, 3))[0];
  for (std::uint64_t k = 0; k < 200; ++k) {
    const CalibrationLine line = reward_calibration(made(1, 400, 100 + k))[0];
    slope_covered += std::abs(line.slope - 1) < 1.96 * line.slope_error;
    accuracy_covered += std::abs(line.accuracy - truth.accuracy) < 1.96 * line.accuracy_error;
  }
  // 93 % of 200 with a binomial error of 1.8 %.
  EXPECT_GE(slope_covered, 200 * (0.93 - 3 * 0.018));
  EXPECT_GE(accuracy_covered, 200 * (0.93 - 3 * 0.018));
}

TEST(RewardCalibration, SortsComparisonsIntoTheirLines) {
  const HeldOutComparisons h = made(1, 3000, 4);
  std::uint64_t agreement = 0, ratio = 0, topic = 0;
  double unanimous = 0, split = 0;
  for (const CalibrationLine& line : reward_calibration(h)) {
    if (line.by == "agreement") agreement += line.comparisons;
    if (line.by == "length ratio") ratio += line.comparisons;
    if (line.by == "topic") topic += line.comparisons;
    if (line.level == "all agree") unanimous = line.accuracy;
    if (line.level == "below 0.65") split = line.accuracy;
  }
  EXPECT_EQ(agreement, 3000u);
  EXPECT_EQ(ratio, 3000u);
  EXPECT_EQ(topic, 3000u);
  EXPECT_GT(unanimous, split + 0.1);
}

TEST(RewardCalibration, SaysWhereThereIsTooLittleAndRefusesNonsense) {
  EXPECT_FALSE(reward_calibration(made(1, 25, 5))[0].enough);
  HeldOutComparisons h = made(1, 100, 5);
  for (std::uint32_t& t : h.topic) t %= 4;
  EXPECT_FALSE(reward_calibration(h)[0].enough) << "four topics";
  h = made(1, 100, 5);
  h.difference[3] = NAN;
  EXPECT_THROW(reward_calibration(h), Error);
  h = made(1, 100, 5);
  h.first_votes[3] = h.second_votes[3] = 0;
  EXPECT_THROW(reward_calibration(h), Error);
  h = made(1, 100, 5);
  h.topic[3] = 24;
  EXPECT_THROW(reward_calibration(h), Error);
  h = made(1, 100, 5);
  h.tie_votes.pop_back();
  EXPECT_THROW(reward_calibration(h), Error);
}

}  // namespace
}  // namespace plumb
