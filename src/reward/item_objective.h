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
  void sort_rankings();
  double vote_block(std::size_t block, std::span<const double> x);
  double ranking_block(std::size_t block, std::span<const double> x);
  void multiply_block(std::size_t block, std::span<const double> v);
  void multiply_rankings(std::size_t block, std::span<const double> v);
  void reduce(const std::vector<std::vector<double>>& rows, std::vector<double>* out) const;
  void centre_gradient();
  double slope(std::size_t v) const;

  ItemVotes votes_;
  Ties ties_;
  Penalties penalties_;
  RaterEffects raters_;
  int threads_;
  std::size_t blocks_;
  Ranked ranked_;
  // A row a block: sums of its votes, for gradient or product and for the diagonal.
  std::vector<std::vector<double>> sums_, diagonals_;
  std::vector<double> block_value_;
  std::vector<double> curve_dd_, curve_dt_;  // one a comparison, times its weight
  double curve_tt_ = 0;
  std::vector<double> block_tt_;
  std::vector<double> exp_u_;    // one an entry of the rankings, scaled within each
  std::vector<double> at_risk_;  // at the first entry of each group: sum of exp_u over what is left
  std::vector<double> gradient_, diagonal_;
  double log_likelihood_ = 0;
};

template <class Entry>
void ItemObjective::for_each_curvature(const Entry& entry) const {
  for (std::size_t v = 0; v < votes_.first.size(); ++v) {
    const std::size_t f = votes_.first[v], s = votes_.second[v];
    const double a = slope(v), dd = curve_dd_[v];
    entry(f, f, a * a * dd);
    entry(s, s, a * a * dd);
    entry(f, s, -a * a * dd);
    if (penalties_.position_on) {
      entry(f, position(), a * dd);
      entry(s, position(), -a * dd);
      entry(position(), position(), dd);
    }
    if (penalties_.tie_on) {
      entry(f, tie(), a * curve_dt_[v]);
      entry(s, tie(), -a * curve_dt_[v]);
      if (penalties_.position_on) entry(position(), tie(), curve_dt_[v]);
    }
  }
  if (penalties_.tie_on) entry(tie(), tie(), curve_tt_);
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
