// Comparisons sorted by what they compare: votes by pair, pairs by item. Sums over votes are then one pass over
// memory in its order, and products with the curvature go over pairs instead of votes.
#pragma once

#include <cstdint>
#include <vector>

#include "plumb/preference.h"

namespace plumb {

struct VotePairs {
  explicit VotePairs(const ItemVotes& votes);
  std::size_t size() const { return lower.size(); }

  std::vector<std::uint32_t> vote;          // the votes' numbers, sorted by pair, then as given
  std::vector<std::uint32_t> pair;          // of each, in that order
  std::vector<std::uint32_t> lower, upper;  // a pair: its items, sorted by lower, then by upper
  // A side is one item of a pair: those of item i are offset[i] .. offset[i + 1] - 1, sorted by pair.
  std::vector<std::uint64_t> offset;
  std::vector<std::uint32_t> side;   // twice the pair, and 1 where the item is its upper one
  std::vector<std::uint32_t> other;  // the item on the other side
};

}  // namespace plumb
