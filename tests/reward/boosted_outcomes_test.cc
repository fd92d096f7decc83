// Outcome models by boosted trees: as unseen as the linear ones, and better where crosses and thresholds
// matter.
#include <gtest/gtest.h>

#include <cmath>

#include "plumb/evaluate.h"
#include "stats/boosted_trees.h"
#include "tests/data/small_logs.h"
#include "tests/policy/made_log.h"

namespace plumb {
namespace {

// What action b adds in a context: nothing that is linear in it. Action a is worth 0.
double added(double x0, double x1) { return (std::abs(x0) < .7 ? 1.0 : -1.0) * (x1 > 0 ? 2 : 1); }
double chance(double x0, double x1, std::uint32_t a) { return 1 / (1 + std::exp(-1.5 * a * added(x0, x1))); }

const std::vector<MadeOutcome> kOutcomes = {
    {"number", OutcomeKind::kNumber}, {"yes", OutcomeKind::kBinary}, {"answer", OutcomeKind::kRating, .5}};
const std::vector<std::string> kNames = {"number", "yes", "answer"};

std::vector<MadeDecision> decisions_of(std::size_t n, std::uint64_t seed = 31) {
  Rng rng(seed);
  std::vector<MadeDecision> out(n);
  for (std::size_t i = 0; i < n; ++i) {
    MadeDecision& d = out[i];
    d.unit = i;
    d.mu = {.5, .5};
    d.x = {rng.normal(), rng.normal()};
    d.chosen = rng.bernoulli(.5);
    // Far from zero, as amounts in a small currency are: an offset must not eat the digits.
    const double value = d.chosen * added(d.x[0], d.x[1]);
    d.value = {1e6 + value + .5 * rng.normal(), rng.bernoulli(chance(d.x[0], d.x[1], d.chosen)) ? 1.0 : 0.0,
               3 + value + rng.normal()};
    d.state = {State::kObserved, State::kObserved, rng.bernoulli(.5) ? State::kObserved : State::kMissing};
  }
  return out;
}

DecisionLog log_of(const std::vector<MadeDecision>& decisions) {
  return made_log({"a", "b"}, kOutcomes, decisions);
}

OutcomeModels boosted(const DecisionLog& log, const std::vector<std::string>& names = kNames, int threads = 1) {
  return fit_outcome_models(log, names, threads, Learner::kBoosted);
}

class BoostedOutcomes : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!stats::can_boost()) GTEST_SKIP() << "built without XGBoost";
  }
};

TEST_F(BoostedOutcomes, FollowWhatNoLinearModelCan) {
  const DecisionLog log = log_of(decisions_of(6000));
  const OutcomeModels linear = fit_outcome_models(log, kNames, 1), trees = boosted(log);
  for (std::size_t j = 0; j < kNames.size(); ++j) {
    EXPECT_EQ(trees.method[j], Method::kBoosted);
    EXPECT_EQ(name_of(trees.method[j]), "boosted trees");
    // Directions and the file of models stay linear, whatever foretells.
    EXPECT_EQ(trees.linear[j], linear.linear[j]);
    EXPECT_EQ(trees.direction[j], linear.direction[j]);
    EXPECT_LT(linear.calibration[j].r_squared, .15) << kNames[j];
    const Calibration& c = trees.calibration[j];
    EXPECT_GT(c.r_squared, linear.calibration[j].r_squared + .1) << kNames[j];
    EXPECT_NEAR(c.slope, 1, .1) << kNames[j];
  }
  // On rows of the certification half, against the truth: the share of what a linear model misses.
  const auto missed = [&](const OutcomeModels& models, std::size_t j) {
    double sum = 0;
    for (std::size_t i = 0; i < log.size(); ++i) {
      if (log.in_training(i)) continue;
      const double x0 = log.context[0].number[i], x1 = log.context[1].number[i];
      for (std::uint32_t a = 0; a < 2; ++a) {
        const double truth = j == 1 ? chance(x0, x1, a) : (j == 0 ? 1e6 : 3) + a * added(x0, x1);
        const double off = static_cast<double>(models.q[j][2 * i + a]) - truth;
        sum += off * off;
      }
    }
    return sum;
  };
  EXPECT_LT(missed(trees, 0), .1 * missed(linear, 0));
  EXPECT_LT(missed(trees, 1), .2 * missed(linear, 1));
  EXPECT_LT(missed(trees, 2), .3 * missed(linear, 2));
}

