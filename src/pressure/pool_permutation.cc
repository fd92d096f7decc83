// The permutation test of a fall over all numbers together.
#include <algorithm>
#include <cmath>

#include "pressure/pool_curve.h"
#include "pressure/pool_weights.h"

namespace plumb {
namespace {

constexpr std::size_t kPermutations = 999;
constexpr std::size_t kPromptsABlock = 32;

std::vector<std::size_t> some_of(std::span<const std::size_t> numbers) {
  std::vector<std::size_t> out{1};
  const double grow = std::max(
      1.25, std::pow(static_cast<double>(numbers.back()), 1.0 / (static_cast<double>(kPermutedNumbers) - 4)));
  for (const std::size_t n : numbers)
    if (n > 1 && (static_cast<double>(n) >= grow * static_cast<double>(out.back()) || n == numbers.back()))
      out.push_back(n);
  return out;
}

// Of a block of prompts: gains by permutation (the first is none) and number, and their permutation variance.
struct Block {
  Matrix gain{kPermutations + 1, 0};
  std::vector<double> variance;
};

}  // namespace

double PoolPermutations::critical(double alpha, std::size_t numbers) const {
  const auto family = static_cast<double>(std::max<std::size_t>(1, numbers - 1));
  const double one = normal_quantile(1 - alpha / 2), all = normal_quantile(1 - alpha / (2 * family));
  const auto place = static_cast<std::size_t>(std::ceil((1 - alpha) * static_cast<double>(largest.size() + 1)));
  return std::clamp(largest[std::min(place, largest.size()) - 1], one, all);
}

PoolPermutations permuted(const Pool& pool, std::span<const std::size_t> all, const Rng& rng, int threads) {
  const std::vector<std::size_t> numbers = some_of(all);
  const std::size_t prompts = pool.prompt.size(), k = numbers.size();
  std::vector<Block> blocks((prompts + kPromptsABlock - 1) / kPromptsABlock);
  parallel_blocks(blocks.size(), threads, [&](std::size_t b) {
    Block& block = blocks[b];
    block.gain = Matrix(kPermutations + 1, k);
    block.variance.assign(k, 0.0);
    for (std::size_t p = b * kPromptsABlock; p < std::min(prompts, (b + 1) * kPromptsABlock); ++p) {
      const std::size_t first = pool.offset[p], size = pool.offset[p + 1] - first;
      Matrix weight = best_of_n_weights(std::span(pool.proxy).subspan(first, size), numbers);
      std::vector<double> goal(size);
      double mean = 0, spread = 0;
      for (std::size_t c = 0; c < size; ++c) goal[c] = pool.goal[first + c] - pool.goal[first];
      for (const double y : goal) mean += y / static_cast<double>(size);
      for (const double y : goal) spread += (y - mean) * (y - mean) / static_cast<double>(size - 1);
      for (std::size_t j = 1; j < k; ++j) {
        for (std::size_t c = 0; c < size; ++c) {
          weight(j, c) -= weight(0, c);
          block.variance[j] += spread * weight(j, c) * weight(j, c);
        }
      }
      Rng draws = rng.stream("prompt", p);
      for (std::size_t m = 0; m <= kPermutations; ++m) {
        for (std::size_t c = size; m > 0 && c > 1; --c) std::swap(goal[c - 1], goal[draws.below(c)]);
        for (std::size_t j = 1; j < k; ++j)
          for (std::size_t c = 0; c < size; ++c) block.gain(m, j) += weight(j, c) * goal[c];
      }
    }
  });
  std::vector<double> variance(k, 0.0);
  Matrix gain(kPermutations + 1, k);
  for (const Block& block : blocks) {
    for (std::size_t j = 0; j < k; ++j) variance[j] += block.variance[j];
    for (std::size_t at = 0; at < gain.data.size(); ++at) gain.data[at] += block.gain.data[at];
  }
  const auto over_all = [&](std::size_t m, const auto& of) {
    double out = 0;
    for (std::size_t j = 1; j < k; ++j)
      if (variance[j] > 0) out = std::max(out, of(gain(m, j) / std::sqrt(variance[j])));
    return out;
  };
  const auto fall = [&](std::size_t m) { return over_all(m, [](double t) { return -t; }); };
  // Sums of the same numbers in another order differ by rounding: such a one falls as far.
  const double observed = fall(0) * (1 - 1e-9);
  PoolPermutations out;
  std::size_t as_far = 1;
  for (std::size_t m = 1; m <= kPermutations; ++m) {
    as_far += fall(m) >= observed;
    out.largest.push_back(over_all(m, [](double t) { return std::abs(t); }));
  }
  std::sort(out.largest.begin(), out.largest.end());
  out.fall = static_cast<double>(as_far) / static_cast<double>(kPermutations + 1);
  return out;
}

}  // namespace plumb
