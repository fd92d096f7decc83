// The Open Bandit logs, men's campaign, 10,000 rows each: one logged by a random policy, one by Thompson
// sampling, which learns while it logs.
#include "tests/data/small_logs.h"

namespace plumb {
namespace {

bool adaptive(const std::string& path) {
  Goal goal;
  goal.maximize = {{1.0, "click"}};
  goal.outcomes = {outcome_spec("click", OutcomeKind::kBinary)};
  goal.data.action = "item_id";
  goal.data.time = "timestamp";
  goal.data.propensity_column = "propensity_score";
  const DecisionLog log = read_log(path, goal, nullptr);
  EXPECT_EQ(log.size(), 10000u);
  EXPECT_EQ(log.actions.size(), 34u);
  bool found = false;
  for (const Finding& finding : check_log(log, goal)) found |= finding.check == "adaptive";
  return found;
}

TEST(OpenBandit, ThompsonSamplingIsSeenToLearnAndTheRandomPolicyIsNot) {
  const std::string folder = data_folder() + "/open-bandit/";
  if (data_folder().empty() || !std::filesystem::exists(folder + "bts_men.csv.gz"))
    GTEST_SKIP() << "no bts_men.csv.gz (PLUMB_DATA)";
  EXPECT_TRUE(adaptive(folder + "bts_men.csv.gz"));
  EXPECT_FALSE(adaptive(folder + "random_men.csv.gz"));
}

}  // namespace
}  // namespace plumb
