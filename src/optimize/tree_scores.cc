#include "optimize/tree_scores.h"

#include <algorithm>
#include <cmath>

namespace plumb {
namespace {

constexpr std::size_t kBlock = 4096;

}  // namespace

std::vector<std::uint32_t> training_rows(const TrainingContext& context, std::span<const Terms> terms) {
  const DecisionLog& log = context.log;
  std::vector<const OutcomeColumn*> columns;
  for (const Terms& some : terms) {
    for (const auto& [outcome, weight] : some) columns.push_back(&log.outcome(context.models.outcome[outcome]));
  }
  std::vector<std::uint32_t> out;
  for (std::size_t i = 0; i < log.size(); ++i) {
    const bool mature = std::none_of(columns.begin(), columns.end(),
                                     [&](const OutcomeColumn* c) { return c->state[i] == State::kImmature; });
    if (log.in_training(i) && mature) out.push_back(static_cast<std::uint32_t>(i));
  }
  return out;
}

ActionScores action_scores(const TrainingContext& context, std::span<const std::uint32_t> rows,
                           const Terms& terms, const std::vector<std::vector<float>>& q) {
  const DecisionLog& log = context.log;
  const std::size_t k = log.actions.size();
  ActionScores out{Matrix(rows.size(), k), std::vector<double>(rows.size(), 0.0)};
  const bool is_logging = context.reference_policy.is_logging();
  // A row that stands for r decisions scores r times over the mean r of the rows, so plain means over rows are
  // means over decisions.
  double mean_weight = 0;
  for (const std::uint32_t i : rows)
    mean_weight += log.weight.empty() ? 1.0 : static_cast<double>(log.weight[i]);
  mean_weight /= static_cast<double>(rows.size());
  parallel_blocks((rows.size() + kBlock - 1) / kBlock, context.threads, [&](std::size_t block) {
    std::vector<float> p(k);
    for (std::size_t r = block * kBlock; r < std::min(rows.size(), (block + 1) * kBlock); ++r) {
      const std::size_t i = rows[r], first = log.offset[i], chosen = log.chosen[i];
      double reference_weight = 1;
      if (is_logging && context.logging.is_estimate()) {  // what it did is what it chose: see evaluate/pass.cc
        std::fill(p.begin(), p.end(), 0.0f);
        p[chosen] = 1;
      } else if (is_logging) {
        std::copy_n(context.base.begin() + static_cast<std::ptrdiff_t>(first), k, p.begin());
      } else {
        context.reference_policy.probabilities(log, i, i + 1, p);
        reference_weight = p[chosen] / log.propensity[i];
      }
      for (const auto& [outcome, weight] : terms) {
        const OutcomeColumn& column = log.outcome(context.models.outcome[outcome]);
        const float* predicted = &q[outcome][first];
        double surprise = 0;
        if (column.state[i] == State::kObserved)
          surprise = (column.value[i] - predicted[chosen]) / (column.asked.empty() ? 1.0 : column.asked[i]);
        for (std::size_t a = 0; a < k; ++a) {
          out.action(r, a) += weight * predicted[a];
          out.reference[r] += weight * p[a] * predicted[a];
        }
        out.action(r, chosen) += weight * surprise / log.propensity[i];
        out.reference[r] += weight * reference_weight * surprise;
      }
      if (log.weight.empty()) continue;
      const double counts = static_cast<double>(log.weight[i]) / mean_weight;
      for (std::size_t a = 0; a < k; ++a) out.action(r, a) *= counts;
      out.reference[r] *= counts;
    }
  });
  return out;
}

std::vector<std::vector<float>> linear_predictions(const TrainingContext& context, std::span<const Terms> terms,
                                                   std::size_t variant) {
  const DecisionLog& log = context.log;
  std::vector<std::vector<float>> out(context.models.outcome.size());
  const BoundFeatures features(context.models.map, log);
  for (const Terms& some : terms) {
    for (const auto& [outcome, weight] : some) {
      if (!out[outcome].empty()) continue;
      std::vector<float>& mine = out[outcome];
      mine.resize(log.action.size());
      const LinearScorer scorer(context.models.map, context.models.linear[outcome][variant]);
      parallel_blocks((log.size() + kBlock - 1) / kBlock, context.threads, [&](std::size_t block) {
        DecisionFeatures decision;
        for (std::size_t i = block * kBlock; i < std::min(log.size(), (block + 1) * kBlock); ++i) {
          if (!log.in_training(i)) continue;
          decision.load(features, log, i);
          scorer.score(decision, {&mine[log.offset[i]], log.offered(i)});
        }
      });
    }
  }
  return out;
}

MeanValue clustered_mean(const TrainingContext& context, std::span<const std::uint32_t> rows,
                         std::span<const double> value) {
  const double n = static_cast<double>(rows.size());
  MeanValue out;
  for (const double v : value) out.value += v / n;
  std::vector<double> sum(kBuckets, 0.0);
  std::vector<std::uint8_t> used(kBuckets, 0);
  for (std::size_t r = 0; r < rows.size(); ++r) {
    const std::size_t bucket = bucket_of(context.log.unit[rows[r]]);
    sum[bucket] += value[r] - out.value;
    used[bucket] = 1;
  }
  double squares = 0, buckets = 0;
  for (std::size_t b = 0; b < kBuckets; ++b) {
    squares += sum[b] * sum[b];
    buckets += used[b];
  }
  out.standard_error = buckets > 1 ? std::sqrt(squares * buckets / (buckets - 1)) / n : INFINITY;
  return out;
}

}  // namespace plumb
