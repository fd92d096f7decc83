#include "plumb/priced_policy.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "policy/file_parts.h"

namespace plumb {
namespace {

bool is_sound(const PricedParts& p) {
  bool sound = p.theta.size() == p.map.width() && p.cost.size() == p.actions.size() && p.price_low >= 0 &&
               p.price_low <= p.price_high && std::isfinite(p.price_high) && p.budget >= 0 &&
               std::isfinite(p.budget) && p.share_low >= 0 && p.share_low <= 1;
  for (const double c : p.cost) sound = sound && c >= 0 && std::isfinite(c);
  return sound;
}

}  // namespace

std::size_t best_at_price(std::span<const double> score, std::span<const double> cost, double price) {
  std::size_t best = 0;
  for (std::size_t a = 1; a < score.size(); ++a) {
    const double mine = score[a] - price * cost[a], other = score[best] - price * cost[best];
    if (mine > other || (mine == other && cost[a] < cost[best])) best = a;
  }
  return best;
}

PricedPolicy::PricedPolicy(std::string name, PricedParts parts)
    : Policy(std::move(name)), parts_(std::move(parts)) {
  PLUMB_ASSERT(is_sound(parts_));
}

void PricedPolicy::probabilities(const DecisionLog& log, std::size_t begin, std::size_t end,
                                 std::span<float> out) const {
  std::vector<double> cost_of(log.actions.size(), -1);
  for (std::size_t a = 0; a < log.actions.size(); ++a) {
    const auto found = std::find(parts_.actions.begin(), parts_.actions.end(), log.actions[a]);
    if (found != parts_.actions.end())
      cost_of[a] = parts_.cost[static_cast<std::size_t>(found - parts_.actions.begin())];
  }
  const BoundFeatures features(parts_.map, log);
  const LinearScorer scorer(parts_.map, parts_.theta);
  DecisionFeatures decision;
  std::vector<float> score;
  std::vector<double> value, cost;
  const std::size_t first = log.offset[begin];
  for (std::size_t i = begin; i < end; ++i) {
    const std::size_t k = log.offered(i);
    decision.load(features, log, i);
    score.resize(k);
    scorer.score(decision, score);
    value.assign(score.begin(), score.end());
    cost.resize(k);
    for (std::size_t slot = 0; slot < k; ++slot) {
      const std::uint32_t action = log.action[log.offset[i] + slot];
      cost[slot] = cost_of[action];
      if (cost[slot] < 0)
        refuse(log.source, name(), fmt::format("decision {} offers {}", i + 1, log.actions[action]),
               "actions that the policy knows the cost of");
      if (!std::isfinite(score[slot]))
        refuse(log.source, "decision " + std::to_string(i + 1), "an infinite score of the policy",
               "features like those that it learnt from");
    }
    const std::span<float> p = out.subspan(log.offset[i] - first, k);
    std::fill(p.begin(), p.end(), 0.0f);
    const auto share = static_cast<float>(parts_.share_low);
    p[best_at_price(value, cost, parts_.price_low)] += share;
    p[best_at_price(value, cost, parts_.price_high)] += 1 - share;
  }
}

std::string policy_bytes(const PricedPolicy& policy) {
  const PricedParts& parts = policy.parts();
  Tensors out;
  out.metadata = {{"format", kPolicyFormat},
                  {"kind", "priced"},
                  {"name", policy.name()},
                  {"signal", parts.signal},
                  {"kl", nlohmann::json(parts.kl).dump()},
                  {"schema", feature_map_json(parts.map).dump()},
                  {"actions", nlohmann::json(parts.actions).dump()},
                  {"version", std::string(version())}};
  out.f64["theta"] = parts.theta;
  out.f64["cost"] = parts.cost;
  out.f64["prices"] = {parts.price_low, parts.price_high, parts.share_low, parts.budget};
  write_trained_on(out, parts.trained_on);
  return write_tensors(out);
}

PolicyPointer priced_policy_from(const Tensors& tensors, const std::string& path) {
  PricedParts parts;
  parts.map = feature_map_from(nlohmann::json::parse(metadata_of(tensors, "schema", path)), path);
  parts.theta = numbers_of(tensors, "theta", parts.map.width(), path);
  for (const double t : parts.theta) check_parameter(t, path, "theta");
  parts.actions = nlohmann::json::parse(metadata_of(tensors, "actions", path)).get<std::vector<std::string>>();
  parts.cost = numbers_of(tensors, "cost", parts.actions.size(), path);
  const std::vector<double> prices = numbers_of(tensors, "prices", 4, path);
  parts.price_low = prices[0];
  parts.price_high = prices[1];
  parts.share_low = prices[2];
  parts.budget = prices[3];
  for (const double c : parts.cost) check_parameter(c, path, "cost");
  if (!is_sound(parts))
    refuse(path, "prices", "numbers that no budget gives",
           "costs >= 0, prices 0 <= low <= high, a share in [0, 1]");
  parts.signal = metadata_of(tensors, "signal", path);
  parts.kl = divergence_of(tensors, path);
  parts.trained_on = trained_on_from(tensors, path);
  return std::make_shared<PricedPolicy>(metadata_of(tensors, "name", path), std::move(parts));
}

}  // namespace plumb
