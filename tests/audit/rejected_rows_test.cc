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
  // A row that could weigh as much as any: a prediction within the bounds, and twice the span on top of it.
  const RejectedRows rows{0.1, bounds, 2, true};
  const Interval gain = rows.widened({0.8, 1.2, 0.95});
  EXPECT_DOUBLE_EQ(gain.lower, 0.9 * 0.8 - 0.1 * (6 + 2 * 6));
  EXPECT_DOUBLE_EQ(gain.upper, 0.9 * 1.2 + 0.1 * (6 + 2 * 6));
  const RejectedRows of_level{0.1, bounds, 2, false};
  const Interval level = of_level.widened({0.8, 1.2, 0.95});
  EXPECT_DOUBLE_EQ(level.lower, 0.9 * 0.8 + 0.1 * (-3 - 2 * 6));
  EXPECT_DOUBLE_EQ(level.upper, 0.9 * 1.2 + 0.1 * (3 + 2 * 6));
  // A pass can be lost to them, the sooner the rarer an action is.
  Measured measured = make_measured(1, 0.1, 2, 0.95);
  EXPECT_EQ(judge_gain(goal, measured, 2, 1000).verdict, Verdict::kPass);
  measured.interval = RejectedRows{0.02, bounds, 1, true}.widened(measured.interval);
  EXPECT_EQ(judge_gain(goal, measured, 2, 1000).verdict, Verdict::kPass);
  measured.interval = RejectedRows{0.02, bounds, 10, true}.widened({0.8, 1.2, 0.95});
  EXPECT_EQ(judge_gain(goal, measured, 2, 1000).verdict, Verdict::kInconclusive);
}

// The limit that an interval must leave behind without the rejected rows, to have left `limit` behind with
// them.
TEST(RejectedRows, MoveALimitAsTheyMoveTheInterval) {
  const RejectedRows rows{0.03, {true, 0, 1}, 4, true};
  const double above = rows.limit_without(0.2, true), below = rows.limit_without(-0.2, false);
  EXPECT_NEAR(rows.widened({above, 1, 0.95}).lower, 0.2, 1e-12);
  EXPECT_NEAR(rows.widened({-1, below, 0.95}).upper, -0.2, 1e-12);
}

TEST(RejectedRows, ChangeNothingWhereNothingWasRejectedOrNothingIsBounded) {
  const Interval gain{0.8, 1.2, 0.95};
  EXPECT_DOUBLE_EQ((RejectedRows{0, {true, 0, 1}, 5, true}.widened(gain).lower), 0.8);
  EXPECT_DOUBLE_EQ((RejectedRows{0.5, {false, 0, 0}, 5, true}.widened(gain).lower), 0.8);
  EXPECT_DOUBLE_EQ((RejectedRows{0, {true, 0, 1}, 5, true}.limit_without(0.3, true)), 0.3);
}

}  // namespace
}  // namespace plumb
