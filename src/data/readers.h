// The readers of decision logs, from text in memory: what read_log calls, and what the fuzz targets call.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "data/text_source.h"
#include "plumb/data.h"

namespace plumb {

enum class LogFormat { kCsv, kJsonLines, kDsjson, kVwText };
// By name (.csv, .tsv, .dsjson, .vw, each also .gz), else by what the first line holds: dsjson has a label
// (`_label_cost`, `_label_Action`, `_label_probability`), a context `c` with actions `_multi`, or a reward
// without its decision (`RewardValue`); VW text as starts_vw_text says. Else as format_of. Throws Error{kInput}
// where the text is empty.
LogFormat log_format_of(const TextSource& source);

// How a log is read, beyond what the goal says of it. Blocks have fixed places in the file, whatever the number
// of threads; what is read does not depend on either.
struct ReadOptions {
  int threads = 1;
  std::size_t block_bytes = std::size_t{1} << 20;
};

// Fills row_digest, on several threads.
void digest_rows(DecisionLog& log, int threads);

// All throw as read_log does. `report` may be null.
DecisionLog log_from(const TextSource& source, const Goal& goal, LoadReport* report,
                     const ReadOptions& options = {});  // by log_format_of
DecisionLog csv_log_from(const TextSource& source, const Goal& goal, LoadReport* report,
                         const ReadOptions& options = {});
DecisionLog jsonl_log_from(const TextSource& source, const Goal& goal, LoadReport* report,
                           const ReadOptions& options = {});
DecisionLog dsjson_log_from(const TextSource& source, const Goal& goal, LoadReport* report,
                            const ReadOptions& options = {});
DecisionLog vw_text_log_from(const TextSource& source, const Goal& goal, LoadReport* report,
                             const ReadOptions& options = {});
std::vector<float> policy_table_from(const TextSource& source, const DecisionLog& log);

}  // namespace plumb
