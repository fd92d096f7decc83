// Probabilities of being observed: what they are learnt from, and what contradicts them.
#include "reward/observation_model.h"

#include <gtest/gtest.h>

#include <cmath>

#include "plumb/regression.h"
#include "plumb/reward.h"
#include "tests/policy/made_log.h"

namespace plumb {
namespace {

struct Made {
  DecisionLog log;
  std::vector<double> truth;
};

// y is noise; observed with the probability that `observed` gives (x, arm).
template <class Observed>
Made made(std::size_t n, std::uint64_t seed, const Observed& observed, std::size_t rows_a_unit = 1) {
  Rng rng = Rng(seed).stream("observation");
  std::vector<MadeDecision> decisions;
  Made out;
  for (std::size_t i = 0; i < n; ++i) {
    MadeDecision d;
    d.unit = i / rows_a_unit;
    d.mu = {.5, .5};
    d.chosen = rng.bernoulli(.5) ? 1 : 0;
    d.x = {rng.normal(), rng.normal()};
    d.value = {rng.normal()};
    out.truth.push_back(observed(d.x, d.chosen));
    d.state = {rng.bernoulli(out.truth.back()) ? State::kObserved : State::kMissing};
    d.group = static_cast<std::uint32_t>(rng.below(3));
    decisions.push_back(std::move(d));
  }
  out.log = made_log({"a", "b"}, {{"y", OutcomeKind::kNumber, 0}}, decisions);
  return out;
}

double logistic_world(const std::vector<double>& x, std::uint32_t arm) {
  return sigmoid(.4 + .8 * x[0] - .5 * x[1] * arm - .7 * arm);
}

TEST(ObservationModel, FindsLogisticProbabilities) {
  const Made world = made(12000, 1, logistic_world);
  const ObservationModel model = fit_observation(world.log, world.log.outcomes[0], 1);
  double squares = 0;
  for (std::size_t i = 0; i < world.truth.size(); ++i)
    squares += (model.asked[i] - world.truth[i]) * (model.asked[i] - world.truth[i]) / 12000.0;
  // Six coefficients of 4,500 rows or more: the mean squared error is about p/n of a variance of .2.
  EXPECT_LT(std::sqrt(squares), 2 * std::sqrt(6 * .2 / 4500));
  EXPECT_FALSE(model.test.failed) << model.test.sentence;
  EXPECT_GT(model.test.comparisons, 50u);
}

TEST(ObservationModel, NeverSeesTheRowsThatItScores) {
  Made world = made(2000, 2, logistic_world);
  const std::vector<double> before = fit_observation(world.log, world.log.outcomes[0], 1).asked;
  // Other states in training fold 0 and in the certification half.
  OutcomeColumn column = world.log.outcomes[0];
  const auto is_changed = [&](std::size_t i) { return world.log.fold[i] == 0 || !world.log.in_training(i); };
  for (std::size_t i = 0; i < world.log.size(); ++i) {
    if (is_changed(i)) column.state[i] = i % 5 == 0 ? State::kObserved : State::kMissing;
  }
  const std::vector<double> after = fit_observation(world.log, column, 2).asked;
  for (std::size_t i = 0; i < world.log.size(); ++i) {
    if (world.log.fold[i] == 0) {
      EXPECT_EQ(before[i], after[i]) << i;
    }
  }
  EXPECT_NE(before, after);  // fold 1 was learnt from fold 0
}

TEST(ObservationModel, CountsTheYoungNeitherWay) {
  Made world = made(3000, 3, [](const auto&, std::uint32_t) { return .5; });
  OutcomeColumn column = world.log.outcomes[0];
  for (std::size_t i = 0; i < world.log.size(); i += 3) column.state[i] = State::kImmature;
  const ObservationModel model = fit_observation(world.log, column, 1);
  double mean = 0;
  for (const double s : model.asked) mean += s / 3000;
  EXPECT_NEAR(mean, .5, .04);  // a third more would make it 1/3
}

// The full count is in bench/quality/missing.
TEST(ObservationTest, SeldomAlarmsWhereTheModelIsRight) {
  int alarms = 0;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    const Made world = made(1500, seed, logistic_world);
    alarms += fit_observation(world.log, world.log.outcomes[0], 1).test.failed;
  }
  EXPECT_LE(alarms, 4);  // of 60 at 1 %: exceeded with probability .0004
}

TEST(ObservationTest, FindsWhatTheModelCannotSay) {
  const auto square = [](const std::vector<double>& x, std::uint32_t) {
    return std::abs(x[0]) < .7 ? .85 : .35;
  };
  const auto product = [](const std::vector<double>& x, std::uint32_t) { return sigmoid(1.2 * x[0] * x[1]); };
  const Made first = made(6000, 5, square), second = made(6000, 6, product);
  const ObservationTest a = fit_observation(first.log, first.log.outcomes[0], 1).test,
                        b = fit_observation(second.log, second.log.outcomes[0], 1).test;
  EXPECT_TRUE(a.failed);
  EXPECT_NE(a.sentence.find("x0"), std::string::npos) << a.sentence;
  EXPECT_TRUE(b.failed);
  EXPECT_NE(b.sentence.find("x0"), std::string::npos) << b.sentence;
  EXPECT_NE(b.sentence.find("x1"), std::string::npos) << b.sentence;
}

TEST(ObservationTest, FindsAnActionWithoutAnyAnswer) {
  const Made world = made(2000, 7, [](const auto&, std::uint32_t arm) { return arm == 1 ? 0. : .9; });
  const ObservationTest test = fit_observation(world.log, world.log.outcomes[0], 1).test;
  EXPECT_TRUE(test.failed);
  EXPECT_NE(test.sentence.find("never observed"), std::string::npos) << test.sentence;
}

// Units that answer always or never: decisions of one unit say the same thing ten times.
TEST(ObservationTest, TakesUnitsForWhatTheyAre) {
  int alarms = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Made world = made(
        4000, seed, [](const auto&, std::uint32_t) { return .5; }, 10);
    OutcomeColumn& y = world.log.outcomes[0];
    for (std::size_t i = 0; i < y.state.size(); ++i) y.state[i] = y.state[i - i % 10];
    alarms += fit_observation(world.log, y, 1).test.failed;
  }
  EXPECT_LE(alarms, 2);  // of 20 at 1 %: exceeded with probability .001
}

