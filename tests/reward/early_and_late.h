// Decisions with early outcomes that foretell a late one, which is seen of the older part only.
#pragma once

#include <string>

#include "plumb/data.h"

namespace plumb {

struct EarlyAndLate {
  std::size_t decisions = 2000;
  double mature = 0.25;  // share whose late outcome is seen
  double noise = 8;      // of the late outcome
  double direct = 0;     // effect of action b on the late outcome that no early one carries
  std::uint64_t seed = 1;
};
// Both actions with probability 1/2. dwell = .6 b + .5 x + e; click ~ .2 + .1 b; late = dwell + 2 click + .5 x
// + .3 x dwell + direct b + noise, x and e standard normal. So b is better by .8 + direct in `late`, .8 of
// which the early outcomes carry.
inline constexpr double kCarried = 0.8;

inline DecisionLog early_and_late(const EarlyAndLate& world) {
  DecisionLog log;
  log.source = "early and late";
  log.actions = {"a", "b"};
  log.fixed_actions = true;
  log.unit_named = true;
  Rng rng = Rng(world.seed).stream("early and late");
  FeatureColumn x;
  x.name = "x";
  OutcomeColumn dwell, click, late;
  dwell.name = "dwell";
  click.name = "click";
  click.kind = OutcomeKind::kBinary;
  late.name = "late";
  log.offset.push_back(0);
  for (std::size_t i = 0; i < world.decisions; ++i) {
    const double context = rng.normal();
    const std::uint32_t chosen = rng.uniform() < 0.5 ? 1 : 0;
    const double b = chosen, d = 0.6 * b + 0.5 * context + rng.normal(),
                 c = rng.uniform() < 0.2 + 0.1 * b ? 1 : 0;
    const double y =
        d + 2 * c + 0.5 * context + 0.3 * context * d + world.direct * b + world.noise * rng.normal();
    log.unit.push_back(hash_bytes("unit " + std::to_string(i)));
    log.offset.push_back(2 * (i + 1));
    log.action.insert(log.action.end(), {0, 1});
    log.logged.insert(log.logged.end(), {0.5f, 0.5f});
    log.chosen.push_back(chosen);
    log.propensity.push_back(0.5);
    x.number.push_back(static_cast<float>(context));
    const bool seen = rng.uniform() < world.mature;
    dwell.value.push_back(d);
    dwell.state.push_back(State::kObserved);
    click.value.push_back(c);
    click.state.push_back(State::kObserved);
    late.value.push_back(seen ? y : 0);
    late.state.push_back(seen ? State::kObserved : State::kImmature);
  }
  log.context = {x};
  log.outcomes = {dwell, click, late};
  assign_folds(log, 1);
  digest_rows(log);
  return log;
}

inline OutcomeSpec index_of_late() {
  OutcomeSpec spec;
  spec.name = "index";
  spec.model = "surrogate_index";
  spec.of = "late";
  spec.surrogates = {"dwell", "click"};
  return spec;
}

}  // namespace plumb
