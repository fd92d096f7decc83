// Trees for a goal: each depth cross-fitted on the training folds, constraints as multipliers.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "optimize/policy_tree_problem.h"
#include "optimize/told_gain.h"
#include "optimize/training_digests.h"
#include "optimize/tree_scores.h"
#include "plumb/budget.h"
#include "plumb/policy_tree.h"
#include "plumb/ties.h"

namespace plumb {
namespace {

constexpr int kDoublings = 8;          // of the multipliers, from kFirstShare of the goal's spread
constexpr double kFirstShare = 0.125;  // ... over the harm's

// One limit: the mean of what harms stays below the bound. A constraint's harm is harm_sign times its outcome,
// the budget's is what the action costs.
struct Limit {
  std::string id;
  Terms terms;               // of its outcome, with harm_sign ...
  std::vector<double> cost;  // ... or by slot
  double bound = 0, margin = 0;
  bool difference = false;  // from the reference
  const FeatureColumn* segment = nullptr;
};

std::vector<Limit> limits_of(const TrainingContext& context) {
  std::vector<Limit> out;
  for (const ConstraintSpec& spec : context.goal.constraints) {
    Limit limit;
    limit.id = spec.id();
    limit.margin = spec.margin;
    limit.difference = spec.no_worse_than_reference;
    const bool lower_is_worse = spec.at_least || (!spec.at_most && spec.higher_is_better);
    limit.terms = {{context.models.index(spec.outcome), lower_is_worse ? -1.0 : 1.0}};
    if (spec.at_most) limit.bound = *spec.at_most;
    if (spec.at_least) limit.bound = -*spec.at_least;
    if (!spec.segment.empty()) limit.segment = context.log.segment(spec.segment);
    out.push_back(std::move(limit));
  }
  if (context.goal.budget) {
    const DecisionLog& log = context.log;
    const std::vector<double> cost =
        action_costs(context.goal.cost, log.actions, context.goal.path, "policy.costs");
    Limit limit;
    limit.id = "mean cost";
    limit.bound = *context.goal.budget;
    for (std::size_t slot = 0; slot < log.offered(0); ++slot)
      limit.cost.push_back(cost[log.action[log.offset[0] + slot]]);
    out.push_back(std::move(limit));
  }
  return out;
}

// Of every row, whatever it holds.
ActionScores cost_scores(std::size_t rows, const std::vector<double>& cost) {
  ActionScores out{Matrix(rows, cost.size()), std::vector<double>(rows, 0.0)};
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t a = 0; a < cost.size(); ++a) out.action(r, a) = cost[a];
  }
  return out;
}

class TreeTrainer {
 public:
  explicit TreeTrainer(const TrainingContext& context)
      : context_(context), limits_(limits_of(context)), goal_(goal_terms(context.goal, context.models)) {
    const std::string& signal = context.goal.signal;
    search_ = goal_;
    if (signal != "auto" && signal != "goal") search_ = {{context.models.index(signal), 1.0}};
    std::vector<Terms> all = {goal_, search_};
    for (const Limit& limit : limits_) all.push_back(limit.terms);
    rows_ = training_rows(context, all);
    rows_without_.resize(kTrainingFolds + 1);
    for (std::uint32_t r = 0; r < rows_.size(); ++r) {
      for (std::size_t v = 0; v <= kTrainingFolds; ++v) {
        if (context.log.fold[rows_[r]] != v) rows_without_[v].push_back(r);
      }
    }
    for (const auto& some : rows_without_) enough_ = enough_ && some.size() >= 2;
    if (!enough_) return;
    columns_ = columns();
    for (std::size_t slot = 0; slot < context.log.offered(0); ++slot)
      actions_.push_back(context.log.actions[context.log.action[slot]]);
    goal_scores_ = action_scores(context, rows_, goal_, context.models.q);
    for (const Limit& limit : limits_) harm_scores_.push_back(harm(limit, context.models.q));
    for (std::size_t v = 0; v <= kTrainingFolds; ++v) {
      // Scores that trees without fold v are found on have seen nothing of it. The whole tree is found on the
      // cross-fitted ones.
      const auto q = v < kTrainingFolds ? linear_predictions(context, all, v) : context.models.q;
      search_scores_.push_back(action_scores(context, rows_, search_, q).action);
      search_harms_.emplace_back();
      for (const Limit& limit : limits_) search_harms_.back().push_back(harm(limit, q).action);
    }
  }
  bool enough() const { return enough_; }

