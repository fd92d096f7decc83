// A whole audit of one proxy, and proxies against the goal as teachers.
#include <gtest/gtest.h>

#include <cmath>

#include "tests/optimize/prepared_log.h"

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
  // All pairs are compared, and the one whose interval reaches furthest is shown.
  EXPECT_EQ(audit.surrogacy.pairs, 3u);
  EXPECT_EQ(audit.surrogacy.rows, 5000u);
  const double effect = audit.surrogacy.contrast == "c against a" ? 1 : .5;
  EXPECT_NEAR(audit.surrogacy.direct.value, effect, 4 * audit.surrogacy.direct.standard_error);
  EXPECT_NEAR(audit.surrogacy.bias.value, 0, 4 * audit.surrogacy.bias.standard_error);
  EXPECT_GT(audit.unit_association.value, .5);
}

TEST(ProxyAudit, RefusesAProxyThatMissesMostOfTheEffect) {
  const ProxyAudit audit = audited({0, 1, 2}, 0);  // the goal rises with the proxy, not through it
  EXPECT_FALSE(audit.curve.harm);
  EXPECT_EQ(audit.surrogacy.verdict, Verdict::kRefuse);
  EXPECT_EQ(audit.verdict, Verdict::kRefuse);
}

}  // namespace
}  // namespace plumb
