// The ranking policy: its probabilities and slopes, and the same optima as the decision policy on a problem of
// three items and two slots, whose six rankings are listed.
#include "tests/optimize/enumerable.h"

namespace plumb {
namespace {

const Distribution kItems = {.5, .3, .2};
const std::vector<double> kUtility = {-.4, .9, .2};

// Plackett-Luce probability of a ranking, from its definition.
double plackett_luce(const Distribution& strength, const std::vector<std::uint32_t>& ranking) {
  double left = 0, p = 1;
  for (const double s : strength) left += s;
  for (const std::uint32_t a : ranking) {
    p *= strength[a] / left;
    left -= strength[a];
  }
  return p;
}

// A reward whose tilt of the reference is a Plackett-Luce policy again: beta times the log-ratio of the two.
struct Tilted {
  Enumerable problem = enumerable(kItems, 2);
  double beta = .5;
  Distribution expected;
  std::vector<double> reward;
};
Tilted tilted_problem() {
  Tilted out;
  const Distribution strength = tilted(kItems, kUtility, out.beta);
  for (const auto& ranking : out.problem.answers) {
    out.expected.push_back(plackett_luce(strength, ranking));
    out.reward.push_back(out.beta * std::log(out.expected.back() / plackett_luce(kItems, ranking)) + .3);
  }
  return out;
}

TEST(RankingPolicy, HasPlackettLuceProbabilities) {
  const Enumerable problem = enumerable(kItems, 2);
  const auto policy = problem.policy();
  const std::vector<double> theta = {.3, -.2, 1};
  std::copy(theta.begin(), theta.end(), policy->parameters().begin());
  Distribution strength, expected;
  for (std::size_t a = 0; a < 3; ++a) strength.push_back(kItems[a] * std::exp(theta[a]));
  for (const auto& ranking : problem.answers) expected.push_back(plackett_luce(strength, ranking));
  expect_near(probabilities(problem, *policy), expected, 1e-14);
  ASSERT_EQ(problem.answers.size(), 6u);
}

TEST(RankingPolicy, BackwardEqualsFiniteDifferencesOfEveryOutput) {
  // Two contexts of different sizes, features that are not indicators, values linear in context features.
  auto table = std::make_shared<OptionTable>();
  table->offset = {0, 3, 7};
  table->feature = Matrix(7, 2);
  table->context_feature = Matrix(2, 2);
  Rng rng(3);
  for (double& x : table->feature.data) x = rng.normal();
  for (double& x : table->context_feature.data) x = rng.normal();
  for (int a = 0; a < 7; ++a) table->log_base.push_back(rng.normal());
  const auto policy = ranking_policy(table, 3);
  ASSERT_EQ(policy->parameters().size(), 2u + 3 * 2);
  for (double& p : policy->parameters()) p = rng.normal();
  Sequences sequences;
  sequences.add(0, std::vector<std::uint32_t>{2, 0, 1});
  sequences.add(1, std::vector<std::uint32_t>{3, 1});  // shorter than the slots
  sequences.add(1, std::vector<std::uint32_t>{0, 2, 3});
  Cotangents by;
  for (std::size_t t = 0; t < sequences.token.size(); ++t) {
    by.log_prob.push_back(rng.normal());
    by.entropy.push_back(rng.normal());
    by.value.push_back(rng.normal());
  }
  const auto total = [&] {
    const Tape tape = policy->forward(sequences);
    double sum = 0;
    for (std::size_t t = 0; t < tape.log_prob.size(); ++t)
      sum += by.log_prob[t] * tape.log_prob[t] + by.entropy[t] * tape.entropy[t] + by.value[t] * tape.value[t];
    return sum;
  };
  policy->backward(sequences, policy->forward(sequences), by);
  for (std::size_t j = 0; j < policy->parameters().size(); ++j) {
    double& p = policy->parameters()[j];
    const double at = p, h = 1e-5;
    p = at + h;
    const double up = total();
    p = at - h;
    const double down = total();
    p = at;
    EXPECT_NEAR(policy->gradient()[j], (up - down) / (2 * h), 1e-6) << j;
    EXPECT_GT(std::abs(policy->gradient()[j]), 1e-3) << j;
  }
}

TEST(RankingPolicy, SamplesWithItsProbabilities) {
  const Enumerable problem = enumerable(kItems, 2);
  const auto policy = problem.policy();
  policy->parameters()[1] = .7;
  const Distribution p = probabilities(problem, *policy);
  const std::size_t n = 60000;
  const Sequences drawn = policy->sample(std::vector<std::uint32_t>(n, 0), Rng(11));
  for (std::size_t r = 0; r < p.size(); ++r) {
    double count = 0;
    for (std::size_t i = 0; i < n; ++i)
      count += drawn.token[2 * i] == problem.answers[r][0] && drawn.token[2 * i + 1] == problem.answers[r][1];
    // Four standard errors of a binomial share.
    EXPECT_NEAR(count / static_cast<double>(n), p[r],
                4 * std::sqrt(p[r] * (1 - p[r]) / static_cast<double>(n)));
  }
}

TEST(RankingPolicy, ThreadsDoNotMatter) {
  const Enumerable problem = enumerable(kItems, 2);
  const auto one = problem.policy(), three = problem.policy();
  one->parameters()[0] = three->parameters()[0] = .3;
  const std::vector<std::uint32_t> contexts(1000, 0);
  const Sequences drawn = one->sample(contexts, Rng(5), 1);
  EXPECT_EQ(drawn.token, three->sample(contexts, Rng(5), 3).token);
  const Tape tape = one->forward(drawn, 1), other = three->forward(drawn, 3);
  EXPECT_EQ(tape.log_prob, other.log_prob);
  Cotangents by;
  for (const double lp : tape.log_prob) by.log_prob.push_back(std::sin(lp));
  by.entropy = by.log_prob;
  one->backward(drawn, tape, by, 1);
  three->backward(drawn, other, by, 3);
  EXPECT_EQ(std::vector<double>(one->gradient().begin(), one->gradient().end()),
            std::vector<double>(three->gradient().begin(), three->gradient().end()));
}

TEST(RankingOptimum, DpoOnExactBradleyTerryProbabilitiesIsTheTilt) {
  const Tilted t = tilted_problem();
  Listed pairs = all_pairs(t.problem);
  for (const auto& pair : pairs.groups)
    pairs.rollout.weight.push_back(1 / (1 + std::exp(t.reward[pair[1]] - t.reward[pair[0]])));
  expect_near(descend(t.problem, pairs, *dpo_objective(t.beta), false, 4, 20000), t.expected, 1e-9);
}

TEST(RankingOptimum, RlooAndReinforceAreTheTilt) {
  const Tilted t = tilted_problem();
  Listed groups = all_groups(t.problem, 2), answers = all_groups(t.problem, 1);
  reward(groups, t.reward);
  reward(answers, t.reward);
  expect_near(descend(t.problem, groups, *rloo_objective(t.beta), true, 1, 20000), t.expected, 1e-9);
  expect_near(descend(t.problem, answers, *reinforce_objective({.beta = t.beta}), true, 1, 20000), t.expected,
              1e-9);
}

TEST(RankingOptimum, PpoWithKlInTheRewardIsTheTilt) {
  // lambda = 1: a value that knows only the slot is a baseline then, and does not bias.
  const Tilted t = tilted_problem();
  Listed answers = all_groups(t.problem, 1);
  reward(answers, t.reward);
  expect_near(descend(t.problem, answers, *ppo_objective({.beta = t.beta, .lambda = 1, .value_weight = .5}),
                      true, 1, 20000),
              t.expected, 1e-9);
}

TEST(RankingOptimum, WithoutKlEveryRewardObjectiveReachesTheBestRanking) {
  const Enumerable problem = enumerable(kItems, 2);
  const std::vector<double> value = {.1, .2, .3, 1, .4, .2};  // the fourth ranking: second item, third item
  ASSERT_EQ(problem.answers[3], (std::vector<std::uint32_t>{1, 2}));
  struct Player {
    ObjectivePointer objective;
    std::size_t group;
  };
  for (const Player& each :
       {Player{rloo_objective(0), 2}, Player{reinforce_objective({.beta = 0}), 1},
        Player{ppo_objective({.beta = 0, .lambda = 1}), 1}, Player{grpo_objective({.beta = 0}), 2},
        Player{grpo_objective({.beta = 0, .divide_by_std = false}), 2}}) {
    Listed groups = all_groups(problem, each.group);
    reward(groups, value);
    EXPECT_GT(descend(problem, groups, *each.objective, true, 1, 5000, 0)[3], .98) << each.objective->name();
  }
}

}  // namespace
}  // namespace plumb
