// Customers who have bought before they are decided about, with their purchases up to the end of the file.
#pragma once

#include <functional>

#include "tests/reward/newcomers.h"

namespace plumb {

struct DecidedCustomers {
  double decided = 26, end = 52;  // weeks; decisions come in the two weeks from `decided` on
  std::function<double(double week)> effect = [](double) { return 1.0; };  // b's rate over a's, since then
  std::size_t count = 2000;
};

// First purchases come through the first half of the time before the decisions. Rates are kNewcomers'. Weeks
// end at 2026-10-08; `expected` stays empty.
inline Newcomers decided_customers(const DecidedCustomers& world, std::uint64_t seed) {
  Newcomers out = newcomers(1, 1, 1);  // its goal and names
  out.expected.clear();
  out.expected_b.clear();
  const std::int64_t end = parse_time_us("2026-10-08", "", "");
  const auto time_at = [&](double week) {
    return end + static_cast<std::int64_t>((week - world.end) * static_cast<double>(kWeekUs));
  };
  Rng rng = Rng(seed).stream("decided customers");
  DecisionLog& log = out.log;
  Transactions& t = out.transactions;
  log.unit.clear();
  log.time_us.clear();
  log.offset = {0};
  log.action.clear();
  log.logged.clear();
  log.chosen.clear();
  log.propensity.clear();
  log.context[0].number.clear();
  t.customer.clear();
  t.who.clear();
  t.time_us.clear();
  t.amount.clear();
  constexpr double kMost = 4;  // of the effect: thinned
  for (std::size_t i = 0; i < world.count; ++i) {
    const std::string name = "c" + std::to_string(i);
    const bool b = rng.bernoulli(0.5);
    const double decided = world.decided + 2 * rng.uniform(), rate = rng.gamma(kNewcomers.r) / kNewcomers.alpha,
                 leaves = rng.beta(kNewcomers.a, kNewcomers.b), nu = rng.gamma(4) / 15;
    const auto buy = [&](double week) {
      t.who.push_back(static_cast<std::uint32_t>(i));
      t.time_us.push_back(time_at(week));
      t.amount.push_back(rng.gamma(6) / nu);
    };
    t.customer.push_back(name);
    double now = world.decided / 2 * rng.uniform();
    buy(now);
    while (true) {
      now += rng.exponential() / (rate * kMost);
      if (now >= world.end) break;
      const double ratio = b && now > decided ? world.effect(now - decided) : 1;
      if (rng.uniform() * kMost >= ratio) continue;
      buy(now);
      if (rng.uniform() < leaves) break;
    }
    log.unit.push_back(hash_bytes(name));
    log.time_us.push_back(time_at(decided));
    log.action.insert(log.action.end(), {0, 1});
    log.logged.insert(log.logged.end(), {0.5f, 0.5f});
    log.offset.push_back(log.action.size());
    log.chosen.push_back(b ? 1 : 0);
    log.propensity.push_back(0.5);
    log.context[0].number.push_back(static_cast<float>(rng.normal()));
  }
  log.fold.clear();
  log.row_digest.clear();
  assign_folds(log, 1);
  digest_rows(log);
  return out;
}

}  // namespace plumb
