// The pace of buying after a decision: one equation in one unknown, an action.
#include "reward/lifetime_pace.h"

#include <algorithm>
#include <cmath>

namespace plumb {
namespace {

constexpr double kFastest = 3.4657359027997265;  // log 32
constexpr double kStep = 1e-3;                   // of central differences, in logarithms

double expected_seen(const BgNbdParameters& parameters, std::span<const LifetimeRow* const> rows, double pace) {
  std::vector<CustomerSummary> start;
  std::vector<double> periods;
  for (const LifetimeRow* row : rows) {
    start.push_back(row->start);
    periods.push_back(pace * row->seen);
  }
  double sum = 0;
  for (const double e : expected_purchases(parameters, start, periods)) sum += e;
  return sum;
}

}  // namespace

WindowSums expected_in_windows(const BgNbdParameters& parameters, std::span<const LifetimeRow* const> rows,
                               double pace, double horizon) {
  std::vector<CustomerSummary> start;
  std::array<std::vector<double>, 3> periods;
  for (const LifetimeRow* row : rows) {
    start.push_back(row->start);
    periods[0].push_back(pace * row->middle);
    periods[1].push_back(pace * row->seen);
    periods[2].push_back(pace * (row->seen + horizon));
  }
  std::array<double, 3> sum{};
  for (std::size_t k = 0; k < 3; ++k) {
    for (const double e : expected_purchases(parameters, start, periods[k])) sum[k] += e;
  }
  return {sum[0], sum[1] - sum[0], sum[2] - sum[1]};
}

Pace pace_of(const BgNbdParameters& parameters, std::span<const LifetimeRow* const> rows) {
  double made = 0;
  for (const LifetimeRow* row : rows) made += row->early + row->late;
  const auto excess = [&](double log_pace) {
    return expected_seen(parameters, rows, std::exp(log_pace)) - made;
  };
  // Illinois' variant of the false position: the excess rises with the pace.
  double low = -kFastest, high = kFastest, at_low = excess(low), at_high = excess(high);
  Pace out;
  if (!(made > 0) || !(at_low < 0) || !(at_high > 0)) return out;
  int side = 0;
  for (int step = 0; step < 60 && high - low > 1e-9; ++step) {
    const double middle = (at_low * high - at_high * low) / (at_low - at_high), at = excess(middle);
    out.log_pace = middle;
    if (std::abs(at) < 1e-9 * made) break;
    if (at < 0) {
      low = middle;
      at_low = at;
      if (side == -1) at_high /= 2;
      side = -1;
    } else {
      high = middle;
      at_high = at;
      if (side == 1) at_low /= 2;
      side = 1;
    }
  }
  out.slope = (excess(out.log_pace + kStep) - excess(out.log_pace - kStep)) / (2 * kStep);
  if (!(out.slope > 0)) return out;
  out.known = true;
  const auto& p = parameters;
  const std::array<double, 4> at = {p.r, p.alpha, p.a, p.b};
  for (std::size_t k = 0; k < 4; ++k) {
    std::array<double, 4> above = at, below = at;
    above[k] *= std::exp(kStep);
    below[k] *= std::exp(-kStep);
    const double pace = std::exp(out.log_pace);
    out.by_model[k] = (expected_seen({above[0], above[1], above[2], above[3]}, rows, pace) -
                       expected_seen({below[0], below[1], below[2], below[3]}, rows, pace)) /
                      (2 * kStep);
  }
  return out;
}

std::vector<double> pace_influence(const BgNbdParameters& parameters, std::span<const LifetimeRow* const> rows,
                                   const Pace& pace) {
  std::vector<CustomerSummary> start;
  std::vector<double> periods;
  for (const LifetimeRow* row : rows) {
    start.push_back(row->start);
    periods.push_back(std::exp(pace.log_pace) * row->seen);
  }
  std::vector<double> out = expected_purchases(parameters, start, periods);
  for (std::size_t k = 0; k < out.size(); ++k) out[k] = (rows[k]->early + rows[k]->late - out[k]) / pace.slope;
  return out;
}

}  // namespace plumb
