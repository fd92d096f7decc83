// What policies spend, and what choosing whom earns over spending as much at random.
#include <algorithm>
#include <cmath>

#include "audit/claims.h"
#include "audit/costs.h"
#include "plumb/account.h"
#include "plumb/budget.h"

namespace plumb {

std::vector<SpendingAccount> spending_accounts(const AccountContext& context,
                                               std::span<const PolicyPointer> policies) {
  const DecisionLog& log = context.log;
  const double level = context.goal.confidence;
  CostSums costs(log, context.goal, context.threads);
  costs.add_subset(context.unseen);
  std::vector<Contrast> contrasts;
  for (const PolicyPointer& policy : policies)
    contrasts.push_back({policy->name(), {{costs.add_policy(*policy), 1.0}}});
  const Estimates spent = costs.estimate(contrasts);
  const Rng rng(context.seed);
  double critical = max_t_distribution(spent, rng.stream("spending"), context.threads).critical(1 - level);
  std::vector<SpendingAccount> out;
  for (std::size_t k = 0; k < policies.size(); ++k) {
    const double se = spent.standard_error[k];
    out.push_back({policies[k]->name(),
                   make_measured(spent.value[k], is_chance(spent.value[k], se) ? se : 0, critical, level),
                   unknown("decisions do not all offer the same actions")});
  }
  if (!log.fixed_actions || log.actions.size() > kMostIds) return out;

  const auto terms = goal_terms(context.goal, context.models);
  Evaluation evaluation(log, context.models, context.threads, false, false);
  const std::size_t seen = evaluation.add_subset({"seen", context.seen}),
                    unseen = evaluation.add_subset({"unseen", context.unseen});
  std::vector<std::size_t> constants;
  std::vector<Contrast> levels;
  for (const std::string& action : log.actions) {
    constants.push_back(evaluation.add_policy(*constant_policy(action)));
    evaluation.add_terms(levels.emplace_back(), constants.back(), terms, seen, 1);
  }
  const Estimates known = evaluation.estimate(levels);
  if (std::any_of(known.value.begin(), known.value.end(), [](double v) { return !std::isfinite(v); })) {
    for (SpendingAccount& account : out)
      account.over_random = unknown("an action that the seen decisions never took");
    return out;
  }
  const MatrixView mean{known.value.data(), 1, known.value.size()};
  const std::vector<double> cost =
      action_costs(context.goal.cost, log.actions, context.goal.path, "policy.costs");
  std::vector<PolicyContrast> gains;
  std::vector<std::size_t> asked;
  for (std::size_t k = 0; k < policies.size(); ++k) {
    const std::size_t number = evaluation.add_policy(*policies[k]);
    const Allocation at = allocate(mean, cost, std::max(costs.lowest(), spent.value[k]));
    std::vector<double> mix(cost.size(), 0.0);
    mix[best_at_price(mean.row(0), cost, at.price_low)] += at.share_low;
    mix[best_at_price(mean.row(0), cost, at.price_high)] += 1 - at.share_low;
    Support support = evaluation.support(number, unseen, terms);
    PolicyContrast gain{{{number, 1.0}}, terms, unseen};
    for (std::size_t a = 0; a < mix.size(); ++a) {
      if (mix[a] == 0) continue;
      if (support.sufficient) support = evaluation.support(constants[a], unseen, terms);
      gain.policies.emplace_back(constants[a], -mix[a]);
    }
    if (!support.sufficient) {
      out[k].over_random = unknown(support.reason);
      continue;
    }
    asked.push_back(k);
    gains.push_back(std::move(gain));
  }
  if (gains.empty()) return out;
  std::vector<Contrast> columns;
  for (const PolicyContrast& gain : gains) columns.push_back(as_columns(evaluation, gain));
  critical = max_t_distribution(evaluation.estimate(columns), rng.stream("over random"), context.threads)
                 .critical(1 - level);
  for (std::size_t k = 0; k < asked.size(); ++k)
    out[asked[k]].over_random = make_measured(contrast_parts(evaluation, gains[k]), critical, level);
  return out;
}

}  // namespace plumb
