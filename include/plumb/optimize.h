// plumb/optimize.h: policies pushed towards a signal, no harder than the evidence allows, under the
// constraints.
//
// Everything here uses the training half only, with signals that are cross-fitted within it. For one signal u
// and multipliers lambda the policy
//
//   pi(a given x)  is proportional to  base(a given x) exp(beta (u(x, a) - sum_c lambda_c h_c(x, a))),
//
// with h_c the modelled harm of constraint c, maximizes  E[u - sum_c lambda_c h_c] - KL/beta  exactly; both u
// and h_c are linear in the design, so it is a softmax policy. beta is where the doubly robust gain on the
// training half has the highest lower end that certification could show (gain - kPlannedCritical standard
// errors); lambda_c is the least that brings the doubly robust estimate of the constraint inside its limit with
// the slack that certification needs.
//
//   Training t = train_candidates(context, signals, paths);
//   t.candidates[t.chosen].policy;
#pragma once

#include <cmath>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "plumb/pressure.h"

namespace plumb {

inline constexpr double kPlannedCritical = 2.8;  // what a family of about twenty contrasts will ask for

struct Multiplier {
  std::string constraint;  // ConstraintSpec::id
  double value = 0;        // lambda_c, in units of the signal a unit of the outcome
  double slack = 0;        // room left inside the limit on the training half; negative: none
  bool met = true;
};

struct Candidate {
  PolicyPointer policy;  // a SoftmaxPolicy, or a TreePolicy
  std::string signal;
  double beta = 0, kl = 0;              // KL from the base on the training half, nats
  double gain = 0, standard_error = 0;  // of the goal over the reference, training half, cross-fitted
  std::string why_not;                  // why the gain is no number; usually empty
  double lower() const { return why_not.empty() ? gain - kPlannedCritical * standard_error : -INFINITY; }
  std::vector<Multiplier> multipliers;
};

struct Training {
  std::vector<Candidate> candidates;  // one a signal at its best pressure, then a cautious one
  std::size_t chosen = 0;             // the candidate that `train` ships
  std::string sentence;
};

// What training looks at. Referenced objects must outlive the call.
struct TrainingContext {
  const DecisionLog& log;
  const Goal& goal;
  const OutcomeModels& models;
  const Evaluation& evaluation;  // holds the paths' points and the reference
  std::size_t reference = 0;     // its number in the evaluation
  const Policy& reference_policy;
  std::size_t training_subset = 0;
  std::span<const float> base;  // of the logging policy, a float a row
  const LoggingPolicy& logging;
  std::uint64_t split_seed = 1;
  int threads = 1;
};

// goal.signal: "auto" chooses by the training half's lower ends; else "goal", "index" or a proxy.
// goal.kl_budget, where given, is the most KL that any candidate may have. Throws Error{kInput} where
// goal.signal names no signal. Returns no candidates where no signal tells the offered actions apart.
Training train_candidates(const TrainingContext& context, const std::vector<Signal>& signals,
                          const std::vector<PressurePath>& paths);

}  // namespace plumb
