// A later log is one of other decisions.
#include <fmt/format.h>

#include <algorithm>

#include "plumb/monitor.h"

namespace plumb {

void require_other_rows(const DecisionLog& first, const DecisionLog& later) {
  const char* expected = "decisions that came after the certificate's";
  if (log_digest(first) == log_digest(later))
    refuse(later.source, "rows", "the very decisions of the certificate's log", expected);
  const bool by_id = !first.id.empty() && !later.id.empty();
  if (!by_id && !(first.unit_named && later.unit_named)) return;
  std::vector<std::uint64_t> rows = first.row_digest;
  std::sort(rows.begin(), rows.end());
  std::uint64_t shared = 0;
  std::size_t at = 0;
  for (std::size_t i = 0; i < later.size(); ++i) {
    if (!std::binary_search(rows.begin(), rows.end(), later.row_digest[i])) continue;
    if (shared++ == 0) at = i;
  }
  if (shared == 0) return;
  if (!by_id && first.time_us.empty()) {
    // Nothing says when: customers who come again may do the same again. monitor_logs tells which it is.
    std::vector<std::uint64_t> units = first.unit;
    std::sort(units.begin(), units.end());
    const auto again = std::count_if(later.unit.begin(), later.unit.end(), [&](std::uint64_t unit) {
      return std::binary_search(units.begin(), units.end(), unit);
    });
    if (shared <= static_cast<std::uint64_t>(again)) return;
  }
  refuse(later.source, "rows",
         fmt::format("{} of {} that stand in the certificate's log too, the first of them decision {}{}",
                     shared, later.size(), at + 1, later.id.empty() ? "" : " (" + later.id[at] + ")"),
         expected);
}

}  // namespace plumb
