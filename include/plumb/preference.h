// plumb/preference.h: how much each item is liked, learnt from comparisons and rankings of the items
// themselves.
//
// Every item has a utility u. A comparison of f (shown first) with s has d = u_f - u_s + b, where b is an
// optional effect of standing first; a ranking is a series of choices from what is left (Plackett-Luce). The
// model of an answer:
//   no ties      P(first) = 1 / (1 + e^-d)                                  Bradley, Terry 1952
//   Davidson     P(first) : P(second) : P(tie) = e^(d/2) : e^(-d/2) : e^t   Davidson 1970, e^t his nu
//   Rao-Kupper   P(first) = 1 / (1 + e^(t-d)), P(second) = 1 / (1 + e^(t+d)), t >= 0   Rao, Kupper 1967
//   ranking      P(i next) = e^u_i / sum of e^u over what is left           Plackett 1975
//
//   Feedback f = read_feedback("comparisons.jsonl", {}, &report);
//   ItemFit fit = fit_items(votes_of(f), {.position = true});
//   ItemPosterior posterior(votes_of(f), {.position = true}, fit);
//   posterior.standard_error(3, 8);      // of u_3 - u_8
//
// Nothing here knows of raters (plumb/raters.h) or of what an item looks like (text and feature models). What
// the votes do not tell is not told: without a prior a maximum that does not exist is reported in words, and
// items that no chain of votes connects have no difference.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "plumb/base.h"
#include "plumb/feedback.h"

namespace plumb {

// Judgements of items as columns that somebody else owns.
struct ItemVotes {
  std::size_t items = 0;
  std::span<const std::uint32_t> first, second;  // item numbers, never the same
  std::span<const Answer> answer;
  std::span<const float> weight;  // > 0, finite; empty: all 1
  // Rankings, ragged: entries ranking_offset[r] .. ranking_offset[r + 1] - 1; rank 0 is best, equal ranks are
  // ties.
  std::span<const std::uint64_t> ranking_offset;
  std::span<const std::uint32_t> ranking_item, ranking_rank;
  std::span<const float> ranking_weight;
};
// The comparisons and rankings of a feedback, which must outlive the result.
ItemVotes votes_of(const Feedback& feedback);

// What becomes of ties in comparisons. kHalf: half a win for each side (weighs a tie like any other vote, says
// nothing of how likely ties are). In rankings tied items are each chosen from all that was not ranked above
// them (Breslow 1974): a tie of two at the bottom weighs like two ties of kHalf.
enum class Ties : std::uint8_t { kRefuse, kHalf, kDavidson, kRaoKupper };

inline constexpr double kNoPrior = std::numeric_limits<double>::infinity();

struct ItemOptions {
  Ties ties = Ties::kDavidson;
  double prior_sd = 1.0;     // utilities are N(0, prior_sd^2) a priori; kNoPrior: maximum likelihood
  bool position = false;     // estimate b
  double position_sd = 1.0;  // b is N(0, position_sd^2) a priori; finite
  int threads = 1;
};

struct ItemFit {
  // False: the (penalized) likelihood has no maximum, `why` says it and every other number here is empty.
  bool exists = false;
  std::string why;
  std::vector<double> utility;           // mean 0 within each component where there is no prior
  std::vector<std::uint32_t> component;  // items that votes connect share one; numbered by their first item
  double position = 0;                   // b, in logits
  // t. Where a tie model saw no tie it is what fits that: Davidson's -infinity, Rao-Kupper's 0.
  double tie = 0;
  Ties ties = Ties::kRefuse;
  double log_likelihood = 0;  // of the votes, without the prior
  int steps = 0;              // Newton steps taken
  // Probabilities of first, second, tie for two items; tie 0 under kRefuse and kHalf. REQUIRES: exists.
  std::array<double, 3> predict(std::uint32_t first, std::uint32_t second) const;
};

// The maximum of the log-likelihood plus the log of the prior, to 1e-9 standard errors, by Newton's method with
// conjugate gradients (products with the Hessian by one pass over the votes). Without a prior the maximum
// exists where within each component every item is reached from every other along "was preferred to" or "tied
// with" (Zermelo 1929, Ford 1957), and, under a tie model, unless ties alone could explain everything; that is
// checked. Throws Error{kInput} for items out of range or compared with themselves, columns of different
// length, weights that are not finite and > 0, a ranking of one or with an item twice, a tie under kRefuse,
// priors <= 0. Same bytes for any number of threads. Time: 1 million votes on 10,000 items take about .34 s of
// one core, .2 s of two (bench/speed/item_models).
ItemFit fit_items(const ItemVotes& votes, const ItemOptions& options);

// The prior_sd under which the votes are most probable, by MacKay's fixed point on the Laplace posterior
// (1992): sd^2 = sum u^2 / sum (1 - var/sd^2). 0 where utilities cannot be told from equal. REQUIRES:
// components of at most kDenseItems items.
double estimate_prior_sd(const ItemVotes& votes, ItemOptions options);

// Hunter's MM algorithm (2004, eq. 3) for Bradley-Terry without ties, from uniform strengths, `steps` times:
// strengths that sum to 1. Slow, and it gives numbers where no maximum exists: the reference that fit_items is
// tested against. kTie counts half for each.
std::vector<double> bradley_terry_mm(const ItemVotes& votes, int steps);

// The Laplace posterior: normal around the fit with the inverse of the Hessian there. Components of at most
// kDenseItems items are inverted once; larger ones are solved by conjugate gradients at each question.
inline constexpr std::size_t kDenseItems = 2048;
class ItemPosterior {
 public:
  // REQUIRES: fit == fit_items(votes, options), and it exists; the votes outlive this.
  ItemPosterior(const ItemVotes& votes, const ItemOptions& options, const ItemFit& fit);
  ~ItemPosterior();
  ItemPosterior(ItemPosterior&&) noexcept;
  ItemPosterior& operator=(ItemPosterior&&) noexcept;

