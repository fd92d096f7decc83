// plumb/active.h: which pairs to ask next. From a given pool, by how much one more vote is expected to tell,
// with the probability of every choice written down.
//
// What is believed about utilities is a Gaussian: of items (independent between prompts) or of the coefficients
// of a linear reward. A vote on the pair (i, j) says "first" with probability sigmoid(f), f = u_i - u_j, so all
// that it can tell about any utility goes through f ~ N(m, v), and what it is expected to tell is the mutual
// information of the vote and f (BALD: Houlsby et al. 2011, arXiv 1112.5745, eq. 2). A batch is drawn one pair
// at a time; each pair taken shrinks the covariance by the rank-one step that its vote is expected to bring, so
// the next pair is scored as if the answer were in, and a batch does not ask the same thing twice.
//
// The choice is always random, since what was chosen for being uncertain is no sample of anything. Every draw
// has a known probability, each entry of the pool that is left has a share of it, and selection_weights() makes
// sums over what was asked unbiased for means over the pool.
//
//   ItemBelief belief = item_belief(items, prompt_of_item, votes, 4.0);
//   std::vector<SelectedPair> next = select_pairs(belief, pool, 50, {}, Rng(seed).stream("next"));
//   ask(pool.first[next[0].entry], pool.second[next[0].entry]);   // write down next[0].probability
//
// Weights are for sums over the pool: shares, agreement, losses. A fit of utilities needs none where its model
// is right, since what was asked depended on earlier answers only, and weights cost it precision: in
// bench/quality/active_selection they undo all that selection saves. Which to use is the caller's choice.
//
// Refused: an empty pool, an item beside itself, more pairs than the pool has. Nothing here learns raters; who
// votes how reliably is an argument. Votes are two-valued: a tie is read as half a vote for each, and what a
// tie tells beyond that is left out of the information. All functions are pure and give the same bytes for any
// number of threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "plumb/base.h"
#include "plumb/regression.h"

namespace plumb {

// ---------------------------------------------------------------------------------------------- one vote

// What one vote is expected to tell where the log-odds of "first" are N(mean, variance).
struct VoteInformation {
  double nats = 0;         // I(vote; log-odds) = H(E p) - E H(p), in [0, log 2]
  double curvature = 0;    // E p (1 - p): Fisher information about the log-odds, by which a posterior tightens
  double probability = 0;  // E p: that the vote says "first"
};

// By the trapezoid rule, which converges geometrically for these integrands; within 1e-9 of the integrals.
// REQUIRES: finite arguments, variance >= 0 (0: nats is 0).
VoteInformation vote_information(double mean, double variance);

// Half of the log det of the posterior precision that the vote is expected to add, 1/2 log(1 + curvature *
// variance): the D-optimal score, which the information approaches where the variance is small. It has no upper
// bound, the information is at most log 2; selection uses the information.
double determinant_gain(double curvature, double variance);

// ---------------------------------------------------------------------------------------------- beliefs

// Pairs that may be asked; an entry is one vote, so a pair that may be asked three times stands three times.
// Slope, shift and cost belong to the rater who would be asked (the log-odds of "first" are shift + slope * f);
// empty: 1, 0 and 1. A slope near 0 is a rater who votes at random, a shift is a liking for the first place.
struct PairPool {
  std::vector<std::uint32_t> first, second;
  std::vector<double> slope, shift, cost;  // cost > 0, in any unit: information is bought by cost
  std::size_t size() const { return first.size(); }
};

// Votes that are in. `share` of the vote for first: 1, 0, or .5 for a tie; `weight` as a multiple of a vote,
// empty: 1.
struct PairVotes {
  PairPool asked;  // cost is not used
  std::vector<double> share, weight;
};

// Utilities of items, Gaussian and independent between blocks (prompts). covariance[b] is over the items of
// block b in ascending order.
struct ItemBelief {
  std::vector<double> mean;          // an item
  std::vector<std::uint32_t> block;  // an item; numbered from 0, below the count of items
  std::vector<Matrix> covariance;    // a block
  double log_evidence = 0;           // log of the votes' probability under the prior, Laplace's approximation
};

// Coefficients of a linear reward.
struct LinearBelief {
  std::vector<double> mean;
  Matrix covariance;
  double log_evidence = 0;
};

// The Bradley-Terry model with prior u ~ N(0, prior_variance) for every item: mode and inverse Hessian
// (Laplace). The prior also fixes the level within a block, which no vote can tell. Newton's method to a
// relative gradient of 1e-10. Where weights are not 1 the covariance counts a weighted vote as that many votes.
// Throws Error{kInput} where an item is beside itself, out of range, in another block than its opponent, or a
// number is not finite, share outside [0, 1], weight < 0, prior_variance <= 0. O(sum of block sizes cubed) a
// step.
ItemBelief item_belief(std::size_t items, std::span<const std::uint32_t> block, const PairVotes& votes,
                       double prior_variance);

// The same for u_i = theta . items.row(i), theta ~ N(0, prior_variance I): items are rows of `items`, which
// needs no constant (it would cancel).
LinearBelief linear_belief(DesignView items, const PairVotes& votes, double prior_variance);

// ---------------------------------------------------------------------------------------------- selection

struct SelectionOptions {
  // Share of every draw that is uniform over the entries left, in (0, 1]. No weight is above 1 / uniform; 1 is
  // random selection.
  double uniform = 0.2;
  // The rest is proportional to (information / cost) ^ sharpness, in [0, 32]; 0 is random selection.
  double sharpness = 16;
  int threads = 1;
};

struct SelectedPair {
  std::size_t entry = 0;   // of the pool
  double probability = 0;  // of this entry at its draw, given what was drawn before; exact, never 0
  double information = 0;  // nats, expected from its vote given that the earlier ones of the batch are answered
  double weight = 0;       // selection_weights() of this batch alone
};

// Draws without replacement from a pool, one entry after the other. Holds views of nothing: all is copied.
class PairSelector {
 public:
  // Throws Error{kInput}: empty pool, an item beside itself, out of range or beside one of another block;
  // lengths that differ; numbers that are not finite, cost <= 0; a covariance of the wrong shape, not
  // symmetric, or by which a pair has a negative variance; options out of range.
  PairSelector(const ItemBelief& belief, const PairPool& pool, const SelectionOptions& options);
  PairSelector(const LinearBelief& belief, DesignView items, const PairPool& pool,
               const SelectionOptions& options);
  ~PairSelector();
  PairSelector(PairSelector&&) noexcept;

