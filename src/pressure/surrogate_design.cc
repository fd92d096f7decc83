#include "pressure/surrogate_design.h"

#include <algorithm>
#include <cmath>

#include "plumb/regression.h"

namespace plumb {

SurrogateDesign::SurrogateDesign(const DecisionLog& log, const Goal& goal,
                                 const std::vector<std::string>& proxies, const OutcomeModels& models,
                                 int threads)
    : log_(log), threads_(threads) {
  const std::size_t n = log.size(), context = models.map.context_width, s = proxies.size();
  std::vector<const OutcomeColumn*> columns;
  for (const auto& name : proxies) columns.push_back(&log.outcome(name));
  use_.assign(n, 1);
  goal_.assign(n, 0.0);
  for (std::size_t i = 0; i < n; ++i) {
    for (const auto* column : columns) use_[i] &= column->state[i] == State::kObserved;
    for (const Term& term : goal.maximize) {
      const OutcomeColumn& column = log.outcome(term.outcome);
      use_[i] &= column.state[i] == State::kObserved;
      goal_[i] += term.weight * column.value[i];
    }
  }
  // Proxies are standardized over the training half.
  std::vector<double> mean(s, 0.0), scale(s, 0.0);
  for (std::size_t i = 0; i < n; ++i) {
    if (!log.in_training(i) || !use_[i]) continue;
    rows_.push_back(static_cast<std::uint32_t>(i));
    for (std::size_t k = 0; k < s; ++k) mean[k] += columns[k]->value[i];
  }
  const auto count = static_cast<double>(std::max<std::size_t>(1, rows_.size()));
  for (double& m : mean) m /= count;
  for (const std::uint32_t i : rows_) {
    for (std::size_t k = 0; k < s; ++k)
      scale[k] += (columns[k]->value[i] - mean[k]) * (columns[k]->value[i] - mean[k]);
  }
  for (double& v : scale) v = v > 0 ? std::sqrt(v / count) : 1;

  // Constant, context, proxies, their crosses with the context: what a visit is worth differs by customer.
  width_ = 1 + context + s + s * context;
  x_.resize(n * width_);
  const BoundFeatures features(models.map, log);
  constexpr std::size_t kBlock = 2048;
  parallel_blocks((n + kBlock - 1) / kBlock, threads, [&](std::size_t block) {
    for (std::size_t i = block * kBlock; i < std::min(n, (block + 1) * kBlock); ++i) {
      float* row = x_.data() + i * width_;
      row[0] = 1;
      features.context(i, {row + 1, context});
      for (std::size_t k = 0; k < s; ++k) {
        const auto value = static_cast<float>((columns[k]->value[i] - mean[k]) / scale[k]);
        row[1 + context + k] = value;
        float* cross = row + 1 + context + s + k * context;
        for (std::size_t c = 0; c < context; ++c) cross[c] = value * row[1 + c];
      }
    }
  });
}

std::vector<std::vector<double>> SurrogateDesign::fit(std::span<const double> target) const {
  const std::size_t n = log_.size();
  const DesignView design(x_.data(), n, width_);
  const FoldSums sums = fold_sums(design, target, rows_, log_.fold, kTrainingFolds, threads_);
  const FoldMask all = (1u << kTrainingFolds) - 1;
  std::vector<std::vector<double>> out;
  for (std::size_t v = 0; v <= static_cast<std::size_t>(kTrainingFolds); ++v) {
    const std::vector<double> coef = ridge(sums, v < kTrainingFolds ? all & ~(1u << v) : all).coef;
    std::vector<double> prediction(n);
    for (std::size_t i = 0; i < n; ++i) {
      double h = 0;
      for (std::size_t k = 0; k < width_; ++k) h += coef[k] * x_[i * width_ + k];
      prediction[i] = h;
    }
    out.push_back(std::move(prediction));
  }
  return out;
}

std::vector<double> SurrogateDesign::unseen(const std::vector<std::vector<double>>& by_variant) const {
  std::vector<double> out(log_.size());
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = by_variant[variant_of(log_, i)][i];
  return out;
}

}  // namespace plumb
