// plumb/stream.h: logs larger than memory, block by block.
//
// A stream reads a decision log once, in blocks of a few thousand rows on several threads, and holds a few
// blocks at a time. Each block is a DecisionLog of its own, whose codes are its own: consumers go by names.
// What grows with the log is the index of ids alone (16 to 32 bytes a decision, half as much again while it
// grows), so that an id that stands twice is refused.
//
//   LoadReport report = stream_log("decisions.dsjson.gz", goal, {.threads = 2}, [&](const DecisionLog& block) {
//     const double sum = ...;                    // on any thread
//     return [&total, sum] { total += sum; };    // in the order of the file, one after another
//   });
//
// What only the whole log could tell, the first block (4 MiB and at least one usable row) tells, and rows that
// contradict it are refused: the type of a column, the actions of a log whose rows do not name what was
// offered. What no block can tell is refused before reading: ages without data.as_of, estimand "deployed".
// Segments are left out.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "plumb/data.h"
#include "plumb/goal.h"

namespace plumb {

// Which feature columns are kept of those that the goal names.
struct ColumnNames {
  std::vector<std::string> context, action_features;
};

struct StreamOptions {
  int threads = 1;
  std::optional<ColumnNames> columns;  // empty: all of them
  // DecisionLog::row_fingerprint is filled: policies are to be told from what they were learnt from.
  bool fingerprints = true;
  std::size_t block_bytes = std::size_t{4} << 20;
  Progress progress;  // told of bytes read
};

// What to do with a block, on any thread; returns what is then done in the order of the file, by one thread at
// a time.
using BlockWork = std::function<std::function<void()>(const DecisionLog& block)>;

// Reads the log once. Every row is checked as read_log checks it, in the same words, but for what the header of
// this file says. Late outcomes (data.outcome_files) are held in memory by id and joined. Two different ids
// with the same 64-bit hash would be taken for one: for 10 million ids the probability is 3e-6. Throws as
// read_log does; work that was done for earlier blocks is then to be thrown away. The same calls in the same
// order of blocks for any number of threads.
LoadReport stream_log(const std::string& path, const Goal& goal, const StreamOptions& options,
                      const BlockWork& work);

}  // namespace plumb
