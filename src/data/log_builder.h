// One row after the other becomes a DecisionLog: what CSV and JSON lines share. Readers fill a RowDraft and
// hand it over; the builder checks what needs other rows (ids, units, all or none), joins late outcomes and
// fills columns.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "data/cell_words.h"
#include "data/columns.h"
#include "data/late_times.h"
#include "data/rows.h"
#include "plumb/data.h"
#include "plumb/goal.h"
#include "plumb/stream.h"

namespace plumb {

// One feature of a row of a sparse log. `slot`: of the offered action; 0 for shared features.
struct SparseCell {
  std::uint32_t column = 0, slot = 0;
  Cell cell;
};

// An outcome's cell that holds a word: no value (NA), true and false, or a number between quotes (JSON).
struct WordCell {
  std::uint32_t outcome = 0;
  bool truth = false;
  std::string_view word;
  bool quoted = false;
};

// One decoded row. Views live until the next row is read.
struct RowDraft {
  std::uint64_t line = 0;
  std::string_view raw;           // the row as it stands, names the unit where nothing else does
  std::uint64_t fingerprint = 0;  // of the row, whatever is read of it
  std::optional<std::string_view> id, unit, version;
  std::optional<std::int64_t> time_us;
  std::vector<std::string_view> offered;  // empty: the fixed arms
  std::uint32_t chosen = 0;               // slot among `offered`; with fixed arms unused
  std::string_view chosen_name;           // with fixed arms
  double propensity = 0;                  // in (0, 1]
  std::vector<double> propensities;       // empty, or of every offered action (fixed arms: in their order)
  std::vector<Cell> context, segments;    // in the order of LogBuilder's columns
  std::vector<Cell> features;             // slot after slot, every action feature
  std::vector<SparseCell> sparse_context, sparse_features;  // instead of context and features: sparse logs only
  std::vector<SparseCell>
      unnamed;           // of columns that the goal does not name; those that are absent may be left out
  double drop_rate = 0;  // share of such rows that were dropped before the log was written
  std::vector<double> outcomes;  // in the goal's order, NaN: absent
  std::vector<double> asked;     // in the order of asked_columns(), NaN: absent
  std::vector<WordCell> words;   // cells of outcomes that were read as words
};

// Outcomes as they were read with the decisions, before anything is joined.
struct OutcomeCells {
  std::vector<std::vector<double>> value;  // for every outcome of the goal, a value a decision; NaN: absent
  std::vector<std::vector<double>> asked;  // for every column of probabilities of being asked; NaN: absent
  std::vector<int> asked_of;               // for every outcome its column in `asked`, or -1
};

class LateOutcomes;

// What a block of rows adds to the account of the whole log.
struct BlockAccount {
  std::uint64_t rows_read = 0;
  BadRows bad_rows{""};
  std::vector<std::uint64_t> id_hash, line;  // by decision; id_hash empty where there are no ids
  std::vector<std::uint64_t> values;         // by outcome of the goal: rows that have one
  std::vector<std::uint32_t> late;           // numbers of late ids that were joined
  LateAccount joined;                        // what became of their values
  std::uint64_t after_as_of = 0;             // decisions
  std::vector<WordCount> words;              // by outcome of the goal
  std::vector<std::string> notes;
};

class LogBuilder {
 public:
  // `keep_text`: cells' text outlives the builder (CSV).
  LogBuilder(std::string source, const Goal& goal, bool keep_text);

  // The schema, before the first row. Segments are the goal's, in its order.
  void set_context(const std::vector<std::string>& names);
  void set_action_features(const std::vector<std::string>& names);
  // Sparse logs instead: a column whenever it is first met, its number. A column that no row which is used has
  // a value of is left out at the end.
  void become_sparse() { sparse_ = true; }
  std::size_t add_context_column(const std::string& name);
  std::size_t add_feature_column(const std::string& name);
  // Columns that the goal does not name, for check_log alone: the number of one, new where it was never met;
  // nothing where there are as many as are kept (kMostUnnamedColumns), or none are wanted.
  std::optional<std::uint32_t> unnamed_column(std::string_view name);
  void without_unnamed() { unnamed_wanted_ = false; }
  bool unnamed_wanted() const { return unnamed_wanted_; }
  // Every decision offers these, sorted. Empty: the distinct chosen names, sorted, when all rows are read.
  void set_fixed_arms(std::vector<std::string> arms);

