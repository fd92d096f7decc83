// Rows of one population meet by accident, so that the test needs a control: a row of the sample that was not
// here meets the log's rows as often as a row of the log meets the others (both are draws of one population; a
// population that moved meets less). Only ways of comparing in which few meet by accident decide.
#include "policy/origin_match.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <unordered_map>

namespace plumb {
namespace {

constexpr double kFewByChance = 0.25;
constexpr double kHardlyByChance = 0.01;
constexpr double kFoundErrors = 4.5;  // one-sided 3e-6, for up to some hundred ways of comparing
constexpr double kFoundTimes = 2.5;   // the chance: contexts that moved together meet somewhat more often
constexpr double kAlmostNone = 0.1;   // of what chance would find
constexpr std::size_t kManyValues = 64;
constexpr std::size_t kLeastRows = 30;

// The keys of sampled and of control rows, and which rows of the log were met with each.
class KeyTable {
 public:
  KeyTable() : key_(kSize), state_(kSize, kFree), unit_(kSize, 0) {}
  std::size_t add(std::uint64_t key) {
    std::size_t at = key & (kSize - 1);
    while (state_[at] != kFree && key_[at] != key) at = (at + 1) & (kSize - 1);
    key_[at] = key;
    if (state_[at] == kFree) state_[at] = kWanted;
    return at;
  }
  void meet(std::uint64_t key, std::uint64_t unit) {
    std::size_t at = key & (kSize - 1);
    for (; state_[at] != kFree; at = (at + 1) & (kSize - 1)) {
      if (key_[at] != key) continue;
      if (state_[at] == kWanted) {
        state_[at] = kMetOne;
        unit_[at] = unit;
      } else if (unit_[at] != unit) {
        state_[at] = kMetTwo;
      }
      return;
    }
  }
  bool met(std::size_t slot) const { return state_[slot] >= kMetOne; }
  bool met_two_units(std::size_t slot) const { return state_[slot] == kMetTwo; }

