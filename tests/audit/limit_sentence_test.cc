// What limits say in words, at and on either side of no change.
#include "audit/limit_sentence.h"

#include <gtest/gtest.h>

namespace plumb {
namespace {

ConstraintClaim claim_of(double value, double lower, double upper, double margin) {
  ConstraintClaim out;
  out.id = "csat";
  out.margin = margin;
  out.measured.known = true;
  out.measured.value = value;
  out.measured.interval.lower = lower;
  out.measured.interval.upper = upper;
  return out;
}

ConstraintSpec guard(bool higher_is_better) {
  ConstraintSpec out;
  out.outcome = "csat";
  out.no_worse_than_reference = true;
  out.higher_is_better = higher_is_better;
  return out;
}

TEST(LimitSentence, SaysWhichWayAGuardedShareWent) {
  EXPECT_EQ(limit_sentence(guard(true), OutcomeKind::kBinary, claim_of(-0.074, -0.087, -0.061, 0.03)),
            "csat fell by 7.4 points (between -8.7 and -6.1), at most 3 allowed");
  EXPECT_EQ(limit_sentence(guard(true), OutcomeKind::kBinary, claim_of(0.01, -0.005, 0.025, 0.03)),
            "csat rose by 1 points (between -0.5 and 2.5); a fall of at most 3 allowed");
}

TEST(LimitSentence, SaysARiseWhereLowerIsBetter) {
  EXPECT_EQ(limit_sentence(guard(false), OutcomeKind::kNumber, claim_of(0.2, 0.1, 0.3, 0.05)),
            "csat rose by 0.2 (between 0.1 and 0.3), at most 0.05 allowed");
  EXPECT_EQ(limit_sentence(guard(false), OutcomeKind::kNumber, claim_of(-0.2, -0.3, -0.1, 0)),
            "csat fell by 0.2 (between -0.3 and -0.1); a rise of at most 0 allowed");
  EXPECT_EQ(limit_sentence(guard(false), OutcomeKind::kNumber, claim_of(0, -0.1, 0.1, 0.05)),
            "csat did not change (between -0.1 and 0.1); a rise of at most 0.05 allowed");
}

TEST(LimitSentence, OfALevelSaysWhichSideIsAllowed) {
  ConstraintSpec level;
  level.at_most = 0.002;
  ConstraintClaim claim = claim_of(0.0031, 0.0022, 0.0041, 0.0005);
  claim.limit = 0.002;
  EXPECT_EQ(limit_sentence(level, OutcomeKind::kBinary, claim),
            "csat is 0.0031, between 0.0022 and 0.0041; at most 0.002 allowed, with a margin of 0.0005");
  level.at_most.reset();
  level.at_least = 0.002;
  claim.margin = 0;
  EXPECT_EQ(limit_sentence(level, OutcomeKind::kBinary, claim),
            "csat is 0.0031, between 0.0022 and 0.0041; at least 0.002 allowed");
  claim.measured.known = false;
  claim.measured.why_not = "too few events";
  EXPECT_EQ(limit_sentence(level, OutcomeKind::kBinary, claim), "csat: too few events");
}

}  // namespace
}  // namespace plumb
