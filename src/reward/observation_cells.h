// The cells in which an observation model is held against who was observed.
#pragma once

#include <string>
#include <vector>

#include "plumb/data.h"

namespace plumb {

// A way to cut decisions: every decision's cell, and what each cell is called ("age between 3 and 5").
struct Cut {
  std::vector<std::uint16_t> cell;  // n
  std::vector<std::string> name;
  bool whole_column = false;  // a column by itself, so that a cell without an answer means something
};

// One column: the levels of a category (at most kMostCutLevels, the most frequent; the rest together), at most
// `quantiles` stretches of a number with about as many decisions each, what is no number apart.
Cut cut_column(const FeatureColumn& column, std::size_t quantiles);
Cut cut_numbers(const std::string& name, const std::vector<double>& value, std::size_t quantiles);
// Every combination of the cells of two.
Cut cross_cuts(const Cut& a, const Cut& b);
// A few coarse cells of a column, for crossing.
Cut cut_coarsely(const FeatureColumn& column);

}  // namespace plumb