  struct Solution {
    DecisionTree tree;  // of the whole training half
    MeanValue gain;     // cross-fitted, over the reference
    double kl = 0;
    bool exact = true;
    std::vector<Multiplier> multipliers;
  };
  Solution solve(int depth) const {
    TreeOptions options;
    options.depth = depth;
    options.threads = context_.threads;
    bool exact = depth < 3;
    if (exact && depth == 2) {
      const double work =
          tree_search_work(columns_, search_scores_.back().view(), rows_without_.back(), options);
      exact = work <= kExactTrainingWork;
    }
    if (!exact) options.split_points = kTrainingSplitPoints;
    std::vector<double> lambda(limits_.size(), 0.0);
    Reading reading = read(options, lambda);
    // The first multipliers that bring every limit inside with the slack that certification needs; else the
    // first that bring it inside at all; else none.
    std::optional<std::pair<std::vector<double>, Reading>> inside;
    for (int k = 0; k <= kDoublings && !met(reading, true); ++k) {
      if (met(reading, false) && !inside) inside = {lambda, reading};
      if (k == kDoublings) {
        std::fill(lambda.begin(), lambda.end(), 0.0);
        reading = inside ? inside->second : read(options, lambda);
        if (inside) lambda = inside->first;
        break;
      }
      for (std::size_t c = 0; c < limits_.size(); ++c) {
        if (reading.with_slack[c] > 0) lambda[c] = lambda[c] > 0 ? 2 * lambda[c] : first_multiplier(c);
      }
      reading = read(options, lambda);
    }
    Solution out;
    out.exact = exact;
    out.tree = found(options, lambda, kTrainingFolds);
    out.gain = reading.gain;
    for (std::size_t c = 0; c < limits_.size(); ++c)
      out.multipliers.push_back({limits_[c].id, lambda[c], -reading.violation[c], reading.violation[c] <= 0});
    const DecisionLog& log = context_.log;
    const BoundTree bound(out.tree, log.context, log.source);
    for (const std::uint32_t i : rows_) {
      const double base = context_.base[log.offset[i] + out.tree.node[bound.leaf(i)].action];
      out.kl -= std::log(base) / static_cast<double>(rows_.size());
    }
    return out;
  }

 private:
  struct Reading {
    MeanValue gain;
    std::vector<double> violation, with_slack;  // by limit, worst level; <= 0 is met
  };

  ActionScores harm(const Limit& limit, const std::vector<std::vector<float>>& q) const {
    return limit.cost.empty() ? action_scores(context_, rows_, limit.terms, q)
                              : cost_scores(rows_.size(), limit.cost);
  }

  // The context's columns on the training rows alone.
  std::vector<FeatureColumn> columns() const {
    std::vector<FeatureColumn> out;
    for (const FeatureColumn& from : context_.log.context) {
      FeatureColumn to;
      to.name = from.name;
      to.is_category = from.is_category;
      to.levels = from.levels;
      for (const std::uint32_t i : rows_) {
        if (from.is_category) {
          to.code.push_back(from.code[i]);
        } else {
          to.number.push_back(from.number[i]);
        }
      }
      out.push_back(std::move(to));
    }
    return out;
  }

  DecisionTree found(const TreeOptions& options, const std::vector<double>& lambda, std::size_t without) const {
    Matrix scores = search_scores_[without];
    for (std::size_t c = 0; c < limits_.size(); ++c) {
      if (lambda[c] == 0) continue;
      const std::vector<double>& harm = search_harms_[without][c].data;
      for (std::size_t k = 0; k < scores.data.size(); ++k) scores.data[k] -= lambda[c] * harm[k];
    }
    return best_tree(columns_, scores.view(), actions_, options, rows_without_[without]).tree;
  }

