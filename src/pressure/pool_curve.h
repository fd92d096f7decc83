// The goal of best-of-n over prompts, and which interval a difference of it gets.
#pragma once

#include <vector>

#include "plumb/policy_contrast.h"
#include "plumb/pool.h"

namespace plumb {

// 1, 2, and so on up to the size of the smallest prompt, as PoolAudit has them.
std::vector<std::size_t> numbers_up_to(std::size_t most);

// By prompt and number: expected proxy, goal and KL of what is taken. Prompt-major.
std::vector<BestOfN> pool_values(const Pool& pool, std::span<const std::size_t> numbers, int threads);

// The goal at every number less that at numbers[base], as parts for interval_of: prompts are the units. A goal
// that is mostly one value gets gamma limits where a side holds few effective events, as every contrast of
// policies does (plumb/policy_contrast.h, whose rules for amounts and tails hold here as well). Elsewhere the
// error is the larger of that of the prompts' means and of that which the goal's spread within prompts would
// give whatever the proxy: the best of n is one candidate a prompt, too few to know a skewed goal's spread by.
std::vector<ContrastParts> pool_goal_parts(const Pool& pool, std::span<const std::size_t> numbers,
                                           std::size_t base, int threads);

// Goals permuted within prompts 999 times: what gains, in units of their permutation error, would be if the
// proxy said nothing of the goal. At most kPermutedNumbers of the numbers, in steps that grow.
struct PoolPermutations {
  double fall = 1;  // how probable it is to fall anywhere over all numbers as far as these goals do; exact
                    // where proxy and goal are independent given the prompt, whatever the goal's distribution
  std::vector<double> largest;  // |gain| of a permutation, over all numbers together; ascending
  // Exceeded anywhere with probability alpha, between the normal quantile of one number and Bonferroni's.
  double critical(double alpha, std::size_t numbers) const;
};
inline constexpr std::size_t kPermutedNumbers = 20;
PoolPermutations permuted(const Pool& pool, std::span<const std::size_t> numbers, const Rng& rng, int threads);

}  // namespace plumb
