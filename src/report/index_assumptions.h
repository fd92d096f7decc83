// Private to report: what a surrogate index takes for granted, and what of it was tested.
#pragma once

#include <vector>

#include "report/study.h"

namespace plumb {

// In the order of study.index_tests: what the index misses, whether it changes with the date, and what a change
// that nobody has seen would have to be to turn the verdict.
std::vector<LearntAssumption> index_assumptions(const Study& study);

}  // namespace plumb
