// Several penalized fits side by side. The fits of a path of penalties, and those that leave out a fold each,
// walk over the same rows: what is read once serves all of them.
#pragma once

#include <Eigen/Core>
#include <span>
#include <vector>

#include "plumb/regression.h"

namespace plumb::stats {

using Coefficients = std::vector<double>;

// Convex, twice differentiable losses over the same parameters, one a lane.
class LaneLoss {
 public:
  virtual ~LaneLoss() = default;
  virtual std::size_t parameters() const = 0;
  // For each of `lanes`, ascending, the loss at coef[k], and its gradient in gradient[k] where `gradient` is
  // given (one a lane asked for, of parameters()).
  virtual std::vector<double> evaluate(std::span<const std::size_t> lanes,
                                       std::span<const Coefficients* const> coef,
                                       std::vector<Coefficients>* gradient) const = 0;
  // Whether all lanes sum over the same rows: then a Hessian at one point serves all of them, and a lane may
  // depend on where the others are. Else a lane depends on nothing of the others, to the last bit.
  virtual bool alike() const = 0;
  virtual Eigen::MatrixXd curvature(std::size_t lane, const Coefficients& at) const = 0;
};

// A Hessian to start with: one for all lanes or one a lane. `exact`: it is that at the start.
struct FirstHessian {
  std::span<const Eigen::MatrixXd> of;
  bool exact = false;
};

// Minimizes every lane's loss + penalty / 2 |coef[unpenalized ...]|^2 from `start`. Where a lane converges
// slowly, it gets a new Hessian: lanes that are alike a common one at first, then each its own. A lane stops
// after a step that leaves a predicted decrease below `tolerance` (in units of the loss).
std::vector<Coefficients> minimize_lanes(const LaneLoss& loss, std::span<const double> penalty,
                                         std::size_t unpenalized, std::vector<Coefficients> start,
                                         double tolerance, FirstHessian first);

inline constexpr double kPathTolerance = 1e-8;  // 1e-4 of a standard error
inline constexpr double kFinalTolerance = 1e-16;

// Of fits along the penalty grid (weak to strong) and what each loses on held-out rows, the best, walking from
// strong to weak until three in a row do not improve.
std::size_t best_penalty(std::span<const double> held_out_loss);

// The mean of a Hessian's diagonal over the penalized coefficients, 1 where it is 0 (any penalty then gives 0).
double penalty_scale(const Eigen::MatrixXd& curvature, std::size_t unpenalized);

}  // namespace plumb::stats
