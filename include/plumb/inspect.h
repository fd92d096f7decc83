// plumb/inspect.h: a first look at a log that no goal file describes yet.
//
// inspect_log reads the head of a log and tells what its columns hold; guess_roles says which of them are the
// action, its propensity, the outcomes and so on, by name and content; goal_text writes that down as a goal
// file. A guess is a proposal: everything that is read by it is checked again, row by row, by read_log.
//
// What it refuses to do: to invent a propensity. Where none is found the role stays empty, and the caller asks.
//
//   LogSketch sketch = inspect_log("mailing.csv.gz");
//   LogRoles roles = guess_roles(sketch, /*given=*/{});
//   Goal goal = parse_goal(goal_text(sketch, roles, "mailing.csv.gz", "mailing"));
//
// Everything here is deterministic and may be called from any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace plumb {

inline constexpr std::uint64_t kInspectedRows = 10000;  // of the head of the log
inline constexpr std::size_t kInspectedLevels = 1000;   // distinct values that are told apart, a column

// What the inspected rows hold in one column.
struct ColumnSketch {
  std::string name;
  std::string group;                // JSON lines: the object that holds it, "context" or "outcomes"; else empty
  std::uint64_t present = 0;        // rows with a value
  std::uint64_t numbers = 0;        // ... with a finite number
  std::uint64_t nested = 0;         // ... with a list or an object: JSON lines only
  bool integers = true;             // every number is whole
  double lower = 0, upper = 0;      // of the numbers; 0 where there are none
  std::vector<std::string> levels;  // distinct values, by first appearance, at most kInspectedLevels
  bool more_levels = false;         // there are more
  bool numeric() const { return present > 0 && numbers == present; }
  std::size_t distinct() const { return levels.size() + (more_levels ? 1 : 0); }
};

struct LogSketch {
  std::string source;                 // the path
  bool json_lines = false;            // else CSV or TSV
  std::uint64_t rows = 0;             // inspected, those that could be split into columns
  bool whole = true;                  // the log has no more rows
  char decimal = '.';                 // CSV: what stands before the decimals of numbers
  std::vector<ColumnSketch> columns;  // CSV: in the header's order; JSON lines: by first appearance
  const ColumnSketch* column(const std::string& name) const;  // nullptr where there is none
};

// Reads the header and the first kInspectedRows rows of CSV, TSV or JSON lines, plain or .gz. Rows that cannot
// be split into columns are left out (read_log refuses them, with their place). `decimal`: ',' where numbers
// are known to have a decimal comma; else the file may tell. In a column of numbers NA and the like count as no
// value, in one of nothing else True and False as 1 and 0. Throws Error{kEnvironment} where the file cannot be
// read; Error{kInput} where it is empty, truncated, has no row that can be split, or a column whose commas may
// stand before decimals or between thousands.
LogSketch inspect_log(const std::string& path, char decimal = '.');

// Which column is what. Empty: none.
struct LogRoles {
  std::string action, id, unit, time, version;
  std::string propensity;                   // a column
  std::optional<double> propensity_number;  // or one number for every decision, in (0, 1]
  std::string propensities;                 // of every offered action: a key of JSON lines, or "mu_*"
  std::vector<std::string> outcomes;        // the first is what a guessed goal maximizes
  std::vector<std::string> proxies;         // those of `outcomes` that are seen at once
  std::vector<std::string> context;
  std::string asked;                    // the probability of being asked for the one outcome that has gaps
  std::vector<std::string> unbalanced;  // by balanced_roles: no context, the farthest first
};

// Keeps what `given` says and guesses the rest. By name: "action", "arm", "item_id", "segment", ... with 2 to
// kInspectedLevels values; "p", "propensity", "pscore", ...; "user", "customer", "reader", ...; "click",
// "spend", "value", ... where all values are numbers. By content: times that read_log understands, ids that
// are distinct in every row. In JSON lines the native keys are taken as they are. Context is what is left,
// without columns that look like outcomes (they come after the choice), identifiers and constants.
// Throws Error{kInput} where `given` names a column that is not there (with the nearest name), or an outcome
// whose values are no numbers.
LogRoles guess_roles(const LogSketch& sketch, const LogRoles& given);

// Reads the whole log by these roles and tests the balance of its columns (plumb/balance.h): those that fail
// are left out of the context and named in `unbalanced`. Nothing else changes; nothing at all where the roles
// have no propensity, or the log has rows that these roles cannot read. Whether such a column was made after
// the choice or decided it no log can tell: check_log caps verdicts until the goal file says after_action =
// [...], a line that goal_text writes as a comment. Throws Error{kEnvironment} where the file cannot be read.
LogRoles balanced_roles(const std::string& path, const LogSketch& sketch, LogRoles roles, int threads = 1);

// A commented goal file (TOML) that reads the log by these roles; `log` is written as data.log (empty: left
// out), `name` as goal.name. Roles that nobody found stand there as comments that say what belongs in.
// REQUIRES: an action and at least one outcome.
std::string goal_text(const LogSketch& sketch, const LogRoles& roles, const std::string& log,
                      const std::string& name);

}  // namespace plumb
