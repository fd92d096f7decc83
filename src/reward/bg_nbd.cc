// BG/NBD: likelihood, maximum, and what it expects of customers with a history.
#include <fmt/format.h>

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>
#include <map>

#include "plumb/lifetime_value.h"
#include "reward/lifetime_checks.h"
#include "reward/likelihood_maximum.h"

namespace plumb {
namespace {

constexpr int kNodes = 48, kFewNodes = 16;

// Equation 6 by the logarithms of r, alpha, a, b. Customers with equal histories are one kind; what depends on
// the frequency only is tabulated.
class HistoryLikelihood final : public UnitLikelihood {
 public:
  // Times in units of `scale`.
  HistoryLikelihood(std::span<const CustomerSummary> customers, double scale) {
    std::map<std::array<double, 3>, double> kinds;
    for (const CustomerSummary& c : customers) kinds[{c.frequency, c.recency / scale, c.age / scale}] += 1;
    for (const auto& [history, weight] : kinds) {
      if (frequencies_.empty() || frequencies_.back() != history[0]) frequencies_.push_back(history[0]);
      kinds_.push_back({history[0], history[1], history[2], weight, frequencies_.size() - 1});
      number_[history] = kinds_.size() - 1;
    }
    scale_ = scale;
    tables_.resize(frequencies_.size());
  }
  std::size_t units() const override { return kinds_.size(); }
  // Which kind a customer is of. REQUIRES: it is one of those that the likelihood was made from.
  std::size_t kind_of(const CustomerSummary& c) const {
    return number_.at({c.frequency, c.recency / scale_, c.age / scale_});
  }
  double weight(std::size_t i) const override { return kinds_[i].weight; }
  void move_to(std::span<const double> log_parameters) override {
    r_ = std::exp(log_parameters[0]);
    alpha_ = std::exp(log_parameters[1]);
    a_ = std::exp(log_parameters[2]);
    b_ = std::exp(log_parameters[3]);
    log_alpha_ = log_parameters[1];
    for (std::size_t k = 0; k < tables_.size(); ++k) {
      const double x = frequencies_[k], both = digamma(a_ + b_) - digamma(a_ + b_ + x);
      tables_[k] = {std::lgamma(r_ + x) - std::lgamma(r_) + r_ * log_alpha_ + std::lgamma(a_ + b_) +
                        std::lgamma(b_ + x) - std::lgamma(b_) - std::lgamma(a_ + b_ + x),
                    r_ * (digamma(r_ + x) - digamma(r_) + log_alpha_), a_ * both,
                    b_ * (both + digamma(b_ + x) - digamma(b_)),
                    x > 0 ? log_parameters[2] - std::log(b_ + x - 1) : 0};
    }
  }
  double unit(std::size_t i, std::span<double> gradient) const override {
    const Kind& c = kinds_[i];
    const Table& t = tables_[c.table];
    const double s = r_ + c.frequency, log_age = std::log(alpha_ + c.age);
    double alive = 1, left = 0, mixed = -s * log_age,
           log_recency = 0;  // shares of the two ways to this history
    if (c.frequency > 0) {
      log_recency = std::log(alpha_ + c.recency);
      const double log_alive = mixed, log_left = t.leaving - s * log_recency;
      const double larger = std::max(log_alive, log_left);
      mixed = larger + std::log(std::exp(log_alive - larger) + std::exp(log_left - larger));
      alive = std::exp(log_alive - mixed);
      left = std::exp(log_left - mixed);
    }
    gradient[0] = t.by_r - r_ * (alive * log_age + left * log_recency);
    gradient[1] = r_ - alpha_ * s * (alive / (alpha_ + c.age) + left / (alpha_ + c.recency));
    gradient[2] = t.by_a + left;
    gradient[3] = t.by_b - (c.frequency > 0 ? b_ * left / (b_ + c.frequency - 1) : 0);
    return t.value + mixed;
  }

