// Private to reward: the maximum of a smooth likelihood in few parameters, with the sandwich covariance.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "plumb/base.h"

namespace plumb {

// A log-likelihood that is a sum over units. What depends on the parameters only is computed once, in
// `move_to`.
class UnitLikelihood {
 public:
  virtual ~UnitLikelihood() = default;
  virtual std::size_t units() const = 0;
  virtual double weight(std::size_t i) const = 0;  // how many units are like this one
  virtual void move_to(std::span<const double> x) = 0;
  // Of one unit of kind i at the x of move_to; `gradient` is overwritten.
  virtual double unit(std::size_t i, std::span<double> gradient) const = 0;
};

struct LikelihoodMaximum {
  bool found = false;
  std::string why_not;
  std::vector<double> x;
  double value = 0;
  Matrix covariance;  // H^-1 J H^-1, H the curvature, J the sum of squared scores
};

// BFGS from `start` with backtracking, then Newton steps with the curvature by central differences of the
// gradient. Found where the gradient is zero in units of standard errors (1e-6) and the curvature is positive
// definite; not where the way leads out of |x| <= kFarthest: the likelihood has no maximum inside.
LikelihoodMaximum maximize_likelihood(UnitLikelihood& likelihood, std::vector<double> start);

// What one unit of each kind contributes to the error of the maximum at x, to first order: H^-1 times its
// score, units() x x.size(). Weighted squares sum to the covariance. REQUIRES: x is a maximum.
Matrix unit_influence(UnitLikelihood& likelihood, const std::vector<double>& x);

// Derivative of log Gamma, x > 0; about 1e-14 relative.
double digamma(double x);

}  // namespace plumb
