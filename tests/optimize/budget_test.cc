// A budget holds whatever the multipliers do.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>

#include "tests/optimize/tempting_log.h"

namespace plumb {
namespace {

TEST(Training, KeepsTheBudgetWhereTheReferenceItselfBreaksALimit) {
  Goal goal = tempting_goal();
  ConstraintSpec ceiling;
  ceiling.outcome = "harm";
  ceiling.at_most = .15;
  goal.constraints = {ceiling};
  goal.kl_budget = .001 * std::pow(1.12, 15);
  Prepared prepared(tempting_log(3000), goal);
  for (const Candidate& c : prepared.train().candidates) EXPECT_LE(c.kl, *goal.kl_budget) << c.policy->name();
}

}  // namespace
}  // namespace plumb
