// Two logs of one made world: the certificate's, and a later one in which something may have moved.
#pragma once

#include "plumb/monitor.h"
#include "tests/policy/made_log.h"

namespace plumb {

inline const std::vector<MadeOutcome> kMade = {{"value"}, {"harm"}};

// Actions a and b, b with probability `b`. The value of b is above that of a by `effect` + `by_x` x0, in group
// g1 by `group_effect` more; harm of b is `harm`, of a 0. Everything has x0's square on top, which no linear
// model of x0 knows. x0 is normal about `x_mean`; group g1 has share `group`.
struct MadeWorld {
  std::size_t n = 3000;
  std::uint64_t seed = 1;
  double effect = 1, by_x = 0.5, group_effect = 0, harm = 0.1, x_mean = 0, group = 0.2, b = 0.5;
  double square = 0.5, noise = 0.5;
  bool with_logged = true;
  DecisionLog log() const {
    std::vector<MadeDecision> decisions(n);
    const Rng root(seed);
    for (std::size_t i = 0; i < n; ++i) {
      Rng rng = root.stream("decision", i);
      MadeDecision& d = decisions[i];
      d.unit = seed * 1000000 + i;
      d.mu = {1 - b, b};
      d.x = {x_mean + rng.normal(), rng.normal()};
      d.group = rng.bernoulli(group) ? 1 : 0;
      d.chosen = rng.bernoulli(b);
      const double better = effect + by_x * d.x[0] + (d.group == 1 ? group_effect : 0);
      d.value = {d.chosen * better + square * d.x[0] * d.x[0] + noise * rng.normal(),
                 d.chosen * harm + 0.2 * rng.normal()};
    }
    DecisionLog out = made_log({"a", "b"}, kMade, decisions, with_logged);
    out.source = "made-" + std::to_string(seed) + ".csv";
    // Both levels in both logs, in one order: what a reader of files would not promise, nor need.
    FeatureColumn group_column = out.segments[0];
    out.context.push_back(std::move(group_column));
    digest_rows(out);
    return out;
  }
};

inline Goal made_certificate_goal(double minimum_effect = 0.1) {
  Goal goal = made_goal("value", kMade, minimum_effect);
  ConstraintSpec harm;
  harm.outcome = "harm";
  harm.no_worse_than_reference = true;
  harm.margin = 0.1;
  goal.constraints = {harm};
  return goal;
}

inline Monitoring monitored(const DecisionLog& first, const DecisionLog& later, const Goal& goal,
                            PolicyPointer policy = constant_policy("b"),
                            const std::string& reference = "logging", const CertificationOptions& how = {}) {
  return monitor_logs({first,
                       later,
                       goal,
                       {"value", "harm"},
                       policy,
                       policy_from_argument(reference, first, goal, true, 1),
                       policy_from_argument(reference, later, goal, true, 1),
                       how,
                       {}});
}

}  // namespace plumb
