// The campaign world: customers, three arms, what they do.
//
// Nearly nobody buys: one customer in twenty is a buyer (hidden, lasting), and buys in a sixth of the
// decisions. A buyer visits anyway, so that visits and spend go along from customer to customer whatever the
// arms do to either.
#include "worlds/campaign.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "worlds/output.h"

namespace plumb {

namespace {

constexpr std::array<double, 3> kChannelShare = {0.4, 0.4, 0.2};
constexpr std::array<double, 3> kChannelVisits = {1.2, 0.8, 1.0};     // mean 1
constexpr std::array<double, 3> kChannelPersonal = {1.0, -1.0, 0.0};  // mean 0
constexpr std::array<double, 3> kRegionShare = {0.5, 0.3, 0.2};

constexpr double kBuyRate = 0.008;
constexpr double kBuyerShare = 0.05;
constexpr double kMeanAmount = 100;       // EUR
constexpr double kCustomerSpread = 0.6;   // of log amounts, shared by a customer's decisions
constexpr double kDecisionSpread = 0.53;  // of log amounts; 0.8 in all
constexpr double kMeanSpend = kBuyRate * kMeanAmount;
constexpr double kVisitRate = 0.15, kBuyerVisitRate = 0.9;
constexpr double kVisitLift = 0.05;  // of both mails together
constexpr std::array<double, kArms> kUnsubscribeRate = {0.003, 0.003, 0.001};

// Factors of mean 1 over customers, independent of the channel, so that `effect` is exact.
double recency_factor(const Customer& c) { return 1 - 0.04 * (c.recency - 6.5); }
double buying_factor(const Customer& c) { return recency_factor(c) * (0.6 + 0.8 * c.spend_rank); }

// What an arm makes of the mean of spend: 1 for all where effect and personal are 0.
double spend_factor(const CampaignOptions& options, const Customer& c, std::uint32_t arm) {
  const double by_segment = options.personal * kChannelPersonal[c.channel];
  if (arm == kMailA) return 1 - by_segment / kMeanSpend;
  if (arm == kMailB) return 1 + (options.effect + by_segment) / kMeanSpend;
  return 1;
}

double visit_lift(const CampaignOptions& options, std::uint32_t arm) {
  if (arm == kMailA) return kVisitLift * (1 - options.proxy_usefulness);
  if (arm == kMailB) return kVisitLift * options.proxy_usefulness;
  return 0;
}

double buy_rate(const CampaignOptions& options, const Customer& c, std::uint32_t arm) {
  return c.buyer ? kBuyRate / kBuyerShare * buying_factor(c) * spend_factor(options, c, arm) : 0;
}

double visit_rate(const CampaignOptions& options, const Customer& c, bool buyer, std::uint32_t arm) {
  constexpr double kOthers = (kVisitRate - kBuyerShare * kBuyerVisitRate) / (1 - kBuyerShare);
  return (buyer ? kBuyerVisitRate : kOthers * recency_factor(c) * kChannelVisits[c.channel]) +
         visit_lift(options, arm);
}

void require(bool good, const char* option, double found, const char* expected) {
  if (!good) refuse("campaign world", option, fmt::format("{}", found), expected);
}

void draw_customer(const CampaignOptions& options, std::uint64_t index, Customer& c) {
  Rng rng = Rng(options.seed).stream("campaign customer", index);
  c.index = index;
  c.recency = static_cast<std::uint32_t>(rng.below(12)) + 1;
  c.spend_rank = rng.uniform();
  c.past_spend = rounded(20 - 120 * std::log1p(-c.spend_rank), 2);
  c.channel = static_cast<std::uint32_t>(rng.categorical(kChannelShare));
  c.region = static_cast<std::uint32_t>(rng.categorical(kRegionShare));
  c.buyer = rng.bernoulli(kBuyerShare);
  c.log_amount = kCustomerSpread * (rng.normal() - kCustomerSpread / 2);
}

// A customer's decisions are spread over the log.
std::uint64_t customer_of(const CampaignOptions& options, std::uint64_t i) {
  const auto each = static_cast<std::uint64_t>(options.decisions_per_customer);
  return i % ((options.decisions + each - 1) / each);
}

}  // namespace

void check_options(const CampaignOptions& o) {
  require(o.decisions >= 1 && o.decisions <= 1000000000, "decisions", static_cast<double>(o.decisions),
          "1 ... 1e9");
  require(o.decisions_per_customer >= 1, "decisions_per_customer", o.decisions_per_customer, "at least 1");
  require(std::abs(o.personal) <= kMeanSpend, "personal", o.personal, "at most 0.8 EUR either way");
  // Beyond these a buyer's probability of buying would leave [0, probability of a visit].
  require(o.effect - std::abs(o.personal) >= -kMeanSpend && o.effect + std::abs(o.personal) <= 2 * kMeanSpend,
          "effect", o.effect, "effect - |personal| at least -0.8 EUR, effect + |personal| at most 1.6 EUR");
  require(o.proxy_usefulness >= 0 && o.proxy_usefulness <= 1, "proxy_usefulness", o.proxy_usefulness,
          "a share in [0, 1]");
  require(o.probabilities.size() == kArms, "probabilities", static_cast<double>(o.probabilities.size()),
          "three: none, mail_a, mail_b");
  double sum = 0;
  for (const double p : o.probabilities) {
    require(p > 0 && p < 1, "probabilities", p, "numbers in (0, 1)");
    sum += p;
  }
  require(std::abs(sum - 1) <= 1e-9, "probabilities", sum, "a sum of 1");
}

void draw_decision(const CampaignOptions& options, std::uint64_t i, CampaignDecision& d) {
  draw_customer(options, customer_of(options, i), d.customer);
  Rng rng = Rng(options.seed).stream("campaign decision", i);
  const auto& p = options.probabilities;
  const double which = rng.uniform();
  d.arm = which < p[0] ? kNone : which < p[0] + p[1] ? kMailA : kMailB;
  // Whoever buys has visited: both are told by one number.
  const double level = rng.uniform();
  const bool buys = level < buy_rate(options, d.customer, d.arm);
  d.visit = level < visit_rate(options, d.customer, d.customer.buyer, d.arm);
  PLUMB_ASSERT(d.visit || !buys);
  const double log_amount = d.customer.log_amount + kDecisionSpread * (rng.normal() - kDecisionSpread / 2);
  d.spend = buys ? rounded(kMeanAmount * std::exp(log_amount), 2) : 0;
  d.unsubscribe = rng.bernoulli(kUnsubscribeRate[d.arm]);
}

// Given what the log shows of the customer; whether it is a buyer is integrated out.
double expected_outcome(const CampaignOptions& options, const Customer& c, std::uint32_t arm,
                        std::size_t outcome) {
  switch (outcome) {
    case kVisit:
      return kBuyerShare * visit_rate(options, c, true, arm) +
             (1 - kBuyerShare) * visit_rate(options, c, false, arm);
    case kSpend:
      return kMeanSpend * buying_factor(c) * spend_factor(options, c, arm);
    default:
      PLUMB_ASSERT(outcome == kUnsubscribe);
      return kUnsubscribeRate[arm];
  }
}

}  // namespace plumb
