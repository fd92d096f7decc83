// The doubly robust estimate is unbiased where propensities are right, however wrong the model is: measured
// over replications of the campaign world, whose truth is known, with the test's own standard error.
#include <gtest/gtest.h>

#include <cmath>

#include "plumb/evaluate.h"
#include "tests/policy/made_log.h"
#include "worlds/worlds.h"

namespace plumb {
namespace {

Goal campaign_goal() { return read_goal(std::string(PLUMB_SOURCE_DIR) + "/examples/campaign/goal.toml"); }

struct Replications {
  double n = 0, sum = 0, squares = 0;
  void add(double x) {
    n += 1;
    sum += x;
    squares += x * x;
  }
  double mean() const { return sum / n; }
  double spread() const { return std::sqrt((squares / n - mean() * mean()) * n / (n - 1)); }
  double error() const { return spread() / std::sqrt(n); }
};

TEST(DoublyRobust, IsUnbiasedWhenThePropensitiesAreExactAndTheModelIsWrong) {
  const std::vector<std::string> outcomes = {"visit", "spend"};
  Goal goal = campaign_goal();
  goal.data.propensity_by_arm = {{"none", .2}, {"mail_a", .3}, {"mail_b", .5}};
  CampaignOptions world;
  world.decisions = 1500;
  world.probabilities = {.2, .3, .5};
  world.effect = .4;
  world.personal = .4;
  Replications doubly_robust, naive, reported, unweighted;
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    world.seed = seed;
    const DecisionLog log = campaign_log(world, goal);
    const Matrix expected = campaign_expected(world, outcomes);
    // Visits are modelled far too high, and wrongly by arm and decision.
    OutcomeModels models;
    models.outcome = outcomes;
    for (std::size_t j = 0; j < 2; ++j) {
      models.q.emplace_back();
      for (std::size_t row = 0; row < log.action.size(); ++row)
        models.q[j].push_back(static_cast<float>(.4 + .2 * log.action[row] + .1 * std::sin(row)));
    }
    // pi likes mail_a where the decision number is even.
    std::vector<float> pi;
    double truth = 0, direct = 0, logged = 0;
    const auto n = static_cast<double>(log.size());
    for (std::size_t i = 0; i < log.size(); ++i) {
      const double share[3] = {i % 2 ? .1 : .7, i % 2 ? .3 : .2, i % 2 ? .6 : .1};
      for (std::size_t a = 0; a < 3; ++a) {
        pi.push_back(static_cast<float>(share[a]));
        truth += share[a] * expected(3 * i + a, 0) / n;
        direct += share[a] * models.q[0][3 * i + a] / n;
      }
      logged += log.outcome("visit").value[i] / n;
    }
    Evaluation evaluation(log, models, 1);
    const std::size_t all = evaluation.add_subset({"all", std::vector<std::uint8_t>(log.size(), 1)});
    const std::size_t policy = evaluation.add_probabilities(pi);
    const Contrast level{"level", {{evaluation.column(policy, 0, all), 1.0}}};
    const Estimates e = evaluation.estimate({&level, 1});
    doubly_robust.add(e.value[0] - truth);
    reported.add(e.standard_error[0] * e.standard_error[0]);
    naive.add(direct - truth);
    unweighted.add(logged - truth);
  }
  EXPECT_LT(std::abs(doubly_robust.mean()), 4 * doubly_robust.error());
  // The test can fail: the model alone, or the log's own mean, are wrong beyond any doubt.
  EXPECT_GT(std::abs(naive.mean()), 20 * naive.error());
  EXPECT_GT(std::abs(naive.mean()), 20 * doubly_robust.error());
  // The reported error is the spread over replications, 100 of which know it to 7 % (three of them: 21 %).
  EXPECT_NEAR(std::sqrt(reported.mean()) / doubly_robust.spread(), 1, .21);
}

// Halving a propensity doubles the correction: where propensities are wrong and the model too, so is the value.
TEST(DoublyRobust, IsBiasedWhenPropensitiesAndModelAreWrong) {
  Replications error;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Rng rng(seed);
    std::vector<MadeDecision> decisions(1000);
    for (std::size_t i = 0; i < decisions.size(); ++i) {
      const bool b = rng.bernoulli(.5);
      decisions[i] = {i, {.75, .25}, b, {b ? 2.0 : 1.0}, {}, {}, 0};  // in truth one half each
    }
    const DecisionLog log = made_log({"a", "b"}, {{"y"}}, decisions);
    const OutcomeModels models = made_models(log, [](auto, auto, auto) { return 0.0; });
    Evaluation evaluation(log, models, 1);
    const std::size_t all = evaluation.add_subset({"all", std::vector<std::uint8_t>(log.size(), 1)});
    const std::size_t policy = evaluation.add_policy(*constant_policy("b"));
    const Contrast level{"level", {{evaluation.column(policy, 0, all), 1.0}}};
    error.add(evaluation.estimate({&level, 1}).value[0] - 2);
    EXPECT_FALSE(evaluation.support(policy, all).sufficient);  // and the mean weight of 2 gives it away
  }
  EXPECT_NEAR(error.mean(), 2, 4 * error.error());
}

}  // namespace
}  // namespace plumb
