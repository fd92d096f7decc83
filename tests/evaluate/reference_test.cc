// Every estimator against a slow and obvious one, and against numbers worked out by hand.
#include <gtest/gtest.h>

#include <cmath>

#include "plumb/evaluate.h"
#include "tests/evaluate/slow_value.h"
#include "tests/policy/made_log.h"

namespace plumb {
namespace {

constexpr Estimator kEstimators[] = {Estimator::kDr, Estimator::kIps, Estimator::kSnips};

TEST(Evaluation, EqualsTheSlowReferenceForEveryEstimatorOutcomeAndSubset) {
  const DecisionLog log = mixed_log(3000);
  const OutcomeModels models = arbitrary_models(log);
  std::vector<std::vector<std::uint8_t>> masks(2, std::vector<std::uint8_t>(log.size(), 1));
  for (std::size_t i = 0; i < log.size(); ++i)
    masks[1][i] = log.segments[0].code[i] == 1 && !log.in_training(i);
  Evaluation evaluation(log, models, 2, true);
  for (const auto& mask : masks) evaluation.add_subset({"subset", mask});
  for (const std::uint64_t seed : {1u, 2u}) {
    const std::vector<float> pi = arbitrary_policy(log, seed);
    const std::size_t policy = evaluation.add_policy(*table_policy("t", pi, true));
    for (std::size_t s = 0; s < masks.size(); ++s) {
      for (std::size_t j = 0; j < models.outcome.size(); ++j) {
        for (const Estimator estimator : kEstimators) {
          const Contrast level{"level", {{evaluation.column(policy, j, s, estimator), 1.0}}};
          const Estimates e = evaluation.estimate({&level, 1});
          const SlowValue slow = slow_value(log, models, j, pi, masks[s], estimator);
          EXPECT_NEAR(e.value[0], slow.value, 1e-9) << name_of(estimator) << " " << j << " " << s;
          EXPECT_NEAR(e.standard_error[0], slow.standard_error, 1e-9) << name_of(estimator) << " " << j;
        }
      }
    }
  }
}

TEST(Evaluation, MeasuresDivergencesWeightsAndEventsByTheirDefinitions) {
  const DecisionLog log = mixed_log(2500);
  const OutcomeModels models = arbitrary_models(log);
  std::vector<std::uint8_t> mask(log.size());
  for (std::size_t i = 0; i < log.size(); ++i) mask[i] = log.segments[0].code[i] == 0;
  Evaluation evaluation(log, models, 1);
  const std::size_t subset = evaluation.add_subset({"g0", mask});
  const std::vector<float> pi = arbitrary_policy(log, 5);
  const std::size_t policy = evaluation.add_probabilities(pi);
  double n = 0, kl = 0, chi2 = 0, w1 = 0, w2 = 0, largest = 0, e1 = 0, e2 = 0;
  for (std::size_t i = 0; i < log.size(); ++i) {
    if (!mask[i]) continue;
    n += 1;
    for (std::size_t row = log.offset[i]; row < log.offset[i + 1]; ++row) {
      const double p = pi[row], mu = log.logged[row];
      if (p > 0) kl += p * std::log(p / mu);
      chi2 += p * p / mu;
    }
    const double w = pi[log.chosen_row(i)] / log.propensity[i];
    w1 += w;
    w2 += w * w;
    largest = std::max(largest, w);
    const OutcomeColumn& asked = log.outcomes[2];
    if (asked.state[i] != State::kObserved || asked.value[i] == 0) continue;
    e1 += w;
    e2 += w * w;
  }
  const Support& support = evaluation.support(policy, subset);
  EXPECT_DOUBLE_EQ(support.count, n);
  EXPECT_NEAR(support.ess, w1 * w1 / w2, 1e-6);
  EXPECT_NEAR(support.mean_weight, w1 / n, 1e-9);
  EXPECT_NEAR(support.chi2, w2 / n - 1, 1e-9);
  EXPECT_DOUBLE_EQ(support.max_weight, largest);
  EXPECT_NEAR(evaluation.kl(policy, subset), kl / n, 1e-9);
  EXPECT_NEAR(evaluation.chi2(policy, subset), chi2 / n - 1, 1e-9);
  EXPECT_NEAR(evaluation.events(policy, 2, subset), e1 * e1 / e2, 1e-9);
}

// Four decisions of a fair coin, worked out by hand. pi = (.8, .2); w = 1.6 for a, .4 for b. q = 1 for a, 2 for
// b, so the direct part is 1.2 everywhere.
//   row 1: a, y 3          dr 1.2 + 1.6 (3 - 1)      = 4.4     ips 4.8
//   row 2: b, y 1          dr 1.2 + .4 (1 - 2)       = .8      ips .4
//   row 3: a, not answered dr 1.2                              ips 0
//   row 4: b, too young    left out of numerator and count
TEST(Evaluation, IsWhatOneWorksOutByHand) {
  const std::vector<MadeDecision> decisions = {
      {1, {.5, .5}, 0, {3}, {State::kObserved}, {}, 0},
      {2, {.5, .5}, 1, {1}, {State::kObserved}, {}, 0},
      {3, {.5, .5}, 0, {9}, {State::kMissing}, {}, 0},
      {4, {.5, .5}, 1, {9}, {State::kImmature}, {}, 0},
  };
  const DecisionLog log = made_log({"a", "b"}, {{"y"}}, decisions);
  const OutcomeModels models =
      made_models(log, [](std::size_t, std::size_t, std::size_t a) { return a == 0 ? 1.0 : 2.0; });
  Evaluation evaluation(log, models, 1, true);
  const std::size_t all = evaluation.add_subset({"all", {1, 1, 1, 1}});
  const std::size_t policy =
      evaluation.add_policy(*table_policy("t", {.8f, .2f, .8f, .2f, .8f, .2f, .8f, .2f}, true));
  std::vector<Contrast> contrasts;
  for (const Estimator estimator : kEstimators)
    contrasts.push_back({"v", {{evaluation.column(policy, 0, all, estimator), 1.0}}});
  const Estimates e = evaluation.estimate(contrasts);
  EXPECT_NEAR(e.value[0], (4.4 + .8 + 1.2) / 3, 1e-6);
  EXPECT_NEAR(e.value[1], (4.8 + .4) / 3, 1e-6);
  EXPECT_NEAR(e.value[2], (4.8 + .4) / (1.6 + .4), 1e-6);
}

// Asked with probability 1/4: an answer counts four times, and dividing by the number of answers instead is
// biased where q differs.
TEST(Evaluation, CountsAnAnswerByHowRarelyItWasAskedFor) {
  const std::vector<MadeDecision> decisions = {
      {1, {.5, .5}, 0, {1}, {State::kObserved}, {}, 0},
      {2, {.5, .5}, 1, {1}, {State::kMissing}, {}, 0},
      {3, {.5, .5}, 0, {1}, {State::kMissing}, {}, 0},
      {4, {.5, .5}, 1, {1}, {State::kMissing}, {}, 0},
  };
  const DecisionLog log = made_log({"a", "b"}, {{"y", OutcomeKind::kBinary, .25}}, decisions);
  const OutcomeModels models = made_models(log, [](auto, auto, auto) { return .5; });
  Evaluation evaluation(log, models, 1, true);
  const std::size_t all = evaluation.add_subset({"all", {1, 1, 1, 1}});
  const std::size_t policy = evaluation.add_policy(*constant_policy("a"));
  const Contrast contrasts[] = {{"dr", {{evaluation.column(policy, 0, all), 1.0}}},
                                {"ips", {{evaluation.column(policy, 0, all, Estimator::kIps), 1.0}}}};
  const Estimates e = evaluation.estimate(contrasts);
  EXPECT_NEAR(e.value[0], .5 + 2 * 4 * (1 - .5) / 4, 1e-9);
  EXPECT_NEAR(e.value[1], 2 * 4 * 1 / 4.0, 1e-9);
}

// By definition the policy that wrote the log has weights 1 and no divergence from itself, even where its
// probabilities are a model's; its value is the mean of what came.
TEST(Evaluation, GivesTheLoggingPolicyWeightOne) {
  const auto decisions = mixed_decisions(2000);
  const DecisionLog log = made_log({"a", "b", "c"}, kMixedOutcomes, decisions, false);
  const OutcomeModels models = arbitrary_models(log);
  Evaluation evaluation(log, models, 1, true);
  const std::size_t all = evaluation.add_subset({"all", std::vector<std::uint8_t>(log.size(), 1)});
  const std::size_t policy = evaluation.add_policy(LoggingPolicy(log, 1));
  const Support& support = evaluation.support(policy, all);
  EXPECT_TRUE(support.sufficient);
  EXPECT_DOUBLE_EQ(support.ess, static_cast<double>(log.size()));
  EXPECT_EQ(support.max_weight, 1);
  EXPECT_EQ(evaluation.kl(policy, all), 0);
  EXPECT_EQ(evaluation.chi2(policy, all), 0);
  double mean = 0;
  for (const auto& d : decisions) mean += d.value[0] / static_cast<double>(decisions.size());
  const Contrast levels[] = {{"ips", {{evaluation.column(policy, 0, all, Estimator::kIps), 1.0}}},
                             {"dr", {{evaluation.column(policy, 0, all), 1.0}}}};
  for (const double value : evaluation.estimate(levels).value) EXPECT_NEAR(value, mean, 1e-6);
}

TEST(Evaluation, HasTheSameBytesForAnyNumberOfThreads) {
  const DecisionLog log = mixed_log(9000);
  const OutcomeModels models = arbitrary_models(log);
  std::vector<Estimates> estimates;
  for (const int threads : {1, 3}) {
    Evaluation evaluation(log, models, threads, true);
    const std::size_t all = evaluation.add_subset({"all", std::vector<std::uint8_t>(log.size(), 1)});
    const std::size_t policy = evaluation.add_policy(*table_policy("t", arbitrary_policy(log, 5), true));
    std::vector<Contrast> contrasts;
    for (const Estimator estimator : kEstimators)
      contrasts.push_back({"v", {{evaluation.column(policy, 1, all, estimator), 1.0}}});
    estimates.push_back(evaluation.estimate(contrasts));
  }
  EXPECT_EQ(estimates[0].value, estimates[1].value);
  EXPECT_EQ(estimates[0].standard_error, estimates[1].standard_error);
  EXPECT_EQ(estimates[0].influence.data, estimates[1].influence.data);
}

TEST(Evaluation, DoesNotDependOnTheOrderOfRows) {
  auto decisions = mixed_decisions(4000);
  std::vector<Estimates> estimates;
  for (int turn = 0; turn < 2; ++turn) {
    const DecisionLog log = made_log({"a", "b", "c"}, kMixedOutcomes, decisions);
    const OutcomeModels models =
        made_models(log, [](auto j, auto, auto a) { return static_cast<double>(j + 2 * a); });
    Evaluation evaluation(log, models, 1);
    const std::size_t all = evaluation.add_subset({"all", std::vector<std::uint8_t>(log.size(), 1)});
    const std::size_t policy = evaluation.add_policy(*uniform_policy());
    const Contrast level{"level", {{evaluation.column(policy, 0, all), 1.0}}};
    estimates.push_back(evaluation.estimate({&level, 1}));
    std::reverse(decisions.begin(), decisions.end());
  }
  EXPECT_NEAR(estimates[0].value[0], estimates[1].value[0], 1e-12);
  EXPECT_NEAR(estimates[0].standard_error[0], estimates[1].standard_error[0], 1e-12);
}

// A customer seen twice is one customer: writing every decision down twice must not shrink the error, unless
// the copies are customers of their own.
TEST(Evaluation, ClustersOnUnits) {
  std::vector<MadeDecision> once = mixed_decisions(1500), same_unit, own_unit;
  for (std::size_t i = 0; i < once.size(); ++i) {
    once[i].unit = i;
    for (std::uint64_t copy = 0; copy < 2; ++copy) {
      same_unit.push_back(once[i]);
      own_unit.push_back(once[i]);
      own_unit.back().unit = i + copy * 1000000;
    }
  }
  std::vector<double> error;
  for (const auto* decisions : {&once, &same_unit, &own_unit}) {
    const DecisionLog log = made_log({"a", "b", "c"}, kMixedOutcomes, *decisions);
    const OutcomeModels models = made_models(log, [](auto, auto, auto) { return 0.0; });
    Evaluation evaluation(log, models, 1);
    const std::size_t all = evaluation.add_subset({"all", std::vector<std::uint8_t>(log.size(), 1)});
    const std::size_t policy = evaluation.add_policy(*uniform_policy());
    const Contrast level{"level", {{evaluation.column(policy, 0, all), 1.0}}};
    error.push_back(evaluation.estimate({&level, 1}).standard_error[0]);
  }
  EXPECT_NEAR(error[1], error[0], 1e-9);
  // Buckets that units share by chance move the third by a few hundredths.
  EXPECT_NEAR(error[2], error[0] / std::sqrt(2.0), .08 * error[0]);
}

}  // namespace
}  // namespace plumb
