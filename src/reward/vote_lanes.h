// The terms of many votes at once, as arrays: vote_terms() without a call or a branch a vote, so that the
// compiler turns the loop into vector instructions. The same numbers but for rounding.
#pragma once

#include <algorithm>

#include "base/exp_of.h"
#include "reward/vote_terms.h"

namespace plumb {

inline constexpr std::size_t kLanes = 256;

// What a model sees of an answer: the share of the first, and whether it is a tie.
struct AnswerShares {
  double first, tie;
};
inline constexpr std::array<AnswerShares, 3> kAnswerShares = {{{1, 0}, {0, 0}, {0.5, 1}}};

struct VoteLanes {
  std::array<double, kLanes> d, t, first, tie;  // what is known
  std::array<Answer, kLanes> answer;
  std::array<double, kLanes> log_p, by_d, by_t, dd, dt, tt;  // what follows, as in VoteTerms
  void set(std::size_t k, double d_here, double t_here, Answer answer_here) {
    const AnswerShares& shares = kAnswerShares[static_cast<std::size_t>(answer_here)];
    d[k] = d_here, t[k] = t_here, answer[k] = answer_here;
    first[k] = shares.first, tie[k] = shares.tie;
  }
};

namespace lanes {

// Below it a term is nothing beside the largest, which is 1.
inline double exp_below(double x) { return exp_of(std::max(x, -700.0)); }

inline void plain(std::size_t n, VoteLanes& v) {
  for (std::size_t k = 0; k < n; ++k) {
    const double d = v.d[k], e = exp_below(-std::abs(d)), share = v.first[k];
    const double high = 1 / (1 + e), low = e / (1 + e);
    const double value = d >= 0 ? high : low, complement = d >= 0 ? low : high;
    v.log_p[k] = std::min(d, 0.0) - log_of(1 + e) - (1 - share) * d;
    v.by_d[k] = share * complement - (1 - share) * value;
    v.by_t[k] = 0;
    v.dd[k] = value * complement;
    v.dt[k] = v.tt[k] = 0;
  }
}

inline void davidson(std::size_t n, VoteLanes& v) {
  for (std::size_t k = 0; k < n; ++k) {
    const double d = v.d[k], t = v.t[k], half = std::abs(d) / 2, top = std::max(half, t);
    const double high = exp_below(half - top), low = exp_below(-half - top), even = exp_below(t - top);
    const double sum = high + low + even, scale = 1 / sum, tie = even * scale, decided = (high + low) * scale;
    const double apart = (high - low) * scale / 2, mean_d = d >= 0 ? apart : -apart;
    const double stands = v.first[k] - 0.5;
    v.log_p[k] = stands * d + v.tie[k] * t - (top + log_of(sum));
    v.by_d[k] = stands - mean_d;
    v.by_t[k] = v.tie[k] - tie;
    v.dd[k] = decided / 4 - mean_d * mean_d;
    v.dt[k] = -mean_d * tie;
    v.tt[k] = tie * decided;
  }
}

inline void one_by_one(Ties ties, std::size_t n, VoteLanes& v) {
  for (std::size_t k = 0; k < n; ++k) {
    const VoteTerms terms = vote_terms(ties, v.d[k], v.t[k], v.answer[k]);
    v.log_p[k] = terms.log_p, v.by_d[k] = terms.by_d, v.by_t[k] = terms.by_t;
    v.dd[k] = terms.curve_dd, v.dt[k] = terms.curve_dt, v.tt[k] = terms.curve_tt;
  }
}

}  // namespace lanes

// Fills what follows for the first n.
inline void fill_terms(Ties ties, std::size_t n, VoteLanes& v) {
  if (ties == Ties::kDavidson)
    lanes::davidson(n, v);
  else if (ties == Ties::kRaoKupper)
    lanes::one_by_one(ties, n, v);
  else
    lanes::plain(n, v);
}

}  // namespace plumb
