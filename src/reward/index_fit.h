// Private to reward: the design of a surrogate index and its least squares fits, one a fold.
#pragma once

#include <array>
#include <vector>

#include "plumb/data.h"
#include "plumb/features.h"

namespace plumb {

// Rows of the index's design, `width` numbers a decision:
//   [0, stable)                  (1, x) times (1, s): surrogates s standardized by the training half
//   [stable, stable + dated)     z times (1, x, s) or (1, s): z the decision's date, standardized over the rows
//                                that are learnt from
//   [stable + dated, width)      the same times l: l is 1 after three quarters of the rows that are learnt from
// dated is 0 where nothing can be learnt of a change: no dates, one date, too few rows.
struct IndexDesign {
  std::size_t stable = 0, dated = 0, context = 0;  // context: columns of x
  std::vector<float> x;                            // n x width; zeros where the surrogates are not all observed
  std::size_t width() const { return stable + 2 * dated; }
};

// What is learnt from: decisions with all surrogates and the late outcome seen, and how much each counts.
struct IndexRows {
  std::vector<std::uint32_t> row;  // ascending
  std::vector<double> weight;      // by place in `row`: one over the probability of being asked
};

// fewest: rows that the fit of any training fold learns from.
IndexDesign index_design(const DecisionLog& log, const OutcomeColumn& index,
                         const std::vector<const OutcomeColumn*>& surrogates, const FeatureMap& map,
                         const IndexRows& learnt, std::size_t fewest, int threads);

// Which columns a fit has; the others' coefficients are zero. kStable: nothing changes with the date; kLinear:
// level and slopes move in a straight line; kLast: they are other ones in the last quarter of the rows and
// after.
enum class IndexShape { kStable, kLinear, kLast };
inline constexpr std::array<IndexShape, 3> kIndexShapes = {IndexShape::kStable, IndexShape::kLinear,
                                                           IndexShape::kLast};

struct IndexFit {
  std::vector<double> coef;  // width
  Matrix influence;          // kBuckets x width; columns sum to zero
};

// The fit that decisions of `fold` get: of what training reads, without the certification half and without
// `fold`; of the certification half, without `fold`. Errors robust to unequal variance (HC2).
IndexFit fit_index(const DecisionLog& log, const IndexDesign& design, const OutcomeColumn& late,
                   const IndexRows& learnt, IndexShape shape, std::size_t fold);

}  // namespace plumb
