#include "reward/vote_pairs.h"

#include <algorithm>
#include <numeric>

namespace plumb {
namespace {

// `order` sorted by key(entry), below `keys`; equal ones stay as they are.
template <class Key>
std::vector<std::uint32_t> sorted_by(const std::vector<std::uint32_t>& order, std::size_t keys,
                                     const Key& key) {
  std::vector<std::uint32_t> next(keys + 1, 0), out(order.size());
  for (const std::uint32_t v : order) ++next[key(v) + 1];
  std::partial_sum(next.begin(), next.end(), next.begin());
  for (const std::uint32_t v : order) out[next[key(v)]++] = v;
  return out;
}

}  // namespace

VotePairs::VotePairs(const ItemVotes& votes) {
  const std::size_t n = votes.first.size();
  const auto low = [&](std::uint32_t v) { return std::min(votes.first[v], votes.second[v]); };
  const auto high = [&](std::uint32_t v) { return std::max(votes.first[v], votes.second[v]); };
  vote.resize(n);
  std::iota(vote.begin(), vote.end(), 0u);
  vote = sorted_by(sorted_by(vote, votes.items, high), votes.items, low);
  pair.reserve(n);
  for (const std::uint32_t v : vote) {
    if (lower.empty() || lower.back() != low(v) || upper.back() != high(v)) {
      lower.push_back(low(v));
      upper.push_back(high(v));
    }
    pair.push_back(static_cast<std::uint32_t>(lower.size() - 1));
  }

  offset.assign(votes.items + 1, 0);
  for (std::size_t p = 0; p < size(); ++p) ++offset[lower[p] + 1], ++offset[upper[p] + 1];
  std::partial_sum(offset.begin(), offset.end(), offset.begin());
  side.resize(2 * size());
  other.resize(2 * size());
  std::vector<std::uint64_t> next(offset.begin(), offset.end() - 1);
  for (std::uint32_t p = 0; p < size(); ++p) {
    side[next[lower[p]]] = 2 * p;
    other[next[lower[p]]++] = upper[p];
    side[next[upper[p]]] = 2 * p + 1;
    other[next[upper[p]]++] = lower[p];
  }
}

}  // namespace plumb
