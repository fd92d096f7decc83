// Probabilities as people write them: 0.3333 for a third.
#pragma once

#include <map>
#include <string>

namespace plumb {

// Whether `written` is `exact`, rounded to the digits that it is written with: two at least behind the point.
bool rounds_to(double written, double exact);

// One number an arm as it is meant: equal shares where every number is one, rounded; else the numbers over
// their sum, which is 1 within rounding. A sentence in `note` where anything was not taken as it is written.
std::map<std::string, double> shares_as_meant(const std::map<std::string, double>& written, std::string* note);

}  // namespace plumb
