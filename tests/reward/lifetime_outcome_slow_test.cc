// A greeting that makes customers buy more often: does the interval of its gain cover what it is truly worth?
#include <gtest/gtest.h>

#include <cmath>

#include "plumb/evaluate.h"
#include "plumb/learnt.h"
#include "tests/reward/newcomers.h"

namespace plumb {
namespace {

// Of worlds first + 1 to first + kWorlds.
void expect_covered(int first) {
  constexpr int kWorlds = 20;
  constexpr double kFaster = 1.4;
  int covered = 0, with_calendar = 0, naive = 0;
  double mean_error = 0, truth = 0;
  for (int k = 0; k < kWorlds; ++k) {
    Newcomers world = newcomers(2400, kFaster, static_cast<std::uint64_t>(first + k) + 1);
    auto clv = std::make_shared<LearntOutcome>(
        learn_lifetime_value(world.log, world.goal, world.goal.outcomes[0], world.transactions, 1, 1));
    auto still = std::make_shared<LearntOutcome>(*clv);
    still->common.clear();  // the world has no calendar
    world.log.outcomes.push_back(clv->column);
    OutcomeModels models = fit_outcome_models(world.log, {"clv"}, 1);
    std::vector<std::uint8_t> mask(world.log.size());
    double sum = 0, count = 0;
    for (std::size_t i = 0; i < mask.size(); ++i) {
      mask[i] = !world.log.in_training(i);
      sum += mask[i] ? world.expected_b[i] - world.expected[i] : 0;
      count += mask[i];
    }
    truth = sum / count;
    const auto covers = [&](std::shared_ptr<const LearntOutcome> learnt) {
      models.learnt.clear();
      if (learnt) models.learnt.push_back(std::move(learnt));
      Evaluation evaluation(world.log, models, 1);
      const std::size_t rows = evaluation.add_subset({"certification half", mask});
      const std::size_t a = evaluation.add_policy(*constant_policy("a")),
                        b = evaluation.add_policy(*constant_policy("b"));
      const Contrast gain{"gain", {{evaluation.column(b, 0, rows), 1}, {evaluation.column(a, 0, rows), -1}}};
      const Estimates e = evaluation.estimate({&gain, 1});
      if (!models.learnt.empty() && models.learnt[0] == still) mean_error += (e.value[0] - truth) / kWorlds;
      return std::abs(e.value[0] - truth) <= normal_quantile(0.975) * e.standard_error[0];
    };
    covered += covers(still);
    with_calendar += covers(clv);
    naive += covers(nullptr);
  }
  const double room = 3 * std::sqrt(0.95 * 0.05 / kWorlds);
  std::printf("covered of %d: %d, with calendar %d, naive %d; mean error %.3f of %.3f\n", kWorlds, covered,
              with_calendar, naive, mean_error, truth);
  EXPECT_NEAR(static_cast<double>(covered) / kWorlds, 0.95, room);
  EXPECT_GE(with_calendar, covered);
  EXPECT_LE(naive, covered);
}

// In two halves, so that they run side by side.
TEST(LifetimeOutcome, IntervalOfTheGainCoversTheTrueDifferenceAtItsLevel) { expect_covered(0); }
TEST(LifetimeOutcome, IntervalOfTheGainCoversTheTrueDifferenceAtItsLevelInOtherWorlds) { expect_covered(20); }

}  // namespace
}  // namespace plumb
