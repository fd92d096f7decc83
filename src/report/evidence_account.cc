// The rules of trees and what a budget buys, as members of the evidence.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/digits.h"
#include "report/phrases.h"
#include "report/study.h"

namespace plumb {
namespace {

using nlohmann::json;

json measured_json(const Measured& m) {
  json out = interval_json(m);
  if (!m.known) out["why_not"] = m.why_not;
  return out;
}

// Questions and which answer leads where; leaves name their rule by position.
json nodes_json(const DecisionTree& tree) {
  const std::vector<TreeRule> rules = tree_rules(tree);
  json out = json::array();
  for (std::size_t k = 0; k < tree.node.size(); ++k) {
    const TreeNode& node = tree.node[k];
    if (node.is_leaf()) {
      const auto rule =
          std::find_if(rules.begin(), rules.end(), [&](const TreeRule& r) { return r.leaf == k; });
      out.push_back({{"rule", rule - rules.begin()}});
      continue;
    }
    const DecisionTree::Column& column = tree.columns[static_cast<std::size_t>(node.column)];
    out.push_back({{"question", column.is_category ? column.name + " is " + node.level
                                                   : fmt::format("{} <= {}", column.name, node.threshold)},
                   {"yes", node.yes},
                   {"no", node.no}});
  }
  return out;
}

// Whose spending the section is about: what is recommended, else what training ships, else the first.
const SpendingAccount* leading(const Study& study) {
  std::string name;
  if (study.training && !study.training->candidates.empty())
    name = study.training->candidates[study.training->chosen].policy->name();
  if (study.certification && study.certification->recommended)
    name = study.certification->candidates[*study.certification->recommended].name;
  for (const SpendingAccount& account : study.spending) {
    if (account.policy == name) return &account;
  }
  return study.spending.empty() ? nullptr : &study.spending.front();
}

std::string spending_sentence(const Study& study) {
  const SpendingAccount* account = leading(study);
  if (account == nullptr) return study.budget ? study.budget->sentence : "";
  std::string out;
  if (account->cost.known) {
    const Interval& i = account->cost.interval;
    const Written w = written(account->cost.value, i.lower, i.upper, {*study.goal.budget});
    out = fmt::format("{} costs {} a decision, between {} and {}, of the {} allowed.", account->policy, w.value,
                      w.lower, w.upper, as_stated(*study.goal.budget));
  }
  const Measured& over = account->over_random;
  const Written w = written(over.value, over.interval.lower, over.interval.upper, {0.0}, true);
  out += over.known
             ? fmt::format(" Choosing whom earns {} over spending as much at random, between {} and {}.",
                           with_unit(w.value, study.goal.unit), w.lower, w.upper)
             : fmt::format(" What choosing whom earns over spending as much at random has no number: {}.",
                           over.why_not);
  return out;
}

}  // namespace

json trees_json(const Study& study) {
  json out = json::array();
  for (const TreeAccount& account : study.trees) {
    json rules = json::array();
    for (const RuleAccount& rule : account.rules) {
      json one = measured_json(rule.gain);
      one.update({{"condition", rule.condition},
                  {"action", rule.action},
                  {"count", rule.count},
                  {"share", rule.share}});
      rules.push_back(std::move(one));
    }
    out.push_back({{"policy", account.policy},
                   {"depth", account.tree.depth()},
                   {"best_action", account.best_action.empty() ? json() : json(account.best_action)},
                   {"rows", study.verb == "train"   ? "training half"
                            : study.verb == "align" ? "certification half"
                                                    : "decisions that it has not seen"},
                   {"rules", rules},
                   {"nodes", nodes_json(account.tree)}});
  }
  return out;
}

json budget_json(const Study& study) {
  json policies = json::array();
  for (const SpendingAccount& account : study.spending) {
    policies.push_back({{"policy", account.policy},
                        {"cost", measured_json(account.cost)},
                        {"over_random", measured_json(account.over_random)}});
  }
  json out = {{"limit", *study.goal.budget},
              {"costs", study.goal.cost},
              {"policies", policies},
              {"sentence", spending_sentence(study)},
              {"price", nullptr}};
  if (study.budget) {
    const Allocation& at = study.budget->allocation;
    const double price = 0.5 * (at.price_low + at.price_high);
    out["price"] = price;
    out["kept_back"] = study.budget->slack;
    out["price_sentence"] =
        at.limited ? fmt::format(
                         "A unit of cost must earn {:.4g} {}; who earns less is passed over. {:.2g} of the "
                         "budget is kept back for chance.",
                         price, study.goal.unit, study.budget->slack)
                   : "The budget holds nothing back: the best for everyone costs less.";
  }
  return out;
}

}  // namespace plumb
