#include "data/checks.h"

#include <algorithm>

#include "tests/data/small_logs.h"

namespace plumb {
namespace {

// n decisions of two arms; mu of arm 1 by row, chosen by the seeded generator; one context column.
DecisionLog two_arms(std::size_t n, const std::function<double(std::size_t)>& mu, std::uint64_t seed = 1) {
  Rng rng(seed);
  DecisionLog log;
  log.actions = {"a", "b"};
  log.offset = {0};
  log.fixed_actions = true;
  FeatureColumn x{"x", false, {}, {}, {}};
  OutcomeColumn y;
  y.name = "y";
  for (std::size_t i = 0; i < n; ++i) {
    const double p = mu(i);
    const bool b = rng.bernoulli(p);
    log.unit.push_back(hash_bytes(std::to_string(i)));
    log.action.insert(log.action.end(), {0, 1});
    log.offset.push_back(2 * (i + 1));
    log.chosen.push_back(b);
    log.propensity.push_back(b ? p : 1 - p);
    log.logged.insert(log.logged.end(), {static_cast<float>(1 - p), static_cast<float>(p)});
    x.number.push_back(static_cast<float>(rng.normal()));
    y.value.push_back(x.number.back() + 3 * rng.normal());
    y.state.push_back(State::kObserved);
  }
  y.observed_count = y.nonzero_count = n;
  log.context = {x};
  log.outcomes = {y};
  digest_rows(log);
  return log;
}

std::vector<std::string> serious(const DecisionLog& log, const Goal& goal = {}) {
  std::vector<std::string> out;
  for (const Finding& finding : check_log(log, goal))
    if (finding.severity != Severity::kInfo) out.push_back(finding.check);
  return out;
}

Goal wants_y() {
  Goal goal;
  goal.maximize = {{1.0, "y"}};
  return goal;
}

double varying(std::size_t i) { return 0.2 + 0.6 * static_cast<double>((i * 7919) % 101) / 100; }

TEST(SampleRatio, HasTheChiSquaredTailOfTheReference) {
  // GrowthBook's statistics engine: [1000, 1200] at 50:50.
  EXPECT_NEAR(sample_ratio_p({1000, 1200}, {1100, 1100}).first, 2.00787e-05, 1e-9);
  EXPECT_EQ(sample_ratio_p({5, 5}, {5, 5}).first, 1);
}

TEST(Checks, FindNothingInAGoodLog) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed)
    EXPECT_EQ(serious(two_arms(2000, varying, seed)), std::vector<std::string>{});
}

TEST(Checks, FindASampleRatioThatDoesNotFitTheDeclaration) {
  DecisionLog log = two_arms(4000, [](std::size_t) { return 0.45; });
  log.propensity_declared = true;
  EXPECT_EQ(serious(log), std::vector<std::string>{});
  std::fill(log.propensity.begin(), log.propensity.end(), 0.5);
  std::fill(log.logged.begin(), log.logged.end(), 0.5f);
  const auto found = serious(log);
  EXPECT_TRUE(std::count(found.begin(), found.end(), "sample_ratio"));
  EXPECT_TRUE(std::count(found.begin(), found.end(), "mean_weight"));
}

// Three of four rows of arm b are gone; those that are left stand for four.
DecisionLog thinned(const DecisionLog& from, std::uint64_t seed) {
  Rng rng(seed);
  DecisionLog log = from;
  std::vector<std::size_t> kept;
  for (std::size_t i = 0; i < from.size(); ++i) {
    if (from.chosen[i] == 0 || rng.bernoulli(.25)) kept.push_back(i);
  }
  const auto keep = [&](auto& column, std::size_t each) {
    auto all = column;
    column.clear();
    for (const std::size_t i : kept) {
      for (std::size_t k = 0; k < each; ++k) column.push_back(all[each * i + k]);
    }
  };
  keep(log.unit, 1), keep(log.chosen, 1), keep(log.propensity, 1), keep(log.context[0].number, 1);
  keep(log.outcomes[0].value, 1), keep(log.outcomes[0].state, 1), keep(log.action, 2), keep(log.logged, 2);
  log.offset.resize(kept.size() + 1);
  log.outcomes[0].observed_count = log.outcomes[0].nonzero_count = kept.size();
  for (const std::uint32_t chosen : log.chosen) log.weight.push_back(chosen == 0 ? 1.0f : 4.0f);
  digest_rows(log);
  return log;
}

TEST(Checks, CountRowsThatStandForSeveralAsOften) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    DecisionLog log = two_arms(
        6000, [](std::size_t) { return 0.5; }, seed);
    log.propensity_declared = true;
    log = thinned(log, seed + 100);
    EXPECT_EQ(serious(log), std::vector<std::string>{}) << seed;
    log.weight.clear();
    const std::vector<std::string> found = serious(log);
    EXPECT_NE(std::find(found.begin(), found.end(), "sample_ratio"), found.end());
    EXPECT_NE(std::find(found.begin(), found.end(), "mean_weight"), found.end());
  }
}

TEST(Checks, DoNotMindPropensitiesWrittenWithSixDigits) {
  // Constant propensities make weights of the uniform policy without any spread.
  DecisionLog log = two_arms(4000, [](std::size_t) { return 0.5; });
  std::fill(log.propensity.begin(), log.propensity.end(), 0.500001);
  EXPECT_EQ(serious(log), std::vector<std::string>{});
}

