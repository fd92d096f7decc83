// Parts of check_log.
#pragma once

#include <utility>
#include <vector>

#include "plumb/data.h"

namespace plumb {

// Pearson's chi-squared test of counts against expected counts that sum to the same: {p, statistic}.
std::pair<double, double> sample_ratio_p(const std::vector<double>& seen, const std::vector<double>& expected);

// Features that say an outcome beforehand: |correlation| (numbers) or correlation ratio (categories) above .98.
void find_leaks(const DecisionLog& log, std::vector<Finding>& out);
// Columns that look like the name of a unit, where none is named.
void find_unnamed_units(const DecisionLog& log, const Goal& goal, std::vector<Finding>& out);

}  // namespace plumb
