// Lifetime values: expected money by customer, with predictive intervals by simulation.
#include <fmt/format.h>

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>

#include "plumb/lifetime_value.h"

namespace plumb {
namespace {

constexpr std::size_t kBlock = 256;  // customers

// Draws of the logarithms of parameters around their maximum.
std::vector<std::vector<double>> parameter_draws(const std::vector<double>& at, const Matrix& covariance,
                                                 std::uint32_t draws, Rng rng) {
  const auto n = static_cast<Eigen::Index>(at.size());
  Eigen::MatrixXd c(n, n);
  for (Eigen::Index i = 0; i < n; ++i) {
    for (Eigen::Index j = 0; j < n; ++j)
      c(i, j) = covariance(static_cast<std::size_t>(i), static_cast<std::size_t>(j));
  }
  const Eigen::MatrixXd root = Eigen::LLT<Eigen::MatrixXd>(c).matrixL();
  std::vector<std::vector<double>> out(draws);
  Eigen::VectorXd noise(n);
  for (auto& draw : out) {
    for (Eigen::Index k = 0; k < n; ++k) noise[k] = rng.normal();
    const Eigen::VectorXd moved = root * noise;
    for (Eigen::Index k = 0; k < n; ++k) draw.push_back(std::exp(at[static_cast<std::size_t>(k)] + moved[k]));
  }
  return out;
}

// The money of one future of a customer, under one draw of r, alpha, a, b and p, q, gamma.
double one_future(const CustomerSummary& c, const std::vector<double>& buys, const std::vector<double>& spends,
                  double periods, Rng& rng) {
  const double r = buys[0], alpha = buys[1], a = buys[2], b = buys[3], x = c.frequency;
  if (x > 0) {
    const double log_odds =
        std::log(a / (b + x - 1)) + (r + x) * std::log((alpha + c.age) / (alpha + c.recency));
    if (rng.uniform() >= 1 / (1 + std::exp(log_odds))) return 0;
  }
  const double rate = rng.gamma(r + x) / (alpha + c.age), leaves = rng.beta(a, b + x);
  double count = 0;
  for (double time = rng.exponential() / rate; time < periods; time += rng.exponential() / rate) {
    ++count;
    if (rng.uniform() < leaves) break;
  }
  if (count == 0) return 0;
  const double p = spends[0], q = spends[1], gamma = spends[2];
  const double nu = rng.gamma(p * x + q) / (gamma + x * c.mean_spend);
  return rng.gamma(p * count) / nu;
}

// The quantiles that leave (1 - level)/2 on either side; sorts in place.
Interval quantiles(std::vector<double>& values, double level) {
  std::sort(values.begin(), values.end());
  const double last = static_cast<double>(values.size() - 1), tail = (1 - level) / 2;
  return {values[static_cast<std::size_t>(std::floor(tail * last))],
          values[static_cast<std::size_t>(std::ceil((1 - tail) * last))], level};
}

double spend_correlation(std::span<const CustomerSummary> customers) {
  double n = 0, sx = 0, sy = 0, sxx = 0, sxy = 0, syy = 0;
  for (const CustomerSummary& c : customers) {
    if (c.frequency == 0) continue;
    const double x = c.frequency, y = c.mean_spend;
    n += 1;
    sx += x;
    sy += y;
    sxx += x * x;
    sxy += x * y;
    syy += y * y;
  }
  const double vx = sxx - sx * sx / n, vy = syy - sy * sy / n;
  return vx > 0 && vy > 0 ? (sxy - sx * sy / n) / std::sqrt(vx * vy) : 0;
}

}  // namespace

LifetimeValues lifetime_values(const Transactions& transactions, const LifetimeOptions& options) {
  if (transactions.amount.empty())
    refuse(transactions.source, "amount", "no such column", "what every transaction was worth");
  if (!(options.level > 0 && options.level < 1))
    refuse("lifetime value", "level", fmt::format("{}", options.level), "a number in (0, 1)");
  if (options.draws < 2) refuse("lifetime value", "draws", fmt::format("{}", options.draws), "at least 2");
  const std::vector<CustomerSummary> customers = summarize(transactions, options.end_us, options.period_us);
  LifetimeValues out;
  out.purchases = fit_bg_nbd(customers);
  out.spend = fit_gamma_gamma(customers);
  out.why_not = out.purchases.known ? out.spend.why_not : out.purchases.why_not;
  if (out.purchases.known && out.spend.known && !(out.spend.q > 1))
    out.why_not = fmt::format("amounts have so heavy a tail (Gamma-Gamma q = {:.2f}) that they have no mean",
                              out.spend.q);
  if (!out.why_not.empty()) return out;
  out.known = true;
  out.spend_correlation = spend_correlation(customers);
  const BgNbdParameters& m = out.purchases.parameters;
  const Rng rng = Rng(options.seed).stream("lifetime value");
  const auto buys = parameter_draws({std::log(m.r), std::log(m.alpha), std::log(m.a), std::log(m.b)},
                                    out.purchases.covariance, options.draws, rng.stream("purchases"));
  const auto spends = parameter_draws({std::log(out.spend.p), std::log(out.spend.q), std::log(out.spend.gamma)},
                                      out.spend.covariance, options.draws, rng.stream("spend"));
  const std::vector<Purchases> expected = expected_purchases(m, customers, options.periods);
  const std::size_t blocks = (customers.size() + kBlock - 1) / kBlock;
  std::vector<std::vector<double>> block_total(blocks);
  out.customers.resize(customers.size());
  parallel_blocks(blocks, options.threads, [&](std::size_t block) {
    std::vector<double>& total = block_total[block];
    total.assign(options.draws, 0.0);
    std::vector<double> futures(options.draws);
    for (std::size_t i = block * kBlock; i < std::min(customers.size(), (block + 1) * kBlock); ++i) {
      const CustomerSummary& c = customers[i];
      Rng mine = rng.stream("customer", i);
      for (std::size_t d = 0; d < options.draws; ++d) {
        futures[d] = one_future(c, buys[d], spends[d], options.periods, mine);
        total[d] += futures[d];
      }
      LifetimeValue& v = out.customers[i];
      v.customer = c.customer;
      v.alive = probability_alive(m, c);
      v.purchases = expected[i].mean;
      v.spend = expected_spend(out.spend, c);
      v.value = v.purchases * v.spend;
      v.interval = quantiles(futures, options.level);
    }
  });
  std::vector<double> total(options.draws, 0.0);
  for (const auto& part : block_total) {
    for (std::size_t d = 0; d < total.size(); ++d) total[d] += part[d];
  }
  for (const LifetimeValue& v : out.customers) out.total += v.value;
  out.total_interval = quantiles(total, options.level);
  return out;
}

}  // namespace plumb
