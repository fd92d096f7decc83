#include <gtest/gtest.h>

#include "audit/claims.h"

namespace plumb {
namespace {

const char* kGoal = R"(
[goal]
name = "g"
intent = "i"
maximize = "2.0 * kept - value"
unit = "EUR"
minimum_effect = 0.1
confidence = 0.95
owner = "o"
[outcome.kept]
kind = "binary"
[outcome.value]
kind = "number"
range = [-1, 3]
[data]
log = "x.csv"
action = "a"
propensity = 0.5
)";

TEST(RejectedRows, AreWorthTheWorstThatTheRangesAllow) {
  const Goal goal = parse_goal(kGoal);
  const Bounds bounds = bounds_of_goal(goal);
  ASSERT_TRUE(bounds.known);
  EXPECT_DOUBLE_EQ(bounds.lowest, -3);  // kept 0, value 3
  EXPECT_DOUBLE_EQ(bounds.highest, 3);  // kept 1, value -1
  Measured gain = make_measured(1, 0.1, 2, 0.95);
  widen(gain, 0.1, bounds, true);
  EXPECT_DOUBLE_EQ(gain.interval.lower, 0.9 * 0.8 - 0.1 * 6);
  EXPECT_DOUBLE_EQ(gain.interval.upper, 0.9 * 1.2 + 0.1 * 6);
  EXPECT_DOUBLE_EQ(gain.value, 1);
  Measured level = make_measured(1, 0.1, 2, 0.95);
  widen(level, 0.1, bounds, false);
  EXPECT_DOUBLE_EQ(level.interval.lower, 0.9 * 0.8 - 0.1 * 3);
  // A pass can be lost to them.
  EXPECT_EQ(judge_gain(goal, make_measured(1, 0.1, 2, 0.95), 2, 1000).verdict, Verdict::kPass);
  EXPECT_EQ(judge_gain(goal, gain, 2, 1000).verdict, Verdict::kPass);
  widen(gain, 0.1, bounds, true);
  EXPECT_EQ(judge_gain(goal, gain, 2, 1000).verdict, Verdict::kInconclusive);
}

TEST(RejectedRows, ChangeNothingWhereNothingWasRejectedOrNothingIsBounded) {
  Measured gain = make_measured(1, 0.1, 2, 0.95);
  widen(gain, 0, {true, 0, 1}, true);
  widen(gain, 0.5, {false, 0, 0}, true);
  EXPECT_DOUBLE_EQ(gain.interval.lower, 0.8);
}

}  // namespace
}  // namespace plumb
