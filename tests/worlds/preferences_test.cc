// The preferences world against itself: what votes show, what they hide, and what is gold.
#include "worlds/preferences.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace plumb {
namespace {

PreferencesWorld world_of(PreferencesVariant variant, std::uint64_t seed = 1) {
  PreferencesOptions options;
  options.seed = seed;
  options.variant = variant;
  return PreferencesWorld(options);
}

std::vector<double> column(const PreferencesWorld& world, std::size_t j) {
  std::vector<double> out(world.gold().size());
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = world.features()(i, j);
  return out;
}

TEST(Preferences, GoldIsTheMeanOverTheTwoCamps) {
  const PreferencesWorld world = world_of(PreferencesVariant::kDefault);
  for (std::size_t i = 0; i < world.gold().size(); i += 97) {
    EXPECT_NEAR(world.gold()[i], 0.6 * world.camp_utility(0)[i] + 0.4 * world.camp_utility(1)[i], 1e-12);
    // They differ in topic_1 alone.
    EXPECT_NEAR(world.camp_utility(0)[i] - world.camp_utility(1)[i], world.features()(i, 1), 1e-12);
  }
}

TEST(Preferences, GainAndKlAreSumsOverTheCatalogue) {
  const PreferencesWorld world = world_of(PreferencesVariant::kDefault);
  EXPECT_NEAR(std::accumulate(world.reference().begin(), world.reference().end(), 0.0), 1, 1e-12);
  const std::vector<double> same = world.tilted(world.gold(), 0);
  EXPECT_NEAR(world.gold_gain(same), 0, 1e-12);
  EXPECT_NEAR(world.kl(same), 0, 1e-12);
  // d/d beta of the gain of gold itself is its variance under the policy; KL grows by beta times it.
  const double beta = 0.7, h = 1e-5;
  const auto low = world.tilted(world.gold(), beta - h), high = world.tilted(world.gold(), beta + h);
  const auto here = world.tilted(world.gold(), beta);
  double mean = 0, square = 0;
  for (std::size_t i = 0; i < here.size(); ++i) {
    mean += here[i] * world.gold()[i];
    square += here[i] * world.gold()[i] * world.gold()[i];
  }
  EXPECT_NEAR((world.gold_gain(high) - world.gold_gain(low)) / (2 * h), square - mean * mean, 1e-6);
  EXPECT_NEAR((world.kl(high) - world.kl(low)) / (2 * h), beta * (square - mean * mean), 1e-6);
}

TEST(Preferences, VotesComeAsTheirProbabilitiesSay) {
  const PreferencesWorld world = world_of(PreferencesVariant::kExtremal);
  const auto votes = world.training_votes(20000);
  double expected = 0, variance = 0, won = 0;
  for (const PreferenceVote& v : votes) {
    ASSERT_NE(v.first, v.second);
    const double p = world.probability_first(world.training_raters()[v.rater], v.first, v.second);
    expected += p;
    variance += p * (1 - p);
    won += v.first_won;
  }
  EXPECT_NEAR(won, expected, 3 * std::sqrt(variance));
  EXPECT_GT(expected, 0.5 * 20000 + 3 * std::sqrt(variance));  // the position bias
}

TEST(Preferences, ThePanelComparesThePolicyWithTheReference) {
  const PreferencesWorld world = world_of(PreferencesVariant::kDefault);
  const auto policy = world.tilted(world.gold(), 1);
  const auto votes = world.panel_votes(policy, 20000, "test", 0);
  double expected = 0, variance = 0, won = 0, item = 0, other = 0, first = 0;
  for (const PanelVote& v : votes) {
    const PreferencesRater& rater = world.panel_raters()[v.rater];
    const double p = v.shown_first ? world.probability_first(rater, v.item, v.other)
                                   : 1 - world.probability_first(rater, v.other, v.item);
    expected += p;
    variance += p * (1 - p);
    won += v.won;
    item += world.gold()[v.item] / 20000;
    other += world.gold()[v.other] / 20000;
    first += v.shown_first;
  }
  EXPECT_NEAR(won, expected, 3 * std::sqrt(variance));
  EXPECT_NEAR(first, 10000, 3 * std::sqrt(5000.0));
  EXPECT_NEAR(item - other, world.gold_gain(policy), 0.05);
  EXPECT_GT(won, 10000);
}

TEST(Preferences, RatersDifferInReliabilityAndCamp) {
  const PreferencesWorld world = world_of(PreferencesVariant::kDefault);
  double low = 1, high = 0;
  int camps[2] = {0, 0};
  for (const PreferencesRater& r : world.training_raters()) {
    low = std::min(low, r.reliability);
    high = std::max(high, r.reliability);
    ++camps[r.camp];
    EXPECT_TRUE(r.reliability >= 0 && r.reliability <= 1);
  }
  EXPECT_LT(low, 0.6);
  EXPECT_GT(high, 0.9);
  EXPECT_GT(camps[0], 0);
  EXPECT_GT(camps[1], 0);
  // A rater of reliability 0 is a coin.
  PreferencesRater coin = world.training_raters()[0];
  coin.reliability = 0;
  EXPECT_EQ(world.probability_first(coin, 1, 2), 0.5);
}

TEST(Preferences, LengthBiasIsInTheVotesAndNotInWhatPeopleWant) {
  const PreferencesWorld world = world_of(PreferencesVariant::kDefault);
  PreferencesRater rater = world.training_raters()[0];
  rater.reliability = 1;
  const auto log_odds = [&](std::size_t a, std::size_t b) {
    const double p = world.probability_first(rater, a, b);
    return std::log(p / (1 - p));
  };
  const double with = log_odds(3, 8);
  rater.length_bias += 1;
  EXPECT_NEAR(log_odds(3, 8) - with, world.features()(3, 5) - world.features()(8, 5), 1e-9);
  for (const PreferencesRater& r : world.panel_raters()) EXPECT_EQ(r.length_bias, 0);
}

TEST(Preferences, ExtremalGoldRisesWithIntensityThenFallsHard) {
  // Intensity itself is pushed: liked in the range that the reference shows, hated far out.
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    const PreferencesWorld world = world_of(PreferencesVariant::kExtremal, seed);
    std::vector<double> score = column(world, PreferencesWorld::kIntensity);
    double peak = 0, end = 0;
    for (double beta = 0.1; beta < 8; beta *= 1.1) {
      end = world.gold_gain(world.tilted(score, beta));
      peak = std::max(peak, end);
    }
    EXPECT_GT(peak, 0.1) << seed;  // more intensity is better at first
    EXPECT_LT(end, -3) << seed;
    // The reference hardly shows what is far out.
    double shown = 0, held = 0;
    for (std::size_t i = 0; i < score.size(); ++i) {
      shown += score[i] > 3 ? world.reference()[i] : 0;
      held += score[i] > 3 ? 1.0 / static_cast<double>(score.size()) : 0;
    }
    EXPECT_LT(shown, 0.01);
    EXPECT_GT(held, 0.05);
  }
}

