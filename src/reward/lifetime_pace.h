// Private to reward: how fast customers buy after a decision, by action, and what of late purchases is to be
// expected of the time to come.
//
// BG/NBD with a clock: from the decision on, a customer's time runs `pace` times as fast. Before it, customers
// of all actions are alike. A purchase that comes sooner also gives a customer sooner the occasion to leave, so
// an effect of a constant pace brings less and less the longer it lasts; how much less, the model says.
#pragma once

#include <array>
#include <span>
#include <vector>

#include "plumb/lifetime_value.h"
#include "reward/lifetime_rows.h"

namespace plumb {

// Expected days with a purchase again, of all rows together.
struct WindowSums {
  double early = 0, late = 0, future = 0;  // the last: from the end of the file to the horizon
};
WindowSums expected_in_windows(const BgNbdParameters& parameters, std::span<const LifetimeRow* const> rows,
                               double pace, double horizon_weeks);

// The pace at which the model expects as many purchases after the decisions as were made. Not known where no
// pace in [1/32, 32] does.
struct Pace {
  bool known = false;
  double log_pace = 0;
  double slope = 0;                  // d expected / d log pace, of its rows together
  std::array<double, 4> by_model{};  // d expected / d (log r, log alpha, log a, log b), at the pace
};
Pace pace_of(const BgNbdParameters& parameters, std::span<const LifetimeRow* const> rows);
// What every row contributes to the error of log pace, to first order, the model's parameters taken as known.
std::vector<double> pace_influence(const BgNbdParameters& parameters, std::span<const LifetimeRow* const> rows,
                                   const Pace& pace);

}  // namespace plumb
