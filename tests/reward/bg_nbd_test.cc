// BG/NBD against its published fit, its own integral, its closed form and customers drawn from it.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <limits>
#include <sstream>

#include "plumb/goal.h"
#include "tests/reward/simulated_customers.h"

namespace plumb {
namespace {

// Fader, Hardie, Lee 2005, on the 2,357 customers of the CDNOW sample.
constexpr BgNbdParameters kPublished = {0.2426, 4.4135, 0.7929, 2.4258};

CustomerSummary history(double x, double recency, double age, double spend = 0) {
  return {"c", x, recency, age, spend};
}

std::string cdnow(const std::string& name) {
  const char* data = std::getenv("PLUMB_DATA");
  const std::string path = std::string(data ? data : "") + "/cdnow/" + name;
  return data && std::filesystem::exists(path) ? path : "";
}

std::vector<CustomerSummary> sample_customers(const std::string& path) {
  std::ifstream in(path);
  std::string line;
  std::getline(in, line);
  std::vector<CustomerSummary> out;
  while (std::getline(in, line)) {
    std::replace(line.begin(), line.end(), ',', ' ');
    std::istringstream fields(line);
    CustomerSummary c;
    fields >> c.customer >> c.frequency >> c.recency >> c.age;
    out.push_back(c);
  }
  return out;
}

// The likelihood as the integral that equation 6 solves, over lambda ~ Gamma(r, alpha) and p ~ Beta(a, b).
double integrated_likelihood(const BgNbdParameters& m, const CustomerSummary& c) {
  constexpr int kSteps = 1500;
  double sum = 0, weights = 0;
  for (int i = 0; i < kSteps; ++i) {
    // lambda = u^3 * 60 / alpha: dense near 0.
    const double u = (i + 0.5) / kSteps, lambda = 60 / m.alpha * u * u * u;
    const double density_lambda =
        std::exp((m.r - 1) * std::log(lambda) - m.alpha * lambda) * u * u;  // up to a constant
    for (int j = 0; j < kSteps; ++j) {
      const double p = (j + 0.5) / kSteps;
      const double weight = density_lambda * std::exp((m.a - 1) * std::log(p) + (m.b - 1) * std::log1p(-p));
      const double purchases = std::pow(lambda, c.frequency);
      double value = std::pow(1 - p, c.frequency) * purchases * std::exp(-lambda * c.age);
      if (c.frequency > 0)
        value += p * std::pow(1 - p, c.frequency - 1) * purchases * std::exp(-lambda * c.recency);
      sum += weight * value;
      weights += weight;
    }
  }
  return std::log(sum / weights);
}

// 2F1 by its series, |z| < 1.
double hypergeometric(double a, double b, double c, double z) {
  double term = 1, sum = 1;
  for (int n = 0; n < 100000 && std::abs(term) > 1e-17 * std::abs(sum); ++n) {
    term *= (a + n) * (b + n) / ((c + n) * (n + 1)) * z;
    sum += term;
  }
  return sum;
}

// Equation 10 of the paper as it stands there.
double equation_10(const BgNbdParameters& m, const CustomerSummary& c, double t) {
  const double x = c.frequency, s = m.r + x, z = t / (m.alpha + c.age + t);
  const double top = (m.a + m.b + x - 1) / (m.a - 1) *
                     (1 - std::pow((m.alpha + c.age) / (m.alpha + c.age + t), s) *
                              hypergeometric(s, m.b + x, m.a + m.b + x - 1, z));
  const double left = x > 0 ? m.a / (m.b + x - 1) * std::pow((m.alpha + c.age) / (m.alpha + c.recency), s) : 0;
  return top / (1 + left);
}

void expect_refused(const std::function<void()>& call, const std::string& text) {
  try {
    call();
    ADD_FAILURE() << "not refused: " << text;
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::kInput);
    EXPECT_NE(std::string(error.what()).find(text), std::string::npos) << error.what();
  }
}

TEST(BgNbd, FindsThePublishedMaximumOnTheCdnowSample) {
  const std::string path = cdnow("customers.csv");
  if (path.empty()) GTEST_SKIP() << "PLUMB_DATA names no folder with cdnow/customers.csv";
  const std::vector<CustomerSummary> customers = sample_customers(path);
  ASSERT_EQ(customers.size(), 2357u);
  const BgNbd model = fit_bg_nbd(customers);
  ASSERT_TRUE(model.known) << model.why_not;
  EXPECT_NEAR(model.parameters.r, .2426, 5e-5);
  EXPECT_NEAR(model.parameters.alpha, 4.4135, 5e-5);
  EXPECT_NEAR(model.parameters.a, .7929, 5e-5);
  EXPECT_NEAR(model.parameters.b, 2.4258, 5e-5);
  EXPECT_NEAR(model.log_likelihood, -9582.43, 5e-3);
}

TEST(BgNbd, LikelihoodIsTheIntegralOverRatesAndLeaving) {
  const BgNbdParameters m = {1.3, 4, 1.6, 2.5};
  for (const CustomerSummary& c : {history(0, 0, 9), history(1, 2, 9), history(4, 7, 9), history(4, 3, 9)})
    EXPECT_NEAR(log_likelihood(m, {&c, 1}), integrated_likelihood(m, c), 2e-5) << c.frequency;
}

TEST(BgNbd, ExpectsWhatTheClosedFormOfThePaperSays) {
  for (const CustomerSummary& c :
       {history(0, 0, 38.86), history(2, 30.43, 38.86), history(7, 9, 30), history(29, 38, 38)}) {
    for (const double t : {1.0, 39.0, 400.0}) {
      for (const BgNbdParameters& m : {kPublished, BgNbdParameters{1.5, 8, 2.5, 1.5}}) {
        const double closed = equation_10(m, c, t);
        EXPECT_NEAR(expected_purchases(m, {&c, 1}, t)[0].mean / closed, 1, 1e-8) << c.frequency << " " << t;
      }
    }
  }
  // The authors' worked example: 1.226 purchases in 39 weeks.
  const CustomerSummary c = history(2, 30.43, 38.86);
  EXPECT_NEAR(expected_purchases(kPublished, {&c, 1}, 39)[0].mean, 1.226, 5e-4);
}

TEST(BgNbd, HasNoSingularityWhereTheClosedFormHasOne) {
  const CustomerSummary c = history(3, 20, 30);
  const auto at = [&](double a) { return expected_purchases({.5, 6, a, 2}, {&c, 1}, 20)[0].mean; };
  EXPECT_NEAR(at(1), 0.5 * (at(1 - 1e-4) + at(1 + 1e-4)), 1e-7);
}

TEST(BgNbd, KnowsTheVarianceOfWhatCustomersWillBuy) {
  const BgNbdParameters m = {.8, 5, .9, 2};
  const CustomerSummary fresh = history(0, 0, 0);
  const Purchases expected = expected_purchases(m, {&fresh, 1}, 30)[0];
  constexpr int kDraws = 200000;
  Rng rng = Rng(5).stream("futures");
  double sum = 0, square = 0, fourth = 0;
  std::vector<double> counts;
  for (int k = 0; k < kDraws; ++k) {
    const double rate = rng.gamma(m.r) / m.alpha, leaves = rng.beta(m.a, m.b);
    double n = 0;
    for (double time = rng.exponential() / rate; time < 30; time += rng.exponential() / rate) {
      n += 1;
      if (rng.uniform() < leaves) break;
    }
    counts.push_back(n);
    sum += n / kDraws;
  }
  for (const double n : counts) {
    square += (n - sum) * (n - sum) / kDraws;
    fourth += std::pow(n - sum, 4) / kDraws;
  }
  EXPECT_NEAR(expected.mean, sum, 4 * std::sqrt(square / kDraws));
  EXPECT_NEAR(expected.variance, square, 4 * std::sqrt((fourth - square * square) / kDraws));
}

TEST(BgNbd, SaysNothingOfTooFewOrTooEqualCustomers) {
  std::vector<CustomerSummary> few(500, history(0, 0, 30));
  for (int k = 0; k < 29; ++k) few[static_cast<std::size_t>(k)] = history(1 + k % 3, 5 + k % 7, 30);
  const BgNbd model = fit_bg_nbd(few);
  EXPECT_FALSE(model.known);
  EXPECT_EQ(model.why_not, "29 customers bought again, 30 are needed");
  // Everybody the same: rates do not differ, so r runs to infinity.
  const BgNbd same = fit_bg_nbd(std::vector<CustomerSummary>(500, history(5, 29, 30)));
  EXPECT_FALSE(same.known);
  EXPECT_FALSE(same.why_not.empty());
}

TEST(BgNbd, RefusesHistoriesThatNoCustomerCanHave) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const std::pair<CustomerSummary, const char*> cases[] = {
      {history(-1, 0, 10), "frequency: found -1"},
      {history(1.5, 3, 10), "frequency: found 1.5"},
      {history(1, -3, 10), "recency: found -3"},
      {history(1, 11, 10), "recency: found 11, expected at most the age, 10"},
      {history(0, 3, 10), "expected 0, since nothing was bought again"},
      {history(2, 0, 10), "expected a time > 0, since it bought again 2 times"},
      {history(1, 3, -10), "age: found -10"},
      {history(1, nan, 10), "recency: found nan"},
      {history(1, 3, nan), "age: found nan"},
      {history(1, 3, 10, -5), "mean_spend: found -5"},
  };
  for (const auto& [c, text] : cases) {
    expect_refused([&] { log_likelihood(kPublished, {&c, 1}); }, text);
    expect_refused([&] { fit_bg_nbd({&c, 1}); }, text);
    expect_refused([&] { fit_gamma_gamma({&c, 1}); }, text);
  }
  const CustomerSummary good = history(1, 3, 10);
  expect_refused([&] { log_likelihood({0, 1, 1, 1}, {&good, 1}); }, "parameters: found 0");
  expect_refused([&] { expected_purchases(kPublished, {&good, 1}, 0); }, "periods: found 0");
}

