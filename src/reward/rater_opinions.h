// Decided votes by rater and pair, and what some raters together say of a pair: what single raters are held
// against. Ties and votes of nobody are left out.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "plumb/raters.h"

namespace plumb {

// Sorted by rater, then by pair, then as in the file: those of rater r are offset[r] .. offset[r + 1] - 1.
struct Opinions {
  std::size_t raters = 0, items = 0;
  std::vector<std::uint64_t> offset;
  std::vector<std::uint32_t> pair;          // an opinion
  std::vector<std::int8_t> lower_won;       // +1: the item with the smaller number won, -1: the other one
  std::vector<std::uint8_t> lower_first;    // whether the item with the smaller number stood first
  std::vector<std::uint32_t> lower, upper;  // a pair: its items
  std::size_t pairs() const { return lower.size(); }
  bool took_first(std::uint64_t k) const { return (lower_won[k] > 0) == (lower_first[k] != 0); }
};
Opinions opinions_of(const RaterVotes& votes);

// What the raters with `counts` say together. The expected opinion of another one like them on the pair (i, j),
// from -1 to 1, is
//   c = b h + sum of (y - b h) over their votes y on the pair / (n + kappa),   h = share_i - share_j,
// where share_i is the mean of +1 and -1 over votes that i won and lost: items' shares pool pairs with a common
// item, the second term gives each pair what its own votes say beyond that. b by least squares; 1 / kappa is
// the variance between pairs that h leaves, by the products of residuals of different votes on one pair.
class Consensus {
 public:
  Consensus(const Opinions& opinions, std::vector<std::uint8_t> counts);
  // By opinion of this rater: what the others say of its pair; the rater's own votes are taken out.
  std::vector<double> without(std::size_t rater);
  // The same without a model of how much that is worth: the majority's answer on the pair, where there is none
  // h.
  std::vector<double> majority_without(std::size_t rater);

 private:
  void add_own(std::size_t rater, double sign);  // to own_won_ and own_judged_
  double item_part(std::uint32_t pair) const;    // h without what is in own_won_ and own_judged_
  template <class OfPair>                        // of_pair(pair, votes won by its lower item less lost, votes)
  std::vector<double> by_opinion(std::size_t rater, OfPair of_pair);

  const Opinions* opinions_;
  std::vector<std::uint8_t> counts_;                         // by rater
  std::vector<double> won_, judged_, own_won_, own_judged_;  // by item
  std::vector<double> pair_won_, pair_votes_;                // by pair
  double slope_ = 0, strength_ = 0;                          // b; 1 / kappa, 0 where h leaves nothing
};

}  // namespace plumb
