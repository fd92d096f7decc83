// plumb/budget.h: who gets what when not everyone can: the most goal for a mean cost per decision.
//
// "At most 20 % of customers get a mail" is a cost of 1 for each mail, 0 for none, and a budget of .2. Among
// all policies whose mean cost is within the budget the expected goal is highest for
//
//   argmax over a of  score(x, a) - lambda cost(a),
//
// lambda >= 0 being what a unit of cost must earn (the Lagrange multiplier; 0 where the budget is no limit),
// with chance deciding between two neighbouring lambdas where one spends too much and the other too little: a
// fractional multiple-choice knapsack, solved exactly by sorting what each further unit of cost would earn.
//
//   BudgetPolicy found = train_budget(context, {{{"mail_a", 1}, {"mail_b", 1}, {"none", 0}}, 0.2});
//   found.policy;          // a PricedPolicy: can be written to a file, evaluated and certified as any other
//
// Scores of the whole training half decide; what that is worth is told by cross-fitting. The budget is aimed at
// from below, so that it also holds for customers that were not in the log: bench/quality/budget.cc measures
// it.
#pragma once

#include <map>

#include "plumb/optimize.h"
#include "plumb/priced_policy.h"

namespace plumb {

struct Allocation {
  double price_low = 0, price_high = 0;  // lambda, low < high where chance decides, else equal
  double share_low = 0;                  // probability of the low one
  double cost = 0, score = 0;            // mean of both, on the rows that it was made for
  bool limited = false;                  // the budget is what holds spending back
};
// The policy of highest mean score with mean cost at most `budget`. scores: rows x actions; cost: by action, >=
// 0. Prices stand in the middle between those at which some row would change its action. Throws Error{kInput}
// where numbers are not finite, or the budget is below the cost of the cheapest action; exact, O(rows actions^2
// + sorting).
Allocation allocate(MatrixView scores, std::span<const double> cost, double budget);

// Costs in the order of `actions`. Throws Error{kInput} at `where` where a cost names no action (with the
// nearest name), an action has no cost, or a cost is not a finite number >= 0; `what` is what the costs are
// called.
std::vector<double> action_costs(const std::map<std::string, double>& cost,
                                 const std::vector<std::string>& actions, const std::string& where,
                                 const std::string& what);

struct BudgetSpec {
  std::map<std::string, double> cost;  // of every action of the log, >= 0
  double budget = 0;                   // mean cost a decision, at most
  // The budget is respected in truth with this probability, one-sided: what is aimed at is lower than the
  // budget by the normal quantile times the standard error of the mean cost (clustered on units).
  double confidence = 0.99;
  // Above 0: the mean cost is to be shown on the certification half at this many of its standard errors. Then
  // what is aimed at is lower still: by these standard errors, and by the quantile times what the mean costs of
  // both halves may differ from each other.
  double certified_errors = 0;
};
struct BudgetPolicy {
  std::shared_ptr<const PricedPolicy> policy;
  Allocation allocation;      // at what was aimed at
  double aim = 0, slack = 0;  // budget less slack
  double kl = 0;              // nats from the logging policy, measured on the training half
  // Cross-fitted on the training half: value over the reference, and over spending as much at random (the
  // cheapest action and the single action that earns most, mixed to the same mean cost, chosen on the other
  // folds).
  double gain = 0, gain_error = 0;
  double over_random = 0, over_random_error = 0;
  std::string why_not;  // why the gains are no numbers; usually empty
  std::string sentence;
};
// From the goal's linear outcome models. REQUIRES: models were fitted. Throws Error{kInput} where decisions do
// not all offer the same actions, an action has no cost or a cost names no action, the budget is not finite or
// below the cheapest action's cost, or confidence is not in [0.5, 1). Where the slack leaves less than the
// cheapest action costs, everyone gets that one. The same bytes for any number of threads.
BudgetPolicy train_budget(const TrainingContext& context, const BudgetSpec& spec);

}  // namespace plumb
