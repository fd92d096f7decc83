// From typed columns to ranks: what can be split, and where.
#include "optimize/policy_tree_problem.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <numeric>

namespace plumb {
namespace {

SplitColumn number_column(std::size_t source, const FeatureColumn& column, std::span<const std::uint32_t> rows,
                          std::size_t split_points) {
  SplitColumn out;
  out.source = source;
  std::vector<float> sorted;
  sorted.reserve(rows.size());
  // Missing numbers go with the largest: no threshold is at or above them.
  const auto value_of = [&](std::uint32_t row) {
    const float value = column.number[row];
    return std::isnan(value) ? std::numeric_limits<float>::infinity() : value;
  };
  for (const std::uint32_t row : rows) {
    if (std::isinf(column.number[row]))
      refuse("policy tree", "column " + column.name, fmt::format("{}", column.number[row]), "finite numbers");
    sorted.push_back(value_of(row));
  }
  std::sort(sorted.begin(), sorted.end());
  std::vector<float> values = sorted;
  values.erase(std::unique(values.begin(), values.end()), values.end());
  std::vector<float> last;  // the largest value of every bin but the last one
  if (split_points == 0 || values.size() <= split_points + 1) {
    last.assign(values.begin(), values.end() - 1);
  } else {
    for (std::size_t k = 1; k <= split_points; ++k) {
      const float value = sorted[k * sorted.size() / (split_points + 1) - 1];
      if (value < values.back() && (last.empty() || value > last.back())) last.push_back(value);
    }
  }
  for (const float value : last) {
    const float next = *std::upper_bound(values.begin(), values.end(), value);
    out.between.emplace_back(value, next);
  }
  out.bins = static_cast<std::uint32_t>(last.size() + 1);
  out.bin.reserve(rows.size());
  for (const std::uint32_t row : rows) {
    out.bin.push_back(
        static_cast<std::uint32_t>(std::lower_bound(last.begin(), last.end(), value_of(row)) - last.begin()));
  }
  return out;
}

}  // namespace

double short_number_between(double low, double high) {
  const double middle = low + (high - low) / 2;
  for (int digits = 1; digits <= 16; ++digits) {
    const double rounded = std::strtod(fmt::format("{:.{}g}", middle, digits).c_str(), nullptr);
    if (low <= rounded && rounded < high) return rounded;
  }
  return low <= middle && middle < high ? middle : low;
}

TreeProblem tree_problem(std::span<const FeatureColumn> columns, MatrixView scores,
                         std::span<const std::uint32_t> rows, std::size_t split_points) {
  TreeProblem out;
  out.rows = rows.size();
  out.actions = scores.cols;
  out.score.reserve(rows.size() * scores.cols);
  double size = 0;
  for (const std::uint32_t row : rows) {
    double largest = 0;
    for (const double s : scores.row(row)) {
      if (!std::isfinite(s)) refuse("policy tree", "scores", fmt::format("{}", s), "finite numbers");
      out.score.push_back(s);
      largest = std::max(largest, std::abs(s));
    }
    size += largest;
  }
  out.slack = 1e-12 * size;
  for (std::size_t c = 0; c < columns.size(); ++c) {
    const FeatureColumn& column = columns[c];
    if (!column.is_category) {
      SplitColumn split = number_column(c, column, rows, split_points);
      if (split.bins > 1) out.columns.push_back(std::move(split));
      continue;
    }
    std::vector<std::size_t> count(column.levels.size(), 0);
    for (const std::uint32_t row : rows) ++count[column.code[row]];
    std::size_t present = 0;
    for (const std::size_t n : count) present += n > 0;
    for (std::size_t level = 0, made = 0; level < count.size(); ++level) {
      // Of two levels one says everything.
      if (count[level] == 0 || present < 2 || (present == 2 && made == 1)) continue;
      ++made;
      SplitColumn split;
      split.source = c;
      split.level = static_cast<std::int64_t>(level);
      split.bins = 2;
      for (const std::uint32_t row : rows) split.bin.push_back(column.code[row] == level ? 0 : 1);
      out.columns.push_back(std::move(split));
    }
  }
  return out;
}

TreeProblem sub_problem(const TreeProblem& problem, std::span<const std::uint32_t> rows,
                        std::vector<std::vector<std::uint32_t>>* kept) {
  TreeProblem out;
  out.rows = rows.size();
  out.actions = problem.actions;
  out.slack = problem.slack;
  for (const std::uint32_t row : rows) {
    const auto begin = problem.score.begin() + static_cast<std::ptrdiff_t>(row * problem.actions);
    out.score.insert(out.score.end(), begin, begin + static_cast<std::ptrdiff_t>(problem.actions));
  }
  kept->assign(problem.columns.size(), {});
  std::vector<std::uint32_t> place;
  for (std::size_t c = 0; c < problem.columns.size(); ++c) {
    const SplitColumn& from = problem.columns[c];
    SplitColumn to;
    place.assign(from.bins, 0);
    for (const std::uint32_t row : rows) place[from.bin[row]] = 1;
    std::uint32_t bins = 0;
    for (std::uint32_t b = 0; b < from.bins; ++b) {
      if (place[b] == 0) continue;
      place[b] = bins++;
      (*kept)[c].push_back(b);
    }
    to.bins = std::max(1u, bins);
    to.bin.reserve(rows.size());
    for (const std::uint32_t row : rows) to.bin.push_back(place[from.bin[row]]);
    out.columns.push_back(std::move(to));
  }
  return out;
}

std::pair<double, std::uint32_t> best_action(const TreeProblem& problem) {
  std::vector<double> sum(problem.actions, 0.0);
  for (std::size_t i = 0; i < problem.rows; ++i) {
    for (std::size_t a = 0; a < problem.actions; ++a) sum[a] += problem.score[i * problem.actions + a];
  }
  std::uint32_t best = 0;
  for (std::uint32_t a = 1; a < sum.size(); ++a) {
    if (sum[a] > sum[best] + problem.slack) best = a;
  }
  return {sum[best], best};
}

}  // namespace plumb
