// ORPO: likelihood of the chosen sequence plus the log of its odds against the rejected one, no reference.
#include <fmt/format.h>

#include "optimize/objectives/kernel.h"

namespace plumb {
namespace {

// log(1 - e^a), a < 0 (Maechler 2012: expm1 near 0, log1p far from it).
double log_one_minus_exp(double a) {
  return a > -0.6931471805599453 ? std::log(-std::expm1(a)) : std::log1p(-std::exp(a));
}

class Orpo final : public PairObjective {
 public:
  explicit Orpo(double beta) : PairObjective("orpo", true, false), beta_(beta) {
    require_positive("orpo", "beta", beta);
  }

 private:
  Terms terms(double chosen, double rejected, std::size_t pair) const override {
    for (const double a : {chosen, rejected})
      if (!(a < 0))
        refuse("orpo", fmt::format("mean log-probability in pair {}", pair), fmt::format("{}", a),
               "a number < 0: a certain sequence has infinite odds");
    const double log_odds = (chosen - rejected) - (log_one_minus_exp(chosen) - log_one_minus_exp(rejected));
    // d logit(e^a)/da = 1/(1 - e^a).
    const double slope = -beta_ * sigmoid(-log_odds);
    return {-chosen + beta_ * minus_log_sigmoid(log_odds), -1 - slope / std::expm1(chosen),
            slope / std::expm1(rejected)};
  }
  double beta_;
};

}  // namespace

ObjectivePointer orpo_objective(double beta) { return std::make_shared<Orpo>(beta); }

}  // namespace plumb
