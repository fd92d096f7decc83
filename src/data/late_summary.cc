#include "data/late_summary.h"

#include <algorithm>
#include <cmath>

#include "data/flat_rows.h"
#include "data/late_outcomes.h"
#include "data/log_builder.h"

namespace plumb {

namespace {

constexpr std::uint64_t kRowsLookedAt = 200;
constexpr std::int64_t kYear2000 = 946684800000000, kYear2100 = 4102444800000000;

bool looks_like_time(const Cell& cell) {
  try {
    const std::int64_t us = LogBuilder::checked_time(cell, "");
    const bool words = cell.kind == Cell::Kind::kText && std::isnan(cell.number);
    return words || (us > kYear2000 && us < kYear2100);
  } catch (const BadRow&) {
    return false;
  }
}

// The columns of a file's first rows, and those all of whose cells look like times.
LateSummary::Undated columns_of(const TextSource& source, const Goal& goal) {
  LateSummary::Undated out;
  out.file = source.name();
  BadRows bad(source.name());
  std::vector<bool> is_time;
  for_each_flat_row(
      source, bad,
      [&](std::uint64_t line, std::span<const FlatField> fields) {
        if (line > kRowsLookedAt) return;
        for (const FlatField& field : fields) {
          if (!field.group.empty()) continue;
          const auto at = std::find(out.columns.begin(), out.columns.end(), field.key);
          const auto k = static_cast<std::size_t>(at - out.columns.begin());
          if (at == out.columns.end()) {
            out.columns.emplace_back(field.key);
            is_time.push_back(true);
          }
          if (!field.cell.absent() && !looks_like_time(field.cell)) is_time[k] = false;
        }
      },
      goal.data.decimal);
  const std::string id = goal.data.id.empty() ? "id" : goal.data.id;
  for (std::size_t k = 0; k < out.columns.size(); ++k)
    if (is_time[k] && out.columns[k] != id) out.times.push_back(out.columns[k]);
  return out;
}

std::int64_t median_of(std::vector<std::int64_t> times) {
  const auto middle = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2);
  std::nth_element(times.begin(), middle, times.end());
  return *middle;
}

void count(LateValues& of, const LateRecord& record, double y, std::int64_t decided, std::int64_t median,
           const OutcomeSpec& spec) {
  ++of.count;
  of.size += std::abs(y);
  if (!record.time_us || decided == kNoMoment) {
    of.undated += !record.time_us;
    return;
  }
  const Fate fate = fate_of(record.time_us, decided, spec);
  if (fate == Fate::kBefore) {
    ++of.before;
    of.size_before += std::abs(y);
    return;
  }
  const bool older = decided < median;
  ++(older ? of.older : of.younger);
  if (fate == Fate::kBeyond) {
    ++of.beyond;
    ++(older ? of.beyond_older : of.beyond_younger);
    return;
  }
  of.at_once += fate == Fate::kAtOnce;
  of.delay.push_back(static_cast<double>(std::max<std::int64_t>(0, *record.time_us - decided)));
}

}  // namespace

LateSummary summarize_late(const DecisionLog& log, const Goal& goal) {
  LateSummary out;
  out.outcome.resize(goal.outcomes.size());
  // A log that no file holds has no records either.
  if (goal.data.outcome_files.empty() || log.id.empty() || log.row_fingerprint.empty()) return out;
  out.any = true;
  Interner ids;
  ids.reserve(log.size());
  for (const std::string& id : log.id) ids.intern(id);
  const std::int64_t as_of = stated_as_of(goal);
  const std::int64_t median = log.time_us.empty() ? kNoMoment : median_of(log.time_us);
  std::vector<std::vector<bool>> has(goal.outcomes.size(), std::vector<bool>(log.size(), false));
  for (const std::string& file : goal.data.outcome_files) {
    const TextSource source = TextSource::read(find_beside(goal, log.source, file, "data.outcomes"));
    std::uint64_t dated = 0;
    const std::uint64_t records = for_each_late_record(source, goal, as_of, [&](const LateRecord& record) {
      dated += record.time_us.has_value();
      const std::uint32_t row = ids.find(record.id);
      if (record.later || row == Interner::kNone) return;
      if (record.time_us) out.time_us.push_back(*record.time_us);
      const std::int64_t decided = log.time_us.empty() ? kNoMoment : log.time_us[row];
      for (const auto& [j, y] : record.values) {
        count(out.outcome[j], record, y, decided, median, goal.outcomes[j]);
        has[j][row] = true;
      }
    });
    out.records += records;
    out.undated += records - dated;
    if (dated == 0 && records > 0) out.files.push_back(columns_of(source, goal));
  }
  std::sort(out.time_us.begin(), out.time_us.end());
  for (std::size_t j = 0; j < has.size(); ++j) {
    std::sort(out.outcome[j].delay.begin(), out.outcome[j].delay.end());
    out.outcome[j].rows = static_cast<std::uint64_t>(std::count(has[j].begin(), has[j].end(), true));
  }
  return out;
}

}  // namespace plumb
