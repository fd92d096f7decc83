// Outcome models: nothing is scored by a model that saw it, methods by kind, calibration on unseen rows.
#include <gtest/gtest.h>

#include <cmath>

#include "plumb/pressure.h"
#include "reward/design.h"
#include "tests/data/small_logs.h"
#include "tests/policy/made_log.h"

namespace plumb {
namespace {

const std::vector<MadeOutcome> kOutcomes = {{"number", OutcomeKind::kNumber},
                                            {"yes", OutcomeKind::kBinary},
                                            {"amount", OutcomeKind::kAmount},
                                            {"answer", OutcomeKind::kRating, .5}};
const std::vector<std::string> kNames = {"number", "yes", "amount", "answer"};

// What the world expects of an action in a context.
double expected_number(double x, std::uint32_t a) { return 1 + .8 * x + a - .5 * x * a; }
double expected_yes(double x, std::uint32_t a) { return 1 / (1 + std::exp(1 - x - .7 * a)); }
double expected_amount(double x, std::uint32_t a) {
  return 1 / (1 + std::exp(2 - .8 * x)) * (10 + 3 * x + 4 * a);  // whether it comes, times how much
}

std::vector<MadeDecision> decisions_of(std::size_t n, std::uint64_t seed = 101) {
  Rng rng(seed);
  std::vector<MadeDecision> out(n);
  for (std::size_t i = 0; i < n; ++i) {
    MadeDecision& d = out[i];
    d.unit = i;
    d.mu = {.5, .5};
    const double x = rng.normal();
    d.x = {x, rng.normal()};
    d.chosen = rng.bernoulli(.5);
    const bool comes = rng.bernoulli(1 / (1 + std::exp(2 - .8 * x)));
    const double amount = 10 + 3 * x + 4 * d.chosen + rng.normal();
    d.value = {expected_number(x, d.chosen) + rng.normal(),
               rng.bernoulli(expected_yes(x, d.chosen)) ? 1.0 : 0.0, comes ? std::max(.01, amount) : 0,
               3 + x + rng.normal()};
    d.state.assign(4, State::kObserved);
    if (rng.bernoulli(.5)) d.state[3] = State::kMissing;
  }
  return out;
}

DecisionLog log_of(const std::vector<MadeDecision>& decisions) {
  return made_log({"a", "b"}, kOutcomes, decisions);
}

// Other outcomes in some rows: numbers far away, yes for no, amounts where none came.
std::vector<MadeDecision> with_other_outcomes(std::vector<MadeDecision> decisions,
                                              const std::function<bool(std::size_t)>& where) {
  for (std::size_t i = 0; i < decisions.size(); ++i) {
    if (!where(i)) continue;
    std::vector<double>& y = decisions[i].value;
    y = {-5 * y[0] + 3, 1 - y[1], y[2] > 0 ? 0.0 : 30.0, 10 - y[3]};
  }
  return decisions;
}

// The proof: rows of fold f get the same scores, bit for bit, whatever their own outcomes are; the other rows
// do not, so those outcomes do count.
TEST(OutcomeModels, NeverScoreARowByAModelThatSawIt) {
  const auto decisions = decisions_of(1600);
  const DecisionLog log = log_of(decisions);
  const OutcomeModels before = fit_outcome_models(log, kNames, 1);
  for (const int fold : {0, 2, 6}) {  // two folds of the training half, one of the certification half
    const DecisionLog other =
        log_of(with_other_outcomes(decisions, [&](std::size_t i) { return log.fold[i] == fold; }));
    const OutcomeModels after = fit_outcome_models(other, kNames, 1);
    for (std::size_t j = 0; j < kNames.size(); ++j) {
      ASSERT_EQ(before.method[j], after.method[j]);
      std::size_t moved = 0;
      for (std::size_t i = 0; i < log.size(); ++i) {
        for (std::size_t row = log.offset[i]; row < log.offset[i + 1]; ++row) {
          const bool same =
              before.q[j][row] == after.q[j][row] && before.direction[j][row] == after.direction[j][row];
          const bool unseen = log.fold[i] == fold || fold >= kTrainingFolds;
          ASSERT_TRUE(same || !unseen) << kNames[j] << " fold " << fold;
          moved += !same;
        }
      }
      EXPECT_EQ(moved > log.size(), fold < kTrainingFolds) << kNames[j];
    }
  }
}

TEST(OutcomeModels, StateWhichVariantSawWhat) {
  const auto decisions = decisions_of(1200);
  const DecisionLog log = log_of(decisions);
  const DecisionLog other =
      log_of(with_other_outcomes(decisions, [&](std::size_t i) { return log.fold[i] == 1; }));
  const OutcomeModels a = fit_outcome_models(log, kNames, 1), b = fit_outcome_models(other, kNames, 1);
  for (std::size_t j = 0; j < kNames.size(); ++j) {
    for (std::size_t variant = 0; variant <= static_cast<std::size_t>(kTrainingFolds); ++variant)
      EXPECT_EQ(a.linear[j][variant] == b.linear[j][variant], variant == 1) << kNames[j] << " " << variant;
  }
  EXPECT_EQ(variant_of(log, static_cast<std::size_t>(std::find(log.fold.begin(), log.fold.end(), 7) -
                                                     log.fold.begin())),
            static_cast<std::size_t>(kTrainingFolds));
}

// Signals that policies are pushed towards are as unseen as the models: the goal's, a proxy's, and the index
// with regard to what it predicts.
TEST(Signals, NeverScoreARowByItsOwnOutcome) {
  const auto decisions = decisions_of(1600);
  const DecisionLog log = log_of(decisions);
  Goal goal = made_goal("number", kOutcomes);
  goal.maximize.push_back({2.0, "answer"});
  goal.proxies = {"yes"};
  const auto signals_of = [&](const DecisionLog& l) {
    return make_signals(l, goal, fit_outcome_models(l, kNames, 1), 1);
  };
  auto changed = decisions;
  for (std::size_t i = 0; i < changed.size(); ++i) {
    if (log.fold[i] == 2) changed[i].value[0] = -7 * changed[i].value[0];  // the goal's, not the proxy's
  }
  const auto before = signals_of(log), after = signals_of(log_of(changed));
  ASSERT_EQ(before.size(), 3u);
  EXPECT_EQ(before[0].name, "goal");
  EXPECT_EQ(before[1].name, "yes");
  EXPECT_EQ(before[2].name, "index");
  for (const std::size_t s : {0u, 2u}) {
    std::size_t moved = 0;
    for (std::size_t i = 0; i < log.size(); ++i) {
      const bool same = before[s].score[2 * i] == after[s].score[2 * i] &&
                        before[s].score[2 * i + 1] == after[s].score[2 * i + 1];
      ASSERT_TRUE(same || log.fold[i] != 2) << before[s].name;
      moved += !same;
    }
    EXPECT_GT(moved, log.size() / 2);
  }
}

TEST(Signals, OfTheGoalAreItsWeightedSum) {
  const DecisionLog log = log_of(decisions_of(800));
  Goal goal = made_goal("number", kOutcomes);
  goal.maximize.push_back({-2.0, "answer"});
  const OutcomeModels models = fit_outcome_models(log, kNames, 1);
  const auto signals = make_signals(log, goal, models, 1);
  ASSERT_EQ(signals.size(), 1u);  // no proxies, no index
  for (std::size_t row = 0; row < log.action.size(); ++row)
    EXPECT_NEAR(signals[0].score[row], models.direction[0][row] - 2 * models.direction[3][row], 1e-5);
}

TEST(OutcomeModels, ChooseTheirMethodByKind) {
  const DecisionLog log = log_of(decisions_of(3000));
  const OutcomeModels models = fit_outcome_models(log, kNames, 1);
  EXPECT_EQ(models.method[0], Method::kRidge);
  EXPECT_EQ(models.method[1], Method::kLogistic);
  EXPECT_EQ(models.method[2], Method::kTwoPart);
  EXPECT_EQ(models.method[3], Method::kRidge);
}

TEST(OutcomeModels, FallBackOnAConstantWhereThereIsNothingToLearn) {
  auto decisions = decisions_of(600);
  for (MadeDecision& d : decisions) d.value[1] = 0;
  const OutcomeModels models = fit_outcome_models(log_of(decisions), {"yes"}, 1);
  EXPECT_EQ(models.method[0], Method::kConstant);
  for (const float q : models.q[0]) EXPECT_EQ(q, 0.0f);
}

TEST(OutcomeModels, OfTooManyColumnsAreRefusedBeforeAnyFit) {
  EXPECT_NO_THROW(refuse_too_large("log", kMostColumnsFitted, 1'000'000));
  EXPECT_NO_THROW(refuse_too_large("log", 10'000, 1'000));
  for (const auto& [columns, rows] : {std::pair<std::size_t, std::size_t>{10'000, 5'000}, {1'000'000, 1'000}}) {
    try {
      refuse_too_large("log.csv", columns, rows);
      ADD_FAILURE() << columns;
    } catch (const Error& e) {
      EXPECT_NE(std::string(e.what()).find("name those that matter in data.context"), std::string::npos);
    }
  }
}

// More columns than decisions: coefficients of every column, the same for any number of threads, and scores of
// rows that no model saw that are better than their mean.
TEST(OutcomeModels, OfMoreColumnsThanDecisionsAreFitted) {
  DecisionLog log = log_of(decisions_of(600));
  Rng rng(7);
  for (int k = 0; k < 200; ++k) {
    log.context.push_back({"more" + std::to_string(k), false, {}, {}, {}});
    for (std::size_t i = 0; i < log.size(); ++i)
      log.context.back().number.push_back(static_cast<float>(rng.normal()));
  }
  const OutcomeModels models = fit_outcome_models(log, {"number"}, 1),
                      again = fit_outcome_models(log, {"number"}, 2);
  EXPECT_GT(models.map.width(), 400u);
  EXPECT_EQ(models.linear[0][0].size(), models.map.width());
  EXPECT_EQ(models.q, again.q);
  EXPECT_GT(models.calibration[0].r_squared, 0);
}

TEST(OutcomeModels, RefuseAnOutcomeThatNobodySaw) {
  auto decisions = decisions_of(300);
  for (MadeDecision& d : decisions) d.state[3] = State::kMissing;
  const std::string message = refusal([&] { fit_outcome_models(log_of(decisions), kNames, 1); });
  EXPECT_NE(message.find("answer"), std::string::npos) << message;
}

// Mean squared distance of q from the truth over the certification half, against that of the best constant.
double share_of_variation_missed(const DecisionLog& log, const std::vector<float>& q,
                                 double (*truth)(double, std::uint32_t)) {
  double n = 0, mean = 0, error = 0, spread = 0;
  for (int turn = 0; turn < 2; ++turn) {
    for (std::size_t i = 0; i < log.size(); ++i) {
      if (log.in_training(i)) continue;
      for (std::uint32_t a = 0; a < 2; ++a) {
        const double t = truth(log.context[0].number[i], a);
        if (turn == 0) {
          n += 1;
          mean += t;
        } else {
          error += (q[2 * i + a] - t) * (q[2 * i + a] - t);
          spread += (t - mean / n) * (t - mean / n);
        }
      }
    }
  }
  return error / spread;
}

TEST(OutcomeModels, RecoverWhatTheWorldExpects) {
  const DecisionLog log = log_of(decisions_of(8000));
  const OutcomeModels models = fit_outcome_models(log, kNames, 1);
  EXPECT_LT(share_of_variation_missed(log, models.q[0], expected_number), .02);
  EXPECT_LT(share_of_variation_missed(log, models.q[1], expected_yes), .03);
  EXPECT_LT(share_of_variation_missed(log, models.q[2], expected_amount), .03);
  // One ridge of the whole cannot follow an amount that is a chance times a size.
  EXPECT_GT(share_of_variation_missed(log, models.direction[2], expected_amount),
            3 * share_of_variation_missed(log, models.q[2], expected_amount));
}

TEST(OutcomeModels, AreCalibratedOnRowsThatTheyHaveNotSeen) {
  const DecisionLog log = log_of(decisions_of(8000));
  const OutcomeModels models = fit_outcome_models(log, kNames, 1);
  for (std::size_t j = 0; j < kNames.size(); ++j) {
    const Calibration& c = models.calibration[j];
    // The slope's own error is sqrt((1 - R2)/(R2 n)).
    const double error = std::sqrt((1 - c.r_squared) / c.r_squared / static_cast<double>(c.count));
    EXPECT_NEAR(c.slope, 1, 4 * error) << kNames[j];
    EXPECT_GT(c.r_squared, .03) << kNames[j];
    std::size_t seen = 0;
    for (std::size_t i = 0; i < log.size(); ++i)
      seen += log.in_training(i) && log.outcomes[j].state[i] == State::kObserved;
    EXPECT_EQ(c.count, seen);
  }
}

TEST(OutcomeModels, OfPureNoiseExplainNothing) {
  auto decisions = decisions_of(3000);
  Rng rng(102);
  for (MadeDecision& d : decisions) d.value[0] = rng.normal();
  const OutcomeModels models = fit_outcome_models(log_of(decisions), {"number"}, 1);
  EXPECT_LT(models.calibration[0].r_squared, .01);  // a model that saw its rows would claim more
}

TEST(OutcomeModels, AreTheSameForAnyNumberOfThreads) {
  const DecisionLog log = log_of(decisions_of(3000));
  const OutcomeModels one = fit_outcome_models(log, kNames, 1), three = fit_outcome_models(log, kNames, 3);
  EXPECT_EQ(one.q, three.q);
  EXPECT_EQ(one.linear, three.linear);
}

}  // namespace
}  // namespace plumb
