#include "evaluate/stream_origin.h"

#include <algorithm>
#include <optional>

#include "policy/origin_cells.h"

namespace plumb {
namespace {

constexpr double kHardlyRepeat = 0.99;  // distinct contexts a row
constexpr double kFewContexts = 0.03;   // of what could meet: fewer meet by accident
constexpr std::uint64_t kLeastContexts = 20;

// The context columns of the file, as they stand in the block; empty where one is missing.
std::vector<const TracedColumn*> contexts_of(const LearntFrom& from, const std::vector<TracedColumn>& columns) {
  std::vector<const TracedColumn*> out;
  for (const LearntFrom::Column& kept : from.column) {
    if (kept.role != TraceRole::kContext) continue;
    const auto at = std::find_if(columns.begin(), columns.end(),
                                 [&](const TracedColumn& c) { return c.name() == kept.name; });
    if (at == columns.end()) return {};
    out.push_back(&*at);
  }
  return out;
}

}  // namespace

bool contexts_tell_rows(const LearntFrom& from) {
  const auto traced = static_cast<std::uint64_t>(
      std::count_if(from.column.begin(), from.column.end(),
                    [](const LearntFrom::Column& c) { return c.role == TraceRole::kContext; }));
  return from.contexts.whole() && from.context_columns > 0 && traced == from.context_columns &&
         static_cast<double>(from.contexts.count) >= kHardlyRepeat * static_cast<double>(from.rows);
}

StreamFamiliar familiar_in(const LearntFrom& from, const DecisionLog& block, bool nameless) {
  StreamFamiliar out;
  const std::vector<TracedColumn> columns = traced_columns(block, from.salt);
  std::vector<const TracedColumn*> contexts;
  if (nameless && contexts_tell_rows(from)) contexts = contexts_of(from, columns);
  for (std::size_t i = 0; i < block.size(); ++i) {
    const bool unit =
        block.unit_named == from.unit_named && from.units.contains(salted(block.unit[i], from.salt));
    if (contexts.empty()) {
      out.by_unit += unit;
      continue;
    }
    std::uint64_t sum = 0;
    for (std::size_t c = 0; c < contexts.size(); ++c) sum += cell_term(contexts[c]->cell(i), kDigits, c);
    const bool context = from.contexts.contains(salted(sum, from.salt));
    out.by_context += context;
    out.by_unit += unit && context;  // ids may be counted anew
  }
  return out;
}

void add_familiar(StreamFamiliar& to, const StreamFamiliar& block) {
  to.by_unit += block.by_unit;
  to.by_context += block.by_context;
}

StreamFamiliar judged_familiar(StreamFamiliar counts, const LearntFrom& from, std::uint64_t decisions) {
  const double could = static_cast<double>(std::min(from.rows, decisions));
  const bool contexts =
      counts.by_context >= kLeastContexts && static_cast<double>(counts.by_context) >= kFewContexts * could;
  counts.any = counts.by_unit > 0 || contexts;
  counts.misplaced = contexts && 2 * counts.by_unit < counts.by_context;
  return counts;
}

}  // namespace plumb
