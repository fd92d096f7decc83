// Any bytes as feedback in CSV: judgements that are whole and read again as they are written, or plumb::Error,
// never anything else.
#include <cstdint>
#include <string_view>

#include "fuzz/feedback_round_trip.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  plumb::FeedbackOptions options;
  options.reject_up_to = 0.9;
  plumb::check_feedback(text, "fuzz.csv", options);
  options.columns = {{"answer", "vote"}, {"first", "a"}, {"second", "b"}};
  plumb::check_feedback(text, "fuzz.csv", options);
  return 0;
}
