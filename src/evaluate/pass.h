// One pass over a log for several policies: what every decision contributes to their values, summed by subset
// and unit bucket, beside what their weights look like.
//
// The log is cut into chunks of decisions whose size depends on the log alone; each is summed by one thread and
// chunks are added up in order, so bytes depend neither on threads nor on which policies share a pass.
#pragma once

#include <span>
#include <vector>

#include "evaluate/support.h"
#include "plumb/evaluate.h"

namespace plumb {

// A decision counts for r = log.weight (1 where there is none); w = pi(chosen)/propensity.
struct PassInput {
  const DecisionLog& log;
  const OutcomeModels& models;
  std::span<const float> base;  // of the logging policy, a float a row
  bool base_is_estimate;
  std::span<const std::uint16_t> bucket;  // of every decision
  std::span<const Subset> subsets;
  bool all_estimators;
  bool divergences;  // from the base: summed only where asked, they cost as much as everything else
  int threads;
  std::span<const std::uint32_t> probes = {};  // decisions, ascending, whose weights are kept
};

// Either its probabilities, a float a row of log.action, or the policy that gives them block by block.
struct PassPolicy {
  std::span<const float> probabilities;
  const Policy* policy = nullptr;
  bool is_logging = false;
};

// Sums over the rows of one subset with weights r w/s, s the probability of being asked, where an outcome was
// observed; and with weights r w where it was not zero.
struct ObservedSums {
  double sum = 0, squares = 0, largest = 0, event_sum = 0, event_squares = 0;
  // Effective decisions in which it was observed, the largest share of one, effective non-zero values; 0 over
  // nothing.
  double ess() const { return squares > 0 ? sum * sum / squares : 0; }
  double largest_share() const { return sum > 0 ? largest / sum : 0; }
  double events() const { return event_squares > 0 ? event_sum * event_sum / event_squares : 0; }
};

// One policy on one subset. A bucket's sums stand together: r w, then for every outcome
// r (sum_a pi q + w o/s (y - q)), and with all estimators r w o/s y and r w o/s; 0 where immature.
struct PassSums {
  std::vector<double> bucket;                                    // kBuckets x width
  double weight_squares = 0, plain_squares = 0, max_weight = 0;  // as SubsetSums
  double kl = 0, chi2 = 0;             // sums of r sum_a pi log(pi/base) and r sum_a pi^2/base, where asked
  bool beyond = false;                 // takes an action that the base never takes
  std::vector<ObservedSums> observed;  // by outcome
};
// `into` gains what later decisions summed.
void merge(PassSums& into, const PassSums& later);
// Sums of a pass with those of the rows: `rows` of them, `rows_by_bucket` the sums of r, rows_weight their
// total.
SubsetSums subset_sums(const PassSums& pass, std::size_t width, std::span<const double> rows_by_bucket,
                       double rows, double rows_weight);
std::size_t pass_width(const PassInput& input);

struct Passed {
  std::vector<PassSums> sums;                    // [policy * subsets + subset]
  std::vector<std::vector<float>> probe_weight;  // by policy and probe: r w
};
Passed policy_pass(const PassInput& input, std::span<const PassPolicy> policies);

// The chunks of a log of n decisions: begin of each, then n.
std::vector<std::size_t> decision_chunks(std::size_t n);

}  // namespace plumb
