// Any bytes as a log of dsjson: a log that is whole, or plumb::Error, never anything else.
#include <cstdint>
#include <string_view>

#include "data/readers.h"

namespace {

plumb::Goal fuzz_goal(bool narrow) {
  plumb::Goal goal;
  goal.maximize = {{1.0, "reward"}};
  for (const char* name : {"reward", "click", "_original_label_cost"}) {
    plumb::OutcomeSpec outcome;
    outcome.name = name;
    outcome.absent_is_zero = true;
    goal.outcomes.push_back(outcome);
  }
  goal.data.reject_up_to = 0.9;
  if (narrow) {
    goal.data.context = {"u.*", "hour"};
    goal.data.unit = "u.id";
    goal.data.action = "i.id";
    goal.segments = {"u.city"};
    goal.outcomes[0].asked_column = "u.asked";
  }
  return goal;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const plumb::Goal goals[2] = {fuzz_goal(false), fuzz_goal(true)};
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const plumb::Goal& goal : goals) {
    try {
      plumb::LoadReport report;
      const auto log =
          plumb::dsjson_log_from(plumb::TextSource::from_memory(text, "fuzz.dsjson"), goal, &report);
      PLUMB_ASSERT(report.rows_read == report.decisions + report.rejected);
      PLUMB_ASSERT(log.action.size() == log.offset.back() && log.unit.size() == log.size());
      PLUMB_ASSERT(log.logged.empty() || log.logged.size() == log.action.size());
      for (const auto& column : log.context) PLUMB_ASSERT(column.size() == log.size());
      for (const auto& column : log.action_features) PLUMB_ASSERT(column.size() == log.action.size());
      for (std::size_t i = 0; i < log.size(); ++i)
        PLUMB_ASSERT(log.chosen[i] < log.offered(i) && log.propensity[i] > 0 && log.propensity[i] <= 1);
    } catch (const plumb::Error& error) {
      if (error.code() == plumb::Code::kInternal) throw;
    }
  }
  return 0;
}
