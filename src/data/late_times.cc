#include "data/late_times.h"

#include <fmt/core.h>

#include <algorithm>

namespace plumb {

namespace {

constexpr std::int64_t kClocksDiffer = std::int64_t{60} * 1000000;

std::int64_t day_of(std::int64_t us) { return us / kDayUs - (us % kDayUs < 0 ? 1 : 0); }

}  // namespace

std::int64_t stated_as_of(const Goal& goal) {
  if (goal.data.as_of.empty()) return kNoMoment;
  return parse_time_us(goal.data.as_of, goal.path.empty() ? "goal" : goal.path, "data.as_of");
}

std::vector<std::string> late_time_names(const Goal& goal) {
  std::vector<std::string> out;
  if (!goal.data.time.empty()) out.push_back(goal.data.time);
  for (const char* name : {"time_us", "time", "timestamp", "date"})
    if (std::find(out.begin(), out.end(), name) == out.end()) out.emplace_back(name);
  const std::string id = goal.data.id.empty() ? "id" : goal.data.id;
  std::erase_if(out, [&](const std::string& name) {
    return name == id || std::any_of(goal.outcomes.begin(), goal.outcomes.end(), [&](const OutcomeSpec& spec) {
             return (spec.column.empty() ? spec.name : spec.column) == name;
           });
  });
  return out;
}

bool needs_late_times(const Goal& goal) {
  return !goal.data.as_of.empty() ||
         std::any_of(goal.outcomes.begin(), goal.outcomes.end(),
                     [](const OutcomeSpec& spec) { return spec.observed_after_us.has_value(); });
}

Fate fate_of(std::optional<std::int64_t> record, std::int64_t decision, const OutcomeSpec& spec) {
  if (!record || decision == kNoMoment) return Fate::kUsed;
  if (*record < decision) {
    const bool is_date = *record % kDayUs == 0;
    if (is_date && day_of(*record) == day_of(decision)) return Fate::kUsed;
    return decision - *record <= kClocksDiffer ? Fate::kAtOnce : Fate::kBefore;
  }
  return spec.observed_after_us && *record - decision > *spec.observed_after_us ? Fate::kBeyond : Fate::kUsed;
}

bool LateAccount::count(Fate fate) {
  if (fate == Fate::kBefore) ++before;
  if (fate == Fate::kBeyond) ++beyond;
  if (fate == Fate::kBefore || fate == Fate::kBeyond) return false;
  if (fate == Fate::kAtOnce) ++at_once;
  ++values;
  return true;
}

void LateAccount::add(const LateAccount& other) {
  records += other.records;
  unknown += other.unknown;
  empty += other.empty;
  later += other.later;
  values += other.values;
  repeated += other.repeated;
  words += other.words;
  before += other.before;
  beyond += other.beyond;
  at_once += other.at_once;
  undated += other.undated;
}

std::string LateAccount::sentence() const {
  std::string out = fmt::format(
      "Of {} late outcome records {} have an id that the log does not hold and {} no outcome of the goal; "
      "the others hold {} values, {} of which repeat what was known and count once.",
      records, unknown, empty, values, repeated);
  if (words > 0)
    out += fmt::format(" {} cells hold words: NA and the like are no value, true and false 1 and 0.", words);
  if (later > 0) out += fmt::format(" {} records are later than as_of and left out.", later);
  if (undated > 0)
    out += fmt::format(" {} records have no time that as_of or observed_after could be held against.", undated);
  if (beyond > 0)
    out +=
        fmt::format(" {} values came later after their decision than observed_after and are left out.", beyond);
  if (before > 0)
    out += fmt::format(" {} values are dated before their own decision and are left out.", before);
  if (at_once > 0)
    out += fmt::format(
        " {} values are dated up to a minute before their own decision, as two clocks may differ, and count.",
        at_once);
  return out;
}

}  // namespace plumb
