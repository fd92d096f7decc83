// Whether raters fall into groups that prefer the opposite on the same pairs.
#pragma once

#include <optional>

#include "reward/rater_opinions.h"

namespace plumb {

// Groups are looked for among the raters with the most opinions; a table of agreement has this many squared.
inline constexpr std::size_t kMostGrouped = 400;

// Two groups of some raters, as positions in `raters`; none where there is no evidence of two.
//
// Without groups any two people's expected opinions of a pair have the same sign, whatever their reliabilities,
// and also where only one of them is against all others. So: cells (rater, pair) are halved by `rng`. Groups
// and the pairs on which they differ are learnt from one half, by the agreement on equal pairs (leading
// eigenvectors, then each rater to the group whose members agree more, until nobody moves). On these pairs the
// other half must show all three: products of opinions of different groups are negative, products within
// either group positive (Student's t over pairs). An intersection of tests needs no correction; the halves are
// exchanged, and the smaller of the two probabilities counts twice. Known groups are then learnt from all.
std::optional<std::vector<std::uint8_t>> two_groups(const Opinions& opinions,
                                                    const std::vector<std::uint32_t>& raters, double alpha,
                                                    const Rng& rng);

}  // namespace plumb
