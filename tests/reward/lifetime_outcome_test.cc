// What a customer is worth after a decision, as an outcome: its definition, what it refuses, its error.
#include <gtest/gtest.h>

#include <cmath>

#include "plumb/learnt.h"
#include "plumb/reward.h"
#include "tests/reward/newcomers.h"
#include "tests/reward/simulated_customers.h"

namespace plumb {
namespace {

LearntOutcome learn(const Newcomers& world, int threads = 1) {
  return learn_lifetime_value(world.log, world.goal, world.goal.outcomes[0], world.transactions, 1, threads);
}

std::string refusal(const Newcomers& world) {
  try {
    learn(world);
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Code::kInput);
    return e.what();
  }
  return "accepted";
}

TEST(Influence, OfCustomersSumsToTheCovarianceOfTheParameters) {
  const SimulatedCustomers simulated = simulate_customers({0.5, 5, 0.8, 2.5}, 6, 4, 15, 1500, 52, 10, 3);
  const BgNbd buys = fit_bg_nbd(simulated.customers);
  const GammaGamma spends = fit_gamma_gamma(simulated.customers);
  ASSERT_TRUE(buys.known && spends.known);
  const auto check = [](const Matrix& influence, const Matrix& covariance) {
    ASSERT_EQ(influence.cols, covariance.cols);
    for (std::size_t j = 0; j < influence.cols; ++j) {
      double total = 0;
      for (std::size_t k = 0; k < influence.cols; ++k) {
        double sum = 0;
        for (std::size_t i = 0; i < influence.rows; ++i) sum += influence(i, j) * influence(i, k);
        EXPECT_NEAR(sum, covariance(j, k), 1e-4 * std::sqrt(covariance(j, j) * covariance(k, k))) << j << k;
      }
      for (std::size_t i = 0; i < influence.rows; ++i) total += influence(i, j);
      EXPECT_NEAR(total, 0, 1e-4 * std::sqrt(covariance(j, j))) << j;  // a maximum
    }
  };
  check(influence(buys, simulated.customers), buys.covariance);
  check(influence(spends, simulated.customers), spends.covariance);
}

// With one action there is one model a half: what the library's own forecast of that half's customers says.
TEST(LifetimeOutcome, IsWhatCameAfterTheDecisionAndWhatIsExpectedAfterTheEnd) {
  Newcomers world = newcomers(1500, 1, 5);
  for (std::uint32_t& c : world.log.chosen) c = 0;
  world.log.actions = {"a"};
  world.log.logged.assign(world.log.size(), 1.0f);
  world.log.action.assign(world.log.size(), 0);
  world.log.propensity.assign(world.log.size(), 1.0);
  for (std::size_t i = 0; i <= world.log.size(); ++i) world.log.offset[i] = i;
  const LearntOutcome clv = learn(world);
  const std::int64_t end = parse_time_us("2026-10-08", "", "");
  Transactions half = world.transactions;  // of the certification half alone
  std::vector<std::size_t> rows;
  for (std::size_t r = 0; r < half.size(); ++r) {
    if (!world.log.in_training(half.who[r])) rows.push_back(r);
  }
  for (std::size_t k = 0; k < rows.size(); ++k) {
    half.who[k] = half.who[rows[k]];
    half.time_us[k] = half.time_us[rows[k]];
    half.amount[k] = half.amount[rows[k]];
  }
  half.who.resize(rows.size());
  half.time_us.resize(rows.size());
  half.amount.resize(rows.size());
  LifetimeOptions options;
  options.end_us = end;
  options.periods = 26;
  options.draws = 2;
  const LifetimeValues forecast = lifetime_values(half, options);
  ASSERT_TRUE(forecast.known);
  std::size_t compared = 0;
  for (const LifetimeValue& v : forecast.customers) {
    const std::size_t i = std::stoul(v.customer.substr(1));
    double after = 0;
    for (std::size_t r = 0; r < world.transactions.size(); ++r) {
      if (world.transactions.who[r] == i && world.transactions.time_us[r] > world.log.time_us[i])
        after += world.transactions.amount[r];
    }
    EXPECT_NEAR(clv.column.value[i], after + v.value, 1e-9 * (1 + after + v.value)) << v.customer;
    ++compared;
  }
  EXPECT_GT(compared, 600u);
  EXPECT_EQ(clv.purchases.size(), 2u);
}

TEST(LifetimeOutcome, HasAModelForEachActionWhereEveryCustomerHadOne) {
  Newcomers world = newcomers(1500, 1.5, 6);
  EXPECT_EQ(learn(world).group_name.size(), 4u);
  // Another decision about a customer, with the other action.
  DecisionLog& log = world.log;
  log.unit.push_back(log.unit[0]);
  log.fold.push_back(log.fold[0]);
  log.time_us.push_back(log.time_us[0]);
  log.offset.push_back(log.offset.back() + 2);
  log.action.insert(log.action.end(), {0, 1});
  log.logged.insert(log.logged.end(), {0.5f, 0.5f});
  log.chosen.push_back(1 - log.chosen[0]);
  log.propensity.push_back(0.5);
  const LearntOutcome together = learn(world);
  EXPECT_EQ(together.group_name, (std::vector<std::string>{"training half", "certification half"}));
  EXPECT_NE(together.sentence.find("understated"), std::string::npos);
}

TEST(LifetimeOutcome, IsTheSameForAnyNumberOfThreads) {
  const Newcomers world = newcomers(1500, 1.5, 7);
  const LearntOutcome one = learn(world, 1), seven = learn(world, 7);
  EXPECT_EQ(one.column.value, seven.column.value);
  EXPECT_EQ(one.slope, seven.slope);
  for (std::size_t g = 0; g < one.influence.size(); ++g)
    EXPECT_EQ(one.influence[g].data, seven.influence[g].data);
}

// A step of the parameters moves the values as the slopes say.
TEST(LifetimeOutcome, TheCommonFactorEntersAsOneErrorOfAllDecisions) {
  LearntOutcome made;
  made.column.value.assign(6, 1.0);
  made.column.state.assign(6, State::kObserved);
  made.column.state[5] = State::kMissing;
  made.group.assign(6, 0);
  made.width = 1;
  made.slope = {1, 2, 3, 4, 5, 6};
  made.influence.emplace_back(kBuckets, 1);
  made.influence[0](3, 0) = 0.5;
  made.influence[0](9, 0) = -0.5;
  made.common = {1, 1, 1, 2, 2, 9};
  const std::vector<double> weight = {1, 0, 2, 1, 1, 1};
  const std::vector<double> error = learnt_error(made, weight, {1, 1, 1, 1, 0, 1}, 1);
  double sum = 0, squares = 0;
  for (std::size_t b = 0; b < kBuckets; ++b) {
    sum += error[b];
    if (b != 3 && b != 9) squares += error[b] * error[b];
  }
  EXPECT_NEAR(sum, 0, 1e-12);
  // 1 + 2 . 3 + 4 = 11 of the slope; 1 + 2 + 2 = 5 of the common factor.
  EXPECT_NEAR(error[3], 0.5 * 11 - 5 / 64.0, 1e-12);
  EXPECT_NEAR(error[9], -0.5 * 11 - 5 / 64.0, 1e-12);
  EXPECT_NEAR(squares, 25.0 * (kBuckets - 2) / kBuckets, 1e-9);
}

TEST(LifetimeOutcome, RefusesWhatItCannotBeLearntFrom) {
  const Newcomers good = newcomers(1500, 1, 8);
  Newcomers bad = good;
  bad.transactions.amount.clear();
  EXPECT_NE(refusal(bad).find("t.csv: amount: found no such column"), std::string::npos) << refusal(bad);
  bad = good;
  bad.log.unit_named = false;
  EXPECT_NE(refusal(bad).find("data.unit: found no unit"), std::string::npos) << refusal(bad);
  bad = good;
  bad.transactions.time_us[17] = parse_time_us("2026-10-09", "", "");
  EXPECT_NE(refusal(bad).find("t.csv: transaction 18: date: found a time 1.00 days after data.as_of"),
            std::string::npos)
      << refusal(bad);
  bad = good;
  bad.log.unit[4] = 12345;
  EXPECT_NE(refusal(bad).find("no transaction of the customer of decision 5"), std::string::npos)
      << refusal(bad);
  bad.goal.outcomes[0].absent_is_zero = true;
  EXPECT_EQ(learn(bad).column.value[4], 0);
  EXPECT_EQ(learn(bad).column.observed_count, bad.log.size());
  Newcomers few = newcomers(60, 1, 9);
  EXPECT_NE(refusal(few).find("customers bought again, 30 are needed"), std::string::npos) << refusal(few);
}

}  // namespace
}  // namespace plumb
