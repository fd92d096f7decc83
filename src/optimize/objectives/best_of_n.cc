// Best-of-n: the winners, how likely each draw is to be one, and the policy distilled from them.
#include <fmt/format.h>

#include <numeric>

#include "optimize/objectives/kernel.h"
#include "optimize/objectives/rollout.h"

namespace plumb {
namespace {

class BestOfN final : public ScoreObjective {
 public:
  explicit BestOfN(std::size_t n) : n_(n) {}
  std::string_view name() const override { return "best_of_n"; }
  Needs needs() const override {
    Needs needs;
    needs.reward = true;
    return needs;
  }

 private:
  // As advantages: the weight of a group is spread over its sequences by their chance to be the best.
  void fill(const Rollout& rollout, Targets& targets) const override {
    double sum = 0;
    for (std::size_t g = 0; g < rollout.groups(); ++g) sum += group_weight(rollout, g);
    targets.advantage.reserve(rollout.sequences());
    for (std::size_t g = 0; g < rollout.groups(); ++g) {
      const std::size_t begin = rollout.group_begin(g), size = rollout.group_begin(g + 1) - begin;
      if (n_ > size)
        refuse("best_of_n", fmt::format("group {}", g), fmt::format("{} sequences", size),
               fmt::format("at least n, {}", n_));
      const auto chance =
          best_of_n_weights(std::span<const double>(rollout.reward).subspan(begin, size), n_ == 0 ? size : n_);
      for (std::size_t i = 0; i < size; ++i) {
        targets.advantage.push_back(chance[i]);
        targets.weight[begin + i] = group_weight(rollout, g) / sum;
      }
    }
  }
  std::size_t n_;
};

}  // namespace

ObjectivePointer best_of_n_objective(std::size_t n) { return std::make_shared<BestOfN>(n); }

std::vector<std::size_t> best_of_n(const Rollout& rollout) {
  Needs needs;
  needs.reward = true;
  check_rollout(rollout, needs, "best_of_n");
  std::vector<std::size_t> winner(rollout.groups());
  for (std::size_t g = 0; g < winner.size(); ++g) {
    winner[g] = rollout.group_begin(g);
    for (std::size_t i = winner[g] + 1; i < rollout.group_begin(g + 1); ++i)
      if (rollout.reward[i] > rollout.reward[winner[g]]) winner[g] = i;
  }
  return winner;
}

std::vector<double> best_of_n_weights(std::span<const double> reward, std::size_t n) {
  const std::size_t count = reward.size();
  if (n == 0 || n > count)
    refuse("best_of_n_weights", "n", fmt::format("{}", n), fmt::format("1 to {}", count));
  for (std::size_t i = 0; i < count; ++i)
    if (!std::isfinite(reward[i]))
      refuse("best_of_n_weights", fmt::format("reward {}", i), fmt::format("{}", reward[i]), "a finite number");
  // C(k-1, n-1)/C(N, n) by rank k, from the top: n/N, then times (k - n + 1)/k for each rank below.
  std::vector<double> of_rank(count + 1, 0.0);
  of_rank[count] = static_cast<double>(n) / static_cast<double>(count);
  for (std::size_t k = count - 1; k >= n && k > 0; --k)
    of_rank[k] = of_rank[k + 1] * static_cast<double>(k + 1 - n) / static_cast<double>(k);

  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return reward[a] < reward[b]; });
  std::vector<double> weight(count);
  for (std::size_t begin = 0, end; begin < count; begin = end) {
    double sum = 0;
    for (end = begin; end < count && reward[order[end]] == reward[order[begin]]; ++end) sum += of_rank[end + 1];
    for (std::size_t k = begin; k < end; ++k) weight[order[k]] = sum / static_cast<double>(end - begin);
  }
  return weight;
}

}  // namespace plumb
