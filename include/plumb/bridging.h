// plumb/bridging.h: what is liked on both sides. For raters who honestly disagree, in camps that nobody
// labelled.
//
// Ratings of items are explained as
//   rating(u, n) = mu + rater intercept i_u + item intercept i_n + rater factor f_u . item factor f_n
// (matrix factorization as in Community Notes; Wojcik et al. 2022, arXiv 2210.15723). Raters' factors fall into
// two sides, split where the spread within sides is least. The score of an item is what a rater midway between
// the two sides would add to the mean: i_n + midpoint * f_n. What only one side likes is halved there; what
// both like is not.
//
// Departure: Community Notes takes i_n itself, the score at factor 0. Where 0 lies between the sides is decided
// by the penalties alone, since factors can be shifted and intercepts corrected without changing a prediction,
// so i_n leans to the larger side, and with one side only it hardly tells items apart. In a world of two camps
// of 450 and 50 raters with mirrored tastes (tests/reward/bridging_test.cc) the camps' own items have .22 and
// .00 by i_n, .12 and .07 by the score; what both like .27 and .24. With 25 raters or fewer of 500 on one side
// both rank some of the larger side's items first: too few voices to bridge to. i_n is given as well.
//
//   BridgingRatings r = bridging_ratings(feedback);           // ratings, thumbs, comparisons
//   Bridging b = fit_bridging(r.view(), {}, Rng(1).stream("bridging"));
//   b.item_score[n], b.item_error[n]
//
// An item with one side's ratings alone cannot show that it bridges: its error says how little is known, and
// `side_below` and `side_above` how many ratings came from each side. The larger side does not win by being
// larger.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "plumb/base.h"
#include "plumb/feedback.h"

namespace plumb {

// Ratings as columns that somebody else owns, on one scale (0 to 1 where penalties are to mean what they were
// made for). A rater may rate an item several times.
struct RatingsView {
  std::size_t raters = 0, items = 0;
  std::span<const std::uint32_t> rater, item;
  std::span<const double> value;
};

struct BridgingRatings {
  std::size_t raters = 0, items = 0;
  std::vector<std::uint32_t> rater, item;
  std::vector<double> value;
  RatingsView view() const { return {raters, items, rater, item, value}; }
};
// All judgements of a feedback that have a rater as ratings from 0 to 1: a thumb 1 or 0; a rating by the least
// and the greatest there are; a comparison as 1 for what was preferred and 0 for the other, .5 each for a tie.
// Rankings are left out, as is what nobody signed. Throws Error{kInput} where ratings are all the same number
// and nothing else is there.
BridgingRatings bridging_ratings(const Feedback& feedback);

struct BridgingOptions {
  // Penalties of a squared parameter, per rating that an average rater (rater parameters), item (item
  // parameters) or the whole (mu) has. Community Notes' values.
  double intercept_penalty = 0.15, factor_penalty = 0.03;
  int starts = 5;           // random starts; the one with the least loss is kept
  int most_sweeps = 1000;   // of alternating least squares
  double tolerance = 1e-7;  // ends where no parameter moves by more in a sweep
  int replicates = 200;     // of the bootstrap over raters; 0: no errors
  int threads = 1;
};

struct Bridging {
  double mu = 0;
  std::vector<double> rater_intercept, rater_factor;
  std::vector<double> item_intercept, item_factor;
  double midpoint = 0;             // between the mean factors of the two sides
  std::vector<double> item_score;  // item_intercept + midpoint * item_factor
  // Standard deviation of the score over bootstrap replicates that draw raters anew (all ratings of a rater
  // stay together), each refitted from this fit. Empty where replicates is 0; infinite for items without
  // ratings, and for those that fewer than two raters rated.
  std::vector<double> item_error;
  // Ratings by raters of the side with lower and with higher factors, by item: an item that only one side rated
  // has a 0 there.
  std::vector<std::uint32_t> side_below, side_above;
  double loss = 0;       // penalized sum of squares
  double explained = 0;  // share of the sum of squares about mu and the intercepts that the factors explain
  int sweeps = 0;
  bool converged = false;
};

// Minimizes the sum of squares plus penalties by alternating least squares: given items each rater's (i, f) is
// a ridge regression of two numbers, and the other way round. The factors' sign is set so that the largest
// rater factor is above 0. Departure from the published loss: penalties are per average rating, not per rating,
// so that an item with few ratings is drawn to 0 the more. Throws Error{kInput} for numbers out of range or not
// finite, columns of different length, penalties <= 0, no ratings. Deterministic; the same bytes for any number
// of threads.
Bridging fit_bridging(const RatingsView& ratings, const BridgingOptions& options, const Rng& rng);

}  // namespace plumb
