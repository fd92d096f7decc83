// Two logs whose rows can be held against each other, cell by cell.
#pragma once

#include "plumb/data.h"

namespace plumb {

// `rows` of a log with what tells rows apart: unit, id, time, context, segments, columns that nobody named,
// outcomes, the chosen action (as the only one that was offered).
DecisionLog comparable_rows(const DecisionLog& log, const std::vector<std::size_t>& rows);

// Rounds columns of numbers of the same name to the precision that both logs have: an export with two decimals
// is held against numbers with two decimals. A column that the later log holds in a unit some power of ten
// larger or smaller (by its spread) is rounded at the same places.
void put_to_one_precision(DecisionLog& first, DecisionLog& later);

// The decimals that all of the numbers need, from -3 (thousands) to kFullPrecision, which stands for more than
// five; `digits`: the significant digits, from 1 to 6, where 6 stands for more than five. Empty columns: -3, 1.
struct Precision {
  int decimals = -3, digits = 1;
};
inline constexpr int kFullPrecision = 6;
Precision precision_of(const std::vector<double>& numbers);

}  // namespace plumb
