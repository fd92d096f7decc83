// Private to reward: multipliers that leave out the groups of one fold.
#pragma once

#include <vector>

#include "plumb/text_reward.h"
#include "reward/text_likelihood.h"

namespace plumb::text {

// Distinct groups of all judgements, in order of value, and each judgement's place among them.
struct Groups {
  std::vector<std::uint64_t> id;
  std::vector<std::size_t> pair, rating, thumb;
  std::vector<double> weight;  // of a group: its judgements' weights summed
};
Groups groups_of(const Judged& judged);

// Multipliers by a factor a group.
Multipliers by_group(const Groups& groups, const std::vector<double>& factor);
// Each group's fold; heaviest first into the lightest.
std::vector<int> folds_of(const Groups& groups, int folds);

}  // namespace plumb::text
