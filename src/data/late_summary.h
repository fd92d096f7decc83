// What the times of late records show, read once more for the checks.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "plumb/data.h"
#include "plumb/goal.h"

namespace plumb {

// The late values of one outcome whose ids the log holds and that are not later than as_of.
struct LateValues {
  std::vector<double> delay;  // microseconds after the decision, of the dated values that count; ascending
  std::uint64_t count = 0, undated = 0, before = 0, at_once = 0, beyond = 0;
  double size = 0, size_before = 0;      // sums of |value|
  std::uint64_t rows = 0;                // decisions that have at least one value here
  std::uint64_t older = 0, younger = 0;  // dated values of the older and the younger half of the decisions
  std::uint64_t beyond_older = 0, beyond_younger = 0;
};

struct LateSummary {
  bool any = false;                   // late files, and a log that they can be joined to
  std::vector<LateValues> outcome;    // by outcome of the goal
  std::vector<std::int64_t> time_us;  // of every dated record that is not later than as_of; ascending
  std::uint64_t records = 0, undated = 0;
  // Files none of whose records has a time: their columns, and those that look like times under other names.
  struct Undated {
    std::string file;
    std::vector<std::string> columns, times;
  };
  std::vector<Undated> files;
};

// Reads the goal's outcome files, by the paths that the log was read with. Nothing where there are none, or
// where the log is of no file or has no ids.
LateSummary summarize_late(const DecisionLog& log, const Goal& goal);

}  // namespace plumb
