// Rows of two logs that are linked by what they say of who came: are they the same decisions, or did the same
// customers come again?
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

namespace plumb {

enum class Again { kSameDecisions, kOtherDecisions, kCannotTell };

// By pair of linked rows, one of the first log and one of the later one: what a field (the action, an outcome)
// says in either.
using FieldPairs = std::vector<std::pair<std::uint64_t, std::uint64_t>>;
struct OutcomePairs {
  FieldPairs cells;
  std::vector<std::pair<double, double>> values;  // NaN where there is none
};

// The same decisions agree in the action and in outcomes. Others agree as rows do that are paired at random
// (`action` and `outcomes` must stand in an order that does not depend on what they say), or somewhat more
// often: a customer may always get the same arm, so that the action alone is believed only where no outcome
// tells. A field tells where at least kLeastTelling pairs are expected to disagree by chance; it agrees where
// at most a fifth of them do. Of an outcome of two values the other way round counts as well: whoever writes 1
// for 0 and 0 for 1 did not make new decisions. Nor did whoever moved every amount a little: an outcome agrees
// as well where its values stand in one order (Spearman's correlation, either way round, above kSameOrder).
inline constexpr double kLeastTelling = 20, kSameOrder = 0.95;
Again same_decisions(const FieldPairs& action, const std::vector<OutcomePairs>& outcomes);

}  // namespace plumb
