// The surrogate index as an outcome: intervals hold at their level, and only with the index's own error in
// them.
#include <gtest/gtest.h>

#include <cmath>

#include "audit/index_surrogacy.h"
#include "plumb/evaluate.h"
#include "plumb/learnt.h"
#include "tests/reward/early_and_late.h"

namespace plumb {
namespace {

FeatureMap map_of(const DecisionLog& log) {
  std::vector<std::uint8_t> training(log.size());
  for (std::size_t i = 0; i < log.size(); ++i) training[i] = log.in_training(i);
  return make_feature_map(log, training);
}

struct Learnt {
  DecisionLog log;
  OutcomeModels models;
};

OutcomeSpec assumed_index() {
  OutcomeSpec spec = index_of_late();
  spec.surrogacy_assumed = true;
  return spec;
}

Learnt learn(const EarlyAndLate& world, int threads = 1, const OutcomeSpec& spec = index_of_late()) {
  Learnt out;
  out.log = early_and_late(world);
  auto index = std::make_shared<LearntOutcome>(learn_surrogate_index(out.log, spec, map_of(out.log), threads));
  out.log.outcomes.push_back(index->column);
  out.models = fit_outcome_models(out.log, {"index"}, threads);
  out.models.learnt.push_back(index);
  return out;
}

struct Gain {
  double value = 0, error = 0;
  bool covers(double truth) const { return std::abs(value - truth) <= normal_quantile(0.975) * error; }
};

// Of b over a on the certification half, or on all rows.
Gain gain_of(const Learnt& learnt, const OutcomeModels& models, bool all, int threads = 1,
             Estimator estimator = Estimator::kDr) {
  std::vector<std::uint8_t> mask(learnt.log.size());
  for (std::size_t i = 0; i < mask.size(); ++i) mask[i] = all || !learnt.log.in_training(i);
  Evaluation evaluation(learnt.log, models, threads, true);
  const std::size_t rows = evaluation.add_subset({"rows", mask});
  const std::size_t a = evaluation.add_policy(*constant_policy("a")),
                    b = evaluation.add_policy(*constant_policy("b"));
  const Contrast gain{
      "gain", {{evaluation.column(b, 0, rows, estimator), 1}, {evaluation.column(a, 0, rows, estimator), -1}}};
  const Estimates e = evaluation.estimate({&gain, 1});
  return {e.value[0], e.standard_error[0]};
}

// Goal files state minimum_effect and confidence; the rest is not asked here.
Goal goal_of(double minimum_effect) {
  return parse_goal(
      "[goal]\nmaximize = \"index\"\nminimum_effect = " + std::to_string(minimum_effect) +
      "\n[outcome.dwell]\nkind = \"number\"\n[outcome.click]\nkind = \"binary\"\n[outcome.late]\nkind = "
      "\"number\"\n[outcome.index]\nkind = \"number\"\nmodel = \"surrogate_index\"\nof = \"late\"\nfrom "
      "= [\"dwell\", \"click\"]\n");
}

// With surrogacy assumed the value is what is foretold: its parameters' error is most of the gain's.
TEST(SurrogateIndex, IntervalOfTheForetoldGainCoversAtItsLevelAndTheNaiveOneDoesNot) {
  constexpr int kWorlds = 300;
  int half = 0, all = 0, ips = 0, naive = 0;
  for (int k = 0; k < kWorlds; ++k) {
    EarlyAndLate world;
    world.seed = static_cast<std::uint64_t>(k) + 1;
    const Learnt learnt = learn(world, 1, assumed_index());
    OutcomeModels without = learnt.models;
    without.learnt.clear();
    half += gain_of(learnt, learnt.models, false).covers(kCarried);
    all += gain_of(learnt, learnt.models, true).covers(kCarried);
    ips += gain_of(learnt, learnt.models, false, 1, Estimator::kSnips).covers(kCarried);
    naive += gain_of(learnt, without, false).covers(kCarried);
  }
  // 95 % within three binomial errors.
  const double room = 3 * std::sqrt(0.95 * 0.05 / kWorlds);
  for (const int covered : {half, all, ips}) EXPECT_NEAR(static_cast<double>(covered) / kWorlds, 0.95, room);
  EXPECT_LT(static_cast<double>(naive) / kWorlds, 0.75);
  RecordProperty("half", half);
  std::printf("covered of %d: half %d, all %d, snips %d, naive %d\n", kWorlds, half, all, ips, naive);
}

// What goes past the index is in the gain, and so is its error; where surrogacy is assumed it is in neither.
TEST(SurrogateIndex, TheGainHasWhatTheIndexMisses) {
  constexpr int kWorlds = 200;
  int half = 0, all = 0, snips = 0, assumed = 0;
  double error = 0;
  EarlyAndLate world;
  world.decisions = 4000;
  world.mature = 0.3;
  world.noise = 2;
  world.direct = -0.8;
  for (int k = 0; k < kWorlds; ++k) {
    world.seed = static_cast<std::uint64_t>(k) + 1;
    const Learnt learnt = learn(world), other = learn(world, 1, assumed_index());
    const double truth = kCarried + world.direct;
    half += gain_of(learnt, learnt.models, false).covers(truth);
    all += gain_of(learnt, learnt.models, true).covers(truth);
    snips += gain_of(learnt, learnt.models, true, 1, Estimator::kSnips).covers(truth);
    assumed += gain_of(other, other.models, true).covers(truth);
    error += gain_of(learnt, learnt.models, true).error / kWorlds;
  }
  const double room = 3 * std::sqrt(0.95 * 0.05 / kWorlds);
  for (const int covered : {half, all, snips}) EXPECT_NEAR(static_cast<double>(covered) / kWorlds, 0.95, room);
  EXPECT_LT(assumed, kWorlds / 20);
  // The closed form of what it should be: the index's variance over all, the rest's over those seen. Given
  // x = 0 the index varies by dwell and twice the click; the slope of dwell varies by .3 with x.
  const double explained = 1 + 0.09 + 4 * (0.2 * 0.8 + 0.3 * 0.7) / 2, n = static_cast<double>(world.decisions);
  // An effect that goes past the index is half in what is left of either arm.
  EXPECT_NEAR(error, 2 * std::sqrt(explained / n + world.noise * world.noise / (world.mature * n)),
              0.1 * error);
}

TEST(SurrogateIndex, IsObservedWhereTheLateOutcomeIsTooYoung) {
  const Learnt learnt = learn({});
  const OutcomeColumn& index = learnt.log.outcome("index");
  EXPECT_EQ(index.observed_count, learnt.log.size());
  EXPECT_GT(learnt.models.learnt[0]->rows, 100u);
  EXPECT_LT(learnt.models.learnt[0]->rows, learnt.log.size() / 2);
}

// The closed form: with one surrogate and no context the index is the least squares line of the folds that its
// fit saw: of a certification fold all others.
TEST(SurrogateIndex, IsTheLeastSquaresLineWhereThereIsNoContext) {
  DecisionLog log = early_and_late({});
  log.context.clear();
  OutcomeSpec spec = index_of_late();
  spec.surrogates = {"dwell"};
  const LearntOutcome index = learn_surrogate_index(log, spec, map_of(log), 1);
  for (std::uint8_t fold = 0; fold < kFolds; ++fold) {
    double n = 0, sx = 0, sy = 0, sxx = 0, sxy = 0;
    for (std::size_t i = 0; i < log.size(); ++i) {
      const bool seen = log.fold[i] != fold && (fold >= kTrainingFolds || log.in_training(i));
      if (!seen || log.outcome("late").state[i] != State::kObserved) continue;
      const double x = log.outcome("dwell").value[i], y = log.outcome("late").value[i];
      n += 1, sx += x, sy += y, sxx += x * x, sxy += x * y;
    }
    const double slope = (sxy - sx * sy / n) / (sxx - sx * sx / n), intercept = (sy - slope * sx) / n;
    for (std::size_t i = 0; i < log.size(); ++i) {
      if (log.fold[i] != fold) continue;
      EXPECT_NEAR(index.column.value[i] - index.missed[i], intercept + slope * log.outcome("dwell").value[i],
                  2e-5)
          << i;
    }
  }
}

// What policies are trained on has not seen the certification half; what certification's decisions are foretold
// has not seen their own fold, so no late outcome stands in what its own decision is foretold.
TEST(SurrogateIndex, OfTheTrainingHalfLearnsNothingFromTheOtherAndNoFoldFromItself) {
  DecisionLog log = early_and_late({});
  const auto told = [&] {
    LearntOutcome index = learn_surrogate_index(log, index_of_late(), map_of(log), 1);
    std::vector<double> out = index.column.value;
    for (std::size_t i = 0; i < out.size(); ++i) {
      // Of training decisions the whole value: their own late outcomes did not change.
      if (!log.in_training(i)) out[i] -= index.missed[i];
    }
    return out;
  };
  const std::vector<double> before = told();
  for (std::size_t i = 0; i < log.size(); ++i) {
    if (log.fold[i] == 5 && log.outcomes[2].state[i] == State::kObserved) log.outcomes[2].value[i] += 100;
  }
  const std::vector<double> after = told();
  bool moved = false;
  for (std::size_t i = 0; i < log.size(); ++i) {
    if (log.in_training(i)) {
      EXPECT_EQ(before[i], after[i]) << i;
    } else if (log.fold[i] == 5) {
      EXPECT_NEAR(before[i], after[i], 1e-9) << i;  // value less what is missed: rounded
    } else {
      moved |= before[i] != after[i];
    }
  }
  EXPECT_TRUE(moved);
}

TEST(SurrogateIndex, IsTheSameForAnyNumberOfThreads) {
  const Learnt one = learn({}, 1), seven = learn({}, 7);
  EXPECT_EQ(one.log.outcome("index").value, seven.log.outcome("index").value);
  EXPECT_EQ(gain_of(one, one.models, true, 1).error, gain_of(seven, seven.models, true, 7).error);
}

// Of a share s of seen decisions, s times held is 1 on average: everybody counts once.
TEST(SurrogateIndex, WhatIsMissedCountsForThoseOfWhomItCannotBeSeen) {
  const Learnt learnt = learn({});
  const LearntOutcome& index = *learnt.models.learnt[0];
  double held = 0, missed = 0, of_seen = 0;
  for (std::size_t i = 0; i < learnt.log.size(); ++i) {
    held += static_cast<double>(index.held[i]);
    missed += index.missed[i];
    const OutcomeColumn& late = learnt.log.outcome("late");
    if (late.state[i] != State::kObserved) {
      EXPECT_EQ(index.missed[i], 0);
      continue;
    }
    of_seen += late.value[i] - (index.column.value[i] - index.missed[i]);
  }
  const double n = static_cast<double>(learnt.log.size()), seen = static_cast<double>(index.rows);
  EXPECT_NEAR(held / n, 1, 1e-6);
  EXPECT_NEAR(missed / n, of_seen / seen, 1e-7);  // held is a float
  EXPECT_NEAR(index.seen_share, seen / n, 1e-12);
}

TEST(SurrogateIndex, IsRefutedWhereItMissesAnEffectAndNotWhereItCarriesIt) {
  EarlyAndLate world;
  world.decisions = 20000;
  world.mature = 0.5;
  world.noise = 2;
  const std::vector<float> base(2 * world.decisions, 0.5f);
  const Goal goal = goal_of(0.3);
  const Learnt carried = learn(world);
  const IndexSurrogacy good =
      index_surrogacy(carried.log, goal, carried.models, *carried.models.learnt[0], base, 1);
  EXPECT_EQ(good.verdict, Verdict::kPass) << good.tests[0].bias.value;
  EXPECT_EQ(good.tests[0].contrast, "b against a");
  EXPECT_NEAR(good.tests[0].direct.value, kCarried, 4 * good.tests[0].direct.standard_error);
  world.direct = -1;
  const Learnt missed = learn(world);
  const IndexSurrogacy bad =
      index_surrogacy(missed.log, goal, missed.models, *missed.models.learnt[0], base, 1);
  EXPECT_EQ(bad.verdict, Verdict::kRefuse);
  EXPECT_LT(bad.tests[0].bias.interval.upper, -0.3);
}

TEST(SurrogateIndex, TooFewRowsCapTheVerdictAndFarTooFewAreRefused) {
  EarlyAndLate world;
  world.decisions = 4000;
  world.mature = 0.05;  // about 100 of the training half, 6 columns
  EXPECT_THROW(learn(world), Error);
  world.decisions = 3500;
  world.mature = 0.1;
  DecisionLog log = early_and_late(world);
  for (int k = 0; k < 6; ++k) {
    FeatureColumn more = log.context[0];
    more.name += std::to_string(k);
    for (std::size_t i = 0; i < more.number.size(); ++i)
      more.number[i] = static_cast<float>((i * (7 + 2 * static_cast<std::size_t>(k))) % 13);
    log.context.push_back(more);
  }
  const LearntOutcome wide = learn_surrogate_index(log, index_of_late(), map_of(log), 1);
  ASSERT_EQ(wide.caps.size(), 1u);
  EXPECT_NE(wide.caps[0].find("are needed for its 24 coefficients"), std::string::npos) << wide.caps[0];
}

}  // namespace
}  // namespace plumb
