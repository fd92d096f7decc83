#include "reward/design.h"

#include <algorithm>

namespace plumb {
namespace {
constexpr std::size_t kRowBlock = 1024;
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
  const std::size_t rows = out.decision.size(), width = map.width();
  out.x.resize(rows * width);
  const BoundFeatures features(out.map, log);
  parallel_blocks((rows + kRowBlock - 1) / kRowBlock, threads, [&](std::size_t block) {
    for (std::size_t r = block * kRowBlock; r < std::min(rows, (block + 1) * kRowBlock); ++r) {
      const std::size_t i = out.decision[r];
      features.design(i, log.chosen_row(i), {out.x.data() + r * width, width});
    }
  });
  return out;
}

}  // namespace plumb
