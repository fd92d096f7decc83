// KTO: thumbs instead of pairs; the point of reference z0 is the batch's KL, a constant in derivatives.
#include "optimize/objectives/kernel.h"

namespace plumb {
namespace {

class Kto final : public Objective {
 public:
  explicit Kto(const KtoOptions& options) : options_(options) {
    require_positive("kto", "beta", options.beta);
    require_not_negative("kto", "desirable_weight", options.desirable_weight);
    require_not_negative("kto", "undesirable_weight", options.undesirable_weight);
  }
  std::string_view name() const override { return "kto"; }
  Needs needs() const override {
    Needs needs;
    needs.reference_log_prob = needs.old_log_prob = needs.desirable = true;
    return needs;
  }

 private:
  void fill(const Rollout& rollout, Targets& targets) const override {
    double kl = 0;
    if (rollout.kl_log_ratio.empty()) {
      for (std::size_t i = 0; i < rollout.sequences(); ++i)
        kl += targets.weight[i] * sequence_log_ratio(rollout, i);
    } else {
      for (const double ratio : rollout.kl_log_ratio) kl += ratio;
      kl /= static_cast<double>(rollout.kl_log_ratio.size());
    }
    refuse_overflow("kto", "mean log-ratio", kl);
    targets.kl = std::max(0.0, kl);
  }

  Item item(const Rollout& rollout, const Targets& targets, std::size_t index, const Outputs& outputs,
            const CotangentView& cotangent) const override {
    const std::size_t first = rollout.offset[index];
    double ratio = 0;
    for (std::size_t t = 0; t < outputs.log_prob.size(); ++t)
      ratio += outputs.log_prob[t] - rollout.reference_log_prob[first + t];
    const bool desirable = rollout.desirable[index] != 0;
    const double sign = desirable ? 1 : -1;
    const double x = sign * options_.beta * (ratio - targets.kl);
    const double weight =
        targets.weight[index] * (desirable ? options_.desirable_weight : options_.undesirable_weight);
    // 1 - s(x) = s(-x), which keeps its digits where s(x) is near 1.
    const double slope = -weight * sign * options_.beta * sigmoid(x) * sigmoid(-x);
    for (double& c : cotangent.log_prob) c = slope;
    return {weight * sigmoid(-x), 0};
  }
  KtoOptions options_;
};

}  // namespace

ObjectivePointer kto_objective(const KtoOptions& options) { return std::make_shared<Kto>(options); }

}  // namespace plumb
