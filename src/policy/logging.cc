#include <algorithm>

#include "data/factored_log.h"
#include "plumb/policy.h"
#include "plumb/regression.h"
#include "policy/score_blocks.h"

namespace plumb {
namespace {

// The model of the logging policy is fitted on at most this many numbers of design, every k-th decision.
constexpr std::size_t kMostNumbers = std::size_t{16} << 20;

}  // namespace

LoggingPolicy::LoggingPolicy(const DecisionLog& log, int threads) : Policy("reference") {
  if (!log.logged.empty()) return;
  estimate_ = true;
  std::vector<std::uint8_t> use(log.size());
  std::size_t rows = 0;
  for (std::size_t i = 0; i < log.size(); ++i) {
    use[i] = log.in_training(i);
    if (use[i]) rows += log.offered(i);
  }
  map_ = make_feature_map(log, use);
  const std::size_t stride = std::max<std::size_t>(1, rows * map_.width() / kMostNumbers);
  std::vector<std::uint32_t> decisions;
  std::vector<std::uint8_t> fold;
  std::vector<double> weight;
  stats::Offers offers;
  offers.offset.push_back(0);
  std::size_t seen = 0;
  for (std::size_t i = 0; i < log.size(); ++i) {
    if (!use[i] || seen++ % stride != 0) continue;
    decisions.push_back(static_cast<std::uint32_t>(i));
    for (auto row = log.offset[i]; row < log.offset[i + 1]; ++row) offers.group.push_back(log.action[row]);
    offers.offset.push_back(offers.group.size());
    offers.chosen.push_back(log.chosen[i]);
    fold.push_back(log.fold[i]);
    if (!log.weight.empty()) weight.push_back(log.weight[i]);
  }
  constexpr FoldMask kAll = (1u << kTrainingFolds) - 1;
  if (can_be_factored(map_, log)) {
    coefficients_ = stats::softmax_regression(factored_log(map_, log, decisions, threads), offers, fold, kAll,
                                              threads, weight)
                        .coef;
    return;
  }
  const BoundFeatures features(map_, log);
  std::vector<float> x(offers.group.size() * map_.width());
  float* to = x.data();
  for (const std::uint32_t i : decisions) {
    for (auto row = log.offset[i]; row < log.offset[i + 1]; ++row, to += map_.width())
      features.design(i, row, {to, map_.width()});
  }
  const DesignView design(x.data(), offers.group.size(), map_.width());
  coefficients_ = softmax_regression(design, offers.offset, offers.chosen, fold, kAll, threads, weight).coef;
}

void LoggingPolicy::probabilities(const DecisionLog& log, std::size_t begin, std::size_t end,
                                  std::span<float> out) const {
  if (!estimate_) {
    if (log.logged.empty()) {
      refuse(log.source, "propensities", "none", "the logging policy's probability of every offered action");
    }
    std::copy(log.logged.begin() + static_cast<std::ptrdiff_t>(log.offset[begin]),
              log.logged.begin() + static_cast<std::ptrdiff_t>(log.offset[end]), out.begin());
    return;
  }
  softmax_block(log, begin, end, map_, coefficients_, {}, out);
}

}  // namespace plumb