  // Of u_i: without a prior about the mean of its component.
  double standard_error(std::uint32_t i) const;
  // Of u_i - u_j. Infinite without a prior where no votes connect them; with one it is what the prior says.
  double standard_error(std::uint32_t i, std::uint32_t j) const;
  double position_standard_error() const;  // 0 where b was not estimated
  double tie_standard_error() const;       // 0 where t was not estimated
  // H^-1 c for a contrast c of utilities (items' worth of numbers): what influence functions are made of.
  std::vector<double> solve(std::span<const double> contrast) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// --------------------------------------------------------------------------- which votes carry a result

// The votes that hold a result up: a result is a linear combination of utilities, sum of weight * u, above 0.
struct Result {
  std::vector<std::pair<std::uint32_t, double>> terms;  // item, weight
};

// What leaving each comparison out would add to the result, to first order; all from one solve. Throws as
// fragility, but the result may be anything.
std::vector<double> vote_effects(const ItemVotes& votes, const ItemOptions& options, const Result& result);

// A set of votes without which the result is not above 0. Found by influence functions (Broderick, Giordano,
// Meager 2020): each vote's first-order effect on the result, largest first, then the model is fitted anew
// without them; where it still holds, effects are taken anew there and more are added, where it falls, the
// smallest falling start of the list is found by bisection. So `share` is an upper bound of the smallest share,
// always confirmed by a fit, never by the approximation alone.
struct Fragility {
  bool flips = false;                   // false: no set of at most half of the votes was found
  std::vector<std::uint64_t> votes;     // comparisons to leave out, most influential first
  double share = 0;                     // of all comparisons
  double value = 0, value_without = 0;  // the result with all votes, and fitted without those
  double predicted = 0;                 // value_without by the first-order approximation
};
// REQUIRES: the result is above 0 under fit_items(votes, options), which exists; comparisons only. Throws
// Error{kInput} otherwise, where an item is out of range, or where options have no prior (a fit without some
// votes might not exist).
Fragility fragility(const ItemVotes& votes, const ItemOptions& options, const Result& result);

}  // namespace plumb
