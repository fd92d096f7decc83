// plumb/account.h: what a policy does, in words and in money, told from decisions that it has not seen: the
// rules of a tree with what each of them gains, and what a budget's policy spends and earns by choosing whom.
//
//   TreeAccount account = tree_account(context, tree);     // "past_spend <= 120 and channel is web" -> mail_b
//   ... std::vector<SpendingAccount> spent = spending_accounts(context, policies);
//
// Nothing here decides: verdicts are those of plumb/audit.h. Numbers that the log cannot carry are left out
// with the reason. Deterministic for any number of threads.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "plumb/audit.h"
#include "plumb/tree_policy.h"

namespace plumb {

// Referenced objects must outlive the calls.
struct AccountContext {
  const DecisionLog& log;
  const Goal& goal;
  const OutcomeModels& models;
  const std::vector<std::uint8_t>& seen;  // n: decisions by which yardsticks may be chosen (the training half)
  const std::vector<std::uint8_t>&
      unseen;  // n: decisions that neither the policies nor the yardsticks have seen
  std::uint64_t seed = 1;
  int threads = 1;
};

struct RuleAccount {
  std::string condition, action;  // as in tree_rules
  std::uint64_t count = 0;        // unseen decisions that it concerns ...
  double share = 0;               // ... of all of them
  Measured gain;                  // a decision that it concerns: of the goal, over the best single action
};
struct TreeAccount {
  std::string policy;
  DecisionTree tree;
  // Of the highest goal over the seen decisions, of the actions that the budget allows for everyone.
  std::string best_action;
  std::vector<RuleAccount> rules;
};
// Rules and how many of the decisions with rows[i] each concerns, without gains (`why_not` says why there are
// none).
TreeAccount tree_shares(const DecisionLog& log, const TreePolicy& tree, const std::vector<std::uint8_t>& rows,
                        const std::string& why_not);
// Gains are doubly robust, simultaneous over the rules at the goal's confidence, clustered on units; a rule
// that takes best_action gains nothing by definition. Rules of too few decisions carry no number, and none does
// where decisions do not all offer the same actions. Throws Error{kInput} where the log lacks a column of the
// tree.
TreeAccount tree_account(const AccountContext& context, const TreePolicy& tree);

struct SpendingAccount {
  std::string policy;
  Measured cost;  // mean a decision
  // Of the goal, over spending as much without looking at anybody: the cheapest action and what earns most for
  // its cost on the seen decisions (plumb/budget.h: allocate), mixed to the policy's own mean cost.
  Measured over_random;
};
// Both simultaneous over the policies at the goal's confidence, on the unseen decisions. REQUIRES: goal.budget.
// Throws Error{kInput} where costs and actions do not fit each other.
std::vector<SpendingAccount> spending_accounts(const AccountContext& context,
                                               std::span<const PolicyPointer> policies);

}  // namespace plumb
