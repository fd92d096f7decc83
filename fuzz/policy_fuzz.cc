// Any bytes as a policy file: a policy that can be asked about a small log, or plumb::Error, never anything
// else.
#include <cstdint>
#include <string_view>
#include <vector>

#include "data/readers.h"
#include "plumb/origin.h"
#include "plumb/policy.h"

namespace {

// Has the columns of the corpus' policies.
plumb::DecisionLog fuzz_log() {
  plumb::Goal goal;
  goal.maximize = {{1.0, "y"}};
  plumb::OutcomeSpec outcome;
  outcome.name = outcome.column = "y";
  goal.outcomes = {outcome};
  goal.data.action = "a";
  goal.data.propensity_by_arm = {{"l", .25}, {"r", .75}};
  goal.data.context = {"x", "c"};
  const std::string_view text = "a,x,c,y\nl,1,u,1\nr,2,v,2\n";
  return plumb::csv_log_from(plumb::TextSource::from_memory(text, "log.csv"), goal, nullptr);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const plumb::DecisionLog log = fuzz_log();
  try {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    const plumb::PolicyPointer policy = plumb::parse_policy(bytes, "policy");
    if (const auto* softmax = dynamic_cast<const plumb::SoftmaxPolicy*>(policy.get())) {
      PLUMB_ASSERT(softmax->parts().theta.size() == softmax->parts().map.width());
    }
    plumb::training_overlap(*policy, log);
    if (!policy->trained_on().empty()) plumb::familiar_rows(policy->trained_on(), log, 1);
    std::vector<float> p(log.action.size());
    policy->probabilities(log, 0, log.size(), p);
  } catch (const plumb::Error& error) {
    if (error.code() == plumb::Code::kInternal) throw;
  }
  return 0;
}
