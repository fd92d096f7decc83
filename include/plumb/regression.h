// plumb/regression.h: ridge, logistic and softmax regression, each with a penalty chosen on rows that it did
// not see.
//
// What outcome models and surrogates are fitted with. Every fit takes a FoldMask: the folds that it may see.
// Folds never depend on outcomes, so cross-fitting is a loop over masks, and nothing learnt on one fold leaks
// into another. Designs are float, sums are double. All levels of a category may stand in a design beside the
// constant: the penalty keeps collinear columns stable. There is no unpenalized fit, and no standard errors:
// intervals come from the score table. Columns are penalized alike, so the caller standardizes them. `weight`,
// where given, is how much a row (a decision) counts, positive: a row of weight 2 is the same row twice, except
// where rows are counted to subsample them; empty: all 1.
//
//   FoldSums sums = fold_sums(x, y, rows, fold, kFolds, threads);
//   LinearFit fit = ridge(sums, all_but);      // all_but = ((1u << kFolds) - 1) & ~(1u << f)
//   double q = std::inner_product(fit.coef.begin(), fit.coef.end(), x.row(i).begin(), 0.0);
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "plumb/base.h"

namespace plumb {

// A design: rows x p, finite numbers; column 0 is the constant 1, which is never penalized.
using DesignView = BasicMatrixView<const float>;

// Bit f set: fold f is used for fitting. At most 32 folds.
using FoldMask = std::uint32_t;

// ---------------------------------------------------------------------------------------------- linear

// X'X, X'y, y'y, sum y and n by fold: any set of folds is fitted from these without touching the data again.
struct FoldSums {
  std::size_t p = 0;
  std::vector<std::vector<double>> xtx, xty;  // one entry a fold; xtx is p * p row-major, full and symmetric
  std::vector<double> yty, y_sum, count;      // one entry a fold
};

// The sums over the rows listed in `rows` (row numbers, ascending, each once); y[i] and fold[i] are indexed by
// row number. REQUIRES: y.size() == fold.size() == x.rows, fold[i] < folds <= 32 for listed
// rows. Throws Error{kInput} where a listed y or x is not finite, Error{kInternal} where a requirement is not
// met. The same bytes for any number of threads. O(n p^2): 100,000 rows x 90 columns take about 0.1 s on one
// core.
FoldSums fold_sums(DesignView x, std::span<const double> y, std::span<const std::uint32_t> rows,
                   std::span<const std::uint8_t> fold, int folds, int threads,
                   std::span<const double> weight = {});

// The same for several outcomes that share rows: X'X is computed once. Returns one FoldSums an outcome, each
// with exactly the bytes of fold_sums for that outcome.
std::vector<FoldSums> fold_sums_many(DesignView x, std::span<const std::span<const double>> ys,
                                     std::span<const std::uint32_t> rows, std::span<const std::uint8_t> fold,
                                     int folds, int threads, std::span<const double> weight = {});

// A fitted linear predictor: x . coef is the mean (ridge), the log-odds (logistic) or the utility (softmax).
struct LinearFit {
  std::vector<double> coef;  // p
  // What was added to the diagonal of the curvature (X'X, or the Hessian of the summed log-loss) for every
  // column but the constant: coef minimizes sum of squares + penalty |coef|^2 (ridge), summed log-loss +
  // penalty / 2 |coef|^2 (logistic, softmax). 0 where there is nothing to penalize.
  double penalty = 0;
  // Mean squared error (ridge) or mean log-loss (logistic, softmax) on held-out inner folds, at the chosen
  // penalty.
  double held_out_loss = 0;
};

// Least squares with a ridge penalty (Hoerl, Kennard 1970). The penalty is chosen by leave-one-fold-out over
// the folds in `use` that have rows, from the sums alone; where only one has, by generalized cross-validation
// (Golub, Heath, Wahba 1979; held_out_loss is then the GCV score). The grid is 13 values, log-spaced from 1e-6
// to 1e2, times the mean diagonal of X'X over the penalized columns (n times their mean square) in all of
// `use`; inner fits use the same absolute penalties, ties go to the stronger. Throws Error{kInput} where `use`
// has fewer than 2 rows.
LinearFit ridge(const FoldSums& sums, FoldMask use);

// ---------------------------------------------------------------------------------------------- logistic

// Logistic regression of y01 in [0, 1] with a ridge penalty, on the listed rows whose fold is in `use`;
// arguments as in fold_sums. Newton's method with step halving, where the Hessian is computed anew only when
// steps with the last one converge slowly; the gradient is always exact, so the solution is the penalized
// maximum likelihood to about 1e-6 standard errors. At most 400 steps. The penalty is chosen on the last fold
// of `use` that has rows, held out (where only one has: the last quarter of its rows), on every k-th row, so
// that at most 20,000 take part; the grid is ridge's, times the mean diagonal of the Hessian at the
// constant-only model of that subsample. All of its values are fitted side by side; the best is taken, walking
// from strong to weak until three in a row do not improve. The absolute penalty is carried over to all rows.
// Separable data: the penalty keeps the coefficients finite. Where y01 is all 0 or all 1, the constant is the
// log-odds of (sum y + 1/2) / (n + 1), the other coefficients are 0 and penalty is 0. Throws as fold_sums, and
// Error{kInput} for y01 outside [0, 1] or fewer than 2 rows. Same bytes for any threads.
LinearFit logistic(DesignView x, std::span<const double> y01, std::span<const std::uint32_t> rows,
                   std::span<const std::uint8_t> fold, FoldMask use, int threads,
                   std::span<const double> weight = {});

double sigmoid(double x);    // 1 / (1 + exp(-x)), accurate in both tails
double log1p_exp(double x);  // log(1 + exp(x)), never overflows

// ---------------------------------------------------------------------------------------------- softmax

// Conditional logit (McFadden 1974): decision i chose slot chosen[i] of the offered rows offset[i] .. offset[i
// + 1] of x, with probability proportional to exp(x . coef). x has a row an offered action; coef[0], the
// constant's, is fixed at 0, as is (through the penalty) that of any column that never varies within a
// decision. Beyond 1,024 columns such columns are left out before the fit: the grid is then relative to the
// others' mean diagonal. fold is by decision. Penalty and solution as in logistic, with decisions for rows, the
// Hessian at coef = 0 for the grid, and at most 20,000 decisions and about 60,000 offered rows in the
// subsample. Throws as logistic.
LinearFit softmax_regression(DesignView x, std::span<const std::uint64_t> offset,
                             std::span<const std::uint32_t> chosen, std::span<const std::uint8_t> fold,
                             FoldMask use, int threads, std::span<const double> weight = {});

}  // namespace plumb
