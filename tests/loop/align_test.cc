// The loop on worlds and on real data, through the library.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
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

std::string hillstrom_log() {
  const char* data = std::getenv("PLUMB_DATA");
  const std::string root = data ? data : std::string(PLUMB_SOURCE_DIR) + "/../shared/data";
  return root + "/hillstrom/hillstrom.csv.gz";
}

class Hillstrom : public testing::Test {
 protected:
  void SetUp() override {
    if (!fs::exists(hillstrom_log())) GTEST_SKIP() << "no " << hillstrom_log() << "; set PLUMB_DATA";
    options_.log = hillstrom_log();
    options_.threads = 2;
  }
  RunOptions options_;
};

TEST_F(Hillstrom, ArmMeansEqualTheReference) {
  const Goal goal = read_goal(example("hillstrom/goal.toml"));
  const auto e = nlohmann::json::parse(
      evaluate(goal, {"constant:No E-Mail", "constant:Mens E-Mail", "constant:Womens E-Mail"}, options_).json);
  const double expected[] = {0.6528, 1.4226, 1.0772};
  for (std::size_t k = 0; k < 3; ++k) {
    for (const auto& estimate : e["policies"][k]["estimates"]) {
      if (estimate["estimator"] == "snips") {
        EXPECT_NEAR(estimate["value"].get<double>(), expected[k], 5e-5);
      }
      if (estimate["estimator"] == "dr") {
        EXPECT_NEAR(estimate["value"].get<double>(), expected[k], 3e-3);
      }
    }
  }
}

TEST_F(Hillstrom, ShipsMensEMailToEveryone) {
  for (const char* file : {"hillstrom/goal.toml", "hillstrom/guarded.toml"}) {
    for (const std::uint64_t seed : {1u, 2u}) {
      options_.seed = seed;
      const Evidence evidence = align(read_goal(example(file)), options_);
      const auto e = nlohmann::json::parse(evidence.json);
      EXPECT_EQ(evidence.decision, "ship") << file << " " << seed;
      EXPECT_EQ(e["recommended"]["policy"], "constant:Mens E-Mail");
      for (const auto& c : e["candidates"]) {
        if (c["kind"] == "softmax") {
          EXPECT_LE(c["versus_best_constant"]["lower"].get<double>(), 0) << c["name"];
        }
      }
    }
  }
}

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

TEST_F(Newsfeed, GateNeverPassesAPolicyOnTheLogThatTrainedIt) {
  const Goal goal = read_goal((directory_ / "goal.toml").string());
  const Evidence trained = train(goal, RunOptions{});
  const std::string policy = (directory_ / "policy.safetensors").string();
  std::ofstream(policy, std::ios::binary) << trained.files.at("policy.safetensors");
  EXPECT_EQ(gate(goal, policy, RunOptions{}).verdict, "inconclusive");

  // Rows reordered and one left out: the other buckets still tell.
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
  EXPECT_EQ(e["verdict"], "inconclusive");
  EXPECT_EQ(e["reasons"][0]["check"], "trained on this log");

  // A log from other decisions may certify it: then the answer is about the policy.
  NewsfeedOptions other;
  other.decisions = 6000;
  other.seed = 99;
  newsfeed_write(other, (directory_ / "other.jsonl").string());
  options.log = (directory_ / "other.jsonl").string();
  const auto fresh = nlohmann::json::parse(gate(goal, policy, options).json);
  EXPECT_TRUE(fresh["candidates"][1]["versus_reference"]["value"].is_number());
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