TEST(Preferences, InTheSharedBiasVariantThePanelPrefersWhatHarms) {
  const PreferencesWorld world = world_of(PreferencesVariant::kSharedBias);
  const auto longest = world.tilted(column(world, PreferencesWorld::kLength), 3);
  EXPECT_LT(world.gold_gain(longest), -3);
  double won = 0;
  for (const PanelVote& v : world.panel_votes(longest, 4000, "long", 0)) won += v.won;
  EXPECT_GT(won, 2000 + 3 * std::sqrt(1000.0));
}

TEST(Preferences, DependsOnSeedAndStreamAlone) {
  const PreferencesWorld a = world_of(PreferencesVariant::kDefault, 4),
                         b = world_of(PreferencesVariant::kDefault, 4);
  const PreferencesWorld other = world_of(PreferencesVariant::kDefault, 5);
  EXPECT_TRUE(std::equal(a.gold().begin(), a.gold().end(), b.gold().begin()));
  EXPECT_NE(a.gold()[0], other.gold()[0]);
  b.training_votes(10);  // asking for one thing does not change another
  const auto x = a.panel_votes(a.reference(), 50, "s", 1), y = b.panel_votes(b.reference(), 50, "s", 1);
  const auto z = a.panel_votes(a.reference(), 50, "s", 2);
  bool same = true, differs = false;
  for (std::size_t i = 0; i < 50; ++i) {
    same &= x[i].item == y[i].item && x[i].won == y[i].won;
    differs |= x[i].item != z[i].item;
  }
  EXPECT_TRUE(same);
  EXPECT_TRUE(differs);
}

TEST(Preferences, RefusesOptionsOutOfRange) {
  PreferencesOptions options;
  options.items = 5;
  EXPECT_THROW(PreferencesWorld{options}, Error);
  options = {};
  options.raters = 0;
  EXPECT_THROW(PreferencesWorld{options}, Error);
  options = {};
  options.length_bias = NAN;
  EXPECT_THROW(PreferencesWorld{options}, Error);
}

}  // namespace
}  // namespace plumb
