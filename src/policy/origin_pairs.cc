// Which column of a log is which column of a sample, and whether ids name rows.
#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "policy/origin_match.h"

namespace plumb {
namespace {

constexpr std::size_t kManyValues = 64;
constexpr double kErrors = 4.5;

std::size_t distinct_cells(const LearntFrom& from, std::size_t c) {
  std::vector<std::uint64_t> cells;
  for (std::size_t k = 0; k < from.traced(); ++k) cells.push_back(from.cell[k * from.column.size() + c]);
  std::sort(cells.begin(), cells.end());
  return static_cast<std::size_t>(std::unique(cells.begin(), cells.end()) - cells.begin());
}

// The share of the sample's cells that stand in a column.
double presence(const LearntFrom& from, std::size_t c, const TracedColumn& column,
                const std::vector<std::size_t>& rows, std::uint64_t part) {
  std::unordered_map<std::uint64_t, bool> wanted;
  for (std::size_t k = 0; k < from.traced(); ++k)
    wanted[cell_term(from.cell[k * from.column.size() + c], part, 0)] = false;
  for (const std::size_t i : rows) {
    const auto at = wanted.find(cell_term(column.cell(i), part, 0));
    if (at != wanted.end()) at->second = true;
  }
  double met = 0;
  for (std::size_t k = 0; k < from.traced(); ++k)
    met += wanted[cell_term(from.cell[k * from.column.size() + c], part, 0)];
  return met / static_cast<double>(from.traced());
}

}  // namespace

std::uint64_t part_of(const LearntFrom::Column& kept, const TracedColumn& here) {
  if (!(kept.scale > 0) || !(here.scale() > 0)) return kDigits;
  const double power = std::log10(here.scale() / kept.scale), whole = std::round(power);
  const double moved = std::abs(here.mean() / std::pow(10.0, whole) - kept.mean) / kept.scale;
  return std::abs(power - whole) < 0.05 && moved < 0.3 ? kDigits : kStandardized;
}

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
      const double share = presence(from, c, columns[l], rows, part_of(from.column[c], columns[l]));
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

bool ids_name_rows(const LearntFrom& from, const DecisionLog& log, const std::vector<TracedColumn>& columns,
                   const std::vector<std::optional<std::size_t>>& pairs,
                   const std::vector<std::uint64_t>& ids) {
  std::unordered_map<std::uint64_t, std::size_t> sampled;
  for (std::size_t k = 0; k < from.traced(); ++k) sampled.emplace(from.id[k], k);
  std::vector<std::pair<std::size_t, std::size_t>> same;  // row of the sample, of the log
  for (std::size_t i = 0; i < log.size(); ++i)
    if (const auto at = sampled.find(ids[i]); at != sampled.end()) same.emplace_back(at->second, i);
  if (same.size() < kLeastComparedRows) return true;  // too few to tell: a name is believed
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
  return squares == 0 || sum > kErrors * std::sqrt(squares);
}

}  // namespace plumb
