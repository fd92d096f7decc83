// GRPO: advantages within a group of answers to one prompt, a clipped ratio, the KL estimate in the loss. The
// published variants differ in the reduction over tokens and in the division by the group's deviation.
#include <fmt/format.h>

#include "optimize/objectives/kernel.h"

namespace plumb {
namespace {

constexpr double kStdFloor = 1e-4;

class Grpo final : public Objective {
 public:
  explicit Grpo(const GrpoOptions& options) : options_(options) {
    require_not_negative("grpo", "beta", options.beta);
    require_not_negative("grpo", "epsilon_low", options.epsilon_low);
    require_not_negative("grpo", "epsilon_high", options.epsilon_high);
    if (options.reduction == Reduction::kMaxLength && options.max_length == 0)
      refuse("grpo", "max_length", "0", "the most tokens that a sequence may have");
  }
  std::string_view name() const override { return "grpo"; }
  Needs needs() const override {
    Needs needs;
    needs.reward = needs.old_log_prob = true;
    needs.reference_log_prob = options_.beta > 0;
    needs.smallest_group = 2;
    return needs;
  }

 private:
  void fill(const Rollout& rollout, Targets& targets) const override {
    targets.advantage = rollout.reward;
    for (std::size_t g = 0; g < rollout.groups(); ++g) {
      const std::size_t begin = rollout.group_begin(g), end = rollout.group_begin(g + 1);
      const double count = static_cast<double>(end - begin);
      double mean = 0, squares = 0;
      for (std::size_t i = begin; i < end; ++i) mean += rollout.reward[i];
      mean /= count;
      for (std::size_t i = begin; i < end; ++i)
        squares += (rollout.reward[i] - mean) * (rollout.reward[i] - mean);
      const double scale = options_.divide_by_std ? std::sqrt(squares / (count - 1)) + kStdFloor : 1;
      for (std::size_t i = begin; i < end; ++i) targets.advantage[i] = (rollout.reward[i] - mean) / scale;
    }
    reduce(rollout, targets);
  }

  // targets.weight: from a mean over sequences to what multiplies a token's loss.
  void reduce(const Rollout& rollout, Targets& targets) const {
    const auto length = [&](std::size_t i) {
      return static_cast<double>(rollout.offset[i + 1] - rollout.offset[i]);
    };
    if (options_.reduction == Reduction::kToken) {
      double tokens = 0;
      for (std::size_t i = 0; i < rollout.sequences(); ++i) tokens += targets.weight[i] * length(i);
      for (double& weight : targets.weight) weight /= tokens;
      return;
    }
    if (options_.reduction == Reduction::kGroupToken) {
      double weights = 0;
      for (std::size_t g = 0; g < rollout.groups(); ++g) weights += group_weight(rollout, g);
      for (std::size_t g = 0; g < rollout.groups(); ++g) {
        const std::size_t begin = rollout.group_begin(g), end = rollout.group_begin(g + 1);
        const double tokens = static_cast<double>(rollout.offset[end] - rollout.offset[begin]);
        for (std::size_t i = begin; i < end; ++i)
          targets.weight[i] = group_weight(rollout, g) / (weights * tokens);
      }
      return;
    }
    for (std::size_t i = 0; i < rollout.sequences(); ++i) {
      if (options_.reduction == Reduction::kSequence) {
        targets.weight[i] /= length(i);
      } else {
        const std::size_t tokens = rollout.offset[i + 1] - rollout.offset[i];
        if (tokens > options_.max_length)
          refuse("grpo", fmt::format("sequence {}", i), fmt::format("{} tokens", tokens),
                 fmt::format("at most max_length, {}", options_.max_length));
        targets.weight[i] /= static_cast<double>(options_.max_length);
      }
    }
  }

  Item item(const Rollout& rollout, const Targets& targets, std::size_t index, const Outputs& outputs,
            const CotangentView& cotangent) const override {
    const std::size_t first = rollout.offset[index];
    const double weight = targets.weight[index];
    Item out;
    double sum = 0;
    for (std::size_t t = 0; t < outputs.log_prob.size(); ++t) {
      const double log_prob = outputs.log_prob[t];
      PolicyTerm term = clipped_policy_term(log_prob, rollout.old_log_prob[first + t], targets.advantage[index],
                                            options_.epsilon_low, options_.epsilon_high);
      if (options_.beta > 0) {
        const double reference = rollout.reference_log_prob[first + t];
        const ValueAndSlope kl = kl_estimate(options_.kl, log_prob, reference);
        term.loss += options_.beta * kl.value;
        term.slope += options_.beta * kl.slope;
        term.extended |= options_.kl == KlEstimator::kK3 && reference - log_prob > kLargestLogRatio;
      }
      sum += term.loss;
      cotangent.log_prob[t] = weight * term.slope;
      out.extended += term.extended;
    }
    out.loss = weight * sum;
    return out;
  }
  GrpoOptions options_;
};

}  // namespace

ObjectivePointer grpo_objective(const GrpoOptions& options) { return std::make_shared<Grpo>(options); }

}  // namespace plumb
