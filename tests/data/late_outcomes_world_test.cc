// Late outcomes through the whole loop, on a world in which their handling decides the verdict: "b" is worth 2
// and "a" 1, but two thirds of the decisions are too young for anyone to know.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <vector>

#include "plumb/plumb.h"

namespace plumb {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kDecisions = 12000;
constexpr std::int64_t kDay = 86400LL * 1000000;

std::string goal_text(const std::string& value) {
  return R"(
[goal]
name = "late"
maximize = "value"
minimum_effect = 0.35
[outcome.value]
kind = "amount"
absent = "zero"
)" + value +
         R"(
[data]
log = "decisions.jsonl"
outcomes = ["early.jsonl", "late.jsonl"]
[policy]
reference = "logging"
)";
}

class LateOutcomesWorld : public testing::Test {
 protected:
  void SetUp() override {
    const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
    folder_ =
        fs::temp_directory_path() / (std::string("plumb_late_") + test->name() + std::to_string(getpid()));
    fs::create_directories(folder_);
    Rng rng = Rng(5).stream("late outcomes");
    std::string decisions;
    for (std::size_t i = 0; i < kDecisions; ++i) {
      const bool second = rng.bernoulli(.5);
      const auto time = static_cast<std::int64_t>(i) * (135 * kDay) / static_cast<std::int64_t>(kDecisions);
      const double value = (second ? 2 : 1) * rng.exponential();
      const std::string id = "d" + std::to_string(i);
      decisions += "{\"id\":\"" + id + "\",\"time_us\":" + std::to_string(time) +
                   ",\"context\":{\"x\":" + std::to_string(rng.normal()) +
                   R"(},"actions":[{"id":"a"},{"id":"b"}],"chosen":")" + (second ? "b" : "a") +
                   "\",\"propensity\":0.5}\n";
      // Known after 90 days, of 135 that the log holds.
      if (time <= 45 * kDay) {
        records_.push_back("{\"id\":\"" + id + "\",\"time_us\":" + std::to_string(time + 90 * kDay) +
                           ",\"outcomes\":{\"value\":" + std::to_string(value) + "}}\n");
      }
    }
    write("decisions.jsonl", decisions);
    write("waiting.toml", goal_text("observed_after = \"90d\""));
    write("hasty.toml", goal_text(""));
  }
  void TearDown() override {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ / name, std::ios::binary) << text;
  }
  // Every record in one of the two files, in the order of `records`.
  void write_late(const std::vector<std::string>& records, Rng& rng, double share_early) const {
    std::string text[2];
    for (const std::string& record : records) text[rng.bernoulli(share_early) ? 0 : 1] += record;
    write("early.jsonl", text[0].empty() ? records[0] : text[0]);
    write("late.jsonl", text[1].empty() ? records[0] : text[1]);
  }
  Evidence run(const std::string& goal) const {
    RunOptions options;
    options.threads = 2;
    return align(read_goal((folder_ / goal).string()), options);
  }
  fs::path folder_;
  std::vector<std::string> records_;
};

// Young rows that count as zero would decide wrongly: the log cannot tell then, and says why.
TEST_F(LateOutcomesWorld, IsDecidedWhereYoungRowsAreWaitedForAndCappedWhereTheyCountAsZero) {
  Rng rng(6);
  write_late(records_, rng, .5);
  EXPECT_EQ(run("waiting.toml").decision, "ship");
  const Evidence hasty = run("hasty.toml");
  EXPECT_EQ(hasty.decision, "experiment");
  EXPECT_NE(hasty.json.find("observed_after"), std::string::npos);
}

TEST_F(LateOutcomesWorld, GivesTheSameBytesInAnyOrderAndSplit) {
  Rng rng(7);
  write_late(records_, rng, .5);
  const std::string want = run("waiting.toml").json;
  for (const double share : {.1, .9}) {
    for (std::size_t i = records_.size(); i > 1; --i) std::swap(records_[i - 1], records_[rng.below(i)]);
    write_late(records_, rng, share);
    EXPECT_EQ(run("waiting.toml").json, want);
  }
}

}  // namespace
}  // namespace plumb
