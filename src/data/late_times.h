// When late records came: by which name their time is found, what of a record its time allows, and the account
// of all of them.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plumb/goal.h"

namespace plumb {

// No time: no as_of is stated (every record is used), or a row or record has none.
inline constexpr std::int64_t kNoMoment = std::numeric_limits<std::int64_t>::min();
inline constexpr std::int64_t kDayUs = std::int64_t{86400} * 1000000;

// The goal's as_of, kNoMoment where it states none.
std::int64_t stated_as_of(const Goal& goal);

// Names under which a late record's time is looked for, the best first: as the goal's [data] time calls it,
// "time_us", "time", "timestamp", "date". The id and the outcomes are none of them.
std::vector<std::string> late_time_names(const Goal& goal);

// Whether as_of or a window asks for the times of late records: then one that cannot be read is refused.
bool needs_late_times(const Goal& goal);

// What a record's time says of its value of an outcome. kAtOnce: up to a minute before the decision, as two
// clocks may differ; the value counts. kBefore: earlier than that, so that it cannot have followed; a date
// without a time (midnight) on the decision's own day is not earlier. kBeyond: later than observed_after after
// the decision.
enum class Fate { kUsed, kAtOnce, kBefore, kBeyond };
// record: empty where it has no time; decision: kNoMoment where the log has none. Then nothing is known: kUsed.
Fate fate_of(std::optional<std::int64_t> record, std::int64_t decision, const OutcomeSpec& spec);

// What became of all late records, whatever files they stood in: counts that do not depend on the order.
// records to words: of records and cells; before, beyond, at_once: of values, by Fate; undated: records without
// a time, where one is needed.
struct LateAccount {
  std::uint64_t records = 0, unknown = 0, empty = 0, later = 0, values = 0, repeated = 0, words = 0;
  std::uint64_t before = 0, beyond = 0, at_once = 0, undated = 0;
  // Counts a value; whether it is to be used.
  bool count(Fate fate);
  void add(const LateAccount& other);
  std::string sentence() const;
};

}  // namespace plumb
