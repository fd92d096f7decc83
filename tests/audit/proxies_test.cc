// A whole audit of one proxy, and proxies against the goal as teachers.
#include <gtest/gtest.h>

#include <cmath>

#include "tests/optimize/prepared_log.h"
#include "tests/optimize/tempting_log.h"

namespace plumb {
namespace {

const std::vector<MadeOutcome> kOutcomes = {{"goal"}, {"proxy"}};

// Three equally likely actions; proxy 0, 1/2, 1 of them, goal as given, which may come through the proxy.
std::vector<MadeDecision> three_actions(const double (&goal)[3], double through_proxy) {
  Rng rng(91);
  std::vector<MadeDecision> decisions(5000);
  for (std::size_t i = 0; i < decisions.size(); ++i) {
    const auto a = static_cast<std::uint32_t>(rng.below(3));
    const double proxy = .5 * a + .3 * rng.normal();
    decisions[i] = {i,  {1 / 3.0, 1 / 3.0, 1 / 3.0},
                    a,  {goal[a] + through_proxy * proxy + .3 * rng.normal(), proxy},
                    {}, {rng.normal()},
                    0};
  }
  return decisions;
}

ProxyAudit audited(const double (&goal_of)[3], double through_proxy) {
  Goal goal = made_goal("goal", kOutcomes, .2);
  goal.proxies = {"proxy"};
  Prepared prepared(made_log({"a", "b", "c"}, kOutcomes, three_actions(goal_of, through_proxy)), goal);
  prepared.lay_paths();
  return audit_proxy(prepared.audit_context(), "proxy", prepared.paths[1], prepared.signal("proxy"));
}

TEST(ProxyAudit, RefusesAProxyWhosePressureHarmsTheGoal) {
  const ProxyAudit audit = audited({-1, 1, -.6}, 0);
  EXPECT_EQ(audit.verdict, Verdict::kRefuse);
  EXPECT_TRUE(audit.curve.harm);
  EXPECT_NE(audit.sentence.find("harms the goal"), std::string::npos) << audit.sentence;
}

TEST(ProxyAudit, PassesAProxyThroughWhichAllOfTheGoalComes) {
  const ProxyAudit audit = audited({0, 0, 0}, 1);
  EXPECT_EQ(audit.verdict, Verdict::kPass);
  EXPECT_FALSE(audit.curve.harm);
  EXPECT_TRUE(audit.curve.peak.censored);
  EXPECT_EQ(audit.surrogacy.contrast, "c against a");  // the best and the worst action
  EXPECT_NEAR(audit.surrogacy.direct.value, 1, 4 * audit.surrogacy.direct.standard_error);
  EXPECT_NEAR(audit.surrogacy.bias.value, 0, 4 * audit.surrogacy.bias.standard_error);
  EXPECT_GT(audit.unit_association.value, .5);
}

TEST(ProxyAudit, RefusesAProxyThatMissesMostOfTheEffect) {
  const ProxyAudit audit = audited({0, 1, 2}, 0);  // the goal rises with the proxy, not through it
  EXPECT_FALSE(audit.curve.harm);
  EXPECT_EQ(audit.surrogacy.verdict, Verdict::kRefuse);
  EXPECT_EQ(audit.verdict, Verdict::kRefuse);
}

TEST(SignalComparison, IsTheGoalUnderTheProxysPolicyLessThatUnderItsOwnAtEqualPressure) {
  Goal goal = tempting_goal();
  goal.proxies = {"harm"};
  Prepared prepared(tempting_log(6000), goal);
  prepared.lay_paths();
  const auto comparisons = compare_signals(prepared.audit_context(), prepared.paths);
  ASSERT_EQ(comparisons.size(), 1u);
  const SignalComparison& c = comparisons[0];
  EXPECT_EQ(c.proxy, "harm");
  const double shared = std::min(prepared.paths[0].points.back().kl, prepared.paths[1].points.back().kl);
  for (const double kl : {c.kl_proxy, c.kl_goal}) {
    EXPECT_LE(kl, shared * 1.0001);
    EXPECT_GT(kl, .5 * shared);
  }
  // Towards harm means c for everyone, which is good; towards the goal means b for those who like it.
  EXPECT_LT(c.difference.interval.upper, 0);
  const auto number = [](const PressurePath& path, double kl) {
    for (const PathPoint& point : path.points) {
      if (point.kl == kl) return point.policy;
    }
    throw std::logic_error("no such point");
  };
  const Evaluation& e = *prepared.evaluation;
  const Contrast contrast{"difference",
                          {{e.column(number(prepared.paths[1], c.kl_proxy), 0, prepared.certification), 1},
                           {e.column(number(prepared.paths[0], c.kl_goal), 0, prepared.certification), -1}}};
  const Estimates estimates = e.estimate({&contrast, 1});
  EXPECT_DOUBLE_EQ(c.difference.value, estimates.value[0]);
  EXPECT_DOUBLE_EQ(c.difference.standard_error, estimates.standard_error[0]);
}

}  // namespace
}  // namespace plumb
