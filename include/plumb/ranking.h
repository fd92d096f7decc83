// plumb/ranking.h: the value of a policy that fills m slots, from a log that another one filled.
//
// A decision shows m of its offered items, one after the other without putting them back, and every slot l
// = 1..m brings a reward r_l (a click). With slot weights alpha_l (1 unless given) the value of a policy pi is
//
//   V(pi) = E sum_l alpha_l r_l,  items by pi,
//
// in the unit of the rewards. A whole ranking is hardly ever shown twice, so how far a reward may depend on the
// other slots decides how much a log can say. Each estimator below states its assumption: the weaker it is, the
// larger the weights. No estimator tests its assumption: where it fails, the value is biased and the interval
// does not tell.
//
//   RankingLog log;                                                     // slots, offset, shown, logged, ...
//   const auto target = plackett_luce(log.offset, scores);
//   const RankingProbabilities pi = ranking_probabilities(*target, log);
//   const RankingEstimate e = reward_interaction_ips(log, pi);
//   if (const auto interval = e.interval(.95)) ...                      // none where the support is too thin
//
// Symbols: n decisions, k offered items (may differ by decision), A = (a_1 .. a_m) the ranking shown, a_{1:l}
// its first l items, mu the logging policy, x the context. All functions are safe to call from several threads,
// and give the same bytes for any number of `threads`. They throw Error{kInput} for input that cannot be used,
// naming decision and slot (both counted from 0), what was found and what was expected.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "plumb/evaluate.h"

