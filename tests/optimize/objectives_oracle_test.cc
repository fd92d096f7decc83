// Values of the objectives against numbers computed from the papers' definitions in double precision, by
// implementations that are not this one: lp_c = -10, lp_r = -12, ref_c = -11, ref_r = -11.5, beta = .1, D
// = 1.5.
#include <gtest/gtest.h>

#include <cmath>

#include "plumb/objectives.h"

namespace plumb {
namespace {

constexpr double kTolerance = 1e-12;

// A chosen sequence of 10 tokens and a rejected one of 14.
struct Pair {
  Rollout rollout;
  std::vector<double> log_prob;
};
Pair pair() {
  Pair p;
  p.rollout.offset = {0, 10, 24};
  p.rollout.group = {0, 2};
  for (std::size_t t = 0; t < 24; ++t) {
    p.rollout.reference_log_prob.push_back(t < 10 ? -1.1 : -11.5 / 14);
    p.log_prob.push_back(t < 10 ? -1.0 : -12.0 / 14);
  }
  return p;
}

double loss_of(const ObjectivePointer& objective) {
  const Pair p = pair();
  return objective->loss(p.rollout, objective->prepare(p.rollout), {.log_prob = p.log_prob}).sum;
}

double reward_loss(double margin, double centering) {
  Rollout rollout;
  rollout.offset = {0, 2, 5};
  rollout.group = {0, 2};
  rollout.margin = {margin};
  const std::vector<double> value = {9, 1.2, 7, 8, .4};  // only the last tokens count
  const ObjectivePointer objective = bradley_terry_objective(centering);
  return objective->loss(rollout, objective->prepare(rollout), {.value = value}).sum;
}

// One group of four answers of one token with rewards 1, 0, .5, 0.
Rollout rewarded() {
  Rollout rollout;
  rollout.offset = {0, 1, 2, 3, 4};
  rollout.group = {0, 4};
  rollout.reward = {1, 0, .5, 0};
  rollout.old_log_prob = {-1, -1, -1, -1};
  rollout.reference_log_prob = {-1, -1, -1, -1};
  return rollout;
}

TEST(ObjectiveOracle, PairLossesEqualTheReferenceValues) {
  EXPECT_NEAR(loss_of(dpo_objective(.1)), .6209570477895321, kTolerance);
  EXPECT_NEAR(loss_of(hinge_objective(.1)), .85, kTolerance);
  EXPECT_NEAR(loss_of(ipo_objective(.1)), 12.25, kTolerance);
  EXPECT_NEAR(loss_of(ipo_objective(.1, true)), 23.661275510204078, kTolerance);
  EXPECT_NEAR(loss_of(robust_dpo_objective(.1, .1)), .602207047789532, kTolerance);
  EXPECT_NEAR(loss_of(conservative_dpo_objective(.1, .1)), .6359570477895321, kTolerance);
}

TEST(ObjectiveOracle, RewardModelLossesEqualTheReferenceValues) {
  EXPECT_NEAR(reward_loss(0, 0), .37110066594777774, kTolerance);
  EXPECT_NEAR(reward_loss(.5, 0), .5543552444685271, kTolerance);
  EXPECT_NEAR(reward_loss(0, .01), .3967006659477777, kTolerance);
}

TEST(ObjectiveOracle, LossesWithoutAReferenceFollowTheirDefinitions) {
  // a_c = -1, a_r = -12/14, from the definitions as they are written.
  const double c = -1, r = -12.0 / 14;
  const double log_odds = (c - r) - (std::log(1 - std::exp(c)) - std::log(1 - std::exp(r)));
  EXPECT_NEAR(loss_of(orpo_objective(.1)), -c + .1 * std::log(1 + std::exp(-log_odds)), kTolerance);
  EXPECT_NEAR(loss_of(simpo_objective(2, .5)), std::log(1 + std::exp(-(2 * (c - r) - .5))), kTolerance);
}

TEST(ObjectiveOracle, KtoFollowsItsDefinitionWithThePointOfReferenceFromTheBatch) {
  Pair p = pair();
  p.rollout.group.clear();
  p.rollout.desirable = {1, 0};
  p.rollout.old_log_prob = p.log_prob;
  const ObjectivePointer objective =
      kto_objective({.beta = .1, .desirable_weight = 1, .undesirable_weight = 1.5});
  const auto s = [](double x) { return 1 / (1 + std::exp(-x)); };
  const Outputs now{.log_prob = p.log_prob};
  Targets targets = objective->prepare(p.rollout);
  EXPECT_NEAR(targets.kl, (1 - .5) / 2, kTolerance);  // log-ratios 1 and -.5
  Loss loss = objective->loss(p.rollout, targets, now);
  EXPECT_NEAR(loss.item[0], (1 - s(.1 * (1 - .25))) / 2, kTolerance);
  EXPECT_NEAR(loss.item[1], 1.5 * (1 - s(.1 * (.25 + .5))) / 2, kTolerance);
  p.rollout.kl_log_ratio = {-3, 1};  // a negative estimate counts as 0
  targets = objective->prepare(p.rollout);
  EXPECT_EQ(targets.kl, 0);
  loss = objective->loss(p.rollout, targets, now);
  EXPECT_NEAR(loss.item[0], (1 - s(.1)) / 2, kTolerance);
}

TEST(ObjectiveOracle, GrpoAdvantagesEqualTheReferenceValues) {
  const std::vector<double> expected = {1.3053097493539774, -.7831858496123865, .2610619498707955,
                                        -.7831858496123865};
  const Targets targets = grpo_objective()->prepare(rewarded());
  ASSERT_EQ(targets.advantage.size(), 4u);
  for (std::size_t i = 0; i < 4; ++i) EXPECT_NEAR(targets.advantage[i], expected[i], kTolerance);
  const Targets undivided = grpo_objective({.divide_by_std = false})->prepare(rewarded());
  for (std::size_t i = 0; i < 4; ++i)
    EXPECT_NEAR(undivided.advantage[i], rewarded().reward[i] - .375, kTolerance);
}

TEST(ObjectiveOracle, RlooAdvantagesEqualTheReferenceValues) {
  const std::vector<double> expected = {5.0 / 6, -.5, 1.0 / 6, -.5};
  const Targets targets = rloo_objective(0)->prepare(rewarded());
  ASSERT_EQ(targets.advantage.size(), 4u);
  for (std::size_t i = 0; i < 4; ++i) EXPECT_NEAR(targets.advantage[i], expected[i], kTolerance);
  // With the KL in the reward: the second answer's log-ratio is .4, so R is -.2 at beta .5.
  Rollout rollout = rewarded();
  rollout.old_log_prob[1] = -.6;
  EXPECT_NEAR(rloo_objective(.5)->prepare(rollout).advantage[1], -.2 - .5, kTolerance);
}

TEST(ObjectiveOracle, ReinforceSubtractsItsBaseline) {
  Rollout rollout = rewarded();
  rollout.group.clear();
  rollout.weight = {1, 1, 2, 0};  // weighted mean reward (1 + 0 + 2 * .5)/4
  rollout.old_value = {.1, .2, .3, .4};
  const auto advantage = [&](Baseline baseline) {
    return reinforce_objective({.beta = 0, .baseline = baseline})->prepare(rollout).advantage;
  };
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_NEAR(advantage(Baseline::kNone)[i], rollout.reward[i], kTolerance);
    EXPECT_NEAR(advantage(Baseline::kMean)[i], rollout.reward[i] - .5, kTolerance);
    EXPECT_NEAR(advantage(Baseline::kValue)[i], rollout.reward[i] - rollout.old_value[i], kTolerance);
  }
  // The loss is the weighted mean of -A lp, and with a value half its squared error times the weight of it.
  const std::vector<double> log_prob = {-1, -2, -3, -4}, value = {0, 0, 1, 0};
  const ObjectivePointer mean = reinforce_objective({.beta = 0});
  EXPECT_NEAR(mean->loss(rollout, mean->prepare(rollout), {.log_prob = log_prob}).sum,
              (.5 * 1 - .5 * 2 + 2 * 0 * 3) / 4, kTolerance);
  const ObjectivePointer learnt =
      reinforce_objective({.beta = 0, .baseline = Baseline::kValue, .value_weight = .6});
  EXPECT_NEAR(learnt->loss(rollout, learnt->prepare(rollout), {.log_prob = log_prob, .value = value}).sum,
              (.9 * 1 - .2 * 2 + 2 * .2 * 3 + .3 * (1 + 0 + 2 * .25)) / 4, kTolerance);
}

TEST(ObjectiveOracle, TheRatioIsClippedOnlyWhereThatIsTheLowerSurrogate) {
  // Two answers with advantages +.5 and -.5; ratio 1.5 or .5 against the clip [.9, 1.2].
  Rollout rollout;
  rollout.offset = {0, 1, 2};
  rollout.group = {0, 2};
  rollout.reward = {1, 0};
  rollout.old_log_prob = {-2, -2};
  const ObjectivePointer grpo =
      grpo_objective({.beta = 0, .divide_by_std = false, .epsilon_low = .1, .epsilon_high = .2});
  const Targets targets = grpo->prepare(rollout);
  const auto at = [&](double ratio) {
    const std::vector<double> log_prob(2, -2 + std::log(ratio));
    return grpo->loss(rollout, targets, {.log_prob = log_prob});
  };
  const Loss high = at(1.5), low = at(.5), inside = at(1.1);
  EXPECT_NEAR(high.item[0], -.5 * 1.2 / 2, kTolerance);  // good and already likelier: no further push
  EXPECT_EQ(high.cotangent.log_prob[0], 0);
  EXPECT_NEAR(high.item[1], .5 * 1.5 / 2, kTolerance);  // bad and likelier: pushed back in full
  EXPECT_NEAR(high.cotangent.log_prob[1], .5 * 1.5 / 2, kTolerance);
  EXPECT_NEAR(low.item[0], -.5 * .5 / 2, kTolerance);
  EXPECT_NEAR(low.cotangent.log_prob[0], -.5 * .5 / 2, kTolerance);
  EXPECT_NEAR(low.item[1], .5 * .9 / 2, kTolerance);
  EXPECT_EQ(low.cotangent.log_prob[1], 0);
  EXPECT_NEAR(inside.cotangent.log_prob[0], -.5 * 1.1 / 2, kTolerance);
  EXPECT_NEAR(inside.cotangent.log_prob[1], .5 * 1.1 / 2, kTolerance);
}

TEST(ObjectiveOracle, GaeEqualsTheReferenceValues) {
  const std::vector<double> advantage =
      gae(std::vector<double>{-.01, .02, 1}, std::vector<double>{.2, .3, .4}, 1, .95);
  ASSERT_EQ(advantage.size(), 3u);
  EXPECT_NEAR(advantage[0], .7455, kTolerance);
  EXPECT_NEAR(advantage[1], .69, kTolerance);
  EXPECT_NEAR(advantage[2], .6, kTolerance);
}

TEST(ObjectiveOracle, PpoBuildsTheSameAdvantagesFromKlAndReward) {
  // Token rewards -.01, .02, 1 as KL at beta .1 and a reward of 1 at the last token, whose log-ratio is 0.
  Rollout rollout;
  rollout.offset = {0, 3};
  rollout.old_log_prob = {-1, -1, -1};
  rollout.reference_log_prob = {-1.1, -.8, -1};
  rollout.old_value = {.2, .3, .4};
  rollout.reward = {1};
  const ObjectivePointer objective = ppo_objective({.beta = .1,
                                                    .gamma = 1,
                                                    .lambda = .95,
                                                    .epsilon = .2,
                                                    .value_weight = .5,
                                                    .value_clip = .2,
                                                    .entropy_weight = .01});
  const Targets targets = objective->prepare(rollout);
  const std::vector<double> advantage = {.7455, .69, .6};
  for (std::size_t t = 0; t < 3; ++t) {
    EXPECT_NEAR(targets.advantage[t], advantage[t], kTolerance);
    EXPECT_NEAR(targets.value_target[t], advantage[t] + rollout.old_value[t], kTolerance);
  }
  // Ratio e^.5 is clipped at 1.2, e^-.1 and e^0 are not. The first value moves by -.3, away from its target
  // .9455: clipped to -.2 its error would be smaller, so the free one counts. The others stay within the clip.
  const std::vector<double> log_prob = {-.5, -1.1, -1}, entropy = {1, 2, 3}, value = {-.1, .3, .3};
  const double policy = -(1.2 * .7455 + std::exp(-.1) * .69 + .6);
  const double free = -.1 - .9455, clipped = 0 - .9455;
  ASSERT_GT(free * free, clipped * clipped);
  const double values = .5 * .5 * (free * free + (.3 - .99) * (.3 - .99) + (.3 - 1) * (.3 - 1));
  const Loss loss =
      objective->loss(rollout, targets, {.log_prob = log_prob, .entropy = entropy, .value = value});
  EXPECT_NEAR(loss.sum, (policy + values - .01 * 6) / 3, kTolerance);
  EXPECT_EQ(loss.cotangent.log_prob[0], 0);
  // Beyond the clip on the target's side the clipped error is the larger, and the value is not pushed further.
  const std::vector<double> ahead = {.6, .3, .3};
  const Loss bound =
      objective->loss(rollout, targets, {.log_prob = log_prob, .entropy = entropy, .value = ahead});
  EXPECT_EQ(bound.cotangent.value[0], 0);
  EXPECT_NEAR(bound.sum - loss.sum, .25 * ((.4 - .9455) * (.4 - .9455) - free * free) / 3, kTolerance);
}

TEST(ObjectiveOracle, GrpoReductionsWeighTokensAsPublished) {
  // Two groups; lengths 1, 3 and 2, 2, 4.
  Rollout rollout;
  rollout.offset = {0, 1, 4, 6, 8, 12};
  rollout.group = {0, 2, 5};
  rollout.reward = {1, 0, 1, 0, 0};
  rollout.old_log_prob.assign(12, -1);
  const auto weights = [&](Reduction reduction) {
    return grpo_objective({.beta = 0, .reduction = reduction, .max_length = 8})->prepare(rollout).weight;
  };
  const std::vector<double> length = {1, 3, 2, 2, 4};
  for (std::size_t i = 0; i < 5; ++i) {
    EXPECT_NEAR(weights(Reduction::kSequence)[i], 1 / (5 * length[i]), kTolerance);
    EXPECT_NEAR(weights(Reduction::kToken)[i], 1.0 / 12, kTolerance);
    EXPECT_NEAR(weights(Reduction::kGroupToken)[i], i < 2 ? 1.0 / (2 * 4) : 1.0 / (2 * 8), kTolerance);
    EXPECT_NEAR(weights(Reduction::kMaxLength)[i], 1.0 / (5 * 8), kTolerance);
  }
}

TEST(ObjectiveOracle, KlEstimatorsEqualTheirDefinitions) {
  EXPECT_NEAR(kl_estimate(KlEstimator::kK3, -1, -1.3).value, .04081822068171803, kTolerance);
  EXPECT_NEAR(kl_estimate(KlEstimator::kK1, -1, -1.3).value, .3, kTolerance);
  EXPECT_NEAR(kl_estimate(KlEstimator::kK2, -1, -1.3).value, .045, kTolerance);
  for (const KlEstimator estimator : {KlEstimator::kK1, KlEstimator::kK2, KlEstimator::kK3})
    for (const double x : {-3.0, -1.3, -1.0, -.2}) {
      const double h = 1e-5, up = kl_estimate(estimator, x + h, -1.3).value,
                   down = kl_estimate(estimator, x - h, -1.3).value;
      EXPECT_NEAR(kl_estimate(estimator, x, -1.3).slope, (up - down) / (2 * h), 1e-6);
    }
}

TEST(ObjectiveOracle, KlEstimatorsAgreeWithTheExactKlInExpectation) {
  const std::vector<double> pi = {.7, .2, .1}, reference = {.3, .3, .4};
  double exact = 0, k1 = 0, k3 = 0;
  for (std::size_t a = 0; a < 3; ++a) {
    exact += pi[a] * std::log(pi[a] / reference[a]);
    k1 += pi[a] * kl_estimate(KlEstimator::kK1, std::log(pi[a]), std::log(reference[a])).value;
    k3 += pi[a] * kl_estimate(KlEstimator::kK3, std::log(pi[a]), std::log(reference[a])).value;
  }
  EXPECT_NEAR(k1, exact, kTolerance);
  EXPECT_NEAR(k3, exact, kTolerance);
}

TEST(ObjectiveOracle, AdaptiveKlEqualsTheReferenceValue) {
  KlControl adaptive(.2, 6, 10000);
  adaptive.observe(9, 512);
  EXPECT_NEAR(adaptive.beta(), .202048, kTolerance);
  adaptive.observe(-1, 512);  // far below the target: -.2 at most
  EXPECT_NEAR(adaptive.beta(), .202048 * (1 - .2 * .0512), kTolerance);
  KlControl fixed(.2);
  fixed.observe(9, 512);
  EXPECT_EQ(fixed.beta(), .2);
}

TEST(ObjectiveOracle, BestOfNWeightsAreTheChanceToBeTheBestOfADraw) {
  // Against counting every draw of n of N = 6, with ties.
  const std::vector<double> reward = {.3, .9, .3, -1, .9, 0};
  for (std::size_t n = 1; n <= 6; ++n) {
    std::vector<double> count(6, 0);
    double draws = 0;
    for (unsigned set = 0; set < 64; ++set) {
      if (static_cast<std::size_t>(__builtin_popcount(set)) != n) continue;
      double best = -2, ties = 0;
      for (unsigned i = 0; i < 6; ++i)
        if ((set >> i) & 1u) best = std::max(best, reward[i]);
      for (unsigned i = 0; i < 6; ++i) ties += ((set >> i) & 1u) && reward[i] == best;
      for (unsigned i = 0; i < 6; ++i)
        if (((set >> i) & 1u) && reward[i] == best) count[i] += 1 / ties;
      ++draws;
    }
    const std::vector<double> weight = best_of_n_weights(reward, n);
    for (std::size_t i = 0; i < 6; ++i) EXPECT_NEAR(weight[i], count[i] / draws, kTolerance) << n << " " << i;
  }
  Rollout rollout;
  rollout.offset = {0, 1, 2, 3, 4, 5, 6};
  rollout.group = {0, 3, 6};
  rollout.reward = reward;
  EXPECT_EQ(best_of_n(rollout), (std::vector<std::size_t>{1, 4}));
}

}  // namespace
}  // namespace plumb
