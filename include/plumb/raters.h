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
//   RaterScreen screen = screen_raters(votes, options, model);
//   for (const RaterNote& note : screen.notes) ... note.kind == RaterKind::kLikeChance
//
// Nobody is dropped: whoever votes at random or against everyone is named and stays. The model has one order of
// items; whoever has another gets a reliability below 0 from it, though in a camp with an order of its own
// people are as reliable as elsewhere. So camps are looked for before anybody is called against everyone, and
// where they are found a single order, and this model, is the wrong question: plumb/bridging.h.
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

// What a rater's decided votes show (ties show nothing here). With fewer than kLeastOpinions of them: unclear.
enum class RaterKind : std::uint8_t {
  kReliable,    // votes with the others, or with the others of the camp
  kUnclear,     // too few votes to say
  kLikeChance,  // not told from a coin, and agrees with the others less than one of them would
  kAgainst,     // the opposite of the others, and nobody else votes like that
  kPosition     // takes the first place, or the second, whatever stands there
};
std::string_view name_of(RaterKind kind);
inline constexpr std::uint64_t kLeastOpinions = 30;

inline constexpr std::uint32_t kNoCamp = 0xffffffff;

struct RaterNote {
  std::uint32_t rater = 0;
  RaterKind kind = RaterKind::kUnclear;
  std::uint64_t votes = 0;
  // Of the model: along its one order of items, so below 0 in a camp that prefers the opposite.
  double reliability = 0;
  Interval interval;  // normal, joint posterior
  std::uint32_t camp = kNoCamp;
  // Against the consensus of the others (where there are camps: of the camp that the rater agrees with most),
  // the rater's own votes left out. Of the votes that are no ties: how many side with it, how many another
  // person of these would in expectation, and the two-sided probability of so unequal a split where place and
  // consensus say nothing of each other.
  std::uint64_t decided = 0, agreed = 0;
  double expected = 0;
  double p_coin = 1;
  std::uint64_t first = 0;  // of the decided: those won by what stood first
};

// People who prefer the opposite of others on the same pairs, and agree among themselves.
struct RaterCamps {
  std::size_t looked_at = 0;  // raters, at most 400: those with the most decided votes
  std::string why;            // why camps could not be looked for; empty where they were
  // Placed raters by camp, the largest camp first; empty: no camps were found.
  std::vector<std::size_t> members;
  bool found() const { return !members.empty(); }
};

struct RaterScreen {
  std::vector<RaterNote> notes;  // one a rater, in the order of raters: nobody is left out
  RaterCamps camps;
};

// Every family of tests over the panel has an error of at most 1 - level, in (0, 1); raters with
// kLeastOpinions are tested.
// kPosition: at least .8 of the votes took one place, which .55 does not explain (Holm over the panel), and so
//   did most of those in which the others prefer what stood in the other place. Left out of all consensus.
// Camps: groups by the agreement of raters on the same pairs, learnt from half of what they said and shown by
//   the other half: between groups opposite, within each alike (no single order of items does that, whatever
//   the reliabilities); and wherever two or more are found against all others and agree with each other. At
//   most 4. A rater is placed where the votes on pairs on which camps differ show it (Holm).
// kReliable, kAgainst: Fisher's exact test of place taken and place that the consensus prefers, two-sided, Holm
//   over the panel (times the number of camps). Repeated votes on one pair count by their clustered variance
//   where that is larger: copies of a vote are no evidence. kAgainst only where no camps are found, no other
//   rater leans against the consensus more than coins do, and nobody agrees with this one on the same pairs.
// kLikeChance: that test does not reject, and the votes agree with the consensus (of every camp) less than
//   those of a rater with .85 of the middle one's excess over a half would, by a binomial test, Holm. For a
//   camp that holds the opposite of the largest one, the largest one's consensus turned round stands in.
// Rates by panel, 40 people: bench/quality/panels_raters. Linear in votes but for the table of agreement of at
// most 400 raters, which costs as many steps as they have pairs of votes on equal pairs.
RaterScreen screen_raters(const RaterVotes& votes, const RaterOptions& options, const RaterModel& model,
                          double level = 0.95);

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
