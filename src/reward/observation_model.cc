#include "reward/observation_model.h"

#include <algorithm>
#include <cmath>

#include "plumb/features.h"
#include "plumb/regression.h"
#include "plumb/reward.h"
#include "reward/design.h"

namespace plumb {
namespace {

constexpr std::size_t kVariants = kTrainingFolds + 1;
constexpr std::size_t kBlock = 1024;

std::vector<FoldMask> variant_masks() {
  const FoldMask all = (1u << kTrainingFolds) - 1;
  std::vector<FoldMask> out;
  for (std::size_t v = 0; v < kTrainingFolds; ++v) out.push_back(all & ~(1u << v));
  out.push_back(all);
  return out;
}

// The fewest decisions that a variant may learn from.
std::size_t fewest(std::span<const std::uint32_t> rows, const TrainingDesign& design) {
  std::vector<std::size_t> in_fold(kTrainingFolds, 0);
  for (const std::uint32_t r : rows) ++in_fold[design.fold[r]];
  return rows.size() - *std::max_element(in_fold.begin(), in_fold.end());
}

}  // namespace

std::size_t count_missing(const OutcomeColumn& column) {
  return static_cast<std::size_t>(std::count(column.state.begin(), column.state.end(), State::kMissing));
}

ObservationModel fit_observation(const DecisionLog& log, const OutcomeColumn& column, int threads) {
  const TrainingDesign design = training_design(log, threads);
  std::vector<std::uint32_t> rows;
  std::vector<double> observed(design.decision.size(), 0.0);
  for (std::size_t r = 0; r < design.decision.size(); ++r) {
    const State state = column.state[design.decision[r]];
    if (state == State::kImmature) continue;
    rows.push_back(static_cast<std::uint32_t>(r));
    observed[r] = state == State::kObserved ? 1 : 0;
  }
  if (fewest(rows, design) < 2) {
    refuse(log.source, column.name, "fewer than two decisions of the training half that are old enough",
           "enough to learn how likely it is to be observed");
  }
  const std::vector<FoldMask> masks = variant_masks();
  std::vector<LinearFit> fits =
      stats::logistic(design.x, observed, rows, design.fold, masks, threads, design.weight);
  for (LinearFit& fit : fits) fit.coef = design.coefficients(std::move(fit.coef));

  ObservationModel out;
  out.asked.resize(log.size());
  const BoundFeatures features(design.map, log);
  parallel_blocks((log.size() + kBlock - 1) / kBlock, threads, [&](std::size_t block) {
    std::vector<float> phi(design.map.width());
    for (std::size_t i = block * kBlock; i < std::min(log.size(), (block + 1) * kBlock); ++i) {
      features.design(i, log.chosen_row(i), phi);
      const std::vector<double>& coef = fits[variant_of(log, i)].coef;
      double odds = 0;
      for (std::size_t k = 0; k < phi.size(); ++k) odds += coef[k] * static_cast<double>(phi[k]);
      out.asked[i] = sigmoid(std::max(odds, -700.0));
    }
  });
  out.test = test_observation(log, column, out.asked, /*stated=*/false, threads);
  return out;
}

}  // namespace plumb
