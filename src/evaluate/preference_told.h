// What the comparisons behind a preference tell of a policy's value, and whether that is enough for a number.
#pragma once

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "plumb/evaluate.h"
#include "plumb/preferred.h"

namespace plumb {

// shift: by variant, as design_shift gives it.
PreferenceTold preference_told(const PreferenceModel& model, const std::vector<std::vector<double>>& shift);

// Why a weighted sum of policies has no number; empty where it has one. A policy that is the logging one, or
// was not told, counts as no shift.
std::string not_told(const PreferenceModel& model,
                     std::span<const std::pair<const PreferenceTold*, double>> policies);

// What prompts add to the variance that people have, and the clusters of the smaller kind; of the weighted sum
// of policies, in units of their sums over decisions.
struct DrawnPrompts {
  double added = 0;
  double clusters = 0;
};
DrawnPrompts drawn_prompts(std::span<const std::pair<const PreferenceTold*, double>> policies);

}  // namespace plumb
