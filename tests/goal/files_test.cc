// Goal files on disk, the examples, and where their logs are found.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "plumb/goal.h"

namespace plumb {
namespace {

namespace fs = std::filesystem;

// A folder of its own for each test, gone afterwards; PLUMB_DATA is as before afterwards.
class GoalFiles : public testing::Test {
 protected:
  void SetUp() override {
    const char* data = std::getenv("PLUMB_DATA");
    if (data != nullptr) data_before_ = data;
    ::unsetenv("PLUMB_DATA");
    std::string pattern = (fs::temp_directory_path() / "plumb_goal_XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override {
    fs::remove_all(folder_);
    if (data_before_) {
      ::setenv("PLUMB_DATA", data_before_->c_str(), 1);
    } else {
      ::unsetenv("PLUMB_DATA");
    }
  }
  std::string write(const std::string& name, const std::string& text) {
    const fs::path path = folder_ / name;
    fs::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << text;
    return path.string();
  }
  template <class Call>
  static std::string refusal(Code code, Call call) {
    try {
      call();
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), code) << error.what();
      return error.what();
    }
    return "accepted";
  }

  fs::path folder_;
  std::optional<std::string> data_before_;
};

const char* const kGoal = "goal.maximize = 'y'\noutcome.y.kind = 'number'\ndata.log = 'd.csv'\n";

TEST_F(GoalFiles, AreReadWithTheirPath) {
  const std::string path = write("goal.toml", kGoal);
  const Goal goal = read_goal(path);
  EXPECT_EQ(goal.path, path);
  EXPECT_EQ(goal.hash, parse_goal(kGoal).hash);
}

TEST_F(GoalFiles, ThatAreMissingOrNoFilesAreNamed) {
  const std::string missing = (folder_ / "none.toml").string();
  EXPECT_EQ(refusal(Code::kEnvironment, [&] { read_goal(missing); }),
            missing + ": goal file: found nothing, expected a file");
  EXPECT_EQ(refusal(Code::kEnvironment, [&] { read_goal(folder_.string()); }),
            folder_.string() + ": goal file: found a directory, expected a readable file");
  const std::string empty = write("empty.toml", "");
  EXPECT_EQ(refusal(Code::kInput, [&] { read_goal(empty); }),
            empty + ": goal: found an empty file, expected a [goal] table with maximize");
  const std::string wrong = write("wrong.toml", "[goal]\nname = 7\n");
  EXPECT_EQ(refusal(Code::kInput, [&] { read_goal(wrong); }),
            wrong + ":2: goal.name: found 7, expected a text in quotes that is not empty");
  const std::string huge = write("huge.toml", std::string((1 << 20) + 1, '#'));
  EXPECT_EQ(refusal(Code::kInput, [&] { read_goal(huge); }),
            huge + ": goal file: found more than 1 MiB, expected a goal file in TOML");
}

TEST_F(GoalFiles, FindTheirLogBesideThemThenInTheDataFolder) {
  const Goal goal = read_goal(write("shop/goal.toml", kGoal));
  const std::string in_named = write("data/shop/d.csv", "3");
  EXPECT_NE(refusal(Code::kEnvironment, [&] { find_log(goal, ""); }).find((folder_ / "shop/d.csv").string()),
            std::string::npos);
  ::setenv("PLUMB_DATA", (folder_ / "data").c_str(), 1);
  EXPECT_EQ(find_log(goal, ""), in_named);
  const std::string in_data = write("data/d.csv", "2");
  EXPECT_EQ(find_log(goal, ""), in_data);
  const std::string beside = write("shop/d.csv", "1");
  EXPECT_EQ(find_log(goal, ""), beside);
  const std::string other = write("other.csv", "4");
  EXPECT_EQ(find_log(goal, other), other);
}

TEST_F(GoalFiles, WhoseLogIsNowhereListEveryPlace) {
  const Goal goal = read_goal(write("shop/goal.toml", kGoal));
  ::setenv("PLUMB_DATA", (folder_ / "data").c_str(), 1);
  EXPECT_EQ(refusal(Code::kEnvironment, [&] { find_log(goal, ""); }),
            goal.path + ": data.log: found no file at " + (folder_ / "shop/d.csv").string() + ", " +
                (folder_ / "data/d.csv").string() + ", " + (folder_ / "data/shop/d.csv").string() +
                ", expected the decision log (--log FILE names it)");
  EXPECT_EQ(
      refusal(Code::kEnvironment, [&] { find_log(goal, "gone.csv"); }),
      goal.path + ": data.log: found no file at gone.csv, expected the decision log (--log FILE names it)");
  Goal unnamed = goal;
  unnamed.data.log.clear();
  EXPECT_EQ(refusal(Code::kInput, [&] { find_log(unnamed, ""); }),
            goal.path + ": data.log: found nothing, expected the path of the log, here or by --log");
  Goal absolute = goal;
  absolute.data.log = write("elsewhere.csv", "5");
  EXPECT_EQ(find_log(absolute, ""), absolute.data.log);
}

std::string example(const std::string& name) { return std::string(PLUMB_SOURCE_DIR) + "/examples/" + name; }

TEST(ExampleGoals, SayWhatTheirWorldsNeed) {
  const Goal newsfeed = read_goal(example("newsfeed/goal.toml"));
  ASSERT_EQ(newsfeed.maximize.size(), 1u);
  EXPECT_EQ(newsfeed.maximize[0].outcome, "value_90d");
  EXPECT_EQ(newsfeed.minimum_effect, 0.25);
  EXPECT_EQ(newsfeed.outcomes.size(), 6u);
  EXPECT_FALSE(newsfeed.outcome("value_90d")->observed_after_us.has_value());
  EXPECT_EQ(newsfeed.outcome("satisfied")->asked_column, "p_asked");
  EXPECT_EQ(newsfeed.proxies, (std::vector<std::string>{"click", "dwell"}));
  ASSERT_EQ(newsfeed.constraints.size(), 2u);
  EXPECT_FALSE(newsfeed.constraints[0].higher_is_better);
  EXPECT_EQ(newsfeed.data.log, "decisions.jsonl");

  const Goal campaign = read_goal(example("campaign/goal.toml"));
  EXPECT_EQ(campaign.data.propensity_by_arm.size(), 3u);
  EXPECT_EQ(campaign.data.unit, "customer");
  EXPECT_EQ(campaign.constraints.at(0).at_most, 0.02);
}

TEST(ExampleGoals, OfHillstromDifferInTheirConstraintsOnly) {
  Goal plain = read_goal(example("hillstrom/goal.toml"));
  const Goal guarded = read_goal(example("hillstrom/guarded.toml"));
  EXPECT_TRUE(plain.constraints.empty());
  ASSERT_EQ(guarded.constraints.size(), 2u);
  EXPECT_EQ(guarded.constraints[0].id(), "spend by newbie");
  EXPECT_EQ(guarded.constraints[1].id(), "spend by zip_code");
  for (const ConstraintSpec& constraint : guarded.constraints) {
    EXPECT_EQ(constraint.margin, 0.5);
    EXPECT_TRUE(constraint.higher_is_better);
  }
  EXPECT_EQ(plain.data.context, guarded.data.context);
  EXPECT_EQ(plain.data.propensity_number, guarded.data.propensity_number);
  EXPECT_EQ(plain.segments, guarded.segments);
  EXPECT_EQ(plain.minimum_effect, 0.05);
  EXPECT_NE(plain.hash, guarded.hash);
}

TEST(ExampleGoals, OfHillstromFindTheRealLog) {
  const char* named = std::getenv("PLUMB_DATA");
  const std::string root = named != nullptr ? named : std::string(PLUMB_SOURCE_DIR) + "/../shared/data";
  if (!fs::exists(root + "/hillstrom/hillstrom.csv.gz")) GTEST_SKIP() << "no Hillstrom data under " << root;
  ::setenv("PLUMB_DATA", root.c_str(), 1);
  const std::string found = find_log(read_goal(example("hillstrom/goal.toml")), "");
  if (named == nullptr) ::unsetenv("PLUMB_DATA");
  EXPECT_TRUE(fs::equivalent(found, root + "/hillstrom/hillstrom.csv.gz"));
}

TEST(GoalCorpus, IsReadOrRefusedButNeverAnythingElse) {
  int read = 0, refused = 0;
  for (const auto& entry : fs::directory_iterator(std::string(PLUMB_SOURCE_DIR) + "/fuzz/corpus/goal")) {
    try {
      read_goal(entry.path().string());
      ++read;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), Code::kInput) << error.what();
      ++refused;
    }
  }
  EXPECT_GE(read, 3);
  EXPECT_GE(refused, 2);
}

}  // namespace
}  // namespace plumb
