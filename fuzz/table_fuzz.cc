// Any bytes as a policy table for a small log: probabilities that sum to one, or plumb::Error, never anything
// else.
#include <cmath>
#include <cstdint>
#include <string_view>

#include "data/readers.h"

namespace {

plumb::DecisionLog fuzz_log() {
  plumb::Goal goal;
  goal.maximize = {{1.0, "y"}};
  plumb::OutcomeSpec outcome;
  outcome.name = "y";
  goal.outcomes = {outcome};
  goal.data.action = "a";
  goal.data.propensity_column = "p";
  goal.data.id = "id";
  goal.data.context = {"x", "c"};
  const std::string_view text = "id,a,p,x,c,y\nd1,l,.5,1,u,1\nd2,r,.5,2,v,2\n";
  return plumb::csv_log_from(plumb::TextSource::from_memory(text, "log.csv"), goal, nullptr);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const plumb::DecisionLog log = fuzz_log();
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    const auto probability = plumb::policy_table_from(plumb::TextSource::from_memory(text, "table"), log);
    PLUMB_ASSERT(probability.size() == log.action.size());
    for (std::size_t i = 0; i < log.size(); ++i)
      PLUMB_ASSERT(std::abs(probability[log.offset[i]] + probability[log.offset[i] + 1] - 1) < 1e-5f);
  } catch (const plumb::Error& error) {
    if (error.code() == plumb::Code::kInternal) throw;
  }
  return 0;
}
