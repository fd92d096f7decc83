// The column cache: whatever stands in the file is a log that is whole, or no log.
#include <cstdint>
#include <cstring>
#include <string>

#include "data/column_cache.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string bytes(reinterpret_cast<const char*>(data), size);
  // The digest is mended, so that what is behind it is reached.
  plumb::repair_digest(bytes);
  std::uint64_t key = 0;
  if (bytes.size() >= 24) std::memcpy(&key, bytes.data() + 16, 8);
  const plumb::CacheRead found = plumb::parse_column_cache(bytes, key, 1);
  if (!found.log) return 0;
  double sum = 0;
  for (std::size_t i = 0; i < found.log->size(); ++i)
    sum += found.log->propensity[i] + static_cast<double>(found.log->chosen_action(i));
  return sum < 0 ? 1 : 0;
}
