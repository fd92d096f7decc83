// Early against late: the effect of an action by time since the decision.
#include "reward/lifetime_change.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "plumb/stats.h"

namespace plumb {
namespace {

// One action: sums of early and late, in money and in days with a purchase.
struct Arm {
  double decisions = 0, early_count = 0, late_count = 0;  // unweighted
  double weight = 0;
  std::array<double, 2> early{}, late{};
};
constexpr std::size_t kMoney = 0;

double weight_of(const DecisionLog& log, std::size_t i) {
  return (log.weight.empty() ? 1.0 : static_cast<double>(log.weight[i])) / log.propensity[i];
}

std::array<double, 2> early_of(const LifetimeRow& row) { return {row.early_money, row.early}; }
std::array<double, 2> late_of(const LifetimeRow& row) { return {row.late_money, row.late}; }

std::vector<Arm> arms_of(const DecisionLog& log, const std::vector<LifetimeRow>& rows) {
  std::vector<Arm> out(log.actions.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    Arm& arm = out[log.chosen_action(i)];
    const double w = weight_of(log, i);
    arm.decisions += 1;
    arm.weight += w;
    arm.early_count += rows[i].early;
    arm.late_count += rows[i].late;
    for (std::size_t k = 0; k < 2; ++k) {
      arm.early[k] += w * early_of(rows[i])[k];
      arm.late[k] += w * late_of(rows[i])[k];
    }
  }
  return out;
}

struct Tested {
  double difference = 0, error = 0;
  double z() const { return error > 0 ? difference / error : 0; }
};

Tested test(const DecisionLog& log, const std::vector<LifetimeRow>& rows, const std::vector<Arm>& arms,
            const std::vector<ModelRatio>& ratio, std::size_t b, std::size_t a, std::size_t k) {
  std::vector<double> bucket(kBuckets, 0.0);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::size_t action = log.chosen_action(i);
    if (action != a && action != b) continue;
    const double part = weight_of(log, i) * (late_of(rows[i])[k] / arms[action].late[k] -
                                             early_of(rows[i])[k] / arms[action].early[k]);
    bucket[bucket_of(log.unit[i])] += action == b ? part : -part;
  }
  double variance = 0;
  for (std::size_t j = 0; j < kBuckets; ++j) {
    const double part = bucket[j] - ratio[b].influence[j] + ratio[a].influence[j];
    variance += part * part;
  }
  return {std::log(arms[b].late[k] / arms[b].early[k]) - std::log(arms[a].late[k] / arms[a].early[k]) -
              (ratio[b].log_ratio - ratio[a].log_ratio),
          std::sqrt(variance)};
}

}  // namespace

std::vector<EffectOverTime> effects_over_time(const DecisionLog& log, const std::vector<LifetimeRow>& rows,
                                              const std::vector<ModelRatio>& ratio) {
  const std::vector<Arm> arms = arms_of(log, rows);
  const std::size_t a = static_cast<std::size_t>(
      std::max_element(arms.begin(), arms.end(),
                       [](const Arm& x, const Arm& y) { return x.decisions < y.decisions; }) -
      arms.begin());
  std::vector<EffectOverTime> out;
  for (std::size_t b = 0; b < arms.size(); ++b) {
    if (b == a) continue;
    EffectOverTime effect;
    effect.action = log.actions[b];
    effect.against = log.actions[a];
    for (const std::size_t g : {a, b}) {
      if (std::min(arms[g].early_count, arms[g].late_count) >= kLeastChangePurchases) continue;
      effect.why_not = fmt::format(
          "customers of {} bought again on {:.0f} days of the first half and {:.0f} of the second, {:.0f} of "
          "each "
          "are needed",
          log.actions[g], arms[g].early_count, arms[g].late_count, kLeastChangePurchases);
    }
    const bool free = arms[a].early[kMoney] <= 0 || arms[a].late[kMoney] <= 0 || arms[b].early[kMoney] <= 0 ||
                      arms[b].late[kMoney] <= 0;
    if (effect.why_not.empty() && free) effect.why_not = "nothing that was bought cost anything";
    if (effect.why_not.empty()) {
      const Tested money = test(log, rows, arms, ratio, b, a, kMoney),
                   days = test(log, rows, arms, ratio, b, a, kMoney + 1);
      const auto mean = [](double sum, const Arm& arm) { return sum / arm.weight; };
      const double late_b = mean(arms[b].late[kMoney], arms[b]), late_a = mean(arms[a].late[kMoney], arms[a]);
      effect.known = true;
      effect.early = mean(arms[b].early[kMoney], arms[b]) - mean(arms[a].early[kMoney], arms[a]);
      effect.late = late_b - late_a;
      effect.foretold = late_b * std::exp(-money.difference) - late_a;
      effect.error = late_b * std::exp(-money.difference) * money.error;
      effect.z_money = money.z();
      effect.z_purchases = days.z();
      const double largest = std::max(std::abs(effect.z_money), std::abs(effect.z_purchases));
      effect.p = std::min(1.0, 2 * static_cast<double>(arms.size() - 1) * 2 * normal_cdf(-largest));
    }
    out.push_back(std::move(effect));
  }
  return out;
}

}  // namespace plumb
