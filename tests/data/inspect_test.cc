// First looks at logs that nobody has described.
#include "plumb/inspect.h"

#include "plumb/goal.h"
#include "tests/data/small_logs.h"

namespace plumb {
namespace {

using Names = std::vector<std::string>;

LogSketch sketch_of(const std::string& name, std::string_view text) {
  const TemporaryFile file(name, text);
  return inspect_log(file.path());
}

TEST(Inspect, TellsWhatColumnsHold) {
  const LogSketch sketch = sketch_of("log.csv",
                                     "arm,p,age,note\n"
                                     "a,0.5,30,x\n"
                                     "b,0.25,-1.5,\n"
                                     "a,0.5,,y\n");
  ASSERT_EQ(sketch.columns.size(), 4u);
  EXPECT_EQ(sketch.rows, 3u);
  EXPECT_TRUE(sketch.whole);
  const ColumnSketch& age = *sketch.column("age");
  EXPECT_EQ(age.present, 2u);
  EXPECT_TRUE(age.numeric());
  EXPECT_FALSE(age.integers);
  EXPECT_EQ(age.lower, -1.5);
  EXPECT_EQ(age.upper, 30);
  EXPECT_EQ(sketch.column("arm")->levels, (Names{"a", "b"}));
  EXPECT_FALSE(sketch.column("arm")->numeric());
  EXPECT_EQ(sketch.column("nothing"), nullptr);
}

TEST(Inspect, StopsAtTheHeadAndAtManyLevels) {
  std::string text = "arm,n\n";
  for (int i = 0; i < 10001; ++i) text += "a," + std::to_string(i) + "\n";
  const LogSketch sketch = sketch_of("log.csv", text);
  EXPECT_EQ(sketch.rows, kInspectedRows);
  EXPECT_FALSE(sketch.whole);
  EXPECT_TRUE(sketch.column("n")->more_levels);
  EXPECT_EQ(sketch.column("n")->levels.size(), kInspectedLevels);
  EXPECT_EQ(sketch.column("n")->upper, 9999);
}

TEST(Inspect, RefusesAHeaderWithoutRowsAndRowsThatCannotBeSplit) {
  const TemporaryFile empty("empty.csv", ""), header("header.csv", "a,b\n"), bad("bad.csv", "a,b\n1\n2\n");
  EXPECT_NE(refusal([&] { inspect_log(empty.path()); }).find("an empty file"), std::string::npos);
  EXPECT_NE(refusal([&] { inspect_log(header.path()); }).find("a header and no row"), std::string::npos);
  EXPECT_NE(refusal([&] { inspect_log(bad.path()); }).find("bad.csv:2: row: found 1 fields"),
            std::string::npos);
  refusal([] { inspect_log("/nowhere/log.csv"); }, Code::kEnvironment);
}

constexpr const char* kMailing =
    "customer_id,decided_at,mail,pscore,region,past_spend,click,spend,unsubscribed\n"
    "c1,2025-03-01,a,0.5,n,10,1,0,0\n"
    "c2,2025-03-02,b,0.5,s,0,0,3.5,1\n"
    "c2,2025-03-02,b,0.5,s,5,0,1.5,0\n";

TEST(GuessRoles, ByTheNamesThatPeopleGive) {
  const LogRoles roles = guess_roles(sketch_of("log.csv", kMailing), {});
  EXPECT_EQ(roles.action, "mail");
  EXPECT_EQ(roles.propensity, "pscore");
  EXPECT_EQ(roles.unit, "customer_id");
  EXPECT_EQ(roles.time, "decided_at");
  EXPECT_EQ(roles.id, "");
  EXPECT_EQ(roles.outcomes, (Names{"spend", "click", "unsubscribed"}));
  EXPECT_EQ(roles.proxies, Names{"click"});
  // Spend before the choice is context; outcomes after it never are.
  EXPECT_EQ(roles.context, (Names{"region", "past_spend"}));
}

TEST(GuessRoles, KeepsWhatIsGivenAndLeavesOtherOutcomesOutOfTheContext) {
  LogRoles given;
  given.outcomes = {"click"};
  given.action = "region";
  given.propensity_number = 0.5;
  const LogRoles roles = guess_roles(sketch_of("log.csv", kMailing), given);
  EXPECT_EQ(roles.outcomes, Names{"click"});
  EXPECT_EQ(roles.action, "region");
  EXPECT_EQ(roles.propensity, "");
  EXPECT_EQ(roles.context, (Names{"mail", "past_spend"}));
}

TEST(GuessRoles, RefusesColumnsThatAreNotThereAndOutcomesThatAreNoNumbers) {
  const LogSketch sketch = sketch_of("log.csv", kMailing);
  LogRoles misspelt, text;
  misspelt.unit = "custmer_id";
  text.outcomes = {"region"};
  EXPECT_NE(refusal([&] {
              guess_roles(sketch, misspelt);
            }).find("--unit: found no column \"custmer_id\", expected column \"customer_id\""),
            std::string::npos);
  EXPECT_NE(refusal([&] { guess_roles(sketch, text); }).find("expected a column of numbers"),
            std::string::npos);
}

TEST(GuessRoles, InventsNoPropensity) {
  const LogSketch sketch = sketch_of("log.csv", "arm,p,click\na,3,1\nb,4,0\n");
  const LogRoles roles = guess_roles(sketch, {});
  EXPECT_EQ(roles.propensity, "");  // p holds no probabilities
  EXPECT_EQ(roles.propensities, "");
  EXPECT_FALSE(roles.propensity_number.has_value());
}

TEST(GuessRoles, FindsAColumnAnArm) {
  const LogSketch sketch = sketch_of("log.csv", "arm,mu_a,mu_b,click\na,0.25,0.75,1\nb,0.5,0.5,0\n");
  const LogRoles roles = guess_roles(sketch, {});
  EXPECT_EQ(roles.propensities, "mu_*");
  EXPECT_EQ(roles.context, Names{});
}

TEST(GuessRoles, TakesTheNativeKeysOfJsonLines) {
  const char* text =
      R"({"id":"d1","unit":"u1","time_us":1756685262414991,"context":{"age":3,"city":"x"},"actions":[{"id":"a"},{"id":"b"}],"chosen":"a","propensity":0.5,"propensities":[0.5,0.5],"p_asked":0.05,"outcomes":{"click":1,"satisfied":1},"policy":"v1"})"
      "\n"
      R"({"id":"d2","unit":"u2","time_us":1756685262414992,"context":{"age":4,"city":"y"},"actions":[{"id":"a"},{"id":"b"}],"chosen":"b","propensity":0.5,"propensities":[0.5,0.5],"p_asked":0.05,"outcomes":{"click":0},"policy":"v1"})"
      "\n"
      R"({"id":"d3","unit":"u2","time_us":1756685262414993,"context":{"age":4,"city":"y"},"actions":[{"id":"a"},{"id":"b"}],"chosen":"b","propensity":0.5,"propensities":[0.5,0.5],"p_asked":0.05,"outcomes":{"click":0},"policy":"v1"})"
      "\n";
  const LogRoles roles = guess_roles(sketch_of("log.jsonl", text), {});
  EXPECT_EQ(roles.action, "chosen");
  EXPECT_EQ(roles.id, "id");
  EXPECT_EQ(roles.unit, "unit");
  EXPECT_EQ(roles.time, "time_us");
  EXPECT_EQ(roles.version, "policy");
  EXPECT_EQ(roles.propensity, "propensity");
  EXPECT_EQ(roles.propensities, "propensities");
  EXPECT_EQ(roles.outcomes, (Names{"satisfied", "click"}));
  EXPECT_EQ(roles.asked, "p_asked");
  EXPECT_EQ(roles.context, (Names{"age", "city"}));
}

TEST(GoalText, ReadsTheLogThatItWasGuessedFrom) {
  const TemporaryFile file("log.csv", kMailing);
  const LogSketch sketch = inspect_log(file.path());
  const Goal goal = parse_goal(goal_text(sketch, guess_roles(sketch, {}), file.path(), "mailing"));
  EXPECT_EQ(goal.data.log, file.path());
  EXPECT_EQ(goal.outcome("spend")->kind, OutcomeKind::kAmount);
  EXPECT_EQ(goal.outcome("unsubscribed")->kind, OutcomeKind::kBinary);
  const DecisionLog log = read_log(file.path(), goal, nullptr);
  EXPECT_EQ(log.size(), 3u);
  EXPECT_EQ(log.context.size(), 2u);
}

TEST(GoalText, SurvivesNamesThatTomlOrFormulasCannotHold) {
  const LogSketch sketch =
      sketch_of("log.csv", "arm,p,\"a \"\"quoted\\\"\" name\",90 days\na,0.5,x,1\nb,0.5,y,2.5\nb,0.5,y,2\n");
  LogRoles given;
  given.outcomes = {"90 days"};
  const Goal goal = parse_goal(goal_text(sketch, guess_roles(sketch, given), "a\\b\n.csv", "x\"y"));
  EXPECT_EQ(goal.name, "x\"y");
  EXPECT_EQ(goal.data.log, "a\\b\n.csv");
  EXPECT_EQ(goal.data.context, Names{"a \"quoted\\\" name"});
  EXPECT_EQ(goal.outcomes[0].name, "outcome_90_days");
  EXPECT_EQ(goal.outcomes[0].column, "90 days");
}

TEST(GuessRoles, OnRealLogs) {
  const std::string folder = data_folder();
  if (folder.empty() || !std::filesystem::exists(folder + "/hillstrom/hillstrom.csv.gz"))
    GTEST_SKIP() << "no hillstrom.csv.gz (PLUMB_DATA)";
  const LogRoles mail = guess_roles(inspect_log(folder + "/hillstrom/hillstrom.csv.gz"), {});
  EXPECT_EQ(mail.action, "segment");
  EXPECT_EQ(mail.propensity, "");
  EXPECT_EQ(mail.outcomes, (Names{"spend", "conversion", "visit"}));
  EXPECT_EQ(mail.context.size(), 8u);
  const LogRoles shop = guess_roles(inspect_log(folder + "/open-bandit/bts_men.csv.gz"), {});
  EXPECT_EQ(shop.action, "item_id");
  EXPECT_EQ(shop.propensity, "propensity_score");
  EXPECT_EQ(shop.outcomes, Names{"click"});
  EXPECT_EQ(shop.time, "timestamp");
}

}  // namespace
}  // namespace plumb
