// How often forecasts cover, on customers drawn from the model and on real ones.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <numeric>

#include "plumb/goal.h"
#include "tests/reward/simulated_customers.h"

namespace plumb {
namespace {

TEST(BgNbd, ForecastsCoverTheTotalAtTheirLevelWhereTheModelHolds) {
  constexpr int kWorlds = 300;
  std::vector<int> covered(kWorlds);
  parallel_blocks(kWorlds, 2, [&](std::size_t k) {
    const SimulatedCustomers world = simulate_customers({.4, 5, .8, 2.5}, 6, 4, 15, 1000, 39, 39, 100 + k);
    const BgNbd model = fit_bg_nbd(world.customers);
    ASSERT_TRUE(model.known) << model.why_not;
    const Forecast forecast = forecast_purchases(model, world.customers, 39, .95);
    const double came = std::accumulate(world.later.begin(), world.later.end(), 0.0);
    covered[k] = forecast.interval.lower <= came && came <= forecast.interval.upper;
  });
  const double share = std::accumulate(covered.begin(), covered.end(), 0) / static_cast<double>(kWorlds);
  EXPECT_NEAR(share, .95, 3 * std::sqrt(.95 * .05 / kWorlds));
}

TEST(LifetimeValues, CoverWhatCustomersSpendLater) {
  // Predictive intervals by customer: at least at their level, since no money at all is a lump of probability.
  Transactions t;
  t.source = "world";
  Rng rng = Rng(9).stream("world");
  constexpr std::size_t kCustomers = 3000;
  constexpr double kEnd = 273, kAhead = 182;
  std::vector<double> later(kCustomers);
  for (std::size_t i = 0; i < kCustomers; ++i) {
    t.customer.push_back(std::to_string(100000 + i));
    const double rate = rng.gamma(.5) / 35, leaves = rng.beta(.8, 2.5), nu = rng.gamma(4) / 15;
    double time = 80 * rng.uniform();
    std::int64_t last = -1;
    for (bool there = true; there && time < kEnd + kAhead; there = rng.uniform() >= leaves) {
      const auto day = static_cast<std::int64_t>(time);
      if (day != last) {
        const double amount = rng.gamma(6) / nu;
        t.who.push_back(static_cast<std::uint32_t>(i));
        t.time_us.push_back(day * kDayUs);
        t.amount.push_back(amount);
        if (time >= kEnd) later[i] += amount;
      }
      last = day;
      time += rng.exponential() / rate;
    }
  }
  LifetimeOptions options;
  options.end_us = static_cast<std::int64_t>(kEnd) * kDayUs;
  options.periods = kAhead / 7;
  options.threads = 2;
  const LifetimeValues values = lifetime_values(t, options);
  ASSERT_TRUE(values.known) << values.why_not;
  ASSERT_EQ(values.customers.size(), kCustomers);
  std::size_t inside = 0;
  for (std::size_t i = 0; i < kCustomers; ++i)
    inside += values.customers[i].interval.lower <= later[i] && later[i] <= values.customers[i].interval.upper;
  const double share = static_cast<double>(inside) / kCustomers;
  EXPECT_GE(share, .95 - 3 * std::sqrt(.95 * .05 / kCustomers));
  const double came = std::accumulate(later.begin(), later.end(), 0.0);
  EXPECT_LE(values.total_interval.lower, came);
  EXPECT_GE(values.total_interval.upper, came);
}

TEST(BgNbd, ForecastOfCdnowCoversTheHeldOutHalfYearOnlyWithItsBacktests) {
  const char* data = std::getenv("PLUMB_DATA");
  const std::string path = std::string(data ? data : "") + "/cdnow/transactions.txt.gz";
  if (!data || !std::filesystem::exists(path)) GTEST_SKIP() << "PLUMB_DATA names no folder with " << path;
  const Transactions t = read_transactions(path, {});
  ASSERT_EQ(t.size(), 69659u);
  ASSERT_EQ(t.customer.size(), 23570u);
  const std::int64_t begin = parse_time_us("1997-10-01", "", ""), end = parse_time_us("1998-07-01", "", "");
  const auto came = static_cast<double>(purchases_between(t, begin, end));
  EXPECT_EQ(came, 19684);  // days with a purchase, counted apart from this code
  const Forecast forecast = forecast_purchases(t, begin, 39, .95);
  EXPECT_EQ(forecast.backtests.size(), static_cast<std::size_t>(kBacktests));
  EXPECT_LE(forecast.interval.lower, came);
  EXPECT_GE(forecast.interval.upper, came);
  // What the model alone says is too narrow: it knows no Christmas.
  const std::vector<CustomerSummary> customers = summarize(t, begin);
  EXPECT_LT(forecast_purchases(fit_bg_nbd(customers), customers, 39, .95).interval.upper, came);
}

}  // namespace
}  // namespace plumb
