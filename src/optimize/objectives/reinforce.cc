// REINFORCE with a baseline: none, the batch's mean, or a learnt value.
#include "optimize/objectives/kernel.h"

namespace plumb {
namespace {

class Reinforce final : public ScoreObjective {
 public:
  explicit Reinforce(const ReinforceOptions& options) : options_(options) {
    require_not_negative("reinforce", "beta", options.beta);
    require_not_negative("reinforce", "value_weight", options.value_weight);
  }
  std::string_view name() const override { return "reinforce"; }
  Needs needs() const override {
    Needs needs;
    needs.reward = true;
    needs.reference_log_prob = needs.old_log_prob = options_.beta > 0;
    needs.old_value = needs.value = options_.baseline == Baseline::kValue;
    return needs;
  }

 private:
  void fill(const Rollout& rollout, Targets& targets) const override {
    targets.advantage = shaped_rewards(rollout, options_.beta);
    if (options_.baseline == Baseline::kMean) {
      double mean = 0;
      for (std::size_t i = 0; i < rollout.sequences(); ++i) mean += targets.weight[i] * targets.advantage[i];
      for (double& a : targets.advantage) a -= mean;
    } else if (options_.baseline == Baseline::kValue) {
      targets.value_target = targets.advantage;
      for (std::size_t i = 0; i < rollout.sequences(); ++i)
        targets.advantage[i] -= rollout.old_value[rollout.offset[i]];
    }
  }

  Item item(const Rollout& rollout, const Targets& targets, std::size_t index, const Outputs& outputs,
            const CotangentView& cotangent) const override {
    Item out = ScoreObjective::item(rollout, targets, index, outputs, cotangent);
    if (options_.baseline == Baseline::kValue) {
      const double error = outputs.value[0] - targets.value_target[index];
      const double factor = targets.weight[index] * options_.value_weight;
      out.loss += 0.5 * factor * error * error;
      cotangent.value[0] = factor * error;
    }
    return out;
  }
  ReinforceOptions options_;
};

}  // namespace

ObjectivePointer reinforce_objective(const ReinforceOptions& options) {
  return std::make_shared<Reinforce>(options);
}

}  // namespace plumb
