// Names of nested features, numbered as they are met: "User.age" is the key "age" under the key "User". A name
// is looked up from the place of the one before it, since rows list their keys in nearly the same order.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace plumb {

class NameTree {
 public:
  static constexpr std::uint32_t kRoot = 0;
  NameTree() : nodes_(1) {}

  // The node of `key` under `node`, made when it is first seen. `hint`: 0 at the start of an object, then left
  // as it is.
  std::uint32_t child(std::uint32_t node, std::size_t& hint, std::string_view key) {
    const std::vector<std::uint32_t>& children = nodes_[node].children;
    if (hint < children.size() && nodes_[children[hint]].key == key) return children[hint++];
    return search(node, hint, key);
  }
  // The whole name, keys joined by dots.
  const std::string& path(std::uint32_t node) const { return nodes_[node].path; }
  // A key of the name starts with an underscore: no feature, by the convention of Vowpal Wabbit.
  bool hidden(std::uint32_t node) const { return nodes_[node].hidden; }
  std::size_t size() const { return nodes_.size(); }

 private:
  struct Node {
    std::string key, path;
    bool hidden = false;
    std::uint32_t place = 0;  // among its parent's children
    std::vector<std::uint32_t> children;
  };
  std::uint32_t search(std::uint32_t node, std::size_t& hint, std::string_view key);
  std::vector<Node> nodes_;
  std::unordered_map<std::uint64_t, std::uint32_t> by_hash_;  // of (node, key); looked up only, never listed
};

}  // namespace plumb