  // Rows come from no file: messages say "row 17" where they would say line 17.
  void by_row() { bad_rows_.by_row(); }

  // Distinct columns that hold probabilities of being asked, and for every outcome its index there or -1.
  const std::vector<std::string>& asked_columns() const { return asked_columns_; }

  // Checks of one value, for readers; throw BadRow.
  static double checked_propensity(const Cell& cell, std::string_view what);
  static double checked_probability(const Cell& cell, std::string_view what);  // in [0, 1]
  static double checked_asked(const Cell& cell, std::string_view column);
  static std::int64_t checked_time(const Cell& cell, std::string_view what);
  // A name (id, unit, action, version): text, or an integer, which `scratch` then holds.
  static std::string_view checked_name(const Cell& cell, std::string_view what, std::string* scratch);
  // No action is offered twice. `sorted`: scratch.
  static void refuse_repeated(std::span<const std::string_view> offered, std::vector<std::string_view>& sorted);
  // The propensity of the chosen action from the goal file's number or number an arm; none where a column says
  // it.
  std::optional<double> declared_propensity(std::string_view action) const;

  // mu of the chosen arm out of those of all fixed arms; throws BadRow where the arm is unknown or mu is 0.
  double propensity_of_arm(std::string_view action, const std::vector<double>& propensities) const;

  void add(const RowDraft& row);  // throws BadRow, and then nothing was added
  void bad(std::uint64_t line, const BadRow& bad) { bad_rows_.add(line, bad); }
  void count_row() { ++rows_read_; }
  std::vector<std::string> take_notes() { return std::exchange(notes_, {}); }
  bool has_ids() const { return has_id_; }
  const std::string& source() const { return log_.source; }
  const BadRows& bad_rows() const { return bad_rows_; }
  bool usable() const { return log_.size() > 0; }  // so far
  void note(std::string sentence) { notes_.push_back(std::move(sentence)); }

  // Only these feature columns are kept, where given. Before the first row.
  void keep_columns(std::optional<ColumnNames> columns) { kept_ = std::move(columns); }
  void without_fingerprints() { fingerprints_ = false; }
  bool fingerprints() const { return fingerprints_; }
  bool keeps_all() const { return !kept_; }
  bool keeps_context(std::string_view name) const {
    return (!kept_ || listed(kept_->context, name)) && !is_after_action(name);
  }
  bool keeps_feature(std::string_view name) const { return !kept_ || listed(kept_->action_features, name); }
  // Whether a kept column may stand below this name, "User" for "User.age".
  bool keeps_below(std::string_view name, bool action) const;

  // Blocks of one log (log_append.cc): an empty builder for rows further on in the same file. What the first
  // row of all has, they must have too. REQUIRES: usable().
  LogBuilder fork() const;
  // Rows of `later` with an id that stands here already: what is wrong with them, by line.
  std::map<std::uint64_t, BadRow> repeated(const LogBuilder& later) const;
  // Rows that add() will refuse, by line: what only other blocks could tell.
  void refuse_rows(std::map<std::uint64_t, BadRow> rows) { refused_ = std::move(rows); }
  // The rows of the next block, in the order of the file. REQUIRES: it was forked from this builder, and
  // nothing in it is repeated.
  void append(LogBuilder&& later);
  // Blocks that are used one by one (stream_log.cc): from here on rows and forks keep to the column types and
  // arms of `first`, the log that this builder's rows became.
  void settle(const DecisionLog& first);
  // The rows, possibly none, as a log of their own: what all rows together must have is left to the caller.
  // Throws Error{kInput} where a late outcome contradicts a row.
  DecisionLog finish_block(const LateOutcomes& late, std::int64_t as_of, BlockAccount* account);

  // Joins, types and checks everything. Throws Error{kInput}.
  DecisionLog finish(LoadReport* report, int threads = 1);

