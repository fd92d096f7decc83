// DPO and its two answers to flipped labels. f(D) = -log s(beta D).
#include <fmt/format.h>

#include "optimize/objectives/kernel.h"

namespace plumb {
namespace {

// a f(D) + b f(-D): DPO is (1, 0), conservative (1-e, e), robust (1-e, -e)/(1-2e).
class LogisticPair final : public PairObjective {
 public:
  LogisticPair(std::string_view name, double beta, double agree, double flipped)
      : PairObjective(name, false, true), beta_(beta), agree_(agree), flipped_(flipped) {
    require_positive(name, "beta", beta);
  }

 private:
  Terms terms(double chosen, double rejected, std::size_t) const override {
    const double x = beta_ * (chosen - rejected);
    const double loss = agree_ * minus_log_sigmoid(x) + flipped_ * minus_log_sigmoid(-x);
    const double slope = beta_ * (flipped_ * sigmoid(x) - agree_ * sigmoid(-x));
    return {loss, slope, -slope};
  }
  double beta_, agree_, flipped_;
};

void require_flip_rate(std::string_view where, double rate) {
  if (!(rate >= 0 && rate < 0.5)) refuse(where, "flip_rate", fmt::format("{}", rate), "a rate in [0, 0.5)");
}

}  // namespace

ObjectivePointer dpo_objective(double beta) { return std::make_shared<LogisticPair>("dpo", beta, 1, 0); }

ObjectivePointer robust_dpo_objective(double beta, double flip_rate) {
  require_flip_rate("robust_dpo", flip_rate);
  const double scale = 1 - 2 * flip_rate;
  return std::make_shared<LogisticPair>("robust_dpo", beta, (1 - flip_rate) / scale, -flip_rate / scale);
}

ObjectivePointer conservative_dpo_objective(double beta, double flip_rate) {
  require_flip_rate("conservative_dpo", flip_rate);
  return std::make_shared<LogisticPair>("conservative_dpo", beta, 1 - flip_rate, flip_rate);
}

}  // namespace plumb
