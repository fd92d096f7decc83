// plumb/data.h: decision logs, read, joined, checked and split by unit.
//
// A decision: in a context, one of the offered actions was chosen with a known probability; outcomes were seen
// afterwards. A DecisionLog holds n decisions in columns and never changes once read. Offered actions are
// ragged: the rows of decision i are offset[i] .. offset[i + 1]. Nothing is repaired: a bad row is refused with
// file, line, what was found and what was expected, or (where the goal file allows a share of them) counted in
// the LoadReport.
//
//   LoadReport report;
//   DecisionLog log = read_log("decisions.jsonl.gz", mapping, &report);
//   assign_folds(log, /*split_seed=*/1);
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "plumb/base.h"
#include "plumb/goal.h"

namespace plumb {

// Folds: units are assigned to one of kFolds folds by hash(unit, split seed). The first half is the training
// half (learning and choosing), the second the certification half.
inline constexpr int kFolds = 8;
inline constexpr int kTrainingFolds = 4;

// What is known of an outcome of a decision.
enum class State : std::uint8_t {
  kObserved,  // the value is there
  kMissing,   // not asked, or no answer
  kImmature   // too young at as_of: neither zero nor missing, the decision is left out of this outcome's
              // estimates
};

// One typed feature column. Numbers: `number[row]`. Categories: `code[row]` indexes `levels` (in order of first
// appearance in the file; a segment made of numbers: ascending). Rows are decisions (context) or offered
// actions (action features).
struct FeatureColumn {
  std::string name;
  bool is_category = false;
  std::vector<float> number;
  std::vector<std::uint32_t> code;
  std::vector<std::string> levels;
  std::size_t size() const { return is_category ? code.size() : number.size(); }
};

// One outcome's column: value is 0 where state is not kObserved; asked is the probability of being observed
// (empty: always 1). `asked_known` is false where rows are missing and nobody said with what probability.
struct OutcomeColumn {
  std::string name;
  OutcomeKind kind = OutcomeKind::kNumber;
  std::vector<double> value;
  std::vector<State> state;
  std::vector<double> asked;
  bool asked_known = true;
  bool asked_estimated = false;  // asked is an estimate by action and context, nobody stated it
  std::uint64_t observed_count = 0, missing_count = 0, immature_count = 0, nonzero_count = 0;
  std::uint64_t zero_filled_count = 0;  // of the observed: absent, and absent = "zero"
};

struct DecisionLog {
  std::string source;           // the path, for messages
  std::vector<std::string> id;  // empty: the row number is the id
  // Hash of the unit's name. Where no unit is named, of the row's id; without ids of the row's own text and how
  // often it stood before, so that a log keeps its units when its rows are put into another order.
  std::vector<std::uint64_t> unit;
  bool unit_named = false;
  std::vector<std::int64_t> time_us;  // empty where not logged
  std::vector<std::string> actions;   // names; `action` indexes them
  std::vector<std::uint64_t> offset;  // n + 1
  std::vector<std::uint32_t> action;  // a row an offered action
  std::vector<std::uint32_t> chosen;  // n, the slot within the decision's offered actions
  std::vector<double> propensity;     // n, of the chosen action, in (0, 1]
  std::vector<float> logged;          // a row an offered action: mu; empty where not logged
  // n, how many decisions the row stands for: 1 / (1 - rate) where rows like it were dropped at random at this
  // rate before the log was written. Empty: every row stands for one.
  std::vector<float> weight;
  bool propensity_declared = false;            // a number (or one an arm) in the goal file, not a column
  bool fixed_actions = false;                  // the same offered list (same order) in every decision
  std::vector<FeatureColumn> context;          // n rows each
  std::vector<FeatureColumn> action_features;  // a row an offered action; may be empty
  std::vector<FeatureColumn>
      segments;  // n rows each, categories: every column that the goal names as a segment
  // n rows each: columns of the file that the goal does not name. Only check_log reads them.
  std::vector<FeatureColumn> unnamed;
  std::vector<std::string> policy_version;  // distinct versions; empty where not logged
  std::vector<std::uint32_t> version;       // n, indexes policy_version; empty where not logged
  std::vector<OutcomeColumn> outcomes;      // every outcome that the goal file names, in its order
  std::vector<std::uint64_t> row_digest;    // n, hash of the decoded row (all fields above)
  // n, hash of the row as its file has it, whatever the goal reads of it; empty for logs that no file holds.
  // CSV: of the cells under their column names, in any order; JSON lines: of the line.
  std::vector<std::uint64_t> row_fingerprint;
  std::vector<std::uint8_t> fold;  // n, by assign_folds