// Rows of fold f get the same scores, bit for bit, whatever their own outcomes are; the rows that learn from
// them do not.
TEST_F(BoostedOutcomes, NeverScoreARowByTreesThatSawIt) {
  const auto decisions = decisions_of(1600);
  const DecisionLog log = log_of(decisions);
  const OutcomeModels before = boosted(log);
  for (const int fold : {0, 3, 6}) {  // two folds of the training half, one of the certification half
    auto changed = decisions;
    for (std::size_t i = 0; i < log.size(); ++i) {
      std::vector<double>& y = changed[i].value;
      if (log.fold[i] == fold) y = {2e6 - y[0] + 3, 1 - y[1], 10 - y[2]};
    }
    const OutcomeModels after = boosted(log_of(changed));
    for (std::size_t j = 0; j < kNames.size(); ++j) {
      std::size_t moved = 0;
      for (std::size_t i = 0; i < log.size(); ++i) {
        for (std::size_t row = log.offset[i]; row < log.offset[i + 1]; ++row) {
          const bool same = before.q[j][row] == after.q[j][row];
          const bool unseen = log.fold[i] == fold || fold >= kTrainingFolds;
          ASSERT_TRUE(same || !unseen) << kNames[j] << " fold " << fold;
          moved += !same;
        }
      }
      EXPECT_EQ(moved > log.size() / 2, fold < kTrainingFolds) << kNames[j] << moved;
    }
  }
}

TEST_F(BoostedOutcomes, OfPureNoiseExplainNothing) {
  Rng rng(33);
  double sum = 0;
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    auto decisions = decisions_of(1500, seed);
    for (MadeDecision& d : decisions) d.value = {rng.normal(), rng.bernoulli(.3) ? 1.0 : 0.0, rng.normal()};
    const OutcomeModels models = boosted(log_of(decisions));
    for (std::size_t j = 0; j < kNames.size(); ++j) {
      // At most the squared correlation, whose root has the error 1 / sqrt(n): four of them.
      EXPECT_LT(models.calibration[j].r_squared, 16 / static_cast<double>(models.calibration[j].count));
      EXPECT_GT(models.calibration[j].r_squared, -.1);  // and they hardly try
      sum += models.calibration[j].r_squared;
    }
  }
  EXPECT_LT(sum, 0);  // fitted models of noise foretell worse than the mean does
}

TEST_F(BoostedOutcomes, AreTheSameForAnyNumberOfThreads) {
  const DecisionLog log = log_of(decisions_of(2000));
  const OutcomeModels one = boosted(log);
  for (const int threads : {2, 7}) {
    const OutcomeModels other = boosted(log, kNames, threads);
    EXPECT_EQ(one.q, other.q);
    EXPECT_EQ(one.linear, other.linear);
  }
}

TEST_F(BoostedOutcomes, LearnFromRowsThatCountSeveralTimesAsFromRowsWrittenDownAsOften) {
  auto decisions = decisions_of(1500);
  std::vector<MadeDecision> repeated;
  std::vector<std::size_t> origin;
  std::vector<float> weight;
  for (std::size_t i = 0; i < decisions.size(); ++i) {
    // Few values, so that the same thresholds are looked at.
    for (double& x : decisions[i].x) x = std::round(4 * x) / 4;
    weight.push_back(static_cast<float>(1 + i % 3));
    for (std::size_t k = 0; k <= i % 3; ++k) {
      repeated.push_back(decisions[i]);
      origin.push_back(i);
    }
  }
  DecisionLog weighted = log_of(decisions);
  weighted.weight = weight;
  const OutcomeModels one = boosted(weighted), other = boosted(log_of(repeated)),
                      plain = boosted(log_of(decisions));
  for (std::size_t j = 0; j < kNames.size(); ++j) {
    double apart = 0, without = 0;
    for (std::size_t k = 0; k < origin.size(); ++k) {
      for (std::size_t a = 0; a < 2; ++a) {
        apart += std::abs(one.q[j][2 * origin[k] + a] - other.q[j][2 * k + a]);
        without += std::abs(plain.q[j][2 * origin[k] + a] - other.q[j][2 * k + a]);
      }
    }
    EXPECT_LT(apart, .02 * without) << kNames[j];
  }
}

