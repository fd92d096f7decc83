// Where the log cannot carry a number there is none: effective sample size, one heavy decision, wrong
// propensities, actions that were never taken.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "plumb/audit.h"
#include "tests/policy/made_log.h"

namespace plumb {
namespace {

// The support of a policy that gives decision i the importance weight weights[i]; unit i / repeats.
Support support_of(const std::vector<double>& weights, std::size_t repeats = 1) {
  const double p = .5 / *std::max_element(weights.begin(), weights.end());
  std::vector<MadeDecision> decisions(weights.size());
  std::vector<float> pi;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    decisions[i] = {i / repeats, {p, 1 - p}, 0, {0}, {}, {}, 0};
    const auto chosen = static_cast<float>(weights[i] * p);
    pi.insert(pi.end(), {chosen, 1 - chosen});
  }
  const DecisionLog log = made_log({"a", "b"}, {{"y"}}, decisions);
  const OutcomeModels models = made_models(log, [](auto, auto, auto) { return 0.0; });
  Evaluation evaluation(log, models, 1);
  const std::size_t all = evaluation.add_subset({"all", std::vector<std::uint8_t>(log.size(), 1)});
  return evaluation.support(evaluation.add_probabilities(pi), all);
}

TEST(Support, OfTwoEffectiveDecisionsAmongTenThousandCarriesNoNumber) {
  std::vector<double> weights(10000, 0.0);
  weights[17] = weights[4711] = 5000;
  const Support support = support_of(weights);
  EXPECT_NEAR(support.ess, 2, 1e-9);
  EXPECT_DOUBLE_EQ(support.count, 10000);
  EXPECT_NEAR(support.mean_weight, 1, 1e-6);
  EXPECT_FALSE(support.sufficient);
  EXPECT_NE(support.reason.find("2.0 of 10000"), std::string::npos) << support.reason;
}

TEST(Support, NeedsAHundredEffectiveDecisions) {
  for (const std::size_t used : {99u, 101u}) {
    std::vector<double> weights(2000, 0.0);
    for (std::size_t k = 0; k < used; ++k) weights[k] = 2000.0 / static_cast<double>(used);
    const Support support = support_of(weights);
    EXPECT_NEAR(support.ess, static_cast<double>(used), 1e-6);
    EXPECT_EQ(support.sufficient, used == 101) << support.reason;
  }
}

TEST(Support, IsRefusedWhereOneDecisionCarriesMoreThanATwentieth) {
  for (const double heavy : {.049, .051}) {
    std::vector<double> weights(10000, (1 - heavy) * 10000 / 9999);
    weights[0] = heavy * 10000;
    const Support support = support_of(weights);
    EXPECT_GT(support.ess, kLeastEss);
    EXPECT_EQ(support.sufficient, heavy < .05) << support.reason;
  }
}

TEST(Support, IsRefusedWhereTheMeanWeightSaysThatPropensitiesAreWrong) {
  std::vector<double> right(10000), wrong(10000);
  for (std::size_t i = 0; i < right.size(); ++i) {
    right[i] = i % 2 ? 1.5 : .5;
    wrong[i] = 1.1 * right[i];  // the standard error of the mean is .0055
  }
  EXPECT_TRUE(support_of(right).sufficient);
  const Support support = support_of(wrong);
  EXPECT_FALSE(support.sufficient);
  EXPECT_NE(support.reason.find("propensities are wrong"), std::string::npos) << support.reason;
}

TEST(Support, ForgivesAMeanWeightThatAFewUnitsExplain) {
  // 100 decisions a unit, all of a unit's with the same weight: a mean of 1.1 is within the error of 100 units
  // whose weights spread by .9, while 10,000 units would show that something is wrong.
  std::vector<double> weights(10000);
  for (std::size_t i = 0; i < weights.size(); ++i) weights[i] = i / 100 % 2 ? 2.0 : .2;
  EXPECT_TRUE(support_of(weights, 100).sufficient) << support_of(weights, 100).reason;
  EXPECT_FALSE(support_of(weights, 1).sufficient);
}

TEST(Support, NeedsThirtyEffectiveUnits) {
  const std::vector<double> weights(10000, 1.0);
  EXPECT_FALSE(support_of(weights, 500).sufficient);  // 20 units
  EXPECT_TRUE(support_of(weights, 200).sufficient) << support_of(weights, 200).reason;
}

TEST(Support, OfNothingSaysSo) {
  std::vector<double> weights(500, 0.0);
  weights[0] = 1e-30;
  const Support support = support_of(weights);
  EXPECT_FALSE(support.sufficient);
  EXPECT_FALSE(support.reason.empty());
}

// Weights may be fine and the answers too few all the same.
TEST(Support, OfAnOutcomeCountsTheDecisionsInWhichItWasSeen) {
  Rng rng(32);
  std::vector<MadeDecision> decisions(6000);
  for (std::size_t i = 0; i < decisions.size(); ++i) {
    const bool rare = rng.bernoulli(.01), often = rng.bernoulli(.2);
    decisions[i] = {i,
                    {.5, .5},
                    rng.bernoulli(.5),
                    {1, 1},
                    {rare ? State::kObserved : State::kMissing, often ? State::kObserved : State::kMissing},
                    {},
                    0};
  }
  const DecisionLog log = made_log(
      {"a", "b"}, {{"rare", OutcomeKind::kRating, .01}, {"often", OutcomeKind::kRating, .2}}, decisions);
  const OutcomeModels models = made_models(log, [](auto, auto, auto) { return 0.0; });
  Evaluation evaluation(log, models, 1);
  const std::size_t all = evaluation.add_subset({"all", std::vector<std::uint8_t>(log.size(), 1)});
  const std::size_t policy = evaluation.add_policy(*constant_policy("a"));
  EXPECT_TRUE(evaluation.support(policy, all).sufficient);
  const std::pair<std::size_t, double> rare[] = {{0, 1.0}}, often[] = {{1, 1.0}}, both[] = {{1, 1.0}, {0, 2.0}};
  double seen = 0;
  for (std::size_t i = 0; i < log.size(); ++i)
    seen += log.chosen[i] == 0 && log.outcomes[0].state[i] == State::kObserved;
  EXPECT_NEAR(evaluation.support(policy, all, rare).ess, seen, 1e-9);
  EXPECT_FALSE(evaluation.support(policy, all, rare).sufficient);
  EXPECT_TRUE(evaluation.support(policy, all, often).sufficient);
  EXPECT_FALSE(evaluation.support(policy, all, both).sufficient);
}

// Action b is taken once in 5,000 decisions; "never" is not taken at all.
DecisionLog rare_log() {
  Rng rng(31);
  std::vector<MadeDecision> decisions(10000);
  for (std::size_t i = 0; i < decisions.size(); ++i) {
    MadeDecision& d = decisions[i];
    d.unit = i;
    d.mu = {.9998, .0002, 0};
    d.chosen = i == 100 || i == 7000 ? 1 : 0;
    d.value = {rng.normal() + 5 * d.chosen};
  }
  return made_log({"a", "b", "never"}, {{"y"}}, decisions);
}

TEST(Support, IsMeasuredOnTheWeightsOfTheLog) {
  const DecisionLog log = rare_log();
  const OutcomeModels models = made_models(log, [](auto, auto, auto) { return 0.0; });
  Evaluation evaluation(log, models, 1);
  const std::size_t all = evaluation.add_subset({"all", std::vector<std::uint8_t>(log.size(), 1)});
  const std::size_t rare = evaluation.add_policy(*constant_policy("b"));
  EXPECT_NEAR(evaluation.support(rare, all).ess, 2, 1e-9);
  EXPECT_FALSE(evaluation.support(rare, all).sufficient);
  const std::size_t never = evaluation.add_policy(*constant_policy("never"));
  EXPECT_FALSE(evaluation.support(never, all).sufficient);
  EXPECT_TRUE(std::isinf(evaluation.kl(never, all)));
  // A mixture that gives the action that was never taken a hundredth is out of support as well.
  std::vector<float> mixture;
  for (std::size_t i = 0; i < log.size(); ++i) mixture.insert(mixture.end(), {.99f, 0.0f, .01f});
  const std::size_t mixed = evaluation.add_probabilities(mixture);
  EXPECT_TRUE(std::isinf(evaluation.chi2(mixed, all)));
}

// The same through certification: no value, no gain, no interval, a verdict that says why.
TEST(Support, OfTwoLeavesACertificateWithoutNumbers) {
  const DecisionLog log = rare_log();
  const OutcomeModels models = made_models(log, [](auto, auto, auto) { return 0.0; });
  const Goal goal = made_goal("y", {{"y"}}, .1);
  CertificationOptions options;
  const Certification c = certify(log, goal, models, std::make_shared<LoggingPolicy>(log, 1), {}, options);
  ASSERT_EQ(c.candidates.size(), 4u);
  const CandidateClaim& rare = c.candidates[2];
  ASSERT_EQ(rare.name, "constant:b");
  EXPECT_FALSE(rare.goal.known);
  EXPECT_FALSE(rare.versus_reference.known);
  EXPECT_EQ(rare.verdict, Verdict::kInconclusive);
  EXPECT_NE(rare.versus_reference.why_not.find("effective sample size is 2.0"), std::string::npos)
      << rare.versus_reference.why_not;
  for (const PairClaim& pair : c.pairs) {
    EXPECT_NE(pair.a, "constant:b");
    EXPECT_NE(pair.b, "constant:b");
  }
  EXPECT_NE(c.decision, "ship");
}

// Out of support in part: the numbers must go even where the effective sample size looks healthy.
TEST(Support, IsRefusedWhereAPolicyTakesWhatWasNeverTaken) {
  const DecisionLog log = rare_log();
  const OutcomeModels models = made_models(log, [](auto, auto, auto) { return 0.0; });
  Evaluation evaluation(log, models, 1);
  const std::size_t all = evaluation.add_subset({"all", std::vector<std::uint8_t>(log.size(), 1)});
  std::vector<float> mixture;
  for (std::size_t i = 0; i < log.size(); ++i) mixture.insert(mixture.end(), {.9995f, 0.0f, .0005f});
  const std::size_t mixed = evaluation.add_probabilities(mixture);
  EXPECT_GT(evaluation.support(mixed, all).ess, 9000);
  EXPECT_FALSE(evaluation.support(mixed, all).sufficient);
}

TEST(LeastEvents, DependOnHowSkewedAnOutcomeIs) {
  EXPECT_EQ(least_events(OutcomeKind::kAmount), 100u);
  EXPECT_EQ(least_events(OutcomeKind::kBinary), 20u);
  EXPECT_EQ(least_events(OutcomeKind::kNumber), 0u);
}

}  // namespace
}  // namespace plumb
