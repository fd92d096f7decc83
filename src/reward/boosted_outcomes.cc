// Cross-fitted trees. A task is one variant of one outcome from its first row to its last score, on one thread.
#include "reward/boosted_outcomes.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "plumb/reward.h"
#include "stats/boosted_trees.h"

namespace plumb {
namespace {

using stats::BoostedTrees;
using stats::BoostLoss;
using stats::BoostRows;
using stats::SparseRows;

constexpr std::size_t kVariants = kTrainingFolds + 1;
constexpr std::size_t kRowsAtOnce = 1 << 14;  // of offered actions that are scored

// Writes c and a of decisions as sparse rows: zeros of numbers are numbers, zeros of indicators are left out.
class TreeFeatures {
 public:
  TreeFeatures(const FeatureMap& map, const DecisionLog& log)
      : features_(map, log), log_(log), map_(map), width_(map.context_width + map.action_width) {
    for (const auto* columns : {&map.context, &map.action}) {
      for (const auto& column : *columns)
        is_number_.insert(is_number_.end(), column.width(), !column.is_category);
    }
    is_number_.resize(width_);  // ids are indicators
  }

  SparseRows none() const {
    SparseRows out;
    out.columns = width_;
    return out;
  }
  void add(std::size_t decision, std::size_t row, SparseRows& to) {
    // The action's products come last and are left to the trees.
    dense_.resize(map_.context_width + map_.extended_width);
    const std::span<float> all(dense_);
    features_.context(decision, all.first(map_.context_width));
    features_.action(row, all.subspan(map_.context_width));
    for (std::size_t k = 0; k < width_; ++k) {
      if (!is_number_[k] && all[k] == 0) continue;
      if (!std::isfinite(all[k]))
        refuse(log_.source, fmt::format("boosted outcome models: decision {}", decision),
               fmt::format("{} in feature {}", all[k], k), "a finite number");
      to.column.push_back(static_cast<std::uint32_t>(k));
      to.value.push_back(all[k]);
    }
    to.start.push_back(to.column.size());
  }

 private:
  BoundFeatures features_;
  const DecisionLog& log_;
  const FeatureMap& map_;
  std::size_t width_;
  std::vector<std::uint8_t> is_number_;
  std::vector<float> dense_;
};

// Mean and spread of some rows of a design; the spread is 0 where all values are the same.
struct Scale {
  double mean = 0, spread = 0;
};

Scale scale_of(std::span<const std::uint32_t> rows, std::span<const double> value,
               const TrainingDesign& design) {
  const auto weight = [&](std::uint32_t r) { return design.weight.empty() ? 1.0 : design.weight[r]; };
  double n = 0, sum = 0, squares = 0;
  bool moves = false;
  for (const std::uint32_t r : rows) {
    n += weight(r);
    sum += weight(r) * value[r];
    moves = moves || value[r] != value[rows.front()];
  }
  Scale out;
  if (rows.empty()) return out;
  out.mean = sum / n;
  if (!moves) return {value[rows.front()], 0};
  for (const std::uint32_t r : rows) squares += weight(r) * (value[r] - out.mean) * (value[r] - out.mean);
  out.spread = std::sqrt(squares / n);
  return out;
}

// The trees of one variant, and how their predictions become outcomes: where + by * prediction.
class Variant {
 public:
  Variant(const TrainingDesign& design, const SparseRows& x, const BoostedOutcome& outcome, std::size_t variant)
      : design_(design), x_(x), outcome_(outcome) {
    std::vector<std::uint32_t> all, fit, judge;
    std::size_t last = kVariants;
    for (const std::uint32_t r : outcome.rows) {
      const std::size_t fold = design.fold[r];
      if (fold == variant) continue;
      all.push_back(r);
      last = last == kVariants ? fold : std::max(last, fold);
    }
    for (const std::uint32_t r : all) (design.fold[r] == last ? judge : fit).push_back(r);
    const Scale whole = scale_of(all, outcome.value, design), part = scale_of(fit, outcome.value, design);
    if (!(part.spread > 0) || x.columns == 0) {
      where_ = whole.mean;
      return;
    }
    const std::size_t rounds =
        stats::choose_rounds(rows_of(fit, part), rows_of(judge, part), start(part), loss());
    if (!outcome.is_binary)
      where_ = whole.mean, by_ = whole.spread;
    else
      by_ = 1;
    trees_.emplace_back(rows_of(all, whole), start(whole), loss(), rounds);
  }

