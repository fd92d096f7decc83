// Rows that stand for several decisions: the same as writing them down as often, and unbiased where rows were
// dropped at rates that depend on the context.
#include <gtest/gtest.h>

#include <algorithm>
#include <tuple>
#include <utility>

#include "tests/evaluate/slow_value.h"

namespace plumb {
namespace {

struct Twins {
  DecisionLog weighted, repeated;
  std::vector<std::size_t> origin;  // of the repeated rows
};

// Rows count 1, 2 or 3 times.
Twins make_twins(const std::vector<MadeDecision>& decisions, const std::vector<MadeOutcome>& outcomes,
                 bool with_logged = true) {
  Twins out;
  std::vector<MadeDecision> repeated;
  std::vector<float> weight;
  for (std::size_t i = 0; i < decisions.size(); ++i) {
    weight.push_back(static_cast<float>(1 + i % 3));
    for (std::size_t k = 0; k < 1 + i % 3; ++k) {
      repeated.push_back(decisions[i]);
      out.origin.push_back(i);
    }
  }
  out.weighted = made_log({"a", "b", "c"}, outcomes, decisions, with_logged);
  out.weighted.weight = weight;
  out.repeated = made_log({"a", "b", "c"}, outcomes, repeated, with_logged);
  return out;
}

TEST(RowWeights, AreRowsWrittenDownAsOften) {
  const Twins twins = make_twins(mixed_decisions(4000), kMixedOutcomes);
  const auto q = [](std::size_t j, std::size_t i, std::size_t a) {
    return std::sin(static_cast<double>(7 * i + 3 * a + j)) + static_cast<double>(a);
  };
  const OutcomeModels models = made_models(twins.weighted, q),
                      repeated_models = made_models(
                          twins.repeated, [&](auto j, auto i, auto a) { return q(j, twins.origin[i], a); });
  const std::vector<float> pi = arbitrary_policy(twins.weighted, 3);
  std::vector<float> repeated_pi;
  for (const std::size_t i : twins.origin)
    repeated_pi.insert(repeated_pi.end(), pi.begin() + static_cast<std::ptrdiff_t>(3 * i),
                       pi.begin() + static_cast<std::ptrdiff_t>(3 * i + 3));
  for (const bool in_half : {false, true}) {
    Evaluation one(twins.weighted, models, 2, true), other(twins.repeated, repeated_models, 2, true);
    std::size_t policy = 0;
    for (const auto& [e, log, p] : {std::tuple(&one, &twins.weighted, &pi),
                                    std::tuple(&other, &twins.repeated, &std::as_const(repeated_pi))}) {
      std::vector<std::uint8_t> mask(log->size());
      for (std::size_t i = 0; i < mask.size(); ++i) mask[i] = !in_half || log->segments[0].code[i] == 1;
      e->add_subset({"rows", mask});
      policy = e->add_probabilities(*p);
    }
    for (std::size_t j = 0; j < models.outcome.size(); ++j) {
      for (const Estimator estimator : {Estimator::kDr, Estimator::kIps, Estimator::kSnips}) {
        const Contrast level{"level", {{one.column(policy, j, 0, estimator), 1.0}}};
        const Estimates a = one.estimate({&level, 1}), b = other.estimate({&level, 1});
        EXPECT_NEAR(a.value[0], b.value[0], 1e-12) << name_of(estimator) << j;
        EXPECT_NEAR(a.standard_error[0], b.standard_error[0], 1e-12) << name_of(estimator) << j;
      }
    }
    EXPECT_NEAR(one.kl(policy, 0), other.kl(policy, 0), 1e-12);
    EXPECT_NEAR(one.chi2(policy, 0), other.chi2(policy, 0), 1e-11);
    EXPECT_NEAR(one.support(policy, 0).mean_weight, other.support(policy, 0).mean_weight, 1e-12);
    EXPECT_NEAR(one.support(policy, 0).chi2, other.support(policy, 0).chi2, 1e-11);
  }
}

TEST(RowWeights, CountAsOneRowInWhatCanBeCarried) {
  const Twins twins = make_twins(mixed_decisions(3000), kMixedOutcomes);
  const OutcomeModels models = arbitrary_models(twins.weighted);
  Evaluation evaluation(twins.weighted, models, 1);
  const std::size_t all = evaluation.add_subset({"all", std::vector<std::uint8_t>(twins.weighted.size(), 1)});
  const std::vector<float> pi = arbitrary_policy(twins.weighted, 3);
  const std::size_t policy = evaluation.add_probabilities(pi);
  double sum = 0, squares = 0, largest = 0, event = 0, event_squares = 0;
  for (std::size_t i = 0; i < twins.weighted.size(); ++i) {
    const double w = static_cast<double>(twins.weighted.weight[i]) * pi[twins.weighted.chosen_row(i)] /
                     twins.weighted.propensity[i];
    sum += w;
    squares += w * w;
    largest = std::max(largest, w);
    if (twins.weighted.outcomes[2].value[i] == 0) continue;
    event += w;
    event_squares += w * w;
  }
  const Support& support = evaluation.support(policy, all);
  EXPECT_EQ(support.count, 3000);
  EXPECT_NEAR(support.ess, sum * sum / squares, 1e-8);
  EXPECT_NEAR(support.max_weight, largest, 1e-12);
  EXPECT_NEAR(evaluation.events(policy, 2, all), event * event / event_squares, 1e-8);
}

std::vector<MadeDecision> with_contexts(std::vector<MadeDecision> decisions) {
  Rng rng(6);
  for (MadeDecision& d : decisions) {
    d.x = {rng.normal(), rng.exponential()};
    d.value[0] += d.x[0] * d.chosen;
    d.value[2] = rng.bernoulli(.2 + .15 * d.chosen) ? 1 : 0;
  }
  return decisions;
}

// Ridge, two parts and logistic, and the model of the logging policy.
TEST(RowWeights, TeachModelsWhatRowsWrittenDownAsOftenTeach) {
  std::vector<MadeDecision> decisions = with_contexts(mixed_decisions(3000));
  Rng rng(8);
  for (MadeDecision& d : decisions) d.value[1] = rng.bernoulli(.3) ? d.value[1] + d.chosen : 0;
  const Twins twins = make_twins(decisions, kMixedOutcomes, false);
  const std::vector<std::string> names = {"y", "late", "asked"};
  const OutcomeModels one = fit_outcome_models(twins.weighted, names, 1),
                      other = fit_outcome_models(twins.repeated, names, 1);
  EXPECT_EQ(one.method, (std::vector<Method>{Method::kRidge, Method::kTwoPart, Method::kLogistic}));
  for (std::size_t j = 0; j < names.size(); ++j) {
    for (std::size_t i = 0; i < twins.origin.size(); ++i) {
      for (std::size_t a = 0; a < 3; ++a)
        ASSERT_NEAR(one.q[j][3 * twins.origin[i] + a], other.q[j][3 * i + a], 1e-5) << names[j];
    }
    EXPECT_NEAR(one.calibration[j].slope, other.calibration[j].slope, 1e-5);
  }
  const LoggingPolicy logging(twins.weighted, 1), repeated_logging(twins.repeated, 1);
  for (std::size_t k = 0; k < logging.coefficients().size(); ++k)
    EXPECT_NEAR(logging.coefficients()[k], repeated_logging.coefficients()[k], 1e-5);
}

// A world in which nine of ten rows of group 0 and one in four of group 1 are dropped; the groups differ in
// what the actions are worth. The policy's true value is known. 200 samples: weighted intervals of 95 % cover
// it at least 180 times (binomial: fewer than one in 700), their mean is within four errors; without the
// weights the mean is far away.
TEST(RowWeights, MakeUpForRowsThatWereDroppedByContext) {
  constexpr int kSamples = 200;
  int covered = 0;
  double mean = 0, square = 0, unweighted = 0;
  // pi = (.2, .8): group 0 gains 1 by b, group 1 loses 2.
  const double truth = .5 * (.8 * 1) + .5 * (.8 * -2);
  for (int sample = 0; sample < kSamples; ++sample) {
    Rng rng = Rng(31).stream("dropped", static_cast<std::uint64_t>(sample));
    std::vector<MadeDecision> decisions;
    std::vector<float> weight;
    for (std::size_t i = 0; i < 6000; ++i) {
      MadeDecision d;
      d.unit = i;
      d.group = static_cast<std::uint32_t>(rng.below(2));
      d.mu = {.6, .4};
      d.chosen = rng.bernoulli(.4) ? 1 : 0;
      d.value = {rng.normal() + (d.chosen == 1 ? (d.group == 0 ? 1 : -2) : 0)};
      const double dropped = d.group == 0 ? .9 : .25;
      if (rng.bernoulli(dropped)) continue;
      decisions.push_back(std::move(d));
      weight.push_back(static_cast<float>(1 / (1 - dropped)));
    }
    DecisionLog log = made_log({"a", "b"}, {{"y"}}, decisions);
    const OutcomeModels models = made_models(log, [](auto, auto, auto) { return .1; });
    std::vector<float> pi;
    for (std::size_t i = 0; i < log.size(); ++i) pi.insert(pi.end(), {.2f, .8f});
    for (const bool with_weights : {false, true}) {
      if (with_weights) log.weight = weight;
      Evaluation evaluation(log, models, 1);
      const std::size_t all = evaluation.add_subset({"all", std::vector<std::uint8_t>(log.size(), 1)});
      const Contrast level{"v", {{evaluation.column(evaluation.add_probabilities(pi), 0, all), 1.0}}};
      const Estimates e = evaluation.estimate({&level, 1});
      if (!with_weights) {
        unweighted += e.value[0] / kSamples;
        continue;
      }
      covered += std::abs(e.value[0] - truth) <= 1.96 * e.standard_error[0];
      mean += e.value[0] / kSamples;
      square += e.value[0] * e.value[0] / kSamples;
    }
  }
  EXPECT_GE(covered, 180);
  const double error = std::sqrt((square - mean * mean) / kSamples);
  EXPECT_NEAR(mean, truth, 4 * error);
  EXPECT_GT(std::abs(unweighted - truth), 40 * error);
}

TEST(RowWeights, StandInTheDigestOfARowOnlyWhereThereAreAny) {
  DecisionLog log = mixed_log(50);
  const std::vector<std::uint64_t> without = log.row_digest;
  log.weight.assign(log.size(), 2);
  digest_rows(log);
  for (std::size_t i = 0; i < log.size(); ++i) EXPECT_NE(log.row_digest[i], without[i]);
  log.weight.clear();
  digest_rows(log);
  EXPECT_EQ(log.row_digest, without);
}

}  // namespace
}  // namespace plumb