  // What trees do on the folds that they have not seen.
  Reading read(const TreeOptions& options, const std::vector<double>& lambda) const {
    std::vector<std::uint32_t> action(rows_.size());
    for (std::size_t v = 0; v < kTrainingFolds; ++v) {
      const DecisionTree tree = found(options, lambda, v);
      const BoundTree bound(tree, columns_, context_.log.source);
      for (std::size_t r = 0; r < rows_.size(); ++r) {
        if (context_.log.fold[rows_[r]] == v) action[r] = tree.node[bound.leaf(r)].action;
      }
    }
    Reading out;
    std::vector<double> value(rows_.size());
    for (std::size_t r = 0; r < rows_.size(); ++r)
      value[r] = goal_scores_.action(r, action[r]) - goal_scores_.reference[r];
    out.gain = clustered_mean(context_, rows_, value);
    for (std::size_t c = 0; c < limits_.size(); ++c) {
      const Limit& limit = limits_[c];
      double worst = -INFINITY, worst_with_slack = -INFINITY;
      const std::size_t levels = limit.segment ? limit.segment->levels.size() : 1;
      for (std::size_t level = 0; level < levels; ++level) {
        std::vector<std::uint32_t> rows;
        value.clear();
        for (std::size_t r = 0; r < rows_.size(); ++r) {
          if (limit.segment && limit.segment->code[rows_[r]] != level) continue;
          rows.push_back(rows_[r]);
          value.push_back(harm_scores_[c].action(r, action[r]) -
                          (limit.difference ? harm_scores_[c].reference[r] : 0));
        }
        if (rows.empty()) continue;
        const MeanValue mean = clustered_mean(context_, rows, value);
        worst = std::max(worst, mean.value - limit.bound);
        const double slack = kPlannedCritical * mean.standard_error;
        worst_with_slack =
            std::max(worst_with_slack, mean.value - limit.bound - std::min(0.0, limit.margin - slack));
      }
      out.violation.push_back(worst);
      out.with_slack.push_back(worst_with_slack);
    }
    return out;
  }

  bool met(const Reading& reading, bool with_slack) const {
    const std::vector<double>& violation = with_slack ? reading.with_slack : reading.violation;
    return std::all_of(violation.begin(), violation.end(), [](double v) { return v <= 0; });
  }

  // A share of what makes a constraint weigh as much as the goal: the ratio of the spreads of expected
  // differences between actions.
  double first_multiplier(std::size_t c) const {
    const auto spread = [&](const Terms& terms) {
      double squares = 0;
      for (const std::uint32_t i : rows_) {
        double low = INFINITY, high = -INFINITY;
        for (std::size_t row = context_.log.offset[i]; row < context_.log.offset[i + 1]; ++row) {
          double q = 0;
          for (const auto& [outcome, weight] : terms) q += weight * context_.models.q[outcome][row];
          low = std::min(low, q);
          high = std::max(high, q);
        }
        squares += (high - low) * (high - low);
      }
      return std::sqrt(squares / static_cast<double>(rows_.size()));
    };
    const std::vector<double>& cost = limits_[c].cost;
    const double harm = cost.empty() ? spread(limits_[c].terms)
                                     : *std::max_element(cost.begin(), cost.end()) -
                                           *std::min_element(cost.begin(), cost.end());
    return harm > 0 ? kFirstShare * spread(goal_) / harm : 0;
  }

  const TrainingContext& context_;
  std::vector<Limit> limits_;
  Terms goal_, search_;
  std::vector<std::uint32_t> rows_;                       // decisions
  std::vector<std::vector<std::uint32_t>> rows_without_;  // by fold left out, positions in rows_; last: all
  bool enough_ = true;
  std::vector<FeatureColumn> columns_;
  std::vector<std::string> actions_;  // by slot
  ActionScores goal_scores_;
  std::vector<ActionScores> harm_scores_;
  std::vector<Matrix> search_scores_;              // by fold left out
  std::vector<std::vector<Matrix>> search_harms_;  // ... and limit
};

