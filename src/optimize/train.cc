#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "optimize/constraints.h"
#include "optimize/told_gain.h"
#include "optimize/training_digests.h"
#include "plumb/optimize.h"
#include "plumb/ties.h"

namespace plumb {
namespace {

constexpr double kCautious = 0.5;  // the cautious candidate's share of beta: about a quarter of the KL

// The pressure with the highest lower end that certification could show; where none is above zero, the highest
// gain less one standard error, so that a weak signal is still tried.
double best_beta(const TrainingContext& context, const PressurePath& path) {
  const auto terms = goal_terms(context.goal, context.models);
  std::vector<Contrast> contrasts;
  for (const PathPoint& point : path.points) {
    Contrast c;
    c.id = "gain";
    context.evaluation.add_terms(c, point.policy, terms, context.training_subset, 1);
    context.evaluation.add_terms(c, context.reference, terms, context.training_subset, -1);
    contrasts.push_back(std::move(c));
  }
  const Estimates e = context.evaluation.estimate(contrasts);
  for (const double errors : {kPlannedCritical, 1.0}) {
    double best = 0, beta = 0;
    for (std::size_t k = 0; k < path.points.size(); ++k) {
      if (context.goal.kl_budget && path.points[k].kl > *context.goal.kl_budget) break;
      const double lower = e.value[k] - errors * e.standard_error[k];
      if (exceeds(lower, best, e.standard_error[k])) {  // ties go to less pressure
        best = lower;
        beta = path.points[k].beta;
      }
    }
    if (beta > 0) return beta;
  }
  return path.points.front().beta;
}

}  // namespace

Training train_candidates(const TrainingContext& context, const std::vector<Signal>& signals,
                          const std::vector<PressurePath>& paths) {
  PLUMB_ASSERT(signals.size() == paths.size());
  const std::string& wanted = context.goal.signal;
  if (wanted != "auto") {
    std::vector<std::string> names;
    for (const Signal& s : signals) names.push_back(s.name);
    if (std::find(names.begin(), names.end(), wanted) == names.end()) {
      const std::string nearest = nearest_name(wanted, names);
      refuse(context.goal.path, "optimize.signal", wanted,
             nearest.empty() ? "auto, goal, index or a proxy"
                             : "auto, goal, index or a proxy, perhaps " + nearest);
    }
  }
  Training out;
  const ConstrainedTilt constrained(context);
  const TrainedOn digests = training_digests(context);
  const auto make = [&](const Signal& signal, double beta, const std::string& name) {
    auto solution = constrained.solve(signal, beta);
    // Multipliers add pressure of their own: a budget holds for the whole.
    for (int k = 0; context.goal.kl_budget && solution.kl > *context.goal.kl_budget && k < 20; ++k) {
      beta *= std::min(0.95, std::sqrt(*context.goal.kl_budget / solution.kl));
      solution = constrained.solve(signal, beta);
    }
    // Where what runs today breaks a limit, multipliers grow as beta shrinks and no budget may hold them: then
    // none.
    for (int k = 0; context.goal.kl_budget && solution.kl > *context.goal.kl_budget && k < 60; ++k) {
      beta *= std::min(0.95, std::sqrt(*context.goal.kl_budget / solution.kl));
      solution = constrained.solve(signal, beta, false);
    }
    Candidate candidate;
    candidate.signal = signal.name;
    candidate.beta = beta;
    candidate.kl = solution.kl;
    candidate.gain = solution.gain;
    candidate.standard_error = solution.standard_error;
    candidate.multipliers = solution.multipliers;
    SoftmaxParts parts;
    parts.map = context.models.map;
    parts.theta = constrained.coefficients(signal, beta, solution.lambda);
    if (context.logging.is_estimate()) {
      parts.base_map = context.logging.map();
      parts.base_theta = context.logging.coefficients();
    }
    parts.trained_on = digests;
    parts.signal = signal.name;
    parts.kl = solution.kl;
    candidate.policy = std::make_shared<SoftmaxPolicy>(name, std::move(parts));
    candidate.why_not = gain_not_told(context, *candidate.policy);
    return candidate;
  };
  std::vector<std::size_t> of_signal;
  for (std::size_t s = 0; s < signals.size(); ++s) {
    if (paths[s].points.empty()) continue;
    out.candidates.push_back(make(signals[s], best_beta(context, paths[s]), "softmax:" + signals[s].name));
    of_signal.push_back(s);
  }
  if (out.candidates.empty()) {
    out.sentence = "No signal tells the offered actions apart, so there is no policy to train.";
    return out;
  }
  const auto met = [](const Candidate& c) {
    return std::all_of(c.multipliers.begin(), c.multipliers.end(), [](const Multiplier& m) { return m.met; });
  };
  for (std::size_t k = 0; k < out.candidates.size(); ++k) {
    const Candidate &c = out.candidates[k], &best = out.candidates[out.chosen];
    // Ties go to what was pushed towards the goal itself: it stands first.
    const bool better = wanted != "auto"      ? c.signal == wanted
                        : met(c) != met(best) ? met(c)
                                              : exceeds(c.lower(), best.lower(), best.standard_error);
    if (better) out.chosen = k;
  }
  const Candidate& chosen = out.candidates[out.chosen];
  const std::size_t s = of_signal[out.chosen];
  out.sentence = fmt::format("{} the signal \"{}\" at {:.3g} nats from the logging policy: {}.",
                             wanted == "auto" ? "The held-out folds chose" : "The goal file chose",
                             chosen.signal, chosen.kl, gain_text(chosen, context.goal.unit));
  out.candidates.push_back(make(signals[s], kCautious * chosen.beta, chosen.policy->name() + ":cautious"));
  return out;
}

}  // namespace plumb
