// The loss of a reward model: its score of a sequence is the value at the last token.
#include "optimize/objectives/kernel.h"

namespace plumb {
namespace {

class BradleyTerry final : public Objective {
 public:
  explicit BradleyTerry(double centering) : centering_(centering) {
    require_not_negative("bradley_terry", "centering", centering);
  }
  std::string_view name() const override { return "bradley_terry"; }
  Needs needs() const override {
    Needs needs;
    needs.pairs = true;
    needs.log_prob = false;
    needs.value = true;
    return needs;
  }

 private:
  Item item(const Rollout& rollout, const Targets& targets, std::size_t index, const Outputs& outputs,
            const CotangentView& cotangent) const override {
    const std::size_t sequence = rollout.group_begin(index), first = rollout.offset[sequence];
    const std::size_t chosen = rollout.offset[sequence + 1] - first - 1, rejected = outputs.value.size() - 1;
    const double margin = rollout.margin.empty() ? 0.0 : rollout.margin[index];
    const double sum = outputs.value[chosen] + outputs.value[rejected];
    const double x = outputs.value[chosen] - outputs.value[rejected] - margin;
    const double weight = targets.weight[index], slope = sigmoid(-x), centre = 2 * centering_ * sum;
    cotangent.value[chosen] = weight * (centre - slope);
    cotangent.value[rejected] = weight * (centre + slope);
    return {weight * (minus_log_sigmoid(x) + centering_ * sum * sum), 0};
  }
  double centering_;
};

}  // namespace

ObjectivePointer bradley_terry_objective(double centering) { return std::make_shared<BradleyTerry>(centering); }

}  // namespace plumb
