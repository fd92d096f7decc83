// Single pieces against closed forms, and the same bytes for any number of threads.
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "loop/stages.h"
#include "monitor/density_ratio.h"
#include "monitor/joined_log.h"
#include "tests/monitor/two_worlds.h"
#include "worlds/worlds.h"

namespace plumb {
namespace {

TEST(Shifts, AShareMovesByItsDifferenceInStandardDeviations) {
  MadeWorld one, two;
  two.seed = 2;
  two.group = 0.3;
  two.n = 2000;
  const DecisionLog first = one.log(), later = two.log();
  const auto share = [](const DecisionLog& log) {
    double sum = 0;
    for (const std::uint32_t code : log.segments[0].code) sum += code;
    return sum / static_cast<double>(log.size());
  };
  const Monitoring m = monitored(first, later, made_certificate_goal());
  const double p = share(first), q = share(later), middle = (p + q) / 2;
  const double unit = std::sqrt(middle * (1 - middle));
  bool seen = false;
  for (const Shift& s : m.contexts.shifts) {
    if (s.what != "group = g1") continue;
    seen = true;
    EXPECT_NEAR(s.then, p, 1e-9);
    EXPECT_NEAR(s.now, q, 1e-9);
    EXPECT_NEAR(s.moved.value, (q - p) / unit, 1e-6);
    const double error = std::sqrt(p * (1 - p) / 3000 + q * (1 - q) / 2000) / unit;
    EXPECT_NEAR(s.moved.standard_error, error, 0.1 * error);  // of 4,096 buckets, not of decisions
    EXPECT_NEAR(s.moved.interval.upper - s.moved.value, m.contexts.critical * s.moved.standard_error, 1e-12);
  }
  EXPECT_TRUE(seen);
  // x0, x1, two levels of the group, and all together; the two levels are one question.
  EXPECT_EQ(m.contexts.size, 5u);
}

TEST(Shifts, TheDensityRatioIsThatOfTheShares) {
  MadeWorld one, two;
  one.n = two.n = 8000;
  two.seed = 2;
  two.group = 0.6;  // .2 before: ratio 3 in g1, .5 in g0
  const DecisionLog first = one.log(), later = two.log();
  const DecisionLog both = joined_log(first, later);
  const OutcomeModels models = fit_outcome_models(both, {"value"}, 1);
  std::vector<std::uint8_t> fold = first.fold;
  fold.insert(fold.end(), later.fold.begin(), later.fold.end());
  std::vector<std::uint32_t> bucket;
  for (const std::uint64_t unit : both.unit) bucket.push_back(static_cast<std::uint32_t>(bucket_of(unit)));
  const DensityRatio r = density_ratio(both, first.size(), models.map, fold, bucket, 1);
  double sum[2] = {0, 0}, n[2] = {0, 0};
  for (std::size_t i = 0; i < first.size(); ++i) {
    sum[first.segments[0].code[i]] += r.ratio[i];
    n[first.segments[0].code[i]] += 1;
  }
  // Shares are learnt from 4,000 rows a log: a ratio of 3 has a relative error of about 1/sqrt(800).
  EXPECT_NEAR(sum[1] / n[1], 3, 3 * 4 / std::sqrt(800.0));
  EXPECT_NEAR(sum[0] / n[0], 0.5, 0.5 * 4 / std::sqrt(800.0));

  // The share of g1 among the first log's decisions, carried over, moves by m (1 - m) with the log of the two
  // groups' odds, whose variance is the sum of one over each of the four counts that it was learnt from.
  const double carried = sum[1] + sum[0], m = sum[1] / carried;
  const DensityRatio::Carried share{[](std::size_t) { return true; },
                                    [&](std::size_t i) { return first.segments[0].code[i] == 1 ? 1.0 : 0.0; },
                                    m};
  const std::vector<double> error = r.error_of({&share, 1}, 1)[0];
  EXPECT_EQ(error, r.error_of({&share, 1}, 3)[0]);
  double total = 0, variance = 0, learnt[2][2] = {{0, 0}, {0, 0}};
  for (const double e : error) {
    total += e / carried;
    variance += e * e / (carried * carried);
  }
  for (std::size_t i = 0; i < both.size(); ++i) {
    if (fold[i] < kTrainingFolds)
      learnt[i < first.size()]
            [i < first.size() ? first.segments[0].code[i] : later.segments[0].code[i - first.size()]] += 1;
  }
  double expected = 0;
  for (const auto& log : learnt) {
    for (const double count : log) expected += 1 / count;
  }
  expected *= m * m * (1 - m) * (1 - m);
  EXPECT_NEAR(total, 0, 1e-12);
  EXPECT_NEAR(variance, expected, 0.1 * expected);
}

// Whole steps of Newton's method are not at the minimum here after as many as usually do.
TEST(Shifts, OneFarValueInAShortLaterLogDoesNotUpsetTheDensityRatio) {
  MadeWorld one, two;
  one.n = 10000;
  two.n = 120;
  two.seed = 2;
  const DecisionLog first = one.log();
  DecisionLog later = two.log();
  later.context[0].number[0] = 1e5f;
  const DecisionLog both = joined_log(first, later);
  const OutcomeModels models = fit_outcome_models(both, {"value"}, 1);
  std::vector<std::uint8_t> fold = first.fold;
  fold.insert(fold.end(), later.fold.begin(), later.fold.end());
  fold[first.size()] = 0;  // learnt from
  std::vector<std::uint32_t> bucket;
  for (const std::uint64_t unit : both.unit) bucket.push_back(static_cast<std::uint32_t>(bucket_of(unit)));
  const DensityRatio r = density_ratio(both, first.size(), models.map, fold, bucket, 1);
  // At the minimum the constant's score is 0: what is learnt from stands for as many later rows as there are.
  double expected = 0, laters = 0, firsts = 0;
  for (std::size_t i = 0; i < both.size(); ++i) {
    if (fold[i] < kTrainingFolds) (i < first.size() ? firsts : laters) += 1;
  }
  for (std::size_t i = 0; i < both.size(); ++i) {
    const double odds = r.ratio[i] * laters / firsts;
    if (fold[i] < kTrainingFolds) expected += std::isinf(odds) ? 1 : odds / (1 + odds);
  }
  EXPECT_NEAR(expected, laters, 1e-3 * laters);
}

TEST(Shifts, AJoinedLogHoldsBothAndLearnsFromTheFirst) {
  MadeWorld one, two;
  one.n = two.n = 500;
  two.seed = 2;
  const DecisionLog first = one.log();
  DecisionLog later = two.log();
  std::swap(later.actions[0], later.actions[1]);  // other codes for the same names
  for (std::uint32_t& a : later.action) a = 1 - a;
  later.actions.push_back("c");  // offered nowhere
  const DecisionLog both = joined_log(first, later);
  ASSERT_EQ(both.size(), 1000u);
  EXPECT_EQ(both.actions, (std::vector<std::string>{"a", "b", "c"}));
  for (std::size_t i = 0; i < 500; ++i) {
    EXPECT_EQ(both.fold[i], first.fold[i]);
    EXPECT_FALSE(both.in_training(500 + i));
    EXPECT_EQ(both.actions[both.chosen_action(500 + i)], later.actions[later.chosen_action(i)]);
    EXPECT_EQ(both.outcomes[0].value[500 + i], later.outcomes[0].value[i]);
    EXPECT_EQ(both.logged[both.chosen_row(500 + i)], later.logged[later.chosen_row(i)]);
  }
  // The first log's models are what they are without the later one.
  const OutcomeModels alone = fit_outcome_models(first, {"value"}, 1);
  MadeWorld plain = two;
  const OutcomeModels joined = fit_outcome_models(joined_log(first, plain.log()), {"value"}, 1);
  for (std::size_t row = 0; row < first.action.size(); ++row) EXPECT_EQ(alone.q[0][row], joined.q[0][row]);
}

Goal newsfeed_goal() { return read_goal(std::string(PLUMB_SOURCE_DIR) + "/examples/newsfeed/goal.toml"); }

TEST(Shifts, GiveTheSameBytesForAnyNumberOfThreads) {
  const Goal goal = newsfeed_goal();
  NewsfeedOptions world;
  world.decisions = 6000;
  const DecisionLog first = newsfeed_log(world, goal);
  world.seed = 9;
  world.weeks_later = 12;
  world.rage = 0.2;
  const DecisionLog later = newsfeed_log(world, goal);
  LoadReport load;
  load.rows_read = load.decisions = later.size();
  const auto document = [&](int threads) {
    RunOptions options;
    options.threads = threads;
    return evidence_document(monitor_in_memory(goal, first, later, load, uniform_policy(), options)).dump();
  };
  const std::string one = document(1);
  EXPECT_EQ(one, document(4));
  EXPECT_NE(one.find("\"outrage\""), std::string::npos);
}

TEST(Shifts, ItemsThatAreOfferedMoveWithoutFixedActions) {
  const Goal goal = newsfeed_goal();
  NewsfeedOptions world;
  world.decisions = 6000;
  const DecisionLog first = newsfeed_log(world, goal);
  world.seed = 9;
  world.rage = 0.2;
  const DecisionLog later = newsfeed_log(world, goal);
  LoadReport load;
  load.rows_read = load.decisions = later.size();
  const Study study = monitor_in_memory(goal, first, later, load, uniform_policy(), RunOptions{});
  const Monitoring& m = study.monitor->found;
  std::vector<std::string> shown;
  for (const Shift& s : m.contexts.shifts) {
    if (s.shown) shown.push_back(s.group + " " + s.what);
  }
  EXPECT_EQ(shown, (std::vector<std::string>{"context all of them together", "offered outrage"}));
  EXPECT_FALSE(m.logging.another_policy);
}

}  // namespace
}  // namespace plumb
