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

// Outcomes that an objective, a proxy or a constraint uses, and what those that are learnt are learnt from. All
// others have no say.
std::vector<std::string> used_outcomes(const Goal& goal);
// Whether those who were asked answered, whatever action they got: a sentence where the stated probabilities of
// being asked are contradicted by who was observed; empty where they fit or where there are none.
std::string asked_contradiction(const DecisionLog& log, const OutcomeColumn& outcome);
// What is missing and why, as far as the log tells: outcomes with gaps that nobody explained, rates that are
// contradicted, shares observed that differ by action.
void find_missing(const DecisionLog& log, const Goal& goal, std::vector<Finding>& out);

}  // namespace plumb