 private:
  static constexpr std::size_t kSize = 8192;  // a power of two above 2 kTracedRows
  static_assert(kSize >= 4 * kTracedRows);
  enum State : std::uint8_t { kFree, kWanted, kMetOne, kMetTwo };
  std::vector<std::uint64_t> key_;
  std::vector<State> state_;
  std::vector<std::uint64_t> unit_;
};

// One way of comparing while it is counted: keys of the sample, then those of the control.
struct Way {
  std::string by;
  KeyTable table;
  std::vector<std::size_t> sample, control;  // slots
};

SampleMatch judged(const Way& way) {
  SampleMatch out;
  out.by = way.by;
  out.sampled = way.sample.size();
  for (const std::size_t slot : way.sample) out.matched += way.table.met(slot);
  double met = 0;
  for (const std::size_t slot : way.control) met += way.table.met_two_units(slot);
  const auto sampled = static_cast<double>(out.sampled), controls = static_cast<double>(way.control.size());
  const double share = static_cast<double>(out.matched) / sampled;
  out.chance = met / controls;
  const double pooled = (static_cast<double>(out.matched) + met) / (sampled + controls);
  const double error = std::sqrt(pooled * (1 - pooled) * (1 / sampled + 1 / controls));
  out.z = error > 0 ? (share - out.chance) / error : 0;
  out.resolves = out.chance <= kFewByChance || share <= kAlmostNone * out.chance;
  out.found = out.chance <= kFewByChance && out.z > kFoundErrors && share > kFoundTimes * out.chance;
  return out;
}

std::size_t distinct_cells(const LearntFrom& from, std::size_t c) {
  std::vector<std::uint64_t> cells;
  for (std::size_t k = 0; k < from.traced(); ++k) cells.push_back(from.cell[k * from.column.size() + c]);
  std::sort(cells.begin(), cells.end());
  return static_cast<std::size_t>(std::unique(cells.begin(), cells.end()) - cells.begin());
}

// Which half of its cells compares a column: digits, unless mean or spread say that it was shifted or scaled by
// what is no power of ten.
std::uint64_t half_of(const LearntFrom::Column& kept, const TracedColumn& here) {
  if (!(kept.scale > 0) || !(here.scale() > 0)) return kDigits;
  const double power = std::log10(here.scale() / kept.scale), whole = std::round(power);
  const double moved = std::abs(here.mean() / std::pow(10.0, whole) - kept.mean) / kept.scale;
  return std::abs(power - whole) < 0.05 && moved < 0.3 ? kDigits : kStandardized;
}

// The share of the sample's cells that stand in a column.
double presence(const LearntFrom& from, std::size_t c, const TracedColumn& column,
                const std::vector<std::size_t>& rows, std::uint64_t half) {
  std::unordered_map<std::uint64_t, bool> wanted;
  for (std::size_t k = 0; k < from.traced(); ++k)
    wanted[cell_term(from.cell[k * from.column.size() + c], half, 0)] = false;
  for (const std::size_t i : rows) {
    const auto at = wanted.find(cell_term(column.cell(i), half, 0));
    if (at != wanted.end()) at->second = true;
  }
  double met = 0;
  for (std::size_t k = 0; k < from.traced(); ++k)
    met += wanted[cell_term(from.cell[k * from.column.size() + c], half, 0)];
  return met / static_cast<double>(from.traced());
}

}  // namespace

std::vector<std::optional<std::size_t>> paired_columns(const LearntFrom& from,
                                                       const std::vector<TracedColumn>& columns,
                                                       const std::vector<std::size_t>& rows) {
  std::vector<std::optional<std::size_t>> out(from.column.size());
  std::vector<bool> taken(columns.size(), false);
  for (std::size_t c = 0; c < out.size(); ++c) {
    for (std::size_t l = 0; l < columns.size(); ++l) {
      if (columns[l].name() != from.column[c].name || taken[l]) continue;
      out[c] = l;
      taken[l] = true;
      break;
    }
  }
  constexpr double kPresent = 0.4, kAhead = 0.1;
  for (std::size_t c = 0; c < out.size(); ++c) {
    if (out[c] || from.traced() == 0 || distinct_cells(from, c) < kManyValues) continue;
    double best = 0, second = 0;
    std::optional<std::size_t> at;
    for (std::size_t l = 0; l < columns.size(); ++l) {
      if (taken[l]) continue;
      const double share = presence(from, c, columns[l], rows, half_of(from.column[c], columns[l]));
      if (share > best) {
        second = best;
        best = share;
        at = l;
      } else {
        second = std::max(second, share);
      }
    }
    if (!at || best < kPresent || best < second + kAhead) continue;
    out[c] = at;
    taken[*at] = true;
  }
  return out;
}

RowSearch search_rows(const LearntFrom& from, const DecisionLog& log, const std::vector<TracedColumn>& columns,
                      const std::vector<std::optional<std::size_t>>& pairs,
                      const std::vector<std::size_t>& rows, int threads) {
  RowSearch out;
  const std::size_t kept = from.column.size(), n = rows.size();
  if (n < kLeastRows || from.traced() < kLeastRows) return out;
  // Rows of the log that are looked for among its others.
  std::vector<std::size_t> control;
  {
    std::vector<std::pair<std::uint64_t, std::size_t>> order;
    for (std::size_t r = 0; r < n; ++r) order.emplace_back(salted(log.row_digest[rows[r]], from.salt + 1), r);
    const std::size_t many = std::min(kTracedRows, n);
    std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(many), order.end());
    for (std::size_t k = 0; k < many; ++k) control.push_back(order[k].second);
  }
  std::vector<std::size_t> used;  // the file's columns that the log has
  for (std::size_t c = 0; c < kept; ++c)
    if (pairs[c]) used.push_back(c);
  const std::vector<std::uint64_t> names = action_digests(log, from.salt);
  std::vector<std::uint64_t> action(n), unit(n);
  for (std::size_t r = 0; r < n; ++r) {
    action[r] = names[log.chosen_action(rows[r])];
    unit[r] = log.unit_named ? log.unit[rows[r]] : rows[r];
  }
  std::vector<std::uint64_t> mixed(kept, kDigits);
  for (const std::size_t c : used) mixed[c] = half_of(from.column[c], columns[*pairs[c]]);
  const auto is_context = [&](std::size_t c) { return from.column[c].role == TraceRole::kContext; };
  const auto kept_cell = [&](std::size_t k, std::size_t c) { return from.cell[k * kept + c]; };

