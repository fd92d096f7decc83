// The ways of comparing: all columns of the context or of everything, by digits or put to one scale; all but
// one; each alone. Sums of terms over columns make all but one as cheap as one.
#include "policy/origin_match.h"

#include <fmt/format.h>

#include <algorithm>

#include "policy/origin_ways.h"

namespace plumb {
namespace {

constexpr double kHardlyByChance = 0.01;
constexpr double kNearlyAll = 0.95;

class Search {
 public:
  Search(const LearntFrom& from, const DecisionLog& log, const std::vector<TracedColumn>& columns,
         const std::vector<std::optional<std::size_t>>& pairs, const std::vector<std::size_t>& rows,
         int threads);
  RowSearch run(int threads) const;

 private:
  // Sums of terms: of the context (0, 1, 4) or of everything (2, 3, 5), by digits (0, 2), by the part that fits
  // (1, 3), or coarsely (4, 5).
  static constexpr std::size_t kSums = 6;
  bool is_context(std::size_t c) const { return from_.column[c].role == TraceRole::kContext; }
  static bool of_context(std::size_t s) { return s < 2 || s == 4; }
  static bool is_coarse(std::size_t s) { return s >= 4; }
  bool enters(std::size_t s, std::size_t c) const { return !of_context(s) || is_context(c); }
  std::uint64_t part_in(std::size_t s, std::size_t c) const {
    return is_coarse(s) ? kCoarse : s % 2 == 0 ? kDigits : mixed_[c];
  }
  std::uint64_t kept_cell(std::size_t k, std::size_t c) const {
    return from_.cell[k * from_.column.size() + c];
  }
  const char* scale_of(std::size_t s) const {
    return is_coarse(s) ? ", coarsely" : s % 2 == 1 ? ", put to one scale" : "";
  }
  bool skipped(std::size_t s) const {
    return (!is_coarse(s) && s % 2 == 1 && !any_mixed_) || (of_context(s) && context_count_ == 0);
  }

  // Ways by their keys: sample_key(way, row of the sample), row_key(way, row of the log).
  template <class SampleKey, class RowKey>
  std::vector<SampleMatch> count(std::vector<Way>& ways, const SampleKey& sample_key,
                                 const RowKey& row_key) const;
  std::vector<SampleMatch> whole() const;
  std::vector<SampleMatch> around(std::size_t c) const;  // without column c, and c alone

  const LearntFrom& from_;
  const std::vector<TracedColumn>& columns_;
  const std::vector<std::optional<std::size_t>>& pairs_;
  const std::vector<std::size_t>& rows_;
  std::vector<std::size_t> control_;          // rows of the log that are looked for among its others
  std::vector<std::size_t> used_;             // the file's columns that the log has
  std::vector<std::uint64_t> mixed_;          // by column of the file: the part that compares it
  std::vector<std::uint64_t> action_, unit_;  // a row
  std::vector<std::vector<std::uint64_t>> sum_, kept_sum_;
  bool any_mixed_ = false;
  std::size_t context_count_ = 0;
};

Search::Search(const LearntFrom& from, const DecisionLog& log, const std::vector<TracedColumn>& columns,
               const std::vector<std::optional<std::size_t>>& pairs, const std::vector<std::size_t>& rows,
               int threads)
    : from_(from), columns_(columns), pairs_(pairs), rows_(rows), mixed_(from.column.size(), kDigits) {
  const std::size_t n = rows.size();
  std::vector<std::pair<std::uint64_t, std::size_t>> order;
  for (std::size_t r = 0; r < n; ++r) order.emplace_back(salted(log.row_digest[rows[r]], from.salt + 1), r);
  const std::size_t many = std::min(kTracedRows, n);
  std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(many), order.end());
  for (std::size_t k = 0; k < many; ++k) control_.push_back(order[k].second);