TEST(GammaGamma, RecoversWhatCustomersWereDrawnFrom) {
  const SimulatedCustomers world = simulate_customers({1.5, 4, .5, 3}, 6.25, 3.74, 15.45, 4000, 40, 1, 3);
  const GammaGamma model = fit_gamma_gamma(world.customers);
  ASSERT_TRUE(model.known) << model.why_not;
  const double truth[] = {6.25, 3.74, 15.45}, found[] = {model.p, model.q, model.gamma};
  for (std::size_t k = 0; k < 3; ++k)
    EXPECT_LT(std::abs(std::log(found[k] / truth[k])), 4 * std::sqrt(model.covariance(k, k))) << k;
}

TEST(GammaGamma, ExpectsAPublishedSpend) {
  // The parameters published for the CDNOW sample; its first customer bought twice again for 22.35 on average,
  // and an independent implementation (lifetimes) expects 24.6586, from parameters with more digits.
  GammaGamma model;
  model.known = true;
  model.p = 6.25;
  model.q = 3.74;
  model.gamma = 15.45;
  EXPECT_NEAR(expected_spend(model, history(2, 30.43, 38.86, 22.35)), 24.6586, .02);
  model.q = .9;
  expect_refused([&] { expected_spend(model, history(0, 0, 10)); }, "expected a number > 1");
}