 private:
  void check_all_or_none(const RowDraft& row) const;
  void check_propensities(const RowDraft& row, std::size_t chosen) const;
  std::uint32_t known_arm(std::string_view action) const;
  void check_deployed(const RowDraft& row, std::string_view chosen_name);
  void add_offered(const RowDraft& row);
  void add_features(const RowDraft& row, std::size_t first_row);
  void add_drop_rate(double rate);
  void append_drop_rates(const LogBuilder& later);
  void weigh_rows(bool always);
  void append_actions(LogBuilder& later);
  void append_columns(std::vector<ColumnBuilder>& to, std::vector<ColumnBuilder>& from, std::size_t rows) const;
  void append_unnamed(LogBuilder& later, std::size_t rows);
  void add_unnamed(const RowDraft& row);
  void finish_unnamed();
  void expand_fixed_arms();
  void declare_logged();
  void read_rounded_propensities();
  void state_implied();
  void join_late(const LateOutcomes& late, BlockAccount* account);
  void finish_columns();
  void name_units();
  std::string goal_name() const { return goal_.path.empty() ? "goal" : goal_.path; }

  // Known to be made after the choice: no context, whatever pattern takes it in.
  bool is_after_action(std::string_view name) const {
    return std::any_of(goal_.data.after_action.begin(), goal_.data.after_action.end(),
                       [&](const std::string& pattern) { return matches(pattern, name); });
  }
  static bool listed(const std::vector<std::string>& names, std::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  }
  void check_types(const RowDraft& row) const;
  void reserve(const LogBuilder& like);
  std::size_t place_of(const std::string& name, std::vector<ColumnBuilder>& columns) const;

  const Goal& goal_;
  std::map<std::string, double> by_arm_;  // the goal's, as they are meant
  std::optional<ColumnNames> kept_;
  bool settled_ = false, fingerprints_ = true;
  BadRows bad_rows_;
  std::uint64_t rows_read_ = 0;
  std::size_t usual_rows_ = 0, usual_actions_ = 0;  // of a block, where others came before
  std::vector<std::string> notes_;
  std::vector<ColumnBuilder> context_, features_, segments_;
  // A column of more than kMostUnnamedLevels texts is given up: it names rows, or is prose.
  struct UnnamedColumn {
    ColumnBuilder column;
    bool given_up = false;
  };
  std::vector<UnnamedColumn> unnamed_;
  bool unnamed_wanted_ = true;
  std::vector<std::string> asked_columns_;
  OutcomeCells outcomes_;
  std::vector<WordCount> words_;  // by outcome
  Interner ids_, actions_, versions_;
  std::vector<std::uint64_t> line_, raw_hash_;
  std::unordered_map<std::uint64_t, std::uint32_t> first_of_unit_;  // where a unit is one decision
  std::map<std::uint64_t, BadRow> refused_;
  bool planned_ = false;  // the first row of all is in: others must have what it has
  bool keep_text_, fixed_mode_ = false, arms_given_ = false, same_offers_ = true, has_logged_ = false;
  bool sparse_ = false;
  std::vector<float> drop_rate_;  // of every row; empty where none has one
  bool has_id_ = false, has_unit_ = false, has_time_ = false, has_version_ = false;
  std::vector<std::uint32_t> offered_;  // codes of the row in hand
  DecisionLog log_;
};

// Checks one outcome's value; throws BadRow.
double checked_outcome(const Cell& cell, const OutcomeSpec& spec);
// The same where words may stand: NaN where the cell is absent or says that there is no value; true and false
// of a binary outcome are 1 and 0. Words are added to `words` under the number of the outcome.
double read_outcome(const Cell& cell, const OutcomeSpec& spec, std::uint32_t outcome,
                    std::vector<WordCell>& words);

// Late outcomes, joined by id, and the state of every outcome of every decision: fills log.outcomes. `ids`
// numbers the decisions by their id. Appends sentences to `notes`. Throws Error{kInput} where a record
// contradicts another, or an outcome is observed nowhere.
void join_outcomes(DecisionLog& log, const Goal& goal, const Interner& ids, OutcomeCells cells,
                   std::vector<std::string>* notes);

}  // namespace plumb
