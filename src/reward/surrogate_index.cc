// The surrogate index: what early outcomes foretell of a late one, and what that misses where the late one is
// seen.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "plumb/learnt.h"
#include "reward/index_change.h"

namespace plumb {
namespace {

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

// The share of decisions with all surrogates whose late outcome is seen, each counted over the probability of
// being asked, and what every bucket contributed to the error of its logarithm.
void measure_share(LearntOutcome& out, const DecisionLog& log, const IndexRows& learnt) {
  std::vector<double> seen(kBuckets, 0.0), all(kBuckets, 0.0);
  double seen_total = 0, total = 0;
  for (std::size_t i = 0; i < log.size(); ++i) {
    if (out.column.state[i] != State::kObserved) continue;
    const double once = out.column.asked.empty() ? 1.0 : 1 / out.column.asked[i];
    all[bucket_of(log.unit[i])] += once;
    total += once;
  }
  for (std::size_t r = 0; r < learnt.row.size(); ++r) {
    seen[bucket_of(log.unit[learnt.row[r]])] += learnt.weight[r];
    seen_total += learnt.weight[r];
  }
  out.seen_share = seen_total / total;
  if (out.assumed) return;
  for (std::size_t b = 0; b < kBuckets; ++b)
    out.seen_influence.push_back(seen[b] / seen_total - all[b] / total);
  out.held.assign(log.size(), 0.0f);
  for (std::size_t r = 0; r < learnt.row.size(); ++r) {
    const std::uint32_t i = learnt.row[r];
    const double early = out.column.asked.empty() ? 1.0 : out.column.asked[i];
    out.held[i] = static_cast<float>(learnt.weight[r] * early / out.seen_share);
  }
}

std::string no_change_known(const DecisionLog& log, const OutcomeSpec& spec) {
  return log.time_us.empty() ? "decisions have no dates"
                             : fmt::format("{} is seen of one date only, or of too few decisions", spec.of);
}

// How the fits follow the date: certification folds by what all decisions say, training folds by what the
// training half does.
std::vector<IndexFit> follow_dates(LearntOutcome& out, const DecisionLog& log, const IndexDesign& design,
                                   const OutcomeColumn& late, const IndexFits& fits) {
  const std::vector<std::uint8_t> every(log.size(), 1);
  std::vector<std::uint8_t> training(log.size());
  for (std::size_t i = 0; i < training.size(); ++i) training[i] = log.in_training(i);
  const IndexEffects effects = index_effects(log, design, out.column, late, fits[0], out.held, every);
  out.change = index_change(effects, fits);
  const IndexChange in_training =
      index_change(index_effects(log, design, out.column, late, fits[0], out.held, training), fits);
  std::vector<IndexFit> carried;
  for (std::size_t f = 0; f < kFolds; ++f)
    carried.push_back(carried_fit(fits, f, f < kTrainingFolds ? in_training : out.change));
  if (effects.by_action && (out.change.carried < 1 || in_training.carried < 1) && !out.change.found)
    out.further = further_change(log, design, out.column, out.held, effects, fits[1], carried);
  if (!out.change.found && !in_training.found) return carried;
  out.common.assign(log.size(), 0.0f);
  for (std::size_t i = 0; i < log.size(); ++i) {
    const std::size_t f = log.fold[i];
    if (out.column.state[i] != State::kObserved || !(f < kTrainingFolds ? in_training : out.change).found)
      continue;
    double apart = 0;
    for (std::size_t k = 0; k < design.width(); ++k)
      apart +=
          (fits[1][f].coef[k] - fits[2][f].coef[k]) * static_cast<double>(design.x[i * design.width() + k]);
    out.common[i] = static_cast<float>(apart / 2);
  }
  return carried;
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
  out.assumed = spec.surrogacy_assumed;
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
  IndexRows learnt;
  std::vector<std::size_t> in_fold(kTrainingFolds, 0);
  std::size_t training = 0;
  for (std::size_t i = 0; i < n; ++i) {
    if (out.column.state[i] != State::kObserved || late.state[i] != State::kObserved) continue;
    learnt.row.push_back(static_cast<std::uint32_t>(i));
    learnt.weight.push_back(asked.empty() ? 1 : 1 / asked[i]);
    if (!log.in_training(i)) continue;
    ++in_fold[log.fold[i]];
    ++training;
  }
  out.rows = learnt.row.size();
  const std::size_t fewest = training - *std::max_element(in_fold.begin(), in_fold.end());
  if (fewest < kLeastIndexRows) {
    refuse(
        log.source, "outcome." + spec.name,
        fmt::format("{} decisions of the training half (without its largest fold) in which {} and {} are seen",
                    fewest, fmt::join(spec.surrogates, ", "), spec.of),
        fmt::format("{} or more to learn from", kLeastIndexRows));
  }
  measure_share(out, log, learnt);
  IndexDesign design = index_design(log, out.column, surrogates, map, learnt, fewest, threads);
  IndexFits fits;
  for (const IndexShape shape : kIndexShapes) {
    std::vector<IndexFit>& of_shape = fits[static_cast<std::size_t>(shape)];
    if (shape != IndexShape::kStable && design.dated == 0) continue;
    of_shape.resize(kFolds);
    parallel_blocks(kFolds, threads,
                    [&](std::size_t f) { of_shape[f] = fit_index(log, design, late, learnt, shape, f); });
  }
  if (design.dated == 0) {
    out.change.why_not = no_change_known(log, spec);
  } else {
    fits[0] = follow_dates(out, log, design, late, fits);
  }
  out.width = design.width();
  out.slope = std::move(design.x);
  out.missed.assign(n, 0.0);
  std::vector<double> foretold(n, 0.0);
  for (std::size_t i = 0; i < n; ++i) {
    const std::size_t f = log.fold[i];
    out.group.push_back(static_cast<std::uint32_t>(f));
    if (out.column.state[i] != State::kObserved) continue;
    for (std::size_t k = 0; k < out.width; ++k)
      foretold[i] += fits[0][f].coef[k] * static_cast<double>(out.slope[i * out.width + k]);
    if (!out.assumed && late.state[i] == State::kObserved)
      out.missed[i] = static_cast<double>(out.held[i]) * (late.value[i] - foretold[i]);
    out.column.value[i] = foretold[i] + out.missed[i];
    out.column.nonzero_count += out.column.value[i] != 0;
  }
  for (IndexFit& fit : fits[0]) out.influence.push_back(std::move(fit.influence));
  std::vector<double> predicted, came;
  std::vector<std::uint32_t> bucket;
  std::vector<double> weight;
  for (std::size_t r = 0; r < learnt.row.size(); ++r) {
    const std::uint32_t i = learnt.row[r];
    if (!log.in_training(i)) continue;
    weight.push_back(learnt.weight[r]);
    predicted.push_back(foretold[i]);
    came.push_back(late.value[i]);
    bucket.push_back(static_cast<std::uint32_t>(bucket_of(log.unit[i])));
  }
  out.reliability = reliability(predicted, came, weight, bucket, false, 0.95);
  describe(out, spec, training, design.stable);
  return out;
}

}  // namespace plumb
