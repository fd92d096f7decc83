// The verdict's arithmetic, claim by claim.
#include <gtest/gtest.h>

#include <cmath>

#include "audit/claims.h"

namespace plumb {
namespace {

constexpr Verdict kAll[] = {Verdict::kPass, Verdict::kRefuse, Verdict::kInconclusive};

TEST(CombinedVerdict, IsTheWorstAndInconclusiveWithoutClaims) {
  EXPECT_EQ(combine({}), Verdict::kInconclusive);
  for (const Verdict a : kAll) {
    EXPECT_EQ(combine({&a, 1}), a);
    for (const Verdict b : kAll) {
      for (const Verdict c : kAll) {
        const Verdict three[] = {a, b, c};
        const bool refused = a == Verdict::kRefuse || b == Verdict::kRefuse || c == Verdict::kRefuse;
        const bool passed = a == Verdict::kPass && b == Verdict::kPass && c == Verdict::kPass;
        EXPECT_EQ(combine(three), refused  ? Verdict::kRefuse
                                  : passed ? Verdict::kPass
                                           : Verdict::kInconclusive);
      }
    }
  }
}

TEST(CombinedVerdict, HasTheNamesOfTheDocumentation) {
  EXPECT_EQ(name_of(Verdict::kPass), "pass");
  EXPECT_EQ(name_of(Verdict::kRefuse), "refuse");
  EXPECT_EQ(name_of(Verdict::kInconclusive), "inconclusive");
}

Measured gain_of(double lower, double upper) {
  return make_measured(.5 * (lower + upper), .5 * (upper - lower) / 2, 2, .95);
}

GainVerdict judge(double minimum, bool proof, double lower, double upper) {
  Goal goal;
  goal.minimum_effect = minimum;
  goal.proof_minimum = proof;
  return judge_gain(goal, gain_of(lower, upper), 2, 1000);
}

TEST(GainVerdict, PassesWhereTheLowerEndIsAboveZeroAndTheValueAtLeastTheMinimum) {
  EXPECT_EQ(judge(.1, false, .02, .30).verdict, Verdict::kPass);
  EXPECT_EQ(judge(.1, false, .02, .15).verdict, Verdict::kInconclusive);  // .085 is not worth shipping
  EXPECT_EQ(judge(.1, false, -.02, .40).verdict, Verdict::kInconclusive);
  EXPECT_EQ(judge(0, false, .01, .20).verdict, Verdict::kPass);
  EXPECT_EQ(judge(0, false, -.1, .1).verdict, Verdict::kInconclusive);
}

TEST(GainVerdict, AsksTheLowerEndForTheMinimumWhereProofSaysSo) {
  EXPECT_EQ(judge(.1, true, .02, .30).verdict, Verdict::kInconclusive);
  EXPECT_EQ(judge(.1, true, .12, .30).verdict, Verdict::kPass);
  EXPECT_EQ(judge(0, true, .01, .20).verdict, Verdict::kPass);
}

TEST(GainVerdict, RefusesWhereTheUpperEndIsBelowTheMinimum) {
  for (const bool proof : {false, true}) {
    EXPECT_EQ(judge(.1, proof, -.20, .09).verdict, Verdict::kRefuse);
    EXPECT_EQ(judge(.1, proof, .01, .09).verdict, Verdict::kRefuse);  // better, but not enough
    EXPECT_EQ(judge(.1, proof, -.20, .11).verdict, Verdict::kInconclusive);
    EXPECT_EQ(judge(0, proof, -.30, -.01).verdict, Verdict::kRefuse);
  }
}

TEST(GainVerdict, IsInconclusiveWithItsReasonWhereNothingIsKnown) {
  const GainVerdict verdict = judge_gain(Goal{}, unknown("the effective sample size is 2"), 2, 1000);
  EXPECT_EQ(verdict.verdict, Verdict::kInconclusive);
  EXPECT_EQ(verdict.reason, "the effective sample size is 2");
}

TEST(GainVerdict, IsNeverGivenOnNumbersThatAreNone) {
  EXPECT_FALSE(make_measured(std::nan(""), 1, 2, .95).known);
  EXPECT_FALSE(make_measured(1, INFINITY, 2, .95).known);
}

// As many decisions more as it says, the spread staying as it is, and the claim is decided; a tenth fewer, and
// it is not.
TEST(GainVerdict, SaysHowManyDecisionsWouldDecide) {
  const double cases[][4] = {
      {.1, 0, -.02, .40}, {.1, 1, .02, .30}, {.1, 0, -.30, .40}, {.1, 0, .01, .12}, {0, 0, -.1, .2}};
  for (const auto& [minimum, proof, lower, upper] : cases) {
    Goal goal;
    goal.minimum_effect = minimum;
    goal.proof_minimum = proof > 0;
    const Measured gain = gain_of(lower, upper);
    const GainVerdict verdict = judge_gain(goal, gain, 2, 1000);
    ASSERT_EQ(verdict.verdict, Verdict::kInconclusive);
    ASSERT_GT(verdict.decisions_needed, 0u);
    for (const double share : {1.01, .9}) {
      const double more = 1000 + share * static_cast<double>(verdict.decisions_needed);
      const double error = gain.standard_error * std::sqrt(1000 / more);
      const GainVerdict then = judge_gain(goal, make_measured(gain.value, error, 2, .95), 2, more);
      EXPECT_EQ(then.verdict != Verdict::kInconclusive, share > 1) << minimum << " " << lower << " " << upper;
    }
  }
}

TEST(Limit, IsKeptWhereTheWholeIntervalIsInsideWithItsMargin) {
  // Worse when higher: the upper end counts.
  EXPECT_TRUE(inside_limit(gain_of(.1, .24), 1, .2, .05));
  EXPECT_FALSE(inside_limit(gain_of(.1, .26), 1, .2, .05));
  // Worse when lower: the lower end counts.
  EXPECT_TRUE(inside_limit(gain_of(.16, .9), -1, .2, .05));
  EXPECT_FALSE(inside_limit(gain_of(.14, .9), -1, .2, .05));
  EXPECT_FALSE(inside_limit(unknown("nothing"), 1, 1e9, 0));
}

}  // namespace
}  // namespace plumb
