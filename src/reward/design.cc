#include "reward/design.h"

#include <fmt/format.h>

#include <algorithm>

#include "data/factored_log.h"
#include "stats/selection.h"

namespace plumb {
namespace {
constexpr std::uint32_t kOnlyRow[] = {0};
}  // namespace

void refuse_too_large(const std::string& source, std::size_t columns, std::size_t rows) {
  if (columns <= kMostColumnsFitted) return;
  if (rows <= kMostDecisionsOfWide && columns * rows <= kMostCellsOfWide) return;
  refuse(source, "data.context",
         fmt::format("{} columns of a model for {} decisions of the training half", columns, rows),
         fmt::format("at most {} columns (or {} decisions): name those that matter in data.context",
                     kMostColumnsFitted, kMostDecisionsOfWide));
}

TrainingDesign training_design(const DecisionLog& log, int threads) {
  std::vector<std::uint8_t> use(log.size());
  for (std::size_t i = 0; i < log.size(); ++i) use[i] = log.in_training(i);
  if (std::find(use.begin(), use.end(), 1) == use.end()) {
    refuse(log.source, "training half", "no decisions", "units in both halves of the split");
  }
  return training_design(log, make_feature_map(log, use), threads);
}

TrainingDesign training_design(const DecisionLog& log, const FeatureMap& map, int threads) {
  TrainingDesign out;
  out.map = map;
  for (std::size_t i = 0; i < log.size(); ++i) {
    if (!log.in_training(i)) continue;
    out.decision.push_back(static_cast<std::uint32_t>(i));
    out.fold.push_back(log.fold[i]);
    if (!log.weight.empty()) out.weight.push_back(log.weight[i]);
  }
  refuse_too_large(log.source, map.width(), out.decision.size());
  if (can_be_factored(map, log)) {
    out.x = factored_log(map, log, out.decision, threads);
  } else {
    const BoundFeatures features(out.map, log);
    out.x = stats::compressed(
        out.decision.size(), map.width(),
        [&](std::size_t r, std::span<float> phi) {
          const std::size_t i = out.decision[r];
          features.design(i, log.chosen_row(i), phi);
          stats::refuse_non_finite(DesignView(phi.data(), 1, phi.size()), kOnlyRow, "outcome models");
        },
        threads);
  }
  if (stats::is_wide(out.x)) {
    auto turned = std::make_shared<stats::RowSpace>(stats::row_space(out.x, threads));
    out.x = std::move(turned->design);
    out.turned = std::move(turned);
  }
  return out;
}

}  // namespace plumb
