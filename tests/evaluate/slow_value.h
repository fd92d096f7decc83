// The value of a policy the slow and obvious way, and a log with everything in it: what fast code is compared
// with.
#pragma once

#include <cmath>
#include <map>

#include "plumb/evaluate.h"
#include "tests/policy/made_log.h"

namespace plumb {

struct SlowValue {
  double value = 0, standard_error = 0;
};

// One policy, one outcome, one subset, by the formulas of the header: w = pi/p, v = w o/s; a row counts r
// times.
inline SlowValue slow_value(const DecisionLog& log, const OutcomeModels& models, std::size_t outcome,
                            const std::vector<float>& pi, const std::vector<std::uint8_t>& mask,
                            Estimator estimator) {
  const OutcomeColumn& y = log.outcome(models.outcome[outcome]);
  std::map<std::size_t, double> numerator, denominator;  // by bucket
  double total = 0, under = 0;
  for (std::size_t i = 0; i < log.size(); ++i) {
    if (!mask[i] || y.state[i] == State::kImmature) continue;
    const double asked = y.asked.empty() ? 1 : y.asked[i];
    const double v = y.state[i] == State::kObserved ? pi[log.chosen_row(i)] / log.propensity[i] / asked : 0;
    double up = v * y.value[i], down = 1;
    if (estimator == Estimator::kSnips) down = v;
    if (estimator == Estimator::kDr) {
      up = v * (y.value[i] - models.q[outcome][log.chosen_row(i)]);
      for (std::size_t row = log.offset[i]; row < log.offset[i + 1]; ++row)
        up += static_cast<double>(pi[row]) * models.q[outcome][row];
    }
    const double r = log.weight.empty() ? 1 : log.weight[i];
    up *= r;
    down *= r;
    numerator[bucket_of(log.unit[i])] += up;
    denominator[bucket_of(log.unit[i])] += down;
    total += up;
    under += down;
  }
  SlowValue out;
  out.value = total / under;
  double squares = 0, used = 0;
  for (const auto& [bucket, up] : numerator) {
    const double s = (up - out.value * denominator[bucket]) / under;
    squares += s * s;
    used += denominator[bucket] != 0;
  }
  out.standard_error = std::sqrt(squares * used / (used - 1));
  return out;
}

// Three actions with probabilities that differ by decision; outcome "y" always there, "late" sometimes too
// young, "asked" asked of three in ten; some units repeat.
inline std::vector<MadeDecision> mixed_decisions(std::size_t n) {
  Rng rng(21);
  std::vector<MadeDecision> out(n);
  for (std::size_t i = 0; i < n; ++i) {
    MadeDecision& d = out[i];
    d.unit = rng.below(n);
    const double e = .05 + .3 * rng.uniform();
    d.mu = {e, .9 - e, .1};
    d.chosen = static_cast<std::uint32_t>(rng.categorical(d.mu));
    d.group = static_cast<std::uint32_t>(rng.below(2));
    d.value = {rng.normal() + d.chosen, rng.exponential(), rng.bernoulli(.4) ? 1.0 : 0.0};
    d.state = {State::kObserved, rng.bernoulli(.2) ? State::kImmature : State::kObserved,
               rng.bernoulli(.3) ? State::kObserved : State::kMissing};
    if (rng.bernoulli(.05)) d.state[2] = State::kImmature;
  }
  return out;
}
inline const std::vector<MadeOutcome> kMixedOutcomes = {
    {"y"}, {"late", OutcomeKind::kAmount}, {"asked", OutcomeKind::kBinary, .3}};

inline DecisionLog mixed_log(std::size_t n) {
  return made_log({"a", "b", "c"}, kMixedOutcomes, mixed_decisions(n));
}

inline OutcomeModels arbitrary_models(const DecisionLog& log) {
  return made_models(log, [](std::size_t j, std::size_t i, std::size_t a) {
    return std::sin(static_cast<double>(7 * i + 3 * a + j)) + static_cast<double>(a);
  });
}

inline std::vector<float> arbitrary_policy(const DecisionLog& log, std::uint64_t seed) {
  Rng rng(seed);
  std::vector<float> p;
  for (std::size_t i = 0; i < log.size(); ++i) {
    double share[3] = {rng.exponential(), rng.exponential(), rng.bernoulli(.5) ? 0 : rng.exponential()};
    const double total = share[0] + share[1] + share[2];
    for (const double s : share) p.push_back(static_cast<float>(s / total));
  }
  return p;
}

}  // namespace plumb
