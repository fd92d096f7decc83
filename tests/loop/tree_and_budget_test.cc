// From the keys family = "tree" and budget of a goal file to a decision, on a log whose best rules are known.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "plumb/audit.h"
#include "plumb/plumb.h"
#include "plumb/priced_policy.h"
#include "plumb/tree_policy.h"

namespace plumb {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

// Three mails for `n` customers, each with probability 1/3. mail_a is worth 1 on the phone and -.5 on the web;
// mail_b is worth 1 on the web, 2 from the age of 45 on, and -.5 on the phone; none is worth nothing.
std::string mailing(int n, std::uint64_t seed) {
  std::string out = "customer,mail,channel,age,spend\n";
  const Rng root(seed);
  for (int i = 0; i < n; ++i) {
    Rng rng = root.stream("customer", static_cast<std::uint64_t>(i));
    const auto mail = rng.below(3);
    const bool web = rng.bernoulli(.5);
    const auto age = 20 + rng.below(50);
    const double worth = mail == 0   ? 0
                         : mail == 1 ? (!web && age < 45 ? 1 : -.5)
                         : web       ? (age >= 45 ? 2 : 1)
                                     : -.5;
    const char* const mails[] = {"none", "mail_a", "mail_b"};
    out += "c" + std::to_string(seed) + "-" + std::to_string(i) + "," + mails[mail] + "," +
           (web ? "web" : "phone") + "," + std::to_string(age) + "," + std::to_string(worth + rng.normal()) +
           "\n";
  }
  return out;
}

constexpr const char* kGoal = R"([goal]
name = "mailing"
maximize = "spend"
unit = "EUR"
minimum_effect = 0.01
[outcome.spend]
kind = "number"
[data]
log = "log.csv"
unit = "customer"
action = "mail"
propensity = 0.3333333333333333
context = ["channel", "age"]
[policy]
reference = "constant:none"
)";
const std::string kTree = "family = \"tree\"\ndepth = 2\n";
const std::string kBudget = "costs = { mail_a = 1, mail_b = 1, none = 0 }\nbudget = 0.2\n";

class PolicyKeys : public testing::Test {
 protected:
  void SetUp() override {
    directory_ = fs::temp_directory_path() / ("plumb_policies_" + std::to_string(::getpid()));
    fs::create_directories(directory_);
    std::ofstream(directory_ / "log.csv") << mailing(6000, 1);
  }
  void TearDown() override { fs::remove_all(directory_); }
  Goal goal(const std::string& policy) const {
    const fs::path path = directory_ / "goal.toml";
    std::ofstream(path) << kGoal << policy;
    return read_goal(path.string());
  }
  std::string write(const std::string& bytes) const {
    const std::string path = (directory_ / "policy.safetensors").string();
    std::ofstream(path, std::ios::binary) << bytes;
    return path;
  }
  fs::path directory_;
};

TEST_F(PolicyKeys, ATreeShipsWithItsRules) {
  const Evidence evidence = align(goal(kTree), RunOptions{});
  const json e = json::parse(evidence.json);
  EXPECT_EQ(e["decision"], "ship") << evidence.text;
  EXPECT_EQ(e["recommended"]["policy"], "tree:2");
  ASSERT_EQ(e["trees"].size(), 1u);
  const json& tree = e["trees"][0];
  EXPECT_EQ(tree["policy"], "tree:2");
  EXPECT_EQ(tree["depth"], 2);
  EXPECT_EQ(tree["rows"], "certification half");
  double share = 0, gain = 0;
  bool channel = false;  // what decides
  for (const json& rule : tree["rules"]) {
    share += rule["share"].get<double>();
    channel |= rule["condition"].get<std::string>().find("channel is") != std::string::npos;
    ASSERT_TRUE(rule["value"].is_number()) << rule;
    gain += rule["share"].get<double>() * rule["value"].get<double>();
    EXPECT_NE(evidence.text.find(rule["condition"].get<std::string>()), std::string::npos);
  }
  EXPECT_TRUE(channel) << evidence.text;
  EXPECT_NEAR(share, 1, 1e-9);
  // The rules' gains are the tree's gain over the best constant, taken apart.
  for (const json& c : e["candidates"]) {
    if (c["name"] != "tree:2") continue;
    EXPECT_EQ(c["kind"], "tree");
    EXPECT_NEAR(gain, c["versus_best_constant"]["value"].get<double>(), 1e-6);
  }
  // What ships is in the run and does what the rules say.
  const PolicyPointer policy = parse_policy(evidence.files.at("policy.safetensors"), "policy");
  ASSERT_EQ(policy->kind(), PolicyKind::kTree);
  const auto rules = tree_rules(dynamic_cast<const TreePolicy&>(*policy).parts().tree);
  ASSERT_EQ(rules.size(), tree["rules"].size());
  EXPECT_EQ(rules[0].condition, tree["rules"][0]["condition"]);
}

TEST_F(PolicyKeys, HeldOutFoldsChooseTheDepthThatNobodyAskedFor) {
  const json e = json::parse(train(goal("family = \"tree\"\n"), RunOptions{}).json);
  EXPECT_GE(e["training"]["signals"].size(), 1u);
  EXPECT_NE(e["headline"].get<std::string>().find("The held-out folds chose a tree"), std::string::npos);
  for (const json& tree : e["trees"]) {
    EXPECT_EQ(tree["rows"], "training half");
    for (const json& rule : tree["rules"]) EXPECT_TRUE(rule["value"].is_null());  // nothing unseen was read
  }
}

