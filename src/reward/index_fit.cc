#include "reward/index_fit.h"

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>

#include "plumb/learnt.h"

namespace plumb {
namespace {

constexpr std::size_t kBlock = 1024;
// What keeps collinear columns (all levels of a category) apart, relative to a row of standardized numbers; it
// shrinks what the data tells by about this much, no more.
constexpr double kTinyPenalty = 1e-7;

using RowMatrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

// What training reads may not have seen the certification half, so a training fold's fit is one of the other
// training folds; the certification half's are those of all other folds.
bool sees(std::size_t fold, const DecisionLog& log, std::size_t i) {
  return log.fold[i] != fold && (fold >= kTrainingFolds || log.in_training(i));
}

struct Standard {
  double mean = 0, scale = 1;
  double of(double value) const { return (value - mean) / scale; }
};

// Of value(i) over rows with use(i). A scale of zero: it does not vary.
Standard standard_of(std::size_t n, const auto& use, const auto& value) {
  double count = 0, sum = 0, squares = 0;
  for (std::size_t i = 0; i < n; ++i) {
    if (!use(i)) continue;
    count += 1;
    sum += value(i);
  }
  Standard out;
  out.mean = count > 0 ? sum / count : 0;
  for (std::size_t i = 0; i < n; ++i) {
    if (!use(i)) continue;
    const double d = value(i) - out.mean;
    squares += d * d;
  }
  out.scale = count > 0 ? std::sqrt(squares / count) : 0;
  return out;
}

// Dates of the rows that are learnt from.
struct Dates {
  Standard standard;
  double last_from = 0;  // microseconds: later ones are the last quarter and what follows
  bool vary = false;
};

Dates dates_of(const DecisionLog& log, const IndexRows& learnt) {
  Dates out;
  if (log.time_us.empty() || learnt.row.empty()) return out;
  std::vector<double> at;
  for (const std::uint32_t i : learnt.row) at.push_back(static_cast<double>(log.time_us[i]));
  out.standard = standard_of(
      at.size(), [](std::size_t) { return true; }, [&](std::size_t r) { return at[r]; });
  const auto quarter = at.begin() + static_cast<std::ptrdiff_t>(3 * at.size() / 4);
  std::nth_element(at.begin(), quarter, at.end());
  out.last_from = *quarter;
  // Dates may be few: all of the last one is the last quarter, and something must come before it.
  out.vary =
      out.standard.scale > 0 && std::any_of(at.begin(), at.end(), [&](double t) { return t < out.last_from; });
  return out;
}

// Columns of a fit, as they stand beside each other in the design.
std::vector<std::size_t> columns_of(const IndexDesign& design, IndexShape shape) {
  std::vector<std::size_t> out;
  for (std::size_t k = 0; k < design.stable; ++k) out.push_back(k);
  const std::size_t from = design.stable + (shape == IndexShape::kLast ? design.dated : 0);
  for (std::size_t k = 0; shape != IndexShape::kStable && k < design.dated; ++k) out.push_back(from + k);
  return out;
}

}  // namespace

IndexDesign index_design(const DecisionLog& log, const OutcomeColumn& index,
                         const std::vector<const OutcomeColumn*>& surrogates, const FeatureMap& map,
                         const IndexRows& learnt, std::size_t fewest, int threads) {
  const std::size_t n = log.size(), s = surrogates.size(), context = map.context_width;
  std::vector<Standard> standard;
  for (const OutcomeColumn* surrogate : surrogates) {
    standard.push_back(standard_of(
        n, [&](std::size_t i) { return log.in_training(i) && index.state[i] == State::kObserved; },
        [&](std::size_t i) { return surrogate->value[i]; }));
    if (standard.back().scale == 0) standard.back().scale = 1;
  }
  IndexDesign out;
  out.stable = (1 + s) * (1 + context);
  out.context = context;
  const Dates dates = dates_of(log, learnt);
  // Which stable columns are crossed with the date: the context's where the rows suffice for them.
  std::vector<std::size_t> crossed;
  for (const bool with_context : {true, false}) {
    crossed.clear();
    for (std::size_t k = 0; dates.vary && k < out.stable; ++k) {
      const bool of_context = k > 0 && k <= context, interaction = k > context && k % (1 + context) != 0;
      if (!interaction && (with_context || !of_context)) crossed.push_back(k);
    }
    if (fewest >= kIndexRowsAColumn * (out.stable + crossed.size())) break;
    crossed.clear();
  }
  out.dated = crossed.size();
  const std::size_t width = out.width();
  out.x.assign(n * width, 0.0f);
  const BoundFeatures features(map, log);
  parallel_blocks((n + kBlock - 1) / kBlock, threads, [&](std::size_t block) {
    for (std::size_t i = block * kBlock; i < std::min(n, (block + 1) * kBlock); ++i) {
      if (index.state[i] != State::kObserved) continue;
      float* row = out.x.data() + i * width;
      row[0] = 1;
      features.context(i, {row + 1, context});
      for (std::size_t k = 0; k < s; ++k) {
        const auto value = static_cast<float>(standard[k].of(surrogates[k]->value[i]));
        float* part = row + (1 + k) * (1 + context);
        for (std::size_t c = 0; c <= context; ++c) part[c] = value * row[c];
      }
      if (crossed.empty()) continue;
      const double at = static_cast<double>(log.time_us[i]);
      const auto z = static_cast<float>(dates.standard.of(at));
      const float last = at >= dates.last_from ? 1.0f : 0.0f;
      float* linear = row + out.stable;
      for (std::size_t k = 0; k < crossed.size(); ++k) {
        linear[k] = z * row[crossed[k]];
        linear[out.dated + k] = last * row[crossed[k]];
      }
    }
  });
  return out;
}

IndexFit fit_index(const DecisionLog& log, const IndexDesign& design, const OutcomeColumn& late,
                   const IndexRows& learnt, IndexShape shape, std::size_t fold) {
  const std::vector<std::size_t> columns = columns_of(design, shape);
  const auto p = static_cast<Eigen::Index>(columns.size());
  const std::size_t width = design.width();
  const auto gather = [&](std::size_t i, auto&& to) {
    const float* row = design.x.data() + i * width;
    for (Eigen::Index k = 0; k < p; ++k) to[k] = static_cast<double>(row[columns[static_cast<std::size_t>(k)]]);
  };
  Eigen::MatrixXd xtx = Eigen::MatrixXd::Zero(p, p);
  Eigen::VectorXd xty = Eigen::VectorXd::Zero(p);
  double total = 0;
  // By blocks of rows: one rank update a block.
  RowMatrix block(static_cast<Eigen::Index>(kBlock), p);
  Eigen::VectorXd target(static_cast<Eigen::Index>(kBlock));
  Eigen::Index filled = 0;
  const auto flush = [&] {
    const auto rows = block.topRows(filled);
    xtx.selfadjointView<Eigen::Lower>().rankUpdate(rows.transpose());
    xty.noalias() += rows.transpose() * target.head(filled);
    filled = 0;
  };
  for (std::size_t r = 0; r < learnt.row.size(); ++r) {
    const std::size_t i = learnt.row[r];
    if (!sees(fold, log, i)) continue;
    const double root = std::sqrt(learnt.weight[r]);
    gather(i, block.row(filled));
    block.row(filled) *= root;
    target[filled++] = root * late.value[i];
    total += learnt.weight[r];
    if (filled == static_cast<Eigen::Index>(kBlock)) flush();
  }
  flush();
  xtx = Eigen::MatrixXd(xtx.selfadjointView<Eigen::Lower>());
  xtx.diagonal().array() += kTinyPenalty * total;
  const Eigen::LLT<Eigen::MatrixXd> factor(xtx);
  const Eigen::VectorXd coef = factor.solve(xty);
  IndexFit out;
  out.coef.assign(width, 0.0);
  for (Eigen::Index k = 0; k < p; ++k) out.coef[columns[static_cast<std::size_t>(k)]] = coef[k];
  out.influence = Matrix(kBuckets, width);
  Eigen::VectorXd psi(p), moved(p), sum = Eigen::VectorXd::Zero(p);
  for (std::size_t r = 0; r < learnt.row.size(); ++r) {
    const std::size_t i = learnt.row[r];
    if (!sees(fold, log, i)) continue;
    gather(i, psi);
    moved = factor.solve(psi);
    const double leverage = std::min(0.99, learnt.weight[r] * psi.dot(moved));
    const double left = learnt.weight[r] * (late.value[i] - psi.dot(coef)) / std::sqrt(1 - leverage);
    const std::span<double> to = out.influence.row(bucket_of(log.unit[i]));
    for (Eigen::Index k = 0; k < p; ++k) {
      const double part = left * moved[k];
      to[columns[static_cast<std::size_t>(k)]] += part;
      sum[k] += part;
    }
  }
  // It is an error around the estimate: it must move no value.
  for (std::size_t b = 0; b < kBuckets; ++b) {
    for (Eigen::Index k = 0; k < p; ++k)
      out.influence(b, columns[static_cast<std::size_t>(k)]) -= sum[k] / static_cast<double>(kBuckets);
  }
  return out;
}

}  // namespace plumb
