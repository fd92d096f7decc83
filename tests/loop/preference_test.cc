// A goal that contains what people prefer, through the whole loop.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "plumb/plumb.h"
#include "worlds/worlds.h"

namespace plumb {
namespace {

namespace fs = std::filesystem;

class AskedReaders : public testing::Test {
 protected:
  void SetUp() override {
    directory_ = fs::temp_directory_path() / ("plumb_preference_" + std::to_string(::getpid()));
    fs::create_directories(directory_);
    std::ifstream example(std::string(PLUMB_SOURCE_DIR) + "/examples/newsfeed/preference.toml");
    goal_text_ = {std::istreambuf_iterator<char>(example), {}};
    write("goal.toml", goal_text_);
    world_.decisions = 4000;
    newsfeed_write(world_, path("decisions.jsonl"));
    newsfeed_write_feedback(world_, 4000, path("comparisons.jsonl"));
  }
  void TearDown() override { fs::remove_all(directory_); }
  std::string path(const std::string& name) const { return (directory_ / name).string(); }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(directory_ / name, std::ios::binary) << text;
  }
  Goal goal() const { return read_goal(path("goal.toml")); }
  // The goal file with one text put in the place of another.
  void rewrite(const std::string& from, const std::string& to) {
    ASSERT_NE(goal_text_.find(from), std::string::npos);
    std::string text = goal_text_;
    text.replace(text.find(from), from.size(), to);
    write("goal.toml", text);
  }
  // Each test writes the same files first, so one run serves all that only look at it.
  const Evidence& aligned() const {
    static const Evidence evidence = align(goal(), RunOptions{});
    return evidence;
  }
  std::string refusal() const {
    try {
      align(goal(), RunOptions{});
    } catch (const Error& e) {
      return e.what();
    }
    return "";
  }
  std::string text_of(const std::string& name) const {
    std::ifstream in(directory_ / name, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  fs::path directory_;
  std::string goal_text_;
  NewsfeedOptions world_;
};

TEST_F(AskedReaders, EvidenceSaysHowGoodTheRewardModelIs) {
  const auto document = nlohmann::json::parse(aligned().json);
  const auto& people = document.at("preference");
  EXPECT_EQ(people.at("name"), "preferred");
  EXPECT_EQ(people.at("comparisons"), 4000);
  EXPECT_GT(people.at("accuracy").at("lower").get<double>(), .5);
  EXPECT_FALSE(people.at("curve").empty());
  bool candidate = false;
  for (const auto& c : document.at("candidates")) candidate |= c.at("name") == "softmax:preferred";
  EXPECT_TRUE(candidate);
}

TEST_F(AskedReaders, TheReportShowsThePeople) {
  const Evidence& evidence = aligned();
  EXPECT_NE(evidence.text.find("What people prefer"), std::string::npos);
  const std::string page = run_files(evidence).at("report.html");
  EXPECT_NE(page.find("What people prefer"), std::string::npos);
  EXPECT_NE(page.find("the promise"), std::string::npos);
}

TEST_F(AskedReaders, BytesAreTheSameForAnyNumberOfThreads) {
  const Evidence& one = aligned();
  RunOptions options;
  options.threads = 7;
  const Evidence seven = align(goal(), options);
  EXPECT_EQ(one.json, seven.json);
  EXPECT_EQ(one.files, seven.files);
}

TEST_F(AskedReaders, APreferenceAloneCanBeTheGoal) {
  rewrite("\"value_90d + 2.0 * preferred\"", "\"preferred\"");
  const auto document = nlohmann::json::parse(align(goal(), RunOptions{}).json);
  EXPECT_FALSE(document.at("preference").at("curve").empty());
  for (const auto& proxy : document.at("audit").at("proxies"))
    EXPECT_TRUE(proxy.at("surrogacy").at("index_bias").at("value").is_null());
}

TEST_F(AskedReaders, GateNeverPassesAPolicyOnTheComparisonsThatItWasLearntFrom) {
  const Evidence trained = train(goal(), RunOptions{});
  write("policy.safetensors", trained.files.at("policy.safetensors"));
  // A fresh log, the same people.
  NewsfeedOptions later = world_;
  later.seed = 99;
  newsfeed_write(later, path("decisions.jsonl"));
  const Evidence same_people = gate(goal(), path("policy.safetensors"), RunOptions{});
  EXPECT_EQ(same_people.verdict, "inconclusive");
  EXPECT_NE(same_people.text.find("trained on this feedback"), std::string::npos);
  EXPECT_TRUE(nlohmann::json::parse(same_people.json)["candidates"][1]["versus_reference"]["value"].is_null());
  // Nor where others were asked beside them.
  const std::string those = text_of("comparisons.jsonl");
  newsfeed_write_feedback(later, 4000, path("more.jsonl"));
  write("comparisons.jsonl", those + text_of("more.jsonl"));
  EXPECT_EQ(gate(goal(), path("policy.safetensors"), RunOptions{}).verdict, "inconclusive");
  // Other people: it is judged.
  newsfeed_write_feedback(later, 4000, path("comparisons.jsonl"));
  const Evidence other = gate(goal(), path("policy.safetensors"), RunOptions{});
  EXPECT_FALSE(nlohmann::json::parse(other.json)["candidates"][1]["versus_reference"]["value"].is_null());
}

TEST_F(AskedReaders, ALockNoticesOtherFeedback) {
  check_and_lock(goal(), RunOptions{});
  newsfeed_write_feedback(world_, 3999, path("comparisons.jsonl"));
  EXPECT_NE(refusal(), "");
}

TEST_F(AskedReaders, WhatCannotBeLearntFromIsRefused) {
  rewrite("[\"comparisons.jsonl\"]", "[\"none.jsonl\"]");
  EXPECT_NE(refusal().find("data.feedback: found no file \"none.jsonl\""), std::string::npos) << refusal();
  rewrite("feedback     = [\"comparisons.jsonl\"]\n", "");
  try {
    goal();
    FAIL() << "a preference without feedback was accepted";
  } catch (const Error& e) {
    EXPECT_NE(std::string(e.what()).find("a preference without data.feedback"), std::string::npos) << e.what();
  }
  rewrite("kind = \"preference\"", "kind = \"preference\"\nasked = 0.5");
  EXPECT_THROW(goal(), Error);
  write("goal.toml", goal_text_);
  write("comparisons.jsonl", R"({"prompt":"x","completion":"a1","label":true})"
                             "\n");
  EXPECT_NE(refusal().find("expected comparisons and rankings"), std::string::npos) << refusal();
  write("comparisons.jsonl", R"({"options":["a1","a2"],"ranking":["a1","a2"]})"
                             "\n");
  EXPECT_NE(refusal().find("comparisons.jsonl"), std::string::npos) << refusal();
}

}  // namespace
}  // namespace plumb
