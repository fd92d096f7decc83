// Worst-case bounds: what a claim can be whatever the missing outcomes were (Manski 1990).
//
// Filled in at one end L or U of the outcome's range, what is missing is known, and the doubly robust score of
// the filled outcome, sum_a pi q + w (o y + (1 - o) f - q), is unbiased for any q and without any probability
// of being observed. For a difference of two policies each missing decision is filled with the end that is
// worse given the sign of its weight w_a - w_b: the bound is sharp for that pair.
//
// It is told as a shift of the estimate that takes outcomes to be missing at random, with an error of its own;
// interval ends move by the shift and by critical times that error. Standard deviations of a sum are at most
// summed, so the end is at least as far out as the filled score's own, and what the estimate's interval does
// for few events it does here too.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "plumb/audit.h"

namespace plumb {

struct WorstCase {
  double lower_shift = 0, lower_error = 0;  // of the estimate, down to what is worst for it
  double upper_shift = 0, upper_error = 0;
};
// Both ends moved out; method "bounds". Unknown stays unknown.
Measured at_worst(const Measured& measured, const WorstCase& worst, double critical);

class MissingBounds {
 public:
  using Terms = std::span<const std::pair<std::size_t, double>>;  // position among the models' outcomes, weight
  using Rows = std::vector<std::uint8_t>;

  // caps: as CertificationOptions::missing_caps. Keeps references.
  MissingBounds(const DecisionLog& log, const Goal& goal, const OutcomeModels& models,
                const std::map<std::string, std::string>& caps, int threads);

  // In the order of the certification's members. Weights are kept only where something is missing.
  void add(const PolicyPointer& policy);

  // Why a claim about these outcomes is not decided by its own interval; nullptr where nothing is in doubt.
  const std::string* cap(Terms terms) const;
  // Of member a minus member b, or of a alone, over the decisions with rows[i] != 0. REQUIRES: the decisions
  // that are not too young hold some.
  WorstCase worst(Terms terms, std::size_t a, std::optional<std::size_t> b, const Rows& rows) const;
  // "whatever the 12 missing values of y are, from 0 to 1": said where bounds decide.
  std::string whatever(Terms terms) const;
  // How far what is missing would have to lie from what is expected of it, the worse way for either policy, to
  // take `room` away from the claim. Of outcomes whose missing values are taken to be missing at random and
  // decide nothing else; empty where there are none.
  std::string how_far(Terms terms, std::size_t a, std::optional<std::size_t> b, const Rows& rows,
                      double room) const;

 private:
  struct Gap {  // of an outcome that is not observed everywhere
    const OutcomeColumn* column = nullptr;
    double lowest = 0, highest = 0;
    bool assumed = false;  // the range is ten times what was observed, nobody stated it
    std::uint64_t missing = 0;
    const std::string* cap = nullptr;
  };
  struct Weights {
    std::optional<std::uint32_t> action;  // a constant: one over the propensity where it was chosen
    bool one = false;                     // what wrote the log
    std::vector<float> of;                // else by decision
  };
  double weight(std::size_t member, std::size_t i) const;
  const Gap* gap(std::size_t outcome) const { return gaps_[outcome] ? &*gaps_[outcome] : nullptr; }

  const DecisionLog& log_;
  const OutcomeModels& models_;
  int threads_;
  bool any_ = false;
  std::vector<std::optional<Gap>> gaps_;  // by outcome of the models
  std::vector<Weights> members_;
};

}  // namespace plumb
