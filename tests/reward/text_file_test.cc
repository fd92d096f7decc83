// Reward models in files: bit for bit, and nothing else is read.
#include <gtest/gtest.h>

#include "data/safetensors.h"
#include "plumb/ensemble.h"
#include "tests/reward/made_preferences.h"

namespace plumb {
namespace {

void expect_same(const TextReward& a, const TextReward& b) {
  EXPECT_EQ(a.weight, b.weight);
  EXPECT_EQ(a.center, b.center);
  EXPECT_EQ(a.variance, b.variance);
  EXPECT_EQ(a.mean_row, b.mean_row);
  EXPECT_EQ(a.thresholds, b.thresholds);
  EXPECT_EQ(a.numbers, b.numbers);
  EXPECT_EQ(a.members, b.members);
  EXPECT_EQ(a.length, b.length);
  EXPECT_EQ(a.ties, b.ties);
  EXPECT_EQ(a.kind, b.kind);
  EXPECT_EQ(a.goal_hash, b.goal_hash);
  EXPECT_EQ(a.judgements, b.judgements);
  EXPECT_EQ(a.penalty, b.penalty);
  EXPECT_EQ(a.held_out_loss, b.held_out_loss);
  EXPECT_EQ(a.tie, b.tie);
  EXPECT_EQ(a.thumb_intercept, b.thumb_intercept);
  EXPECT_EQ(a.features.bits, b.features.bits);
  EXPECT_EQ(a.features.word_weight, b.features.word_weight);
}

TextReward text_model() {
  TextWorld world = text_world(60, 300, 0.5, true, 1);
  for (double& t : world.judged.tie_votes) t = 0.3;
  TextRewardOptions options;
  options.penalties = {1e-2};
  options.length = LengthUse::kBlind;
  options.ties = Ties::kDavidson;
  options.features.characters_from = options.features.characters_to = 3;
  TextReward out = fit_text_reward(text_rows(world.texts, options.features, 1), world.judged, options, 1);
  out.goal_hash = 0xfedcba9876543210u;
  return out;
}

TEST(RewardFile, RoundTripsBitForBit) {
  const TextReward fit = text_model();
  expect_same(fit, parse_reward(reward_bytes(fit), "reward.safetensors"));
  EXPECT_EQ(reward_bytes(fit), reward_bytes(parse_reward(reward_bytes(fit), "reward.safetensors")));
  // Only the columns that carry something are stored.
  EXPECT_LT(reward_bytes(fit).size(), 400'000u);
  const NumberWorld world = number_world({1.0, 0.5}, 40, 200, 2);
  TextRewardOptions options;
  options.features = world.rows.features;
  options.penalties = {1e-2};
  const TextReward five = bootstrap_members(world.rows, world.judged, options, 5, Rng(1), 1);
  expect_same(five, parse_reward(reward_bytes(five), "reward.safetensors"));
}

std::string refusal(const std::string& bytes) {
  try {
    parse_reward(bytes, "bad.safetensors");
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Code::kInput);
    EXPECT_NE(std::string(e.what()).find("bad.safetensors"), std::string::npos) << e.what();
    return e.what();
  }
  ADD_FAILURE() << "was read";
  return {};
}

TEST(RewardFile, RefusesAnythingElse) {
  const NumberWorld world = number_world({1.0, 0.5}, 40, 200, 2);
  TextRewardOptions options;
  options.features = world.rows.features;
  options.penalties = {1e-2};
  const std::string good = reward_bytes(fit_text_reward(world.rows, world.judged, options, 1));
  refusal("");
  refusal("no tensors at all");
  for (std::size_t size = 0; size < good.size(); size += 13) refusal(good.substr(0, size));
  const auto changed = [&](const std::function<void(Tensors&)>& change) {
    Tensors t = parse_tensors(good, "good");
    change(t);
    return refusal(write_tensors(t));
  };
  EXPECT_NE(changed([](Tensors& t) { t.metadata["format"] = "plumb policy 1"; }).find("plumb policy 1"),
            std::string::npos);
  changed([](Tensors& t) { t.metadata["kind"] = "softmax"; });
  changed([](Tensors& t) { t.metadata.erase("goal_hash"); });
  changed([](Tensors& t) { t.metadata["goal_hash"] = "xyz"; });
  changed([](Tensors& t) { t.metadata["members"] = "0"; });
  changed([](Tensors& t) { t.metadata["members"] = "100000"; });
  changed([](Tensors& t) { t.metadata["members"] = "2"; });
  // 2^24 columns of 255 members would be 16 GB.
  changed([](Tensors& t) {
    t.metadata["schema"].replace(t.metadata["schema"].find("\"bits\":4"), 8, "\"bits\":24");
    t.metadata["members"] = "255";
  });
  changed([](Tensors& t) { t.metadata["length"] = "unknown"; });
  changed([](Tensors& t) { t.metadata["schema"] = "{"; });
  changed([](Tensors& t) { t.metadata["schema"] = "{}"; });
  changed([](Tensors& t) {
    t.metadata["schema"].replace(t.metadata["schema"].find("\"bits\":4"), 8, "\"bits\":60");
  });
  changed([](Tensors& t) { t.u64["columns"][0] = 1u << 30; });
  changed([](Tensors& t) { std::swap(t.u64["columns"][0], t.u64["columns"][1]); });
  changed([](Tensors& t) { t.f64["weight"].pop_back(); });
  changed([](Tensors& t) { t.f64["weight"][0] = 1e300; });
  changed([](Tensors& t) { t.f64["variance"][0] = -1; });
  changed([](Tensors& t) { t.f64.erase("center"); });
  changed([](Tensors& t) { t.f64["scalars"].push_back(0); });
  changed([](Tensors& t) { t.f64["thresholds"] = {1, 0}; });
  try {
    read_reward("/nowhere/reward.safetensors");
    ADD_FAILURE() << "was read";
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Code::kEnvironment);
  }
}

}  // namespace
}  // namespace plumb
