// The readers of decision logs, from text in memory: what read_log calls, and what the fuzz targets call.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "data/text_source.h"
#include "plumb/data.h"

namespace plumb {

// All throw as read_log does. `report` may be null.
DecisionLog log_from(const TextSource& source, const Goal& goal, LoadReport* report);  // by format_of
DecisionLog csv_log_from(const TextSource& source, const Goal& goal, LoadReport* report);
DecisionLog jsonl_log_from(const TextSource& source, const Goal& goal, LoadReport* report);
std::vector<float> policy_table_from(const TextSource& source, const DecisionLog& log);

}  // namespace plumb
