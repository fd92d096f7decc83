// Kevin Hillstrom's e-mail data, 64,000 randomized customers: arm means as published.
#include "tests/data/small_logs.h"

namespace plumb {
namespace {

TEST(Hillstrom, HasThePublishedMeansByArm) {
  const std::string path = data_folder() + "/hillstrom/hillstrom.csv.gz";
  if (data_folder().empty() || !std::filesystem::exists(path))
    GTEST_SKIP() << "no hillstrom.csv.gz (PLUMB_DATA)";
  const Goal goal = read_goal(std::string(PLUMB_SOURCE_DIR) + "/examples/hillstrom/goal.toml");
  LoadReport report;
  const DecisionLog log = read_log(path, goal, &report);
  ASSERT_EQ(log.size(), 64000u);
  EXPECT_EQ(report.rows_read, 64000u);
  EXPECT_EQ(report.rejected, 0u);
  EXPECT_EQ(log.actions, (std::vector<std::string>{"Mens E-Mail", "No E-Mail", "Womens E-Mail"}));
  EXPECT_TRUE(log.fixed_actions);
  EXPECT_TRUE(log.propensity_declared);
  EXPECT_EQ(log.logged.size(), 192000u);
  std::vector<double> n(3, 0), spend(3, 0), visit(3, 0);
  for (std::size_t i = 0; i < log.size(); ++i) {
    const std::uint32_t arm = log.chosen_action(i);
    ++n[arm];
    spend[arm] += log.outcome("spend").value[i];
    visit[arm] += log.outcome("visit").value[i];
  }
  EXPECT_NEAR(spend[1] / n[1], .6528, 5e-5);
  EXPECT_NEAR(spend[0] / n[0], 1.4226, 5e-5);
  EXPECT_NEAR(spend[2] / n[2], 1.0772, 5e-5);
  EXPECT_NEAR(visit[1] / n[1], .10617, 5e-6);
  EXPECT_NEAR(visit[0] / n[0], .18276, 5e-6);
  EXPECT_NEAR(visit[2] / n[2], .15140, 5e-6);
  ASSERT_NE(log.segment("newbie"), nullptr);
  EXPECT_EQ(log.segment("newbie")->levels, (std::vector<std::string>{"0", "1"}));
  EXPECT_EQ(log.segment("zip_code")->levels.size(), 3u);
  for (const Finding& finding : check_log(log, goal))
    EXPECT_EQ(finding.severity, Severity::kInfo) << finding.sentence;
}

}  // namespace
}  // namespace plumb
