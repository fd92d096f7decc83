// Tree policies as files: the tree itself is metadata, so that any reader of JSON can follow it.
#include <fmt/format.h>
#include <cmath>
#include <nlohmann/json.hpp>

#include "plumb/tree_policy.h"
#include "policy/file_parts.h"

namespace plumb {
namespace {

nlohmann::json tree_json(const DecisionTree& tree) {
  nlohmann::json columns = nlohmann::json::array(), nodes = nlohmann::json::array();
  for (const DecisionTree::Column& c : tree.columns)
    columns.push_back({{"name", c.name}, {"category", c.is_category}});
  for (const TreeNode& node : tree.node) {
    if (node.is_leaf()) {
      nodes.push_back({{"action", node.action}});
      continue;
    }
    nlohmann::json question = {{"column", node.column}, {"yes", node.yes}, {"no", node.no}};
    if (tree.columns[static_cast<std::size_t>(node.column)].is_category) {
      question["is"] = node.level;
    } else {
      question["at_most"] = node.threshold;
    }
    nodes.push_back(std::move(question));
  }
  return {{"columns", columns}, {"actions", tree.actions}, {"nodes", nodes}};
}

// Whole, and walkable in one direction only: a file that lies would make a walk endless or leave the memory.
DecisionTree tree_from(const nlohmann::json& json, const std::string& path) {
  const auto bad = [&](std::size_t node, const char* found) {
    refuse(
        path, fmt::format("tree node {}", node), found,
        "questions of the tree's columns whose answers stand behind them, each once, and actions of the tree");
  };
  DecisionTree tree;
  for (const auto& c : json.at("columns"))
    tree.columns.push_back({c.at("name").get<std::string>(), c.at("category").get<bool>()});
  tree.actions = json.at("actions").get<std::vector<std::string>>();
  const nlohmann::json& nodes = json.at("nodes");
  if (!nodes.is_array() || nodes.empty() || nodes.size() > kMostTreeNodes)
    refuse(path, "tree", fmt::format("{} nodes", nodes.size()), fmt::format("1 to {}", kMostTreeNodes));
  std::vector<int> parents(nodes.size(), 0);
  const auto number = [&](const nlohmann::json& from, std::size_t below) -> std::size_t {
    const auto value = from.is_number_integer() ? from.get<std::int64_t>() : -1;
    return value >= 0 && static_cast<std::uint64_t>(value) < below ? static_cast<std::size_t>(value) : below;
  };
  for (std::size_t k = 0; k < nodes.size(); ++k) {
    TreeNode node;
    if (nodes[k].contains("action")) {
      const std::size_t action = number(nodes[k]["action"], tree.actions.size());
      if (action == tree.actions.size()) bad(k, "an action that is not in its list");
      node.action = static_cast<std::uint32_t>(action);
      tree.node.push_back(std::move(node));
      continue;
    }
    const std::size_t column = number(nodes[k].at("column"), tree.columns.size());
    if (column == tree.columns.size()) bad(k, "a column that is not in its list");
    node.column = static_cast<std::int32_t>(column);
    if (tree.columns[column].is_category) {
      node.level = nodes[k].at("is").get<std::string>();
    } else {
      node.threshold = nodes[k].at("at_most").get<double>();
      if (!std::isfinite(node.threshold)) bad(k, "a threshold that is no number");
    }
    const std::size_t yes = number(nodes[k].at("yes"), nodes.size()),
                      no = number(nodes[k].at("no"), nodes.size());
    for (const std::size_t child : {yes, no}) {
      if (child <= k || child >= nodes.size()) bad(k, "an answer that does not stand behind it");
      ++parents[child];
    }
    node.yes = static_cast<std::uint32_t>(yes);
    node.no = static_cast<std::uint32_t>(no);
    tree.node.push_back(std::move(node));
  }
  for (std::size_t k = 1; k < parents.size(); ++k) {
    if (parents[k] != 1)
      bad(k, parents[k] == 0 ? "a node that nothing leads to" : "a node with two ways to it");
  }
  return tree;
}

}  // namespace

std::string policy_bytes(const TreePolicy& policy) {
  const TreeParts& parts = policy.parts();
  Tensors out;
  out.metadata = {{"format", kPolicyFormat},
                  {"kind", "tree"},
                  {"name", policy.name()},
                  {"signal", parts.signal},
                  {"kl", nlohmann::json(parts.kl).dump()},
                  {"tree", tree_json(parts.tree).dump()},
                  {"version", std::string(version())}};
  write_trained_on(out, parts.trained_on);
  return write_tensors(out);
}

PolicyPointer tree_policy_from(const Tensors& tensors, const std::string& path) {
  TreeParts parts;
  parts.tree = tree_from(nlohmann::json::parse(metadata_of(tensors, "tree", path)), path);
  parts.signal = metadata_of(tensors, "signal", path);
  parts.kl = divergence_of(tensors, path);
  parts.trained_on = trained_on_from(tensors, path);
  return std::make_shared<TreePolicy>(metadata_of(tensors, "name", path), std::move(parts));
}

}  // namespace plumb
