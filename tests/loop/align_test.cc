// The loop on a world, through the library.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "plumb/plumb.h"
#include "plumb/policy.h"
#include "worlds/worlds.h"

namespace plumb {
namespace {

namespace fs = std::filesystem;

std::string example(const std::string& name) { return std::string(PLUMB_SOURCE_DIR) + "/examples/" + name; }

class Newsfeed : public testing::Test {
 protected:
  void SetUp() override {
    directory_ = fs::temp_directory_path() / ("plumb_loop_" + std::to_string(::getpid()));
    fs::create_directories(directory_);
    fs::copy_file(example("newsfeed/goal.toml"), directory_ / "goal.toml",
                  fs::copy_options::overwrite_existing);
    NewsfeedOptions world;
    world.decisions = 6000;
    newsfeed_write(world, (directory_ / "decisions.jsonl").string());
  }
  void TearDown() override { fs::remove_all(directory_); }
  fs::path directory_;
};

TEST(CleanWorlds, HaveNothingThatKeepsAVerdictAtInconclusive) {
  const Goal goal = read_goal(example("newsfeed/goal.toml"));
  const Goal campaign = read_goal(example("campaign/goal.toml"));
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    NewsfeedOptions world;
    world.decisions = 20000;
    world.seed = seed;
    for (const Finding& f : check_log(newsfeed_log(world, goal), goal)) {
      EXPECT_NE(f.severity, Severity::kCap) << "seed " << seed << ": " << f.sentence;
    }
    CampaignOptions mails;
    mails.seed = seed;
    for (const Finding& f : check_log(campaign_log(mails, campaign), campaign)) {
      EXPECT_NE(f.severity, Severity::kCap) << "seed " << seed << ": " << f.sentence;
    }
  }
}

TEST_F(Newsfeed, GivesTheSameBytesForAnyNumberOfThreads) {
  const Goal goal = read_goal((directory_ / "goal.toml").string());
  RunOptions options;
  const Evidence one = align(goal, options);
  for (const int threads : {2, 7}) {
    options.threads = threads;
    const Evidence other = align(goal, options);
    EXPECT_EQ(one.json, other.json);
    EXPECT_EQ(one.files, other.files);
  }
}

// What gate says of decisions that the policy was learnt from.
std::string left_out(const nlohmann::json& evidence) {
  for (const auto& finding : evidence["data"]["findings"])
    if (finding["check"] == "origin") return finding["sentence"].get<std::string>();
  return "";
}

TEST_F(Newsfeed, GateLeavesOutWhatThePolicyWasLearntFrom) {
  const Goal goal = read_goal((directory_ / "goal.toml").string());
  const Evidence trained = train(goal, RunOptions{});
  const std::string policy = (directory_ / "policy.safetensors").string();
  std::ofstream(policy, std::ios::binary) << trained.files.at("policy.safetensors");
  const std::string own = left_out(nlohmann::json::parse(gate(goal, policy, RunOptions{}).json));
  EXPECT_NE(own.find("decisions are of units that it learnt from and are left out"), std::string::npos) << own;

  // Rows reordered and one left out.
  std::vector<std::string> lines;
  {
    std::ifstream in(directory_ / "decisions.jsonl");
    for (std::string line; std::getline(in, line);) lines.push_back(line);
  }
  std::ofstream out(directory_ / "reordered.jsonl");
  for (std::size_t k = lines.size(); k-- > 1;) out << lines[k] << "\n";
  out.close();
  RunOptions options;
  options.log = (directory_ / "reordered.jsonl").string();
  const auto e = nlohmann::json::parse(gate(goal, policy, options).json);
  EXPECT_NE(left_out(e).find("are left out"), std::string::npos) << left_out(e);

  // A log from other decisions may certify it: then the answer is about the policy.
  NewsfeedOptions other;
  other.decisions = 6000;
  other.seed = 99;
  newsfeed_write(other, (directory_ / "other.jsonl").string());
  options.log = (directory_ / "other.jsonl").string();
  const auto fresh = nlohmann::json::parse(gate(goal, policy, options).json);
  EXPECT_TRUE(fresh["candidates"][1]["versus_reference"]["value"].is_number());
}

TEST_F(Newsfeed, GateKnowsItsTrainingLogHoweverItIsWritten) {
  const Goal goal = read_goal((directory_ / "goal.toml").string());
  const Evidence trained = train(goal, RunOptions{});
  const std::string policy = (directory_ / "policy.safetensors").string();
  std::ofstream(policy, std::ios::binary) << trained.files.at("policy.safetensors");
  const std::string log = (directory_ / "decisions.jsonl").string();
  const auto said_of = [&](const Goal& by, const std::string& file) {
    RunOptions options;
    options.log = file;
    const std::string said = left_out(nlohmann::json::parse(gate(by, policy, options).json));
    return said.substr(said.find(" of ") == std::string::npos ? 0 : said.find(" decisions"));
  };

  ASSERT_EQ(std::system(("gzip -1 -k '" + log + "'").c_str()), 0);
  const std::string known = " decisions are of units that it learnt from and are left out";
  EXPECT_EQ(said_of(goal, log + ".gz").substr(0, known.size()), known);

  const std::string longer = (directory_ / "longer.jsonl").string();
  fs::copy_file(log, longer);
  {
    std::ifstream in(log);
    std::string line;
    std::getline(in, line);
    const auto id = line.find("\"id\":\"");
    ASSERT_NE(id, std::string::npos);
    line.insert(id + 6, "another-");
    std::ofstream(longer, std::ios::app) << line << "\n";
  }
  EXPECT_EQ(said_of(goal, longer).substr(0, known.size()), known);

  // A goal file that reads other columns of the same rows.
  Goal other = goal;
  other.segments.clear();
  EXPECT_EQ(said_of(other, log).substr(0, known.size()), known);
}

TEST_F(Newsfeed, GateDoesNotTrustATableThatSaysNothingOfItsOrigin) {
  const Goal goal = read_goal((directory_ / "goal.toml").string());
  const Evidence trained = train(goal, RunOptions{});
  const PolicyPointer policy = parse_policy(trained.files.at("policy.safetensors"), "policy");
  LoadReport report;
  const DecisionLog log = read_log((directory_ / "decisions.jsonl").string(), goal, &report);
  std::vector<float> p(log.action.size());
  policy->probabilities(log, 0, log.size(), p);
  const std::string table = (directory_ / "table.csv").string();
  {
    std::ofstream out(table);
    out.precision(9);
    out << "id,action,probability\n";
    for (std::size_t i = 0; i < log.size(); ++i) {
      for (auto row = log.offset[i]; row < log.offset[i + 1]; ++row) {
        out << log.id[i] << "," << log.actions[log.action[row]] << "," << p[row] << "\n";
      }
    }
  }
  RunOptions options;
  const auto unknown = nlohmann::json::parse(gate(goal, table, options).json);
  EXPECT_EQ(unknown["verdict"], "inconclusive");
  EXPECT_EQ(unknown["reasons"][0]["check"], "trained on this log");
  EXPECT_TRUE(unknown["candidates"][1]["versus_reference"]["value"].is_null());
  options.not_trained_here = true;
  const auto declared = nlohmann::json::parse(gate(goal, table, options).json);
  EXPECT_TRUE(declared["candidates"][1]["versus_reference"]["value"].is_number());
}

TEST_F(Newsfeed, PolicyFilesRoundTrip) {
  const Goal goal = read_goal((directory_ / "goal.toml").string());
  const Evidence trained = train(goal, RunOptions{});
  const std::string& bytes = trained.files.at("policy.safetensors");
  const PolicyPointer policy = parse_policy(bytes, "policy");
  EXPECT_EQ(policy_bytes(dynamic_cast<const SoftmaxPolicy&>(*policy)), bytes);
  EXPECT_THROW(parse_policy(bytes.substr(0, bytes.size() - 8), "policy"), Error);
  EXPECT_THROW(parse_policy("no policy at all", "policy"), Error);
}

}  // namespace
}  // namespace plumb
