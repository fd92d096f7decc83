// Rankings as pairs, the one place that says how much each counts.
#pragma once

#include "plumb/feedback.h"

namespace plumb {

// One pair of a ranking of m items, in the order shown. `share`: how much of its ranking it counts, 1 / (m -
// 1), so that every item of a ranking counts one comparison in sum, whatever m.
struct RankedPair {
  std::uint32_t first = 0, second = 0;  // items
  Answer answer = Answer::kTie;
  double share = 1;
};

// Calls use(pair) for every pair of ranking r.
template <class Use>
void for_each_ranked_pair(const Feedback& feedback, std::size_t r, const Use& use) {
  const std::uint64_t begin = feedback.ranking_offset[r], end = feedback.ranking_offset[r + 1];
  const double share = 1 / static_cast<double>(end - begin - 1);
  for (std::uint64_t a = begin; a < end; ++a)
    for (std::uint64_t b = a + 1; b < end; ++b) {
      const std::uint32_t ra = feedback.ranking_rank[a], rb = feedback.ranking_rank[b];
      const Answer answer = ra < rb ? Answer::kFirst : rb < ra ? Answer::kSecond : Answer::kTie;
      use(RankedPair{feedback.ranking_item[a], feedback.ranking_item[b], answer, share});
    }
}

}  // namespace plumb
