// plumb/origin.h: who has seen what. What a policy, a reference or outcome models keep of the decisions that
// they were learnt from, and which decisions of another log are the same ones, or of the same units.
//
// Three things are told, each for itself, since a re-export may change any of them:
//   units     by name, where both logs name them: every decision of a unit that was learnt from counts as seen,
//             earlier or later, whatever else its row says;
//   ids       by name, where both logs have them; ids that are mere row numbers are told apart by what stands
//             beside them;
//   contexts  apart from outcomes and from the names of columns. A sample of kTracedRows rows is kept column by
//             column, and looked for by all columns, by all but one, and by each alone with the action, so that
//             one column that was added, dropped, renamed, rounded or scaled is no escape.
// Nothing is accused by chance: rows of the same population meet by accident too, as often as rows of the log
// meet rows of other units of the log. That is the control; a sample that is found significantly more often was
// here.
//
//   const LearntFrom from = learnt_from(log, use, {split_seed, goal.hash, log_digest(log)});
//   const Familiar familiar = familiar_rows(policy.trained_on(), later, threads);
//   if (!familiar.untold && !familiar.everything) ...   // judge on rows where familiar.seen[i] == 0
//
// Digests are salted by a number that is derived from the training (same bytes for the same run) and stands in
// the file: it keeps digests of two files from being compared, and names from being looked up in a prepared
// table. It does not keep anyone who has the file from testing whether a name that he guesses was in the log.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "plumb/policy.h"

namespace plumb {

// Every digest is kept up to this many (8 bytes each); beyond, the kBottomDigests smallest. Units are then
// recognized by the sketch, and all units of the folds that were trained on count as learnt from.
inline constexpr std::size_t kMostDigests = std::size_t{1} << 21;
inline constexpr std::size_t kBottomDigests = std::size_t{1} << 16;
inline constexpr std::size_t kTracedRows = 1024;
inline constexpr std::size_t kTracedColumns = 64;  // those with the most distinct cells

enum class TraceRole : std::uint8_t { kContext, kOutcome, kOther };  // other: time, columns nobody named

struct DigestSet {
  std::uint64_t count = 0;            // distinct
  std::vector<std::uint64_t> digest;  // ascending; all of them, or the smallest kBottomDigests
  bool whole() const { return digest.size() == count; }
  bool empty() const { return count == 0; }
  // REQUIRES: whole, or the answer is only right for digests up to the last one kept.
  bool contains(std::uint64_t value) const;
};

struct LearntFrom {
  std::uint64_t salt = 0, rows = 0;  // decisions
  std::uint64_t context_columns = 0;
  bool unit_named = false;
  DigestSet units;     // of names; where none is named, of what stands for them (DecisionLog::unit)
  DigestSet ids;       // of names; empty where the log has none
  DigestSet contexts;  // of all context columns, digits of numbers
  // The sample: kTracedRows rows (or all, where there are fewer), the same whatever their order.
  struct Column {
    std::string name;
    TraceRole role = TraceRole::kContext;
    double mean = 0, scale = 0;  // of all rows of the log; scale 0: a category
  };
  std::vector<Column> column;
  std::vector<std::uint64_t> action, id;  // a row of the sample; id 0 where there are none
  // rows x columns. Upper 32 bits: of the text, or of a number's first five digits without sign and power of
  // ten; the next 16: of the number standardized by its column, to a thousandth; the last 16: to a twentieth.
  std::vector<std::uint64_t> cell;
  std::size_t traced() const { return action.size(); }
};

// What was learnt from the decisions with use[i]. REQUIRES: row_digest is filled. The same for any order of
// rows.
LearntFrom learnt_from(const DecisionLog& log, const std::vector<std::uint8_t>& use, std::uint64_t salt);
std::uint64_t origin_salt(std::uint64_t split_seed, std::uint64_t goal_hash, std::uint64_t log_digest);

// Which decisions of a log are known to what was learnt.
struct Familiar {
  std::uint64_t by_unit = 0, by_id = 0, by_row = 0, by_context = 0;  // decisions, by what told first
  // The log as a whole holds rows that were learnt from, and nothing tells which.
  bool everything = false;
  // Nothing names them, and contexts are too coarse to tell.
  bool untold = false;
  std::vector<std::uint8_t> seen;  // n
  std::string sentence;            // what was found, or what was looked for; "it" is what was learnt
  std::uint64_t count() const { return by_unit + by_id + by_row + by_context; }
  bool any() const { return everything || count() > 0; }
};
// What buckets and whole rows tell, as training_overlap (plumb/policy.h).
Overlap training_overlap_of(const TrainedOn& trained, const DecisionLog& log);
// REQUIRES: `trained` is not empty. The same for any number of threads.
Familiar familiar_rows(const TrainedOn& trained, const DecisionLog& log, int threads);

}  // namespace plumb
