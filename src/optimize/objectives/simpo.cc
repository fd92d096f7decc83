// SimPO: length-averaged log-probabilities as the reward, a target margin, no reference.
#include "optimize/objectives/kernel.h"

namespace plumb {
namespace {

class Simpo final : public PairObjective {
 public:
  Simpo(double beta, double gamma) : PairObjective("simpo", true, false), beta_(beta), gamma_(gamma) {
    require_positive("simpo", "beta", beta);
    require_not_negative("simpo", "gamma", gamma);
  }

 private:
  Terms terms(double chosen, double rejected, std::size_t) const override {
    const double x = beta_ * (chosen - rejected) - gamma_;
    const double slope = -beta_ * sigmoid(-x);
    return {minus_log_sigmoid(x), slope, -slope};
  }
  double beta_, gamma_;
};

}  // namespace

ObjectivePointer simpo_objective(double beta, double gamma) { return std::make_shared<Simpo>(beta, gamma); }

}  // namespace plumb
