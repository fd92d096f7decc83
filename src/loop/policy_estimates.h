// What is said of a policy that is valued by itself, whether the log is in memory or streamed.
#pragma once

#include <string>

#include "report/study.h"

namespace plumb {

// Why a level of this outcome is not given; empty where enough effective non-zero values stand behind it.
std::string too_few_events(const std::string& outcome, OutcomeKind kind, double events);
// One level, estimated alone, at the goal's confidence.
Measured level_of(const Estimates& level, const Goal& goal);

}  // namespace plumb
