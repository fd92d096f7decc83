// The penalized log-likelihood of item utilities, with derivatives, and its maximum.
//
// Parameters: utilities of n items, then b (first position), then t (ties). b and t may be switched off: then
// their entries never move. Votes may carry what is known of their raters: d = slope (u_f - u_s) + b + lean,
// tie parameter t + tie.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "plumb/preference.h"
#include "reward/vote_pairs.h"

namespace plumb {

// Effects of the rater of each comparison, held fixed. Empty: slope 1, nothing added. kNoRater: the same.
struct RaterEffects {
  std::span<const std::uint32_t> rater;      // one a comparison
  std::span<const double> slope, lean, tie;  // one a rater
};

struct Penalties {
  double utility = 0;  // 1 / sd^2
  double position = 1;
  double tie = 0, tie_mean = 0;
  bool position_on = false, tie_on = false;
  // Needed where utility is 0: the component of each item. Nothing sees a constant added to all of one, so
  // rounding there must not enter a gradient.
  std::vector<std::uint32_t> component;
};

class ItemObjective {
 public:
  ItemObjective(const ItemVotes& votes, Ties ties, const Penalties& penalties, const RaterEffects& raters,
                int threads);
  // The spread of utilities may change between fits of the same votes, and so may the raters' effects.
  void set_utility_penalty(double penalty) { penalties_.utility = penalty; }
  std::size_t items() const { return votes_.items; }
  std::size_t size() const { return votes_.items + 2; }
  std::size_t position() const { return votes_.items; }
  std::size_t tie() const { return votes_.items + 1; }

  // Log-likelihood minus penalties at x, its gradient, and the curvature kept for multiply(). -infinity where x
  // is outside of the model (Rao-Kupper with t <= 0 where there are ties).
  double evaluate(std::span<const double> x);
  double log_likelihood() const { return log_likelihood_; }  // at the last evaluate(), without penalties
  const std::vector<double>& gradient() const { return gradient_; }
  // Diagonal of the curvature, penalties included; 1 for what is switched off.
  const std::vector<double>& diagonal() const { return diagonal_; }
  // Curvature (minus the Hessian) at the last evaluate(), times v.
  void multiply(std::span<const double> v, std::vector<double>* out);
  // Calls entry(i, j, c) for every non-zero contribution to the curvature of the last evaluate(), penalties
  // left out, i <= j not assured but both of (i, j), (j, i) never given: one side of each.
  template <class Entry>
  void for_each_curvature(const Entry& entry) const;
  bool position_on() const { return penalties_.position_on; }
  bool tie_on() const { return penalties_.tie_on; }
  const Penalties& penalties() const { return penalties_; }

 private:
  struct Ranked {
    std::vector<std::uint64_t> offset = {0};
    std::vector<std::uint32_t> item;    // best first
    std::vector<std::uint32_t> behind;  // position in the ranking at which the tied group starts
    std::vector<std::uint32_t> group;   // size of the tied group at its first entry, else 0
    std::vector<double> weight;
  };
  // What the votes on one pair say, seen from its lower item.
  struct PairSums {
    double pull = 0, curve = 0;    // gradient and curvature of the difference
    double position = 0, tie = 0;  // mixed curvature of the difference and b, of the difference and t
  };
  // What a block of votes says of b and t, or a block of items in a product.
  struct BorderSums {
    double value = 0, by_b = 0, by_t = 0, bb = 0, bt = 0, tt = 0;
  };
  void sort_votes();
  void sort_rankings();
  void gather_effects();
  BorderSums vote_block(std::size_t block, std::span<const double> x);
  double ranking_block(std::size_t block, std::span<const double> x);
  void item_block(std::size_t block, std::span<const double> x);
  BorderSums multiply_block(std::size_t block, std::span<const double> v, std::vector<double>* out) const;
  void multiply_rankings(std::size_t block, std::span<const double> v);
  void centre_gradient();

  ItemVotes votes_;
  Ties ties_;
  Penalties penalties_;
  RaterEffects raters_;
  int threads_;
  VotePairs pairs_;
  std::vector<std::size_t> first_pair_, first_vote_;  // of each block of votes, then the ends
  std::vector<std::uint8_t> shown_;            // a vote: its answer, and 4 where the lower item was first
  std::vector<std::uint32_t> rater_;           // a vote; empty where no raters are known
  std::vector<float> weight_;                  // a vote; empty: all 1
  std::vector<std::array<double, 4>> effect_;  // a rater: slope, lean, tie; together for one look-up
  std::vector<PairSums> sums_;                 // a pair
  std::vector<double> side_curve_;             // a side: the curvature of its pair
  std::vector<double> row_b_, row_t_;          // an item: mixed curvature with b and with t
  std::vector<BorderSums> vote_blocks_, item_blocks_;
  BorderSums border_;
  Ranked ranked_;
  std::size_t ranking_blocks_ = 0;
  // A row a block of rankings: for gradient or product and for the diagonal.
  std::vector<std::vector<double>> ranking_sums_, ranking_diagonals_;
  std::vector<double> ranking_value_;
  std::vector<double> exp_u_;    // one an entry of the rankings, scaled within each
  std::vector<double> at_risk_;  // at the first entry of each group: sum of exp_u over what is left
  std::vector<double> gradient_, diagonal_;
  double log_likelihood_ = 0;
};

template <class Entry>
void ItemObjective::for_each_curvature(const Entry& entry) const {
  for (std::size_t p = 0; p < pairs_.size(); ++p) {
    const std::size_t lower = pairs_.lower[p], upper = pairs_.upper[p];
    const PairSums& sums = sums_[p];
    entry(lower, lower, sums.curve);
    entry(upper, upper, sums.curve);
    entry(lower, upper, -sums.curve);
    if (penalties_.position_on) {
      entry(lower, position(), sums.position);
      entry(upper, position(), -sums.position);
    }
    if (penalties_.tie_on) {
      entry(lower, tie(), sums.tie);
      entry(upper, tie(), -sums.tie);
    }
  }
  if (penalties_.position_on) entry(position(), position(), border_.bb);
  if (penalties_.position_on && penalties_.tie_on) entry(position(), tie(), border_.bt);
  if (penalties_.tie_on) entry(tie(), tie(), border_.tt);
  for (std::size_t r = 0; r + 1 < ranked_.offset.size(); ++r) {
    const std::size_t from = ranked_.offset[r], to = ranked_.offset[r + 1];
    for (std::size_t g = from; g < to; ++g) {
      if (ranked_.group[g] == 0) continue;
      const double w = ranked_.weight[r] * ranked_.group[g];
      for (std::size_t j = g; j < to; ++j) {
        const double p = exp_u_[j] / at_risk_[g];
        entry(ranked_.item[j], ranked_.item[j], w * p * (1 - p));
        for (std::size_t k = j + 1; k < to; ++k)
          entry(ranked_.item[j], ranked_.item[k], -w * p * exp_u_[k] / at_risk_[g]);
      }
    }
  }
}

// Newton's method with conjugate gradients from x, which becomes the maximum. Stops where the step is shorter
// than 1e-9 standard errors; returns the steps taken.
int maximize(ItemObjective& objective, std::vector<double>* x);

// Solves curvature * result = c by conjugate gradients to a relative residual, at the last evaluate(). Where
// the curvature is singular c must be orthogonal to what it does not see.
std::vector<double> solve_curvature(ItemObjective& objective, std::span<const double> c, double tolerance,
                                    int most_steps);

}  // namespace plumb
