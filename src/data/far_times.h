// A latest time that lies apart from all others.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace plumb {

// The last few decisions lie `gap` after everything else that is dated: other decisions and late records.
struct FarLatest {
  std::int64_t latest = 0;    // time of a decision
  std::int64_t before = 0;    // the latest of the other times
  std::int64_t span = 0;      // of the other times, without the first hundredth
  std::size_t decisions = 0;  // that lie apart
  std::int64_t gap = 0;       // from `before` to the first of them
  // Whether the gap alone makes the latest time doubtful: longer than half of the span of everything else. A
  // shorter one may be a straggler; then what depends on it must tell.
  bool far = false;
};

// The widest gap below which all but at most one in a hundred times lie (three of few), where it is three times
// as wide as the third widest of the others; empty where there is none, or where late records go on after the
// latest decision. Both ascending. REQUIRES: decisions are not empty.
std::optional<FarLatest> far_latest(const std::vector<std::int64_t>& decisions,
                                    const std::vector<std::int64_t>& records);

}  // namespace plumb
