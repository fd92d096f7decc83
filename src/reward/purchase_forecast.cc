// The number of purchases to come: by the model alone, and with what the calendar did to earlier forecasts.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "plumb/lifetime_value.h"

namespace plumb {
namespace {

constexpr double kDifference = 1e-4;  // step of central differences, in logarithms

// Student's quantile for 4 degrees of freedom, in closed form (Shaw 2006, "Sampling Student's T distribution").
double student_4_quantile(double p) {
  const double root = std::sqrt(4 * p * (1 - p));
  const double q = 4 / root * std::cos(std::acos(root) / 3);
  return (p < 0.5 ? -1 : 1) * std::sqrt(std::max(0.0, q - 4));
}
static_assert(kBacktests == 4);

void check_level(double level) {
  if (!(level > 0 && level < 1)) refuse("forecast", "level", fmt::format("{}", level), "a number in (0, 1)");
}

double total_mean(const std::array<double, 4>& logarithms, std::span<const CustomerSummary> customers,
                  double periods) {
  const BgNbdParameters at{std::exp(logarithms[0]), std::exp(logarithms[1]), std::exp(logarithms[2]),
                           std::exp(logarithms[3])};
  double sum = 0;
  for (const Purchases& p : expected_purchases(at, customers, periods)) sum += p.mean;
  return sum;
}

}  // namespace

Forecast forecast_purchases(const BgNbd& model, std::span<const CustomerSummary> customers, double periods,
                            double level) {
  PLUMB_ASSERT(model.known);
  check_level(level);
  const BgNbdParameters& m = model.parameters;
  const std::array<double, 4> at = {std::log(m.r), std::log(m.alpha), std::log(m.a), std::log(m.b)};
  Forecast out;
  double process = 0, parameters = 0;
  for (const Purchases& p : expected_purchases(m, customers, periods)) {
    out.expected += p.mean;
    process += p.variance;
  }
  std::array<double, 4> slope{};
  for (std::size_t k = 0; k < 4; ++k) {
    auto above = at, below = at;
    above[k] += kDifference;
    below[k] -= kDifference;
    slope[k] =
        (total_mean(above, customers, periods) - total_mean(below, customers, periods)) / (2 * kDifference);
  }
  for (std::size_t j = 0; j < 4; ++j) {
    for (std::size_t k = 0; k < 4; ++k) parameters += slope[j] * model.covariance(j, k) * slope[k];
  }
  out.process_error = std::sqrt(process);
  out.parameter_error = std::sqrt(parameters);
  out.interval =
      normal_interval(out.expected, std::sqrt(process + parameters), normal_quantile(0.5 + level / 2), level);
  out.interval.lower = std::max(0.0, out.interval.lower);
  return out;
}

Forecast forecast_purchases(const Transactions& transactions, std::int64_t begin_us, double periods,
                            double level, std::int64_t period_us) {
  check_level(level);
  const auto fitted = [&](std::int64_t end_us, double ahead) {
    const std::vector<CustomerSummary> customers = summarize(transactions, end_us, period_us);
    const BgNbd model = fit_bg_nbd(customers);
    if (!model.known)
      refuse(transactions.source, "BG/NBD", model.why_not,
             "transactions of enough customers, for long enough, before the forecast and its backtests");
    return forecast_purchases(model, customers, ahead, level);
  };
  Forecast out = fitted(begin_us, periods);
  const std::int64_t first = *std::min_element(transactions.time_us.begin(), transactions.time_us.end());
  const std::int64_t days = (begin_us - first + kDayUs - 1) / kDayUs, half = days / 2;
  double squares = 0;
  for (int k = 0; k < kBacktests; ++k) {
    // Whole days, counted back from the beginning of the forecast.
    const std::int64_t from = begin_us - (half - half * k / kBacktests) * kDayUs;
    const std::int64_t to = begin_us - (half - half * (k + 1) / kBacktests) * kDayUs;
    if (from >= to) continue;
    const Forecast past = fitted(from, static_cast<double>(to - from) / static_cast<double>(period_us));
    const double counted = static_cast<double>(purchases_between(transactions, from, to));
    const double error = counted / past.expected - 1, variance = past.process_error * past.process_error +
                                                                 past.parameter_error * past.parameter_error;
    out.backtests.push_back(counted / past.expected);
    squares += (error * error - variance / (past.expected * past.expected)) / kBacktests;
  }
  out.drift_error = out.expected * std::sqrt(std::max(0.0, squares));
  const double z = normal_quantile(0.5 + level / 2), t = student_4_quantile(0.5 + level / 2);
  const double half_width =
      std::sqrt(z * z * (out.process_error * out.process_error + out.parameter_error * out.parameter_error) +
                t * t * out.drift_error * out.drift_error);
  out.interval = {std::max(0.0, out.expected - half_width), out.expected + half_width, level};
  return out;
}

}  // namespace plumb