  // Sums of terms over columns, of the log's rows and of the sample: context or everything, digits or mixed.
  constexpr std::size_t kSums = 4;
  std::vector<std::vector<std::uint64_t>> sum(kSums, std::vector<std::uint64_t>(n, 0)),
      kept_sum(kSums, std::vector<std::uint64_t>(from.traced(), 0));
  const auto enters = [&](std::size_t s, std::size_t c) { return s >= 2 || is_context(c); };
  const auto half_in = [&](std::size_t s, std::size_t c) { return s % 2 == 0 ? kDigits : mixed[c]; };
  constexpr std::size_t kBlock = 4096;
  parallel_blocks((n + kBlock - 1) / kBlock, threads, [&](std::size_t block) {
    for (std::size_t r = block * kBlock; r < std::min(n, (block + 1) * kBlock); ++r) {
      for (const std::size_t c : used) {
        const std::uint64_t cell = columns[*pairs[c]].cell(rows[r]);
        for (std::size_t s = 0; s < kSums; ++s)
          if (enters(s, c)) sum[s][r] += cell_term(cell, half_in(s, c), c);
      }
    }
  });
  for (std::size_t k = 0; k < from.traced(); ++k)
    for (const std::size_t c : used)
      for (std::size_t s = 0; s < kSums; ++s)
        if (enters(s, c)) kept_sum[s][k] += cell_term(kept_cell(k, c), half_in(s, c), c);
  const bool any_mixed =
      std::any_of(used.begin(), used.end(), [&](std::size_t c) { return mixed[c] != kDigits; });
  const auto context_count = static_cast<std::size_t>(std::count_if(used.begin(), used.end(), is_context));

  // Tasks: the whole sums, then each column by itself.
  std::vector<std::vector<SampleMatch>> found(used.size() + 1);
  const auto count = [&](std::vector<Way>& ways, const auto& sample_key, const auto& row_key) {
    for (std::size_t w = 0; w < ways.size(); ++w) {
      Way& way = ways[w];
      for (std::size_t k = 0; k < from.traced(); ++k) way.sample.push_back(way.table.add(sample_key(w, k)));
      for (const std::size_t r : control) way.control.push_back(way.table.add(row_key(w, r)));
    }
    for (std::size_t w = 0; w < ways.size(); ++w)
      for (std::size_t r = 0; r < n; ++r) ways[w].table.meet(row_key(w, r), unit[r]);
  };
  parallel_blocks(found.size(), threads, [&](std::size_t task) {
    std::vector<Way> ways;
    if (task == 0) {
      if (context_count == 0 && used.empty()) return;
      // Context with the action, context alone, everything with the action; by digits, then mixed.
      std::vector<std::pair<std::size_t, bool>> which;
      for (const std::size_t s : {std::size_t{0}, std::size_t{1}, std::size_t{2}, std::size_t{3}}) {
        if (s % 2 == 1 && !any_mixed) continue;
        if (s < 2 && context_count == 0) continue;
        const std::string how = s % 2 == 1 ? ", put to one scale" : "";
        ways.emplace_back();
        ways.back().by =
            s < 2 ? fmt::format("the action and {} of {} context columns{}", context_count,
                                from.context_columns, how)
                  : fmt::format("the action and {} columns, outcomes among them{}", used.size(), how);
        which.emplace_back(s, true);
        if (s >= 2) continue;
        ways.emplace_back();
        ways.back().by = fmt::format("{} of {} context columns{}", context_count, from.context_columns, how);
        which.emplace_back(s, false);
      }
      count(
          ways,
          [&](std::size_t w, std::size_t k) {
            return salted(kept_sum[which[w].first][k] + (which[w].second ? from.action[k] : 0), 0);
          },
          [&](std::size_t w, std::size_t r) {
            return salted(sum[which[w].first][r] + (which[w].second ? action[r] : 0), 0);
          });
    } else {
      const std::size_t c = used[task - 1];
      std::vector<std::uint64_t> cells(n);
      for (std::size_t r = 0; r < n; ++r) cells[r] = columns[*pairs[c]].cell(rows[r]);
      // This column alone by either half; all others of the context and of everything.
      std::vector<std::size_t> which;
      const auto add = [&](std::size_t kind, const std::string& by) {
        which.push_back(kind);
        ways.emplace_back();
        ways.back().by = by;
      };
      const std::string& name = from.column[c].name;
      add(0, "the action and " + name);
      if (mixed[c] != kDigits) add(1, "the action and " + name + ", put to one scale");
      for (std::size_t s = 0; s < kSums; ++s) {
        if (s % 2 == 1 && !any_mixed) continue;
        const std::size_t left = (s < 2 ? context_count : used.size()) - 1;
        if (!enters(s, c) || left == 0) continue;
        add(2 + s, fmt::format("the action and {}{} columns without {}{}", left, s < 2 ? " context" : "", name,
                               s % 2 == 1 ? ", put to one scale" : ""));
      }
      const auto key = [&](std::size_t w, std::uint64_t cell, std::uint64_t act,
                           const auto& whole) -> std::uint64_t {
        const std::size_t kind = which[w];
        if (kind < 2) return salted(cell_term(cell, kind == 0 ? kDigits : kStandardized, c) + act, 0);
        return salted(whole(kind - 2) - cell_term(cell, half_in(kind - 2, c), c) + act, 0);
      };
      count(
          ways,
          [&](std::size_t w, std::size_t k) {
            return key(w, kept_cell(k, c), from.action[k], [&](std::size_t s) { return kept_sum[s][k]; });
          },
          [&](std::size_t w, std::size_t r) {
            return key(w, cells[r], action[r], [&](std::size_t s) { return sum[s][r]; });
          });
    }
    for (const Way& way : ways) found[task].push_back(judged(way));
  });

