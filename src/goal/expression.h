// `maximize`: a weighted sum of outcomes, "value_90d + 2.0 * satisfied - 0.5 * complaint".
//
//   sum  = [sign] term { sign term }        sign = "+" | "-"
//   term = name | number "*" name | name "*" number
//   name = a letter or _, then letters, digits, _ (bytes above 127 count as letters)
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "plumb/goal.h"

namespace plumb {

// The terms in the order written, each outcome once, no weight 0 or infinite. Throws Error{kInput} with what
// was found at which column of the expression.
std::vector<Term> parse_maximize(std::string_view text, std::string_view where, std::string_view what);

// Whether an outcome may be called so: else `maximize` could not name it.
bool is_outcome_name(std::string_view name);

}  // namespace plumb
