// Are rows of a sample among the rows of a log, whatever happened to some of their columns?
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "plumb/origin.h"
#include "policy/origin_cells.h"

namespace plumb {

inline constexpr std::size_t kLeastComparedRows = 30;  // fewer tell nothing

// By one way of comparing: `matched` of `sampled` rows are found; of as many rows of the log itself, `chance`
// (a share) meet a row of another unit.
struct SampleMatch {
  std::string by;  // "all 20 context columns and the action"
  std::uint64_t sampled = 0, matched = 0;
  double chance = 0, z = 0;
  bool resolves = false;  // few meet by chance, or almost none is found
  bool found = false;
};

struct RowSearch {
  std::optional<SampleMatch> found;     // the clearest way that finds them
  std::optional<SampleMatch> resolved;  // the sharpest way that finds nothing; empty: all are too coarse
  // Every context column, by digits, finds them and hardly meets by chance: contexts tell row from row.
  bool rows_told = false;
};

// Where the file's columns stand in the log: by name, else (columns of many values) by what they hold; empty:
// nowhere.
std::vector<std::optional<std::size_t>> paired_columns(const LearntFrom& from,
                                                       const std::vector<TracedColumn>& columns,
                                                       const std::vector<std::size_t>& rows);
// Which part of its cells compares a column: digits, unless mean or spread say that it was shifted or scaled by
// what is no power of ten.
std::uint64_t part_of(const LearntFrom::Column& kept, const TracedColumn& here);
// `rows` are the decisions to look at. The same for any number of threads.
RowSearch search_rows(const LearntFrom& from, const DecisionLog& log, const std::vector<TracedColumn>& columns,
                      const std::vector<std::optional<std::size_t>>& pairs,
                      const std::vector<std::size_t>& rows, int threads);
// Do rows that share an id share more of their cells than rows that do not? False where ids were counted anew.
bool ids_name_rows(const LearntFrom& from, const DecisionLog& log, const std::vector<TracedColumn>& columns,
                   const std::vector<std::optional<std::size_t>>& pairs, const std::vector<std::uint64_t>& ids);

}  // namespace plumb
