// The preference as an outcome: values of offered actions, and how a policy's value depends on the
// coefficients.
#include <algorithm>

#include "plumb/preferred.h"

namespace plumb {
namespace {

constexpr std::size_t kDecisionBlock = 2048;

std::vector<LinearScorer> scorers(const FeatureMap& map, const std::vector<std::vector<double>>& coefficients) {
  std::vector<LinearScorer> out;
  for (const auto& c : coefficients) out.emplace_back(map, c);
  return out;
}

}  // namespace

void add_preference(DecisionLog& log, OutcomeModels& models, const std::string& name,
                    std::shared_ptr<const PreferenceModel> model, std::span<const float> base, int threads) {
  PLUMB_ASSERT(!models.preference);
  OutcomeColumn column;
  column.name = name;
  column.kind = OutcomeKind::kPreference;
  column.value.resize(log.size());
  column.state.assign(log.size(), State::kObserved);
  column.observed_count = log.size();
  log.outcomes.push_back(std::move(column));
  models.outcome.push_back(name);
  models.method.push_back(Method::kBradleyTerry);
  Calibration calibration;
  calibration.slope = model->quality.slope;
  calibration.count = model->quality.comparisons;
  models.calibration.push_back(calibration);
  models.q.emplace_back();
  models.linear.emplace_back();
  models.direction.emplace_back();
  models.preference = std::move(model);
  restate_preference(log, models, models.preference, base, threads);
}

void restate_preference(DecisionLog& log, OutcomeModels& models, std::shared_ptr<const PreferenceModel> model,
                        std::span<const float> base, int threads) {
  PLUMB_ASSERT(base.size() == log.action.size() && models.preference);
  const std::size_t j = models.preference_index();
  const std::vector<LinearScorer> learnt = scorers(models.map, model->learnt),
                                  estimate = scorers(models.map, model->estimate);
  std::vector<float> direction(log.action.size()), q(log.action.size());
  const auto at = std::find_if(log.outcomes.begin(), log.outcomes.end(),
                               [&](const OutcomeColumn& c) { return c.name == models.outcome[j]; });
  OutcomeColumn& column = *at;
  const BoundFeatures features(models.map, log);
  parallel_blocks((log.size() + kDecisionBlock - 1) / kDecisionBlock, threads, [&](std::size_t block) {
    DecisionFeatures decision;
    const std::size_t end = std::min(log.size(), (block + 1) * kDecisionBlock);
    for (std::size_t i = block * kDecisionBlock; i < end; ++i) {
      decision.load(features, log, i);
      const std::size_t first = log.offset[i], k = log.offered(i), v = variant_of(log, i);
      for (const auto& [scorer, to] : {std::pair(&learnt[v], &direction), std::pair(&estimate[v], &q)}) {
        const std::span<float> out(to->data() + first, k);
        scorer->score(decision, out);
        // Only differences within a decision mean anything: what runs today is the zero.
        double mean = 0;
        for (std::size_t a = 0; a < k; ++a) {
          mean += static_cast<double>(base[first + a]) * static_cast<double>(out[a]);
        }
        for (float& score : out) score = static_cast<float>(static_cast<double>(score) - mean);
      }
      column.value[i] = static_cast<double>(q[log.chosen_row(i)]);
    }
  });
  column.nonzero_count = static_cast<std::uint64_t>(
      std::count_if(column.value.begin(), column.value.end(), [](double y) { return y != 0; }));
  models.q[j] = std::move(q);
  models.linear[j] = model->learnt;
  models.direction[j] = std::move(direction);
  models.preference = std::move(model);
}

std::vector<std::vector<double>> design_shift(const DecisionLog& log, const FeatureMap& map,
                                              std::span<const float> probabilities, std::span<const float> base,
                                              const std::vector<std::uint8_t>& mask, int threads) {
  const std::size_t variants = kTrainingFolds + 1, p = map.width(), cw = map.context_width,
                    aw = map.action_width, ew = map.extended_width,
                    blocks = (log.size() + kDecisionBlock - 1) / kDecisionBlock;
  std::vector<CrossSlot> slots(cw * aw);
  for (std::size_t j = 0; j < cw; ++j) {
    for (std::size_t k = 0; k < aw; ++k) slots[j * aw + k] = cross_slot(map, j, k);
  }
  const BoundFeatures features(map, log);
  std::vector<std::vector<std::vector<double>>> sums(blocks);
  parallel_blocks(blocks, threads, [&](std::size_t block) {
    auto& out = sums[block];
    // Extended columns, then crosses before hashing.
    out.assign(variants, std::vector<double>(ew + cw * aw, 0.0));
    DecisionFeatures decision;
    std::vector<double> shift(ew);
    const std::size_t end = std::min(log.size(), (block + 1) * kDecisionBlock);
    for (std::size_t i = block * kDecisionBlock; i < end; ++i) {
      if (!mask[i]) continue;
      decision.load(features, log, i);
      std::fill(shift.begin(), shift.end(), 0.0);
      const double r = log.weight.empty() ? 1.0 : static_cast<double>(log.weight[i]);
      for (std::size_t a = 0; a < decision.offered; ++a) {
        const std::size_t row = log.offset[i] + a;
        const double change = r * (static_cast<double>(probabilities[row]) - static_cast<double>(base[row]));
        if (change == 0) continue;
        const float* b = decision.b.data() + a * ew;
        for (std::size_t k = 0; k < ew; ++k) shift[k] += change * static_cast<double>(b[k]);
      }
      std::vector<double>& to = out[variant_of(log, i)];
      for (std::size_t k = 0; k < ew; ++k) to[k] += shift[k];
      for (std::size_t j = 0; j < cw; ++j) {
        const auto c = static_cast<double>(decision.c[j]);
        if (c == 0) continue;
        double* cross = to.data() + ew + j * aw;
        for (std::size_t k = 0; k < aw; ++k) cross[k] += c * shift[k];
      }
    }
  });
  std::vector<std::vector<double>> total(variants, std::vector<double>(p, 0.0));
  for (const auto& block : sums) {
    for (std::size_t v = 0; v < variants; ++v) {
      for (std::size_t k = 0; k < ew; ++k) total[v][1 + cw + k] += block[v][k];
      for (std::size_t s = 0; s < slots.size(); ++s) {
        total[v][slots[s].column] += static_cast<double>(slots[s].sign) * block[v][ew + s];
      }
    }
  }
  return total;
}

}  // namespace plumb