  std::size_t size() const { return chosen.size(); }
  std::size_t offered(std::size_t i) const { return static_cast<std::size_t>(offset[i + 1] - offset[i]); }
  std::size_t chosen_row(std::size_t i) const { return static_cast<std::size_t>(offset[i]) + chosen[i]; }
  std::uint32_t chosen_action(std::size_t i) const { return action[chosen_row(i)]; }
  bool in_training(std::size_t i) const { return fold[i] < kTrainingFolds; }
  // REQUIRES: the outcome exists (the goal file was checked against the log).
  const OutcomeColumn& outcome(std::string_view name) const;
  const FeatureColumn* segment(std::string_view name) const;  // nullptr where there is none
};

// Where every row of the input went; rows_read == decisions + rejected (the join of late outcomes has its own).
struct LoadReport {
  std::uint64_t bytes = 0, rows_read = 0, decisions = 0, rejected = 0;
  std::vector<std::string> rejections;  // the first five, "file:line: what: found, expected"
  std::vector<std::string> notes;       // things that a reader of the report should know, in sentences
};

// Which bucket a unit belongs to; independent of folds (other hash seed).
std::size_t bucket_of(std::uint64_t unit);
// Which fold a unit belongs to under this split seed.
int fold_of(std::uint64_t unit, std::uint64_t split_seed);
void assign_folds(DecisionLog& log, std::uint64_t split_seed);

// Reads the log that a goal names. Format by name and content: CSV, TSV, JSON lines (native), Vowpal Wabbit's
// dsjson and its text, each also .gz; docs/formats.md says what is read in each.
//
// CSV: a row a decision; every decision offers the same actions, sorted: the distinct values of the action
// column, or the arms of the goal's propensities. JSON lines: the keys of the native form, or those that the
// goal's [data] names (a unit, time or version also from "context"). dsjson and VW text: features are named
// "namespace.key", one that a row does not name is 0 or "", an outcome may be "cost" or "reward". The same
// decisions in another format give the same log, digests included, where ids are the same. Late outcomes
// (data.outcome_files) are joined by id, in any order and however they are split over files. Rows
// like which others were dropped before the log was written (`pdrop`) have a weight where the rates differ.
// REQUIRES: goal was parsed. Throws Error{kInput} with the first five bad rows and their count
// where more rows are bad than `reject_up_to` allows; Error{kEnvironment} where the file cannot be read.
// The same for any number of threads.
DecisionLog read_log(const std::string& path, const Goal& goal, LoadReport* report, int threads = 1);

// The probabilities of another system's policy for every decision and offered action of the log. CSV with the
// columns `id` (or one or more context or segment columns), `action`, `probability`, a row an action; or JSON
// lines,
// {"id":"d1","action":"a7","probability":0.25} or {"id":"d1","probabilities":{"a7":0.25,...}}. Where the log
// has no ids, `id` is the row number, from 1. An action that a decision offers and the table does not list has
// probability 0. Ids and contexts that the log does not hold are not used. Returns one float a row of
// `log.action`. Throws Error{kInput} where probabilities do not sum to one (1e-6), miss a decision, stand
// twice, or give mass to an action that a decision never offered.
std::vector<float> read_policy_table(const std::string& path, const DecisionLog& log, const Goal& goal);

// Fills row_digest from the other columns. read_log has done it; a log that was built in memory needs it. The
// same row has the same digest wherever it stands and whatever other rows there are.
void digest_rows(DecisionLog& log);
// Digest of the decoded rows per bucket over the rows for which use[i]: order does not matter. 0 for an empty
// bucket.
std::vector<std::uint64_t> bucket_digests(const DecisionLog& log, const std::vector<std::uint8_t>& use);
// One digest for the whole log; order does not matter.
std::uint64_t log_digest(const DecisionLog& log);

// ---------------------------------------------------------------------------------------------- checks

enum class Severity { kInfo, kWarning, kCap };  // kCap: the verdict can be at most inconclusive

// One thing found in the log: a stable name, a sentence with the numbers in it, how bad.
struct Finding {
  std::string check;  // "sample_ratio", "mean_weight", "leak", "adaptive", "duplicates", ...
  Severity severity = Severity::kInfo;
  std::string sentence;
};
// Sample-ratio mismatch (declared propensities, chi-squared, p < .001), mean importance weight of each constant
// action (|mean - 1| beyond 4 standard errors), columns that leak an outcome (|correlation| > .98),
// propensities that drift within one policy version, outcomes that are almost never observed, units that repeat
// though none is named, columns out of balance (plumb/balance.h), doubled rows, outcomes that come late, times
// that cannot carry what rests on them (as_of far from everything, late records before their decision or
// undated).
std::vector<Finding> check_log(const DecisionLog& log, const Goal& goal);

}  // namespace plumb
