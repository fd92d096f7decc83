// Customers drawn from BG/NBD and Gamma-Gamma, with what they do after the observation ends.
#pragma once

#include <vector>

#include "plumb/lifetime_value.h"

namespace plumb {

struct SimulatedCustomers {
  std::vector<CustomerSummary> customers;
  std::vector<double> later, later_spend;  // purchases in the next `ahead` periods, and their money
};

// Ages are uniform in [age / 2, age].
inline SimulatedCustomers simulate_customers(const BgNbdParameters& m, double p, double q, double gamma,
                                             std::size_t count, double age, double ahead, std::uint64_t seed) {
  SimulatedCustomers out;
  Rng rng = Rng(seed).stream("simulated customers");
  for (std::size_t i = 0; i < count; ++i) {
    CustomerSummary c;
    c.customer = "c" + std::to_string(i);
    c.age = age * (0.5 + 0.5 * rng.uniform());
    const double rate = rng.gamma(m.r) / m.alpha, leaves = rng.beta(m.a, m.b), nu = rng.gamma(q) / gamma;
    double later = 0, later_spend = 0, sum = 0;
    for (double time = rng.exponential() / rate; time < c.age + ahead; time += rng.exponential() / rate) {
      const double amount = rng.gamma(p) / nu;
      if (time < c.age) {
        c.frequency += 1;
        c.recency = time;
        sum += amount;
      } else {
        later += 1;
        later_spend += amount;
      }
      if (rng.uniform() < leaves) break;
    }
    if (c.frequency > 0) c.mean_spend = sum / c.frequency;
    out.customers.push_back(std::move(c));
    out.later.push_back(later);
    out.later_spend.push_back(later_spend);
  }
  return out;
}

}  // namespace plumb
