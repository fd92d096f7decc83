// A world where what is best for the goal does harm: action c has the highest value and the highest harm, b is
// good for those with a large x0.
#pragma once

#include "tests/optimize/prepared_log.h"

namespace plumb {

inline const std::vector<MadeOutcome> kTemptingOutcomes = {{"value"}, {"harm"}};

inline std::vector<MadeDecision> tempting_decisions(std::size_t n, std::uint64_t seed = 61) {
  Rng rng(seed);
  std::vector<MadeDecision> out(n);
  for (std::size_t i = 0; i < n; ++i) {
    MadeDecision& d = out[i];
    d.unit = i;
    d.mu = {.5, .3, .2};
    d.x = {rng.normal(), rng.normal()};
    d.group = d.x[1] > 0 ? 1 : 0;
    d.chosen = static_cast<std::uint32_t>(rng.categorical(d.mu));
    const double value[3] = {0, .4 + .5 * d.x[0], 1}, harm[3] = {0, .1, d.group == 1 ? .9 : .5};
    d.value = {value[d.chosen] + .5 * rng.normal(), harm[d.chosen] + .2 * rng.normal()};
  }
  return out;
}

inline DecisionLog tempting_log(std::size_t n, std::uint64_t seed = 61) {
  return made_log({"a", "b", "c"}, kTemptingOutcomes, tempting_decisions(n, seed));
}

inline Goal tempting_goal() { return made_goal("value", kTemptingOutcomes, .05); }

// "harm, no worse than the reference".
inline ConstraintSpec no_more_harm(double margin) {
  ConstraintSpec spec;
  spec.outcome = "harm";
  spec.no_worse_than_reference = true;
  spec.margin = margin;
  return spec;
}

}  // namespace plumb
