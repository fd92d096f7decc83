// PPO: generalized advantages of token rewards that carry the KL, a clipped ratio, a clipped value loss, an
// entropy bonus.
#include <fmt/format.h>

#include "optimize/objectives/kernel.h"

namespace plumb {
namespace {

void require_share(std::string_view what, double value) {
  if (!(value >= 0 && value <= 1)) refuse("ppo", what, fmt::format("{}", value), "a number in [0, 1]");
}

class Ppo final : public Objective {
 public:
  explicit Ppo(const PpoOptions& options) : options_(options) {
    require_not_negative("ppo", "beta", options.beta);
    require_share("gamma", options.gamma);
    require_share("lambda", options.lambda);
    require_not_negative("ppo", "epsilon", options.epsilon);
    require_not_negative("ppo", "value_weight", options.value_weight);
    if (!(options.value_clip >= 0))
      refuse("ppo", "value_clip", fmt::format("{}", options.value_clip), "a number >= 0, or infinity");
    require_not_negative("ppo", "entropy_weight", options.entropy_weight);
  }
  std::string_view name() const override { return "ppo"; }
  Needs needs() const override {
    Needs needs;
    needs.reward = needs.old_log_prob = needs.old_value = needs.value = true;
    needs.reference_log_prob = options_.beta > 0;
    needs.entropy = options_.entropy_weight > 0;
    return needs;
  }

 private:
  void fill(const Rollout& rollout, Targets& targets) const override {
    double tokens = 0;
    std::vector<double> reward;
    targets.advantage.reserve(rollout.tokens());
    for (std::size_t i = 0; i < rollout.sequences(); ++i) {
      const std::size_t first = rollout.offset[i], length = rollout.offset[i + 1] - first;
      tokens += targets.weight[i] * static_cast<double>(length);
      reward.assign(length, 0.0);
      if (options_.beta > 0)
        for (std::size_t t = 0; t < length; ++t)
          reward[t] =
              -options_.beta * (rollout.old_log_prob[first + t] - rollout.reference_log_prob[first + t]);
      reward.back() += rollout.reward[i];
      const std::vector<double> advantage =
          gae(reward, std::span<const double>(rollout.old_value).subspan(first, length), options_.gamma,
              options_.lambda);
      targets.advantage.insert(targets.advantage.end(), advantage.begin(), advantage.end());
    }
    for (double& weight : targets.weight) weight /= tokens;
    targets.value_target = targets.advantage;
    for (std::size_t t = 0; t < targets.value_target.size(); ++t)
      targets.value_target[t] += rollout.old_value[t];
  }

  Item item(const Rollout& rollout, const Targets& targets, std::size_t index, const Outputs& outputs,
            const CotangentView& cotangent) const override {
    const std::size_t first = rollout.offset[index];
    const double weight = targets.weight[index];
    Item out;
    double sum = 0;
    for (std::size_t t = 0; t < outputs.log_prob.size(); ++t) {
      const PolicyTerm policy =
          clipped_policy_term(outputs.log_prob[t], rollout.old_log_prob[first + t],
                              targets.advantage[first + t], options_.epsilon, options_.epsilon);
      const double old = rollout.old_value[first + t], target = targets.value_target[first + t];
      const double moved = outputs.value[t] - old,
                   clip = std::clamp(moved, -options_.value_clip, options_.value_clip);
      const double free_error = outputs.value[t] - target, clipped_error = old + clip - target;
      // Where the clip does not bind both errors are the same number up to rounding: take the free one.
      const bool bound = clip != moved && clipped_error * clipped_error > free_error * free_error;
      const double error = bound ? clipped_error : free_error;
      sum += policy.loss + 0.5 * options_.value_weight * error * error;
      cotangent.log_prob[t] = weight * policy.slope;
      cotangent.value[t] = bound ? 0 : weight * options_.value_weight * error;
      if (options_.entropy_weight > 0) {
        sum -= options_.entropy_weight * outputs.entropy[t];
        cotangent.entropy[t] = -weight * options_.entropy_weight;
      }
      out.extended += policy.extended;
    }
    out.loss = weight * sum;
    return out;
  }
  PpoOptions options_;
};

}  // namespace

ObjectivePointer ppo_objective(const PpoOptions& options) { return std::make_shared<Ppo>(options); }

std::vector<double> gae(std::span<const double> reward, std::span<const double> value, double gamma,
                        double lambda) {
  if (reward.size() != value.size())
    refuse("gae", "values", fmt::format("{}", value.size()), fmt::format("{}, one a reward", reward.size()));
  std::vector<double> advantage(reward.size());
  double next_value = 0, next_advantage = 0;
  for (std::size_t t = reward.size(); t-- > 0;) {
    next_advantage = reward[t] + gamma * next_value - value[t] + gamma * lambda * next_advantage;
    next_value = value[t];
    advantage[t] = next_advantage;
  }
  return advantage;
}

}  // namespace plumb
