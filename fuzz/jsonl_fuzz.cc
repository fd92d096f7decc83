// Any bytes as a log of JSON lines: a log that is whole, or plumb::Error, never anything else.
#include <cstdint>
#include <string_view>

#include "data/readers.h"

namespace {

plumb::Goal fuzz_goal() {
  plumb::Goal goal;
  goal.maximize = {{1.0, "click"}};
  plumb::OutcomeSpec outcome;
  outcome.name = "click";
  outcome.asked_column = "asked";
  goal.outcomes = {outcome};
  goal.segments = {"age"};
  goal.data.reject_up_to = 0.9;
  return goal;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const plumb::Goal goal = fuzz_goal();
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    plumb::LoadReport report;
    const auto log = plumb::jsonl_log_from(plumb::TextSource::from_memory(text, "fuzz.jsonl"), goal, &report);
    PLUMB_ASSERT(report.rows_read == report.decisions + report.rejected);
    PLUMB_ASSERT(log.action.size() == log.offset.back() && log.unit.size() == log.size());
    for (const auto& column : log.context) PLUMB_ASSERT(column.size() == log.size());
    for (const auto& column : log.action_features) PLUMB_ASSERT(column.size() == log.action.size());
  } catch (const plumb::Error& error) {
    if (error.code() == plumb::Code::kInternal) throw;
  }
  return 0;
}