TEST(Checks, FindPropensitiesThatDoNotFitTheChoices) {
  DecisionLog log = two_arms(4000, varying);
  for (double& p : log.propensity) p = std::min(1.0, 1.3 * p);
  EXPECT_EQ(serious(log)[0], "mean_weight");
}

TEST(Checks, FindPropensitiesThatDriftWithinAVersion) {
  const auto learning = [](std::size_t i) { return 0.2 + 0.6 * static_cast<double>(i) / 4000; };
  EXPECT_EQ(serious(two_arms(4000, learning)), std::vector<std::string>{"adaptive"});
  // The same drift, but told as two versions with constant propensities each, is no learning.
  const auto steps = [](std::size_t i) { return i < 2000 ? 0.3 : 0.7; };
  DecisionLog log = two_arms(4000, steps);
  EXPECT_EQ(serious(log), std::vector<std::string>{"adaptive"});
  log.policy_version = {"v1", "v2"};
  for (std::size_t i = 0; i < 4000; ++i) log.version.push_back(i < 2000 ? 0 : 1);
  EXPECT_EQ(serious(log), std::vector<std::string>{});
}

TEST(Checks, FindColumnsThatLeakAnOutcome) {
  DecisionLog log = two_arms(1000, varying);
  FeatureColumn leak{"refund", false, {}, {}, {}};
  FeatureColumn word{"grade", true, {}, {}, {"low", "high"}};
  OutcomeColumn& y = log.outcomes[0];
  for (std::size_t i = 0; i < 1000; ++i) {
    leak.number.push_back(static_cast<float>(2 * y.value[i] + 1));
    word.code.push_back(i % 2);
  }
  log.context.push_back(leak);
  EXPECT_EQ(serious(log), std::vector<std::string>{"leak"});
  log.context.pop_back();
  log.context.push_back(word);
  EXPECT_EQ(serious(log), std::vector<std::string>{});
  for (std::size_t i = 0; i < 1000; ++i) y.value[i] = static_cast<double>(i % 2);
  EXPECT_EQ(serious(log), std::vector<std::string>{"leak"});
}

TEST(Checks, FindOutcomesWhoseProbabilityOfBeingAskedIsUnknownOrWrong) {
  DecisionLog log = two_arms(2000, varying);
  OutcomeColumn& y = log.outcomes[0];
  Rng rng(5);
  y.observed_count = y.missing_count = 0;
  for (std::size_t i = 0; i < 2000; ++i) {
    const bool observed = rng.bernoulli(.3);
    y.state[i] = observed ? State::kObserved : State::kMissing;
    ++(observed ? y.observed_count : y.missing_count);
    if (!observed) y.value[i] = 0;
  }
  y.asked_known = false;
  EXPECT_EQ(serious(log, wants_y()), std::vector<std::string>{"asked"});
  y.asked_known = true;
  y.asked.assign(2000, .3);
  EXPECT_EQ(serious(log, wants_y()), std::vector<std::string>{});
  y.asked.assign(2000, .5);  // half of those who were asked did not answer
  EXPECT_EQ(serious(log, wants_y()), std::vector<std::string>{"asked"});
  EXPECT_EQ(serious(log), std::vector<std::string>{});  // nothing uses it: no say
}

TEST(Checks, FindSharesObservedThatDifferByAction) {
  int alarms = 0;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    for (const double of_b : {.6, .45}) {
      DecisionLog log = two_arms(3000, varying, seed);
      OutcomeColumn& y = log.outcomes[0];
      Rng rng = Rng(seed).stream("seen");
      y.observed_count = y.missing_count = 0;
      for (std::size_t i = 0; i < log.size(); ++i) {
        // By what also decides who gets b: alike in context, a and b are observed as often where of_b is .6.
        const bool seen = rng.bernoulli(varying(i) * (log.chosen[i] == 1 ? of_b / .6 : 1));
        y.state[i] = seen ? State::kObserved : State::kMissing;
        ++(seen ? y.observed_count : y.missing_count);
      }
      Goal goal = wants_y();
      OutcomeSpec spec;
      spec.name = "y";
      spec.missing_at_random = true;
      goal.outcomes = {spec};
      const std::vector<std::string> found = serious(log, goal);
      if (of_b < .6) {
        EXPECT_EQ(found, std::vector<std::string>{"observed_shares"}) << seed;
      } else {
        alarms += !found.empty();
      }
    }
  }
  EXPECT_LE(alarms, 2);  // of 40 at .1 %: exceeded with probability 1e-5
}

TEST(Checks, FindAnOutcomeThatIsHardlyObserved) {
  DecisionLog log = two_arms(99, varying);
  EXPECT_EQ(serious(log, wants_y()), std::vector<std::string>{"rarely_observed"});
}

TEST(Checks, FindAColumnThatLooksLikeAUnit) {
  DecisionLog log = two_arms(1000, varying);
  FeatureColumn reader{"reader", true, {}, {}, {}};
  for (std::size_t i = 0; i < 1000; ++i) {
    reader.code.push_back(static_cast<std::uint32_t>(i % 400));
    if (i < 400) reader.levels.push_back("r" + std::to_string(i));
  }
  log.context.push_back(reader);
  EXPECT_EQ(serious(log), std::vector<std::string>{"unit"});
  log.unit_named = true;
  EXPECT_EQ(serious(log), std::vector<std::string>{});
}

}  // namespace
}  // namespace plumb