TEST(GammaGamma, CountsCustomersWhoseRepeatPurchasesWereFree) {
  SimulatedCustomers world = simulate_customers({1.5, 4, .5, 3}, 6, 4, 15, 400, 40, 1, 3);
  for (CustomerSummary& c : world.customers) {
    if (c.frequency == 0) continue;
    c.mean_spend = 0;
    break;
  }
  EXPECT_EQ(fit_gamma_gamma(world.customers).free_customers, 1u);
}

TEST(Transactions, AreSummarizedByDays) {
  const Transactions t = parse_transactions(
      "customer,date,amount\nb,2020-01-03,5\na,2020-01-01,1\na,2020-01-01T23:00,2\na,2020-01-08,10\n"
      "a,2020-01-08,4\na,2020-01-15,6\na,2020-02-01,100\nc,2020-03-01,1\n",
      "t.csv", {});
  const std::int64_t end = parse_time_us("2020-01-22", "", "");
  const std::vector<CustomerSummary> customers = summarize(t, end);
  ASSERT_EQ(customers.size(), 2u);  // c came later
  EXPECT_EQ(customers[0].customer, "a");
  EXPECT_EQ(customers[0].frequency, 2);
  EXPECT_EQ(customers[0].recency, 2);
  EXPECT_EQ(customers[0].age, 20.0 / 7);
  EXPECT_EQ(customers[0].mean_spend, 10);  // (14 + 6) / 2
  EXPECT_EQ(customers[1].frequency, 0);
  EXPECT_EQ(customers[1].age, 18.0 / 7);
  EXPECT_EQ(purchases_between(t, end, parse_time_us("2020-04-01", "", "")), 1u);
  EXPECT_EQ(purchases_between(t, parse_time_us("2020-01-02", "", ""), end), 2u);  // of a alone
}

TEST(Transactions, AreTheSameFromCsvAndFromColumns) {
  const Transactions csv =
      parse_transactions("id,date,dollar_value\n1,1997-01-01,11.77\n2,1997-01-12,12\n", "a", {});
  const Transactions columns =
      parse_transactions(" id  date  dollar_value\n 1 19970101   11.77\n 2 19970112 12.00\n", "b", {});
  EXPECT_EQ(csv.customer, columns.customer);
  EXPECT_EQ(csv.time_us, columns.time_us);
  EXPECT_EQ(csv.amount, columns.amount);
}

