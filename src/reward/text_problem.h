// Private to reward: a fit as a minimization. Columns that the judged rows use are numbered anew, dense columns
// are standardized, so that x = [weights of used columns, nuisance parameters].
#pragma once

#include <span>
#include <vector>

#include "plumb/text_reward.h"
#include "reward/text_lbfgs.h"
#include "reward/text_likelihood.h"

namespace plumb::text {

// Throws Error{kInput} where judgements or options cannot be used.
void check_judged(const ItemRows& rows, const Judged& judged, const TextRewardOptions& options);

class Problem {
 public:
  // Rows that no judgement with a multiplier above 0 names take no part. Keeps references to its arguments.
  Problem(const ItemRows& rows, const Judged& judged, Multipliers multipliers,
          const TextRewardOptions& options);

  const Nuisance& nuisance() const { return nuisance_; }
  std::size_t used_columns() const { return used_.size(); }
  std::size_t size() const { return used_.size() + nuisance_.size(); }
  double weight() const { return weight_; }
  std::span<const std::uint32_t> active_rows() const { return active_; }
  std::vector<double> start() const;

  // Summed loss + penalty / 2 |w|^2 and its gradient.
  double evaluate(std::span<const double> x, std::span<double> gradient, double penalty) const;
  // To within `gap` a unit of weight of the minimum.
  Minimum minimize(std::vector<double> x, double penalty, double gap) const;

  // Weights by column of the design for raw values: rewards are their sums minus shift(x).
  std::vector<double> raw_weights(std::span<const double> x) const;
  double shift(std::span<const double> x) const;
  // Parameters again from raw weights, for a start near an earlier fit on other rows.
  std::vector<double> from_raw(std::span<const double> raw, std::span<const double> nuisance) const;
  std::span<const double> nuisance_of(std::span<const double> x) const { return x.subspan(used_.size()); }

  std::span<const std::uint32_t> used() const { return used_; }
  double mean(std::size_t place) const { return mean_[place]; }    // of a used column, 0 for hashed ones
  double scale(std::size_t place) const { return scale_[place]; }  // transformed = (raw - mean) * scale

  // The active rows, transformed: entries of active row i.
  std::uint64_t begin(std::size_t i) const { return offset_[i]; }
  std::uint64_t end(std::size_t i) const { return offset_[i + 1]; }
  std::uint32_t place(std::uint64_t entry) const { return column_[entry]; }
  double value(std::uint64_t entry) const { return value_[entry]; }
  // Rewards of the design's rows (0 where not active).
  std::vector<double> rewards(std::span<const double> x) const;
  void add_rows(std::span<const double> row_slope, std::span<double> gradient) const;
  const Judged& judged() const { return *judged_; }
  const Multipliers& multipliers() const { return multipliers_; }
  const TextRewardOptions& options() const { return *options_; }

 private:
  const ItemRows* rows_;
  const Judged* judged_;
  const TextRewardOptions* options_;
  Multipliers multipliers_;
  Nuisance nuisance_;
  double weight_ = 0;
  std::vector<std::uint32_t> active_, used_;
  std::vector<double> mean_, scale_;
  std::vector<std::uint64_t> offset_ = {0};
  std::vector<std::uint32_t> column_;
  std::vector<float> value_;
};

}  // namespace plumb::text
