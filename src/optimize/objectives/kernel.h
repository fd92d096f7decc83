// What the objectives share: the logistic function without overflow, exp continued linearly where it would
// overflow, the clipped policy term, and the two shapes that most losses have: of a pair, and of a sequence's
// summed log-probability.
#pragma once

#include <algorithm>
#include <cmath>
#include <string_view>

#include "plumb/objectives.h"

namespace plumb {

inline double sigmoid(double x) {
  if (x >= 0) return 1 / (1 + std::exp(-x));
  const double e = std::exp(x);
  return e / (1 + e);
}
// -log s(x), never overflows.
inline double minus_log_sigmoid(double x) { return std::max(-x, 0.0) + std::log1p(std::exp(-std::abs(x))); }

struct BoundedExp {
  double value = 0, slope = 0;
  bool extended = false;
};
inline BoundedExp bounded_exp(double x) {
  if (x <= kLargestLogRatio) {
    const double e = std::exp(x);
    return {e, e, false};
  }
  const double e = std::exp(kLargestLogRatio);
  return {e * (1 + x - kLargestLogRatio), e, true};
}

struct PolicyTerm {
  double loss = 0, slope = 0;
  bool extended = false;
};
// -min(ratio A, clip(ratio) A) of one token and its derivative by the log-probability; GRPO and PPO.
PolicyTerm clipped_policy_term(double log_prob, double old_log_prob, double advantage, double epsilon_low,
                               double epsilon_high);

// Sum over the tokens of a sequence of old - ref: the k1 estimate of its KL.
double sequence_log_ratio(const Rollout& rollout, std::size_t sequence);
// R of every sequence: reward - beta sequence_log_ratio; the reward alone where beta is 0.
std::vector<double> shaped_rewards(const Rollout& rollout, double beta);
// Weight of a group, 1 where the rollout has none.
inline double group_weight(const Rollout& rollout, std::size_t g) {
  return rollout.weight.empty() ? 1.0 : rollout.weight[g];
}
// A statistic of a batch that did not stay finite, extreme as its columns may be, is refused.
void refuse_overflow(std::string_view objective, std::string_view what, double value);

// Options, checked when the objective is made.
void require_positive(std::string_view where, std::string_view what, double value);
void require_not_negative(std::string_view where, std::string_view what, double value);

// A loss of two numbers: chosen and rejected, each the sum (or mean) over tokens of lp (or of lp - ref).
class PairObjective : public Objective {
 public:
  PairObjective(std::string_view name, bool averaged, bool with_reference)
      : name_(name), averaged_(averaged), with_reference_(with_reference) {}
  std::string_view name() const override { return name_; }
  Needs needs() const override;

 protected:
  struct Terms {
    double loss = 0, by_chosen = 0, by_rejected = 0;
  };
  virtual Terms terms(double chosen, double rejected, std::size_t pair) const = 0;
  Item item(const Rollout& rollout, const Targets& targets, std::size_t index, const Outputs& outputs,
            const CotangentView& cotangent) const override;

 private:
  std::string_view name_;
  bool averaged_, with_reference_;
};

// Mean over sequences of -A lp, A from prepare().
class ScoreObjective : public Objective {
 protected:
  Item item(const Rollout& rollout, const Targets& targets, std::size_t index, const Outputs& outputs,
            const CotangentView& cotangent) const override;
};

}  // namespace plumb