namespace plumb {

// ---------------------------------------------------------------------------------------------- the log

// What a policy says of the rankings of a log. A column that is empty is not known; estimators refuse where
// they need it. Of the logging policy all are in (0, 1]; of a target in [0, 1].
struct RankingProbabilities {
  std::vector<double> ranking;  // n: of the whole ranking, pi(A given x)
  std::vector<double>
      conditional;               // n x m: of the item at slot l given those above, pi(a_l given x, a_{1:l-1})
  std::vector<double> position;  // n x m: that slot l shows this item, whatever the other slots show
};

// n x m is row-major: decision i, slot l is element i * slots + l. Top slot first.
struct RankingLog {
  std::size_t slots = 0;  // m, of every decision
  std::vector<std::size_t> offset = {
      0};                            // n + 1: offered items of decision i are rows offset[i] .. offset[i+1]-1
  std::vector<std::uint32_t> shown;  // n x m: which offered item, 0 .. k - 1 within its decision
  RankingProbabilities logged;       // mu of what was shown
  std::vector<double> reward;        // n x m
  std::vector<std::uint64_t> unit;   // n: who decided; intervals cluster on it
  std::size_t size() const { return offset.size() - 1; }
};

// Columns that say the same twice may differ by this share (a logger may write floats).
inline constexpr double kRankingAgreement = 1e-5;

// Throws Error{kInput} where the log cannot be used: no slots, sizes that do not fit, fewer items than slots,
// an item that is not offered or is shown twice, a reward that is not finite, a probability outside (0, 1],
// conditionals whose product is not the ranking's probability, a first slot whose conditional is not its
// position's, a position's probability below that of a whole ranking which fills it. Every estimator calls it
// first.
void check_ranking_log(const RankingLog& log);

// ---------------------------------------------------------------------------------------------- policies

// Fills slots from the top. Safe to ask from several threads.
class SlotPolicy {
 public:
  virtual ~SlotPolicy() = default;
  // Of each offered item of a decision, the probability to be next after those in `above` (top first): 0 for
  // these, in [0, 1] and of sum 1 else. REQUIRES: distinct offered items, fewer than there are.
  virtual std::vector<double> next(std::size_t decision, std::span<const std::uint32_t> above) const = 0;
  virtual std::span<const std::size_t> offset() const = 0;  // of the offered items, as in the log
};

// Plackett-Luce (Plackett 1975; Luce 1959): the next item is a with probability exp(s_a) / sum of exp(s_b) over
// the items left. `score`: one a row of offered items.
std::unique_ptr<SlotPolicy> plackett_luce(std::vector<std::size_t> offset, std::vector<double> score);
// Factored: each slot has scores of its own, the same rule by them. `score`: rows of offered items x slots.
// Both throw Error{kInput} for sizes that do not fit and scores that are not finite.
std::unique_ptr<SlotPolicy> factored_rankings(std::vector<std::size_t> offset, Matrix score);

// pi(A) and its conditionals for the rankings shown; position stays empty. Throws Error{kInput} where policy
// and log do not offer the same numbers of items.
RankingProbabilities ranking_probabilities(const SlotPolicy& policy, const RankingLog& log, int threads = 1);

// Exact position-wise probabilities: row of an offered item x slot, the probability that the slot shows the
// item. Sums over all k (k-1) .. (k-l+2) beginnings above each slot, so for small m and k: throws Error{kInput}
// where a decision has more than kMostBeginnings of them.
inline constexpr std::size_t kMostBeginnings = 1'000'000;
Matrix slot_marginals(const SlotPolicy& policy, std::size_t slots, int threads = 1);
// The column RankingProbabilities::position, from such a matrix.
std::vector<double> position_probabilities(const RankingLog& log, const Matrix& marginals);

// One ranking a decision: n x slots. Decision i depends on (rng, i) and the policy only.
std::vector<std::uint32_t> sample_rankings(const SlotPolicy& policy, std::size_t slots, const Rng& rng,
                                           int threads = 1);

// ---------------------------------------------------------------------------------------------- estimates

// The mean of `score` over decisions, its standard error clustered on units (stats.h), and whether its weights
// can carry a number at all.
struct RankingEstimate {
  std::vector<double> score;  // n: what each decision contributes; the value is their mean
  double value = 0, standard_error = 0, skewness = 0;
  // Of the weights, by the rules of Support: one where one weight serves the whole ranking, else one for each
  // slot with alpha != 0 (cascade_dr: each slot), in order. `ess` is the smallest of theirs.
  std::vector<Support> support;
  double ess = 0;
  // Effective decisions with a reward other than 0: (sum v)^2 / sum v^2, v the sum of |weight| over a
  // decision's slots that brought one (of a gain: the smaller of the two).
  double events = 0;
  bool sufficient = false;  // every support is, and events reach least_events(OutcomeKind::kBinary)
  std::string reason;       // why not
  // Two-sided normal interval; none where not sufficient. Coverage measured in tests/evaluate/ranking_test.cc
  // for clicks that are not rare; skewed amounts need more events than the least asked for here. Throws
  // Error{kInput} for a level outside (0, 1).
  std::optional<Interval> interval(double level) const;
};

// `alpha`: slot weights, m of them, finite and not all 0; empty: 1 each. `pi`: of the target, for the log's
// rankings.

// IPS (Horvitz, Thompson 1952), the ranking as one action:  mean of  pi(A)/mu(A) sum_l alpha_l r_l.
// Needs `ranking` of both. Unbiased whatever the rewards depend on, where mu(A) > 0 wherever pi(A) > 0.
RankingEstimate ranking_ips(const RankingLog& log, const RankingProbabilities& pi,
                            std::span<const double> alpha = {});

// Independent IPS (Li, Abbasi-Yadkori, Kveton, Muthukrishnan, Vinay, Wen 2018, "Offline evaluation of ranking
// policies with click models", the item-position estimator):
//   mean of  sum_l alpha_l r_l pi(slot l shows a_l)/mu(slot l shows a_l).
// Needs `position` of both. Unbiased where E[r_l given x, A] depends on slot l and its item a_l alone.
RankingEstimate independent_ips(const RankingLog& log, const RankingProbabilities& pi,
                                std::span<const double> alpha = {});

// Reward-interaction IPS (McInerney, Brost, Chandar, Mehrotra, Carterette 2020, "Counterfactual evaluation of
// slate recommendations with sequential reward interactions"):
//   mean of  sum_l alpha_l r_l w_{1:l},  w_{1:l} = product over j <= l of pi(a_j given a_{1:j-1})/mu(same).
// Needs `conditional` of both. Unbiased where E[r_l given x, A] depends on a_{1:l} alone (a reader goes down
// the list). Departure from the paper: not divided by the mean weight of each slot, which would bias small
// samples.
RankingEstimate reward_interaction_ips(const RankingLog& log, const RankingProbabilities& pi,
                                       std::span<const double> alpha = {});

// The model's expectation of alpha_l r_l + .. + alpha_m r_m under pi below slot l, given the items down to and
// including slot l = prefix.size(). Must be finite, and must not have learnt from the decision that it is asked
// about (cross-fit it).
using SlotModel = std::function<double(std::size_t decision, std::span<const std::uint32_t> prefix)>;

// Cascade-DR (Kiyohara, Saito, Matsuhiro, Narita, Shimizu, Yamamoto 2022, "Doubly robust off-policy evaluation
// for ranking policies under the cascade behavior model"): with Q_l the model and V_{m+1} = 0, mean of V_1 in
//   V_l = sum_a pi(a given a_{1:l-1}) Q_l(a_{1:l-1}, a)
//         + pi(a_l given a_{1:l-1})/mu(same) (alpha_l r_l + V_{l+1} - Q_l(a_{1:l})).
// Needs `logged.conditional`. Unbiased under the assumption of reward-interaction IPS, whatever the model; that
// estimator is Q = 0. The model is asked by one thread at a time.
RankingEstimate cascade_dr(const RankingLog& log, const SlotPolicy& target, const SlotModel& model,
                           std::span<const double> alpha = {});

// Weights of the pseudo-inverse estimator, one a decision. They may be negative; their mean is 1 in
// expectation.
struct SlateWeights {
  std::vector<double> weight;
  std::size_t unsupported = 0;  // decisions where pi puts an item to a slot in a way that mu cannot show
};

// Pseudo-inverse (Swaminathan, Krishnamurthy, Agarwal, Dudik, Langford, Jose, Zitouni 2017, "Off-policy
// evaluation for slate recommendation", section 3):
//   mean of  w_i sum_l alpha_l r_l,  w_i = q^T G^+ 1_A,  q = E_pi[1_A],  G = E_mu[1_A 1_A^T],
// 1_A the indicator of (slot, item) pairs. Uses the sum of the rewards only. Unbiased where its expectation
// given x and A is a sum over slots of terms that depend on slot and item alone (unknown ones), and q lies in
// the range of G. With unsupported decisions the estimate is not sufficient.
RankingEstimate pseudo_inverse(const RankingLog& log, const SlateWeights& weights,
                               std::span<const double> alpha = {});

// The weights for any logging policy: G by summing over all rankings of mu, its pseudo-inverse by eigenvalues
// (those below 1e-10 of the largest count as 0). `marginals`: slot_marginals of the target. For small problems:
// throws Error{kInput} where a decision has more than kMostBeginnings rankings or more than kMostSlotItems
// pairs of slot and item, shows a ranking that mu never does, or states another probability of it than mu.
inline constexpr std::size_t kMostSlotItems = 200;
SlateWeights slate_weights(const RankingLog& log, const SlotPolicy& mu, const Matrix& marginals,
                           int threads = 1);

// The same in closed form where every decision's ranking was drawn uniformly (all k!/(k-m)! equally likely), of
// any size. With q(l, a) the marginals and t(a) = sum_l q(l, a), for m < k
//   w = (k-1) sum_l q(l, a_l) + (k-1)/(k-m) sum_l t(a_l) - (m-1) k/(k-m),
// and for m = k (the paper's case of whole permutations)  w = (k-1) sum_l q(l, a_l) - (k-2). For m < k it
// follows from G z = q by z = A q + B t + C. Throws Error{kInput} where the log states probabilities that are
// not uniform.
SlateWeights uniform_slate_weights(const RankingLog& log, const Matrix& marginals);

// The value of a minus that of b, on the same decisions of the same log. Sufficient where both are.
RankingEstimate ranking_gain(const RankingLog& log, const RankingEstimate& a, const RankingEstimate& b);

}  // namespace plumb
