// A surrogate index whose worth changes with the date: what values and intervals have of it.
#include <gtest/gtest.h>

#include <cmath>

#include "plumb/evaluate.h"
#include "plumb/learnt.h"
#include "tests/reward/early_and_late.h"

namespace plumb {
namespace {

struct Dated {
  double mature = 0.5, noise = 1;
  double drift = 0;            // dwell is worth 1 + drift t, t from 0 to 1 over all dates
  double from = 2, after = 0;  // and `after` more from a date on
  std::uint64_t seed = 1;
};

struct Told {
  double gain = 0, error = 0, truth = 0;
  IndexChange change;
  bool has_further = false;
  bool covers() const { return std::abs(gain - truth) <= normal_quantile(0.975) * error; }
};

// dwell = .4 b + e, late = worth(t) dwell + noise; b half and half. The true gain is .4 of the mean worth.
Told told(const Dated& world, std::size_t decisions = 4000) {
  EarlyAndLate base;
  base.decisions = decisions;
  base.seed = world.seed;
  DecisionLog log = early_and_late(base);
  Rng rng = Rng(world.seed).stream("dated");
  OutcomeColumn &dwell = log.outcomes[0], &late = log.outcomes[2];
  Told out;
  for (std::size_t i = 0; i < decisions; ++i) {
    const double t = (static_cast<double>(i) + .5) / static_cast<double>(decisions),
                 worth = 1 + world.drift * t + (t > world.from ? world.after : 0);
    const double b = log.chosen[i];
    log.time_us.push_back(static_cast<std::int64_t>(t * 100 * 86400e6));
    dwell.value[i] = .4 * b + rng.normal();
    const bool seen = t <= world.mature;
    late.value[i] = seen ? worth * dwell.value[i] + world.noise * rng.normal() : 0;
    late.state[i] = seen ? State::kObserved : State::kImmature;
    out.truth += .4 * worth / static_cast<double>(decisions);
  }
  OutcomeSpec spec = index_of_late();
  spec.surrogates = {"dwell"};
  const std::vector<std::uint8_t> every(decisions, 1);
  std::vector<std::uint8_t> training(decisions);
  for (std::size_t i = 0; i < decisions; ++i) training[i] = log.in_training(i);
  auto index =
      std::make_shared<LearntOutcome>(learn_surrogate_index(log, spec, make_feature_map(log, training), 1));
  out.change = index->change;
  out.has_further = !index->further.empty();
  log.outcomes.push_back(index->column);
  OutcomeModels models = fit_outcome_models(log, {"index"}, 1);
  models.learnt.push_back(index);
  Evaluation evaluation(log, models, 1);
  const std::size_t rows = evaluation.add_subset({"rows", every});
  const std::size_t a = evaluation.add_policy(*constant_policy("a")),
                    b = evaluation.add_policy(*constant_policy("b"));
  const Contrast gain{"gain",
                      {{evaluation.column(b, 0, rows, Estimator::kDr), 1},
                       {evaluation.column(a, 0, rows, Estimator::kDr), -1}}};
  const Estimates e = evaluation.estimate({&gain, 1});
  out.gain = e.value[0];
  out.error = e.standard_error[0];
  return out;
}

// Hardly any noise: a straight line is followed to every date, and only dwell's own chance is left.
TEST(IndexChange, AStraightLineIsFollowedWhereItIsSeenOfHalfOfTheDates) {
  int covered = 0;
  constexpr int kWorlds = 100;
  double off = 0;
  for (int k = 0; k < kWorlds; ++k) {
    Dated world;
    world.drift = .4;
    world.seed = static_cast<std::uint64_t>(k) + 1;
    const Told out = told(world);
    covered += out.covers();
    off += (out.gain - out.truth) / kWorlds;
  }
  EXPECT_GE(covered, 88);  // of 100 at .95: fewer in one of 1,000
  // The index that changes nothing is off by .04: half of the drift between the middle of the seen dates and
  // that of the others, for half of the decisions.
  EXPECT_NEAR(off, 0, 0.018);
}

TEST(IndexChange, AWorthThatTurnedIsFoundAndOneThatDidNotIsNot) {
  int found = 0, covered = 0, alarms = 0;
  constexpr int kWorlds = 60;
  for (int k = 0; k < kWorlds; ++k) {
    Dated world;
    world.seed = static_cast<std::uint64_t>(k) + 1;
    alarms += told(world).change.found;
    world.from = .37;  // a quarter of the seen decisions follows
    world.after = -1.5;
    const Told out = told(world);
    found += out.change.found;
    covered += out.covers();
  }
  EXPECT_EQ(found, kWorlds);
  EXPECT_GE(covered, 50);
  EXPECT_LE(alarms, 2);
}

// Where a tenth of the dates is seen a straight line says little of the others: what it costs is kept within
// kChangeCost, and what it might still be is told beside the value.
TEST(IndexChange, CostsLittleAndTellsTheRest) {
  double wide = 0, narrow = 0;
  constexpr int kWorlds = 40;
  for (int k = 0; k < kWorlds; ++k) {
    Dated world;
    world.mature = .2;
    world.seed = static_cast<std::uint64_t>(k) + 1;
    const Told out = told(world, 6000);
    EXPECT_TRUE(out.change.known);
    if (out.change.found) continue;
    EXPECT_LT(out.change.carried, 1);
    EXPECT_TRUE(out.has_further);
    wide += out.error;
    narrow += 2 * std::sqrt(1.0 / 6000 + 1 / (.2 * 6000));
  }
  EXPECT_LT(wide, (1 + kChangeCost + .02) * narrow);
  EXPECT_GT(wide, .98 * narrow);
}

TEST(IndexChange, WithoutDatesNothingIsSaidOfThem) {
  DecisionLog log = early_and_late({});
  std::vector<std::uint8_t> training(log.size());
  for (std::size_t i = 0; i < log.size(); ++i) training[i] = log.in_training(i);
  const FeatureMap map = make_feature_map(log, training);
  LearntOutcome index = learn_surrogate_index(log, index_of_late(), map, 1);
  EXPECT_FALSE(index.change.known);
  EXPECT_EQ(index.change.why_not, "decisions have no dates");
  log.time_us.assign(log.size(), 0);
  index = learn_surrogate_index(log, index_of_late(), map, 1);
  EXPECT_FALSE(index.change.known);
}

}  // namespace
}  // namespace plumb
