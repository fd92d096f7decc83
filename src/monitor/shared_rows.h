// Rows of the certificate's log that stand in the later one.
#pragma once

#include <string>
#include <vector>

#include "plumb/monitor.h"

namespace plumb {

struct SharedRows {
  std::vector<std::uint8_t> seen;  // by decision of the later log: it is one of the first log, too
  std::uint64_t count = 0;         // of them
  double share = 0;                // of the later log, without those that chance alone would make
  std::string by;                  // how they were recognized
  std::string cap;                 // why the later log cannot tell; may be empty
  std::string sentence;            // what was found; may be empty
  bool untold = false;             // contents repeat, nothing names rows: nobody could find shared ones
  bool come_again = false;         // the same customers, in other decisions
};
// Looks for rows whatever their ids, by contents: contexts, outcomes and columns that nobody named, all of
// them, all but one, half of them, each alone where it has many values; by digits after both logs were rounded
// to the precision that they share, put to one scale where mean or spread moved, and coarsely. Accused is only
// what chance cannot make, whatever the populations of the two logs (monitor/content_counts.h); customers who
// come again are told from decisions that are the same by actions and outcomes (monitor/same_decisions.h).
// Needs about 50 shared rows whose contents are unique. The same for any number of threads.
SharedRows shared_rows(const DecisionLog& first, const DecisionLog& later, int threads);

}  // namespace plumb
