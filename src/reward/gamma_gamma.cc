// Gamma-Gamma: what customers spend a purchase (Fader, Hardie 2013, "The Gamma-Gamma model of monetary value").
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "plumb/lifetime_value.h"
#include "reward/lifetime_checks.h"
#include "reward/likelihood_maximum.h"

namespace plumb {
namespace {

// The log-density of the mean m of x amounts by log p, log q, log gamma.
class SpendLikelihood final : public UnitLikelihood {
 public:
  struct Unit {
    double count = 0, mean = 0;
  };
  explicit SpendLikelihood(std::vector<Unit> units) : units_(std::move(units)) {
    for (const Unit& u : units_) {
      if (u.count >= static_cast<double>(tables_.size())) tables_.resize(static_cast<std::size_t>(u.count) + 1);
    }
  }
  std::size_t units() const override { return units_.size(); }
  double weight(std::size_t) const override { return 1; }
  void move_to(std::span<const double> log_parameters) override {
    p_ = std::exp(log_parameters[0]);
    q_ = std::exp(log_parameters[1]);
    gamma_ = std::exp(log_parameters[2]);
    for (std::size_t x = 1; x < tables_.size(); ++x) {
      const double count = static_cast<double>(x), px = p_ * count, both = digamma(px + q_);
      tables_[x] = {std::lgamma(px + q_) - std::lgamma(px) - std::lgamma(q_) + q_ * log_parameters[2] +
                        px * std::log(count),
                    both - digamma(px) + std::log(count), both - digamma(q_) + log_parameters[2]};
    }
  }
  double unit(std::size_t i, std::span<double> gradient) const override {
    const auto& [x, m] = units_[i];
    const Table& t = tables_[static_cast<std::size_t>(x)];
    const double px = p_ * x, sum = gamma_ + x * m, log_sum = std::log(sum), log_m = std::log(m);
    gradient[0] = px * (t.by_p + log_m - log_sum);
    gradient[1] = q_ * (t.by_q - log_sum);
    gradient[2] = q_ - gamma_ * (px + q_) / sum;
    return t.value + (px - 1) * log_m - (px + q_) * log_sum;
  }

 private:
  struct Table {
    double value = 0, by_p = 0, by_q = 0;
  };
  std::vector<Unit> units_;
  std::vector<Table> tables_;
  double p_ = 1, q_ = 1, gamma_ = 1;
};

}  // namespace

GammaGamma fit_gamma_gamma(std::span<const CustomerSummary> customers) {
  check_customers(customers);
  GammaGamma out;
  std::vector<SpendLikelihood::Unit> units;
  double mean = 0;
  for (const CustomerSummary& c : customers) {
    if (c.frequency == 0) continue;
    if (c.frequency > 1e6)
      refuse("customer " + c.customer, "frequency", fmt::format("{}", c.frequency), "at most a million");
    if (c.mean_spend == 0) {
      ++out.free_customers;
      continue;
    }
    units.push_back({c.frequency, c.mean_spend});
    mean += c.mean_spend;
  }
  out.customers = units.size();
  if (units.size() < kLeastRepeat) {
    out.why_not = fmt::format("{} customers bought again for money, {} are needed", units.size(), kLeastRepeat);
    return out;
  }
  mean /= static_cast<double>(units.size());
  for (SpendLikelihood::Unit& u : units) u.mean /= mean;
  SpendLikelihood likelihood(std::move(units));
  const LikelihoodMaximum maximum = maximize_likelihood(likelihood, {0.5, 0.5, 0.5});
  out.why_not = maximum.why_not;
  if (!maximum.found) return out;
  out.known = true;
  out.p = std::exp(maximum.x[0]);
  out.q = std::exp(maximum.x[1]);
  out.gamma = std::exp(maximum.x[2]) * mean;
  out.log_likelihood = maximum.value - static_cast<double>(out.customers) * std::log(mean);
  out.covariance = maximum.covariance;
  return out;
}

Matrix influence(const GammaGamma& model, std::span<const CustomerSummary> customers) {
  PLUMB_ASSERT(model.known);
  std::vector<SpendLikelihood::Unit> units;
  std::vector<std::size_t> row;
  for (std::size_t i = 0; i < customers.size(); ++i) {
    if (customers[i].frequency == 0 || customers[i].mean_spend == 0) continue;
    units.push_back({customers[i].frequency, customers[i].mean_spend});
    row.push_back(i);
  }
  PLUMB_ASSERT(units.size() == model.customers);
  SpendLikelihood likelihood(std::move(units));
  const Matrix by_unit =
      unit_influence(likelihood, {std::log(model.p), std::log(model.q), std::log(model.gamma)});
  Matrix out(customers.size(), 3);
  for (std::size_t u = 0; u < row.size(); ++u)
    std::copy(by_unit.row(u).begin(), by_unit.row(u).end(), out.row(row[u]).begin());
  return out;
}

double expected_spend(const GammaGamma& model, const CustomerSummary& customer) {
  PLUMB_ASSERT(model.known);
  const double px = model.p * customer.frequency;
  if (!(px + model.q > 1))
    refuse("Gamma-Gamma", "q", fmt::format("{}", model.q),
           "a number > 1: with heavier tails there is no mean spend");
  return model.p * (model.gamma + customer.frequency * customer.mean_spend) / (px + model.q - 1);
}

}  // namespace plumb
