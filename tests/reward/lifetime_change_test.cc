// Effects that fade or turn are found, those that last are not; short times and long horizons cap.
#include "reward/lifetime_change.h"

#include <gtest/gtest.h>

#include <cmath>

#include "plumb/evaluate.h"
#include "plumb/reward.h"
#include "tests/reward/decided_customers.h"

namespace plumb {
namespace {

LearntOutcome learn(const Newcomers& world) {
  return learn_lifetime_value(world.log, world.goal, world.goal.outcomes[0], world.transactions, 1, 1);
}

std::string status(const LearntOutcome& clv) {
  for (const LearntAssumption& a : clv.assumptions) {
    if (a.name == "effects that last") return a.status;
  }
  return "";
}

// Three customers an arm, by hand.
TEST(EffectsOverTime, AreLogRatiosLateAgainstEarly) {
  const double early[6] = {30, 10, 20, 25, 15, 20}, late[6] = {10, 20, 30, 5, 40, 15};
  DecisionLog log;
  std::vector<LifetimeRow> rows;
  log.actions = {"a", "b"};
  log.fixed_actions = log.unit_named = true;
  log.offset.push_back(0);
  for (std::uint32_t i = 0; i < 6; ++i) {
    LifetimeRow row;
    row.known = true;
    row.early_money = early[i];
    row.late_money = late[i];
    row.early = row.late = 10;
    rows.push_back(row);
    log.unit.push_back(hash_bytes("unit" + std::to_string(i)));
    log.action.insert(log.action.end(), {0, 1});
    log.offset.push_back(log.action.size());
    log.chosen.push_back(i % 2);
    log.propensity.push_back(i % 2 == 0 ? 0.25 : 0.75);
  }
  std::vector<ModelRatio> ratio(2);
  ratio[0] = {0.5, std::vector<double>(kBuckets, 0.0)};
  ratio[1] = {0.25, std::vector<double>(kBuckets, 0.0)};
  const std::vector<EffectOverTime> effects = effects_over_time(log, rows, ratio);
  ASSERT_EQ(effects.size(), 1u);
  const EffectOverTime& e = effects[0];
  ASSERT_TRUE(e.known) << e.why_not;
  EXPECT_EQ(e.action, "b");
  // Of a: 30, 20, 15 early and 10, 30, 40 late; of b: 10, 25, 20 and 20, 5, 15.
  EXPECT_NEAR(e.early, 55 / 3. - 65 / 3., 1e-12);
  EXPECT_NEAR(e.late, 40 / 3. - 80 / 3., 1e-12);
  const double change = std::log(40 / 55.) - std::log(80 / 65.) + 0.25;
  EXPECT_NEAR(e.foretold, 40 / 3. * std::exp(-change) - 80 / 3., 1e-12);
  double variance = 0;
  for (int i = 0; i < 6; ++i) {
    const double part = i % 2 == 1 ? late[i] / 40 - early[i] / 55 : late[i] / 80 - early[i] / 65;
    variance += part * part;
  }
  EXPECT_NEAR(e.z_money, change / std::sqrt(variance), 1e-9);
  EXPECT_NEAR(e.error, 40 / 3. * std::exp(-change) * std::sqrt(variance), 1e-9);
}

TEST(LifetimeOutcome, AnEffectThatLastsIsNotCapped) {
  DecidedCustomers made;
  made.effect = [](double) { return 1.4; };
  const LearntOutcome clv = learn(decided_customers(made, 3));
  EXPECT_TRUE(clv.caps.empty()) << clv.caps.front();
  EXPECT_EQ(status(clv), "tested");
  EXPECT_TRUE(clv.findings.empty());
}

TEST(LifetimeOutcome, AnEffectThatTurnsCaps) {
  DecidedCustomers made;
  made.effect = [](double week) { return week < 8 ? 2 : 0.6; };
  const LearntOutcome clv = learn(decided_customers(made, 3));
  ASSERT_EQ(clv.caps.size(), 1u);
  EXPECT_NE(clv.caps[0].find("the effect changes with time since the decision"), std::string::npos)
      << clv.caps[0];
  EXPECT_EQ(status(clv), "failed");
}

TEST(LifetimeOutcome, AnEffectThatGrowsCapsToo) {
  DecidedCustomers made;
  made.effect = [](double week) { return week < 13 ? 1 : 2; };
  EXPECT_EQ(status(learn(decided_customers(made, 3))), "failed");
}

TEST(LifetimeOutcome, ShortTimesAndLongHorizonsCap) {
  DecidedCustomers made;
  made.decided = 39;  // 12 weeks before the end
  LearntOutcome clv = learn(decided_customers(made, 4));
  ASSERT_FALSE(clv.caps.empty());
  EXPECT_NE(clv.caps[0].find("13 are needed to tell whether an effect lasts"), std::string::npos)
      << clv.caps[0];
  EXPECT_EQ(status(clv), "untestable");
  made.decided = 36;  // 15 weeks: enough, but not for 31
  Newcomers world = decided_customers(made, 4);
  EXPECT_TRUE(learn(world).caps.empty());
  world.goal.outcomes[0].horizon_us = 31 * kWeekUs;
  clv = learn(world);
  ASSERT_FALSE(clv.caps.empty());
  EXPECT_NE(clv.caps[0].find("it looks 31.0 weeks ahead, more than 2 times"), std::string::npos) << clv.caps[0];
}

TEST(LifetimeOutcome, AnActionWithTooFewPurchasesIsNotTested) {
  DecidedCustomers made;
  made.effect = [](double) { return 0.0; };
  const LearntOutcome clv = learn(decided_customers(made, 5));
  ASSERT_FALSE(clv.caps.empty());
  EXPECT_NE(clv.caps[0].find("whether effects last is not tested: customers of b bought again on 0 days"),
            std::string::npos)
      << clv.caps[0];
}

// What customers did before the decision makes the gain sharper and moves it no farther than its error.
TEST(LifetimeOutcome, HistoriesMakeTheGainSharper) {
  DecidedCustomers made;
  made.count = 3000;
  Newcomers world = decided_customers(made, 6);
  auto clv = std::make_shared<const LearntOutcome>(learn(world));
  world.log.outcomes.push_back(clv->column);
  OutcomeModels models = fit_outcome_models(world.log, {"clv"}, 1);
  models.learnt.push_back(clv);
  const auto gain = [&] {
    Evaluation evaluation(world.log, models, 1);
    const std::size_t all = evaluation.add_subset({"all", std::vector<std::uint8_t>(world.log.size(), 1)});
    const std::size_t a = evaluation.add_policy(*constant_policy("a")),
                      b = evaluation.add_policy(*constant_policy("b"));
    const Contrast contrast[2] = {
        {"gain", {{evaluation.column(b, 0, all), 1}, {evaluation.column(a, 0, all), -1}}},
        {"level", {{evaluation.column(a, 0, all), 1}}}};
    return evaluation.estimate(contrast);
  };
  const Estimates without = gain();
  add_histories(world.log, models);
  const Estimates with = gain();
  EXPECT_LT(with.standard_error[0], 0.95 * without.standard_error[0]);
  for (const std::size_t k : {0u, 1u})
    EXPECT_NEAR(with.value[k], without.value[k], 2 * without.standard_error[k]) << k;
}

}  // namespace
}  // namespace plumb
