// A budget's policy from the goal's linear models, and what it is worth on folds that it did not see.
#include "plumb/budget.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "optimize/told_gain.h"
#include "optimize/training_digests.h"
#include "optimize/tree_scores.h"

namespace plumb {
namespace {

struct Costs {
  std::vector<std::string> actions;  // by slot
  std::vector<double> cost;
  double cheapest() const { return *std::min_element(cost.begin(), cost.end()); }
};

Costs costs_of(const TrainingContext& context, const BudgetSpec& spec) {
  const DecisionLog& log = context.log;
  if (!log.fixed_actions)
    refuse(log.source, "budget", "decisions that do not all offer the same actions",
           "the same actions in every decision");
  if (!(spec.confidence >= 0.5 && spec.confidence < 1))
    refuse("budget", "confidence", fmt::format("{}", spec.confidence), "a number in [0.5, 1)");
  Costs out;
  for (std::size_t slot = 0; slot < log.offered(0); ++slot)
    out.actions.push_back(log.actions[log.action[slot]]);
  out.cost = action_costs(spec.cost, out.actions, "budget", "cost");
  if (!(spec.budget >= out.cheapest()) || !std::isfinite(spec.budget))
    refuse("budget", "budget", fmt::format("{}", spec.budget),
           fmt::format("a finite number >= {}, the cost of the cheapest action", out.cheapest()));
  return out;
}

// The goal's expected value by action, by the models of one variant.
Matrix expected_goal(const TrainingContext& context, std::span<const std::uint32_t> rows, const Terms& terms,
                     std::size_t variant) {
  const auto q = linear_predictions(context, {&terms, 1}, variant);
  const std::size_t k = context.log.offered(0);
  Matrix out(rows.size(), k);
  for (std::size_t r = 0; r < rows.size(); ++r) {
    for (const auto& [outcome, weight] : terms) {
      for (std::size_t a = 0; a < k; ++a) out(r, a) += weight * q[outcome][context.log.offset[rows[r]] + a];
    }
  }
  return out;
}

// Probabilities of the actions of one row.
void choose(const Allocation& at, std::span<const double> score, std::span<const double> cost,
            std::span<double> p) {
  std::fill(p.begin(), p.end(), 0.0);
  p[best_at_price(score, cost, at.price_low)] += at.share_low;
  p[best_at_price(score, cost, at.price_high)] += 1 - at.share_low;
}

double mean_cost(const Allocation& at, std::span<const double> score, std::span<const double> cost,
                 std::span<double> p) {
  choose(at, score, cost, p);
  double out = 0;
  for (std::size_t a = 0; a < cost.size(); ++a) out += p[a] * cost[a];
  return out;
}

// Spending `budget` a row without looking at anybody: the cheapest action, and the one whose mean score rises
// most a unit of cost for what can be afforded.
std::vector<double> at_random(const Matrix& scores, std::span<const std::uint32_t> rows, const Costs& costs,
                              double budget) {
  const std::size_t k = costs.cost.size();
  Matrix mean(1, k);
  for (const std::uint32_t r : rows) {
    for (std::size_t a = 0; a < k; ++a) mean(0, a) += scores(r, a) / static_cast<double>(rows.size());
  }
  std::vector<double> out(k);
  choose(allocate(mean.view(), costs.cost, budget), mean.row(0), costs.cost, out);
  return out;
}

}  // namespace

BudgetPolicy train_budget(const TrainingContext& context, const BudgetSpec& spec) {
  const Costs costs = costs_of(context, spec);
  const Terms terms = goal_terms(context.goal, context.models);
  const std::vector<std::uint32_t> rows = training_rows(context, {&terms, 1});
  if (rows.size() < 2)
    refuse(context.log.source, "budget",
           fmt::format("{} training decisions with the goal's outcomes", rows.size()), "at least 2");
  const std::size_t k = costs.cost.size();
  std::vector<double> p(k), value(rows.size());
  BudgetPolicy out;

  // The policy: first at the budget itself, then lower by what the mean cost of other customers may differ.
  const Matrix score = expected_goal(context, rows, terms, kTrainingFolds);
  const Allocation full = allocate(score.view(), costs.cost, spec.budget);
  for (std::size_t r = 0; r < rows.size(); ++r) value[r] = mean_cost(full, score.row(r), costs.cost, p);
  const double error = clustered_mean(context, rows, value).standard_error;
  out.slack = normal_quantile(spec.confidence) * error;
  if (spec.certified_errors > 0) {
    double held_out = 0;
    for (std::size_t i = 0; i < context.log.size(); ++i) held_out += !context.log.in_training(i);
    const double theirs = error * std::sqrt(static_cast<double>(rows.size()) / std::max(1.0, held_out));
    out.slack = normal_quantile(spec.confidence) * std::hypot(error, theirs) + spec.certified_errors * theirs;
  }
  // Where everybody's best costs less than the budget by more than the slack, nothing is held back.
  out.aim = std::max(costs.cheapest(), spec.budget - out.slack);
  out.allocation = allocate(score.view(), costs.cost, out.aim);

  PricedParts parts;
  parts.map = context.models.map;
  parts.theta.assign(context.models.map.width(), 0.0);
  for (const auto& [outcome, weight] : terms) {
    for (std::size_t c = 0; c < parts.theta.size(); ++c)
      parts.theta[c] += weight * context.models.linear[outcome][kTrainingFolds][c];
  }
  parts.actions = costs.actions;
  parts.cost = costs.cost;
  parts.price_low = out.allocation.price_low;
  parts.price_high = out.allocation.price_high;
  parts.share_low = out.allocation.share_low;
  parts.budget = spec.budget;
  parts.trained_on = training_digests(context);
  parts.signal = "goal";
  for (std::size_t r = 0; r < rows.size(); ++r) {
    choose(out.allocation, score.row(r), costs.cost, p);
    for (std::size_t a = 0; a < k; ++a) {
      if (p[a] > 0)
        parts.kl += p[a] * std::log(p[a] / context.base[context.log.offset[rows[r]] + a]) /
                    static_cast<double>(rows.size());
    }
  }
  parts.kl = out.kl = std::max(0.0, parts.kl);
  out.policy = std::make_shared<PricedPolicy>("priced:goal", std::move(parts));

  // What it is worth: each fold under prices and models of the others.
  const ActionScores truth = action_scores(context, rows, terms, context.models.q);
  std::vector<double> over_random(rows.size());
  for (std::size_t v = 0; v < kTrainingFolds; ++v) {
    const Matrix seen = expected_goal(context, rows, terms, v);
    std::vector<std::uint32_t> others;
    std::vector<double> their_scores;
    for (std::uint32_t r = 0; r < rows.size(); ++r) {
      if (context.log.fold[rows[r]] == v) continue;
      others.push_back(r);
      their_scores.insert(their_scores.end(), seen.row(r).begin(), seen.row(r).end());
    }
    if (others.empty()) continue;
    const Allocation at = allocate({their_scores.data(), others.size(), k}, costs.cost, out.aim);
    const std::vector<double> blind = at_random(truth.action, others, costs, at.cost);
    for (std::size_t r = 0; r < rows.size(); ++r) {
      if (context.log.fold[rows[r]] != v) continue;
      choose(at, seen.row(r), costs.cost, p);
      double mine = 0, random = 0;
      for (std::size_t a = 0; a < k; ++a) {
        mine += p[a] * truth.action(r, a);
        random += blind[a] * truth.action(r, a);
      }
      value[r] = mine - truth.reference[r];
      over_random[r] = mine - random;
    }
  }
  const MeanValue gain = clustered_mean(context, rows, value),
                  over = clustered_mean(context, rows, over_random);
  out.gain = gain.value;
  out.gain_error = gain.standard_error;
  out.over_random = over.value;
  out.over_random_error = over.standard_error;
  const std::string& unit = context.goal.unit;
  out.sentence =
      out.allocation.limited
          ? fmt::format(
                "A unit of cost must earn {:.4g} {}; the policy spends {:.4g} a decision of the {:.4g} "
                "allowed, {:.2g} being kept back for chance.",
                0.5 * (out.allocation.price_low + out.allocation.price_high), unit, out.allocation.cost,
                spec.budget, out.slack)
          : fmt::format(
                "The budget of {:.4g} holds nothing back: the best for everyone costs {:.4g} a decision.",
                spec.budget, out.allocation.cost);
  out.why_not = gain_not_told(context, *out.policy);
  if (!out.why_not.empty()) {
    out.sentence += fmt::format(" What it gains on the training half is no number: {}.", out.why_not);
    return out;
  }
  out.sentence += fmt::format(
      " On the training half it gains {:.4g} {} (standard error {:.2g}) over the reference and "
      "{:.4g} ({:.2g}) over spending as much at random.",
      out.gain, unit, out.gain_error, out.over_random, out.over_random_error);
  return out;
}

}  // namespace plumb
