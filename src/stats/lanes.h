// Several penalized fits side by side. The fits of a path of penalties, and those that leave out a fold each,
// walk over the same rows: what is read once serves all of them.
#pragma once

#include <Eigen/Core>
#include <span>
#include <vector>

#include "plumb/regression.h"

namespace plumb::stats {

using Coefficients = std::vector<double>;

// Convex, twice differentiable losses over the same parameters, one a lane. A lane's numbers depend on nothing
// of the others.
class LaneLoss {
 public:
  virtual ~LaneLoss() = default;
  virtual std::size_t parameters() const = 0;
  // For each of `lanes`, ascending, the loss at coef[k], and its gradient in gradient[k] where `gradient` is
  // given (one a lane asked for, of parameters()).
  virtual std::vector<double> evaluate(std::span<const std::size_t> lanes,
                                       std::span<const Coefficients* const> coef,
                                       std::vector<Coefficients>* gradient) const = 0;
  // Hessians of all lanes at one point; a single one where all lanes have the same rows.
  virtual std::vector<Eigen::MatrixXd> curvatures(const Coefficients& at) const = 0;
  virtual Eigen::MatrixXd curvature(std::size_t lane, const Coefficients& at) const = 0;
};

// Minimizes every lane's loss + penalty / 2 |coef[unpenalized ...]|^2 from `start`. First all lanes take steps
// with Hessians at one common point; where a lane converges slowly, the common point moves to it, and where
// that does not help, the lane gets its own. A lane stops after a step that leaves a predicted decrease below
// `tolerance` (in units of the loss). `first`, where given: curvatures() at the start, which
// is then the same for all lanes.
std::vector<Coefficients> minimize_lanes(const LaneLoss& loss, std::span<const double> penalty,
                                         std::size_t unpenalized, std::vector<Coefficients> start,
                                         double tolerance, std::span<const Eigen::MatrixXd> first = {});

inline constexpr double kPathTolerance = 1e-8;  // 1e-4 of a standard error
inline constexpr double kFinalTolerance = 1e-16;

// Of fits along the penalty grid (weak to strong) and what each loses on held-out rows, the best, walking from
// strong to weak until three in a row do not improve.
std::size_t best_penalty(std::span<const double> held_out_loss);

// The mean of a Hessian's diagonal over the penalized coefficients, 1 where it is 0 (any penalty then gives 0).
double penalty_scale(const Eigen::MatrixXd& curvature, std::size_t unpenalized);

}  // namespace plumb::stats
