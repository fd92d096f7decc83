#include "data/csv.h"

#include "tests/data/small_logs.h"

namespace plumb {
namespace {

using Fields = std::vector<std::string_view>;

TEST(CsvReader, FollowsRfc4180) {
  CsvReader reader("a,\"b,\"\"c\"\"\",\"two\nlines\"\r\n,,\nlast,\"\",x", ',', "x.csv");
  ASSERT_TRUE(reader.next());
  EXPECT_EQ(reader.fields(), (Fields{"a", "b,\"c\"", "two\nlines"}));
  EXPECT_EQ(reader.line(), 1u);
  ASSERT_TRUE(reader.next());
  EXPECT_EQ(reader.fields(), (Fields{"", "", ""}));
  EXPECT_EQ(reader.line(), 3u);  // the first record had two lines
  ASSERT_TRUE(reader.next());
  EXPECT_EQ(reader.fields(), (Fields{"last", "", "x"}));
  EXPECT_FALSE(reader.next());
}

TEST(CsvReader, ReadsTabSeparatedText) {
  CsvReader reader("a,b\tc\n", '\t', "x.tsv");
  ASSERT_TRUE(reader.next());
  EXPECT_EQ(reader.fields(), (Fields{"a,b", "c"}));
}

TEST(CsvReader, RefusesAQuoteThatIsNeverClosed) {
  CsvReader reader("a,b\n1,\"2\n3,4\n", ',', "x.csv");
  ASSERT_TRUE(reader.next());
  EXPECT_NE(refusal([&] { reader.next(); }).find("x.csv:2: quote: found no closing quote"), std::string::npos);
}

TEST(CsvLog, OffersTheSortedDistinctActionsInEveryDecision) {
  const DecisionLog log =
      csv_log("arm,p,age,region,spend\nb,0.5,30,north,1.5\na,0.25,41,south,\nb,0.5,22,north,0\n", [] {
        Goal goal = csv_goal();
        goal.outcomes[0].absent_is_zero = true;
        return goal;
      }());
  EXPECT_EQ(log.size(), 3u);
  EXPECT_EQ(log.actions, (std::vector<std::string>{"a", "b"}));
  EXPECT_TRUE(log.fixed_actions);
  EXPECT_EQ(log.action, (std::vector<std::uint32_t>{0, 1, 0, 1, 0, 1}));
  EXPECT_EQ(log.offset, (std::vector<std::uint64_t>{0, 2, 4, 6}));
  EXPECT_EQ(log.chosen, (std::vector<std::uint32_t>{1, 0, 1}));
  EXPECT_EQ(log.propensity, (std::vector<double>{0.5, 0.25, 0.5}));
  // Of two actions the one that was not chosen has the rest.
  EXPECT_EQ(log.logged, (std::vector<float>{0.5f, 0.5f, 0.25f, 0.75f, 0.5f, 0.5f}));
  EXPECT_FALSE(log.propensity_declared);
  ASSERT_EQ(log.context.size(), 2u);
  EXPECT_FALSE(log.context[0].is_category);
  EXPECT_EQ(log.context[0].number, (std::vector<float>{30, 41, 22}));
  EXPECT_TRUE(log.context[1].is_category);
  EXPECT_EQ(log.context[1].levels, (std::vector<std::string>{"north", "south"}));
  EXPECT_EQ(log.context[1].code, (std::vector<std::uint32_t>{0, 1, 0}));
  ASSERT_NE(log.segment("region"), nullptr);
  EXPECT_EQ(log.outcome("spend").value, (std::vector<double>{1.5, 0, 0}));
  EXPECT_EQ(log.outcome("spend").observed_count, 3u);
  EXPECT_EQ(log.outcome("spend").nonzero_count, 1u);
}

TEST(CsvLog, TakesPropensitiesOfAllArmsFromColumnsNamedByPrefix) {
  Goal goal = csv_goal();
  goal.data.propensity_column = "";
  goal.data.propensities = "mu_*";
  goal.data.context = {"a*"};
  const DecisionLog log = csv_log("arm,mu_b,mu_a,age,region,spend\nb,.75,.25,1,n,1\na,.5,.5,2,s,2\n", goal);
  EXPECT_EQ(log.actions, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(log.logged, (std::vector<float>{.25f, .75f, .5f, .5f}));
  EXPECT_EQ(log.propensity, (std::vector<double>{.75, .5}));
  EXPECT_NE(refusal([&] {
              csv_log("arm,mu_b,mu_a,age,arms,region,spend\nb,.75,.2,1,1,n,1\n", goal);
            }).find("log.csv:2: propensities: found a sum of 0.95, expected 1"),
            std::string::npos);
  EXPECT_NE(refusal([&] {
              csv_log("arm,mu_b,mu_a,age,region,spend\nc,.75,.25,1,n,1\n", goal);
            }).find("log.csv:2: action: found \"c\", which has no propensity, expected one of \"a\", \"b\""),
            std::string::npos);
}

TEST(CsvLog, DeclaresPropensitiesOfTheGoalFile) {
  Goal goal = csv_goal();
  goal.data.propensity_column = "";
  goal.data.propensity_number = 0.5;
  const std::string text = "arm,age,region,spend\nb,1,n,1\na,2,s,2\n";
  const DecisionLog uniform = csv_log(text, goal);
  EXPECT_TRUE(uniform.propensity_declared);
  EXPECT_EQ(uniform.logged, (std::vector<float>{.5f, .5f, .5f, .5f}));
  goal.data.propensity_number = 0.3;
  LoadReport report;
  EXPECT_TRUE(csv_log(text, goal, &report).logged.empty());
  EXPECT_FALSE(report.notes.empty());

  goal.data.propensity_number.reset();
  goal.data.propensity_by_arm = {{"a", .2}, {"b", .3}, {"none", .5}};
  const DecisionLog by_arm = csv_log(text, goal);
  EXPECT_EQ(by_arm.actions, (std::vector<std::string>{"a", "b", "none"}));
  EXPECT_EQ(by_arm.propensity, (std::vector<double>{.3, .2}));
  EXPECT_EQ(by_arm.logged, (std::vector<float>{.2f, .3f, .5f, .2f, .3f, .5f}));
  goal.data.propensity_by_arm = {{"a", .5}, {"none", .5}};
  EXPECT_NE(refusal([&] {
              csv_log(text, goal);
            }).find("log.csv:2: action: found \"b\", which has no propensity in the goal file"),
            std::string::npos);
  goal.data.propensity_by_arm = {{"a", .5}, {"b", .4}};
  EXPECT_NE(refusal([&] { csv_log(text, goal); }).find("data.propensity: found a sum of 0.9"),
            std::string::npos);
}

TEST(CsvLog, NamesTheUnknownColumnAndTheNearest) {
  Goal goal = csv_goal();
  goal.data.context = {"regoin"};
  EXPECT_EQ(
      refusal([&] { csv_log("arm,p,age,region,spend\nb,0.5,30,north,1.5\n", goal); }),
      "log.csv:1: data.context: found no column \"regoin\", expected column \"region\" (the nearest name)");
  goal = csv_goal();
  goal.segments = {"zone"};
  EXPECT_NE(refusal([&] {
              csv_log("arm,p,age,region,spend\nb,0.5,30,north,1.5\n", goal);
            }).find("segment: found no column \"zone\", expected column one of \"arm\""),
            std::string::npos);
}

TEST(CsvLog, UnitsAreNamedByTheColumnElseByWhatTheRowSays) {
  Goal goal = csv_goal();
  const std::string header = "arm,p,age,region,spend\n";
  const std::string one = "b,0.5,30,north,1\n", two = "a,0.5,31,south,0\n";
  const DecisionLog log = csv_log(header + one + two + one, goal);
  EXPECT_FALSE(log.unit_named);
  EXPECT_NE(log.unit[0], log.unit[2]);  // equal rows, two units
  // The same log in another order has the same units with the same rows.
  const DecisionLog turned = csv_log(header + two + one + one, goal);
  EXPECT_EQ(turned.unit, (std::vector<std::uint64_t>{log.unit[1], log.unit[0], log.unit[2]}));
  goal.data.unit = "region";
  const DecisionLog named = csv_log(header + one + two + one, goal);
  EXPECT_TRUE(named.unit_named);
  EXPECT_EQ(named.unit[0], named.unit[2]);
  EXPECT_EQ(named.unit[1], hash_bytes("south"));
}

TEST(CsvLog, RefusesASecondArmOfAUnitWhereTheEstimandIsDeployed) {
  Goal goal = csv_goal();
  goal.data.unit = "region";
  goal.data.estimand = Estimand::kDeployed;
  const std::string header = "arm,p,age,region,spend\n";
  EXPECT_EQ(csv_log(header + "b,0.5,30,north,1\nb,0.5,31,north,0\n", goal).size(), 2u);
  EXPECT_NE(refusal([&] {
              csv_log(header + "b,0.5,30,north,1\na,0.5,31,north,0\n", goal);
            }).find("log.csv:3: unit: found \"north\" with \"a\", expected \"b\" as in line 2"),
            std::string::npos);
}

}  // namespace
}  // namespace plumb
