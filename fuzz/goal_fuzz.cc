// parse_goal on any bytes: a goal or an Error about the input. Everything else (a crash, another exception, one
// of our own assertions) is a bug.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "plumb/goal.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  try {
    plumb::parse_goal(std::string_view(reinterpret_cast<const char*>(data), size));
  } catch (const plumb::Error& error) {
    if (error.code() == plumb::Code::kInternal) throw;
  }
  return 0;
}
