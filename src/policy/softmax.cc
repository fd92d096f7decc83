#include <algorithm>
#include <cmath>

#include "data/factored_log.h"
#include "plumb/policy.h"
#include "policy/score_blocks.h"

namespace plumb {

void softmax_block(const DecisionLog& log, std::size_t begin, std::size_t end, const FeatureMap& map,
                   std::span<const double> theta, std::span<const float> base, std::span<float> out) {
  const std::size_t start = log.offset[begin], rows = log.offset[end] - start;
  std::vector<float> score(rows);
  if (log.action_features.empty()) {
    const std::vector<double> coefficients[] = {{theta.begin(), theta.end()}};
    const std::vector<std::size_t> variant(end - begin, 0);
    const std::span<float> to(score);
    OfferedScores(map, log, {coefficients}).score(begin, end, variant, {&to, 1});
  } else {
    const BoundFeatures features(map, log);
    const LinearScorer scorer(map, theta);
    DecisionFeatures decision;
    for (std::size_t i = begin; i < end; ++i) {
      decision.load(features, log, i);
      scorer.score(decision, std::span(score).subspan(log.offset[i] - start, log.offered(i)));
    }
  }
  const std::vector<float> uniform(base.empty() ? rows : 0, 1.0f);
  if (base.empty()) base = uniform;
  for (std::size_t i = begin; i < end; ++i) {
    const std::size_t k = log.offered(i), first = log.offset[i] - start;
    const std::span<const float> scores = std::span(score).subspan(first, k);
    for (const float s : scores) {
      // What the parameters make of this decision's features does not fit a float: no probabilities, rather
      // than wrong.
      if (!std::isfinite(s))
        refuse(log.source, "decision " + std::to_string(i + 1), "an infinite score of the policy",
               "features like those that it learnt from");
    }
    tilt(base.subspan(first, k), scores, out.subspan(first, k));
  }
}

SoftmaxPolicy::SoftmaxPolicy(std::string name, SoftmaxParts parts)
    : Policy(std::move(name)), parts_(std::move(parts)) {
  PLUMB_ASSERT(parts_.theta.size() == parts_.map.width());
  PLUMB_ASSERT(parts_.base_theta.empty() || parts_.base_theta.size() == parts_.base_map.width());
}

void SoftmaxPolicy::probabilities(const DecisionLog& log, std::size_t begin, std::size_t end,
                                  std::span<float> out) const {
  if (!parts_.base_theta.empty()) {
    softmax_block(log, begin, end, parts_.base_map, parts_.base_theta, {}, out);
  } else if (log.logged.empty()) {
    refuse(log.source, "propensities of all offered actions", "none",
           "them in the log: the policy " + name() + " tilts the logging policy");
  } else {
    std::copy(log.logged.begin() + static_cast<std::ptrdiff_t>(log.offset[begin]),
              log.logged.begin() + static_cast<std::ptrdiff_t>(log.offset[end]), out.begin());
  }
  softmax_block(log, begin, end, parts_.map, parts_.theta, out, out);
}

}  // namespace plumb
