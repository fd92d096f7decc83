// A tree as a picture.
#pragma once

#include <string>

#include "report/reading.h"

namespace plumb::report {

// Questions from left to right, a rule a line at the right edge with its share of the decisions; for wide pages
// only, narrow ones have the table of rules. Empty for a tree of one rule and where nodes are missing.
std::string tree_figure(const Json& tree);

}  // namespace plumb::report
