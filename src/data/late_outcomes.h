// Records of outcomes that came after the decisions, in files of their own.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "data/late_times.h"
#include "data/rows.h"
#include "data/text_source.h"
#include "plumb/data.h"
#include "plumb/goal.h"

namespace plumb {

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

[[noreturn]] void refuse_contradiction(const Goal& goal, std::size_t outcome, double value, std::string_view id,
                                       double before);  // throws BadRow

// All records of a goal's files by id, for logs that are read block by block. Every value is kept with its
// time: what a value's time says of it, the decision's tells, which is read later.
class LateOutcomes {
 public:
  struct Value {
    double value = 0;
    std::optional<std::int64_t> time_us() const {
      return time == kNoMoment ? std::nullopt : std::optional(time);
    }
    std::int64_t time = kNoMoment;
    std::uint32_t outcome = 0;
    std::uint32_t next = Interner::kNone;  // of the same id
  };
  // Throws Error{kInput} as read_log does.
  LateOutcomes(const Goal& goal, const std::string& log, std::int64_t as_of);
  bool empty() const { return ids_.size() == 0; }
  std::uint32_t find(std::string_view id) const {
    return ids_.find(id);
  }  // Interner::kNone where there is none
  // Calls use(value) for every value of an id, in the order of the files.
  template <class Use>
  void for_each(std::uint32_t id, Use use) const {
    for (std::uint32_t at = of_[id].first; at != Interner::kNone; at = values_[at].next) use(values_[at]);
  }
  // The account of the records whose ids were used (by number): the others are unknown to the log. `joined`:
  // what the blocks made of their values.
  LateAccount account(const std::vector<std::uint8_t>& used, const LateAccount& joined) const;
  std::size_t size() const { return ids_.size(); }

 private:
  struct Records {
    std::uint32_t records = 0, empty = 0;
    std::uint32_t first = Interner::kNone, last = Interner::kNone;  // of values_
  };
  Interner ids_;
  std::vector<Value> values_;
  std::vector<Records> of_;  // by id
  std::uint64_t count_ = 0, later_ = 0, words_ = 0, undated_ = 0;
};

// One outcome's column from its values (NaN: absent): the state of every decision. Those after as_of
// (kNoMoment: nobody stated one) are immature, and so are those that observed_after makes too young. asked:
// nullptr where no column says it.
OutcomeColumn make_outcome_column(const DecisionLog& log, const OutcomeSpec& spec, std::int64_t as_of,
                                  std::vector<double> value, const std::vector<double>* asked);

}  // namespace plumb
