#include "optimize/objectives/kernel.h"

#include <fmt/format.h>

namespace plumb {

PolicyTerm clipped_policy_term(double log_prob, double old_log_prob, double advantage, double epsilon_low,
                               double epsilon_high) {
  const BoundedExp ratio = bounded_exp(log_prob - old_log_prob);
  const double clipped = std::clamp(ratio.value, 1 - epsilon_low, 1 + epsilon_high);
  // Inside the clip both branches are the same; the free one carries the slope.
  if (ratio.value * advantage <= clipped * advantage)
    return {-ratio.value * advantage, -ratio.slope * advantage, ratio.extended};
  return {-clipped * advantage, 0, ratio.extended};
}

double sequence_log_ratio(const Rollout& rollout, std::size_t sequence) {
  double sum = 0;
  for (std::size_t t = rollout.offset[sequence]; t < rollout.offset[sequence + 1]; ++t)
    sum += rollout.old_log_prob[t] - rollout.reference_log_prob[t];
  return sum;
}

std::vector<double> shaped_rewards(const Rollout& rollout, double beta) {
  std::vector<double> out = rollout.reward;
  if (beta > 0)
    for (std::size_t i = 0; i < out.size(); ++i) out[i] -= beta * sequence_log_ratio(rollout, i);
  return out;
}

void refuse_overflow(std::string_view objective, std::string_view what, double value) {
  if (!std::isfinite(value)) refuse(objective, what, fmt::format("{}", value), "a finite number");
}

void require_positive(std::string_view where, std::string_view what, double value) {
  if (!(std::isfinite(value) && value > 0))
    refuse(where, what, fmt::format("{}", value), "a finite number > 0");
}

void require_not_negative(std::string_view where, std::string_view what, double value) {
  if (!(std::isfinite(value) && value >= 0))
    refuse(where, what, fmt::format("{}", value), "a finite number >= 0");
}

Needs PairObjective::needs() const {
  Needs needs;
  needs.pairs = true;
  needs.reference_log_prob = with_reference_;
  return needs;
}

Objective::Item PairObjective::item(const Rollout& rollout, const Targets& targets, std::size_t index,
                                    const Outputs& outputs, const CotangentView& cotangent) const {
  const std::size_t chosen = rollout.group_begin(index), first = rollout.offset[chosen];
  double argument[2], length[2];
  for (std::size_t side = 0; side < 2; ++side) {
    double sum = 0;
    for (std::size_t t = rollout.offset[chosen + side]; t < rollout.offset[chosen + side + 1]; ++t)
      sum += outputs.log_prob[t - first] - (with_reference_ ? rollout.reference_log_prob[t] : 0.0);
    length[side] = static_cast<double>(rollout.offset[chosen + side + 1] - rollout.offset[chosen + side]);
    argument[side] = averaged_ ? sum / length[side] : sum;
  }
  const Terms terms_now = terms(argument[0], argument[1], index);
  const double weight = targets.weight[index], slope[2] = {terms_now.by_chosen, terms_now.by_rejected};
  for (std::size_t side = 0; side < 2; ++side) {
    const double each = weight * (averaged_ ? slope[side] / length[side] : slope[side]);
    for (std::size_t t = rollout.offset[chosen + side]; t < rollout.offset[chosen + side + 1]; ++t)
      cotangent.log_prob[t - first] = each;
  }
  return {weight * terms_now.loss, 0};
}

Objective::Item ScoreObjective::item(const Rollout&, const Targets& targets, std::size_t index,
                                     const Outputs& outputs, const CotangentView& cotangent) const {
  const double factor = -targets.weight[index] * targets.advantage[index];
  double sum = 0;
  for (std::size_t t = 0; t < outputs.log_prob.size(); ++t) {
    sum += outputs.log_prob[t];
    cotangent.log_prob[t] = factor;
  }
  return {factor * sum, 0};
}

}  // namespace plumb