TEST_F(PolicyKeys, ATrainedTreeIsGatedAndEvaluatedOnAnotherLog) {
  const Goal wanted = goal(kTree);
  const std::string policy = write(train(wanted, RunOptions{}).files.at("policy.safetensors"));
  const Evidence own = gate(wanted, policy, RunOptions{});  // its own log, but for what it learnt from
  EXPECT_NE(own.text.find("are of units that it learnt from and are left out"), std::string::npos) << own.text;
  RunOptions options;
  options.log = (directory_ / "other.csv").string();
  std::ofstream(options.log) << mailing(6000, 2);
  const json e = json::parse(gate(wanted, policy, options).json);
  EXPECT_EQ(e["verdict"], "pass") << e["headline"];
  ASSERT_EQ(e["trees"].size(), 1u);
  EXPECT_TRUE(e["trees"][0]["rules"][0]["value"].is_number());
  const json v = json::parse(evaluate(wanted, {policy}, options).json);
  EXPECT_EQ(v["policies"][0]["name"], policy);
  EXPECT_TRUE(v["policies"][0]["estimates"][2]["value"].is_number());
}

TEST_F(PolicyKeys, ABudgetIsKeptByWhatShips) {
  const Goal wanted = goal(kBudget);
  const Evidence evidence = align(wanted, RunOptions{});
  const json e = json::parse(evidence.json);
  EXPECT_EQ(e["decision"], "ship") << evidence.text;
  EXPECT_EQ(e["recommended"]["policy"], "priced:goal");
  for (const json& c : e["candidates"]) {
    const json& claim = c["constraints"].back();
    ASSERT_EQ(claim["id"], "mean cost");
    if (c["name"] == "priced:goal") {
      EXPECT_EQ(claim["verdict"], "pass");
      EXPECT_LE(claim["upper"].get<double>(), .2);
      EXPECT_GT(claim["value"].get<double>(), .1);  // and it is spent
    }
    if (c["verdict"] == "pass") {
      EXPECT_EQ(claim["verdict"], "pass") << c["name"];
    }
    if (c["name"] == "constant:mail_b") {
      EXPECT_EQ(claim["verdict"], "refuse");
    }
  }
  const json& budget = e["budget"];
  EXPECT_EQ(budget["limit"], .2);
  EXPECT_GT(budget["price"].get<double>(), 0);
  ASSERT_EQ(budget["policies"][0]["policy"], "priced:goal");
  EXPECT_GT(budget["policies"][0]["over_random"]["value"].get<double>(), 0);
  const PolicyPointer policy = parse_policy(evidence.files.at("policy.safetensors"), "policy");
  ASSERT_EQ(policy->kind(), PolicyKind::kPriced);

  // In truth, on customers that no log holds.
  std::ofstream(directory_ / "fresh.csv") << mailing(50000, 900);
  LoadReport report;
  const DecisionLog log = read_log((directory_ / "fresh.csv").string(), wanted, &report);
  std::vector<float> p(log.action.size());
  policy->probabilities(log, 0, log.size(), p);
  double mailed = 0;
  for (std::size_t row = 0; row < p.size(); ++row) {
    if (log.actions[log.action[row]] != "none") mailed += p[row] / static_cast<double>(log.size());
  }
  EXPECT_LE(mailed, .2);
}

TEST_F(PolicyKeys, ATreeKeepsABudgetToo) {
  const Evidence evidence = align(
      goal("family = \"tree\"\ncosts = { mail_a = 1, mail_b = 1, none = 0 }\nbudget = 0.4\n"), RunOptions{});
  const json e = json::parse(evidence.json);
  bool kept = false;
  for (const json& c : e["candidates"]) {
    if (c["kind"] != "tree") continue;
    kept |= c["constraints"].back()["verdict"] == "pass" && c["constraints"].back()["value"].get<double>() > 0;
  }
  EXPECT_TRUE(kept) << evidence.text;
  EXPECT_EQ(e["training"]["constraints"].back()["id"], kBudgetClaim);
  EXPECT_GT(e["training"]["constraints"].back()["multiplier"].get<double>(), 0);
  ASSERT_FALSE(e["trees"].empty());
  EXPECT_EQ(e["trees"][0]["best_action"], "none");  // the only one that the budget allows for everyone
  EXPECT_FALSE(e["budget"]["policies"].empty());
}

TEST_F(PolicyKeys, TreesAndBudgetsGiveTheSameBytesForAnyNumberOfThreads) {
  for (const std::string& name : {kTree, kBudget}) {
    RunOptions options;
    const Evidence one = align(goal(name), options);
    options.threads = 3;
    const Evidence three = align(goal(name), options);
    EXPECT_EQ(one.json, three.json) << name;
    EXPECT_EQ(one.files, three.files) << name;
    EXPECT_EQ(one.text, three.text) << name;
  }
}

TEST_F(PolicyKeys, CostsThatDoNotFitTheLogAreRefusedBeforeAnyWork) {
  const auto refused = [&](const Goal& wanted, const std::string& text) {
    try {
      check(wanted, RunOptions{});
      ADD_FAILURE() << "not refused: " << text;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), Code::kInput);
      EXPECT_NE(std::string(error.what()).find(text), std::string::npos) << error.what();
    }
  };
  refused(goal("costs = { mail_a = 1, mail_bb = 1, none = 0 }\nbudget = 0.2\n"),
          "goal.toml: policy.costs of mail_bb: found no such action, expected an action of the log, perhaps "
          "mail_b");
  refused(
      goal("costs = { mail_a = 1, none = 0 }\nbudget = 0.2\n"),
      "goal.toml: policy.costs: found none for mail_b, expected the cost of every action, 0 where it is free");
  Goal near = goal(kBudget);
  near.kl_budget = .01;
  EXPECT_THROW(train(near, RunOptions{}), Error);
}

}  // namespace
}  // namespace plumb
