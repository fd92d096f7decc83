// Private to reward: pairs checked and grouped by block, for posteriors and for selection.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "plumb/active.h"

namespace plumb::active {

inline double slope(const PairPool& pool, std::size_t k) { return pool.slope.empty() ? 1.0 : pool.slope[k]; }
inline double shift(const PairPool& pool, std::size_t k) { return pool.shift.empty() ? 0.0 : pool.shift[k]; }
inline double cost(const PairPool& pool, std::size_t k) { return pool.cost.empty() ? 1.0 : pool.cost[k]; }

// Each throws Error{kInput} at `where` for what include/plumb/active.h refuses.
void check_length(const char* where, const char* what, std::size_t found, std::size_t expected);
void check_pairs(const PairPool& pool, std::size_t items, const char* where);
void check_design(DesignView items);

// Items and entries by block, each in ascending order.
struct Blocks {
  std::vector<std::uint32_t> block, place;  // an item: its block, and where it stands among the block's items
  std::vector<std::uint64_t> item_offset, entry_offset;
  std::vector<std::uint32_t> item, entry;
  std::size_t count() const { return item_offset.size() - 1; }
  std::span<const std::uint32_t> items(std::size_t b) const {
    return std::span(item).subspan(item_offset[b], item_offset[b + 1] - item_offset[b]);
  }
  std::span<const std::uint32_t> entries(std::size_t b) const {
    return std::span(entry).subspan(entry_offset[b], entry_offset[b + 1] - entry_offset[b]);
  }
};
// Throws Error{kInput} where a pair's items are of different blocks. REQUIRES: check_pairs has passed.
Blocks group(std::span<const std::uint32_t> block, const PairPool& pool, const char* where);

}  // namespace plumb::active
