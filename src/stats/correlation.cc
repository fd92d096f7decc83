// Pearson's and Spearman's correlation with bootstrap intervals.
#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>

#include "plumb/agreement.h"
#include "stats/percentile.h"

namespace plumb {
namespace {

constexpr std::size_t kBlock = 16;  // replicates a block

// NaN where a column is constant.
double pearson(std::span<const double> x, std::span<const double> y) {
  const double n = static_cast<double>(x.size());
  const double mean_x = std::accumulate(x.begin(), x.end(), 0.0) / n,
               mean_y = std::accumulate(y.begin(), y.end(), 0.0) / n;
  double xx = 0, xy = 0, yy = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    xx += (x[i] - mean_x) * (x[i] - mean_x);
    xy += (x[i] - mean_x) * (y[i] - mean_y);
    yy += (y[i] - mean_y) * (y[i] - mean_y);
  }
  const auto [least_x, most_x] = std::minmax_element(x.begin(), x.end());
  const auto [least_y, most_y] = std::minmax_element(y.begin(), y.end());
  return *least_x == *most_x || *least_y == *most_y ? std::nan("") : xy / std::sqrt(xx * yy);
}

std::vector<double> mid_ranks(std::span<const double> x) {
  std::vector<std::size_t> order(x.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return x[a] < x[b]; });
  std::vector<double> rank(x.size());
  for (std::size_t from = 0, to = 0; from < order.size(); from = to) {
    while (to < order.size() && x[order[to]] == x[order[from]]) ++to;
    for (std::size_t k = from; k < to; ++k) rank[order[k]] = static_cast<double>(from + to - 1) / 2;
  }
  return rank;
}

}  // namespace

Correlation correlate(std::span<const double> x, std::span<const double> y, const AgreementOptions& options,
                      const Rng& rng) {
  const char* const where = "correlate";
  PLUMB_ASSERT(x.size() == y.size());
  if (!(options.level > 0 && options.level < 1))
    refuse(where, "level", std::to_string(options.level), "between 0 and 1");
  if (options.replicates < 1) refuse(where, "replicates", std::to_string(options.replicates), "1 or more");
  for (std::size_t i = 0; i < x.size(); ++i)
    if (!std::isfinite(x[i]) || !std::isfinite(y[i]))
      refuse(where, "unit " + std::to_string(i), std::to_string(x[i]) + ", " + std::to_string(y[i]),
             "finite numbers");
  Correlation out;
  out.units = x.size();
  if (x.size() < 3) return out;
  out.pearson = pearson(x, y);
  if (std::isnan(out.pearson)) return {false, x.size(), 0, 0, {}, {}};
  out.spearman = pearson(mid_ranks(x), mid_ranks(y));
  out.known = true;
  const auto replicates = static_cast<std::size_t>(options.replicates);
  std::vector<double> r(replicates), rho(replicates);
  parallel_blocks((replicates + kBlock - 1) / kBlock, options.threads, [&](std::size_t block) {
    std::vector<double> a(x.size()), b(x.size());
    for (std::size_t k = block * kBlock; k < std::min(replicates, (block + 1) * kBlock); ++k) {
      Rng draw = rng.stream("unit", k);
      for (std::size_t i = 0; i < x.size(); ++i) {
        const std::uint64_t from = draw.below(x.size());
        a[i] = x[from], b[i] = y[from];
      }
      r[k] = pearson(a, b);
      rho[k] = std::isnan(r[k]) ? r[k] : pearson(mid_ranks(a), mid_ranks(b));
    }
  });
  std::erase_if(r, [](double value) { return std::isnan(value); });
  std::erase_if(rho, [](double value) { return std::isnan(value); });
  if (r.empty()) return {false, x.size(), 0, 0, {}, {}};
  out.pearson_interval = percentile_interval(r, options.level);
  out.spearman_interval = percentile_interval(rho, options.level);
  return out;
}

}  // namespace plumb
