// Any bytes as a reward model: a model that scores texts, or plumb::Error, never anything else.
#include <cmath>
#include <cstdint>
#include <string_view>
#include <vector>

#include "plumb/ensemble.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    const plumb::TextReward model = plumb::parse_reward(bytes, "reward");
    PLUMB_ASSERT(model.weight.size() == model.columns() * model.members);
    PLUMB_ASSERT(plumb::reward_bytes(plumb::parse_reward(plumb::reward_bytes(model), "again")) ==
                 plumb::reward_bytes(model));
    // The input itself is as good a text as any.
    const std::string_view texts[] = {"", "It's fine, really!", bytes};
    if (model.numbers.empty()) {
      for (const double s : plumb::score_means(model, texts, 1)) PLUMB_ASSERT(std::isfinite(s));
    }
  } catch (const plumb::Error& error) {
    if (error.code() == plumb::Code::kInternal) throw;
  }
  return 0;
}