  for (const std::vector<SampleMatch>& task : found) {
    for (const SampleMatch& match : task) {
      if (match.found && (!out.found || match.matched > out.found->matched)) out.found = match;
      if (!match.found && match.resolves && (!out.resolved || match.chance < out.resolved->chance))
        out.resolved = match;
    }
  }
  if (context_count > 0 && context_count == from.context_columns) {
    // found[0] begins with the action and the context by digits, then the context alone.
    const SampleMatch& alone = found[0][1];
    out.rows_told = alone.found && alone.chance <= kHardlyByChance && out.found &&
                    static_cast<double>(alone.matched) >= 0.95 * static_cast<double>(out.found->matched);
  }
  return out;
}

bool ids_name_rows(const LearntFrom& from, const DecisionLog& log, const std::vector<TracedColumn>& columns,
                   const std::vector<std::optional<std::size_t>>& pairs,
                   const std::vector<std::uint64_t>& ids) {
  std::unordered_map<std::uint64_t, std::size_t> sampled;
  for (std::size_t k = 0; k < from.traced(); ++k) sampled.emplace(from.id[k], k);
  std::vector<std::pair<std::size_t, std::size_t>> same;  // row of the sample, of the log
  for (std::size_t i = 0; i < log.size(); ++i)
    if (const auto at = sampled.find(ids[i]); at != sampled.end()) same.emplace_back(at->second, i);
  if (same.size() < kLeastRows) return true;  // too few to tell: a name is believed
  const std::vector<std::uint64_t> names = action_digests(log, from.salt);
  const auto agreement = [&](std::size_t k, std::size_t i) {
    double out = from.action[k] == names[log.chosen_action(i)];
    for (std::size_t c = 0; c < from.column.size(); ++c) {
      if (!pairs[c]) continue;
      const std::uint64_t kept = from.cell[k * from.column.size() + c], here = columns[*pairs[c]].cell(i);
      out += (kept >> 32) == (here >> 32) || (kept & 0xffffffffu) == (here & 0xffffffffu);
    }
    return out;
  };
  double sum = 0, squares = 0;
  for (std::size_t p = 0; p < same.size(); ++p) {
    const double more =
        agreement(same[p].first, same[p].second) - agreement(same[p].first, same[(p + 1) % same.size()].second);
    sum += more;
    squares += more * more;
  }
  // All rows alike (nothing to hold them against): a name is believed.
  return squares == 0 || sum > kFoundErrors * std::sqrt(squares);
}

}  // namespace plumb
