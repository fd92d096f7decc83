// The loop on real data: 64,000 randomized customers. Skipped where the data set is not there.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "plumb/plumb.h"

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

TEST_F(Hillstrom, CannotTellTrainingOnVisitFromTrainingOnSpend) {
  const auto e = nlohmann::json::parse(audit(read_goal(example("hillstrom/goal.toml")), options_).json);
  ASSERT_EQ(e["comparisons"].size(), 2u);
  EXPECT_EQ(e["comparisons"][0]["a"], "softmax:visit");
  EXPECT_LT(e["comparisons"][0]["lower"].get<double>(), 0);
  EXPECT_GT(e["comparisons"][0]["upper"].get<double>(), 0);
  EXPECT_TRUE(e["proxies"][0]["surrogacy"]["index_bias"]["value"].is_number());
}

}  // namespace
}  // namespace plumb
