// A decision log's columns in a file beside it, so that the second run need not parse it again.
//
// The cache of LOG is LOG.plumb-columns. It holds what read_log made of the log, and says for which bytes of
// the log and of its outcome files, and for which goal (as far as reading goes), by their digests: a cache that
// does not match is not used. It is written aside and renamed, and carries a digest of itself.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "data/readers.h"
#include "plumb/data.h"

namespace plumb {

std::string cache_path(const std::string& log);

// Digest of a log's bytes, of its late outcomes' and of what the goal says of reading them. Every byte is read
// (mapped, on several threads). Throws Error{kEnvironment} where a file cannot be read.
std::uint64_t cache_key(const std::string& log, const Goal& goal, int threads);

// Why there is nothing, where there is not: empty for a missing file, else a phrase ("it was written for other
// bytes"). Never throws for what the file holds.
struct CacheRead {
  std::optional<DecisionLog> log;
  LoadReport report;
  std::string why_not;
};
CacheRead read_column_cache(const std::string& path, std::uint64_t key, int threads);

std::string column_cache_bytes(const DecisionLog& log, const LoadReport& report, std::uint64_t key,
                               int threads);
// Throws Error{kEnvironment} where the disk refuses; then nothing was written.
void write_column_cache(const std::string& path, const DecisionLog& log, const LoadReport& report,
                        std::uint64_t key, int threads);

// Parses what stands in memory; public for tests and fuzzing, as is writing the right digest over a wrong one.
void repair_digest(std::string& bytes);
CacheRead parse_column_cache(std::string_view bytes, std::uint64_t key, int threads);

}  // namespace plumb
