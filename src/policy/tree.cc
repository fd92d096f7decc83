// Trees: which leaf a row ends in, what the policy does there, and the ways in words.
#include "plumb/policy.h"
#include "plumb/tree_policy.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace plumb {
namespace {

// What a way to a leaf says of one column.
struct Condition {
  std::size_t column = 0;
  double above = -INFINITY, at_most = INFINITY;  // numbers
  std::string is;                                // categories
  bool known = false;                            // `is` holds a level
  std::vector<std::string> is_not;
};

std::string in_words(const DecisionTree::Column& column, const Condition& c) {
  if (column.is_category) {
    if (c.known) return column.name + " is " + c.is;
    return fmt::format("{} is not {}", column.name, fmt::join(c.is_not, " or "));
  }
  if (c.above == -INFINITY) return fmt::format("{} <= {}", column.name, c.at_most);
  if (c.at_most == INFINITY) return fmt::format("{} > {}", column.name, c.above);
  return fmt::format("{} < {} <= {}", c.above, column.name, c.at_most);
}

void collect(const DecisionTree& tree, std::uint32_t at, std::vector<Condition> way,
             std::vector<TreeRule>& out) {
  const TreeNode& node = tree.node[at];
  if (node.is_leaf()) {
    std::vector<std::string> words;
    for (const Condition& c : way) words.push_back(in_words(tree.columns[c.column], c));
    const std::string condition = words.empty() ? "everyone" : fmt::format("{}", fmt::join(words, " and "));
    out.push_back({condition, tree.actions[node.action], at});
    return;
  }
  const auto column = static_cast<std::size_t>(node.column);
  auto found = std::find_if(way.begin(), way.end(), [&](const Condition& c) { return c.column == column; });
  if (found == way.end()) {
    way.emplace_back().column = column;
    found = way.end() - 1;
  }
  const auto place = found - way.begin();
  std::vector<Condition> other = way;
  Condition &yes = way[static_cast<std::size_t>(place)], &no = other[static_cast<std::size_t>(place)];
  if (tree.columns[column].is_category) {
    if (!yes.known) {
      yes.is = node.level;
      yes.known = true;
      no.is_not.push_back(node.level);
    }
  } else {
    yes.at_most = std::min(yes.at_most, node.threshold);
    no.above = std::max(no.above, node.threshold);
  }
  collect(tree, node.yes, std::move(way), out);
  collect(tree, node.no, std::move(other), out);
}

bool is_whole(const DecisionTree& tree) {
  std::vector<int> parents(tree.node.size(), 0);
  for (std::size_t k = 0; k < tree.node.size(); ++k) {
    const TreeNode& node = tree.node[k];
    if (node.is_leaf()) {
      if (node.action >= tree.actions.size()) return false;
      continue;
    }
    if (static_cast<std::size_t>(node.column) >= tree.columns.size() || std::isnan(node.threshold))
      return false;
    for (const std::uint32_t child : {node.yes, node.no}) {
      if (child <= k || child >= tree.node.size()) return false;
      ++parents[child];
    }
  }
  return !parents.empty() && parents[0] == 0 &&
         std::all_of(parents.begin() + 1, parents.end(), [](int p) { return p == 1; });
}

}  // namespace

int DecisionTree::depth() const {
  std::vector<int> below(node.size(), 0);
  for (std::size_t k = node.size(); k-- > 0;) {  // children stand behind their parents
    if (!node[k].is_leaf()) below[k] = 1 + std::max(below[node[k].yes], below[node[k].no]);
  }
  return below.empty() ? 0 : below[0];
}

BoundTree::BoundTree(const DecisionTree& tree, std::span<const FeatureColumn> columns, const std::string& where)
    : tree_(&tree), column_(tree.node.size(), nullptr), code_(tree.node.size(), -1) {
  std::vector<std::string> names;
  for (const FeatureColumn& c : columns) names.push_back(c.name);
  for (std::size_t k = 0; k < tree.node.size(); ++k) {
    if (tree.node[k].is_leaf()) continue;
    const DecisionTree::Column& wanted = tree.columns[static_cast<std::size_t>(tree.node[k].column)];
    const auto found = std::find(names.begin(), names.end(), wanted.name);
    if (found == names.end()) {
      const std::string nearest = nearest_name(wanted.name, names);
      refuse(where, "column " + wanted.name, "no such context column",
             nearest.empty() ? "the columns that the tree asks about"
                             : "the columns that the tree asks about, perhaps " + nearest);
    }
    const FeatureColumn& column = columns[static_cast<std::size_t>(found - names.begin())];
    if (column.is_category != wanted.is_category)
      refuse(where, "column " + wanted.name, column.is_category ? "a category" : "a number",
             wanted.is_category ? "a category, as the tree learnt it" : "a number, as the tree learnt it");
    column_[k] = &column;
    const auto level = std::find(column.levels.begin(), column.levels.end(), tree.node[k].level);
    if (wanted.is_category && level != column.levels.end()) code_[k] = level - column.levels.begin();
  }
}

std::uint32_t BoundTree::leaf(std::size_t row) const {
  std::uint32_t at = 0;
  while (!tree_->node[at].is_leaf()) {
    const TreeNode& node = tree_->node[at];
    const FeatureColumn& column = *column_[at];
    const bool yes = column.is_category ? static_cast<std::int64_t>(column.code[row]) == code_[at]
                                        : static_cast<double>(column.number[row]) <= node.threshold;  // not NaN
    at = yes ? node.yes : node.no;
  }
  return at;
}

TreePolicy::TreePolicy(std::string name, TreeParts parts) : Policy(std::move(name)), parts_(std::move(parts)) {
  PLUMB_ASSERT(is_whole(parts_.tree));
}

void TreePolicy::probabilities(const DecisionLog& log, std::size_t begin, std::size_t end,
                               std::span<float> out) const {
  const DecisionTree& tree = parts_.tree;
  const BoundTree bound(tree, log.context, log.source);
  std::vector<std::int64_t> wanted(tree.node.size(), -1);  // by leaf: the log's number of its action
  for (std::size_t k = 0; k < tree.node.size(); ++k) {
    if (!tree.node[k].is_leaf()) continue;
    const auto found = std::find(log.actions.begin(), log.actions.end(), tree.actions[tree.node[k].action]);
    if (found != log.actions.end()) wanted[k] = found - log.actions.begin();
  }
  const std::size_t first = log.offset[begin];
  for (std::size_t i = begin; i < end; ++i) {
    const std::uint32_t leaf = bound.leaf(i);
    bool offered = false;
    for (std::size_t row = log.offset[i]; row < log.offset[i + 1]; ++row) {
      const bool takes = static_cast<std::int64_t>(log.action[row]) == wanted[leaf];
      out[row - first] = takes ? 1.0f : 0.0f;
      offered |= takes;
    }
    if (!offered)
      refuse(log.source, name(),
             fmt::format("decision {} does not offer {}", i + 1, tree.actions[tree.node[leaf].action]),
             "actions that are always offered");
  }
}

std::vector<TreeRule> tree_rules(const DecisionTree& tree) {
  std::vector<TreeRule> out;
  collect(tree, 0, {}, out);
  return out;
}

}  // namespace plumb
