// Votes that tests make up.
#pragma once

#include <initializer_list>
#include <utility>
#include <vector>

#include "plumb/preference.h"

namespace plumb {

// Votes that tests make up, as columns.
struct VoteColumns {
  explicit VoteColumns(std::size_t n) : items(n) {}
  std::size_t items;
  std::vector<std::uint32_t> first, second;
  std::vector<Answer> answer;
  std::vector<float> weight;
  std::vector<std::uint64_t> ranking_offset = {0};
  std::vector<std::uint32_t> ranking_item, ranking_rank;
  void add(std::uint32_t f, std::uint32_t s, Answer a, int times = 1) {
    for (int k = 0; k < times; ++k) {
      first.push_back(f);
      second.push_back(s);
      answer.push_back(a);
    }
  }
  void rank(std::initializer_list<std::pair<std::uint32_t, std::uint32_t>> entries) {
    for (const auto& [item, place] : entries) {
      ranking_item.push_back(item);
      ranking_rank.push_back(place);
    }
    ranking_offset.push_back(ranking_item.size());
  }
  ItemVotes votes() const {
    return {items, first, second, answer, weight, ranking_offset, ranking_item, ranking_rank, {}};
  }
};

}  // namespace plumb