TEST(Transactions, ThatCannotBeUsedAreRefusedWithTheirPlace) {
  const std::pair<const char*, const char*> cases[] = {
      {"", "t: file"},
      {"id,date\n", "t: file: found a header only"},
      {"id,when\n1,2020-01-01\n", "a column with the date"},
      {"id,user,date\n1,2,2020-01-01\n", "columns \"id\" and \"user\""},
      {"id,date\n1,2020-02-30\n", "t:2: date: found \"2020-02-30\""},
      {"id,date\n1,20200230\n", "t:2: date"},
      {"id,date,amount\n1,2020-01-01,-1\n", "t:2: amount: found \"-1\""},
      {"id,date,amount\n1,2020-01-01,inf\n", "t:2: amount"},
      {"id,date\n,2020-01-01\n", "t:2: customer"},
      {"id,date\n1,2020-01-01,5\n", "t:2: row: found 3 fields"},
      {"id date\n1 20200101 5\n", "t:2: row: found 3 fields, expected 2"},
  };
  for (const auto& [text, message] : cases) expect_refused([&] { parse_transactions(text, "t", {}); }, message);
  expect_refused([] { parse_transactions("id,date\n1,2020-01-01\n", "t", {"idd", "", ""}); }, "perhaps id");
}

// Customers of a world as a file would have them.
Transactions as_transactions(std::uint64_t seed, std::size_t count) {
  Transactions out;
  out.source = "world";
  Rng rng = Rng(seed).stream("transactions");
  for (std::size_t i = 0; i < count; ++i) {
    out.customer.push_back("c" + std::to_string(i));
    const double rate = rng.gamma(.6) / 30, leaves = rng.beta(.8, 2.5), nu = rng.gamma(4) / 15;
    double day = 100 * rng.uniform();
    for (bool there = true; there && day < 400; there = rng.uniform() >= leaves) {
      out.who.push_back(static_cast<std::uint32_t>(i));
      out.time_us.push_back(static_cast<std::int64_t>(day) * kDayUs);
      out.amount.push_back(rng.gamma(6) / nu);
      day += rng.exponential() / rate;
    }
  }
  return out;
}

TEST(LifetimeValues, AreTheSameForAnyNumberOfThreads) {
  const Transactions t = as_transactions(4, 1500);
  LifetimeOptions options;
  options.end_us = 250 * kDayUs;
  options.draws = 40;
  const LifetimeValues one = lifetime_values(t, options);
  options.threads = 3;
  const LifetimeValues three = lifetime_values(t, options);
  ASSERT_TRUE(one.known) << one.why_not;
  EXPECT_EQ(one.total, three.total);
  EXPECT_EQ(one.total_interval.lower, three.total_interval.lower);
  for (std::size_t i = 0; i < one.customers.size(); ++i) {
    ASSERT_EQ(one.customers[i].value, three.customers[i].value);
    ASSERT_EQ(one.customers[i].interval.upper, three.customers[i].interval.upper);
  }
}

TEST(LifetimeValues, AreExpectedPurchasesTimesExpectedSpend) {
  LifetimeOptions options;
  options.end_us = 250 * kDayUs;
  options.draws = 40;
  options.periods = 20;
  const Transactions t = as_transactions(4, 1500);
  const LifetimeValues values = lifetime_values(t, options);
  const std::vector<CustomerSummary> customers = summarize(t, options.end_us);
  const auto expected = expected_purchases(values.purchases.parameters, customers, 20);
  double total = 0;
  for (std::size_t i = 0; i < customers.size(); ++i) {
    EXPECT_EQ(values.customers[i].customer, customers[i].customer);
    EXPECT_NEAR(values.customers[i].value, expected[i].mean * expected_spend(values.spend, customers[i]), 1e-9);
    total += values.customers[i].value;
  }
  EXPECT_NEAR(values.total, total, 1e-6);
  EXPECT_LT(values.total_interval.lower, total);
  EXPECT_GT(values.total_interval.upper, total);
}

TEST(LifetimeValues, WantAmounts) {
  Transactions t = as_transactions(4, 100);
  t.amount.clear();
  expect_refused([&] { lifetime_values(t, {}); }, "amount: found no such column");
}

}  // namespace
}  // namespace plumb
