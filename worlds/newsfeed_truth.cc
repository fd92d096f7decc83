// What no log of the newsfeed world knows: the expected outcome of every offered action, and the value of a
// policy.
#include <algorithm>

#include "worlds/columns.h"
#include "worlds/newsfeed.h"
#include "worlds/output.h"
#include "worlds/truth.h"

namespace plumb {

Matrix newsfeed_expected(const NewsfeedOptions& options, std::span<const std::string> outcomes) {
  check_options(options);
  std::vector<std::string> known = kNewsfeedOutcomes;
  known.push_back("preferred");
  const std::vector<std::size_t> position = outcome_positions(outcomes, known, "newsfeed world");
  const auto n = static_cast<std::size_t>(options.decisions), k = static_cast<std::size_t>(options.offered);
  Matrix expected(n * k, outcomes.size());
  parallel_blocks(newsfeed_blocks(options), world_threads(), [&](std::size_t b) {
    NewsfeedDecision decision;
    for (std::size_t i = b * kNewsfeedBlock; i < std::min(n, (b + 1) * kNewsfeedBlock); ++i) {
      draw_decision(options, i, decision);
      for (std::size_t s = 0; s < k; ++s) {
        for (std::size_t j = 0; j < position.size(); ++j) {
          expected(i * k + s, j) = expected_outcome(options, decision.reader, decision.items[s], position[j]);
        }
      }
    }
  });
  return expected;
}

Truth newsfeed_truth(const NewsfeedOptions& options, const PolicyProbabilities& policy,
                     std::span<const std::string> outcomes, std::uint64_t contexts, const Goal& goal) {
  NewsfeedOptions fresh = options;
  fresh.seed = truth_seed(options.seed);
  fresh.decisions = contexts;
  fresh.decisions_per_reader = 1;  // contexts are then independent, as the standard errors take them to be
  return average_truth(newsfeed_log(fresh, goal), newsfeed_expected(fresh, outcomes), policy, outcomes);
}

}  // namespace plumb
