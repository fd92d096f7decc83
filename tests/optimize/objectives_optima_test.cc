// Where training ends, against optima known in closed form or by enumeration that shares no code with the
// objectives. Everything is exact: no answers are sampled.
#include "tests/optimize/enumerable.h"

namespace plumb {
namespace {

constexpr double kTight = 1e-9;
const Distribution kReference = {.5, .3, .2};
const std::vector<double> kReward = {.2, 1, .5};

double logistic(double x) { return 1 / (1 + std::exp(-x)); }

// P(a beats b) under Bradley-Terry with these utilities, labels flipped at a rate.
void weigh_by_preference(Listed& pairs, const std::vector<double>& utility, double flip_rate = 0) {
  pairs.rollout.weight.clear();
  for (const auto& pair : pairs.groups) {
    const double p = logistic(utility[pair[0]] - utility[pair[1]]);
    pairs.rollout.weight.push_back((1 - flip_rate) * p + flip_rate * (1 - p));
  }
}

// Two actions, the first preferred with probability p.
Listed two_sided(const Enumerable& problem, double p) {
  Listed pairs = listed(problem, {{0, 1}, {1, 0}});
  pairs.rollout.weight = {p, 1 - p};
  return pairs;
}

double log_odds(const Distribution& p) { return std::log(p[0] / p[1]); }

TEST(DpoOptimum, OnExactBradleyTerryProbabilitiesIsTheTilt) {
  const Enumerable problem = enumerable(kReference);
  Listed pairs = all_pairs(problem);
  weigh_by_preference(pairs, kReward);
  for (const double beta : {.3, 1.0})
    expect_near(descend(problem, pairs, *dpo_objective(beta), false, 2 / (beta * beta), 20000),
                tilted(kReference, kReward, beta), kTight);
}

TEST(DpoOptimum, RobustUndoesFlippedLabels) {
  const Enumerable problem = enumerable(kReference);
  Listed pairs = all_pairs(problem);
  weigh_by_preference(pairs, kReward, .2);
  expect_near(descend(problem, pairs, *robust_dpo_objective(.5, .2), false, 4, 20000),
              tilted(kReference, kReward, .5), kTight);
  // Plain DPO on the same labels stays short of it.
  EXPECT_LT(descend(problem, pairs, *dpo_objective(.5), false, 4, 20000)[1],
            tilted(kReference, kReward, .5)[1] - .05);
}

TEST(DpoOptimum, ConservativeStopsWhereLabelsAreTakenToBeWrong) {
  // Certain preferences and e = .1: s(beta D) = .9 instead of D without bound.
  const Enumerable problem = enumerable({.5, .5});
  const Distribution p =
      descend(problem, two_sided(problem, 1), *conservative_dpo_objective(.5, .1), false, 4, 20000);
  EXPECT_NEAR(log_odds(p), std::log(9.0) / .5, kTight);
}

TEST(IpoOptimum, IsTheLeastSquaresFitToThePreferences) {
  // D of two answers = (mean preference of one - of the other)/beta, over all opponents: the tilt by P(a beats
  // a uniform opponent) of Azar et al.
  const Enumerable problem = enumerable(kReference);
  const double beta = .7;
  // A cycle in part: no utilities explain these.
  const double beats[3][3] = {{.5, .8, .4}, {.2, .5, .9}, {.6, .1, .5}};
  std::vector<double> mean(3, 0);
  for (std::size_t a = 0; a < 3; ++a)
    for (std::size_t b = 0; b < 3; ++b) mean[a] += beats[a][b] / 3;
  Listed pairs = all_pairs(problem);
  for (const auto& pair : pairs.groups) pairs.rollout.weight.push_back(beats[pair[0]][pair[1]]);
  expect_near(descend(problem, pairs, *ipo_objective(beta), false, .2, 20000), tilted(kReference, mean, beta),
              kTight);
}

TEST(HingeOptimum, OpensTheMarginAndNoFurther) {
  const Enumerable problem = enumerable({.4, .6});
  const double beta = .5, rate = .001;
  const Distribution p =
      descend(problem, two_sided(problem, .8), *hinge_objective(beta), false, rate, 20000, 0);
  // Subgradient steps at the kink wander by a step's length.
  EXPECT_NEAR(log_odds(p) - std::log(.4 / .6), 1 / beta, 4 * rate);
}

TEST(SimpoOptimum, WithoutMarginIsTheTiltOfTheUniformPolicy) {
  const Enumerable problem = enumerable(kReference);
  Listed pairs = all_pairs(problem);
  weigh_by_preference(pairs, kReward);
  expect_near(descend(problem, pairs, *simpo_objective(.5, 0), false, 4, 20000),
              tilted({1. / 3, 1. / 3, 1. / 3}, kReward, .5), kTight);
}

TEST(SimpoOptimum, WithAMarginSolvesItsStationaryEquation) {
  const Enumerable problem = enumerable({.5, .5});
  const double beta = .8, gamma = .4, p = .8;
  const double x = zero_of(
      [&](double y) { return -p * logistic(-(beta * y - gamma)) + (1 - p) * logistic(beta * y + gamma); }, -20,
      20);
  EXPECT_NEAR(log_odds(descend(problem, two_sided(problem, p), *simpo_objective(beta, gamma), false, 2, 20000)),
              x, kTight);
}

TEST(OrpoOptimum, SolvesItsStationaryEquation) {
  // With l = log(pi/(1 - pi)) of the first of two actions the loss is p (-log pi - beta log s(2 l)) + the
  // mirror image; its slope in l is (pi - p) + 2 beta (s(2 l) - p).
  const Enumerable problem = enumerable({.5, .5});
  for (const double beta : {.1, 1.0}) {
    const double p = .8;
    const double l =
        zero_of([&](double y) { return (logistic(y) - p) + 2 * beta * (logistic(2 * y) - p); }, -20, 20);
    EXPECT_NEAR(log_odds(descend(problem, two_sided(problem, p), *orpo_objective(beta), false, 1, 20000)), l,
                kTight);
  }
}

TEST(KtoOptimum, RaisesWhatMostFindDesirableAndLowersTheRest) {
  // An action liked with probability p has the slope -(2p - 1) beta s(1 - s) in its log-ratio whatever z0 is:
  // the liked one takes all, the disliked vanish.
  const Enumerable problem = enumerable(kReference);
  Listed thumbs = listed(problem, {{0}, {0}, {1}, {1}, {2}, {2}});
  thumbs.rollout.desirable = {1, 0, 1, 0, 1, 0};
  thumbs.rollout.weight = {.4, .6, .7, .3, .2, .8};
  const Distribution early = descend(problem, thumbs, *kto_objective({.beta = .5}), false, 1, 50, 0);
  EXPECT_GT(early[1], kReference[1]);
  EXPECT_LT(early[0], kReference[0]);
  EXPECT_LT(early[2], kReference[2]);
  EXPECT_GT(early[0] / kReference[0], early[2] / kReference[2]);
  EXPECT_GT(descend(problem, thumbs, *kto_objective({.beta = .5}), false, 5, 20000, 0)[1], .95);
}

TEST(RlooOptimum, InExpectationIsTheTilt) {
  const Enumerable problem = enumerable(kReference);
  for (const std::size_t n : {2u, 3u}) {
    Listed groups = all_groups(problem, n);
    reward(groups, kReward);
    for (const double beta : {.3, 1.0})
      expect_near(descend(problem, groups, *rloo_objective(beta), true, 2, 20000),
                  tilted(kReference, kReward, beta), kTight);
  }
}

TEST(ReinforceOptimum, IsTheTiltWithAnyBaseline) {
  const Enumerable problem = enumerable(kReference);
  Listed answers = all_groups(problem, 1);
  reward(answers, kReward);
  for (const Baseline baseline : {Baseline::kNone, Baseline::kMean, Baseline::kValue})
    expect_near(
        descend(problem, answers, *reinforce_objective({.beta = .4, .baseline = baseline}), true, 2, 20000),
        tilted(kReference, kReward, .4), kTight);
}

TEST(PpoOptimum, WithKlInTheRewardIsTheTilt) {
  const Enumerable problem = enumerable(kReference);
  Listed answers = all_groups(problem, 1);
  reward(answers, kReward);
  for (const double beta : {.3, 1.0})
    expect_near(descend(problem, answers, *ppo_objective({.beta = beta, .value_weight = .5}), true, 1, 20000),
                tilted(kReference, kReward, beta), kTight);
}

TEST(PpoOptimum, TheEntropyBonusAloneIsATiltOfTheUniformPolicy) {
  const Enumerable problem = enumerable(kReference);
  Listed answers = all_groups(problem, 1);
  reward(answers, kReward);
  expect_near(descend(problem, answers, *ppo_objective({.beta = 0, .value_weight = .5, .entropy_weight = .4}),
                      true, 1, 20000),
              tilted({1. / 3, 1. / 3, 1. / 3}, kReward, .4), kTight);
}

TEST(PpoOptimum, TheValueLearnsTheRewardLessKl) {
  // At the optimum r - beta log(pi/ref) is beta log Z for every action, and so is the value.
  const Enumerable problem = enumerable(kReference);
  const double beta = .5;
  double z = 0;
  for (std::size_t a = 0; a < 3; ++a) z += kReference[a] * std::exp(kReward[a] / beta);
  Listed answers = all_groups(problem, 1);
  reward(answers, kReward);
  const auto policy = problem.policy(), reference = problem.policy();
  const ObjectivePointer objective = ppo_objective({.beta = beta, .value_weight = .5});
  Sgd sgd(1);
  answers.rollout.reference_log_prob = reference->forward(answers.sequences).log_prob;
  for (int s = 0; s < 2000; ++s) {
    weigh(answers, probabilities(problem, *policy));
    const Tape tape = policy->forward(answers.sequences);
    answers.rollout.old_log_prob = tape.log_prob;
    answers.rollout.old_value = tape.value;
    train_pass(*policy, answers.sequences, answers.rollout, *objective, objective->prepare(answers.rollout),
               sgd);
  }
  EXPECT_NEAR(policy->parameters().back(), beta * std::log(z), kTight);
}

TEST(GrpoOptimum, WithoutDivisionIsTheReferenceOverLambdaMinusReward) {
  // pi = b ref/(lambda - r), b = beta n/(n - 1): the group's mean holds the answer itself. lambda by
  // normalization.
  const Enumerable problem = enumerable(kReference);
  const double beta = .3;
  for (const std::size_t n : {2u, 3u, 4u}) {
    Listed groups = all_groups(problem, n);
    reward(groups, kReward);
    const double b = beta * static_cast<double>(n) / static_cast<double>(n - 1);
    const auto at = [&](double lambda) {
      Distribution p(3);
      for (std::size_t a = 0; a < 3; ++a) p[a] = b * kReference[a] / (lambda - kReward[a]);
      return p;
    };
    const double lambda = zero_of(
        [&](double l) {
          const Distribution p = at(l);
          return 1 - (p[0] + p[1] + p[2]);
        },
        1 + 1e-9, 10);
    const Distribution found =
        descend(problem, groups, *grpo_objective({.beta = beta, .divide_by_std = false}), true, 2, 20000);
    expect_near(found, at(lambda), kTight);
    // It is another policy than the exponential tilt, by far more than the tolerance.
    const Distribution tilt_of_b = tilted(kReference, kReward, b);
    double apart = 0;
    for (std::size_t a = 0; a < 3; ++a) apart = std::max(apart, std::abs(found[a] - tilt_of_b[a]));
    EXPECT_GT(apart, 1e6 * kTight);
  }
}

TEST(GrpoOptimum, WithK2InTheLossIsTheTilt) {
  // The slope of k2 is that of KL(pi, ref).
  const Enumerable problem = enumerable(kReference);
  Listed groups = all_groups(problem, 2);
  reward(groups, kReward);
  expect_near(
      descend(problem, groups, *grpo_objective({.beta = .3, .divide_by_std = false, .kl = KlEstimator::kK2}),
              true, 2, 20000),
      tilted(kReference, kReward, .6), kTight);
}

TEST(GrpoOptimum, WithDivisionIsItsFixedPointByEnumeration) {
  // The slope of the expected loss vanishes where pi = ref + h(pi)/beta, h(a) = expected mean over the group of
  // A_i 1{a_i = a}; found here by damped iteration over all groups, written out anew.
  const double beta = .5;
  for (const std::size_t n : {2u, 3u}) {
    Distribution pi = kReference;
    for (int step = 0; step < 4000; ++step) {
      std::vector<double> h(3, 0);
      const std::size_t total = n == 2 ? 9 : 27;
      for (std::size_t code = 0; code < total; ++code) {
        const std::vector<std::size_t> all = {code % 3, code / 3 % 3, code / 9};
        const std::vector<std::size_t> group(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(n));
        double p = 1, mean = 0, variance = 0;
        for (const std::size_t a : group) {
          p *= pi[a];
          mean += kReward[a] / static_cast<double>(n);
        }
        for (const std::size_t a : group)
          variance += (kReward[a] - mean) * (kReward[a] - mean) / static_cast<double>(n - 1);
        for (const std::size_t a : group)
          h[a] += p * (kReward[a] - mean) / (std::sqrt(variance) + 1e-4) / static_cast<double>(n);
      }
      for (std::size_t a = 0; a < 3; ++a) pi[a] += .2 * (kReference[a] + h[a] / beta - pi[a]);
    }
    const Enumerable problem = enumerable(kReference);
    Listed groups = all_groups(problem, n);
    reward(groups, kReward);
    expect_near(descend(problem, groups, *grpo_objective({.beta = beta}), true, 1, 20000), pi, kTight);
    EXPECT_NEAR(pi[0] + pi[1] + pi[2], 1, kTight);
  }
}

TEST(BestOfNOptimum, IsTheBestOfNPolicyOfTheReference) {
  // P(best of n is a) = F(r_a)^n - F(below r_a)^n, the tie of the last two shared by their probabilities.
  const Distribution reference = {.5, .2, .2, .1};
  const std::vector<double> value = {.2, 1, .5, .5};
  const Enumerable problem = enumerable(reference);
  const auto expected = [&](int n) {
    return Distribution{std::pow(.5, n), 1 - std::pow(.8, n), (std::pow(.8, n) - std::pow(.5, n)) * 2 / 3,
                        (std::pow(.8, n) - std::pow(.5, n)) / 3};
  };
  Listed groups = all_groups(problem, 3);
  reward(groups, value);
  weigh(groups, reference);
  expect_near(descend(problem, groups, *best_of_n_objective(), false, 3, 20000), expected(3), kTight);
  // The best of 2 from groups of 3 uses every group better and has the same optimum as groups of 2.
  expect_near(descend(problem, groups, *best_of_n_objective(2), false, 3, 20000), expected(2), kTight);
}

TEST(WithoutKl, EveryRewardObjectiveReachesTheBestAction) {
  const Enumerable problem = enumerable(kReference);
  struct Player {
    ObjectivePointer objective;
    std::size_t group;
  };
  for (const Player& each : {Player{rloo_objective(0), 2}, Player{reinforce_objective({.beta = 0}), 1},
                             Player{reinforce_objective({.beta = 0, .baseline = Baseline::kNone}), 1},
                             Player{reinforce_objective({.beta = 0, .baseline = Baseline::kValue}), 1},
                             Player{ppo_objective({.beta = 0}), 1}, Player{grpo_objective({.beta = 0}), 2},
                             Player{grpo_objective({.beta = 0, .divide_by_std = false}), 2}}) {
    Listed groups = all_groups(problem, each.group);
    reward(groups, kReward);
    EXPECT_GT(descend(problem, groups, *each.objective, true, 2, 5000, 0)[1], .995) << each.objective->name();
  }
}

TEST(WithoutKl, BestOfNDistilledAgainAndAgainReachesTheBestAction) {
  // On-policy groups: each round imitates the best of its own answers.
  const Enumerable problem = enumerable(kReference);
  Listed groups = all_groups(problem, 2);
  reward(groups, kReward);
  EXPECT_GT(descend(problem, groups, *best_of_n_objective(), true, 2, 3000, 0)[1], .995);
}

TEST(RewardModelOptimum, RecoversUtilitiesFromExactProbabilities) {
  const std::vector<double> utility = {.3, -1, 2};
  const Enumerable problem = enumerable(kReference);
  Listed pairs = all_pairs(problem);
  weigh_by_preference(pairs, utility);
  // The scores of the three answers are free parameters here; centering fixes their sum, which pairs do not.
  const auto fit = [&](double centering, std::vector<double> score) {
    const ObjectivePointer objective = bradley_terry_objective(centering);
    const Targets targets = objective->prepare(pairs.rollout);
    for (int s = 0; s < 5000; ++s) {
      std::vector<double> value;
      for (const std::uint32_t a : pairs.sequences.token) value.push_back(score[a]);
      const Loss loss = objective->loss(pairs.rollout, targets, {.value = value});
      for (std::size_t t = 0; t < value.size(); ++t) score[pairs.sequences.token[t]] -= loss.cotangent.value[t];
    }
    return score;
  };
  const std::vector<double> free = fit(0, {1, 1, 1});
  for (std::size_t a = 0; a < 3; ++a) EXPECT_NEAR(free[a] - free[0], utility[a] - utility[0], kTight);
  const std::vector<double> centred = fit(1e-4, {1, 1, 1});
  EXPECT_NEAR(centred[2] - centred[1], 3, .02);
  EXPECT_LT(std::abs(centred[0] + centred[1] + centred[2]), std::abs(free[0] + free[1] + free[2]));
}

}  // namespace
}  // namespace plumb
