// plumb/policy_tree.h: the best policy tree of depth 1 to 3, exactly.
//
// Given a score for every unit and action (plumb/evaluate.h: doubly robust scores, whose mean over a policy's
// actions is the policy's value), find the tree that collects the highest mean score (Zhou, Athey, Wager 2023,
// "Offline multi-action policy learning", Operations Research 71). No tree of the depth scores higher: every
// split of every column is considered, in all combinations. For depth 2 that costs O(d^2 n log n): units cross
// the root's split one after another, and a tree of prefix sums over each other column keeps the best split of
// either side at hand (the paper's search takes O(d^2 n^2)). Depth 3 repeats depth 2 for every split of the
// root, so it is for few units, or for few split points a column (`split_points`), where tables of pairs of
// columns replace the sums.
//
//   TreeSearch found = best_tree(log.context, scores.view(), log.actions, {.depth = 2, .threads = 2});
//   print_rules(found);     // "past_spend <= 120 and channel is web: mail_b   12,345 of 40,000, gain .42"
//
// 100,000 units, 20 columns of distinct numbers, three actions, depth 2: 6.0 s with two threads on two cores of
// a server that did other work as well (bench/speed/policy_tree.cc).
#pragma once

#include "plumb/optimize.h"
#include "plumb/tree_policy.h"

namespace plumb {

struct TreeOptions {
  int depth = 2;  // 1 ... kMostTreeDepth
  // 0: between any two neighbouring values of a number. Else at most this many places a column, at equal shares
  // of the units: the best tree among those that split there.
  std::size_t split_points = 0;
  int threads = 1;
};
inline constexpr int kMostTreeDepth = 3;
inline constexpr std::size_t kMostTreeActions = 8;
// Of a search, in steps: four billion take about a minute and thread.
inline constexpr double kMostTreeWork = 2e10;

struct TreeSearch {
  DecisionTree tree;          // no split without gain: smaller than asked for where depth does not pay
  double value = 0;           // mean score of its actions over the rows
  double constant_value = 0;  // of the best single action
  struct Leaf {
    std::uint32_t node = 0;
    std::uint64_t count = 0;  // rows that end in it
    double gain = 0;          // their mean score over that of the best single action
  };
  std::vector<Leaf> leaves;  // in the order of tree_rules
  std::uint64_t rows = 0;
};

// The tree of highest mean score over `rows` (row numbers of columns and scores, each once; empty: all).
// Numbers are split at most, categories level by level. Of trees whose scores differ by rounding only the
// smaller one, then the first column in order and the lowest split. The score of the tree on the rows that it
// was found on flatters it: compare on others. Throws Error{kInput} where columns and scores do not have the
// same rows, a score or a number is not finite, depth or actions are out of range, or the search would take
// more than kMostTreeWork steps (the message says how many, and which split_points would do). The same bytes
// for any number of threads.
TreeSearch best_tree(std::span<const FeatureColumn> columns, MatrixView scores,
                     std::span<const std::string> actions, const TreeOptions& options,
                     std::span<const std::uint32_t> rows = {});

// One line a rule: condition, action, units and gain over the best single action.
std::string print_rules(const TreeSearch& search);

// Trees for a goal: candidates of depth 1 to 3 (goal.tree_depth, where given: of that depth) learnt from the
// training half's doubly robust scores of the goal. What each depth is worth is told by the training folds,
// each scored by a tree and outcome models that did not see it; the depth with the highest lower end that
// certification could show is chosen. Depth 3 (and depth 2 beyond kExactTrainingWork) looks at
// kTrainingSplitPoints places a column, and the sentence says so. Constraints enter as multipliers on their
// scores, doubled until the cross-fitted estimate is inside its limit, and so does goal.budget, whose
// multiplier is what a unit of cost must earn; a limit that is not met is reported (Multiplier::met). Trees
// farther from the logging policy than goal.kl_budget are left out; without any tree `candidates` is empty and
// the sentence says why. Throws Error{kInput} where decisions do not all offer the same actions, context has no
// columns, or costs and actions do not fit each other.
Training train_trees(const TrainingContext& context);
inline constexpr std::size_t kTrainingSplitPoints = 16;
inline constexpr double kExactTrainingWork = 2e8;

}  // namespace plumb
