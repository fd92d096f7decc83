// Customers who are greeted at their first purchase, with their transactions; the greeting b makes them buy
// more often.
#pragma once

#include <string>

#include "plumb/data.h"
#include "plumb/lifetime_value.h"

namespace plumb {

struct Newcomers {
  DecisionLog log;
  Transactions transactions;
  Goal goal;  // its outcome "clv" is the lifetime value
  std::vector<double>
      expected;  // by decision: money after the decision and up to the horizon, under each action
  std::vector<double> expected_b;
};

// First purchases come through 26 weeks; observation ends after 40. Rates are Gamma(1.2, 8 weeks), times
// `faster` under b; customers leave with Beta(.8, 2.5); an amount is 30 in the mean.
inline constexpr BgNbdParameters kNewcomers{1.2, 8, 0.8, 2.5};

inline Newcomers newcomers(std::size_t count, double faster, std::uint64_t seed) {
  constexpr double kEnd = 40, kHorizon = 26;  // weeks
  Newcomers out;
  out.goal = parse_goal(
      "[goal]\nmaximize = \"clv\"\n[outcome.clv]\nkind = \"amount\"\nmodel = \"bg_nbd\"\ntransactions = "
      "\"t.csv\"\n"
      "horizon = \"182d\"\n[data]\nunit = \"customer\"\ntime = \"time\"\nas_of = \"2026-10-08\"\n");
  const std::int64_t end = parse_time_us("2026-10-08", "", ""),
                     begin = end - static_cast<std::int64_t>(kEnd) * kWeekUs;
  Rng rng = Rng(seed).stream("newcomers");
  DecisionLog& log = out.log;
  Transactions& t = out.transactions;
  log.source = "newcomers.csv";
  t.source = "t.csv";
  log.actions = {"a", "b"};
  log.fixed_actions = true;
  log.unit_named = true;
  log.offset.push_back(0);
  FeatureColumn x;
  x.name = "x";
  for (std::size_t i = 0; i < count; ++i) {
    const std::string name = "c" + std::to_string(i);
    const std::uint32_t b = rng.uniform() < 0.5 ? 1 : 0;
    const double first = 26 * rng.uniform(), left = kEnd - first;
    const double rate = rng.gamma(kNewcomers.r) / kNewcomers.alpha * (b ? faster : 1),
                 leaves = rng.beta(kNewcomers.a, kNewcomers.b), nu = rng.gamma(4) / 15;
    t.customer.push_back(name);
    const auto buy = [&](double week) {
      t.who.push_back(static_cast<std::uint32_t>(i));
      t.time_us.push_back(begin + static_cast<std::int64_t>((first + week) * static_cast<double>(kWeekUs)));
      t.amount.push_back(rng.gamma(6) / nu);
    };
    buy(0);
    for (double week = rng.exponential() / rate; week < left; week += rng.exponential() / rate) {
      buy(week);
      if (rng.uniform() < leaves) break;
    }
    log.unit.push_back(hash_bytes(name));
    log.time_us.push_back(begin + static_cast<std::int64_t>(first * static_cast<double>(kWeekUs)));
    log.offset.push_back(2 * (i + 1));
    log.action.insert(log.action.end(), {0, 1});
    log.logged.insert(log.logged.end(), {0.5f, 0.5f});
    log.chosen.push_back(b);
    log.propensity.push_back(0.5);
    x.number.push_back(static_cast<float>(rng.normal()));
    // A customer of age 0 and no purchases, forecast to the horizon: the expectation of what is drawn above.
    const CustomerSummary fresh{"", 0, 0, 0, 0};
    BgNbdParameters quick = kNewcomers;
    quick.alpha /= faster;
    out.expected.push_back(30 * expected_purchases(kNewcomers, {&fresh, 1}, left + kHorizon)[0].mean);
    out.expected_b.push_back(30 * expected_purchases(quick, {&fresh, 1}, left + kHorizon)[0].mean);
  }
  log.context = {x};
  assign_folds(log, 1);
  digest_rows(log);
  return out;
}

}  // namespace plumb