TEST_F(BoostedOutcomes, AreMeansWhereThereIsNothingToLearnOrToJudgeBy) {
  auto decisions = decisions_of(1200);
  const DecisionLog log = log_of(decisions);
  for (std::size_t i = 0; i < log.size(); ++i) decisions[i].value[1] = log.fold[i] == 0;
  const DecisionLog other = log_of(decisions);
  const OutcomeModels models = boosted(other, {"yes"});
  ASSERT_EQ(models.method[0], Method::kBoosted);
  for (std::size_t i = 0; i < log.size(); ++i) {
    if (log.fold[i] != 0) continue;
    EXPECT_EQ(models.q[0][2 * i], 0.0f);  // no one was seen that came
  }
  for (MadeDecision& d : decisions) d.value[1] = 0;
  EXPECT_EQ(boosted(log_of(decisions), {"yes"}).method[0], Method::kConstant);
}

// Intervals of 95 % of the value of b for everyone, in 100 samples of a world whose truth is known: 88 or more
// cover it (binomial: fewer than one in 300 otherwise), the estimates are unbiased, and the intervals are
// narrower than those of linear models, which leave all of this world to the noise.
TEST_F(BoostedOutcomes, GiveIntervalsThatCoverTheTruth) {
  constexpr int kSamples = 100;
  const double truth = 1.5 * (2 * std::erf(.7 / std::sqrt(2.0)) - 1);  // the mean of added(x0, x1)
  int covered = 0;
  double sum = 0, squares = 0, error_trees = 0, error_linear = 0;
  for (int sample = 0; sample < kSamples; ++sample) {
    auto decisions = decisions_of(900, 500 + static_cast<std::uint64_t>(sample));
    for (MadeDecision& d : decisions) d.value[0] -= 1e6;
    const DecisionLog log = log_of(decisions);
    const auto level = [&](Learner learner) {
      const OutcomeModels models = fit_outcome_models(log, {"number"}, 2, learner);
      Evaluation evaluation(log, models, 1);
      const std::size_t all = evaluation.add_subset({"all", std::vector<std::uint8_t>(log.size(), 1)});
      const std::size_t policy = evaluation.add_policy(*constant_policy("b"));
      const Contrast one{"level", {{evaluation.column(policy, 0, all), 1.0}}};
      const Estimates e = evaluation.estimate({&one, 1});
      return std::pair(e.value[0], e.standard_error[0]);
    };
    const auto [value, error] = level(Learner::kBoosted);
    covered += std::abs(value - truth) < 1.96 * error;
    sum += value - truth;
    squares += (value - truth) * (value - truth);
    error_trees += error;
    error_linear += level(Learner::kLinear).second;
  }
  EXPECT_GE(covered, 88);
  EXPECT_LT(std::abs(sum), 4 * std::sqrt(squares));
  EXPECT_LT(error_trees, .95 * error_linear);
}

TEST(BuildsWithoutTrees, RefuseToFitThem) {
  if (stats::can_boost()) GTEST_SKIP() << "built with XGBoost";
  EXPECT_EQ(refusal([] { boosted(log_of(decisions_of(300))); }),
            "made.csv: outcome models: found \"boosted\" in a build without XGBoost, expected \"linear\", or a "
            "build that found XGBoost (the package libxgboost-dev)");
}

}  // namespace
}  // namespace plumb
