// The search: which way is cheaper, and the tree from the best root downwards.
#include "plumb/policy_tree.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "optimize/policy_tree_problem.h"

namespace plumb {
namespace {

constexpr std::size_t kMostCells = std::size_t{4} << 20;  // of pair tables, a thread

double split_count(const TreeProblem& problem) {
  double out = 0;
  for (const SplitColumn& c : problem.columns) out += c.bins - 1;
  return out;
}

// Steps of a search by tables: filling them, and asking them once a split of the root of depth 3.
double table_work(const TreeProblem& problem, int depth) {
  if (table_cells(problem) > kMostCells) return INFINITY;
  const auto d = static_cast<double>(problem.columns.size()), k = static_cast<double>(problem.actions);
  const double fill = static_cast<double>(problem.rows) * d * d / 2 * k / 4;
  const double ask = 2.0 * static_cast<double>(table_cells(problem));
  return depth == 2 ? fill + ask : fill + 2 * d * fill + 2 * split_count(problem) * ask;
}

BestSplit split_depth_1(const TreeProblem& problem) {
  const std::size_t k = problem.actions;
  BestSplit out;
  out.value = -INFINITY;
  std::vector<double> total(k, 0.0), sums, prefix(k);
  for (std::size_t i = 0; i < problem.rows; ++i) {
    for (std::size_t a = 0; a < k; ++a) total[a] += problem.score[i * k + a];
  }
  for (std::size_t c = 0; c < problem.columns.size(); ++c) {
    const SplitColumn& column = problem.columns[c];
    sums.assign(column.bins * k, 0.0);
    for (std::size_t i = 0; i < problem.rows; ++i) {
      for (std::size_t a = 0; a < k; ++a) sums[column.bin[i] * k + a] += problem.score[i * k + a];
    }
    std::fill(prefix.begin(), prefix.end(), 0.0);
    for (std::uint32_t s = 0; s + 1 < column.bins; ++s) {
      double yes = -INFINITY, no = -INFINITY;
      for (std::size_t a = 0; a < k; ++a) {
        prefix[a] += sums[s * k + a];
        yes = std::max(yes, prefix[a]);
        no = std::max(no, total[a] - prefix[a]);
      }
      if (out.column < 0 || yes + no > out.value + problem.slack)
        out = {yes + no, static_cast<std::int64_t>(c), s};
    }
  }
  return out;
}

std::vector<std::uint32_t> side_of(const TreeProblem& problem, const SplitColumn& column, std::uint32_t split,
                                   bool yes) {
  std::vector<std::uint32_t> out;
  for (std::uint32_t i = 0; i < problem.rows; ++i) {
    if ((column.bin[i] <= split) == yes) out.push_back(i);
  }
  return out;
}

double best_of_depth_2(const TreeProblem& problem) {
  const BestSplit root = sweep_depth_2(problem, 1);
  return root.column < 0 ? best_action(problem).first : root.value;
}

// Depth 2 on either side of every split of the root.
BestSplit every_root_depth_3(const TreeProblem& problem, int threads) {
  std::vector<BestSplit> roots;
  for (std::size_t c = 0; c < problem.columns.size(); ++c) {
    for (std::uint32_t s = 0; s + 1 < problem.columns[c].bins; ++s)
      roots.push_back({0, static_cast<std::int64_t>(c), s});
  }
  parallel_blocks(roots.size(), threads, [&](std::size_t r) {
    const SplitColumn& column = problem.columns[static_cast<std::size_t>(roots[r].column)];
    std::vector<std::vector<std::uint32_t>> kept;
    for (const bool yes : {true, false}) {
      const std::vector<std::uint32_t> rows = side_of(problem, column, roots[r].split, yes);
      roots[r].value += best_of_depth_2(sub_problem(problem, rows, &kept));
    }
  });
  BestSplit out;
  for (const BestSplit& b : roots) {
    if (out.column < 0 || b.value > out.value + problem.slack) out = b;
  }
  return out;
}

BestSplit best_root(const TreeProblem& problem, int depth, int threads) {
  if (depth == 1) return split_depth_1(problem);
  const double by_tables = table_work(problem, depth);
  if (depth == 2)
    return by_tables < sweep_work(problem) ? tables_depth_2(problem) : sweep_depth_2(problem, threads);
  return by_tables < split_count(problem) * sweep_work(problem) ? tables_depth_3(problem, threads)
                                                                : every_root_depth_3(problem, threads);
}

double search_work(const TreeProblem& problem, int depth) {
  if (depth < 2) return 0;
  const double sweeps = depth == 2 ? sweep_work(problem) : split_count(problem) * sweep_work(problem);
  return std::min(table_work(problem, depth), sweeps);
}

SplitTree solve(const TreeProblem& problem, int depth, int threads) {
  SplitTree out;
  const auto [value, action] = best_action(problem);
  out.value = value;
  out.node.push_back({});
  out.node[0].action = action;
  if (depth == 0 || problem.columns.empty()) return out;
  if (depth > 1) out = solve(problem, depth - 1, threads);
  const BestSplit root = best_root(problem, depth, threads);
  if (root.column < 0 || !(root.value > out.value + problem.slack)) return out;
  out.value = 0;
  out.node.assign(1, {root.column, root.split, 0, 0, 0});
  const SplitColumn& column = problem.columns[static_cast<std::size_t>(root.column)];
  for (const bool yes : {true, false}) {
    std::vector<std::vector<std::uint32_t>> kept;
    const TreeProblem part = sub_problem(problem, side_of(problem, column, root.split, yes), &kept);
    const SplitTree below = solve(part, depth - 1, threads);
    const auto first = static_cast<std::uint32_t>(out.node.size());
    (yes ? out.node[0].yes : out.node[0].no) = first;
    out.value += below.value;
    for (SplitNode node : below.node) {
      if (node.column >= 0) {
        // Between two bins that are left, in the middle of the splits that separate them.
        const std::vector<std::uint32_t>& old = kept[static_cast<std::size_t>(node.column)];
        const std::uint32_t low = old[node.split], high = old[node.split + 1];
        node.split = low + (high - low - 1) / 2;
        node.yes += first;
        node.no += first;
      }
      out.node.push_back(node);
    }
  }
  return out;
}

DecisionTree decision_tree(const SplitTree& found, const TreeProblem& problem,
                           std::span<const FeatureColumn> columns, std::span<const std::string> actions) {
  DecisionTree out;
  out.actions.assign(actions.begin(), actions.end());
  std::vector<std::int32_t> place(columns.size(), -1);  // only the columns that are asked about
  for (const SplitNode& from : found.node) {
    TreeNode node;
    if (from.column < 0) {
      node.action = from.action;
    } else {
      const SplitColumn& split = problem.columns[static_cast<std::size_t>(from.column)];
      const FeatureColumn& column = columns[split.source];
      if (place[split.source] < 0) {
        place[split.source] = static_cast<std::int32_t>(out.columns.size());
        out.columns.push_back({column.name, column.is_category});
      }
      node.column = place[split.source];
      node.yes = from.yes;
      node.no = from.no;
      if (split.level >= 0) {
        node.level = column.levels[static_cast<std::size_t>(split.level)];
      } else {
        node.threshold =
            short_number_between(split.between[from.split].first, split.between[from.split].second);
      }
    }
    out.node.push_back(std::move(node));
  }
  return out;
}

void check_input(std::span<const FeatureColumn> columns, MatrixView scores,
                 std::span<const std::string> actions, const TreeOptions& options,
                 std::span<const std::uint32_t> rows) {
  const auto number = [](std::size_t n) { return fmt::format("{}", n); };
  if (options.depth < 1 || options.depth > kMostTreeDepth)
    refuse("policy tree", "depth", fmt::format("{}", options.depth), fmt::format("1 to {}", kMostTreeDepth));
  if (actions.size() < 2 || actions.size() > kMostTreeActions)
    refuse("policy tree", "actions", number(actions.size()), fmt::format("2 to {}", kMostTreeActions));
  if (scores.cols != actions.size())
    refuse("policy tree", "scores", number(scores.cols) + " columns",
           number(actions.size()) + ", one an action");
  if (rows.empty()) refuse("policy tree", "rows", "none", "at least one");
  for (const FeatureColumn& c : columns) {
    if (c.size() != scores.rows)
      refuse("policy tree", "column " + c.name, number(c.size()) + " rows",
             number(scores.rows) + ", as the scores");
    for (const std::uint32_t code : c.code) {
      if (code >= c.levels.size())
        refuse("policy tree", "column " + c.name, fmt::format("code {}", code), "codes of its levels");
    }
  }
  for (const std::uint32_t row : rows) {
    if (row >= scores.rows)
      refuse("policy tree", "rows", number(row), fmt::format("numbers below {}", scores.rows));
  }
}

}  // namespace

double tree_search_work(std::span<const FeatureColumn> columns, MatrixView scores,
                        std::span<const std::uint32_t> rows, const TreeOptions& options) {
  return search_work(tree_problem(columns, scores, rows, options.split_points), options.depth);
}

TreeSearch best_tree(std::span<const FeatureColumn> columns, MatrixView scores,
                     std::span<const std::string> actions, const TreeOptions& options,
                     std::span<const std::uint32_t> wanted) {
  std::vector<std::uint32_t> every;
  if (wanted.empty()) {
    every.resize(scores.rows);
    std::iota(every.begin(), every.end(), 0u);
  }
  const std::span<const std::uint32_t> rows = wanted.empty() ? every : wanted;
  check_input(columns, scores, actions, options, rows);
  const TreeProblem problem = tree_problem(columns, scores, rows, options.split_points);
  if (const double work = search_work(problem, options.depth); work > kMostTreeWork)
    refuse("policy tree", "search",
           fmt::format("{:.2g} steps for every split of {} columns and {} rows", work, problem.columns.size(),
                       problem.rows),
           fmt::format("at most {:.2g}: give split_points, 16 for example, or a smaller depth", kMostTreeWork));
  const SplitTree found = solve(problem, options.depth, options.threads);
  TreeSearch out;
  out.tree = decision_tree(found, problem, columns, actions);
  out.rows = rows.size();
  const auto n = static_cast<double>(rows.size());
  const auto [constant, action] = best_action(problem);
  out.constant_value = constant / n;
  out.value = found.value / n;
  const BoundTree bound(out.tree, columns, "policy tree");
  std::vector<std::uint64_t> count(out.tree.node.size(), 0);
  std::vector<double> gain(out.tree.node.size(), 0.0);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::uint32_t leaf = bound.leaf(rows[i]);
    ++count[leaf];
    gain[leaf] += problem.score[i * problem.actions + out.tree.node[leaf].action] -
                  problem.score[i * problem.actions + action];
  }
  for (const TreeRule& rule : tree_rules(out.tree)) {
    const double members = static_cast<double>(count[rule.leaf]);
    out.leaves.push_back({rule.leaf, count[rule.leaf], members > 0 ? gain[rule.leaf] / members : 0});
  }
  return out;
}

std::string print_rules(const TreeSearch& search) {
  const std::vector<TreeRule> rules = tree_rules(search.tree);
  std::size_t condition = 0, action = 0;
  for (const TreeRule& rule : rules) {
    condition = std::max(condition, rule.condition.size());
    action = std::max(action, rule.action.size());
  }
  std::string out;
  for (std::size_t k = 0; k < rules.size(); ++k) {
    const TreeSearch::Leaf& leaf = search.leaves[k];
    out += fmt::format("{:<{}}  {:<{}}  {:>9} of {}  gain {:+.4g}\n", rules[k].condition + ":", condition + 1,
                       rules[k].action, action, leaf.count, search.rows, leaf.gain);
  }
  return out;
}

}  // namespace plumb
