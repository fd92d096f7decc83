// plumb/raters.h: who judged, and how far to trust it. Raters differ in reliability, in how much they lean to
// what stands first and in how readily they call a tie; all of that is estimated jointly with what they judged.
//
// Two models. Dawid-Skene, for labels: every item has one true class, every rater a table of what they say of
// each. Rater Bradley-Terry, for comparisons: vote of rater r on f (shown first) and s has
//   d = reliability_r (u_f - u_s) + position + lean_r,    P(first) : P(second) : P(tie) = e^(d/2) : e^(-d/2) :
//   e^(tie + tie_r)
// (Davidson's model of ties; Chen et al. 2013 have reliabilities as probabilities). Reliability 1 is the middle
// rater, 0 a coin, below 0 a rater against everyone. Raters with few votes are drawn towards 1 by a normal
// prior whose spread is estimated.
//
//   RaterModel model = fit_raters(rater_votes_of(feedback), {});
//   model.predict(first, second, rater);                    // probabilities of first, second, tie
//   for (const RaterNote& note : screen_raters(votes, options, model)) ... note.kind == RaterKind::kLikeChance
//
// Nobody is dropped: whoever votes at random or against everyone is named, keeps a reliability near or below 0,
// and so weighs nothing or counts the other way round. Not for two camps with honest differences:
// plumb/bridging.h.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "plumb/base.h"
#include "plumb/preference.h"
#include "plumb/stats.h"

