// What a customer is worth after a decision, as an outcome: its definition, what it refuses, its error.
#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "plumb/learnt.h"
#include "plumb/reward.h"
#include "reward/lifetime_pace.h"
#include "tests/reward/decided_customers.h"
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

// Written out slowly from the definition: purchases one by one, the pace by bisection, the library's exact
// expectations.
TEST(LifetimeOutcome, IsWhatCameAfterTheDecisionAndWhatLatePurchasesStandFor) {
  DecidedCustomers made;
  made.count = 600;
  made.effect = [](double) { return 1.5; };
  const Newcomers world = decided_customers(made, 5);
  const DecisionLog& log = world.log;
  const Transactions& t = world.transactions;
  const LearntOutcome clv = learn(world);
  const std::int64_t end = parse_time_us("2026-10-08", "", ""), last = end / kDayUs - 1;
  struct Slow {
    CustomerSummary start;
    double seen = 0, middle = 0, spent = 0, late_money = 0, days = 0;
  };
  std::vector<Slow> rows(log.size());
  std::vector<std::size_t> half;  // of the certification half
  for (std::size_t i = 0; i < log.size(); ++i) {
    Slow& row = rows[i];
    std::set<std::int64_t> before, after;
    const std::int64_t decided = log.time_us[i] / kDayUs, middle = decided + (last - decided) / 2;
    for (std::size_t r = 0; r < t.size(); ++r) {
      if (t.who[r] == i && t.time_us[r] <= log.time_us[i]) before.insert(t.time_us[r] / kDayUs);
    }
    for (std::size_t r = 0; r < t.size(); ++r) {
      if (t.who[r] != i || t.time_us[r] <= log.time_us[i]) continue;
      row.spent += t.amount[r];
      if (t.time_us[r] / kDayUs > middle) row.late_money += t.amount[r];
      if (t.time_us[r] / kDayUs != *before.rbegin()) after.insert(t.time_us[r] / kDayUs);
    }
    row.start = {"", static_cast<double>(before.size() - 1),
                 static_cast<double>(*before.rbegin() - *before.begin()) / 7,
                 static_cast<double>(decided - *before.begin()) / 7, 0};
    row.seen = static_cast<double>(last - decided) / 7;
    row.middle = static_cast<double>(middle - decided) / 7;
    row.days = static_cast<double>(after.size());
    if (!log.in_training(i)) half.push_back(i);
  }
  ASSERT_GT(half.size(), 250u);
  const BgNbdParameters& p = clv.purchases[1].parameters;
  const auto expected = [&](std::size_t i, double weeks) {
    return expected_purchases(p, {&rows[i].start, 1}, weeks)[0].mean;
  };
  for (const std::uint32_t action : {0u, 1u}) {
    double low = 0.1, high = 10;
    for (int step = 0; step < 50; ++step) {
      const double pace = std::sqrt(low * high);
      double excess = 0;
      for (const std::size_t i : half) {
        if (log.chosen[i] == action) excess += expected(i, pace * rows[i].seen) - rows[i].days;
      }
      (excess < 0 ? low : high) = pace;
    }
    double late = 0, future = 0;
    for (const std::size_t i : half) {
      late += expected(i, low * rows[i].seen) - expected(i, low * rows[i].middle);
      future += expected(i, low * (rows[i].seen + 26)) - expected(i, low * rows[i].seen);
    }
    for (const std::size_t i : half) {
      if (log.chosen[i] != action) continue;
      const double value = rows[i].spent + future / late * rows[i].late_money;
      EXPECT_NEAR(clv.column.value[i], value, 1e-3 * (1 + value)) << i;
    }
  }
}

TEST(LifetimeOutcome, HasAPaceForEachActionAlsoWhereCustomersHadSeveral) {
  Newcomers world = newcomers(1500, 1.5, 6);
  EXPECT_EQ(learn(world).influence.size(), 4u);
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
  const LearntOutcome clv = learn(world);
  EXPECT_EQ(clv.influence.size(), 4u);
  EXPECT_EQ(clv.group_name, (std::vector<std::string>{"training half", "certification half"}));
}

// The slopes and the influence of the pace: a step of a parameter moves the factor as the slopes say, and what
// customers contribute to the pace's error spreads as the pace does between samples.
TEST(LifetimePace, ItsErrorIsThatBetweenSamples) {
  double sum = 0, squares = 0, claimed = 0;
  constexpr int kWorlds = 60;
  for (int k = 0; k < kWorlds; ++k) {
    DecidedCustomers made;
    made.count = 400;
    made.effect = [](double) { return 1.5; };
    const Newcomers world = decided_customers(made, static_cast<std::uint64_t>(k) + 100);
    std::map<std::uint64_t, std::uint32_t> units;
    for (std::uint32_t c = 0; c < world.transactions.customer.size(); ++c)
      units[hash_bytes(world.transactions.customer[c])] = c;
    const std::vector<LifetimeRow> rows =
        lifetime_rows(world.log, world.transactions, units, parse_time_us("2026-10-08", "", ""), DayOrder{});
    std::vector<const LifetimeRow*> of_b;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (world.log.chosen[i] == 1) of_b.push_back(&rows[i]);
    }
    const Pace pace = pace_of(kNewcomers, of_b);
    ASSERT_TRUE(pace.known);
    sum += pace.log_pace / kWorlds;
    squares += pace.log_pace * pace.log_pace / kWorlds;
    double variance = 0;
    for (const double part : pace_influence(kNewcomers, of_b, pace)) variance += part * part;
    claimed += variance / kWorlds;
  }
  const double seen = squares - sum * sum;
  EXPECT_NEAR(sum, std::log(1.5), 4 * std::sqrt(seen / kWorlds));
  EXPECT_NEAR(claimed / seen, 1, 4 * std::sqrt(2.0 / kWorlds));
}

TEST(ExpectedPurchases, ByTheShorterQuadratureAreThoseOfTheLonger) {
  std::vector<CustomerSummary> customers;
  std::vector<double> periods;
  for (const double x : {0., 1., 4., 25.}) {
    for (const double weeks : {0.5, 13., 100.}) {
      customers.push_back({"", x, x > 0 ? 20. : 0., 30, 0});
      periods.push_back(weeks);
    }
  }
  for (const BgNbdParameters& p :
       {kNewcomers, BgNbdParameters{0.24, 4.4, 0.8, 2.4}, BgNbdParameters{2, 9, 1.3, 40}}) {
    const std::vector<double> few = expected_purchases(p, customers, periods);
    for (std::size_t k = 0; k < customers.size(); ++k) {
      const double many = expected_purchases(p, {&customers[k], 1}, periods[k])[0].mean;
      EXPECT_NEAR(few[k], many, 1e-4 * many) << k;
    }
  }
  const std::vector<double> none(customers.size(), 0.0);
  EXPECT_EQ(expected_purchases(kNewcomers, customers, none), none);
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
  EXPECT_NE(
      refusal(bad).find("no transaction of the customer of decision 5, nor of 0 others of the log's 1500"),
      std::string::npos)
      << refusal(bad);
  bad.goal.outcomes[0].absent_is_zero = true;
  EXPECT_EQ(learn(bad).column.value[4], 0);
  EXPECT_EQ(learn(bad).column.observed_count, bad.log.size());
  Newcomers few = newcomers(60, 1, 9);
  EXPECT_NE(refusal(few).find("customers bought again, 30 are needed"), std::string::npos) << refusal(few);
}

}  // namespace
}  // namespace plumb
