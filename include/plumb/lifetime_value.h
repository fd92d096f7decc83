// plumb/lifetime_value.h: what customers will still buy, from when they bought so far.
//
// A customer buys at random times until, after some purchase, it never comes back; nobody is told. BG/NBD
// (Fader, Hardie, Lee 2005, "Counting your customers the easy way", Marketing Science 24) gives every customer
// a rate of buying lambda ~ Gamma(r, alpha) and a probability of leaving after each purchase p ~ Beta(a, b).
// Gamma-Gamma (Fader, Hardie 2013) gives every customer a mean spend: an amount is Gamma(p, nu), nu ~ Gamma(q,
// gamma), independent of when it buys. Customers are summarized by four numbers; times are in periods, weeks by
// default:
//
//   frequency x    repeat purchases: days with a purchase after the first day
//   recency t_x    time from the first to the last purchase (0 where x = 0)
//   age T          time from the first purchase to the end of observation
//   mean_spend     mean amount of the repeat purchases (0 where x = 0)
//
// What the models cannot know: seasons, campaigns, anything that changes with the calendar. The model's own
// interval holds where the model holds (measured on customers drawn from it). On real customers it may be far
// too narrow: on all 23,570 of CDNOW, 39 weeks foretell 16,874 [16,218, 17,530] purchases of the next 39, and
// 19,684 came. So forecast_purchases of transactions also asks the model at earlier dates, and what it missed
// then widens the interval.
//
//   Transactions t = read_transactions("transactions.txt.gz", {});
//   Forecast half_year = forecast_purchases(t, parse_time_us("1997-10-01", "", ""), /*periods=*/39, 0.95);
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "plumb/base.h"
#include "plumb/stats.h"

