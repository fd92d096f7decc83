// Records of outcomes that came after the decisions, in files of their own.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "data/rows.h"
#include "data/text_source.h"
#include "plumb/data.h"
#include "plumb/goal.h"

namespace plumb {

// No as_of: every record is used.
inline constexpr std::int64_t kNoTime = std::numeric_limits<std::int64_t>::min();

// One record: outcomes of the goal (by position) that it has a value of. Views live until the next.
struct LateRecord {
  std::string_view id;
  std::span<const std::pair<std::size_t, double>> values;
  std::size_t words = 0;                // cells that held a word instead of a number
  bool later = false;                   // than as_of
  std::optional<std::int64_t> time_us;  // where the record has one
};
// Calls use(record) for every record of a file; BadRow, thrown by it or by the reader, is refused with file and
// line in the end. Returns the number of records.
std::uint64_t for_each_late_record(const TextSource& source, const Goal& goal, std::int64_t as_of,
                                   const std::function<void(const LateRecord&)>& use);

// What became of all late records, whatever files they stood in: counts that do not depend on the order.
struct LateAccount {
  std::uint64_t records = 0, unknown = 0, empty = 0, later = 0, values = 0, repeated = 0, words = 0;
  std::string sentence() const;
};
[[noreturn]] void refuse_contradiction(const Goal& goal, std::size_t outcome, double value, std::string_view id,
                                       double before);  // throws BadRow

// All records of a goal's files by id, for logs that are read block by block.
class LateOutcomes {
 public:
  // Throws Error{kInput} as read_log does.
  LateOutcomes(const Goal& goal, const std::string& log, std::int64_t as_of);
  bool empty() const { return ids_.size() == 0; }
  std::uint32_t find(std::string_view id) const {
    return ids_.find(id);
  }  // Interner::kNone where there is none
  double value(std::uint32_t id, std::size_t outcome) const { return value_[outcome][id]; }
  // The account of the records whose ids were used (by number): the others are unknown to the log. `repeated`:
  // values that the log had itself.
  LateAccount account(const std::vector<std::uint8_t>& used, std::uint64_t repeated) const;
  std::size_t size() const { return ids_.size(); }

 private:
  struct Records {
    std::uint32_t records = 0, empty = 0, values = 0, repeated = 0;
  };
  Interner ids_;
  std::vector<std::vector<double>> value_;  // by outcome and id; NaN: absent
  std::vector<Records> records_;            // by id
  std::uint64_t count_ = 0, later_ = 0, words_ = 0;
};

// One outcome's column from its values (NaN: absent): the state of every decision. asked: nullptr where no
// column says it.
OutcomeColumn make_outcome_column(const DecisionLog& log, const OutcomeSpec& spec, std::int64_t as_of,
                                  std::vector<double> value, const std::vector<double>* asked);

}  // namespace plumb
