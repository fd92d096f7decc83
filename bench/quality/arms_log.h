// Logs of a few arms with known rates, for tables about what few events, heavy tails and few units can show.
#pragma once

#include <cmath>
#include <string>
#include <vector>

#include "plumb/data.h"

namespace plumb::quality {

enum class Draws { kBinary, kCount, kAmount, kNormal, kStudent3, kLognormal };

struct ArmsWorld {
  std::size_t decisions = 1000;
  std::vector<double> share = {0.5, 0.5};   // of every arm, on average
  bool by_context = false;                  // propensities move with the context
  std::vector<double> rate = {0.01, 0.01};  // of an event, by arm
  Draws draws = Draws::kBinary;
  double sigma = 1;        // of log amounts
  double sign = 1;         // -1: costs
  double second_rate = 0;  // > 0: a second, common outcome "satisfied" with this rate
  std::size_t units = 0;   // 0: every decision its own; else so many, of sizes as unequal as exponential draws
  std::size_t rows_each = 1;  // rows of a unit that share arm and outcome's luck
  std::uint64_t seed = 1;
};

inline double draw_outcome(Draws kind, double rate, double sigma, Rng& rng) {
  switch (kind) {
    case Draws::kBinary:
      return rng.bernoulli(rate) ? 1 : 0;
    case Draws::kCount: {  // geometric where there is one at all
      if (!rng.bernoulli(rate)) return 0;
      double n = 1;
      while (rng.bernoulli(0.4)) ++n;
      return n;
    }
    case Draws::kAmount:
      return rng.bernoulli(rate) ? std::exp(sigma * rng.normal()) : 0;
    case Draws::kNormal:
      return rng.normal();
    case Draws::kStudent3: {
      const double a = rng.normal(), b = rng.normal(), c = rng.normal();
      return rng.normal() / std::sqrt((a * a + b * b + c * c) / 3);
    }
    case Draws::kLognormal:
      return std::exp(sigma * rng.normal());
  }
  return 0;
}

inline DecisionLog arms_log(const ArmsWorld& world) {
  DecisionLog log;
  log.source = "arms";
  log.fixed_actions = true;
  log.unit_named = world.units > 0 || world.rows_each > 1;
  log.offset = {0};
  const std::size_t arms = world.share.size();
  for (std::size_t a = 0; a < arms; ++a) log.actions.push_back("a" + std::to_string(a));
  OutcomeColumn y, second;
  y.name = "y";
  y.kind = world.draws == Draws::kBinary   ? OutcomeKind::kBinary
           : world.draws == Draws::kCount  ? OutcomeKind::kCount
           : world.draws == Draws::kAmount ? OutcomeKind::kAmount
                                           : OutcomeKind::kNumber;
  second.name = "satisfied";
  second.kind = OutcomeKind::kBinary;
  FeatureColumn x;
  x.name = "x";
  const Rng root(world.seed);
  std::vector<double> size;  // cumulative sizes of units
  for (std::size_t u = 0; u < world.units; ++u) {
    Rng rng = root.stream("size", u);
    size.push_back((size.empty() ? 0 : size.back()) + 0.2 + rng.exponential());
  }
  for (std::size_t d = 0; d * world.rows_each < world.decisions; ++d) {
    Rng rng = root.stream("decision", d);
    const double context = rng.normal();
    std::vector<double> mu = world.share;
    if (world.by_context) {
      double sum = 0;
      for (std::size_t a = 0; a < arms; ++a) {
        mu[a] *= std::exp(0.7 * context * (static_cast<double>(a % 3) - 1));
        sum += mu[a];
      }
      for (double& m : mu) m /= sum;
    }
    const std::size_t arm = rng.categorical(mu);
    std::uint64_t unit = hash_combine(d, 11);
    if (!size.empty()) {
      const double at = rng.uniform() * size.back();
      unit = hash_combine(
          static_cast<std::uint64_t>(std::lower_bound(size.begin(), size.end(), at) - size.begin()), 13);
    }
    const double value = world.sign * draw_outcome(world.draws, world.rate[arm], world.sigma, rng);
    for (std::size_t r = 0; r < world.rows_each; ++r) {
      log.unit.push_back(unit);
      for (std::size_t a = 0; a < arms; ++a) {
        log.action.push_back(static_cast<std::uint32_t>(a));
        log.logged.push_back(static_cast<float>(mu[a]));
      }
      log.offset.push_back(log.action.size());
      log.chosen.push_back(static_cast<std::uint32_t>(arm));
      log.propensity.push_back(static_cast<double>(static_cast<float>(mu[arm])));
      x.number.push_back(static_cast<float>(context));
      y.value.push_back(value);
      second.value.push_back(world.second_rate > 0 && rng.bernoulli(world.second_rate) ? 1 : 0);
      for (OutcomeColumn* column : {&y, &second}) {
        column->state.push_back(State::kObserved);
        ++column->observed_count;
        column->nonzero_count += column->value.back() != 0;
      }
    }
  }
  log.context.push_back(std::move(x));
  log.outcomes.push_back(std::move(y));
  if (world.second_rate > 0) log.outcomes.push_back(std::move(second));
  digest_rows(log);
  assign_folds(log, 1);
  return log;
}

inline Goal arms_goal(const ArmsWorld& world, double minimum_effect, const std::string& extra = "") {
  const std::string kind = world.draws == Draws::kBinary                     ? "binary"
                           : world.draws == Draws::kCount                    ? "count"
                           : world.draws == Draws::kAmount && world.sign > 0 ? "amount"
                                                                             : "number";
  std::string text = "[goal]\nmaximize = \"" + std::string(world.second_rate > 0 ? "satisfied - 20 * y" : "y") +
                     "\"\nminimum_effect = " + std::to_string(minimum_effect) + "\n[outcome.y]\nkind = \"" +
                     kind + "\"\n";
  if (world.second_rate > 0) text += "[outcome.satisfied]\nkind = \"binary\"\n";
  return parse_goal(text + extra);
}

}  // namespace plumb::quality