  void predict(const SparseRows& x, std::span<float> out) const {
    if (trees_.empty()) {
      std::fill(out.begin(), out.end(), static_cast<float>(where_));
      return;
    }
    trees_[0].predict(x, out);
    for (float& one : out) one = static_cast<float>(where_ + by_ * static_cast<double>(one));
  }

 private:
  BoostLoss loss() const { return outcome_.is_binary ? BoostLoss::kLogistic : BoostLoss::kSquared; }
  // Numbers are learnt in units of their spread around their mean, so that single precision does for any of
  // them.
  double start(const Scale& scale) const { return outcome_.is_binary ? scale.mean : 0; }
  BoostRows rows_of(const std::vector<std::uint32_t>& rows, const Scale& scale) const {
    BoostRows out;
    out.x.columns = x_.columns;
    for (const std::uint32_t r : rows) {
      const auto begin = static_cast<std::ptrdiff_t>(x_.start[r]),
                 end = static_cast<std::ptrdiff_t>(x_.start[r + 1]);
      out.x.column.insert(out.x.column.end(), x_.column.begin() + begin, x_.column.begin() + end);
      out.x.value.insert(out.x.value.end(), x_.value.begin() + begin, x_.value.begin() + end);
      out.x.start.push_back(out.x.column.size());
      const double y = outcome_.value[r];
      out.y.push_back(static_cast<float>(outcome_.is_binary ? y : (y - scale.mean) / scale.spread));
      out.weight.push_back(design_.weight.empty() ? 1 : static_cast<float>(design_.weight[r]));
    }
    return out;
  }

  const TrainingDesign& design_;
  const SparseRows& x_;
  const BoostedOutcome& outcome_;
  std::vector<BoostedTrees> trees_;  // one, or none where a mean does
  double where_ = 0, by_ = 0;
};

void score(const DecisionLog& log, const FeatureMap& map, const Variant& model, std::size_t variant,
           std::span<float> q) {
  TreeFeatures features(map, log);
  SparseRows x = features.none();
  std::vector<std::size_t> to;
  std::vector<float> predicted;
  const auto flush = [&] {
    predicted.resize(to.size());
    model.predict(x, predicted);
    for (std::size_t k = 0; k < to.size(); ++k) q[to[k]] = predicted[k];
    x = features.none();
    to.clear();
  };
  for (std::size_t i = 0; i < log.size(); ++i) {
    if (variant_of(log, i) != variant) continue;
    for (std::size_t row = log.offset[i]; row < log.offset[i + 1]; ++row) {
      features.add(i, row, x);
      to.push_back(row);
    }
    if (to.size() >= kRowsAtOnce) flush();
  }
  flush();
}

}  // namespace

void score_boosted(const DecisionLog& log, const TrainingDesign& design,
                   std::span<const BoostedOutcome> outcomes, int threads) {
  if (outcomes.empty()) return;
  TreeFeatures features(design.map, log);
  SparseRows x = features.none();
  for (const std::uint32_t i : design.decision) features.add(i, log.chosen_row(i), x);
  // The whole half's variants first: they take longest.
  parallel_blocks(kVariants * outcomes.size(), threads, [&](std::size_t task) {
    const std::size_t variant = kTrainingFolds - task / outcomes.size();
    const BoostedOutcome& outcome = outcomes[task % outcomes.size()];
    score(log, design.map, Variant(design, x, outcome, variant), variant, outcome.q);
  });
}

}  // namespace plumb