 private:
  struct Kind {
    double frequency = 0, recency = 0, age = 0, weight = 0;
    std::size_t table = 0;
  };
  struct Table {
    double value = 0, by_r = 0, by_a = 0, by_b = 0, leaving = 0;
  };
  std::vector<Kind> kinds_;
  std::map<std::array<double, 3>, std::size_t> number_;
  double scale_ = 1;
  std::vector<double> frequencies_;
  std::vector<Table> tables_;
  double r_ = 1, alpha_ = 1, a_ = 1, b_ = 1, log_alpha_ = 0;
};

struct Rule {
  std::vector<double> node, weight;  // weights sum to one
};

// Gauss-Jacobi nodes for p ~ Beta(a, b) (Golub, Welsch 1969).
Rule beta_rule(double a, double b, int nodes = kNodes) {
  const double first = b - 1, second = a - 1,
               sum = first + second;  // exponents of 1 - z and 1 + z, z = 2 p - 1
  Eigen::VectorXd diagonal(nodes), beside(nodes - 1);
  diagonal[0] = (second - first) / (sum + 2);
  for (int k = 1; k < nodes; ++k) {
    const double m = 2 * k + sum;
    diagonal[k] = (second * second - first * first) / (m * (m + 2));
    const double square = k == 1 ? 4 * (1 + first) * (1 + second) / ((2 + sum) * (2 + sum) * (3 + sum))
                                 : 4 * k * (k + first) * (k + second) * (k + sum) / (m * m * (m + 1) * (m - 1));
    beside[k - 1] = std::sqrt(square);
  }
  Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver;
  solver.computeFromTridiagonal(diagonal, beside);
  Rule out;
  for (int k = 0; k < nodes; ++k) {
    out.node.push_back(std::clamp(0.5 * (1 + solver.eigenvalues()[k]), 0.0, 1.0));
    out.weight.push_back(solver.eigenvectors()(0, k) * solver.eigenvectors()(0, k));
  }
  return out;
}

// Given that the customer has not left, lambda ~ Gamma(s, alpha + T) and p ~ Beta(a, b + x). With u = p
// t/(alpha + T): E[N] = E[(1 - (1 + u)^-s)/p] and E[N (N - 1)] = E[2 (1 - p)/p^2 (1 - (1 + u)^-s (1 + s u/(1 +
// u)))].
struct Moments2 {
  double mean = 0, second = 0;
};
Moments2 while_alive(const Rule& rule, double s, double tau) {
  Moments2 out;
  for (int k = 0; k < kNodes; ++k) {
    const double p = rule.node[static_cast<std::size_t>(k)], u = p * tau, power = -s * std::log1p(u);
    const double mean = p > 0 ? -std::expm1(power) / p : s * tau;
    // Near p = 0 the difference below is lost to rounding, and its series is short.
    const double second = u > 1e-5 ? 2 * (1 - p) / (p * p) * -std::expm1(power + std::log1p(s * u / (1 + u)))
                                   : (1 - p) * s * (s + 1) * tau * tau * (1 - 2 * (s + 2) * u / 3);
    out.mean += rule.weight[static_cast<std::size_t>(k)] * mean;
    out.second += rule.weight[static_cast<std::size_t>(k)] * second;
  }
  return out;
}

BgNbdParameters parameters_at(std::span<const double> x) {
  return {std::exp(x[0]), std::exp(x[1]), std::exp(x[2]), std::exp(x[3])};
}

std::array<double, 4> logarithms(const BgNbdParameters& p) {
  return {std::log(p.r), std::log(p.alpha), std::log(p.a), std::log(p.b)};
}

void check_parameters(const BgNbdParameters& p) {
  for (const double value : {p.r, p.alpha, p.a, p.b}) {
    if (!(value > 0) || !std::isfinite(value))
      refuse("BG/NBD", "parameters", fmt::format("{}", value), "finite numbers > 0");
  }
}

double alive(const BgNbdParameters& parameters, const CustomerSummary& customer) {
  if (customer.frequency == 0) return 1;
  const auto& [r, alpha, a, b] = parameters;
  const double x = customer.frequency;
  const double odds = std::log(a) - std::log(b + x - 1) +
                      (r + x) * (std::log(alpha + customer.age) - std::log(alpha + customer.recency));
  return 1 / (1 + std::exp(odds));
}

}  // namespace

void check_customers(std::span<const CustomerSummary> customers) {
  for (std::size_t i = 0; i < customers.size(); ++i) {
    const CustomerSummary& c = customers[i];
    const auto bad = [&](const char* what, double found, const std::string& expected) {
      refuse(c.customer.empty() ? fmt::format("customer {}", i + 1) : "customer " + c.customer, what,
             fmt::format("{}", found), expected);
    };
    if (!(c.frequency >= 0) || c.frequency != std::floor(c.frequency) || c.frequency > 1e9)
      bad("frequency", c.frequency, "a whole number >= 0");
    if (!(c.age >= 0) || !std::isfinite(c.age)) bad("age", c.age, "a finite number >= 0");
    if (!(c.recency >= 0)) bad("recency", c.recency, "a number >= 0");
    if (c.recency > c.age) bad("recency", c.recency, fmt::format("at most the age, {}", c.age));
    if (c.frequency == 0 && c.recency != 0) bad("recency", c.recency, "0, since nothing was bought again");
    if (c.frequency > 0 && c.recency == 0)
      bad("recency", c.recency, fmt::format("a time > 0, since it bought again {} times", c.frequency));
    if (!(c.mean_spend >= 0) || !std::isfinite(c.mean_spend))
      bad("mean_spend", c.mean_spend, "a finite number >= 0");
  }
}

double log_likelihood(const BgNbdParameters& parameters, std::span<const CustomerSummary> customers) {
  check_parameters(parameters);
  check_customers(customers);
  HistoryLikelihood likelihood(customers, 1);
  likelihood.move_to(logarithms(parameters));
  std::array<double, 4> unused{};
  double sum = 0;
  for (std::size_t i = 0; i < likelihood.units(); ++i) sum += likelihood.weight(i) * likelihood.unit(i, unused);
  return sum;
}

BgNbd fit_bg_nbd(std::span<const CustomerSummary> customers) {
  check_customers(customers);
  BgNbd out;
  out.customers = customers.size();
  double age = 0;
  for (const CustomerSummary& c : customers) {
    out.repeat_customers += c.frequency > 0;
    age += c.age / static_cast<double>(customers.size());
  }
  if (out.repeat_customers < kLeastRepeat) {
    out.why_not = fmt::format("{} customers bought again, {} are needed", out.repeat_customers, kLeastRepeat);
    return out;
  }
  // Times in units of the mean age, so that the start fits any period.
  HistoryLikelihood likelihood(customers, age);
  const LikelihoodMaximum maximum = maximize_likelihood(likelihood, {0, 0, 0, 0});
  out.why_not = maximum.why_not;
  if (!maximum.found) return out;
  out.known = true;
  out.parameters = parameters_at(maximum.x);
  out.parameters.alpha *= age;
  out.log_likelihood = log_likelihood(out.parameters, customers);
  out.covariance = maximum.covariance;
  return out;
}

Matrix influence(const BgNbd& model, std::span<const CustomerSummary> customers) {
  PLUMB_ASSERT(model.known && customers.size() == model.customers);
  HistoryLikelihood likelihood(customers, 1);
  const std::array<double, 4> at = logarithms(model.parameters);
  const Matrix by_kind = unit_influence(likelihood, {at.begin(), at.end()});
  Matrix out(customers.size(), at.size());
  for (std::size_t i = 0; i < customers.size(); ++i) {
    const std::span<const double> from = by_kind.row(likelihood.kind_of(customers[i]));
    std::copy(from.begin(), from.end(), out.row(i).begin());
  }
  return out;
}

double probability_alive(const BgNbdParameters& parameters, const CustomerSummary& customer) {
  check_parameters(parameters);
  check_customers({&customer, 1});
  return alive(parameters, customer);
}

std::vector<Purchases> expected_purchases(const BgNbdParameters& parameters,
                                          std::span<const CustomerSummary> customers, double periods) {
  check_parameters(parameters);
  check_customers(customers);
  if (!(periods > 0) || !std::isfinite(periods))
    refuse("expected purchases", "periods", fmt::format("{}", periods), "a finite number > 0");
  std::map<double, Rule> rules;  // by frequency: few differ
  std::vector<Purchases> out(customers.size());
  for (std::size_t i = 0; i < customers.size(); ++i) {
    const CustomerSummary& c = customers[i];
    auto found = rules.find(c.frequency);
    if (found == rules.end())
      found = rules.emplace(c.frequency, beta_rule(parameters.a, parameters.b + c.frequency)).first;
    const Moments2 m =
        while_alive(found->second, parameters.r + c.frequency, periods / (parameters.alpha + c.age));
    const double alive = probability_alive(parameters, c);
    out[i].mean = alive * m.mean;
    out[i].variance = alive * (m.second + m.mean) - out[i].mean * out[i].mean;
  }
  return out;
}

std::vector<double> expected_purchases(const BgNbdParameters& parameters,
                                       std::span<const CustomerSummary> customers,
                                       std::span<const double> periods) {
  check_parameters(parameters);
  check_customers(customers);
  PLUMB_ASSERT(periods.size() == customers.size());
  std::map<double, Rule> rules;  // by frequency: few differ
  std::vector<double> out(customers.size(), 0.0);
  for (std::size_t i = 0; i < customers.size(); ++i) {
    const CustomerSummary& c = customers[i];
    if (!(periods[i] >= 0) || !std::isfinite(periods[i]))
      refuse("expected purchases", "periods", fmt::format("{}", periods[i]), "finite numbers >= 0");
    auto found = rules.find(c.frequency);
    if (found == rules.end())
      found = rules.emplace(c.frequency, beta_rule(parameters.a, parameters.b + c.frequency, kFewNodes)).first;
    const double s = parameters.r + c.frequency, tau = periods[i] / (parameters.alpha + c.age);
    for (std::size_t k = 0; k < found->second.node.size(); ++k) {
      const double p = found->second.node[k];
      out[i] += found->second.weight[k] * (p > 0 ? -std::expm1(-s * std::log1p(p * tau)) / p : s * tau);
    }
    out[i] *= alive(parameters, c);
  }
  return out;
}

}  // namespace plumb
