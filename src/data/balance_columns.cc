// Columns as levels. Which levels a column has depends on the column alone, never on what was chosen: any cut
// is a fair one.
#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "data/balance.h"
#include "data/rows.h"

namespace plumb {

namespace {

constexpr std::size_t kMostLevels = 511, kBands = 16, kSample = 4096;

// Whole numbers, each once: they count or name rows.
bool names_rows(const std::vector<float>& number) {
  if (!std::all_of(number.begin(), number.end(), [](float x) { return x == std::trunc(x); })) return false;
  std::vector<float> sorted = number;
  std::sort(sorted.begin(), sorted.end());
  return std::adjacent_find(sorted.begin(), sorted.end()) == sorted.end();
}

// At most kBands - 1 ascending cuts, each a value of the column, from evenly spaced rows.
std::vector<float> cuts_of(const std::vector<float>& number) {
  std::vector<float> sample;
  const std::size_t step = std::max<std::size_t>(1, number.size() / kSample);
  for (std::size_t i = 0; i < number.size(); i += step)
    if (!std::isnan(number[i])) sample.push_back(number[i]);
  std::sort(sample.begin(), sample.end());
  std::vector<float> distinct = sample;
  distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
  if (distinct.size() <= kBands) {
    if (!distinct.empty()) distinct.erase(distinct.begin());
    return distinct;
  }
  std::vector<float> cuts;
  for (std::size_t b = 1; b < kBands; ++b) {
    const float cut = sample[sample.size() * b / kBands];
    if (cut > (cuts.empty() ? sample.front() : cuts.back())) cuts.push_back(cut);
  }
  return cuts;
}

// Mid-ranks of the levels, the last one (missing) apart: 0, the mean.
std::vector<double> ranks_of(const CodedColumn& column, bool last_is_missing) {
  const std::size_t levels = column.levels.size(), ranked = levels - (last_is_missing ? 1 : 0);
  std::vector<double> count(levels, 0), rank(levels, 0);
  for (const std::uint16_t code : column.code) ++count[code];
  const double n = std::accumulate(count.begin(), count.begin() + static_cast<std::ptrdiff_t>(ranked), 0.0);
  double below = 0;
  for (std::size_t l = 0; l < ranked && n > 0; ++l) {
    rank[l] = (2 * below + count[l]) / n - 1;
    below += count[l];
  }
  return rank;
}

std::optional<CodedColumn> code_numbers(const FeatureColumn& from) {
  const auto present = [](float x) { return !std::isnan(x); };
  const bool missing = !std::all_of(from.number.begin(), from.number.end(), present);
  if (!missing && names_rows(from.number)) return std::nullopt;
  const std::vector<float> cuts = cuts_of(from.number);
  CodedColumn out;
  out.code.reserve(from.size());
  const auto last = static_cast<std::uint16_t>(cuts.size() + 1);
  // Distinct numbers are levels by themselves where every value is its band's lower end.
  float lowest = std::numeric_limits<float>::infinity(), highest = -lowest;
  bool by_value = true;
  for (const float x : from.number) {
    if (!present(x)) {
      out.code.push_back(last);
      continue;
    }
    const auto band = static_cast<std::size_t>(std::upper_bound(cuts.begin(), cuts.end(), x) - cuts.begin());
    out.code.push_back(static_cast<std::uint16_t>(band));
    lowest = std::min(lowest, x), highest = std::max(highest, x);
    by_value = by_value && (band == 0 ? x == lowest : x == cuts[band - 1]);
  }
  for (std::size_t b = 0; b <= cuts.size(); ++b) {
    const float lower = b == 0 ? lowest : cuts[b - 1];
    const float upper = b == cuts.size() ? highest : cuts[b];
    out.levels.push_back(
        by_value ? fmt::format("{:.6g}", lower)
                 : fmt::format("{:.6g} to {}{:.6g}", lower, b < cuts.size() ? "below " : "", upper));
  }
  if (missing) out.levels.push_back("missing");
  out.rank = ranks_of(out, missing);
  return out;
}

std::optional<CodedColumn> code_category(const FeatureColumn& from) {
  const std::size_t n = from.size();
  std::vector<std::uint32_t> count(from.levels.size(), 0);
  for (const std::uint32_t code : from.code) ++count[code];
  std::size_t used = 0;
  for (const std::uint32_t c : count) used += c > 0;
  if (2 * used > n) return std::nullopt;
  std::vector<std::uint32_t> order(count.size());
  std::iota(order.begin(), order.end(), 0u);
  std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return count[a] > count[b]; });
  const std::size_t kept = std::min(used, kMostLevels);
  CodedColumn out;
  std::vector<std::uint16_t> place(count.size(), static_cast<std::uint16_t>(kept));
  for (std::size_t l = 0; l < kept; ++l) {
    place[order[l]] = static_cast<std::uint16_t>(l);
    out.levels.push_back(from.levels[order[l]].empty() ? "missing" : from.levels[order[l]]);
  }
  if (kept < used) out.levels.push_back("another value");
  out.code.reserve(n);
  for (const std::uint32_t code : from.code) out.code.push_back(place[code]);
  return out;
}

// The chosen action's own probability says what was chosen, and is no column of the context.
bool is_propensity(const FeatureColumn& column, const DecisionLog& log) {
  if (column.is_category) return false;
  for (std::size_t i = 0; i < log.size(); ++i)
    if (!(std::abs(static_cast<double>(column.number[i]) - log.propensity[i]) < 1e-6)) return false;
  return true;
}

}  // namespace

std::vector<CodedColumn> coded_columns(const DecisionLog& log, const Goal& goal, int threads,
                                       BalanceTest* test) {
  struct Wanted {
    const FeatureColumn* column;
    bool named;
  };
  std::vector<Wanted> wanted;
  const auto add = [&](const std::vector<FeatureColumn>& columns, bool named) {
    for (const FeatureColumn& column : columns) {
      const auto& after = goal.data.after_action;
      const bool left_out =
          std::any_of(after.begin(), after.end(),
                      [&](const std::string& pattern) { return matches(pattern, column.name); }) ||
          std::any_of(wanted.begin(), wanted.end(),
                      [&](const Wanted& w) { return w.column->name == column.name; });
      if (left_out) continue;
      if (!named && looks_like_outcome(column.name)) {
        test->outcomes.push_back(column.name);
        continue;
      }
      wanted.push_back({&column, named});
    }
  };
  add(log.context, true);
  add(log.segments, true);
  add(log.unnamed, false);
  std::vector<std::optional<CodedColumn>> coded(wanted.size());
  parallel_blocks(wanted.size(), threads, [&](std::size_t c) {
    const FeatureColumn& from = *wanted[c].column;
    if (!wanted[c].named && is_propensity(from, log)) return;
    coded[c] = from.is_category ? code_category(from) : code_numbers(from);
    if (!coded[c]) return;
    coded[c]->name = from.name;
    coded[c]->named = wanted[c].named;
  });
  std::vector<CodedColumn> out(1);
  out[0].levels = {"any"};
  out[0].code.assign(log.size(), 0);
  for (auto& column : coded) {
    if (!column || column->levels.size() < 2) continue;
    test->tested.push_back(column->name);
    test->unnamed += !column->named;
    out.push_back(std::move(*column));
  }
  return out;
}

}  // namespace plumb
