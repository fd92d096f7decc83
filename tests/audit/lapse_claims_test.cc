// Two certifications of the same candidates, both possible: what both say.
#include <gtest/gtest.h>

#include "audit/claims.h"
#include "plumb/audit.h"

namespace plumb {
namespace {

CandidateClaim claim(const std::string& name, double value, double half, Verdict verdict) {
  CandidateClaim out;
  out.name = name;
  out.versus_reference = make_measured(value, half / 2, 2, .95);
  out.goal = make_measured(value, half / 2, 2, .95);
  out.gain = out.verdict = verdict;
  return out;
}

Certification of(std::vector<CandidateClaim> claims, std::optional<std::size_t> recommended) {
  Certification out;
  out.candidates = {claim("reference", 0, .1, Verdict::kInconclusive)};
  out.candidates.insert(out.candidates.end(), claims.begin(), claims.end());
  out.critical = 2;
  out.recommended = recommended;
  out.verdict = recommended ? Verdict::kPass : Verdict::kInconclusive;
  out.decision = recommended ? "ship" : "experiment";
  return out;
}

TEST(WidenOver, CoversBothAndKeepsWhatBothSay) {
  const Goal goal;
  Certification c = of({claim("a", .4, .1, Verdict::kPass), claim("b", .3, .1, Verdict::kPass)}, 1);
  c.candidates[1].reason = judge_gain(goal, c.candidates[1].versus_reference, 2, 1000).reason + "; and more";
  widen_over(c, of({claim("a", .1, .2, Verdict::kInconclusive), claim("b", .5, .1, Verdict::kPass)}, 2), goal,
             1000, "with coins");
  const CandidateClaim &a = c.candidates[1], &b = c.candidates[2];
  EXPECT_DOUBLE_EQ(a.versus_reference.interval.lower, -.1);
  EXPECT_DOUBLE_EQ(a.versus_reference.interval.upper, .5);
  EXPECT_DOUBLE_EQ(a.versus_reference.value, .4);
  EXPECT_EQ(a.verdict, Verdict::kInconclusive);
  EXPECT_NE(a.reason.find("between"), std::string::npos);
  EXPECT_NE(a.reason.find("-0.1"), std::string::npos) << a.reason;
  EXPECT_NE(a.reason.find("; and more; with coins this would not be decided so"), std::string::npos)
      << a.reason;
  EXPECT_DOUBLE_EQ(b.versus_reference.interval.upper, .6);
  EXPECT_EQ(b.verdict, Verdict::kPass);
  EXPECT_EQ(c.recommended, std::optional<std::size_t>(2));
  EXPECT_EQ(c.decision, "ship");
}

TEST(WidenOver, HasNoNumberWhereOneOfThemHasNone) {
  Certification c = of({claim("a", .4, .1, Verdict::kPass)}, 1),
                other = of({claim("a", 0, 0, Verdict::kInconclusive)}, {});
  other.candidates[1].versus_reference = unknown("too few answers");
  widen_over(c, other, Goal{}, 1000, "with coins");
  EXPECT_FALSE(c.candidates[1].versus_reference.known);
  EXPECT_EQ(c.candidates[1].versus_reference.why_not, "too few answers");
  EXPECT_EQ(c.decision, "experiment");
}

TEST(HoldAt, CapsWhatTheOtherDoesNotShareAndLeavesIntervals) {
  Certification c = of({claim("a", .4, .1, Verdict::kPass), claim("b", -.4, .1, Verdict::kRefuse)}, 1);
  hold_at(c, of({claim("a", .4, .6, Verdict::kInconclusive), claim("b", -.9, .1, Verdict::kRefuse)}, {}),
          "coins");
  EXPECT_EQ(c.candidates[1].verdict, Verdict::kInconclusive);
  EXPECT_EQ(c.candidates[1].cap, "coins");
  EXPECT_DOUBLE_EQ(c.candidates[1].versus_reference.interval.upper, .5);
  EXPECT_EQ(c.candidates[2].verdict, Verdict::kRefuse);
  EXPECT_EQ(c.candidates[2].cap, "");
  EXPECT_FALSE(c.recommended);
  EXPECT_EQ(c.decision, "experiment");
}

}  // namespace
}  // namespace plumb
