// What the fuzz targets of logs share: whatever was read, the log is whole, or it was refused with
// plumb::Error.
#pragma once

#include <functional>

#include "plumb/data.h"

namespace plumb {

inline void check_whole(const DecisionLog& log, const LoadReport& report) {
  PLUMB_ASSERT(report.rows_read == report.decisions + report.rejected && report.decisions == log.size());
  PLUMB_ASSERT(log.action.size() == log.offset.back() && log.unit.size() == log.size());
  PLUMB_ASSERT(log.logged.empty() || log.logged.size() == log.action.size());
  PLUMB_ASSERT(log.row_digest.size() == log.size() && log.row_fingerprint.size() == log.size());
  for (const auto& column : log.context) PLUMB_ASSERT(column.size() == log.size());
  for (const auto& column : log.segments) PLUMB_ASSERT(column.size() == log.size());
  for (const auto& column : log.action_features) PLUMB_ASSERT(column.size() == log.action.size());
  for (std::size_t i = 0; i < log.size(); ++i)
    PLUMB_ASSERT(log.chosen[i] < log.offered(i) && log.propensity[i] > 0 && log.propensity[i] <= 1);
}

// Reads and checks; our own bugs go on to the driver.
inline void whole_or_refused(const std::function<DecisionLog(LoadReport*)>& read) {
  try {
    LoadReport report;
    const DecisionLog log = read(&report);
    check_whole(log, report);
  } catch (const Error& error) {
    if (error.code() == Code::kInternal) throw;
  }
}

}  // namespace plumb
