// What is kept of the decisions that something was learnt from.
#include "plumb/origin.h"

#include <algorithm>

#include "policy/origin_cells.h"

namespace plumb {
namespace {

DigestSet digest_set(std::vector<std::uint64_t> all) {
  DigestSet out;
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  out.count = all.size();
  if (all.size() > kMostDigests) all.resize(kBottomDigests);
  all.shrink_to_fit();
  out.digest = std::move(all);
  return out;
}

// Rows by a hash of what they say: no order of rows changes the sample.
std::vector<std::size_t> sampled_rows(const DecisionLog& log, const std::vector<std::uint8_t>& use,
                                      std::uint64_t salt) {
  std::vector<std::pair<std::uint64_t, std::size_t>> order;
  for (std::size_t i = 0; i < log.size(); ++i)
    if (use[i]) order.emplace_back(salted(log.row_digest[i], salt), i);
  const std::size_t kept = std::min(kTracedRows, order.size());
  std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(kept), order.end());
  std::vector<std::size_t> out;
  for (std::size_t k = 0; k < kept; ++k) out.push_back(order[k].second);
  return out;
}

std::size_t distinct(std::vector<std::uint64_t> cells) {
  std::sort(cells.begin(), cells.end());
  return static_cast<std::size_t>(std::unique(cells.begin(), cells.end()) - cells.begin());
}

}  // namespace

bool DigestSet::contains(std::uint64_t value) const {
  return std::binary_search(digest.begin(), digest.end(), value);
}

std::uint64_t origin_salt(std::uint64_t split_seed, std::uint64_t goal_hash, std::uint64_t log_digest) {
  return hash_combine(hash_combine(hash_bytes("origin"), split_seed), hash_combine(goal_hash, log_digest));
}

LearntFrom learnt_from(const DecisionLog& log, const std::vector<std::uint8_t>& use, std::uint64_t salt) {
  PLUMB_ASSERT(use.size() == log.size() && log.row_digest.size() == log.size());
  LearntFrom out;
  out.salt = salt;
  out.unit_named = log.unit_named;
  const std::vector<TracedColumn> columns = traced_columns(log, salt);
  std::vector<std::uint64_t> units, ids, contexts;
  for (const TracedColumn& column : columns) out.context_columns += column.role() == TraceRole::kContext;
  for (std::size_t i = 0; i < log.size(); ++i) {
    if (!use[i]) continue;
    ++out.rows;
    units.push_back(salted(log.unit[i], salt));
    if (!log.id.empty()) ids.push_back(salted(hash_bytes(log.id[i]), salt));
    if (out.context_columns == 0) continue;
    std::uint64_t sum = 0;
    std::size_t place = 0;
    for (const TracedColumn& column : columns)
      if (column.role() == TraceRole::kContext) sum += cell_term(column.cell(i), kDigits, place++);
    contexts.push_back(salted(sum, salt));
  }
  out.units = digest_set(std::move(units));
  out.ids = digest_set(std::move(ids));
  out.contexts = digest_set(std::move(contexts));

  const std::vector<std::size_t> rows = sampled_rows(log, use, salt);
  const std::vector<std::uint64_t> actions = action_digests(log, salt);
  for (const std::size_t i : rows) {
    out.action.push_back(actions[log.chosen_action(i)]);
    out.id.push_back(log.id.empty() ? 0 : salted(hash_bytes(log.id[i]), salt));
  }
  std::vector<std::vector<std::uint64_t>> cells;
  std::vector<std::size_t> order;
  std::vector<std::size_t> levels;
  for (const TracedColumn& column : columns) {
    std::vector<std::uint64_t> mine;
    mine.reserve(rows.size());
    for (const std::size_t i : rows) mine.push_back(column.cell(i));
    levels.push_back(distinct(mine));
    order.push_back(order.size());
    cells.push_back(std::move(mine));
  }
  // Of too many columns those that tell the most apart; they keep their order.
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return levels[a] > levels[b]; });
  order.resize(std::min(order.size(), kTracedColumns));
  std::sort(order.begin(), order.end());
  out.cell.resize(rows.size() * order.size());
  for (std::size_t c = 0; c < order.size(); ++c) {
    const TracedColumn& column = columns[order[c]];
    out.column.push_back({column.name(), column.role(), column.mean(), column.scale()});
    for (std::size_t k = 0; k < rows.size(); ++k) out.cell[k * order.size() + c] = cells[order[c]][k];
  }
  return out;
}

}  // namespace plumb
