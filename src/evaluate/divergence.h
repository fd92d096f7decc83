// How far a policy stands from the logging policy, decision by decision.
#pragma once

#include <vector>

#include "evaluate/block.h"

namespace plumb {

// By decision of the block: r sum_a pi log(pi/base), never below 0, and r sum_a pi^2/base; both infinite where
// the policy takes an action that the base never takes.
struct DivergenceTerms {
  std::vector<double> kl, chi2;
};
// p: the policy's probabilities of the block's rows.
DivergenceTerms divergence_terms(const DecisionBlock& block, const float* p);

}  // namespace plumb
