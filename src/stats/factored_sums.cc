// Least-squares sums by fold over a factored design.
#include <fmt/format.h>

#include <cmath>
#include <optional>

#include "stats/factored.h"
#include "stats/selection.h"

namespace plumb::stats {
namespace {

constexpr std::size_t kBlock = 512;
constexpr std::size_t kParts = 8;  // a fold

struct Part {
  std::size_t fold = 0;
  std::span<const std::uint32_t> rows;
  std::optional<GroupSquares> squares;
  std::vector<std::vector<double>> zy;  // by outcome: sums of w y z by group
  std::vector<double> yty, y_sum;
  double count = 0;  // sum of weights
};

void add_up(const FactoredDesign& x, std::span<const std::span<const double>> ys,
            std::span<const double> weight, Part& part) {
  part.squares.emplace(x);
  part.zy.assign(ys.size(), std::vector<double>(x.groups() * x.slots, 0.0));
  part.yty.assign(ys.size(), 0.0);
  part.y_sum.assign(ys.size(), 0.0);
  std::vector<double> h(part.rows.size(), 1.0);
  for (std::size_t i = 0; i < h.size(); ++i) {
    if (!weight.empty()) h[i] = weight[part.rows[i]];
    part.count += h[i];
  }
  part.squares->add(part.rows, h.data());
  for (std::size_t j = 0; j < ys.size(); ++j) {
    for (std::size_t i = 0; i < h.size(); ++i) {
      const std::uint32_t row = part.rows[i];
      const double y = ys[j][row], counts = h[i] * y;
      double* to = part.zy[j].data() + x.group_of(row) * x.slots;
      for (std::size_t e = x.start[row]; e < x.start[row + 1]; ++e)
        to[x.slot[e]] += static_cast<double>(x.value[e]) * counts;
      part.yty[j] += counts * y;
      part.y_sum[j] += counts;
    }
  }
}

}  // namespace

std::vector<FoldSums> fold_sums_many(const FactoredDesign& x, std::span<const std::span<const double>> ys,
                                     std::span<const std::uint32_t> rows, std::span<const std::uint8_t> fold,
                                     int folds, int threads, std::span<const double> weight) {
  PLUMB_ASSERT(weight.empty() || weight.size() == x.rows());
  PLUMB_ASSERT(x.columns > 0 && folds > 0 && folds <= 32 && fold.size() == x.rows());
  for (const auto& y : ys) PLUMB_ASSERT(y.size() == x.rows());
  const auto fold_count = static_cast<std::size_t>(folds);
  std::vector<std::vector<std::uint32_t>> members(fold_count);
  for (std::size_t k = 0; k < rows.size(); ++k) {
    PLUMB_ASSERT(rows[k] < x.rows() && fold[rows[k]] < folds && (k == 0 || rows[k - 1] < rows[k]));
    members[fold[rows[k]]].push_back(rows[k]);
  }
  std::vector<Part> parts;
  for (std::size_t f = 0; f < fold_count; ++f) {
    for (const auto& [begin, end] : fixed_parts(members[f].size(), kBlock, kParts)) {
      Part part;
      part.fold = f;
      part.rows = std::span<const std::uint32_t>(members[f]).subspan(begin, end - begin);
      parts.push_back(std::move(part));
    }
  }
  parallel_blocks(parts.size(), threads, [&](std::size_t k) { add_up(x, ys, weight, parts[k]); });

  const std::size_t p = x.columns;
  FoldSums empty;
  empty.p = p;
  empty.xtx.assign(fold_count, std::vector<double>(p * p, 0.0));
  empty.xty.assign(fold_count, std::vector<double>(p, 0.0));
  empty.yty.assign(fold_count, 0.0);
  empty.y_sum.assign(fold_count, 0.0);
  empty.count.assign(fold_count, 0.0);
  std::vector<FoldSums> out(ys.size(), empty);
  for (std::size_t begin = 0, end; begin < parts.size(); begin = end) {
    Part& sum = parts[begin];
    for (end = begin + 1; end < parts.size() && parts[end].fold == sum.fold; ++end) {
      const Part& next = parts[end];
      sum.squares->add(*next.squares);
      sum.count += next.count;
      for (std::size_t j = 0; j < ys.size(); ++j) {
        for (std::size_t k = 0; k < sum.zy[j].size(); ++k) sum.zy[j][k] += next.zy[j][k];
        sum.yty[j] += next.yty[j];
        sum.y_sum[j] += next.y_sum[j];
      }
    }
    const Eigen::MatrixXd squares = sum.squares->carried();
    for (std::size_t j = 0; j < ys.size(); ++j) {
      if (!std::isfinite(sum.yty[j])) refuse_non_finite_outcome(ys[j], rows);
      out[j].xtx[sum.fold].assign(squares.data(), squares.data() + squares.size());
      out[j].xty[sum.fold] = carried(x, sum.zy[j], 0, 1);
      out[j].yty[sum.fold] = sum.yty[j];
      out[j].y_sum[sum.fold] = sum.y_sum[j];
      out[j].count[sum.fold] = sum.count;
    }
  }
  return out;
}

}  // namespace plumb::stats
