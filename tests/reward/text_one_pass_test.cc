// One pass: the same bytes for any threads, near what the exact fit finds, votes and length as promised.
#include <gtest/gtest.h>

#include <cmath>

#include "plumb/ensemble.h"
#include "tests/reward/made_preferences.h"

namespace plumb {
namespace {

std::vector<TextPair> pairs_of(const TextWorld& world) {
  std::vector<TextPair> out;
  for (std::size_t k = 0; k < world.judged.first.size(); ++k) {
    TextPair pair;
    pair.first = world.texts[world.judged.first[k]];
    pair.second = world.texts[world.judged.second[k]];
    pair.first_votes = static_cast<float>(world.judged.first_votes[k]);
    pair.second_votes = static_cast<float>(world.judged.second_votes[k]);
    out.push_back(pair);
  }
  return out;
}

double held_out_loss(const TextReward& model, const TextWorld& world) {
  const std::vector<double> r = score(model, world.texts, 2).mean;
  double sum = 0;
  for (std::size_t k = 0; k < world.judged.first.size(); ++k) {
    const double d = r[world.judged.first[k]] - r[world.judged.second[k]];
    sum += log1p_exp(world.judged.first_votes[k] > 0 ? -d : d);
  }
  return sum / static_cast<double>(world.judged.first.size());
}

double true_loss(const TextWorld& world) {
  double sum = 0;
  for (std::size_t k = 0; k < world.judged.first.size(); ++k) {
    const double d = world.reward[world.judged.first[k]] - world.reward[world.judged.second[k]];
    sum += log1p_exp(world.judged.first_votes[k] > 0 ? -d : d);
  }
  return sum / static_cast<double>(world.judged.first.size());
}

TEST(OnePass, IsTheSameForAnyNumberOfThreads) {
  const TextWorld world = text_world(300, 4000, 0.5, true, 1);
  OnePassOptions options;
  options.features.bits = 14;
  options.features.characters_from = 2;
  options.features.characters_to = 3;
  const std::string one = reward_bytes(train_one_pass(pairs_of(world), options, 1));
  for (const int threads : {2, 3, 8, 16})
    EXPECT_EQ(one, reward_bytes(train_one_pass(pairs_of(world), options, threads)));
}

TEST(OnePass, ComesNearTheTruthAndTheExactFit) {
  // The words' utilities are the same in both worlds; the texts are not.
  const TextWorld world = text_world(4000, 20000, 0.7, false, 2),
                  fresh = text_world(2000, 20000, 0.7, false, 3);
  OnePassOptions options;
  options.features.words = 1;
  const double one_pass = held_out_loss(train_one_pass(pairs_of(world), options, 2), fresh);
  TextRewardOptions exact;
  exact.features = options.features;
  exact.penalties = {1e-3};
  const ItemRows rows = text_rows(world.texts, exact.features, 2);
  const double fitted = held_out_loss(fit_text_reward(rows, world.judged, exact, 1), fresh);
  EXPECT_LT(one_pass, fitted + 0.01);
  EXPECT_LT(one_pass, true_loss(fresh) + 0.02);
  EXPECT_LT(one_pass, std::log(2.0) - 0.1);
}

TEST(OnePass, CountsVotesAndTies) {
  const TextWorld world = text_world(200, 1500, 0.5, false, 4);
  std::vector<TextPair> pairs = pairs_of(world), nothing = pairs, ties = pairs, halves = pairs;
  for (TextPair& p : nothing) p.first_votes = p.second_votes = 0;
  OnePassOptions options;
  EXPECT_THROW(train_one_pass(nothing, options, 1), Error);
  for (TextPair& p : ties) {
    p.first_votes = p.second_votes = 0;
    p.tie_votes = 2;
  }
  for (TextPair& p : halves) p.first_votes = p.second_votes = 1;
  const std::string tied = reward_bytes(train_one_pass(ties, options, 1));
  EXPECT_EQ(tied, reward_bytes(train_one_pass(halves, options, 1)));
  EXPECT_NE(tied, reward_bytes(train_one_pass(pairs, options, 1)));
}

TEST(OnePass, IsBlindToLengthOnItsTexts) {
  const TextWorld world = text_world(3000, 6000, 0.7, true, 5);
  OnePassOptions options;
  options.features.words = 1;
  const TextReward with = train_one_pass(pairs_of(world), options, 1);
  options.length = LengthUse::kBlind;
  const TextReward blind = train_one_pass(pairs_of(world), options, 1);
  EXPECT_GT(correlation(score(with, world.texts, 1).mean, world.length), 0.5);
  EXPECT_LT(std::abs(correlation(score(blind, world.texts, 1).mean, world.length)), 0.05);
  EXPECT_GT(correlation(score(blind, world.texts, 1).mean, world.quality), 0.6);
}

TEST(OnePass, ScoresBytesAsItScoresRows) {
  const TextWorld world = text_world(500, 3000, 0.5, true, 6);
  OnePassOptions options;
  options.features.characters_from = 2;
  options.features.characters_to = 4;
  const TextReward model = train_one_pass(pairs_of(world), options, 1);
  const std::vector<std::string_view> views(world.texts.begin(), world.texts.end());
  const std::vector<double> fast = score_means(model, views, 2), slow = score(model, world.texts, 1).mean;
  double size = 0;
  for (const double s : slow) size = std::max(size, std::abs(s));
  EXPECT_GT(size, 0.5);
  for (std::size_t i = 0; i < slow.size(); ++i) EXPECT_NEAR(fast[i], slow[i], 1e-5 * size);
}

TEST(OnePass, RefusesVotesAndOptionsOutOfRange) {
  const std::string a = "one", b = "two";
  std::vector<TextPair> pairs(1);
  pairs[0].first = a;
  pairs[0].second = b;
  OnePassOptions options;
  EXPECT_NO_THROW(train_one_pass(pairs, options, 1));
  pairs[0].second_votes = -1;
  EXPECT_THROW(train_one_pass(pairs, options, 1), Error);
  pairs[0].second_votes = NAN;
  EXPECT_THROW(train_one_pass(pairs, options, 1), Error);
  pairs[0].second_votes = 0;
  options.rate = 0;
  EXPECT_THROW(train_one_pass(pairs, options, 1), Error);
  EXPECT_THROW(train_one_pass({}, OnePassOptions{}, 1), Error);
}

}  // namespace
}  // namespace plumb
