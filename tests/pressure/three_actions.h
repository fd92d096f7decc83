// A world of three actions whose Goodhart curve has a closed form.
#pragma once

#include <array>
#include <cmath>

#include "plumb/pressure.h"
#include "tests/policy/made_log.h"

namespace plumb {

// A fair choice of three actions with proxy 0, 1/2, 1 and the goal of each given; noise around both.
struct ThreeActions {
  std::array<double, 3> goal;
  GoodhartCurve curve;
  PressurePath path;

  explicit ThreeActions(std::array<double, 3> goal_of, std::uint64_t seed = 51, std::size_t n = 6000)
      : goal(goal_of) {
    Rng rng(seed);
    std::vector<MadeDecision> decisions(n);
    for (std::size_t i = 0; i < n; ++i) {
      const auto a = static_cast<std::uint32_t>(rng.below(3));
      decisions[i] = {
          i, {1 / 3.0, 1 / 3.0, 1 / 3.0}, a, {.5 * a + .2 * rng.normal(), goal[a] + .3 * rng.normal()}, {}, {},
          0};
    }
    const DecisionLog log = made_log({"a", "b", "c"}, {{"proxy"}, {"goal"}}, decisions);
    const OutcomeModels models = made_models(log, [&](std::size_t j, std::size_t, std::size_t a) {
      return j == 0 ? .5 * static_cast<double>(a) : goal[a];
    });
    Evaluation evaluation(log, models, 1);
    const std::size_t all = evaluation.add_subset({"all", std::vector<std::uint8_t>(n, 1)});
    const std::size_t reference = evaluation.add_policy(LoggingPolicy(log, 1));
    Signal signal;
    signal.name = "proxy";
    for (std::size_t i = 0; i < n; ++i) signal.score.insert(signal.score.end(), {0.0f, .5f, 1.0f});
    path = pressure_path(evaluation, log, log.logged, signal, all, 1);
    const std::pair<std::size_t, double> proxy_terms[] = {{0, 1.0}}, goal_terms[] = {{1, 1.0}};
    curve = goodhart_curve(evaluation, path, reference, all, proxy_terms, goal_terms, .95, Rng(1), 1);
  }
  // Mean of three values under the tilt, less the mean under the fair choice.
  static double gain(const std::array<double, 3>& value, double beta) {
    double total = 0, sum = 0;
    for (std::size_t a = 0; a < 3; ++a) {
      const double weight = std::exp(.5 * beta * static_cast<double>(a));
      total += weight;
      sum += weight * value[a];
    }
    return sum / total - (value[0] + value[1] + value[2]) / 3;
  }
  double goal_gain(double beta) const { return gain(goal, beta); }
};

}  // namespace plumb
