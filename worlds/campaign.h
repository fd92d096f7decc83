// worlds/campaign.h (private to worlds): one decision of the campaign world with everything that no log shows.
//
// Decision i of a world depends on (options, i) only: the customer's stream is named by the customer, the
// decision's by i.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "worlds/worlds.h"

namespace plumb {

// Sorted, as the log reader orders fixed arms; options name probabilities in the order none, mail_a, mail_b.
enum CampaignArm : std::uint32_t { kMailA, kMailB, kNone, kArms };
inline const std::vector<std::string> kArmNames = {"mail_a", "mail_b", "none"};
enum CampaignOutcome : std::size_t { kVisit, kSpend, kUnsubscribe };
inline const std::vector<std::string> kCampaignOutcomes = {"visit", "spend", "unsubscribe"};
inline const std::vector<std::string> kChannels = {"web", "phone", "both"};
inline const std::vector<std::string> kRegions = {"urban", "suburban", "rural"};

struct Customer {
  std::uint64_t index = 0;
  std::uint32_t recency = 1, channel = 0, region = 0;  // recency in months, 1 ... 12
  double spend_rank = 0, past_spend = 0;               // past_spend in EUR rises with its rank in (0, 1)
  bool buyer = false;                                  // hidden, with the next
  double log_amount = 0;
};

struct CampaignDecision {
  Customer customer;
  std::uint32_t arm = 0;
  bool visit = false, unsubscribe = false;
  double spend = 0;  // EUR, two decimals
};

// Throws Error{kInput} where an option is out of its range.
void check_options(const CampaignOptions& options);
// REQUIRES: checked options, i < options.decisions.
void draw_decision(const CampaignOptions& options, std::uint64_t i, CampaignDecision& out);
// E[outcome | what the log shows of the customer, arm], exact.
double expected_outcome(const CampaignOptions& options, const Customer& customer, std::uint32_t arm,
                        std::size_t outcome);
// Decisions a block; blocks are what threads share out.
inline constexpr std::size_t kCampaignBlock = 4096;
inline std::size_t campaign_blocks(const CampaignOptions& options) {
  return static_cast<std::size_t>((options.decisions + kCampaignBlock - 1) / kCampaignBlock);
}

}  // namespace plumb
