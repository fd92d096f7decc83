#include "tests/data/small_logs.h"

namespace plumb {
namespace {

const std::string kLog =
    "{\"id\":\"d1\",\"time_us\":0,\"p_asked\":0.5,\"actions\":[{\"id\":\"a\"}],\"chosen\":\"a\",\"propensity\":"
    "1,"
    "\"outcomes\":{\"click\":1,\"rating\":4}}\n"
    "{\"id\":\"d2\",\"time_us\":100,\"p_asked\":0.25,\"actions\":[{\"id\":\"a\"}],\"chosen\":\"a\","
    "\"propensity\":1,"
    "\"outcomes\":{\"click\":0,\"rating\":null}}\n"
    "{\"id\":\"d3\",\"time_us\":200,\"p_asked\":1,\"actions\":[{\"id\":\"a\"}],\"chosen\":\"a\",\"propensity\":"
    "1,"
    "\"outcomes\":{\"click\":1}}\n";

Goal two_outcomes() {
  Goal goal = jsonl_goal();
  goal.outcomes.push_back(outcome_spec("rating", OutcomeKind::kRating));
  return goal;
}

using States = std::vector<State>;

TEST(Outcome, ThatIsAbsentIsMissingOrZeroAsTheGoalSays) {
  Goal goal = two_outcomes();
  const DecisionLog missing = jsonl_log(kLog, goal);
  EXPECT_EQ(missing.outcome("rating").state, (States{State::kObserved, State::kMissing, State::kMissing}));
  EXPECT_EQ(missing.outcome("rating").missing_count, 2u);
  EXPECT_FALSE(missing.outcome("rating").asked_known);
  EXPECT_TRUE(missing.outcome("click").asked_known);
  goal.outcomes[1].absent_is_zero = true;
  const DecisionLog zero = jsonl_log(kLog, goal);
  EXPECT_EQ(zero.outcome("rating").state, (States{State::kObserved, State::kObserved, State::kObserved}));
  EXPECT_EQ(zero.outcome("rating").value, (std::vector<double>{4, 0, 0}));
  EXPECT_TRUE(zero.outcome("rating").asked_known);
}

TEST(Outcome, TakesTheProbabilityOfBeingAskedFromAColumnOrANumber) {
  Goal goal = two_outcomes();
  goal.outcomes[1].asked_column = "p_asked";
  const DecisionLog column = jsonl_log(kLog, goal);
  EXPECT_EQ(column.outcome("rating").asked, (std::vector<double>{.5, .25, 1}));
  EXPECT_TRUE(column.outcome("rating").asked_known);
  goal.outcomes[1].asked_column = "p_askd";
  EXPECT_NE(
      refusal([&] { jsonl_log(kLog, goal); }).find("asked: found no key \"p_askd\", expected \"p_asked\""),
      std::string::npos);
  goal.outcomes[1].asked_column.reset();
  goal.outcomes[1].asked_rate = .3;
  EXPECT_EQ(jsonl_log(kLog, goal).outcome("rating").asked, (std::vector<double>{.3, .3, .3}));
}

TEST(Outcome, IsImmatureWhereTheDecisionIsTooYoungEvenIfAValueIsThere) {
  Goal goal = two_outcomes();
  goal.outcomes[0].observed_after_us = 100;
  // as_of is the latest time, 200: the second decision is exactly old enough.
  EXPECT_EQ(jsonl_log(kLog, goal).outcome("click").state,
            (States{State::kObserved, State::kObserved, State::kImmature}));
  goal.outcomes[0].observed_after_us = 101;
  const DecisionLog log = jsonl_log(kLog, goal);
  EXPECT_EQ(log.outcome("click").state, (States{State::kObserved, State::kImmature, State::kImmature}));
  EXPECT_EQ(log.outcome("click").value[2], 0);
  goal.outcomes[0].observed_after_us = 86400LL * 1000000;
  EXPECT_NE(refusal([&] {
              jsonl_log(kLog, goal);
            }).find("outcome.click: found no value that is old enough (3 immature rows)"),
            std::string::npos);
  goal.data.as_of = "1970-01-02T00:00:01Z";
  EXPECT_EQ(jsonl_log(kLog, goal).outcome("click").immature_count, 0u);
}

TEST(LateOutcomes, AreJoinedByIdAndAccountedFor) {
  Goal goal = two_outcomes();
  const TemporaryFile late("late.jsonl",
                           "{\"id\":\"d3\",\"time_us\":900,\"outcomes\":{\"rating\":2}}\n"
                           "{\"id\":\"d1\",\"outcomes\":{\"rating\":4}}\n"
                           "{\"id\":\"zz\",\"outcomes\":{\"rating\":1}}\n");
  goal.data.outcome_files = {late.path()};
  LoadReport report;
  const DecisionLog log = jsonl_log(kLog, goal, &report);
  EXPECT_EQ(log.outcome("rating").value, (std::vector<double>{4, 0, 2}));
  EXPECT_EQ(log.outcome("rating").state, (States{State::kObserved, State::kMissing, State::kObserved}));
  bool said = false;
  for (const std::string& note : report.notes)
    said |= note.find(
                "Of 3 late outcome records 1 have an id that the log does not hold and 0 no outcome of the "
                "goal; the others hold 2 values, 1 of which repeat what was known and count once.") !=
            std::string::npos;
  EXPECT_TRUE(said);
}

TEST(LateOutcomes, MayBeCsvAndMayNotContradict) {
  Goal goal = two_outcomes();
  const TemporaryFile late("late.csv", "id,rating\nd2,5\nd2,5\nd1,3\n");
  goal.data.outcome_files = {late.path()};
  EXPECT_NE(refusal([&] {
              jsonl_log(kLog, goal);
            }).find("late.csv:4: outcome.rating: found 3 for id \"d1\", expected 4 as in an earlier record"),
            std::string::npos);
}

TEST(LateOutcomes, MayHoldAnOutcomeThatTheLogHasNoColumnFor) {
  Goal goal = csv_goal();
  goal.data.id = "id";
  const TemporaryFile late("late.csv", "id,spend\n1,5\n2,0\n");
  goal.data.outcome_files = {late.path()};
  const DecisionLog log = csv_log("id,arm,p,age,region\n1,a,.5,1,n\n2,b,.5,2,s\n", goal);
  EXPECT_EQ(log.outcome("spend").value, (std::vector<double>{5, 0}));
  goal.data.id = "";
  EXPECT_NE(refusal([&] {
              csv_log("id,arm,p,age,region\n1,a,.5,1,n\n2,b,.5,2,s\n", goal);
            }).find("log.csv: id: found no ids"),
            std::string::npos);
}

}  // namespace
}  // namespace plumb
