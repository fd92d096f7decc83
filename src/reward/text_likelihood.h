// Private to reward: the losses of comparisons, ratings and thumbs as functions of the judged rows' rewards.
#pragma once

#include <span>
#include <vector>

#include "plumb/text_reward.h"

namespace plumb::text {

// Value and derivatives of the loss of one comparison (votes for the first, for the second, ties) in d =
// r_first
// - r_second and in the tie parameter's logarithm.
struct PairLoss {
  double value = 0, slope = 0, tie_slope = 0, curvature = 0;  // curvature: second derivative in d
};
PairLoss pair_loss(double d, double first, double second, double tie, Ties ties, double log_tie, double margin);

// Parameters of a likelihood beside the rewards: log nu or log t, thresholds (the first, then logarithms of the
// steps), the thumbs' intercept. Those that the judgements do not need are not there.
class Nuisance {
 public:
  Nuisance(const Judged& judged, Ties ties);
  std::size_t size() const { return has_tie_ + steps_ + has_thumbs_; }
  std::size_t tie_at() const { return 0; }
  std::size_t thresholds_at() const { return has_tie_; }
  std::size_t thumb_at() const { return has_tie_ + steps_; }
  bool has_tie() const { return has_tie_; }
  std::size_t levels() const { return steps_ == 0 ? 0 : steps_ + 1; }
  bool has_thumbs() const { return has_thumbs_; }
  std::vector<double> start() const;
  std::vector<double> thresholds(std::span<const double> nuisance) const;

 private:
  std::size_t has_tie_ = 0, steps_ = 0, has_thumbs_ = 0;
};

// Multipliers a judgement of each form; empty: all 1. What bootstrap and folds change.
struct Multipliers {
  std::vector<double> pair, rating, thumb;
};

// The summed loss; adds derivatives to `reward_slope` (a row) and `nuisance_slope` unless they are empty, and
// second derivatives d^2/dr^2 to `reward_curvature` unless empty. `weight` (where given) is the sum of weights.
double summed_loss(const Judged& judged, const Multipliers& multipliers, const TextRewardOptions& options,
                   const Nuisance& layout, std::span<const double> reward, std::span<const double> nuisance,
                   std::span<double> reward_slope, std::span<double> nuisance_slope);
double summed_weight(const Judged& judged, const Multipliers& multipliers);

}  // namespace plumb::text
