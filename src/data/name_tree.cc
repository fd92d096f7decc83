// Names out of their usual place.
#include "data/name_tree.h"

#include "plumb/base.h"

namespace plumb {

std::uint32_t NameTree::search(std::uint32_t node, std::size_t& hint, std::string_view key) {
  const auto found = [&](std::uint32_t at) {
    hint = nodes_[at].place + 1;
    return at;
  };
  const std::uint64_t hash = hash_bytes(key, node);
  const auto [entry, is_new] = by_hash_.try_emplace(hash, static_cast<std::uint32_t>(nodes_.size()));
  if (!is_new) {
    // Another name may have the same hash: then, as seldom as that is, all are compared.
    const std::vector<std::uint32_t>& children = nodes_[node].children;
    const Node& guess = nodes_[entry->second];
    if (guess.key == key && guess.place < children.size() && children[guess.place] == entry->second)
      return found(entry->second);
    for (const std::uint32_t child : children)
      if (nodes_[child].key == key) return found(child);
  }
  const auto number = static_cast<std::uint32_t>(nodes_.size());
  Node made;
  made.key = key;
  made.path = node == kRoot ? std::string(key) : nodes_[node].path + "." + std::string(key);
  made.hidden = nodes_[node].hidden || key.starts_with('_');
  made.place = static_cast<std::uint32_t>(nodes_[node].children.size());
  nodes_.push_back(std::move(made));
  nodes_[node].children.push_back(number);
  return found(number);
}

}  // namespace plumb
