// Private to optimize: what the search for a policy tree works on.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "plumb/policy_tree.h"

namespace plumb {

// One way to split: a number by its rank, or one level of a category against the others. Rows with bin <= s
// answer yes at split s, s = 0 ... bins - 2.
struct SplitColumn {
  std::size_t source = 0;                        // which column
  std::int64_t level = -1;                       // of a category; -1: a number
  std::vector<std::pair<float, float>> between;  // by split, of a number: the values on either side
  std::uint32_t bins = 1;
  std::vector<std::uint32_t> bin;  // a row a unit
};

// The number with the fewest digits in [low, high): what a person would write.
double short_number_between(double low, double high);

struct TreeProblem {
  std::size_t rows = 0, actions = 0;
  std::vector<double> score;  // rows x actions
  std::vector<SplitColumn> columns;
  double slack = 0;  // sums that differ by no more are equal: rounding
};
TreeProblem tree_problem(std::span<const FeatureColumn> columns, MatrixView scores,
                         std::span<const std::uint32_t> rows, std::size_t split_points);
// The same for some of its rows; bins that none of them is in are closed up (`kept`: by column, the old number
// of every new bin).
TreeProblem sub_problem(const TreeProblem& problem, std::span<const std::uint32_t> rows,
                        std::vector<std::vector<std::uint32_t>>* kept);

// A split with what it is worth; column of problem.columns.
struct BestSplit {
  double value = 0;  // sum of scores
  std::int64_t column = -1;
  std::uint32_t split = 0;
};
// A tree of splits: node 0 the root, as in DecisionTree. Split numbers are those of the problem.
struct SplitNode {
  std::int64_t column = -1;
  std::uint32_t split = 0, yes = 0, no = 0, action = 0;
};
struct SplitTree {
  double value = 0;
  std::vector<SplitNode> node;
};

// The sum of the best single action, and which (the first of equal ones).
std::pair<double, std::uint32_t> best_action(const TreeProblem& problem);
// The best root and its value where both sides may split once more: by prefix sums (any number of bins; work:
// about sweep_work), or by tables of pairs of columns (few bins; table_cells numbers of memory).
BestSplit sweep_depth_2(const TreeProblem& problem, int threads);
BestSplit tables_depth_2(const TreeProblem& problem);
// ... twice more.
BestSplit tables_depth_3(const TreeProblem& problem, int threads);
std::size_t table_cells(const TreeProblem& problem);
double sweep_work(const TreeProblem& problem);

// Steps that best_tree would take over `rows`.
double tree_search_work(std::span<const FeatureColumn> columns, MatrixView scores,
                        std::span<const std::uint32_t> rows, const TreeOptions& options);

}  // namespace plumb
