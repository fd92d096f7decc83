// Optimizers, the training loops on sampled answers, and decisions of a log as options.
#include "plumb/trainable.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "plumb/policy.h"
#include "tests/optimize/enumerable.h"
#include "tests/policy/made_log.h"

namespace plumb {
namespace {

// Four contexts with one number x in -1.5 .. 1.5, three options; option features: indicator and x times
// indicator. The best option is the third for x > 0, else the first.
std::shared_ptr<const OptionTable> contextual() {
  auto table = std::make_shared<OptionTable>();
  table->feature = Matrix(12, 6);
  table->context_feature = Matrix(4, 2);
  for (std::size_t c = 0; c < 4; ++c) {
    const double x = static_cast<double>(c) - 1.5;
    table->context_feature(c, 0) = 1;
    table->context_feature(c, 1) = x;
    for (std::size_t a = 0; a < 3; ++a) {
      table->feature(3 * c + a, a) = 1;
      table->feature(3 * c + a, 3 + a) = x;
    }
    table->offset.push_back(3 * (c + 1));
  }
  return table;
}
const std::vector<std::uint32_t> kContexts = {0, 1, 2, 3};

// A first slot earns x times (-1, 0, 1) of the option, each further slot half of the one before.
std::vector<double> contextual_reward(const Sequences& answers) {
  std::vector<double> out;
  for (std::size_t i = 0; i < answers.size(); ++i) {
    double sum = 0, share = 1;
    for (std::size_t t = answers.offset[i]; t < answers.offset[i + 1]; ++t, share /= 2)
      sum +=
          share * (static_cast<double>(answers.context[i]) - 1.5) * (static_cast<double>(answers.token[t]) - 1);
    out.push_back(sum);
  }
  return out;
}

struct Player {
  const char* name;
  ObjectiveAt at;
};
std::vector<Player> players() {
  return {{"rloo", [](double beta) { return rloo_objective(beta); }},
          {"reinforce", [](double beta) { return reinforce_objective({.beta = beta}); }},
          {"grpo", [](double beta) { return grpo_objective({.beta = beta}); }},
          {"ppo", [](double beta) { return ppo_objective({.beta = beta, .value_weight = .5}); }}};
}

TEST(Optimizers, SgdMovesAgainstTheGradientWithMomentum) {
  std::vector<double> p = {1, 2};
  Sgd sgd(.1, .5);
  sgd.step(p, std::vector<double>{1, -2});
  sgd.step(p, std::vector<double>{1, 0});
  EXPECT_NEAR(p[0], 1 - .1 * 1 - .1 * 1.5, 1e-15);
  EXPECT_NEAR(p[1], 2 + .1 * 2 + .1 * 1, 1e-15);
}

TEST(Optimizers, AdamFollowsAlgorithmOne) {
  // Its moments as sums over the past, where the optimizer keeps running ones.
  const std::vector<double> gradient = {1, -3, .5, 2};
  std::vector<double> p = {.7};
  Adam adam(.1, .8, .9, 1e-8);
  double expected = .7;
  for (std::size_t s = 0; s < gradient.size(); ++s) {
    adam.step(p, std::vector<double>{gradient[s]});
    double m = 0, v = 0;
    for (std::size_t k = 0; k <= s; ++k) {
      m += .2 * std::pow(.8, static_cast<double>(s - k)) * gradient[k];
      v += .1 * std::pow(.9, static_cast<double>(s - k)) * gradient[k] * gradient[k];
    }
    const double t = static_cast<double>(s + 1);
    expected -= .1 * (m / (1 - std::pow(.8, t))) / (std::sqrt(v / (1 - std::pow(.9, t))) + 1e-8);
    EXPECT_NEAR(p[0], expected, 1e-14);
  }
}

TEST(Optimizers, RefuseWhatIsNotFiniteBeforeAnythingMoves) {
  std::vector<double> p = {1, 2};
  Sgd sgd(.1);
  Adam adam(.1);
  const std::vector<double> bad = {1, std::numeric_limits<double>::quiet_NaN()};
  EXPECT_THROW(sgd.step(p, bad), Error);
  EXPECT_THROW(adam.step(p, bad), Error);
  EXPECT_THROW(adam.step(p, std::vector<double>{1}), Error);
  EXPECT_EQ(p, (std::vector<double>{1, 2}));
  EXPECT_THROW(Sgd(0), Error);
  EXPECT_THROW(Sgd(.1, 1), Error);
  EXPECT_THROW(Adam(-1), Error);
  adam.step(p, std::vector<double>{1, 1});
  std::vector<double> other = {1};
  EXPECT_THROW(adam.step(other, std::vector<double>{1}), Error);  // its moments are of other parameters
}

TEST(OnlineTraining, EveryObjectiveTrainsDecisionsAndRankingsByTheSameCode) {
  for (const std::size_t slots : {1u, 2u})
    for (const Player& player : players()) {
      const auto policy = ranking_policy(contextual(), slots);
      const auto reference = policy->clone();
      Adam adam(.05);
      const auto history =
          train_online(*policy, *reference, kContexts, contextual_reward, player.at, adam,
                       {.steps = 150, .samples = 16, .epochs = 1, .threads = 1}, KlControl(0), Rng(3));
      ASSERT_EQ(history.size(), 150u);
      // The best value: mean |x| = 1 in the first slot, half of the middle option's 0 in the second.
      EXPECT_LT(*history.front().reward, .5) << player.name;
      EXPECT_GT(*history.back().reward, .9) << player.name << " " << slots;
    }
}

TEST(OnlineTraining, TheReportedKlIsTheSampleMeanOfAnUnbiasedEstimate) {
  // Rankings of two slots, far from the reference; the estimate from 40000 answers against the exact sum.
  const Enumerable problem = enumerable({.5, .3, .2}, 2);
  const auto policy = problem.policy();
  const auto reference = policy->clone();
  policy->parameters()[2] = 1.5;
  const Distribution p = probabilities(problem, *policy), q = probabilities(problem, *reference);
  double exact = 0;
  for (std::size_t r = 0; r < p.size(); ++r) exact += p[r] * std::log(p[r] / q[r]);
  Sgd sgd(.1);
  const auto history = train_online(
      *policy, *reference, std::vector<std::uint32_t>{0},
      [](const Sequences& answers) { return std::vector<double>(answers.size(), 0.0); }, players()[0].at, sgd,
      {.steps = 1, .samples = 40000, .epochs = 1, .threads = 1}, KlControl(0), Rng(8));
  // k3 of a token is at most 1.4 here, so its sum has a standard deviation below 1.4 and the mean one below
  // .007.
  EXPECT_NEAR(*history[0].kl, exact, .028);
  EXPECT_GT(exact, .2);
}

TEST(OnlineTraining, PpoAndGrpoTakeSeveralPassesOverABatch) {
  for (const Player& player : players()) {
    if (player.name != std::string("ppo") && player.name != std::string("grpo")) continue;
    const auto policy = softmax_policy(contextual());
    const auto reference = policy->clone();
    Adam adam(.05);
    const auto history =
        train_online(*policy, *reference, kContexts, contextual_reward, player.at, adam,
                     {.steps = 60, .samples = 16, .epochs = 4, .threads = 1}, KlControl(0), Rng(3));
    EXPECT_GT(*history.back().reward, .9) << player.name;
  }
}

TEST(OnlineTraining, SampledRlooEndsAtTheTilt) {
  // 1024 answers a step; the mean of the last quarter of the path, which averages the steps' noise.
  const Distribution reference_probability = {.5, .3, .2};
  const std::vector<double> value = {.2, 1, .5};
  const Enumerable problem = enumerable(reference_probability);
  const auto policy = problem.policy();
  const auto reference = policy->clone();
  Adam adam(.02);
  Distribution mean(3, 0);
  const std::size_t steps = 400;
  const auto history = train_online(
      *policy, *reference, std::vector<std::uint32_t>{0},
      [&](const Sequences& answers) {
        std::vector<double> out;
        for (const std::uint32_t a : answers.token) out.push_back(value[a]);
        return out;
      },
      [](double beta) { return rloo_objective(beta); }, adam,
      {.steps = steps, .samples = 1024, .epochs = 1, .threads = 1}, KlControl(.5), Rng(17),
      [&](const TrainingStep& now) {
        if (now.step >= 3 * steps / 4) {
          const Distribution p = probabilities(problem, *policy);
          for (std::size_t a = 0; a < 3; ++a) mean[a] += p[a] / (static_cast<double>(steps) / 4);
        }
        return false;
      });
  expect_near(mean, tilted(reference_probability, value, .5), .01);
  EXPECT_EQ(*history.back().beta, .5);
}

TEST(OnlineTraining, AdaptiveControlHoldsTheKlNearItsTarget) {
  const auto policy = softmax_policy(contextual());
  const auto reference = policy->clone();
  Adam adam(.02);
  const double target = .3;
  // 256 answers a step: beta changes by at most .2 * 256/1500 = 3.4 % a step.
  const auto history = train_online(*policy, *reference, kContexts, contextual_reward, players()[0].at, adam,
                                    {.steps = 600, .samples = 64, .epochs = 1, .threads = 1},
                                    KlControl(1, target, 1500), Rng(3));
  double late = 0;
  for (std::size_t s = 400; s < 600; ++s) late += *history[s].kl / 200;
  EXPECT_NEAR(late, target, .1 * target);
  EXPECT_NE(*history.back().beta, 1);
  RecordProperty("mean_late_kl", std::to_string(late));
}

TEST(OnlineTraining, ThreadsDoNotMatterAndAStopEndsIt) {
  std::vector<std::vector<double>> ends;
  for (const int threads : {1, 3}) {
    const auto policy = ranking_policy(contextual(), 2);
    const auto reference = policy->clone();
    Adam adam(.05);
    const auto history =
        train_online(*policy, *reference, kContexts, contextual_reward, players()[3].at, adam,
                     {.steps = 50, .samples = 200, .epochs = 2, .threads = threads}, KlControl(.1), Rng(3),
                     [](const TrainingStep& now) { return now.step == 9; });
    EXPECT_EQ(history.size(), 10u);
    ends.emplace_back(policy->parameters().begin(), policy->parameters().end());
  }
  EXPECT_EQ(ends[0], ends[1]);
}

TEST(OfflineTraining, DpoOnPairsEndsAtTheTilt) {
  const Distribution reference_probability = {.5, .3, .2};
  const std::vector<double> value = {.2, 1, .5};
  const Enumerable problem = enumerable(reference_probability);
  Listed pairs = all_pairs(problem);
  for (const auto& pair : pairs.groups)
    pairs.rollout.weight.push_back(1 / (1 + std::exp(value[pair[1]] - value[pair[0]])));
  const auto policy = problem.policy();
  const auto reference = policy->clone();
  Sgd sgd(8);
  const auto history =
      train_offline(*policy, *reference, pairs.sequences, pairs.rollout, *dpo_objective(.5), sgd, 2000);
  expect_near(probabilities(problem, *policy), tilted(reference_probability, value, .5), 1e-9);
  EXPECT_LT(history.back().loss, history.front().loss);
  EXPECT_FALSE(history.back().kl);  // a fixed batch says nothing of the policy's own answers
}

TEST(OptionTables, OfALogTrainASoftmaxPolicyThatScoresTheLog) {
  // theta learnt on the dense options is a SoftmaxPolicy's theta: both give the same probabilities.
  Rng rng(11);
  std::vector<MadeDecision> decisions;
  for (std::uint64_t i = 0; i < 200; ++i) {
    MadeDecision d;
    d.unit = i;
    d.mu = {.5, .3, .2};
    d.x = {rng.normal(), rng.normal()};
    d.chosen = static_cast<std::uint32_t>(rng.categorical(d.mu));
    d.value = {d.x[0] * (d.chosen == 1)};
    decisions.push_back(d);
  }
  const DecisionLog log = made_log({"a", "b", "c"}, {{"value"}}, decisions);
  const FeatureMap map = make_feature_map(log, std::vector<std::uint8_t>(log.size(), 1));
  const auto table = std::make_shared<OptionTable>(option_table(log, 0, log.size(), map, log.logged));
  const auto policy = softmax_policy(table);
  const auto reference = policy->clone();
  std::vector<std::uint32_t> contexts(log.size());
  for (std::uint32_t i = 0; i < contexts.size(); ++i) contexts[i] = i;
  Adam adam(.05);
  const auto history = train_online(
      *policy, *reference, contexts,
      [&](const Sequences& answers) {
        std::vector<double> out;
        for (std::size_t i = 0; i < answers.size(); ++i)
          out.push_back(decisions[answers.context[i]].x[0] * (answers.token[i] == 1));
        return out;
      },
      [](double beta) { return rloo_objective(beta); }, adam,
      {.steps = 40, .samples = 4, .epochs = 1, .threads = 1}, KlControl(.05), Rng(2));
  EXPECT_GT(*history.back().reward, *history.front().reward + .1);

  SoftmaxParts parts;
  parts.map = map;
  parts.theta.assign(policy->parameters().begin(),
                     policy->parameters().begin() + static_cast<std::ptrdiff_t>(map.width()));
  const SoftmaxPolicy served("trained", parts);
  std::vector<float> p(log.action.size());
  served.probabilities(log, 0, log.size(), p);
  Sequences all;
  for (std::uint32_t i = 0; i < contexts.size(); ++i)
    for (std::uint32_t a = 0; a < 3; ++a) all.add(i, std::vector<std::uint32_t>{a});
  const Tape tape = policy->forward(all);
  for (std::size_t row = 0; row < p.size(); ++row) EXPECT_NEAR(p[row], std::exp(tape.log_prob[row]), 1e-5);
}

TEST(OptionTables, ThatCannotBeUsedAreRefused) {
  const auto refused = [](const std::function<void(OptionTable&)>& spoil, std::size_t slots,
                          const std::string& part) {
    OptionTable table = *contextual();
    spoil(table);
    try {
      ranking_policy(std::make_shared<OptionTable>(table), slots);
      ADD_FAILURE() << "not refused: " << part;
    } catch (const Error& e) {
      EXPECT_NE(std::string(e.what()).find(part), std::string::npos) << e.what();
    }
  };
  refused([](OptionTable&) {}, 0, "slots");
  refused([](OptionTable&) {}, 4, "context 0: found 3 options");
  refused([](OptionTable& t) { t.offset = {0}; }, 1, "contexts");
  refused([](OptionTable& t) { t.offset[2] = 3; }, 1, "context 1: found 0 options");
  refused([](OptionTable& t) { t.feature.rows = 11; }, 1, "features");
  refused([](OptionTable& t) { t.feature(2, 1) = std::numeric_limits<double>::quiet_NaN(); }, 1, "feature 13");
  refused([](OptionTable& t) { t.log_base = {1, 2}; }, 1, "log_base");
  refused([](OptionTable& t) { t.log_base.assign(12, -std::numeric_limits<double>::infinity()); }, 1,
          "log_base 0");
  refused([](OptionTable& t) { t.context_feature.rows = 3; }, 1, "context features");
}

TEST(LinearPolicy, RefusesAnswersThatCannotBe) {
  const auto policy = ranking_policy(contextual(), 2);
  const auto refused = [&](std::uint32_t context, const std::vector<std::uint32_t>& answer,
                           const std::string& part) {
    Sequences sequences;
    sequences.add(context, answer);
    try {
      policy->forward(sequences);
      ADD_FAILURE() << "not refused: " << part;
    } catch (const Error& e) {
      EXPECT_NE(std::string(e.what()).find(part), std::string::npos) << e.what();
    }
  };
  refused(4, {0}, "context of sequence 0: found 4");
  refused(0, {3}, "option 3");
  refused(0, {1, 1}, "option 1 for the second time");
  refused(0, {}, "0 tokens");
  refused(0, {0, 1, 2}, "3 tokens");
  EXPECT_THROW(policy->sample(std::vector<std::uint32_t>{9}, Rng(1)), Error);
  policy->parameters()[0] = std::numeric_limits<double>::infinity();
  refused(0, {0}, "score of option 0 in context 0");
}

}  // namespace
}  // namespace plumb
