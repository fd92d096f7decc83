// From the keys family = "tree" and budget of a goal file to a decision, on the campaign world.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "plumb/plumb.h"
#include "plumb/priced_policy.h"
#include "plumb/tree_policy.h"
#include "worlds/worlds.h"

namespace plumb {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

class Campaign : public testing::Test {
 protected:
  void SetUp() override {
    directory_ = fs::temp_directory_path() / ("plumb_policies_" + std::to_string(::getpid()));
    fs::create_directories(directory_);
    for (const char* name : {"tree.toml", "budget.toml"})
      fs::copy_file(std::string(PLUMB_SOURCE_DIR) + "/examples/campaign/" + name, directory_ / name,
                    fs::copy_options::overwrite_existing);
    campaign_write(world(1), (directory_ / "campaign.csv").string());
  }
  void TearDown() override { fs::remove_all(directory_); }
  static CampaignOptions world(std::uint64_t seed) {
    CampaignOptions out;
    out.decisions = 20000;
    out.effect = .4;
    out.personal = .6;
    out.seed = seed;
    return out;
  }
  Goal goal(const std::string& name) const { return read_goal((directory_ / name).string()); }
  // The goal file with something else in the place of `from`.
  Goal changed(const std::string& name, const std::string& from, const std::string& to) const {
    std::ifstream in(directory_ / name);
    std::string text{std::istreambuf_iterator<char>(in), {}};
    const std::size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    text.replace(at, from.size(), to);
    const fs::path path = directory_ / "changed.toml";
    std::ofstream(path) << text;
    return read_goal(path.string());
  }
  std::string write(const std::string& bytes) const {
    const std::string path = (directory_ / "policy.safetensors").string();
    std::ofstream(path, std::ios::binary) << bytes;
    return path;
  }
  fs::path directory_;
};

TEST_F(Campaign, ATreeShipsWithItsRules) {
  const Evidence evidence = align(goal("tree.toml"), RunOptions{});
  const json e = json::parse(evidence.json);
  EXPECT_EQ(e["decision"], "ship") << evidence.text;
  EXPECT_EQ(e["recommended"]["policy"], "tree:2");
  ASSERT_EQ(e["trees"].size(), 1u);
  const json& tree = e["trees"][0];
  EXPECT_EQ(tree["policy"], "tree:2");
  EXPECT_EQ(tree["depth"], 2);
  EXPECT_EQ(tree["rows"], "certification half");
  double share = 0, gain = 0;
  bool channel = false;  // what decides in this world
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

TEST_F(Campaign, HeldOutFoldsChooseTheDepthThatNobodyAskedFor) {
  const json e = json::parse(train(changed("tree.toml", "depth     = 2", "#"), RunOptions{}).json);
  EXPECT_GE(e["training"]["signals"].size(), 2u);
  EXPECT_NE(e["headline"].get<std::string>().find("The held-out folds chose a tree"), std::string::npos);
  for (const json& tree : e["trees"]) {
    EXPECT_EQ(tree["rows"], "training half");
    for (const json& rule : tree["rules"]) EXPECT_TRUE(rule["value"].is_null());  // nothing unseen was read
  }
}

TEST_F(Campaign, ATrainedTreeIsGatedAndEvaluatedOnAnotherLog) {
  const Goal wanted = goal("tree.toml");
  const std::string policy = write(train(wanted, RunOptions{}).files.at("policy.safetensors"));
  EXPECT_EQ(gate(wanted, policy, RunOptions{}).verdict, "inconclusive");  // its own log
  RunOptions options;
  options.log = (directory_ / "other.csv").string();
  campaign_write(world(2), options.log);
  const json e = json::parse(gate(wanted, policy, options).json);
  EXPECT_EQ(e["verdict"], "pass") << e["headline"];
  ASSERT_EQ(e["trees"].size(), 1u);
  EXPECT_TRUE(e["trees"][0]["rules"][0]["value"].is_number());
  const json v = json::parse(evaluate(wanted, {policy}, options).json);
  EXPECT_EQ(v["policies"][0]["name"], policy);
  EXPECT_TRUE(v["policies"][0]["estimates"][2]["value"].is_number());
}

TEST_F(Campaign, ABudgetIsKeptByWhatShips) {
  const Goal wanted = goal("budget.toml");
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
      EXPECT_GT(claim["value"].get<double>(), .15);  // and it is spent
    }
    if (c["verdict"] == "pass") EXPECT_EQ(claim["verdict"], "pass") << c["name"];
    if (c["name"] == "constant:mail_b") EXPECT_EQ(claim["verdict"], "refuse");
  }
  const json& budget = e["budget"];
  EXPECT_EQ(budget["limit"], .2);
  EXPECT_GT(budget["price"].get<double>(), 0);
  ASSERT_EQ(budget["policies"][0]["policy"], "priced:goal");
  EXPECT_GT(budget["policies"][0]["over_random"]["value"].get<double>(), 0);
  const PolicyPointer policy = parse_policy(evidence.files.at("policy.safetensors"), "policy");
  ASSERT_EQ(policy->kind(), PolicyKind::kPriced);

