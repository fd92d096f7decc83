// Every rule of a tree against the best single action, on the decisions that it concerns.
#include <algorithm>
#include <cmath>

#include "audit/claims.h"
#include "plumb/account.h"

namespace plumb {
namespace {

std::string best_action(const AccountContext& context, const Evaluation& evaluation,
                        const std::vector<std::size_t>& constants, std::size_t seen) {
  const auto terms = goal_terms(context.goal, context.models);
  std::string best;
  double highest = -INFINITY;
  for (std::size_t a = 0; a < constants.size(); ++a) {
    if (!evaluation.support(constants[a], seen, terms).sufficient) continue;
    if (!within_budget(context.goal, context.log.actions[a])) continue;
    Contrast level{"level", {}};
    evaluation.add_terms(level, constants[a], terms, seen, 1);
    const double value = evaluation.estimate({&level, 1}).value[0];
    if (!(value > highest)) continue;
    highest = value;
    best = context.log.actions[a];
  }
  return best;
}

}  // namespace

TreeAccount tree_shares(const DecisionLog& log, const TreePolicy& policy, const std::vector<std::uint8_t>& rows,
                        const std::string& why_not) {
  TreeAccount out;
  out.policy = policy.name();
  out.tree = policy.parts().tree;
  const BoundTree bound(out.tree, log.context, log.source);
  std::vector<std::uint64_t> count(out.tree.node.size(), 0);
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < log.size(); ++i) {
    if (!rows[i]) continue;
    ++count[bound.leaf(i)];
    ++total;
  }
  for (const TreeRule& rule : tree_rules(out.tree)) {
    RuleAccount account{rule.condition, rule.action, count[rule.leaf], 0, unknown(why_not)};
    if (total > 0) account.share = static_cast<double>(account.count) / static_cast<double>(total);
    out.rules.push_back(std::move(account));
  }
  return out;
}

TreeAccount tree_account(const AccountContext& context, const TreePolicy& policy) {
  const DecisionLog& log = context.log;
  TreeAccount out = tree_shares(log, policy, context.unseen, "decisions do not all offer the same actions");
  if (!log.fixed_actions || log.actions.size() > kMostIds) return out;

  const BoundTree bound(out.tree, log.context, log.source);
  Evaluation evaluation(log, context.models, context.threads, false, false);
  const std::size_t seen = evaluation.add_subset({"seen", context.seen});
  std::vector<std::size_t> subsets;
  for (const TreeRule& rule : tree_rules(out.tree)) {
    std::vector<std::uint8_t> mask(log.size());
    for (std::size_t i = 0; i < log.size(); ++i) mask[i] = context.unseen[i] && bound.leaf(i) == rule.leaf;
    subsets.push_back(evaluation.add_subset({rule.condition, std::move(mask)}));
  }
  std::vector<std::size_t> constants;
  for (const std::string& action : log.actions)
    constants.push_back(evaluation.add_policy(*constant_policy(action)));
  const auto number = [&](const std::string& action) {
    const auto found = std::find(log.actions.begin(), log.actions.end(), action);
    PLUMB_ASSERT(found != log.actions.end());
    return constants[static_cast<std::size_t>(found - log.actions.begin())];
  };
  out.best_action = best_action(context, evaluation, constants, seen);
  const auto terms = goal_terms(context.goal, context.models);
  std::vector<Contrast> contrasts;
  std::vector<PolicyContrast> gains;
  std::vector<std::size_t> asked;
  for (std::size_t r = 0; r < out.rules.size(); ++r) {
    RuleAccount& rule = out.rules[r];
    if (out.best_action.empty()) {
      rule.gain = unknown("no single action has enough support to compare with");
      continue;
    }
    if (std::find(log.actions.begin(), log.actions.end(), rule.action) == log.actions.end()) {
      rule.gain = unknown("the log never offers " + rule.action);  // and no decision ended there
      continue;
    }
    if (rule.action == out.best_action) {
      rule.gain = make_measured(0, 0, 1, context.goal.confidence);
      continue;
    }
    const Support mine = evaluation.support(number(rule.action), subsets[r], terms),
                  best = evaluation.support(number(out.best_action), subsets[r], terms);
    if (!mine.sufficient || !best.sufficient) {
      rule.gain = unknown(mine.sufficient ? best.reason : mine.reason);
      continue;
    }
    gains.push_back({{{number(rule.action), 1.0}, {number(out.best_action), -1.0}}, terms, subsets[r]});
    contrasts.push_back(as_columns(evaluation, gains.back()));
    asked.push_back(r);
  }
  if (contrasts.empty()) return out;
  const double critical = max_t_distribution(evaluation.estimate(contrasts),
                                             Rng(context.seed).stream("rules:" + out.policy), context.threads)
                              .critical(1 - context.goal.confidence);
  for (std::size_t k = 0; k < asked.size(); ++k)
    out.rules[asked[k]].gain =
        make_measured(contrast_parts(evaluation, gains[k]), critical, context.goal.confidence);
  return out;
}

}  // namespace plumb
