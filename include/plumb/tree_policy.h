// plumb/tree_policy.h: decision trees as policies: a few rules that a person can read, check and argue about.
//
// An inner node asks one question of one context column: is a number at most a threshold, is a category this
// level. A leaf names one action. The policy takes that action with probability one, so every action that a
// leaf names must be offered in every decision. A level that the log does not have answers no; a column that it
// does not have is refused.
//
//   TreePolicy policy("tree", {tree, trained_on, "goal", 0});
//   for (const TreeRule& rule : tree_rules(tree)) ...     // "past_spend <= 120 and channel is web" -> "mail_b"
#pragma once

#include "plumb/policy.h"

namespace plumb {

struct TreeNode {
  std::int32_t column = -1;       // indexes DecisionTree::columns; -1: a leaf
  double threshold = 0;           // number: yes where the value is at most this
  std::string level;              // category: yes where the level is this
  std::uint32_t yes = 0, no = 0;  // inner: numbers of nodes, greater than this node's own
  std::uint32_t action = 0;       // leaf: indexes DecisionTree::actions
  bool is_leaf() const { return column < 0; }
};

struct DecisionTree {
  struct Column {
    std::string name;
    bool is_category = false;
  };
  std::vector<Column> columns;
  std::vector<std::string> actions;
  std::vector<TreeNode> node;  // node[0] is the root
  int depth() const;           // questions on the longest way; 0: one action for everyone
};
inline constexpr std::size_t kMostTreeNodes = 255;  // of a file

// A tree resolved against columns. Holds pointers into them; thread-safe to read.
class BoundTree {
 public:
  // Throws Error{kInput} (with `where`) where a column of the tree is not among `columns` or is of another
  // type.
  BoundTree(const DecisionTree& tree, std::span<const FeatureColumn> columns, const std::string& where);
  std::uint32_t leaf(std::size_t row) const;  // number of the node that the row ends in

 private:
  const DecisionTree* tree_;
  std::vector<const FeatureColumn*> column_;  // by node; nullptr for leaves
  std::vector<std::int64_t> code_;            // by node: of the level; -1 where the log lacks it
};

struct TreeParts {
  DecisionTree tree;
  TrainedOn trained_on;
  std::string signal;  // whose scores it was learnt from
  double kl = 0;       // nats from the logging policy, measured on the training half
};
class TreePolicy final : public Policy {
 public:
  // REQUIRES: a whole tree: children behind their parents, every node but the root the child of exactly one.
  TreePolicy(std::string name, TreeParts parts);
  PolicyKind kind() const override { return PolicyKind::kTree; }
  void probabilities(const DecisionLog& log, std::size_t begin, std::size_t end,
                     std::span<float> out) const override;
  const TrainedOn& trained_on() const override { return parts_.trained_on; }
  const TreeParts& parts() const { return parts_; }

 private:
  TreeParts parts_;
};
std::string policy_bytes(const TreePolicy& policy);

// The way to one leaf, in words; "everyone" where there is one leaf. Leaves from left (yes) to right.
struct TreeRule {
  std::string condition, action;
  std::uint32_t leaf = 0;  // its node
};
std::vector<TreeRule> tree_rules(const DecisionTree& tree);

}  // namespace plumb
