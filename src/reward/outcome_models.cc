// Cross-fitted outcome models. Sums of squares are kept by fold, so the five ridge fits of an outcome (four
// without a training fold, one on the whole half) cost one pass over the data.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/exp_of.h"
#include "data/factored_log.h"
#include "plumb/learnt.h"
#include "plumb/regression.h"
#include "plumb/reward.h"
#include "reward/boosted_outcomes.h"
#include "reward/design.h"
#include "stats/boosted_trees.h"

namespace plumb {
namespace {

constexpr std::size_t kVariants = kTrainingFolds + 1;
constexpr std::size_t kLeastPositive =
    50;  // fewer amounts than this: no model of how much, a ridge of the whole
constexpr std::size_t kLeastObserved = 30;  // by any variant: fewer give a constant
constexpr std::size_t kDecisionBlock = 1024;

FoldMask variant_mask(std::size_t variant) {
  const FoldMask all = (1u << kTrainingFolds) - 1;
  return variant < kTrainingFolds ? all & ~(1u << variant) : all;
}

// One outcome's predictors, by variant. What is empty is not part of the method.
struct Predictors {
  std::vector<std::vector<double>> logit, amount;
};

struct OutcomeRows {
  std::vector<std::uint32_t> rows;  // of the training design, where observed
  std::vector<double> value;        // by row of the training design
  std::size_t positive = 0;
};

OutcomeRows observed_rows(const OutcomeColumn& column, const TrainingDesign& design) {
  OutcomeRows out;
  out.value.assign(design.decision.size(), 0.0);
  for (std::size_t r = 0; r < design.decision.size(); ++r) {
    const std::size_t i = design.decision[r];
    if (column.state[i] != State::kObserved) continue;
    out.rows.push_back(static_cast<std::uint32_t>(r));
    out.value[r] = column.value[i];
    out.positive += column.value[i] != 0;
  }
  return out;
}

Method choose_method(const OutcomeColumn& column, const OutcomeRows& rows, std::size_t fewest_rows) {
  const std::size_t n = rows.rows.size();
  if (fewest_rows < kLeastObserved || rows.positive == 0) return Method::kConstant;
  if (column.kind == OutcomeKind::kBinary) return rows.positive == n ? Method::kConstant : Method::kLogistic;
  if (column.kind == OutcomeKind::kAmount && rows.positive * 2 < n && rows.positive >= kLeastPositive) {
    return Method::kTwoPart;
  }
  return Method::kRidge;
}

// Mean over the rows that a variant may see; of a whole training half without any, 0.
double mean_of(const OutcomeRows& rows, const TrainingDesign& design, std::size_t variant) {
  double sum = 0, count = 0;
  for (const std::uint32_t r : rows.rows) {
    if (!((variant_mask(variant) >> design.fold[r]) & 1)) continue;
    const double weight = design.weight.empty() ? 1.0 : design.weight[r];
    sum += weight * rows.value[r];
    count += weight;
  }
  return count > 0 ? sum / count : 0;
}

// The fewest observed rows that any variant may learn from.
std::size_t fewest(const OutcomeRows& rows, const TrainingDesign& design) {
  std::vector<std::size_t> in_fold(kTrainingFolds, 0);
  for (const std::uint32_t r : rows.rows) ++in_fold[design.fold[r]];
  return rows.rows.size() - *std::max_element(in_fold.begin(), in_fold.end());
}

FoldSums sums_of(const TrainingDesign& design, std::span<const double> y, std::span<const std::uint32_t> rows,
                 int threads) {
  return std::move(
      stats::fold_sums_many(design.x, {&y, 1}, rows, design.fold, kTrainingFolds, threads, design.weight)[0]);
}

std::vector<std::vector<double>> ridge_variants(const TrainingDesign& design, const FoldSums& sums,
                                                int threads) {
  std::vector<std::vector<double>> out(kVariants);
  parallel_blocks(kVariants, threads,
                  [&](std::size_t v) { out[v] = design.coefficients(ridge(sums, variant_mask(v)).coef); });
  return out;
}

Predictors fit_parts(Method method, const TrainingDesign& design, const OutcomeRows& rows, int threads) {
  Predictors out;
  if (method != Method::kLogistic && method != Method::kTwoPart) return out;
  std::vector<double> comes(rows.value.size());
  for (std::size_t r = 0; r < comes.size(); ++r) comes[r] = rows.value[r] != 0 ? 1 : 0;
  std::vector<FoldMask> masks;
  for (std::size_t v = 0; v < kVariants; ++v) masks.push_back(variant_mask(v));
  for (LinearFit& fit : stats::logistic(design.x, comes, rows.rows, design.fold, masks, threads, design.weight))
    out.logit.push_back(design.coefficients(std::move(fit.coef)));
  if (method != Method::kTwoPart) return out;
  std::vector<std::uint32_t> positive;
  for (const std::uint32_t r : rows.rows) {
    if (rows.value[r] != 0) positive.push_back(r);
  }
  out.amount = ridge_variants(design, sums_of(design, rows.value, positive, threads), threads);
  return out;
}

Calibration calibrate(const DecisionLog& log, const OutcomeColumn& column, const std::vector<float>& q) {
  double n = 0, sq = 0, sy = 0, sqq = 0, sqy = 0, syy = 0, error = 0;
  std::uint64_t count = 0;
  for (std::size_t i = 0; i < log.size(); ++i) {
    if (!log.in_training(i) || column.state[i] != State::kObserved) continue;
    const double p = q[log.chosen_row(i)], y = column.value[i];
    const double w = log.weight.empty() ? 1.0 : static_cast<double>(log.weight[i]);
    n += w, sq += w * p, sy += w * y, sqq += w * p * p, sqy += w * p * y, syy += w * y * y;
    error += w * (y - p) * (y - p);
    ++count;
  }
  Calibration out;
  out.count = count;
  const double spread = sqq - sq * sq / n, variance = syy - sy * sy / n;
  // Predictions that hardly move (relative to rounding) have no slope to speak of.
  out.slope = spread > 1e-12 * (sqq + 1e-300) ? (sqy - sq * sy / n) / spread : 0;
  out.intercept = (sy - out.slope * sq) / n;
  out.r_squared = variance > 0 ? 1 - error / variance : 0;
  return out;
}

std::vector<OutcomeSpan> spans_of(const OutcomeColumn& column, const OutcomeRows& rows,
                                  const TrainingDesign& design) {
  if (column.kind == OutcomeKind::kBinary) return std::vector<OutcomeSpan>(kVariants, {0, 1});
  std::vector<OutcomeSpan> fold(kTrainingFolds, {INFINITY, -INFINITY});  // nothing seen
  for (const std::uint32_t r : rows.rows) {
    OutcomeSpan& of = fold[design.fold[r]];
    of.lower = std::min(of.lower, rows.value[r]);
    of.upper = std::max(of.upper, rows.value[r]);
  }
  std::vector<OutcomeSpan> out;
  for (std::size_t v = 0; v < kVariants; ++v) {
    OutcomeSpan seen{INFINITY, -INFINITY};
    for (std::size_t f = 0; f < fold.size(); ++f) {
      if (!((variant_mask(v) >> f) & 1)) continue;
      seen.lower = std::min(seen.lower, fold[f].lower);
      seen.upper = std::max(seen.upper, fold[f].upper);
    }
    // A variant that saw none expects 0, as mean_of has it.
    out.push_back(seen.lower <= seen.upper ? seen : OutcomeSpan{0, 0});
  }
  return out;
}

void hold_to_spans(const DecisionLog& log, OutcomeModels& models, int threads) {
  parallel_blocks((log.size() + kDecisionBlock - 1) / kDecisionBlock, threads, [&](std::size_t block) {
    const std::size_t begin = block * kDecisionBlock, end = std::min(log.size(), begin + kDecisionBlock);
    for (std::size_t j = 0; j < models.outcome.size(); ++j) {
      float* q = models.q[j].data();
      for (std::size_t i = begin; i < end; ++i) {
        const OutcomeSpan& span = models.span[j][variant_of(log, i)];
        const auto lower = static_cast<float>(span.lower), upper = static_cast<float>(span.upper);
        for (std::size_t row = log.offset[i]; row < log.offset[i + 1]; ++row)
          q[row] = std::min(std::max(q[row], lower), upper);
      }
    }
  });
}

// Scores of every offered action, by the variant that did not see the row.
void score_offered(const DecisionLog& log, OutcomeModels& out, const std::vector<Predictors>& parts,
                   int threads) {
  const std::size_t count = out.outcome.size(), total_rows = log.action.size();
  out.q.assign(count, std::vector<float>(total_rows));
  out.direction.assign(count, std::vector<float>(total_rows));
  std::vector<std::vector<float>> amount(count);
  struct Score {
    std::span<const std::vector<double>> coefficients;
    std::vector<float>* to;
  };
  std::vector<Score> scores;
  for (std::size_t j = 0; j < count; ++j) {
    scores.push_back({out.linear[j], &out.direction[j]});
    if (!parts[j].logit.empty()) scores.push_back({parts[j].logit, &out.q[j]});
    if (parts[j].amount.empty()) continue;
    amount[j].resize(total_rows);
    scores.push_back({parts[j].amount, &amount[j]});
  }
  std::vector<std::span<const std::vector<double>>> coefficients;
  for (const Score& score : scores) coefficients.push_back(score.coefficients);
  const OfferedScores offered(out.map, log, coefficients);
  const std::size_t blocks = (log.size() + kDecisionBlock - 1) / kDecisionBlock;
  parallel_blocks(blocks, threads, [&](std::size_t block) {
    const std::size_t begin = block * kDecisionBlock, end = std::min(log.size(), begin + kDecisionBlock);
    const std::size_t first = log.offset[begin], rows = log.offset[end] - first;
    std::vector<std::size_t> variant;
    for (std::size_t i = begin; i < end; ++i) variant.push_back(variant_of(log, i));
    std::vector<std::span<float>> to;
    for (const Score& score : scores) to.emplace_back(score.to->data() + first, rows);
    offered.score(begin, end, variant, to);
    for (std::size_t j = 0; j < count; ++j) {
      float* q = out.q[j].data() + first;
      if (parts[j].logit.empty()) {
        std::copy_n(out.direction[j].data() + first, rows, q);
        continue;
      }
      for (std::size_t row = 0; row < rows; ++row) {
        const double x = q[row], e = exp_of(-std::min(std::abs(x), 700.0));
        q[row] = static_cast<float>((x >= 0 ? 1.0 : e) / (1 + e));
      }
      if (amount[j].empty()) continue;
      for (std::size_t row = 0; row < rows; ++row) q[row] *= amount[j][first + row];
    }
  });
}

}  // namespace

std::string_view name_of(Method method) {
  switch (method) {
    case Method::kRidge:
      return "ridge";
    case Method::kLogistic:
      return "logistic";
    case Method::kTwoPart:
      return "two-part";
    case Method::kConstant:
      return "constant";
    case Method::kBradleyTerry:
      return "Bradley-Terry";
    case Method::kBoosted:
      return "boosted trees";
  }
  return "";
}

std::size_t OutcomeModels::index(std::string_view name) const {
  for (std::size_t j = 0; j < outcome.size(); ++j) {
    if (outcome[j] == name) return j;
  }
  PLUMB_ASSERT(!"outcome was not modelled");
  return 0;
}

const LearntOutcome* OutcomeModels::learnt_named(std::string_view name) const {
  for (const auto& one : learnt) {
    if (one->name == name) return one.get();
  }
  return nullptr;
}

Reliability reliability_of(const DecisionLog& log, const OutcomeModels& models, std::size_t j, double level) {
  const OutcomeColumn& column = log.outcome(models.outcome[j]);
  std::vector<double> predicted, came, weight;
  std::vector<std::uint32_t> bucket;
  for (std::size_t i = 0; i < log.size(); ++i) {
    if (!log.in_training(i) || column.state[i] != State::kObserved) continue;
    predicted.push_back(static_cast<double>(models.q[j][log.chosen_row(i)]));
    came.push_back(column.value[i]);
    weight.push_back(column.asked.empty() ? 1 : 1 / column.asked[i]);
    bucket.push_back(static_cast<std::uint32_t>(bucket_of(log.unit[i])));
  }
  return reliability(predicted, came, weight, bucket, column.kind == OutcomeKind::kBinary, level);
}

OutcomeModels fit_outcome_models(const DecisionLog& log, const std::vector<std::string>& outcomes, int threads,
                                 Learner learner) {
  if (learner == Learner::kBoosted) stats::refuse_without_trees(log.source, "outcome models");
  OutcomeModels out;
  out.outcome = outcomes;
  const TrainingDesign design = training_design(log, threads);
  out.map = design.map;
  const std::size_t p = out.map.width(), count = outcomes.size();
  std::vector<OutcomeRows> rows;
  std::vector<Predictors> parts(count);
  for (const std::string& name : outcomes) {
    rows.push_back(observed_rows(log.outcome(name), design));
    if (rows.back().rows.empty()) {
      refuse(log.source, name, "no observed value in the training half", "at least one to learn from");
    }
    out.method.push_back(choose_method(log.outcome(name), rows.back(), fewest(rows.back(), design)));
    if (learner == Learner::kBoosted && out.method.back() != Method::kConstant)
      out.method.back() = Method::kBoosted;
  }

  // Outcomes that are observed everywhere share X'X.
  std::vector<FoldSums> sums(count);
  std::vector<std::span<const double>> complete;
  std::vector<std::size_t> complete_index;
  for (std::size_t j = 0; j < count; ++j) {
    if (rows[j].rows.size() == design.decision.size()) {
      complete.push_back(rows[j].value);
      complete_index.push_back(j);
    } else {
      sums[j] = sums_of(design, rows[j].value, rows[j].rows, threads);
    }
  }
  if (!complete.empty()) {
    auto shared = stats::fold_sums_many(design.x, complete, rows[complete_index[0]].rows, design.fold,
                                        kTrainingFolds, threads, design.weight);
    for (std::size_t k = 0; k < shared.size(); ++k) sums[complete_index[k]] = std::move(shared[k]);
  }
  for (std::size_t j = 0; j < count; ++j) {
    out.linear.emplace_back(kVariants, std::vector<double>(p, 0.0));
    if (out.method[j] != Method::kConstant) {
      out.linear[j] = ridge_variants(design, sums[j], threads);
    } else {
      for (std::size_t v = 0; v < kVariants; ++v) out.linear[j][v][0] = mean_of(rows[j], design, v);
    }
    parts[j] = fit_parts(out.method[j], design, rows[j], threads);
    out.span.push_back(spans_of(log.outcome(outcomes[j]), rows[j], design));
  }

  score_offered(log, out, parts, threads);
  std::vector<BoostedOutcome> boosted;
  for (std::size_t j = 0; j < count; ++j) {
    if (out.method[j] != Method::kBoosted) continue;
    const bool is_binary = log.outcome(outcomes[j]).kind == OutcomeKind::kBinary;
    boosted.push_back({rows[j].rows, rows[j].value, is_binary, out.q[j]});
  }
  score_boosted(log, design, boosted, threads);
  hold_to_spans(log, out, threads);
  for (std::size_t j = 0; j < count; ++j) {
    out.calibration.push_back(calibrate(log, log.outcome(outcomes[j]), out.q[j]));
  }
  return out;
}

Direction fit_direction(const DecisionLog& log, const FeatureMap& map,
                        std::span<const std::vector<double>> target, const std::vector<std::uint8_t>& use,
                        int threads) {
  PLUMB_ASSERT(target.size() == kVariants);
  const TrainingDesign design = training_design(log, map, threads);
  std::vector<std::uint32_t> rows;
  std::vector<std::vector<double>> value(kVariants, std::vector<double>(design.decision.size(), 0.0));
  for (std::size_t r = 0; r < design.decision.size(); ++r) {
    if (!use[design.decision[r]]) continue;
    rows.push_back(static_cast<std::uint32_t>(r));
    for (std::size_t v = 0; v < kVariants; ++v) value[v][r] = target[v][design.decision[r]];
  }
  const std::vector<std::span<const double>> ys(value.begin(), value.end());
  const std::vector<FoldSums> sums =
      stats::fold_sums_many(design.x, ys, rows, design.fold, kTrainingFolds, threads, design.weight);
  Direction out;
  for (std::size_t v = 0; v < kVariants; ++v)
    out.linear.push_back(design.coefficients(ridge(sums[v], variant_mask(v)).coef));
  out.score.resize(log.action.size());
  const OfferedScores offered(map, log, {out.linear});
  const std::size_t blocks = (log.size() + kDecisionBlock - 1) / kDecisionBlock;
  parallel_blocks(blocks, threads, [&](std::size_t block) {
    const std::size_t begin = block * kDecisionBlock, end = std::min(log.size(), begin + kDecisionBlock);
    std::vector<std::size_t> variant;
    for (std::size_t i = begin; i < end; ++i) variant.push_back(variant_of(log, i));
    const std::span<float> to(out.score.data() + log.offset[begin], log.offset[end] - log.offset[begin]);
    offered.score(begin, end, variant, {&to, 1});
  });
  return out;
}

}  // namespace plumb
