#include "reward/observation_cells.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace plumb {
namespace {

constexpr std::size_t kMostCutLevels = 64;
constexpr std::size_t kCoarseLevels = 4, kCoarseQuantiles = 3;

// The most frequent levels keep a cell each, all others share one.
Cut cut_levels(const FeatureColumn& column, std::size_t most) {
  std::vector<std::size_t> count(column.levels.size(), 0), order(column.levels.size());
  for (const std::uint32_t code : column.code) ++count[code];
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return count[a] > count[b]; });
  const std::size_t kept = order.size() > most ? most - 1 : order.size();
  std::vector<std::uint16_t> cell_of(column.levels.size(), static_cast<std::uint16_t>(kept));
  Cut out;
  for (std::size_t k = 0; k < kept; ++k) {
    cell_of[order[k]] = static_cast<std::uint16_t>(k);
    out.name.push_back(fmt::format("{} = {}", column.name, column.levels[order[k]]));
  }
  if (kept < order.size()) out.name.push_back(fmt::format("{} another", column.name));
  out.cell.reserve(column.code.size());
  for (const std::uint32_t code : column.code) out.cell.push_back(cell_of[code]);
  return out;
}

}  // namespace

Cut cut_numbers(const std::string& name, const std::vector<double>& value, std::size_t quantiles) {
  std::vector<double> sorted;
  for (const double v : value) {
    if (std::isfinite(v)) sorted.push_back(v);
  }
  std::sort(sorted.begin(), sorted.end());
  // First values of the stretches but the first: ties fall into one stretch.
  std::vector<double> from;
  for (std::size_t q = 1; q < quantiles && !sorted.empty(); ++q) {
    const double v = sorted[q * sorted.size() / quantiles];
    if (v > sorted.front() && (from.empty() || v > from.back())) from.push_back(v);
  }
  Cut out;
  for (std::size_t k = 0; k <= from.size(); ++k) {
    if (from.empty()) {
      out.name.push_back(name);
    } else if (k == 0) {
      out.name.push_back(fmt::format("{} below {:.4g}", name, from[0]));
    } else if (k == from.size()) {
      out.name.push_back(fmt::format("{} at least {:.4g}", name, from.back()));
    } else {
      out.name.push_back(fmt::format("{} from {:.4g} to {:.4g}", name, from[k - 1], from[k]));
    }
  }
  const auto none = static_cast<std::uint16_t>(out.name.size());
  if (sorted.size() < value.size()) out.name.push_back(fmt::format("{} not known", name));
  out.cell.reserve(value.size());
  for (const double v : value) {
    const auto at = std::upper_bound(from.begin(), from.end(), v) - from.begin();
    out.cell.push_back(std::isfinite(v) ? static_cast<std::uint16_t>(at) : none);
  }
  return out;
}

Cut cut_column(const FeatureColumn& column, std::size_t quantiles) {
  if (column.is_category) return cut_levels(column, kMostCutLevels);
  return cut_numbers(column.name, std::vector<double>(column.number.begin(), column.number.end()), quantiles);
}

Cut cut_coarsely(const FeatureColumn& column) {
  return column.is_category ? cut_levels(column, kCoarseLevels) : cut_column(column, kCoarseQuantiles);
}

Cut cross_cuts(const Cut& a, const Cut& b) {
  Cut out;
  for (const std::string& first : a.name) {
    for (const std::string& second : b.name) out.name.push_back(first + " and " + second);
  }
  out.cell.resize(a.cell.size());
  for (std::size_t i = 0; i < out.cell.size(); ++i)
    out.cell[i] = static_cast<std::uint16_t>(a.cell[i] * b.name.size() + b.cell[i]);
  return out;
}

}  // namespace plumb
