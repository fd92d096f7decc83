// IPO: regress D on the constant 1/(2 beta), so that certain preferences do not drive the policy to an end.
#include "optimize/objectives/kernel.h"

namespace plumb {
namespace {

class Ipo final : public PairObjective {
 public:
  Ipo(double beta, bool averaged) : PairObjective(averaged ? "ipo_averaged" : "ipo", averaged, true) {
    require_positive("ipo", "beta", beta);
    target_ = 1 / (2 * beta);
    refuse_overflow("ipo", "1/(2 beta)", target_);
  }

 private:
  Terms terms(double chosen, double rejected, std::size_t) const override {
    const double error = chosen - rejected - target_;
    return {error * error, 2 * error, -2 * error};
  }
  double target_ = 0;
};

}  // namespace

ObjectivePointer ipo_objective(double beta, bool averaged) { return std::make_shared<Ipo>(beta, averaged); }

}  // namespace plumb