TEST(ObservationTest, SaysNothingWhereTooFewAreMissing) {
  Made world = made(2000, 8, [](const auto&, std::uint32_t) { return 1.; });
  world.log.outcomes[0].state[7] = State::kMissing;
  const ObservationModel model = fit_observation(world.log, world.log.outcomes[0], 1);
  EXPECT_FALSE(model.test.failed);
  EXPECT_EQ(model.test.comparisons, 0u);
  for (const double s : model.asked) ASSERT_GT(s, .9);
}

// Right on average and by action, wrong by one column.
TEST(ObservationTest, FindsStatedProbabilitiesThatAreWrongByContext) {
  const Made world = made(3000, 9, [](const auto& x, std::uint32_t) { return x[1] > 0 ? .7 : .3; });
  const OutcomeColumn& y = world.log.outcomes[0];
  const ObservationTest wrong = test_observation(world.log, y, std::vector<double>(3000, .5), true, 1),
                        right = test_observation(world.log, y, world.truth, true, 2);
  EXPECT_TRUE(wrong.failed);
  EXPECT_NE(wrong.sentence.find("where x1"), std::string::npos) << wrong.sentence;
  EXPECT_NE(wrong.sentence.find("stated"), std::string::npos) << wrong.sentence;
  EXPECT_FALSE(right.failed) << right.sentence;
}

}  // namespace
}  // namespace plumb
