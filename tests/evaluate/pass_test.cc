// The pass over the log: one policy or many, any number of offered actions, chunks that are added up, and its
// own logarithm.
#include <gtest/gtest.h>

#include <limits>

#include "base/log_of.h"
#include "evaluate/pass.h"
#include "tests/evaluate/slow_value.h"

namespace plumb {
namespace {

// The same log with some unchosen actions no longer offered; probabilities are made anew.
DecisionLog ragged(const DecisionLog& from) {
  Rng rng(4);
  DecisionLog log = from;
  log.fixed_actions = false;
  log.action.clear();
  log.logged.clear();
  log.offset = {0};
  for (std::size_t i = 0; i < from.size(); ++i) {
    const std::size_t kept = log.action.size();
    for (std::size_t a = 0; a < from.offered(i); ++a) {
      if (a != from.chosen[i] && rng.bernoulli(.3)) continue;
      if (a == from.chosen[i]) log.chosen[i] = static_cast<std::uint32_t>(log.action.size() - kept);
      log.action.push_back(from.action[from.offset[i] + a]);
      log.logged.push_back(from.logged[from.offset[i] + a]);
    }
    log.offset.push_back(log.action.size());
  }
  return log;
}

std::vector<float> some_policy(const DecisionLog& log, std::uint64_t seed) {
  Rng rng(seed);
  std::vector<float> p;
  for (std::size_t i = 0; i < log.size(); ++i) {
    std::vector<double> share;
    double total = 0;
    for (std::size_t a = 0; a < log.offered(i); ++a) {
      share.push_back(rng.exponential());
      total += share.back();
    }
    for (const double s : share) p.push_back(static_cast<float>(s / total));
  }
  return p;
}

TEST(PolicyPass, EqualsTheSlowReferenceWhereDecisionsOfferDifferentActions) {
  // Beyond one chunk, not a multiple of anything.
  const DecisionLog log = ragged(mixed_log(35'011));
  ASSERT_GT(decision_chunks(log.size()).size(), 3u);
  const OutcomeModels models = arbitrary_models(log);
  std::vector<std::uint8_t> all(log.size(), 1), some(log.size());
  for (std::size_t i = 0; i < log.size(); ++i) some[i] = log.segments[0].code[i] == 1;
  Evaluation evaluation(log, models, 2, true);
  evaluation.add_subset({"all", all});
  evaluation.add_subset({"some", some});
  const std::vector<float> pi = some_policy(log, 8);
  const std::size_t policy = evaluation.add_probabilities(pi);
  for (const std::size_t s : {0u, 1u}) {
    const std::vector<std::uint8_t>& mask = s == 0 ? all : some;
    for (std::size_t j = 0; j < models.outcome.size(); ++j) {
      for (const Estimator estimator : {Estimator::kDr, Estimator::kIps, Estimator::kSnips}) {
        const Contrast level{"level", {{evaluation.column(policy, j, s, estimator), 1.0}}};
        const Estimates e = evaluation.estimate({&level, 1});
        const SlowValue slow = slow_value(log, models, j, pi, mask, estimator);
        EXPECT_NEAR(e.value[0], slow.value, 1e-9) << name_of(estimator) << " " << j << " " << s;
        EXPECT_NEAR(e.standard_error[0], slow.standard_error, 1e-9) << name_of(estimator) << " " << j;
      }
    }
    double n = 0, kl = 0, chi2 = 0, observed = 0, squares = 0;
    for (std::size_t i = 0; i < log.size(); ++i) {
      if (!mask[i]) continue;
      n += 1;
      double own = 0;
      for (std::size_t row = log.offset[i]; row < log.offset[i + 1]; ++row) {
        const double p = pi[row], mu = log.logged[row];
        own += p * std::log(p / mu);
        chi2 += p * p / mu;
      }
      kl += std::max(0.0, own);
      if (log.outcomes[2].state[i] != State::kObserved || log.outcomes[2].value[i] == 0) continue;
      const double w = pi[log.chosen_row(i)] / log.propensity[i];
      observed += w;
      squares += w * w;
    }
    EXPECT_NEAR(evaluation.kl(policy, s), kl / n, 1e-12 * kl / n);
    EXPECT_NEAR(evaluation.chi2(policy, s), chi2 / n - 1, 1e-11 * chi2 / n);
    EXPECT_NEAR(evaluation.events(policy, 2, s), observed * observed / squares, 1e-8);
  }
}

TEST(PolicyPass, GivesAPolicyTheSameBytesAloneAndAmongOthers) {
  const DecisionLog log = mixed_log(20'000);
  const OutcomeModels models = arbitrary_models(log);
  std::vector<std::vector<float>> tables;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) tables.push_back(arbitrary_policy(log, seed));
  const std::vector<std::span<const float>> views(tables.begin(), tables.end());
  std::vector<PolicyPointer> policies;
  for (const std::vector<float>& table : tables) policies.push_back(table_policy("t", table, true));
  policies.push_back(std::make_shared<LoggingPolicy>(log, 1));
  std::vector<Estimates> estimates;
  std::vector<double> kl;
  for (int way = 0; way < 3; ++way) {
    Evaluation evaluation(log, models, way + 1);
    const std::size_t all = evaluation.add_subset({"all", std::vector<std::uint8_t>(log.size(), 1)});
    std::vector<std::size_t> numbers;
    if (way == 0) {
      for (const PolicyPointer& policy : policies) numbers.push_back(evaluation.add_policy(*policy));
    } else if (way == 1) {
      numbers = evaluation.add_probabilities_many(views);
      numbers.push_back(evaluation.add_policy(*policies.back()));
    } else {
      numbers = evaluation.add_policies(policies);
    }
    std::vector<Contrast> levels;
    for (std::size_t p = 0; p < policies.size(); ++p) {
      EXPECT_EQ(numbers[p], p);
      levels.push_back({"v", {{evaluation.column(numbers[p], 0, all), 1.0}}});
      if (way == 0) kl.push_back(evaluation.kl(numbers[p], all));
      EXPECT_EQ(evaluation.kl(numbers[p], all), kl[p]);
    }
    estimates.push_back(evaluation.estimate(levels));
  }
  for (const std::size_t way : {1u, 2u}) {
    EXPECT_EQ(estimates[0].value, estimates[way].value);
    EXPECT_EQ(estimates[0].influence.data, estimates[way].influence.data);
  }
}

// One outcome that is observed everywhere, over all rows, has a loop of its own.
class SimplePass : public testing::TestWithParam<std::size_t> {
 protected:
  // As many offered actions as the parameter says, the chosen one first; 1: they differ from decision to
  // decision.
  static DecisionLog log_with(std::size_t offered) {
    DecisionLog log = offered == 1 ? ragged(mixed_log(9'011)) : mixed_log(9'011);
    if (offered > 1 && offered != 3) {
      log.fixed_actions = false;
      const std::size_t n = log.size();
      log.action.clear();
      log.logged.clear();
      for (std::size_t i = 0; i < n; ++i) {
        log.offset[i] = i * offered;
        log.chosen[i] = static_cast<std::uint32_t>(i % offered);
        for (std::size_t a = 0; a < offered; ++a) {
          log.action.push_back(static_cast<std::uint32_t>(a % 3));
          log.logged.push_back(a == log.chosen[i] ? .5f : .5f / static_cast<float>(offered - 1));
        }
        log.propensity[i] = .5;
      }
      log.offset[n] = n * offered;
    }
    log.outcomes.resize(1);
    return log;
  }
};

TEST_P(SimplePass, EqualsTheSlowReferenceAndTheGeneralPassToTheBit) {
  const DecisionLog log = log_with(GetParam());
  const OutcomeModels models = arbitrary_models(log);
  const std::vector<std::uint8_t> all(log.size(), 1);
  std::vector<std::uint8_t> some(log.size(), 0);
  some[3] = 1;
  std::vector<std::vector<float>> tables;
  std::vector<PolicyPointer> policies;
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    tables.push_back(some_policy(log, seed));
    policies.push_back(table_policy("t", tables.back(), true));
  }
  policies.push_back(std::make_shared<LoggingPolicy>(log, 1));
  tables.push_back(log.logged);
  // The logging policy alone in a group, beside others in one, and a second subset: three ways through the
  // code.
  const auto levels_of = [&](Evaluation& evaluation, std::span<const PolicyPointer> added) {
    std::vector<Contrast> levels;
    for (const std::size_t p : evaluation.add_policies(added))
      levels.push_back({"v", {{evaluation.column(p, 0, 0), 1.0}}});
    return levels;
  };
  Evaluation simple(log, models, 2, false, false), mixed(log, models, 1, false, false),
      general(log, models, 1, false, false);
  for (Evaluation* e : {&simple, &mixed, &general}) e->add_subset({"all", all});
  general.add_subset({"some", some});
  std::vector<Contrast> alone = levels_of(simple, std::span(policies).first(6)),
                        last = levels_of(simple, std::span(policies).last(1));
  alone.push_back(last[0]);
  const Estimates a = simple.estimate(alone), b = mixed.estimate(levels_of(mixed, policies)),
                  c = general.estimate(levels_of(general, policies));
  EXPECT_EQ(a.influence.data, b.influence.data);
  EXPECT_EQ(a.influence.data, c.influence.data);
  for (std::size_t p = 0; p < policies.size(); ++p) {
    SCOPED_TRACE(p);
    const SlowValue slow = slow_value(log, models, 0, tables[p], all, Estimator::kDr);
    EXPECT_NEAR(a.value[p], slow.value, p < 6 ? 1e-9 : 1e-6);  // the logging policy's weight is exactly 1
    EXPECT_NEAR(a.standard_error[p], slow.standard_error, p < 6 ? 1e-9 : 1e-6);
    const Support x = simple.support(p, 0), y = general.support(p, 0);
    EXPECT_EQ(x.ess, y.ess);
    EXPECT_EQ(x.max_weight, y.max_weight);
    EXPECT_EQ(x.mean_weight, y.mean_weight);
    EXPECT_EQ(x.chi2, y.chi2);
    EXPECT_EQ(simple.events(p, 0, 0), general.events(p, 0, 0));
    double sum = 0, squares = 0;
    for (std::size_t i = 0; i < log.size(); ++i) {
      const double w = p < 6 ? tables[p][log.chosen_row(i)] / log.propensity[i] : 1;
      sum += w;
      squares += w * w;
    }
    EXPECT_NEAR(x.ess, sum * sum / squares, 1e-8 * x.ess);
  }
}
INSTANTIATE_TEST_SUITE_P(Offered, SimplePass, testing::Values(1, 2, 3, 4, 5));

// What two subsets share out is not summed again for the whole.
TEST(PolicyPass, SumsOfTheWholeAreThoseOfItsParts) {
  const DecisionLog log = mixed_log(9'011);
  const OutcomeModels models = arbitrary_models(log);
  const std::vector<float> pi = arbitrary_policy(log, 3);
  std::vector<std::uint8_t> all(log.size(), 1), part(log.size()), rest(log.size());
  for (std::size_t i = 0; i < log.size(); ++i) {
    part[i] = i % 3 == 0;
    rest[i] = !part[i];
  }
  Evaluation parted(log, models, 2, true), direct(log, models, 2, true);
  for (const std::vector<std::uint8_t>* mask : {&part, &all, &rest}) parted.add_subset({"s", *mask});
  rest[5] = part[5];  // in neither or in both: no longer shared out
  for (const std::vector<std::uint8_t>* mask : {&part, &all, &rest}) direct.add_subset({"s", *mask});
  parted.add_probabilities(pi);
  direct.add_probabilities(pi);
  for (std::size_t j = 0; j < models.outcome.size(); ++j) {
    for (const Estimator e : {Estimator::kDr, Estimator::kIps, Estimator::kSnips}) {
      const Contrast a{"a", {{parted.column(0, j, 1, e), 1.0}}}, b{"b", {{direct.column(0, j, 1, e), 1.0}}};
      EXPECT_NEAR(parted.estimate({&a, 1}).value[0], direct.estimate({&b, 1}).value[0], 1e-12);
      EXPECT_NEAR(parted.estimate({&a, 1}).standard_error[0], direct.estimate({&b, 1}).standard_error[0],
                  1e-12);
    }
    EXPECT_NEAR(parted.events(0, j, 1), direct.events(0, j, 1), 1e-8);
  }
  EXPECT_NEAR(parted.support(0, 1).ess, direct.support(0, 1).ess, 1e-8);
  EXPECT_EQ(parted.support(0, 1).max_weight, direct.support(0, 1).max_weight);
  EXPECT_NEAR(parted.kl(0, 1), direct.kl(0, 1), 1e-12);
  EXPECT_NEAR(parted.chi2(0, 1), direct.chi2(0, 1), 1e-12);
}

TEST(PolicyPass, HasNoDivergenceWhereNoneWasAskedFor) {
  const DecisionLog log = mixed_log(300);
  const OutcomeModels models = arbitrary_models(log);
  Evaluation evaluation(log, models, 1, false, /*divergences=*/false);
  evaluation.add_subset({"all", std::vector<std::uint8_t>(log.size(), 1)});
  evaluation.add_probabilities(log.logged);
  EXPECT_THROW(evaluation.kl(0, 0), Error);
  EXPECT_THROW(evaluation.chi2(0, 0), Error);
}

TEST(PolicyPass, FindsNoDivergenceInTheSameProbabilitiesAndNoEndToItWhereTheBaseIsZero) {
  DecisionLog log = mixed_log(300);
  const OutcomeModels models = arbitrary_models(log);
  std::vector<float> never = log.logged;
  for (std::size_t i = 0; i < log.size(); ++i) {
    // The first unchosen action is never taken by the base; the policy takes it once.
    const std::size_t row = log.offset[i] + (log.chosen[i] == 0 ? 1 : 0);
    log.logged[row] = 0;
    never[row] = i == 7 ? .25f : 0;
  }
  Evaluation evaluation(log, models, 1);
  const std::size_t all = evaluation.add_subset({"all", std::vector<std::uint8_t>(log.size(), 1)});
  const std::size_t same = evaluation.add_probabilities(log.logged),
                    beyond = evaluation.add_probabilities(never);
  EXPECT_EQ(evaluation.kl(same, all), 0);
  EXPECT_EQ(evaluation.kl(beyond, all), std::numeric_limits<double>::infinity());
  EXPECT_EQ(evaluation.chi2(beyond, all), std::numeric_limits<double>::infinity());
  EXPECT_FALSE(evaluation.support(beyond, all).sufficient);
}

// Against the logarithm of long double, on numbers of every size and dense around 1, where the result is small.
TEST(LogOf, IsWithinOneUnitInTheLastPlace) {
  double worst = 0;
  const auto check = [&](double x) {
    const long double exact = std::log(static_cast<long double>(x));
    const double unit =
        std::nextafter(std::abs(static_cast<double>(exact)), INFINITY) - std::abs(static_cast<double>(exact));
    const double error = std::abs(static_cast<double>(static_cast<long double>(log_of(x)) - exact));
    worst = std::max(worst, error / std::max(unit, 1.2e-16));
  };
  Rng rng(2);
  for (int k = 0; k < 300'000; ++k) {
    check(static_cast<double>(static_cast<float>(rng.uniform())));
    check(std::exp(80 * (rng.uniform() - .5)));
    check(1 + .01 * (rng.uniform() - .5));
  }
  check(std::numeric_limits<float>::denorm_min());
  check(std::numeric_limits<float>::max());
  EXPECT_LT(worst, 1);
  EXPECT_EQ(log_of(1), 0);
  EXPECT_TRUE(std::isfinite(log_of(0)));
}

}  // namespace
}  // namespace plumb