  // In truth, on customers that no log holds.
  CampaignOptions fresh = world(900);
  fresh.decisions = 100000;
  const DecisionLog log = campaign_log(fresh, wanted);
  std::vector<float> p(log.action.size());
  policy->probabilities(log, 0, log.size(), p);
  double mailed = 0;
  for (std::size_t row = 0; row < p.size(); ++row) {
    if (log.actions[log.action[row]] != "none") mailed += p[row] / static_cast<double>(log.size());
  }
  EXPECT_LE(mailed, .2);
}

TEST_F(Campaign, ATreeKeepsABudgetToo) {
  const Evidence evidence =
      align(changed("budget.toml", "budget    = 0.2 ", "family = \"tree\"\nbudget = 0.4"), RunOptions{});
  const json e = json::parse(evidence.json);
  bool kept = false;
  for (const json& c : e["candidates"]) {
    if (c["kind"] != "tree") continue;
    kept |= c["constraints"].back()["verdict"] == "pass" && c["constraints"].back()["value"].get<double>() > 0;
  }
  EXPECT_TRUE(kept) << evidence.text;
  EXPECT_FALSE(e["trees"].empty());
  EXPECT_FALSE(e["budget"]["policies"].empty());
}

TEST_F(Campaign, TreesAndBudgetsGiveTheSameBytesForAnyNumberOfThreads) {
  for (const char* name : {"tree.toml", "budget.toml"}) {
    RunOptions options;
    const Evidence one = align(goal(name), options);
    options.threads = 3;
    const Evidence three = align(goal(name), options);
    EXPECT_EQ(one.json, three.json) << name;
    EXPECT_EQ(one.files, three.files) << name;
    EXPECT_EQ(one.text, three.text) << name;
  }
}

TEST_F(Campaign, CostsThatDoNotFitTheLogAreRefusedBeforeAnyWork) {
  const auto refused = [&](const Goal& wanted, const std::string& text) {
    try {
      check(wanted, RunOptions{});
      ADD_FAILURE() << "not refused: " << text;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), Code::kInput);
      EXPECT_NE(std::string(error.what()).find(text), std::string::npos) << error.what();
    }
  };
  refused(changed("budget.toml", "mail_b = 1", "mail_bb = 1"),
          "changed.toml: policy.costs of mail_bb: found no such action, expected an action of the log, perhaps "
          "mail_b");
  refused(changed("budget.toml", "mail_b = 1, ", ""),
          "changed.toml: policy.costs: found none for mail_b, expected the cost of every action, 0 where it is "
          "free");
  Goal near = goal("budget.toml");
  near.kl_budget = .01;
  EXPECT_THROW(train(near, RunOptions{}), Error);
}

}  // namespace
}  // namespace plumb
