// Private to reward: are the customers of the log those of the file of purchases, and does the file hold
// anything twice?
#pragma once

#include <map>
#include <vector>

#include "plumb/data.h"
#include "plumb/lifetime_value.h"

namespace plumb {

// Which customers of the log (its units) stand in the file.
//
// Throws Error{kInput}, with examples of both spellings where they can be had:
//   none of them does, or fewer than kLeastMatched of them while also fewer than kLeastMatched of the file's
//   are the log's: that is two files of different customers, or of the same under other names;
//   at least kLeastMatched of them (and three) would under another spelling, without blanks at the ends, in
//   other case, with or without leading zeros or ".0";
//   one of them does not and `absent_is_zero` was not said.
// A few that would under another spelling are a finding.
void check_join(const DecisionLog& log, const Goal& goal, const OutcomeSpec& spec,
                const Transactions& transactions, std::vector<Finding>& findings);
inline constexpr double kLeastMatched = 0.01;

// Purchases of one customer at one time (to the second) for one amount (to the cent): counted, the first named.
void find_repeated(const Transactions& transactions, const std::string& outcome,
                   std::vector<Finding>& findings);

}  // namespace plumb
