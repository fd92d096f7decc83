// Private to reward: does an action's effect on purchases change with time since the decision?
#pragma once

#include <vector>

#include "plumb/data.h"
#include "plumb/learnt.h"
#include "reward/lifetime_rows.h"

namespace plumb {

// What the model of an action says of late purchases over early ones, were its pace constant.
struct ModelRatio {
  double log_ratio = 0;
  std::vector<double> influence;  // kBuckets: of the pace's error on it
};

// Every action against the one that was taken most often. With S and E the weighted sums (one over the
// propensity) of what customers bought in the second and in the first half of the time since their decision,
// and R the model's late purchases over early ones at a constant pace,
//
//   T = log(S_b / E_b) - log(S_a / E_a) - (log R_b - log R_a),
//
// zero where the effect is as large late as early, whatever the calendar did to all; once in money, once in
// days with a purchase. The standard error is that of sums over unit buckets. p is Bonferroni's over both and
// over the actions. Not known where an action has fewer than kLeastChangePurchases in a half.
std::vector<EffectOverTime> effects_over_time(const DecisionLog& log, const std::vector<LifetimeRow>& rows,
                                              const std::vector<ModelRatio>& by_action);
inline constexpr double kLeastChangePurchases = 20;

}  // namespace plumb
