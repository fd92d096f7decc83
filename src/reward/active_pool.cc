#include "reward/active_pool.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace plumb::active {

void check_length(const char* where, const char* what, std::size_t found, std::size_t expected) {
  if (found != expected)
    refuse(where, what, fmt::format("{} entries", found), fmt::format("{} entries", expected));
}

void check_pairs(const PairPool& pool, std::size_t items, const char* where) {
  const std::size_t n = pool.size();
  check_length(where, "second", pool.second.size(), n);
  const auto check_numbers = [&](const char* what, const std::vector<double>& numbers, bool positive) {
    if (numbers.empty()) return;
    check_length(where, what, numbers.size(), n);
    for (std::size_t k = 0; k < n; ++k) {
      if (!std::isfinite(numbers[k]) || (positive && !(numbers[k] > 0)))
        refuse(where, fmt::format("{} of pair {}", what, k), fmt::format("{}", numbers[k]),
               positive ? "a number > 0" : "a finite number");
    }
  };
  check_numbers("slope", pool.slope, false);
  check_numbers("shift", pool.shift, false);
  check_numbers("cost", pool.cost, true);
  for (std::size_t k = 0; k < n; ++k) {
    for (const std::uint32_t item : {pool.first[k], pool.second[k]}) {
      if (item >= items)
        refuse(where, fmt::format("pair {}", k), fmt::format("item {}", item),
               fmt::format("an item below {}", items));
    }
    if (pool.first[k] == pool.second[k])
      refuse(where, fmt::format("pair {}", k), fmt::format("item {} beside itself", pool.first[k]),
             "two different items");
  }
}

void check_design(DesignView items) {
  for (std::size_t i = 0; i < items.rows; ++i) {
    for (const float x : items.row(i)) {
      if (!std::isfinite(x))
        refuse("items", fmt::format("features of item {}", i), fmt::format("{}", x), "finite numbers");
    }
  }
}

Blocks group(std::span<const std::uint32_t> block, const PairPool& pool, const char* where) {
  Blocks out;
  std::size_t blocks = 0;
  for (std::size_t i = 0; i < block.size(); ++i) {
    if (block[i] >= block.size())
      refuse(where, fmt::format("block of item {}", i), fmt::format("{}", block[i]),
             fmt::format("a number below {}, the count of items", block.size()));
    blocks = std::max<std::size_t>(blocks, block[i] + std::size_t{1});
  }
  // Counting sort: offsets from counts, then everything to its place in ascending order.
  out.item_offset.assign(blocks + 1, 0);
  out.entry_offset.assign(blocks + 1, 0);
  for (const std::uint32_t b : block) ++out.item_offset[b + 1];
  for (std::size_t k = 0; k < pool.size(); ++k) {
    const std::uint32_t b = block[pool.first[k]];
    if (block[pool.second[k]] != b)
      refuse(where, fmt::format("pair {}", k),
             fmt::format("items of blocks {} and {}", b, block[pool.second[k]]), "two items of one block");
    ++out.entry_offset[b + 1];
  }
  for (std::size_t b = 0; b < blocks; ++b) {
    out.item_offset[b + 1] += out.item_offset[b];
    out.entry_offset[b + 1] += out.entry_offset[b];
  }
  out.block.assign(block.begin(), block.end());
  out.place.resize(block.size());
  out.item.resize(block.size());
  out.entry.resize(pool.size());
  std::vector<std::uint64_t> next = out.item_offset;
  for (std::size_t i = 0; i < block.size(); ++i) {
    const std::uint64_t at = next[block[i]]++;
    out.place[i] = static_cast<std::uint32_t>(at - out.item_offset[block[i]]);
    out.item[at] = static_cast<std::uint32_t>(i);
  }
  next = out.entry_offset;
  for (std::size_t k = 0; k < pool.size(); ++k)
    out.entry[next[block[pool.first[k]]]++] = static_cast<std::uint32_t>(k);
  return out;
}

}  // namespace plumb::active
