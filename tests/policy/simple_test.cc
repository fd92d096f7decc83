// Constant, uniform and table policies, and how all policies are sampled.
#include <gtest/gtest.h>

#include <cmath>

#include "plumb/policy.h"
#include "tests/data/small_logs.h"
#include "tests/policy/made_log.h"

namespace plumb {
namespace {

// Three decisions that offer two, three and one action.
DecisionLog ragged_log() {
  return jsonl_log(
      R"({"id":"1","actions":[{"id":"home"},{"id":"sport"}],"chosen":"home","propensity":0.5,"outcomes":{"click":1}}
{"id":"2","actions":[{"id":"sport"},{"id":"music"},{"id":"home"}],"chosen":"music","propensity":0.2,"outcomes":{"click":0}}
{"id":"3","actions":[{"id":"home"}],"chosen":"home","propensity":1,"outcomes":{"click":1}}
)",
      jsonl_goal());
}

std::vector<float> all_probabilities(const Policy& policy, const DecisionLog& log) {
  std::vector<float> p(log.action.size());
  policy.probabilities(log, 0, log.size(), p);
  return p;
}

TEST(ConstantPolicy, TakesItsActionWhereverItStandsInTheOffer) {
  const auto policy = constant_policy("home");
  EXPECT_EQ(policy->name(), "constant:home");
  EXPECT_EQ(policy->kind(), PolicyKind::kConstant);
  EXPECT_FALSE(policy->is_logging());
  EXPECT_FALSE(policy->origin_unknown());
  EXPECT_TRUE(policy->trained_on().empty());
  EXPECT_EQ(all_probabilities(*policy, ragged_log()), (std::vector<float>{1, 0, 0, 0, 1, 1}));
}

TEST(ConstantPolicy, RefusesAnActionThatIsMisspeltOrNotAlwaysOffered) {
  const DecisionLog log = ragged_log();
  const std::string misspelt = refusal([&] { all_probabilities(*constant_policy("hme"), log); });
  EXPECT_NE(misspelt.find("home"), std::string::npos) << misspelt;
  const std::string missing = refusal([&] { all_probabilities(*constant_policy("sport"), log); });
  EXPECT_NE(missing.find("decision 3"), std::string::npos) << missing;
  const std::string argument =
      refusal([&] { policy_from_argument("constant:sprt", log, jsonl_goal(), false, 1); });
  EXPECT_NE(argument.find("constant:sport"), std::string::npos) << argument;
}

TEST(UniformPolicy, SharesEveryOfferEqually) {
  const auto p = all_probabilities(*uniform_policy(), ragged_log());
  const std::vector<float> expected{.5f, .5f, 1.0f / 3, 1.0f / 3, 1.0f / 3, 1.0f};
  EXPECT_EQ(p, expected);
}

TEST(TablePolicy, IsWhatItWasGivenAndItsOriginIsUnknownUntilDeclared) {
  const DecisionLog log = ragged_log();
  const std::vector<float> given{.1f, .9f, .2f, .3f, .5f, 1.0f};
  const auto table = table_policy("theirs", given, false);
  EXPECT_EQ(all_probabilities(*table, log), given);
  EXPECT_TRUE(table->origin_unknown());
  EXPECT_FALSE(table_policy("theirs", given, true)->origin_unknown());
  std::vector<float> middle(3);
  table->probabilities(log, 1, 2, middle);
  EXPECT_EQ(middle, (std::vector<float>{.2f, .3f, .5f}));
}

TEST(Sample, DrawsEveryActionAsOftenAsItsProbabilitySays) {
  std::vector<MadeDecision> decisions(60000);
  for (std::size_t i = 0; i < decisions.size(); ++i)
    decisions[i] = {i, {.25, .25, .25, .25}, 0, {0}, {}, {}, 0};
  const DecisionLog log = made_log({"a", "b", "c", "d"}, {{"y"}}, decisions);
  const double p[4] = {.5, 0, .498, .002};
  std::vector<float> table;
  for (std::size_t i = 0; i < log.size(); ++i) {
    for (const double share : p) table.push_back(static_cast<float>(share));
  }
  const auto choices = sample(*table_policy("t", table, true), log, Rng(5));
  double count[4] = {};
  for (const auto slot : choices) ++count[slot];
  const auto n = static_cast<double>(log.size());
  EXPECT_EQ(count[1], 0);
  for (const std::size_t a : {0u, 2u, 3u})
    EXPECT_NEAR(count[a] / n, p[a], 4 * std::sqrt(p[a] * (1 - p[a]) / n)) << a;
}

TEST(Sample, IsTheSameForTheSameStreamAndAnotherForAnother) {
  const DecisionLog log = ragged_log();
  std::vector<MadeDecision> decisions(500);
  for (std::size_t i = 0; i < decisions.size(); ++i) decisions[i] = {i, {.5, .5}, 0, {0}, {}, {}, 0};
  const DecisionLog many = made_log({"a", "b"}, {{"y"}}, decisions);
  const auto policy = uniform_policy();
  const auto once = sample(*policy, many, Rng(5));
  Rng used(5);
  for (int k = 0; k < 9; ++k) used.bits();  // what was drawn before does not matter
  EXPECT_EQ(once, sample(*policy, many, used));
  EXPECT_NE(once, sample(*policy, many, Rng(6)));
  for (int k = 0; k < 50; ++k) {
    const auto choices = sample(*policy, log, Rng(static_cast<std::uint64_t>(k)));
    for (std::size_t i = 0; i < log.size(); ++i) ASSERT_LT(choices[i], log.offered(i));
  }
}

}  // namespace
}  // namespace plumb
