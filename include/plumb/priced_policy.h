// plumb/priced_policy.h: what chooses under a budget: the action of highest expected goal less its price.
//
//   pi(x) = argmax over a of  theta . phi(x, a) - price cost(a),
//
// with theta . phi the expected goal (a linear outcome model) and `price` what a unit of cost must earn.
// Spending as much as a budget allows may need two neighbouring prices: the lower one is used for a share of
// the decisions, at random. Of equal actions the cheaper one is taken, then the first that is offered.
#pragma once

#include "plumb/policy.h"

namespace plumb {

struct PricedParts {
  FeatureMap map;
  std::vector<double> theta;             // width of map, in the goal's unit
  std::vector<std::string> actions;      // every action that the policy knows the cost of
  std::vector<double> cost;              // by action, >= 0
  double price_low = 0, price_high = 0;  // 0 <= low <= high
  double share_low = 0;                  // probability of the lower price, in [0, 1]
  double budget = 0;                     // cost a decision that must not be exceeded
  TrainedOn trained_on;
  std::string signal;
  double kl = 0;  // nats from the logging policy, measured on the training half
};
class PricedPolicy final : public Policy {
 public:
  PricedPolicy(std::string name, PricedParts parts);
  PolicyKind kind() const override { return PolicyKind::kPriced; }
  // Also throws Error{kInput} where an action is offered that has no cost.
  void probabilities(const DecisionLog& log, std::size_t begin, std::size_t end,
                     std::span<float> out) const override;
  const TrainedOn& trained_on() const override { return parts_.trained_on; }
  const PricedParts& parts() const { return parts_; }

 private:
  PricedParts parts_;
};
std::string policy_bytes(const PricedPolicy& policy);

// The best action at a price: of highest score - price cost; of equal ones the cheaper, then the first.
std::size_t best_at_price(std::span<const double> score, std::span<const double> cost, double price);

}  // namespace plumb
