// A tree as a picture.
#pragma once

#include <string>

#include "report/reading.h"

namespace plumb::report {

// A share of the decisions as "8.2 %": the same number of decimals for every rule.
std::string share_text(double share);

// Questions from left to right, a rule a line at the right edge with its share of the decisions; for wide pages
// only, narrow ones have the table of rules. Empty for a tree of one rule and where nodes are missing.
std::string tree_figure(const Json& tree);

}  // namespace plumb::report
