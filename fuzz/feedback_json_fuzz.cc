// Any bytes as feedback in JSON, lines and arrays: judgements that are whole and read again as they are
// written, or plumb::Error, never anything else.
#include <cstdint>
#include <string_view>

#include "fuzz/feedback_round_trip.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  plumb::FeedbackOptions options;
  options.reject_up_to = 0.9;
  options.accept_nan = size % 2 == 0;
  plumb::check_feedback(text, "fuzz.jsonl", options);
  plumb::check_feedback(text, "fuzz.json", options);
  options.columns = {{"first", "response_0"}, {"second", "response_1"}, {"answer", "better"}};
  options.answers = {{"2", plumb::Answer::kTie}};
  plumb::check_feedback(text, "fuzz.json", options);
  return 0;
}
