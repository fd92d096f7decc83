// Logs of two arms with known rates, for what few events can show.
#pragma once

#include <cmath>
#include <string>

#include "plumb/evaluate.h"

namespace plumb {

struct TwoArms {
  std::size_t decisions = 1000;  // units
  double share = 0.5;            // of arm b
  double rate_a = 0.1, rate_b = 0.1;
  double amount_sigma = 0;  // > 0: events are lognormal amounts
  bool mirrored = false;    // 1 - y
  std::size_t rows = 1;     // of every unit, all alike
  std::uint64_t seed = 1;
};

inline DecisionLog two_arms(const TwoArms& world) {
  DecisionLog log;
  log.source = "two arms";
  log.actions = {"a", "b"};
  log.fixed_actions = true;
  log.unit_named = world.rows > 1;
  log.offset = {0};
  OutcomeColumn y;
  y.name = "y";
  y.kind = world.amount_sigma > 0 ? OutcomeKind::kAmount : OutcomeKind::kBinary;
  FeatureColumn x;
  x.name = "x";
  const Rng root(world.seed);
  for (std::size_t u = 0; u < world.decisions; ++u) {
    Rng rng = root.stream("unit", u);
    const bool b = rng.bernoulli(world.share);
    const bool event = rng.bernoulli(b ? world.rate_b : world.rate_a);
    const auto feature = static_cast<float>(rng.normal());
    double value = event ? 1 : 0;
    if (world.amount_sigma > 0) value *= std::exp(world.amount_sigma * rng.normal());
    if (world.mirrored) value = 1 - value;
    for (std::size_t r = 0; r < world.rows; ++r) {
      log.unit.push_back(hash_combine(u, 7));
      log.action.insert(log.action.end(), {0, 1});
      log.logged.insert(log.logged.end(),
                        {static_cast<float>(1 - world.share), static_cast<float>(world.share)});
      log.offset.push_back(log.action.size());
      log.chosen.push_back(b ? 1 : 0);
      log.propensity.push_back(b ? world.share : 1 - world.share);
      x.number.push_back(feature);
      y.value.push_back(value);
      y.state.push_back(State::kObserved);
      ++y.observed_count;
      y.nonzero_count += value != 0;
    }
  }
  log.context.push_back(std::move(x));
  log.outcomes.push_back(std::move(y));
  digest_rows(log);
  assign_folds(log, 1);
  return log;
}

}  // namespace plumb
