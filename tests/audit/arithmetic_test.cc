// The ends of the verdict's arithmetic.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>

#include "audit/association.h"
#include "audit/claims.h"
#include "tests/optimize/tempting_log.h"

namespace plumb {
namespace {

TEST(UnitAssociation, IsNotStatedForAProxyThatIsAlwaysOne) {
  std::vector<MadeDecision> decisions(50);
  Rng rng(82);
  for (std::size_t i = 0; i < decisions.size(); ++i) decisions[i] = {i, {1}, 0, {1, rng.normal()}, {}, {}, 0};
  const DecisionLog log = made_log({"a"}, {{"proxy"}, {"goal"}}, decisions);
  const Goal goal = made_goal("goal", {{"proxy"}, {"goal"}});
  const OutcomeModels models = made_models(log, [](auto, auto, auto) { return 0.0; });
  const Evaluation evaluation(log, models, 1);
  const AuditContext context{log, goal, models, evaluation, log.logged, 0, {}, 0, 0, 0, 1, 1};
  EXPECT_FALSE(unit_association(context, "proxy").known);
}

TEST(GainVerdict, PassesWhereTheLowerEndIsExactlyTheMinimum) {
  Goal goal;
  goal.minimum_effect = .25;
  goal.proof_minimum = true;
  EXPECT_EQ(judge_gain(goal, make_measured(.5, .125, 2, .95), 2, 1000).verdict, Verdict::kPass);
}

// A contrast without an event on either side has no error, but it is one more of those that are looked at.
TEST(Families, CountContrastsOfWhichNoEventWasSeen) {
  MaxT family;
  family.family = 3;
  ContrastParts none;
  none.sides = {{0, 0, 0.01, 1}, {0, 0, 0.01, -1}};
  count_without_events(none, family);
  EXPECT_EQ(family.family, 4u);
  EXPECT_NEAR(family.critical(0.05), normal_quantile(1 - 0.05 / 8), 1e-12);
  ContrastParts some = none, equal;
  some.standard_error = 0.1;
  count_without_events(some, family);
  count_without_events(equal, family);
  EXPECT_EQ(family.family, 4u);
}

}  // namespace
}  // namespace plumb
