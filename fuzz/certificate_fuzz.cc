// Any bytes as the evidence of a run: a certificate whose file has a plain name, or plumb::Error of kind input,
// never anything else.
#include <cstdint>
#include <string_view>

#include "plumb/monitor.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const plumb::Certificate c =
        plumb::parse_certificate({reinterpret_cast<const char*>(data), size}, "evidence.json");
    PLUMB_ASSERT(!c.file.empty() && c.file.find('/') == std::string::npos);
  } catch (const plumb::Error& error) {
    if (error.code() != plumb::Code::kInput) throw;
  }
  return 0;
}
