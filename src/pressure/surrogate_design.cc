#include "pressure/surrogate_design.h"

#include <algorithm>
#include <cmath>

namespace plumb {
namespace {

// Proxies stand in the design this many times larger than everything else, so the ridge penalty, which shrinks
// columns alike, hardly touches them: an index that shrinks what a visit is worth would show a bias that the
// proxy has not.
constexpr float kProxyScale = 10;

}  // namespace

SurrogateDesign::SurrogateDesign(const DecisionLog& log, const Goal& goal,
                                 const std::vector<std::string>& proxies, const OutcomeModels& models,
                                 int threads)
    : log_(log), models_(models), threads_(threads) {
  const std::size_t n = log.size();
  for (const auto& name : proxies) proxies_.push_back(&log.outcome(name));
  use_.assign(n, 1);
  goal_.assign(n, 0.0);
  for (std::size_t i = 0; i < n; ++i) {
    for (const auto* column : proxies_) use_[i] &= column->state[i] == State::kObserved;
    for (const Term& term : goal.maximize) {
      const OutcomeColumn& column = log.outcome(term.outcome);
      use_[i] &= column.state[i] == State::kObserved;
      goal_[i] += term.weight * column.value[i];
    }
    if (log.in_training(i) && use_[i]) rows_.push_back(static_cast<std::uint32_t>(i));
  }
}

std::vector<float> SurrogateDesign::design(FoldMask seen, std::size_t width) const {
  const std::size_t n = log_.size(), context = models_.map.context_width, s = proxies_.size();
  std::vector<double> mean(s, 0.0), scale(s, 0.0);
  double count = 0;
  const auto weight = [&](std::size_t i) {
    return log_.weight.empty() ? 1.0 : static_cast<double>(log_.weight[i]);
  };
  for (const bool second : {false, true}) {
    for (const std::uint32_t i : rows_) {
      if (!((seen >> log_.fold[i]) & 1)) continue;
      count += second ? 0 : weight(i);
      for (std::size_t k = 0; k < s; ++k) {
        const double value = proxies_[k]->value[i];
        (second ? scale[k] : mean[k]) += weight(i) * (second ? (value - mean[k]) * (value - mean[k]) : value);
      }
    }
    for (double& m : second ? scale : mean) m /= std::max(1.0, count);
  }
  for (double& v : scale) v = v > 0 ? std::sqrt(v) : 1;

  // Constant, context, proxies, their crosses with the context: what a visit is worth differs by customer.
  std::vector<float> x(n * width);
  const BoundFeatures features(models_.map, log_);
  constexpr std::size_t kBlock = 2048;
  parallel_blocks((n + kBlock - 1) / kBlock, threads_, [&](std::size_t block) {
    for (std::size_t i = block * kBlock; i < std::min(n, (block + 1) * kBlock); ++i) {
      float* row = x.data() + i * width;
      row[0] = 1;
      features.context(i, {row + 1, context});
      for (std::size_t k = 0; k < s; ++k) {
        const auto value = static_cast<float>((proxies_[k]->value[i] - mean[k]) / scale[k]);
        row[1 + context + k] = kProxyScale * value;
        float* cross = row + 1 + context + s + k * context;
        for (std::size_t c = 0; c < context; ++c) cross[c] = value * row[1 + c];
      }
    }
  });
  return x;
}

std::vector<std::vector<double>> SurrogateDesign::fit(std::span<const double> target) const {
  const std::size_t n = log_.size(), context = models_.map.context_width, s = proxies_.size();
  const std::size_t width = 1 + context + s + s * context;
  const FoldMask all = (1u << kTrainingFolds) - 1;
  const std::vector<double> weight(log_.weight.begin(), log_.weight.end());
  std::vector<std::vector<double>> out;
  for (std::size_t v = 0; v <= static_cast<std::size_t>(kTrainingFolds); ++v) {
    // Scales too are those of the rows that the variant may see.
    const FoldMask seen = v < kTrainingFolds ? all & ~(1u << v) : all;
    const std::vector<float> x = design(seen, width);
    const FoldSums sums =
        fold_sums({x.data(), n, width}, target, rows_, log_.fold, kTrainingFolds, threads_, weight);
    const std::vector<double> coef = ridge(sums, seen).coef;
    std::vector<double> prediction(n);
    for (std::size_t i = 0; i < n; ++i) {
      double h = 0;
      for (std::size_t k = 0; k < width; ++k) h += coef[k] * x[i * width + k];
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
