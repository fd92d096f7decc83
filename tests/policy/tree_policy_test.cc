// Trees and priced choices as policies and as files.
#include "plumb/tree_policy.h"

#include <gtest/gtest.h>

#include <cstring>
#include <functional>
#include <nlohmann/json.hpp>

#include "plumb/priced_policy.h"
#include "tests/policy/made_log.h"

namespace plumb {
namespace {

void expect_refused(const std::function<void()>& call, const std::string& text) {
  try {
    call();
    ADD_FAILURE() << "not refused: " << text;
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::kInput);
    EXPECT_NE(std::string(error.what()).find(text), std::string::npos) << error.what();
  }
}

// Context x0, x1 and the category "colour" of levels red, green, blue.
DecisionLog small_log(std::size_t n = 60) {
  Rng rng(4);
  std::vector<MadeDecision> decisions(n);
  FeatureColumn colour;
  colour.name = "colour";
  colour.is_category = true;
  colour.levels = {"red", "green", "blue"};
  for (std::size_t i = 0; i < n; ++i) {
    decisions[i] = {i, {.2, .3, .5}, static_cast<std::uint32_t>(i % 3), {1.0}, {}, {rng.normal(), rng.normal()},
                    0};
    colour.code.push_back(static_cast<std::uint32_t>(rng.below(3)));
  }
  DecisionLog log = made_log({"a", "b", "c"}, {{"y"}}, decisions);
  log.context.push_back(colour);
  digest_rows(log);
  return log;
}

// x1 <= .25: (colour is green: b, else a); else c.
DecisionTree small_tree() {
  DecisionTree tree;
  tree.columns = {{"x1", false}, {"colour", true}};
  tree.actions = {"c", "a", "b"};
  tree.node.resize(5);
  tree.node[0].column = 0;
  tree.node[0].threshold = .25;
  tree.node[0].yes = 1;
  tree.node[0].no = 2;
  tree.node[1].column = 1;
  tree.node[1].level = "green";
  tree.node[1].yes = 3;
  tree.node[1].no = 4;
  tree.node[2].action = 0;
  tree.node[3].action = 2;
  tree.node[4].action = 1;
  return tree;
}
TrainedOn trained_on_all(const DecisionLog& log) {
  TrainedOn out;
  out.split_seed = 1;
  out.folds = 15;
  out.goal_hash = 7;
  std::vector<std::uint8_t> use(log.size());
  for (std::size_t i = 0; i < log.size(); ++i) use[i] = log.in_training(i);
  out.bucket_digest = bucket_digests(log, use);
  return out;
}
TreePolicy small_policy(const DecisionLog& log) {
  return TreePolicy("tree:goal", {small_tree(), trained_on_all(log), "goal", .7});
}
std::vector<float> probabilities_of(const Policy& policy, const DecisionLog& log) {
  std::vector<float> p(log.action.size());
  policy.probabilities(log, 0, log.size(), p);
  return p;
}

TEST(TreePolicy, TakesTheActionOfTheLeafThatTheContextEndsIn) {
  const DecisionLog log = small_log();
  const TreePolicy policy = small_policy(log);
  const std::vector<float> p = probabilities_of(policy, log);
  for (std::size_t i = 0; i < log.size(); ++i) {
    const bool low = log.context[1].number[i] <= .25f, green = log.context[2].code[i] == 1;
    const std::size_t wanted = low ? (green ? 1 : 0) : 2;
    for (std::size_t a = 0; a < 3; ++a) EXPECT_EQ(p[3 * i + a], a == wanted ? 1.0f : 0.0f) << i;
  }
  EXPECT_EQ(policy.kind(), PolicyKind::kTree);
  EXPECT_EQ(small_tree().depth(), 2);
  // A block alone is what it is in the whole.
  std::vector<float> block(3 * 10);
  policy.probabilities(log, 20, 30, block);
  for (std::size_t k = 0; k < block.size(); ++k) EXPECT_EQ(block[k], p[60 + k]);
}

TEST(TreePolicy, AnswersNoForALevelThatTheLogLacks) {
  DecisionLog log = small_log();
  log.context[2].levels[1] = "violet";
  const std::vector<float> p = probabilities_of(small_policy(log), log);
  for (std::size_t i = 0; i < log.size(); ++i) EXPECT_EQ(p[3 * i + 1], 0);
}

TEST(TreePolicy, SaysItsRulesInWords) {
  const std::vector<TreeRule> rules = tree_rules(small_tree());
  ASSERT_EQ(rules.size(), 3u);
  EXPECT_EQ(rules[0].condition, "x1 <= 0.25 and colour is green");
  EXPECT_EQ(rules[0].action, "b");
  EXPECT_EQ(rules[1].condition, "x1 <= 0.25 and colour is not green");
  EXPECT_EQ(rules[1].action, "a");
  EXPECT_EQ(rules[2].condition, "x1 > 0.25");
  EXPECT_EQ(rules[2].action, "c");
  DecisionTree leaf;
  leaf.actions = {"a"};
  leaf.node.resize(1);
  EXPECT_EQ(tree_rules(leaf)[0].condition, "everyone");
}

TEST(TreePolicy, RefusesALogThatLacksWhatItAsksFor) {
  const DecisionLog whole = small_log();
  const TreePolicy policy = small_policy(whole);
  DecisionLog log = whole;
  log.context[1].name = "x11";
  expect_refused([&] { probabilities_of(policy, log); }, "column x1: found no such context column");
  log = whole;
  log.context[2].is_category = false;
  log.context[2].number.assign(log.size(), 1.0f);
  expect_refused([&] { probabilities_of(policy, log); }, "column colour: found a number, expected a category");
  log = whole;
  log.actions[2] = "d";
  expect_refused([&] { probabilities_of(policy, log); }, "does not offer c");
}

TEST(TreePolicy, IsTheSameAfterAFile) {
  const DecisionLog log = small_log();
  const TreePolicy policy = small_policy(log);
  const std::string bytes = policy_bytes(policy);
  const PolicyPointer read = parse_policy(bytes, "p");
  ASSERT_EQ(read->kind(), PolicyKind::kTree);
  EXPECT_EQ(policy_bytes(*read), bytes);
  EXPECT_EQ(probabilities_of(*read, log), probabilities_of(policy, log));
  EXPECT_EQ(read->name(), "tree:goal");
  EXPECT_EQ(read->trained_on().bucket_digest, policy.trained_on().bucket_digest);
  EXPECT_TRUE(training_overlap(*read, log).trained_here);
}

// The file with its tree edited.
std::string with_tree(const std::function<void(nlohmann::json&)>& edit) {
  const std::string bytes = policy_bytes(small_policy(small_log()));
  std::uint64_t length = 0;
  std::memcpy(&length, bytes.data(), 8);
  nlohmann::json header = nlohmann::json::parse(bytes.substr(8, length));
  nlohmann::json tree = nlohmann::json::parse(header["__metadata__"]["tree"].get<std::string>());
  edit(tree);
  header["__metadata__"]["tree"] = tree.dump();
  std::string text = header.dump(), out(8, '\0');
  while (text.size() % 8 != 0) text += ' ';
  const std::uint64_t size = text.size();
  std::memcpy(out.data(), &size, 8);
  return out + text + bytes.substr(8 + length);
}

TEST(TreePolicy, FilesThatLieAboutTheTreeAreRefused) {
  EXPECT_NO_THROW(parse_policy(with_tree([](auto&) {}), "p"));
  const std::pair<const char*, std::function<void(nlohmann::json&)>> cases[] = {
      {"does not stand behind it", [](auto& t) { t["nodes"][1]["yes"] = 0; }},
      {"does not stand behind it", [](auto& t) { t["nodes"][1]["yes"] = 5; }},
      {"does not stand behind it", [](auto& t) { t["nodes"][1]["yes"] = -1; }},
      {"does not stand behind it", [](auto& t) { t["nodes"][1]["yes"] = "3"; }},
      {"two ways to it", [](auto& t) { t["nodes"][1]["no"] = 3; }},
      {"nothing leads to",
       [](auto& t) {
         t["nodes"].push_back({{"action", 0}});
       }},
      {"a column that is not in its list", [](auto& t) { t["nodes"][0]["column"] = 2; }},
      {"an action that is not in its list", [](auto& t) { t["nodes"][3]["action"] = 3; }},
      {"found 0 nodes", [](auto& t) { t["nodes"] = nlohmann::json::array(); }},
      {"feature schema", [](auto& t) { t["nodes"][0].erase("at_most"); }},
      {"feature schema", [](auto& t) { t["nodes"][1]["is"] = 3; }},
      {"feature schema", [](auto& t) { t.erase("columns"); }},
  };
  for (const auto& [text, edit] : cases)
    expect_refused([&, &e = edit] { parse_policy(with_tree(e), "p"); }, text);
}

PricedParts small_prices(const DecisionLog& log) {
  PricedParts parts;
  parts.map = make_feature_map(log, std::vector<std::uint8_t>(log.size(), 1));
  Rng rng(2);
  for (std::size_t k = 0; k < parts.map.width(); ++k) parts.theta.push_back(rng.normal());
  parts.actions = {"c", "b", "a"};
  parts.cost = {2, 1, 0};
  parts.price_low = .2;
  parts.price_high = .9;
  parts.share_low = .25;
  parts.budget = .5;
  parts.trained_on = trained_on_all(log);
  parts.signal = "goal";
  return parts;
}

TEST(PricedPolicy, TakesTheBestActionLessItsPrice) {
  const DecisionLog log = small_log();
  const PricedParts parts = small_prices(log);
  const std::vector<float> p = probabilities_of(PricedPolicy("priced", parts), log);
  const BoundFeatures features(parts.map, log);
  std::vector<float> phi(parts.map.width());
  std::size_t mixed = 0;
  for (std::size_t i = 0; i < log.size(); ++i) {
    std::vector<double> wanted(3, 0.0);
    for (const auto& [price, share] : {std::pair(.2, .25), std::pair(.9, .75)}) {
      double best = -INFINITY;
      std::size_t action = 0;
      for (std::size_t a = 0; a < 3; ++a) {
        features.design(i, 3 * i + a, phi);
        double score = -price * static_cast<double>(a);  // a, b, c cost 0, 1, 2
        for (std::size_t k = 0; k < phi.size(); ++k) score += parts.theta[k] * phi[k];
        if (score > best) {
          best = score;
          action = a;
        }
      }
      wanted[action] += share;
    }
    mixed += wanted[0] > 0 && wanted[0] < 1;
    for (std::size_t a = 0; a < 3; ++a) EXPECT_NEAR(p[3 * i + a], wanted[a], 1e-7);
  }
  EXPECT_GT(mixed, 0u);
}

TEST(PricedPolicy, IsTheSameAfterAFile) {
  const DecisionLog log = small_log();
  const PricedPolicy policy("priced:goal", small_prices(log));
  const std::string bytes = policy_bytes(policy);
  const PolicyPointer read = parse_policy(bytes, "p");
  ASSERT_EQ(read->kind(), PolicyKind::kPriced);
  EXPECT_EQ(policy_bytes(*read), bytes);
  EXPECT_EQ(probabilities_of(*read, log), probabilities_of(policy, log));
}

TEST(PricedPolicy, RefusesAnActionWithoutACostAndPricesThatNoBudgetGives) {
  DecisionLog log = small_log();
  const PricedPolicy policy("priced", small_prices(log));
  log.actions[0] = "z";
  // Its own features are another matter: the map has a column for the action "a", now unseen.
  expect_refused([&] { probabilities_of(policy, log); }, "offers z, expected actions that the policy knows");
  const DecisionLog whole = small_log();
  PricedParts parts = small_prices(whole);
  const std::string bytes = policy_bytes(PricedPolicy("p", parts));
  std::string broken = bytes;
  double high = .9, wrong = .1;  // below the lower price
  const std::size_t at = bytes.find(std::string(reinterpret_cast<const char*>(&high), 8));
  ASSERT_NE(at, std::string::npos);
  std::memcpy(broken.data() + at, &wrong, 8);
  expect_refused([&] { parse_policy(broken, "p"); }, "prices: found numbers that no budget gives");
}

TEST(BestAtPrice, PrefersTheCheaperOfEqualActions) {
  const double score[] = {1, 2, 3}, cost[] = {0, 1, 2};
  EXPECT_EQ(best_at_price(score, cost, 0), 2u);
  EXPECT_EQ(best_at_price(score, cost, 1), 0u);  // all equal
  EXPECT_EQ(best_at_price(score, cost, 2), 0u);
}

}  // namespace
}  // namespace plumb
