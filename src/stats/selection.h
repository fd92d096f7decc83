// Private to stats: how a convex loss is minimized under a ridge penalty and how that penalty is chosen on
// held-out rows. Logistic and softmax regression differ only in the ConvexLoss that they hand in; ridge shares
// the grid.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "plumb/base.h"
#include "plumb/regression.h"

namespace plumb::stats {

// The grid of relative penalties, from weak to strong: 1e-6 ... 1e2 in 13 log-spaced values.
inline constexpr std::size_t kPenalties = 13;
std::array<double, kPenalties> penalty_grid();

// Splits 0 .. n into at most `most` runs of whole blocks of `block` items. Depends on nothing else, so sums
// over the runs, reduced in order, are the same for any number of threads.
std::vector<std::pair<std::size_t, std::size_t>> fixed_parts(std::size_t n, std::size_t block,
                                                             std::size_t most);

// Writes the listed rows to `out` as doubles, row-major.
void load_rows(DesignView x, std::span<const std::uint32_t> rows, double* out);

// Throws where an element of the listed rows is not finite, naming row and column.
void refuse_non_finite(DesignView x, std::span<const std::uint32_t> rows, const char* where);

// Throws: an outcome of the listed rows is not finite (named), or the sum of squares overflows.
[[noreturn]] void refuse_non_finite_outcome(std::span<const double> y, std::span<const std::uint32_t> rows);

// A convex, twice differentiable loss summed over rows.
class ConvexLoss {
 public:
  virtual ~ConvexLoss() = default;
  virtual std::size_t parameters() const = 0;
  virtual double size() const = 0;  // rows (decisions) that are summed over, by weight
  // The loss; fills `gradient` unless it is empty.
  virtual double evaluate(std::span<const double> coef, std::span<double> gradient) const = 0;
  virtual Matrix curvature(std::span<const double> coef) const = 0;  // the Hessian, full and symmetric
};

// Which of the ids in `use` fit and which judge while the penalty is chosen; `all` are those of the final fit.
struct InnerSplit {
  std::vector<std::uint32_t> all, fit, held_out;
};
// Keeps the ids whose fold is in `use`; every stride-th of them takes part in the choice, and the last fold
// among those judges (the last quarter of the ids where there is only one fold). REQUIRES: two such ids or
// more.
InnerSplit split_inner(std::span<const std::uint32_t> ids_in_use, std::span<const std::uint8_t> fold,
                       std::size_t stride);

// Minimizes loss + penalty / 2 |coef[unpenalized ...]|^2 from `coef`. `curvature` is a Hessian from nearby to
// start with (rows = 0: none) and holds the last one used on return. Stops where the predicted decrease of a
// step is below `tolerance` (in units of the loss), after taking it.
std::vector<double> minimize(const ConvexLoss& loss, double penalty, std::size_t unpenalized,
                             std::vector<double> coef, Matrix& curvature, double tolerance);

// The penalty by `held_out` from fits on `inner`, both started at `start` (the null model); then the fit on
// `all`. inner == nullptr says that nothing can be chosen: the strongest penalty is taken.
LinearFit select_and_fit(const ConvexLoss* inner, const ConvexLoss& held_out, const ConvexLoss& all,
                         std::size_t unpenalized, const std::vector<double>& start);

}  // namespace plumb::stats