  std::size_t left() const;  // entries not taken
  // Of each entry to be drawn next; 0 for those taken, at least uniform / left() for the others; sums to 1.
  std::span<const double> probability() const;
  // Expected information in nats and variance of the log-odds of each entry's vote, as things stand. An entry's
  // information is computed anew where its variance has changed by more than one part in a hundred since, so
  // what the probabilities are made of may be stale by that much; the probabilities are exact all the same.
  std::span<const double> information() const;
  std::span<const double> variance() const;
  // Draws by probability(), without taking.
  std::size_t draw(Rng& rng) const;
  // Takes an entry: the covariance shrinks by S x x'S h / (1 + h x'Sx), h the expected curvature of its vote
  // (times slope squared). The means stay: their expectation does not move. REQUIRES: not taken yet.
  void take(std::size_t entry);

 private:
  class State;
  std::unique_ptr<State> state_;
};

// `count` entries of the pool, in the order drawn. Throws as PairSelector, and where count is 0 or beyond the
// pool. O(count * (pool + items * parameters)) for a linear reward, O(count * (pool + block size squared)) for
// items.
std::vector<SelectedPair> select_pairs(const ItemBelief& belief, const PairPool& pool, std::size_t count,
                                       const SelectionOptions& options, Rng rng);
std::vector<SelectedPair> select_pairs(const LinearBelief& belief, DesignView items, const PairPool& pool,
                                       std::size_t count, const SelectionOptions& options, Rng rng);

// Weights of draws without replacement from a pool of N, in order; probability[m] of draw m given the earlier
// ones, which may depend on them and on every answer seen so far (batches after another are one sequence):
//   w_m = 1 + (N - M) / (N - m) (1 / ((N - m + 1) q_m) - 1),   m = 1 ... M
// (the levelled unbiased risk estimator: Farquhar, Gal, Rainforth 2021, arXiv 2101.11665, eq. 8). The mean of
// w_m L_m is unbiased for the mean of L over the pool, whatever L; all weights are 1 where draws are uniform,
// none is negative, and N/M w_m stands for 1 / probability of having been asked. They depend on M: after a
// further batch they are computed anew from all probabilities. REQUIRES: 1 <= M <= N. Throws Error{kInput} for
// a probability outside (0, 1].
std::vector<double> selection_weights(std::size_t pool, std::span<const double> probability);

}  // namespace plumb
