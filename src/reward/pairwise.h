// Private to reward: the linear Bradley-Terry model of comparisons, given as differences of designs.
#pragma once

#include <Eigen/Dense>
#include <cstdint>
#include <vector>

#include "plumb/base.h"
#include "plumb/regression.h"

namespace plumb {

using PairMatrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

// Comparisons as rows. Column 0 of `design` is 1 (the position effect), the others are phi(first) -
// phi(second).
struct Pairs {
  PairMatrix design;
  Eigen::VectorXd answer;  // 1 first, 0 second, .5 tie
  Eigen::VectorXd weight;
  std::vector<std::uint8_t> fold;
  std::vector<std::uint32_t> bucket;             // of units: people
  std::vector<std::uint32_t> prompt, answer_of;  // buckets of prompts, and of a unit's answers to a prompt
  std::vector<float> copies;  // answers of the row's unit to the row's question; empty: 1 each
  std::size_t size() const { return fold.size(); }
};
// The rows whose fold has its bit set in `folds`.
Pairs pairs_in(const Pairs& pairs, std::uint32_t folds);

// How answers follow log-odds: a share `lapse` of them is a coin, P(first) = (1 - lapse) s(log-odds) + lapse /
// 2 (Wichmann and Hill 2001, eq. 1, with both lapse rates equal).
struct PairLink {
  double lapse = 0;
  double chance(double log_odds) const { return (1 - lapse) * sigmoid(log_odds) + lapse / 2; }
  double slope(double log_odds) const { return (1 - lapse) * sigmoid(log_odds) * sigmoid(-log_odds); }
  // The score of an answer is this times (answer - chance), its information this times the slope; 1 without
  // lapses.
  double pull(double log_odds) const {
    const double p = chance(log_odds);
    return lapse > 0 ? slope(log_odds) / (p * (1 - p)) : 1;
  }
};

struct PairFit {
  PairLink link;
  Eigen::VectorXd coef;
  Eigen::MatrixXd curvature;  // of the penalized loss at coef
  Eigen::VectorXd hat;        // leverage of every row at coef; empty where it was not asked for
};
// Minimizes sum w log-loss + penalty / 2 |coef without its first|^2 by Newton's method with step halving, from
// `start` (empty: 0), until the decrease that a step promises is below 1e-10 of the summed weight. Same bytes
// for any threads. REQUIRES: penalty > 0.
PairFit fit_pairs(const Pairs& pairs, double penalty, Eigen::VectorXd start, int threads);
// The same without the first-order bias of maximum likelihood, which pushes log-odds away from zero by about
// (columns / rows): the score is modified by the leverages (Firth 1993, Biometrika 80; with lapses Kosmidis and
// Firth 2009, eq. 12, by Fisher scoring). Finite also for answers that a plane separates. Fills `hat`.
PairFit fit_pairs_unbiased(const Pairs& pairs, double penalty, int threads, PairLink link = {});
// Mean log-loss, a row.
Eigen::VectorXd pair_losses(const Pairs& pairs, const Eigen::VectorXd& coef);
// The mean diagonal of the curvature at coef = 0 over the penalized columns: what penalties are multiples of.
double curvature_scale(const Pairs& pairs);
// What each bucket contributes to the error of fit.coef: curvature^-1 (sum of scores of the bucket), with the
// mean over buckets that hold rows taken out; kBuckets x columns. Its squares sum to the sandwich variance,
// clustered.
// Residuals are divided by 1 - h where fit.hat is there (HC3, MacKinnon and White 1985), h being that of all of
// a unit's answers to one question together, so that copies of a comparison change no error.
PairMatrix pair_influence(const Pairs& pairs, const PairFit& fit);
// The same by other clusters than units.
PairMatrix pair_influence(const Pairs& pairs, const PairFit& fit, const std::vector<std::uint32_t>& bucket);

}  // namespace plumb
