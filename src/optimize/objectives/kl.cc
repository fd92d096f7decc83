// Estimates of KL from single tokens, and the coefficient that follows a target.
#include <fmt/format.h>

#include "optimize/objectives/kernel.h"

namespace plumb {

ValueAndSlope kl_estimate(KlEstimator estimator, double log_prob, double reference_log_prob) {
  const double x = log_prob - reference_log_prob;
  switch (estimator) {
    case KlEstimator::kK1:
      return {x, 1};
    case KlEstimator::kK2:
      return {x * x / 2, x};
    case KlEstimator::kK3:
      break;
  }
  if (-x > kLargestLogRatio) {
    const BoundedExp e = bounded_exp(-x);
    return {e.value + x - 1, 1 - e.slope};
  }
  // expm1 keeps the digits where the policies are nearly equal.
  const double e = std::expm1(-x);
  return {e + x, -e};
}

KlControl::KlControl(double beta) : beta_(beta) { require_not_negative("KlControl", "beta", beta); }

KlControl::KlControl(double beta, double target, double horizon)
    : beta_(beta), target_(target), horizon_(horizon) {
  require_positive("KlControl", "beta", beta);
  require_positive("KlControl", "target", target);
  require_positive("KlControl", "horizon", horizon);
}

void KlControl::observe(double kl, double steps) {
  if (!std::isfinite(kl)) refuse("KlControl", "kl", fmt::format("{}", kl), "a finite number");
  require_positive("KlControl", "steps", steps);
  if (target_) beta_ *= 1 + std::clamp(kl / *target_ - 1, -0.2, 0.2) * steps / horizon_;
}

}  // namespace plumb
