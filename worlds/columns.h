// worlds/columns.h (private to worlds): what a goal file selects of a world's columns, laid out as the log
// reader lays out a file.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "plumb/data.h"

namespace plumb {

// One raw column of a world, n rows; for categories `code` indexes `names`, which is in no particular order.
struct WorldColumn {
  std::string name;
  bool is_category = false;
  std::vector<double> number;
  std::vector<std::uint32_t> code;
  std::vector<std::string> names;
};

// One raw outcome, NaN where it was not asked; `asked` is the probability of that and `asked_column` the column
// of the file that says so, empty where there is none.
struct WorldOutcome {
  std::string name;
  std::vector<double> value;
  double asked = 1;
  std::string asked_column;
};

// log.segments: goal.all_segments(). log.context: the columns that goal.data.context selects. JSON lines give
// them in the order of the file, and all where the goal names none; CSV in the order of the goal, and none
// where it names none. Throws Error{kInput} where the goal names a column that the world lacks.
enum class FileKind { kJsonLines, kCsv };
void select_context(DecisionLog& log, const Goal& goal, FileKind kind, const std::vector<WorldColumn>& columns);

// log.outcomes: those of the goal, with their states at as_of. REQUIRES: log.chosen and log.time_us are set.
// Throws Error{kInput} where the goal names an outcome that the world lacks, or one is observed nowhere.
void select_outcomes(DecisionLog& log, const Goal& goal, const std::vector<WorldOutcome>& outcomes);

// Position of every name of `wanted` in `known`; throws Error{kInput} for an unknown one.
std::vector<std::size_t> outcome_positions(std::span<const std::string> wanted,
                                           std::span<const std::string> known, const std::string& world);

}  // namespace plumb
