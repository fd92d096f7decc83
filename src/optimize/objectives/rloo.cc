// RLOO: the baseline of a sequence is the mean of the others of its group.
#include "optimize/objectives/kernel.h"

namespace plumb {
namespace {

class Rloo final : public ScoreObjective {
 public:
  explicit Rloo(double beta) : beta_(beta) { require_not_negative("rloo", "beta", beta); }
  std::string_view name() const override { return "rloo"; }
  Needs needs() const override {
    Needs needs;
    needs.reward = true;
    needs.reference_log_prob = needs.old_log_prob = beta_ > 0;
    needs.smallest_group = 2;
    return needs;
  }

 private:
  void fill(const Rollout& rollout, Targets& targets) const override {
    targets.advantage = shaped_rewards(rollout, beta_);
    for (std::size_t g = 0; g < rollout.groups(); ++g) {
      const std::size_t begin = rollout.group_begin(g), end = rollout.group_begin(g + 1);
      const double others = static_cast<double>(end - begin - 1);
      double sum = 0;
      for (std::size_t i = begin; i < end; ++i) sum += targets.advantage[i];
      for (std::size_t i = begin; i < end; ++i) {
        const double reward = targets.advantage[i];
        targets.advantage[i] = reward - (sum - reward) / others;
      }
    }
  }
  double beta_;
};

}  // namespace

ObjectivePointer rloo_objective(double beta) { return std::make_shared<Rloo>(beta); }

}  // namespace plumb
