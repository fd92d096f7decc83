// From a path to a log, and lookups in it.
#include "data/flat_rows.h"
#include "data/readers.h"

namespace plumb {

DecisionLog log_from(const TextSource& source, const Goal& goal, LoadReport* report) {
  return format_of(source) == Format::kCsv ? csv_log_from(source, goal, report)
                                           : jsonl_log_from(source, goal, report);
}

DecisionLog read_log(const std::string& path, const Goal& goal, LoadReport* report) {
  return log_from(TextSource::read(path), goal, report);
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