void check_trees(const TrainingContext& context) {
  const Goal& goal = context.goal;
  if (!context.log.fixed_actions)
    refuse(goal.path, "policy.family", "tree",
           "softmax: decisions of this log do not all offer the same actions");
  if (context.log.context.empty())
    refuse(goal.path, "data.context", "nothing", "columns that a tree can ask about");
  if (context.log.actions.size() < 2 || context.log.actions.size() > kMostTreeActions)
    refuse(goal.path, "policy.family", fmt::format("tree with {} actions", context.log.actions.size()),
           fmt::format("2 to {} actions", kMostTreeActions));
  const bool proxy = std::find(goal.proxies.begin(), goal.proxies.end(), goal.signal) != goal.proxies.end();
  if (goal.signal != "auto" && goal.signal != "goal" && !proxy) {
    const std::string nearest = nearest_name(goal.signal, goal.proxies);
    refuse(goal.path, "optimize.signal", goal.signal,
           nearest.empty() ? "auto, goal or a proxy" : "auto, goal or a proxy, perhaps " + nearest);
  }
}

std::string same_tree(const DecisionTree& tree) {
  std::string out;
  for (const TreeRule& rule : tree_rules(tree)) out += rule.condition + ":" + rule.action + "\n";
  return out;
}

}  // namespace

Training train_trees(const TrainingContext& context) {
  check_trees(context);
  Training out;
  const TreeTrainer trainer(context);
  if (!trainer.enough()) {
    out.sentence =
        "The training half holds too few decisions whose outcomes are old enough, so no tree is trained.";
    return out;
  }
  const TrainedOn digests = training_digests(context);
  std::vector<std::string> seen;
  std::string rough;
  bool beyond_budget = false;
  const std::optional<int> wanted = context.goal.tree_depth;
  for (int depth = wanted.value_or(1); depth <= wanted.value_or(kMostTreeDepth); ++depth) {
    TreeTrainer::Solution solution = trainer.solve(depth);
    const std::string words = same_tree(solution.tree);
    if (std::find(seen.begin(), seen.end(), words) != seen.end()) continue;
    seen.push_back(words);
    if (context.goal.kl_budget && solution.kl > *context.goal.kl_budget) {
      beyond_budget = true;
      continue;
    }
    if (!solution.exact) rough += fmt::format("{}{}", rough.empty() ? "" : " and ", depth);
    Candidate candidate;
    candidate.signal = context.goal.signal == "auto" ? "goal" : context.goal.signal;
    candidate.kl = solution.kl;
    candidate.gain = solution.gain.value;
    candidate.standard_error = solution.gain.standard_error;
    candidate.multipliers = std::move(solution.multipliers);
    candidate.policy = std::make_shared<TreePolicy>(
        fmt::format("tree:{}", depth),
        TreeParts{std::move(solution.tree), digests, candidate.signal, solution.kl});
    candidate.why_not = gain_not_told(context, *candidate.policy);
    out.candidates.push_back(std::move(candidate));
  }
  if (out.candidates.empty()) {
    out.sentence = beyond_budget
                       ? "Every tree is farther from the logging policy than kl_budget allows: it always "
                         "takes one action."
                       : "No tree was found.";
    return out;
  }
  const auto met = [](const Candidate& c) {
    return std::all_of(c.multipliers.begin(), c.multipliers.end(), [](const Multiplier& m) { return m.met; });
  };
  for (std::size_t k = 1; k < out.candidates.size(); ++k) {
    const Candidate &c = out.candidates[k], &best = out.candidates[out.chosen];
    // Ties go to the tree that asks less: it stands first.
    const bool better = met(c) != met(best) ? met(c) : exceeds(c.lower(), best.lower(), best.standard_error);
    if (better) out.chosen = k;
  }
  const Candidate& chosen = out.candidates[out.chosen];
  const auto& tree = dynamic_cast<const TreePolicy&>(*chosen.policy).parts().tree;
  const std::size_t rules = tree_rules(tree).size();
  out.sentence = fmt::format(
      "{} a tree of {} rule{}: {}.",
      wanted ? fmt::format("The goal file asked for depth {}:", *wanted) : "The held-out folds chose", rules,
      rules == 1 ? "" : "s", gain_text(chosen, context.goal.unit));
  if (!rough.empty())
    out.sentence +=
        fmt::format(" Depth {} was searched at {} split points a column.", rough, kTrainingSplitPoints);
  return out;
}

}  // namespace plumb