namespace plumb {

// ------------------------------------------------------------------------------------------ Dawid-Skene

// Labels as columns that somebody else owns: rater[k] said that item[k] is of class label[k]. A rater may judge
// an item several times.
struct RaterLabels {
  std::size_t items = 0, raters = 0, classes = 0;
  std::span<const std::uint32_t> item, rater, label;
};

struct DawidSkeneOptions {
  int most_steps = 1000;
  double tolerance = 1e-9;  // ends where no probability moves by more
  // Added to every cell of a rater's counts before they are normalized (and to every class): keeps a rater's
  // table away from 0, for predicting votes that were not seen. 0: maximum likelihood, as published.
  double pseudo_count = 0;
};

struct DawidSkene {
  std::vector<double> prevalence;  // by class
  std::vector<Matrix> says;   // by rater: true class x what the rater says; a row that was never needed is 0
  Matrix posterior;           // item x class; the prevalence where nobody judged
  double log_likelihood = 0;  // of the labels, without the prior
  int steps = 0;
  bool converged = false;
  // Probability of each label that this rater would give to this item, given all labels that were fitted.
  std::vector<double> predict(std::uint32_t item, std::uint32_t rater) const;
};

// EM from vote shares (Dawid, Skene 1979, equations 2.3 to 2.5). A local maximum: classes are told apart by the
// start. Throws Error{kInput} where columns differ in length or a number is out of range. Deterministic.
DawidSkene dawid_skene(const RaterLabels& labels, const DawidSkeneOptions& options);

// ------------------------------------------------------------------------------------------ comparisons

// Comparisons with their raters; kNoRater stands for an average one. No rankings.
struct RaterVotes {
  ItemVotes votes;
  std::size_t raters = 0;
  std::span<const std::uint32_t> rater;  // one a comparison
};
// The comparisons of a feedback, which must outlive the result.
RaterVotes rater_votes_of(const Feedback& feedback);

struct RaterOptions {
  Ties ties = Ties::kDavidson;  // not kRaoKupper
  bool reliability = true;      // false: 1 for everyone
  bool position = true;         // overall
  bool rater_position = true;   // lean_r
  bool rater_ties = true;       // tie_r; only with Davidson's ties
  // Estimated where not given (> 0): spreads of utilities, reliabilities about 1, leans and ties about 0.
  double utility_sd = 0, reliability_sd = 0, lean_sd = 0, tie_sd = 0;
  double tolerance = 1e-4;  // ends where no parameter moves by more in a round
  int most_rounds = 300;
  int threads = 1;
};

struct RaterModel {
  bool exists = false;  // false: see `why`
  std::string why;
  std::vector<double> utility, reliability, lean, rater_tie;  // by item; by rater
  double position = 0, tie = 0;
  // Of the joint posterior with everything but the spreads estimated together (expected information). Spreads
  // that were estimated are taken as known, so intervals are short where raters are few: with 50 raters of 80
  // votes 95 % intervals hold .937 of reliabilities and .898 of leans (tests/reward/raters_test.cc; .95 where
  // spreads are given). Where there are more than kDenseItems items raters' errors take the utilities as known,
  // and utilities have none (empty).
  std::vector<double> utility_error, reliability_error, lean_error, rater_tie_error;
  double position_error = 0, tie_error = 0;
  bool joint_errors = false;
  double utility_sd = 0, reliability_sd = 0, lean_sd = 0, tie_sd = 0;  // as given, or as estimated
  Ties ties = Ties::kRefuse;
  double log_likelihood = 0;  // of the votes, without priors
  int rounds = 0;
  bool converged = false;
  // Probabilities of first, second, tie. kNoRater: an average rater. REQUIRES: exists.
  std::array<double, 3> predict(std::uint32_t first, std::uint32_t second, std::uint32_t rater) const;
};

// Alternates a Newton fit of utilities given raters (concave), a Newton fit of each rater given utilities
// (concave), and MacKay's step for the spreads (1992, from estimates and their conditional variances), until no
// parameter moves by more than the tolerance. Where utility_sd is estimated the unit is set by a median
// reliability of 1 among those who voted; where it is given, by that. Utilities and reliabilities multiply, so
// this is a local maximum, reached from reliabilities of 1: the majority defines what is better. Throws as
// fit_items, and for raters out of range, kRaoKupper, spreads < 0. Same bytes for any number of threads.
RaterModel fit_raters(const RaterVotes& votes, const RaterOptions& options);

// ------------------------------------------------------------------------------------------ who to look at

// From the interval of the reliability and the rater's own votes; what neither shows is unclear.
enum class RaterKind : std::uint8_t { kReliable, kUnclear, kLikeChance, kAgainst };
std::string_view name_of(RaterKind kind);

struct RaterNote {
  std::uint32_t rater = 0;
  RaterKind kind = RaterKind::kUnclear;
  std::uint64_t votes = 0;
  double reliability = 0;
  Interval interval;  // normal, joint posterior
  // Against the consensus of the others: utilities fitted without this rater's votes (and those of the others
  // of the same twentieth of raters). Of the votes that are no ties: how many side with the better item, how
  // many would in expectation if the rater were average, and the two-sided binomial probability of so unequal a
  // split by a coin.
  std::uint64_t decided = 0, agreed = 0;
  double expected = 0;
  double p_coin = 1;
};

// One note a rater, in the order of raters: nobody is left out. `level` of the intervals, in (0, 1). kAgainst:
// the interval is below 0; kLikeChance: it contains 0 and is below 1; kReliable: it is above 0, and the rater's
// own votes side with the consensus beyond a coin (p_coin at most 1 - level); else kUnclear. Measured in
// tests/reward/raters_test.cc: of 144 raters near 1, 24 coins and 16 contrary ones, 150 votes each, no good
// rater was named, all contrary ones were, and the coins but for those whose 95 % interval missed 0.
std::vector<RaterNote> screen_raters(const RaterVotes& votes, const RaterOptions& options,
                                     const RaterModel& model, double level = 0.95);

// ------------------------------------------------------------------------------------------ held-out votes

// Log-probabilities (nats) of single votes that were not fitted, by vote. Vote v is in fold[v], and foretold
// from the votes of all other folds.
struct HeldOutVotes {
  // Counting: shares among the same two items' other votes, smoothed towards the shares of all votes (first and
  // second alike) with the strength that foretells the training votes best, each from the others.
  std::vector<double> shares;
  std::vector<double> strength;  // of that smoothing, by fold, in votes
  std::vector<double> plain;     // fit_raters with everyone alike: utilities, position and ties only
  std::vector<double> raters;    // fit_raters with `options`
};
// Throws as fit_raters, and Error{kInput} for folds that are empty, hold everything, or are not below `folds`
// (2 or more).
HeldOutVotes held_out_votes(const RaterVotes& votes, std::span<const std::uint8_t> fold, int folds,
                            const RaterOptions& options);

}  // namespace plumb
