// The design of a log's decisions in factored form (stats/factored.h): z = (1, c) of a decision, a group an
// action. It stands where an action's features are the same in every decision, as those of products or prices
// are not always.
#pragma once

#include <optional>
#include <span>

#include "plumb/features.h"
#include "stats/factored.h"

namespace plumb {

// True where action features are a function of the action id and the design by pairs of slots is small enough.
bool can_be_factored(const FeatureMap& map, const DecisionLog& log);

// A row of z for each of `decisions`; group: the chosen action. REQUIRES: can_be_factored.
stats::FactoredDesign factored_log(const FeatureMap& map, const DecisionLog& log,
                                   std::span<const std::uint32_t> decisions, int threads);

// Several linear scores of every offered action, each by one of several variants of its coefficients: what
// LinearScorer gives, to the last bit, for all of them in one walk over a decision's context.
class OfferedScores {
 public:
  // coefficients[score][variant], each map.width() numbers.
  OfferedScores(const FeatureMap& map, const DecisionLog& log,
                const std::vector<std::span<const std::vector<double>>>& coefficients);
  // Decision begin + k by variant[k]; out[score] has a float an offered row of the decisions.
  void score(std::size_t begin, std::size_t end, std::span<const std::size_t> variant,
             std::span<const std::span<float>> out) const;

 private:
  const DecisionLog& log_;
  BoundFeatures features_;
  std::size_t slots_, scores_, lanes_;  // lanes: of a score, 1 + extended width
  std::vector<float> theta_;            // variant x slot x score x lane; slot 0 is the constant's
  std::vector<std::uint32_t> id_lane_;  // by action, where there are no action features; 0: none
};

}  // namespace plumb
