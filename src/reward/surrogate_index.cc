// The surrogate index: least squares of the late outcome on early ones and the context, by variant, and what
// every unit bucket contributed to the error of its coefficients.
#include <fmt/format.h>

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>

#include "plumb/learnt.h"
#include "plumb/reward.h"

namespace plumb {
namespace {

constexpr std::size_t kVariants = kFolds;  // one a fold: the fit of its decisions, which has not seen them
constexpr std::size_t kBlock = 1024;
// What keeps collinear columns (all levels of a category) apart, relative to a row of standardized numbers; it
// shrinks what the data tells by about this much, no more.
constexpr double kTinyPenalty = 1e-7;

using RowMatrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using FloatRow = Eigen::Map<const Eigen::VectorXf>;

// Outcomes that are asked together (equal rates) are asked once.
std::vector<double> together_asked(const std::vector<const OutcomeColumn*>& columns) {
  std::vector<double> out;
  std::vector<const OutcomeColumn*> counted;
  for (const OutcomeColumn* column : columns) {
    if (column->asked.empty()) continue;
    if (std::any_of(counted.begin(), counted.end(), [&](const auto* c) { return c->asked == column->asked; }))
      continue;
    counted.push_back(column);
    if (out.empty()) out.assign(column->asked.size(), 1.0);
    for (std::size_t i = 0; i < out.size(); ++i) out[i] *= column->asked[i];
  }
  return out;
}

// Observed where all surrogates are; the values are filled in later.
OutcomeColumn column_of(const OutcomeSpec& spec, const std::vector<const OutcomeColumn*>& surrogates,
                        std::size_t n) {
  OutcomeColumn out;
  out.name = spec.name;
  out.kind = spec.kind;
  out.value.assign(n, 0.0);
  out.state.assign(n, State::kObserved);
  out.asked = together_asked(surrogates);
  for (const OutcomeColumn* s : surrogates) out.asked_known = out.asked_known && s->asked_known;
  for (std::size_t i = 0; i < n; ++i) {
    for (const OutcomeColumn* s : surrogates) {
      if (s->state[i] == State::kImmature) out.state[i] = State::kImmature;
      if (s->state[i] == State::kMissing && out.state[i] == State::kObserved) out.state[i] = State::kMissing;
    }
    out.observed_count += out.state[i] == State::kObserved;
    out.missing_count += out.state[i] == State::kMissing;
    out.immature_count += out.state[i] == State::kImmature;
  }
  return out;
}

// Rows of the design: (1, s) times (1, c), surrogates standardized by the training half.
std::vector<float> design_of(const DecisionLog& log, const OutcomeColumn& column,
                             const std::vector<const OutcomeColumn*>& surrogates, const FeatureMap& map,
                             int threads) {
  const std::size_t n = log.size(), s = surrogates.size(), context = map.context_width,
                    width = (1 + s) * (1 + context);
  std::vector<double> mean(s, 0.0), scale(s, 0.0);
  for (std::size_t k = 0; k < s; ++k) {
    double count = 0, sum = 0, squares = 0;
    for (std::size_t i = 0; i < n; ++i) {
      if (!log.in_training(i) || column.state[i] != State::kObserved) continue;
      count += 1;
      sum += surrogates[k]->value[i];
    }
    mean[k] = count > 0 ? sum / count : 0;
    for (std::size_t i = 0; i < n; ++i) {
      if (!log.in_training(i) || column.state[i] != State::kObserved) continue;
      const double d = surrogates[k]->value[i] - mean[k];
      squares += d * d;
    }
    scale[k] = squares > 0 ? std::sqrt(squares / count) : 1;
  }
  std::vector<float> out(n * width, 0.0f);
  const BoundFeatures features(map, log);
  parallel_blocks((n + kBlock - 1) / kBlock, threads, [&](std::size_t block) {
    for (std::size_t i = block * kBlock; i < std::min(n, (block + 1) * kBlock); ++i) {
      if (column.state[i] != State::kObserved) continue;
      float* row = out.data() + i * width;
      row[0] = 1;
      features.context(i, {row + 1, context});
      for (std::size_t k = 0; k < s; ++k) {
        const auto value = static_cast<float>((surrogates[k]->value[i] - mean[k]) / scale[k]);
        float* part = row + (1 + k) * (1 + context);
        for (std::size_t c = 0; c <= context; ++c) part[c] = value * row[c];
      }
    }
  });
  return out;
}

// What training reads may not have seen the certification half, so a training fold's fit is one of the other
// training folds; the certification half's are those of all other folds.
bool sees(std::size_t variant, const DecisionLog& log, std::size_t i) {
  return log.fold[i] != variant && (variant >= kTrainingFolds || log.in_training(i));
}

struct Mature {
  std::vector<std::uint32_t> rows;  // ascending
  std::vector<double> weight;       // by row of `rows`
};

struct Fit {
  Eigen::VectorXd coef;
  Matrix influence;  // kBuckets x width
};

Fit fit_variant(const DecisionLog& log, const std::vector<float>& design, std::size_t width,
                const OutcomeColumn& late, const Mature& mature, std::size_t variant) {
  const auto p = static_cast<Eigen::Index>(width);
  Eigen::MatrixXd xtx = Eigen::MatrixXd::Zero(p, p);
  Eigen::VectorXd xty = Eigen::VectorXd::Zero(p);
  double total = 0;
  // By blocks of rows: one rank update a block.
  RowMatrix block(static_cast<Eigen::Index>(kBlock), p);
  Eigen::VectorXd target(static_cast<Eigen::Index>(kBlock));
  Eigen::Index filled = 0;
  const auto flush = [&] {
    const auto rows = block.topRows(filled);
    xtx.selfadjointView<Eigen::Lower>().rankUpdate(rows.transpose());
    xty.noalias() += rows.transpose() * target.head(filled);
    filled = 0;
  };
  for (std::size_t r = 0; r < mature.rows.size(); ++r) {
    const std::size_t i = mature.rows[r];
    if (!sees(variant, log, i)) continue;
    const double root = std::sqrt(mature.weight[r]);
    block.row(filled) = root * FloatRow(design.data() + i * width, p).cast<double>().transpose();
    target[filled++] = root * late.value[i];
    total += mature.weight[r];
    if (filled == static_cast<Eigen::Index>(kBlock)) flush();
  }
  flush();
  xtx = Eigen::MatrixXd(xtx.selfadjointView<Eigen::Lower>());
  xtx.diagonal().array() += kTinyPenalty * total;
  const Eigen::LLT<Eigen::MatrixXd> factor(xtx);
  Fit out;
  out.coef = factor.solve(xty);
  out.influence = Matrix(kBuckets, width);
  Eigen::VectorXd psi(p), moved(p), sum = Eigen::VectorXd::Zero(p);
  for (std::size_t r = 0; r < mature.rows.size(); ++r) {
    const std::size_t i = mature.rows[r];
    if (!sees(variant, log, i)) continue;
    psi = FloatRow(design.data() + i * width, p).cast<double>();
    moved = factor.solve(psi);
    const double leverage = std::min(0.99, mature.weight[r] * psi.dot(moved));
    const double left = mature.weight[r] * (late.value[i] - psi.dot(out.coef)) / std::sqrt(1 - leverage);
    const std::span<double> to = out.influence.row(bucket_of(log.unit[i]));
    for (std::size_t k = 0; k < width; ++k) {
      const double part = left * moved[static_cast<Eigen::Index>(k)];
      to[k] += part;
      sum[static_cast<Eigen::Index>(k)] += part;
    }
  }
  // It is an error around the estimate: it must move no value.
  for (std::size_t b = 0; b < kBuckets; ++b) {
    for (std::size_t k = 0; k < width; ++k)
      out.influence(b, k) -= sum[static_cast<Eigen::Index>(k)] / static_cast<double>(kBuckets);
  }
  return out;
}

// training: decisions of the training half, on which policies are pushed towards the index.
void describe(LearntOutcome& out, const OutcomeSpec& spec, std::size_t training, std::size_t width) {
  out.sentence = fmt::format(
      "{} is what {} foretell of {}: learnt from {} decisions in which all of them were seen, each told by a "
      "fit "
      "without its own fold",
      spec.name, fmt::join(spec.surrogates, ", "), spec.of, out.rows);
  const Reliability& q = out.reliability;
  if (q.known) {
    out.sentence += fmt::format("; on decisions that it did not see it explains {:.1f} % of the variance",
                                100 * q.r_squared.value);
    if (q.has_slope)
      out.sentence += fmt::format(", and 1 more foretold came out as {:.2f} more (between {:.2f} and {:.2f})",
                                  q.slope.value, q.slope.interval.lower, q.slope.interval.upper);
  }
  out.sentence += ".";
  if (training < kIndexRowsAColumn * width) {
    out.caps.push_back(fmt::format(
        "{} was learnt from {} decisions of the training half in which {} is seen, {} are needed for "
        "its {} coefficients",
        spec.name, training, spec.of, kIndexRowsAColumn * width, width));
  }
  out.assumptions.push_back(
      {"comparability of " + spec.name, "declared",
       fmt::format("Decisions whose {} is seen foretell it as those would whose {} is too young or missing.",
                   spec.of, spec.of)});
  out.assumptions.push_back(
      {"form of " + spec.name, "declared",
       fmt::format("What {} foretells is linear in {}, with slopes that are linear in the "
                   "context.",
                   spec.name, fmt::join(spec.surrogates, ", "))});
}

}  // namespace

LearntOutcome learn_surrogate_index(const DecisionLog& log, const OutcomeSpec& spec, const FeatureMap& map,
                                    int threads) {
  const std::size_t n = log.size();
  std::vector<const OutcomeColumn*> surrogates;
  for (const std::string& name : spec.surrogates) surrogates.push_back(&log.outcome(name));
  const OutcomeColumn& late = log.outcome(spec.of);
  LearntOutcome out;
  out.name = spec.name;
  out.model = spec.model;
  out.of = spec.of;
  out.width = (1 + surrogates.size()) * (1 + map.context_width);
  out.column = column_of(spec, surrogates, n);
  if (!out.column.asked_known || !late.asked_known) {
    out.caps.push_back(
        fmt::format("{}, or what it is learnt from, is missing for some decisions and nobody said with "
                    "what probability it was asked",
                    spec.name));
  }
  std::vector<const OutcomeColumn*> needed = surrogates;
  needed.push_back(&late);
  const std::vector<double> asked = together_asked(needed);
  Mature mature;
  std::vector<std::size_t> in_fold(kTrainingFolds, 0);
  std::size_t training = 0;
  for (std::size_t i = 0; i < n; ++i) {
    if (out.column.state[i] != State::kObserved || late.state[i] != State::kObserved) continue;
    mature.rows.push_back(static_cast<std::uint32_t>(i));
    mature.weight.push_back(asked.empty() ? 1 : 1 / asked[i]);
    if (!log.in_training(i)) continue;
    ++in_fold[log.fold[i]];
    ++training;
  }
  out.rows = mature.rows.size();
  const std::size_t fewest = training - *std::max_element(in_fold.begin(), in_fold.end());
  if (fewest < kLeastIndexRows) {
    refuse(
        log.source, "outcome." + spec.name,
        fmt::format("{} decisions of the training half (without its largest fold) in which {} and {} are seen",
                    fewest, fmt::join(spec.surrogates, ", "), spec.of),
        fmt::format("{} or more to learn from", kLeastIndexRows));
  }
  out.slope = design_of(log, out.column, surrogates, map, threads);
  std::vector<Fit> fits(kVariants);
  parallel_blocks(kVariants, threads,
                  [&](std::size_t v) { fits[v] = fit_variant(log, out.slope, out.width, late, mature, v); });
  for (std::size_t i = 0; i < n; ++i) {
    const std::size_t v = log.fold[i];
    out.group.push_back(static_cast<std::uint32_t>(v));
    if (out.column.state[i] != State::kObserved) continue;
    double h = 0;
    for (std::size_t k = 0; k < out.width; ++k)
      h += fits[v].coef[static_cast<Eigen::Index>(k)] * static_cast<double>(out.slope[i * out.width + k]);
    out.column.value[i] = h;
    out.column.nonzero_count += h != 0;
  }
  for (Fit& fit : fits) out.influence.push_back(std::move(fit.influence));
  std::vector<double> predicted, came;
  std::vector<std::uint32_t> bucket;
  std::vector<double> weight;
  for (std::size_t r = 0; r < mature.rows.size(); ++r) {
    const std::uint32_t i = mature.rows[r];
    if (!log.in_training(i)) continue;
    weight.push_back(mature.weight[r]);
    predicted.push_back(out.column.value[i]);
    came.push_back(late.value[i]);
    bucket.push_back(static_cast<std::uint32_t>(bucket_of(log.unit[i])));
  }
  out.reliability = reliability(predicted, came, weight, bucket, false, 0.95);
  describe(out, spec, training, out.width);
  return out;
}

}  // namespace plumb
