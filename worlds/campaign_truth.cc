// What no log of the campaign world knows: the expected outcome of every arm, and the value of a policy.
#include <algorithm>

#include "worlds/campaign.h"
#include "worlds/columns.h"
#include "worlds/output.h"
#include "worlds/truth.h"

namespace plumb {

Matrix campaign_expected(const CampaignOptions& options, std::span<const std::string> outcomes) {
  check_options(options);
  const std::vector<std::size_t> position = outcome_positions(outcomes, kCampaignOutcomes, "campaign world");
  const auto n = static_cast<std::size_t>(options.decisions);
  Matrix expected(n * kArms, outcomes.size());
  parallel_blocks(campaign_blocks(options), world_threads(), [&](std::size_t b) {
    CampaignDecision decision;
    for (std::size_t i = b * kCampaignBlock; i < std::min(n, (b + 1) * kCampaignBlock); ++i) {
      draw_decision(options, i, decision);
      for (std::uint32_t arm = 0; arm < kArms; ++arm) {
        for (std::size_t j = 0; j < position.size(); ++j) {
          expected(i * kArms + arm, j) = expected_outcome(options, decision.customer, arm, position[j]);
        }
      }
    }
  });
  return expected;
}

Truth campaign_truth(const CampaignOptions& options, const PolicyProbabilities& policy,
                     std::span<const std::string> outcomes, std::uint64_t contexts, const Goal& goal) {
  CampaignOptions fresh = options;
  fresh.seed = truth_seed(options.seed);
  fresh.decisions = contexts;
  fresh.decisions_per_customer = 1;
  return average_truth(campaign_log(fresh, goal), campaign_expected(fresh, outcomes), policy, outcomes);
}

}  // namespace plumb