  for (std::size_t c = 0; c < pairs.size(); ++c) {
    if (!pairs[c]) continue;
    used_.push_back(c);
    mixed_[c] = part_of(from.column[c], columns[*pairs[c]]);
    any_mixed_ |= mixed_[c] != kDigits;
    context_count_ += is_context(c);
  }
  const std::vector<std::uint64_t> names = action_digests(log, from.salt);
  for (const std::size_t i : rows) {
    action_.push_back(names[log.chosen_action(i)]);
    unit_.push_back(log.unit_named ? log.unit[i] : i);
  }
  sum_.assign(kSums, std::vector<std::uint64_t>(n, 0));
  kept_sum_.assign(kSums, std::vector<std::uint64_t>(from.traced(), 0));
  constexpr std::size_t kBlock = 4096;
  parallel_blocks((n + kBlock - 1) / kBlock, threads, [&](std::size_t block) {
    for (std::size_t r = block * kBlock; r < std::min(n, (block + 1) * kBlock); ++r) {
      for (const std::size_t c : used_) {
        const std::uint64_t cell = columns[*pairs[c]].cell(rows[r]);
        for (std::size_t s = 0; s < kSums; ++s)
          if (enters(s, c)) sum_[s][r] += cell_term(cell, part_in(s, c), c);
      }
    }
  });
  for (std::size_t k = 0; k < from.traced(); ++k)
    for (const std::size_t c : used_)
      for (std::size_t s = 0; s < kSums; ++s)
        if (enters(s, c)) kept_sum_[s][k] += cell_term(kept_cell(k, c), part_in(s, c), c);
}

template <class SampleKey, class RowKey>
std::vector<SampleMatch> Search::count(std::vector<Way>& ways, const SampleKey& sample_key,
                                       const RowKey& row_key) const {
  std::vector<SampleMatch> out;
  for (std::size_t w = 0; w < ways.size(); ++w) {
    Way& way = ways[w];
    for (std::size_t k = 0; k < from_.traced(); ++k)
      way.sample.push_back(way.table.add(salted(sample_key(w, k), 0)));
    for (const std::size_t r : control_) way.control.push_back(way.table.add(salted(row_key(w, r), 0)));
    for (std::size_t r = 0; r < rows_.size(); ++r) way.table.meet(salted(row_key(w, r), 0), unit_[r]);
    out.push_back(judged(way));
  }
  return out;
}

// Context with the action, context alone, everything with the action; by digits, by the part that fits,
// coarsely.
std::vector<SampleMatch> Search::whole() const {
  std::vector<Way> ways;
  std::vector<std::pair<std::size_t, bool>> which;  // sum, with the action
  for (std::size_t s = 0; s < kSums && !used_.empty(); ++s) {
    if (skipped(s)) continue;
    const std::string by =
        of_context(s)
            ? fmt::format("{} of {} context columns{}", context_count_, from_.context_columns, scale_of(s))
            : fmt::format("{} columns, outcomes among them{}", used_.size(), scale_of(s));
    // Columns of few values fall into other steps where the mean is another one.
    ways.push_back({"the action and " + by, {}, {}, {}, is_coarse(s)});
    which.emplace_back(s, true);
    if (s != 0 && s != 1) continue;
    ways.push_back({by, {}, {}, {}, false});
    which.emplace_back(s, false);
  }
  return count(
      ways,
      [&](std::size_t w, std::size_t k) {
        return kept_sum_[which[w].first][k] + (which[w].second ? from_.action[k] : 0);
      },
      [&](std::size_t w, std::size_t r) {
        return sum_[which[w].first][r] + (which[w].second ? action_[r] : 0);
      });
}

std::vector<SampleMatch> Search::around(std::size_t c) const {
  std::vector<std::uint64_t> cells(rows_.size());
  for (std::size_t r = 0; r < rows_.size(); ++r) cells[r] = columns_[*pairs_[c]].cell(rows_[r]);
  const std::string& name = from_.column[c].name;
  std::vector<Way> ways;
  std::vector<std::size_t>
      which;  // a sum without the column; kSums: the column alone, kSums + 1: put to one scale
  const auto add = [&](std::size_t kind, std::string by) {
    which.push_back(kind);
    ways.push_back({std::move(by), {}, {}, {}, kind < kSums && is_coarse(kind)});
  };
  add(kSums, "the action and " + name);
  if (mixed_[c] != kDigits) add(kSums + 1, "the action and " + name + scale_of(1));
  for (std::size_t s = 0; s < kSums; ++s) {
    const std::size_t left = (of_context(s) ? context_count_ : used_.size()) - 1;
    if (skipped(s) || !enters(s, c) || left == 0) continue;
    add(s, fmt::format("the action and {}{} columns without {}{}", left, of_context(s) ? " context" : "", name,
                       scale_of(s)));
  }
  const auto key = [&](std::size_t w, std::uint64_t cell, const std::vector<std::vector<std::uint64_t>>& sums,
                       std::size_t at) {
    const std::size_t kind = which[w];
    if (kind >= kSums) return cell_term(cell, kind == kSums ? kDigits : kStandardized, c);
    return sums[kind][at] - cell_term(cell, part_in(kind, c), c);
  };
  return count(
      ways,
      [&](std::size_t w, std::size_t k) { return key(w, kept_cell(k, c), kept_sum_, k) + from_.action[k]; },
      [&](std::size_t w, std::size_t r) { return key(w, cells[r], sum_, r) + action_[r]; });
}

RowSearch Search::run(int threads) const {
  std::vector<std::vector<SampleMatch>> found(used_.size() + 1);
  parallel_blocks(found.size(), threads,
                  [&](std::size_t task) { found[task] = task == 0 ? whole() : around(used_[task - 1]); });
  RowSearch out;
  for (const std::vector<SampleMatch>& task : found) {
    for (const SampleMatch& match : task) {
      if (match.found && (!out.found || match.matched > out.found->matched)) out.found = match;
      if (!match.found && match.resolves && (!out.resolved || match.chance < out.resolved->chance))
        out.resolved = match;
    }
  }
  if (out.found && context_count_ > 0 && context_count_ == from_.context_columns) {
    const SampleMatch& contexts = found[0][1];  // alone, by digits: see whole()
    out.rows_told =
        contexts.found && contexts.chance <= kHardlyByChance &&
        static_cast<double>(contexts.matched) >= kNearlyAll * static_cast<double>(out.found->matched);
  }
  return out;
}

}  // namespace

RowSearch search_rows(const LearntFrom& from, const DecisionLog& log, const std::vector<TracedColumn>& columns,
                      const std::vector<std::optional<std::size_t>>& pairs,
                      const std::vector<std::size_t>& rows, int threads) {
  if (rows.size() < kLeastComparedRows || from.traced() < kLeastComparedRows) return {};
  return Search(from, log, columns, pairs, rows, threads).run(threads);
}

}  // namespace plumb
