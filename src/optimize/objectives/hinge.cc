// Hinge loss on D. At the kink (beta D = 1) the slope is 0.
#include "optimize/objectives/kernel.h"

namespace plumb {
namespace {

class Hinge final : public PairObjective {
 public:
  explicit Hinge(double beta) : PairObjective("hinge", false, true), beta_(beta) {
    require_positive("hinge", "beta", beta);
  }

 private:
  Terms terms(double chosen, double rejected, std::size_t) const override {
    const double room = 1 - beta_ * (chosen - rejected);
    if (room <= 0) return {};
    return {room, -beta_, beta_};
  }
  double beta_;
};

}  // namespace

ObjectivePointer hinge_objective(double beta) { return std::make_shared<Hinge>(beta); }

}  // namespace plumb
