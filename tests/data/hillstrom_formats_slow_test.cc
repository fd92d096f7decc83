// The same customers as CSV, JSON lines, dsjson and VW text: one log, one verdict, the same numbers.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "plumb/data.h"
#include "plumb/plumb.h"
#include "tests/data/logs_equal.h"

namespace plumb {
namespace {

namespace fs = std::filesystem;

struct Written {
  const char *goal, *log;
};
constexpr Written kFormats[] = {{"csv.toml", "hillstrom.csv"},
                                {"jsonl.toml", "hillstrom.jsonl"},
                                {"dsjson.toml", "hillstrom.dsjson"},
                                {"vw_adf.toml", "hillstrom_adf.vw"}};

// Every file that the converter writes, in a folder of this process's own.
class HillstromFormats : public testing::Test {
 protected:
  void SetUp() override {
    const char* data = std::getenv("PLUMB_DATA");
    const std::string root = data ? data : std::string(PLUMB_SOURCE_DIR) + "/../shared/data";
    const std::string log = root + "/hillstrom/hillstrom.csv.gz";
    if (!fs::exists(log)) GTEST_SKIP() << "no " << log << "; set PLUMB_DATA";
    folder_ = fs::temp_directory_path() / ("plumb_formats_" + std::to_string(getpid()));
    const std::string command = "python3 \"" + std::string(PLUMB_SOURCE_DIR) +
                                "/examples/hillstrom/convert.py\" \"" + log + "\" \"" + folder_.string() + "\"";
    ASSERT_EQ(std::system(command.c_str()), 0) << command;
  }
  void TearDown() override {
    std::error_code ignored;
    if (!folder_.empty()) fs::remove_all(folder_, ignored);
  }
  static Goal goal(const char* name) {
    return read_goal(std::string(PLUMB_SOURCE_DIR) + "/examples/hillstrom/formats/" + name);
  }
  std::string path(const char* log) const { return (folder_ / log).string(); }
  fs::path folder_;
};

TEST_F(HillstromFormats, HoldTheSameLog) {
  const DecisionLog want = read_log(path(kFormats[0].log), goal(kFormats[0].goal), nullptr);
  ASSERT_EQ(want.size(), 64000u);
  for (const auto& [goal_name, log_name] : kFormats) {
    SCOPED_TRACE(log_name);
    const DecisionLog got = read_log(path(log_name), goal(goal_name), nullptr);
    expect_equal_decisions(got, want);
    EXPECT_EQ(got.actions, want.actions);
    EXPECT_EQ(got.row_digest, want.row_digest);
  }
  SCOPED_TRACE("hillstrom_cb.vw");
  const DecisionLog numbered = read_log(path("hillstrom_cb.vw"), goal("vw_cb.toml"), nullptr);
  expect_equal_decisions(numbered, want);
  EXPECT_EQ(numbered.actions, (std::vector<std::string>{"1", "2", "3"}));
}

// The file that was read, what was said while it was read, and the hash of the goal that names it. All else are
// verdicts and numbers.
void forget_the_file(nlohmann::json& evidence) {
  ASSERT_EQ(evidence["data"].erase("log") + evidence["data"].erase("notes") + evidence.erase("goal_hash") +
                evidence["provenance"].erase("goal_hash"),
            4u);
}

TEST_F(HillstromFormats, GiveTheSameVerdictAndTheSameNumbers) {
  nlohmann::json want;
  for (const auto& [goal_name, log_name] : kFormats) {
    RunOptions options;
    options.log = path(log_name);
    options.threads = 2;
    const Evidence evidence = align(goal(goal_name), options);
    EXPECT_EQ(evidence.decision, "ship") << log_name;
    nlohmann::json got = nlohmann::json::parse(evidence.json);
    EXPECT_EQ(got["recommended"]["policy"], "constant:Mens_E-Mail");
    forget_the_file(got);
    if (want.is_null()) want = got;
    EXPECT_EQ(got, want) << nlohmann::json::diff(want, got).dump(1).substr(0, 2000);
  }
}

}  // namespace
}  // namespace plumb
