#include "monitor/comparison.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "monitor/comparable.h"
#include "policy/origin_match.h"

namespace plumb {
namespace {

double entropy_of(std::vector<std::uint64_t> cells, std::size_t& values) {
  std::sort(cells.begin(), cells.end());
  double out = 0;
  values = 0;
  for (std::size_t from = 0, to = 0; from < cells.size(); from = to) {
    while (to < cells.size() && cells[to] == cells[from]) ++to;
    const double share = static_cast<double>(to - from) / static_cast<double>(cells.size());
    out -= share * std::log(share);
    ++values;
  }
  return out;
}

}  // namespace

Comparison::Comparison(const DecisionLog& first, const std::vector<std::size_t>& first_rows,
                       const DecisionLog& later, const std::vector<std::size_t>& later_rows, int threads)
    : first_(comparable_rows(first, first_rows)), later_(comparable_rows(later, later_rows)) {
  put_to_one_precision(first_, later_);
  const LearntFrom from = learnt_from(first_, std::vector<std::uint8_t>(first_.size(), 1), kSameSalt);
  const std::vector<TracedColumn> before = traced_columns(first_, kSameSalt),
                                  after = traced_columns(later_, kSameSalt);
  std::vector<std::size_t> rows(later_.size());
  std::iota(rows.begin(), rows.end(), 0);
  const auto pairs = paired_columns(from, after, rows);
  for (std::size_t c = 0; c < pairs.size(); ++c) {
    const auto own = std::find_if(before.begin(), before.end(),
                                  [&](const TracedColumn& t) { return t.name() == from.column[c].name; });
    if (!pairs[c] || own == before.end()) continue;
    ComparedColumn column;
    column.name = own->name();
    column.role = own->role();
    column.part = part_of(from.column[c], after[*pairs[c]]);
    for (const int log : {0, 1}) {
      const TracedColumn& traced = log == 0 ? *own : after[*pairs[c]];
      std::vector<std::uint64_t>& to = column.cell[log];
      to.resize(log == 0 ? first_.size() : later_.size());
      constexpr std::size_t kBlock = 4096;
      parallel_blocks((to.size() + kBlock - 1) / kBlock, threads, [&](std::size_t block) {
        for (std::size_t r = block * kBlock; r < std::min(to.size(), (block + 1) * kBlock); ++r)
          to[r] = traced.cell(r);
      });
      if (column.role != TraceRole::kOutcome) continue;
      for (std::size_t r = 0; r < to.size(); ++r)
        column.value[log].push_back(traced.known(r) ? traced.number(r) : NAN);
    }
    column.log_values = entropy_of(column.cell[0], column.values);
    columns_.push_back(std::move(column));
  }
  for (const int log : {0, 1}) {
    const DecisionLog& rows_of = log == 0 ? first_ : later_;
    const std::vector<std::uint64_t> names = action_digests(rows_of, kSameSalt);
    for (const std::uint32_t a : rows_of.action) action_[log].push_back(names[a]);
  }
}

std::vector<std::uint64_t> Comparison::keys(const Way& way, int log) const {
  std::vector<std::uint64_t> out =
      way.with_action ? action_[log] : std::vector<std::uint64_t>(action_[log].size());
  for (const std::size_t c : way.columns) {
    const ComparedColumn& column = columns_[c];
    const std::uint64_t part = way.coarse ? kCoarse : way.digits ? kDigits : column.part;
    for (std::size_t r = 0; r < out.size(); ++r) out[r] += cell_term(column.cell[log][r], part, c);
  }
  return out;
}

bool Comparison::has_outcome(const Way& way) const {
  return std::any_of(way.columns.begin(), way.columns.end(),
                     [&](std::size_t c) { return columns_[c].role == TraceRole::kOutcome; });
}
bool Comparison::has_context(const Way& way) const {
  return std::any_of(way.columns.begin(), way.columns.end(),
                     [&](std::size_t c) { return columns_[c].role == TraceRole::kContext; });
}

Way Comparison::everything() const {
  Way out;
  for (std::size_t c = 0; c < columns_.size(); ++c) out.columns.push_back(c);
  out.by = "all columns that both have";
  return out;
}

}  // namespace plumb