namespace plumb {

// ---------------------------------------------------------------------------------------------- transactions

struct Transactions {
  std::string source;
  std::vector<std::string> customer;  // distinct names, in order of first appearance
  std::vector<std::uint32_t> who;     // a row a transaction, indexes `customer`
  std::vector<std::int64_t> time_us;  // since 1970, UTC
  std::vector<double> amount;         // >= 0; empty where the file has none
  std::size_t size() const { return who.size(); }
};
struct TransactionColumns {
  std::string customer, date, amount;  // column names; empty: found by name (see read_transactions)
};

// Reads a header and a row a transaction: CSV, TSV, or columns set apart by blanks; each also gzip-compressed.
// Dates are ISO 8601 or eight digits (19970101). Columns that are not named are taken where exactly one
// column's name says what it is: customer, customer_id, id, unit, user; date, time, timestamp, day; amount,
// dollar_value, value, spend, revenue, price. The amount may be absent. Throws Error{kInput} with file and line
// for a row that does not fit, a date that is none, an amount that is negative or not finite;
// Error{kEnvironment} where the file cannot be read.
Transactions read_transactions(const std::string& path, const TransactionColumns& columns);
Transactions parse_transactions(std::string_view text, const std::string& name,
                                const TransactionColumns& columns);

// ---------------------------------------------------------------------------------------------- summaries

struct CustomerSummary {
  std::string customer;
  double frequency = 0, recency = 0, age = 0, mean_spend = 0;
};
inline constexpr std::int64_t kDayUs = 86400LL * 1000000;
inline constexpr std::int64_t kWeekUs = 7 * kDayUs;

// Summaries of the customers whose first purchase lies before `end_us` (the first moment that is not observed),
// in the order of their names. Purchases of one UTC day are one purchase, their amounts are added. Age is
// counted to the last day observed, as the CDNOW summary does: first and last purchase on day one of 273 days
// is 272/7 weeks of age. Throws Error{kInput} where no purchase lies before end_us.
std::vector<CustomerSummary> summarize(const Transactions& transactions, std::int64_t end_us,
                                       std::int64_t period_us = kWeekUs);
// Days with a purchase in [begin_us, end_us), of the customers whose first purchase lies before begin_us: what
// a forecast at begin_us should have said.
std::uint64_t purchases_between(const Transactions& transactions, std::int64_t begin_us, std::int64_t end_us);

// ---------------------------------------------------------------------------------------------- BG/NBD

struct BgNbdParameters {
  double r = 0, alpha = 0, a = 0, b = 0;  // all > 0; alpha in periods
};

// Equation 6 of the paper for all customers, natural logarithm. REQUIRES: parameters > 0. Throws Error{kInput}
// for summaries that no customer can have: negative or infinite numbers, a frequency that is no whole number,
// recency beyond age, a recency without repeat purchases or repeat purchases without a recency. All functions
// below do.
double log_likelihood(const BgNbdParameters& parameters, std::span<const CustomerSummary> customers);

// The maximum of the likelihood, over the logarithms of the parameters by BFGS with analytic derivatives.
struct BgNbd {
  bool known = false;   // else why_not, and no numbers
  std::string why_not;  // fewer than kLeastRepeat customers bought again; the likelihood has no maximum inside
  BgNbdParameters parameters;
  double log_likelihood = 0;
  std::uint64_t customers = 0, repeat_customers = 0;
  // Covariance of (log r, log alpha, log a, log b): the sandwich of curvature and customers' scores, so that it
  // also holds where the model is only nearly right. 4 x 4.
  Matrix covariance;
};
inline constexpr std::uint64_t kLeastRepeat = 30;
BgNbd fit_bg_nbd(std::span<const CustomerSummary> customers);

// What every customer contributed to the error of (log r, log alpha, log a, log b), to first order: customers x
// 4, their squares sum to `covariance`. REQUIRES: model.known; the customers that it was fitted to.
Matrix influence(const BgNbd& model, std::span<const CustomerSummary> customers);

// Probability that the customer has not left at its age (1 where x = 0: leaving follows a repeat purchase).
double probability_alive(const BgNbdParameters& parameters, const CustomerSummary& customer);

// Mean and variance of the number of purchases in the `periods` after the customer's age, given its history.
// The mean is equation 10 of the paper, here as an integral over p by Gauss-Jacobi quadrature, which has no
// singularity at a = 1; the variance is from the second factorial moment, derived alike.
struct Purchases {
  double mean = 0, variance = 0;
};
std::vector<Purchases> expected_purchases(const BgNbdParameters& parameters,
                                          std::span<const CustomerSummary> customers, double periods);
// The means alone, each customer with periods of its own, >= 0; by a quadrature that is shorter: within 1e-4 of
// the above, relative, wherever a customer is expected to buy fewer than some 50 times.
std::vector<double> expected_purchases(const BgNbdParameters& parameters,
                                       std::span<const CustomerSummary> customers,
                                       std::span<const double> periods);

// The number of purchases of all customers together in the next `periods`.
struct Forecast {
  double expected = 0;
  double process_error = 0;    // standard deviation of the number itself, parameters known
  double parameter_error = 0;  // standard error of `expected`, by the delta method from BgNbd::covariance
  double drift_error = 0;  // standard deviation of what the calendar adds, by backtests; 0 where none were made
  std::vector<double> backtests;  // counted over foretold, by window, the earliest first
  Interval interval;              // of the number that will be counted
};
// By the model alone: normal, with process and parameter error. REQUIRES: model.known. Throws Error{kInput}
// where periods is not > 0 or level is not in (0, 1).
Forecast forecast_purchases(const BgNbd& model, std::span<const CustomerSummary> customers, double periods,
                            double level);
// With backtests: the second half of the time before begin_us is cut into kBacktests windows; for each, a model
// of what lay before it foretells what came in it. The mean square of the relative errors, less the part that
// process and parameter error explain, is the variance of a calendar factor of mean 1. The interval's
// half-width is sqrt((z m)^2 + (t d)^2): m the model's own error, d the calendar's (drift_error), z the normal
// quantile, t that of Student with kBacktests degrees of freedom. The horizon is longer than the windows as a
// rule, so this is a measure of how far the calendar moves things and no guarantee. Throws Error{kInput} where
// no model can be fitted.
Forecast forecast_purchases(const Transactions& transactions, std::int64_t begin_us, double periods,
                            double level, std::int64_t period_us = kWeekUs);
inline constexpr int kBacktests = 4;

// ---------------------------------------------------------------------------------------------- Gamma-Gamma

struct GammaGamma {
  bool known = false;
  std::string why_not;
  double p = 0, q = 0, gamma = 0;  // gamma in units of money
  double log_likelihood = 0;
  std::uint64_t customers = 0;       // with repeat purchases: the others say nothing
  std::uint64_t free_customers = 0;  // left out: repeat purchases, none of which cost anything
  Matrix covariance;                 // of the logarithms, 3 x 3, sandwich
};
// From the customers with repeat purchases for money. Throws as log_likelihood.
GammaGamma fit_gamma_gamma(std::span<const CustomerSummary> customers);
// What every customer contributed to the error of (log p, log q, log gamma): customers x 3, as above.
Matrix influence(const GammaGamma& model, std::span<const CustomerSummary> customers);
// Expected spend of a purchase given the customer's mean so far. REQUIRES: model.known, q > 1.
double expected_spend(const GammaGamma& model, const CustomerSummary& customer);

// ---------------------------------------------------------------------------------------------- lifetime value

struct LifetimeOptions {
  std::int64_t end_us = 0;  // the first moment that is not observed
  std::int64_t period_us = kWeekUs;
  double periods = 52;  // how far ahead
  double level = 0.95;
  std::uint32_t draws = 400;  // of parameters and futures, for the intervals
  std::uint64_t seed = 1;
  int threads = 1;
};
struct LifetimeValue {
  std::string customer;
  double alive = 0, purchases = 0, spend = 0;  // probability, expected number, expected amount of one
  double value = 0;   // purchases times spend: money in the next periods, not discounted
  Interval interval;  // of the money that will come: quantiles of its predictive distribution
};
struct LifetimeValues {
  bool known = false;  // else why_not, and no customers
  std::string why_not;
  BgNbd purchases;
  GammaGamma spend;
  // Gamma-Gamma takes what a customer spends as unrelated to how often it buys: their correlation over the
  // customers with repeat purchases.
  double spend_correlation = 0;
  std::vector<LifetimeValue> customers;  // by name, ascending
  double total = 0;
  Interval total_interval;  // of the money of all; by the models alone, no calendar (see forecast_purchases)
};
// The expected money of every customer in the next `periods`: an outcome by unit. Its parameters are learnt
// from all customers together, so it must be summarized at a time before anything that is to be compared was
// decided, or take every arm's customers alike. Intervals are predictive: parameters are drawn from their
// normal approximation, whether the customer is there, its rates and its purchases from the models. Throws
// Error{kInput} where the transactions have no amounts. The same bytes for any number of threads.
LifetimeValues lifetime_values(const Transactions& transactions, const LifetimeOptions& options);

}  // namespace plumb
