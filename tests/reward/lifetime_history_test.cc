// What a customer did before the decision takes spread out of a lifetime value's gain, and nothing else.
#include <gtest/gtest.h>

#include <cmath>

#include "plumb/evaluate.h"
#include "plumb/learnt.h"
#include "tests/reward/decided_customers.h"

namespace plumb {
namespace {

struct Gain {
  double value = 0, error = 0;
};

Gain gain_of(const DecisionLog& log, const OutcomeModels& models) {
  Evaluation evaluation(log, models, 1);
  const std::size_t all = evaluation.add_subset({"all", std::vector<std::uint8_t>(log.size(), 1)});
  const std::size_t a = evaluation.add_policy(*constant_policy("a")),
                    b = evaluation.add_policy(*constant_policy("b"));
  const Contrast gain{"gain", {{evaluation.column(b, 0, all), 1}, {evaluation.column(a, 0, all), -1}}};
  const Estimates e = evaluation.estimate({&gain, 1});
  return {e.value[0], e.standard_error[0]};
}

TEST(LifetimeHistory, TakesSpreadOutOfTheGainAlikeForEveryAction) {
  for (std::uint64_t seed = 1; seed <= 2; ++seed) {
    Newcomers world = decided_customers({}, seed);
    auto clv = std::make_shared<LearntOutcome>(
        learn_lifetime_value(world.log, world.goal, world.goal.outcomes[0], world.transactions, 1, 1));
    ASSERT_GT(clv->history_width, 0u);
    world.log.outcomes.push_back(clv->column);
    OutcomeModels models = fit_outcome_models(world.log, {"clv"}, 1);
    models.learnt.push_back(std::move(clv));
    const std::vector<float> before = models.q[0];
    const Gain without = gain_of(world.log, models);
    add_histories(world.log, models);
    const Gain with = gain_of(world.log, models);
    EXPECT_LT(with.error, .97 * without.error) << seed;
    EXPECT_LT(std::abs(with.value - without.value), 2 * without.error) << seed;
    for (std::size_t i = 0; i < world.log.size(); ++i)
      ASSERT_NEAR(models.q[0][2 * i] - before[2 * i], models.q[0][2 * i + 1] - before[2 * i + 1], 1e-3) << i;
  }
}

}  // namespace
}  // namespace plumb
