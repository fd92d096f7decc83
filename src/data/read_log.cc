// From a path to a log, and lookups in it.
#include "data/readers.h"

namespace plumb {

DecisionLog log_from(const TextSource& source, const Goal& goal, LoadReport* report,
                     const ReadOptions& options) {
  const Goal held = goal.without_preference();  // what is learnt stands in no log
  // What a unit had before is asked of every row: such a log is read in one.
  if (goal.data.estimand == Estimand::kDeployed && options.block_bytes != SIZE_MAX)
    return log_from(source, goal, report, {.threads = options.threads, .block_bytes = SIZE_MAX});
  switch (log_format_of(source)) {
    case LogFormat::kCsv:
      return csv_log_from(source, held, report, options);
    case LogFormat::kJsonLines:
      return jsonl_log_from(source, held, report, options);
    case LogFormat::kDsjson:
      return dsjson_log_from(source, held, report, options);
    case LogFormat::kVwText:
      return vw_text_log_from(source, held, report, options);
  }
  PLUMB_ASSERT(false);
  return {};
}

DecisionLog read_log(const std::string& path, const Goal& goal, LoadReport* report, int threads) {
  return log_from(TextSource::read(path), goal, report, {.threads = threads});
}

const OutcomeColumn& DecisionLog::outcome(std::string_view name) const {
  for (const OutcomeColumn& column : outcomes)
    if (column.name == name) return column;
  throw Error(Code::kInternal,
              "DecisionLog::outcome: found no outcome " + std::string(name) + ", expected one of the goal's");
}

const FeatureColumn* DecisionLog::segment(std::string_view name) const {
  for (const FeatureColumn& column : segments)
    if (column.name == name) return &column;
  return nullptr;
}

}  // namespace plumb
