// Trees that are trained for a goal: what they find, what they must not look at, what keeps them inside limits.
#include <gtest/gtest.h>

#include <cmath>

#include "plumb/policy_tree.h"
#include "tests/optimize/tempting_log.h"

namespace plumb {
namespace {

const DecisionTree& tree_of(const Candidate& candidate) {
  return dynamic_cast<const TreePolicy&>(*candidate.policy).parts().tree;
}

// Action b pays where x0 > 0 and the group g1, c where x0 <= 0; a is worth nothing.
DecisionLog ruled_log(std::size_t n, std::uint64_t seed) {
  Rng rng(seed);
  std::vector<MadeDecision> decisions(n);
  for (std::size_t i = 0; i < n; ++i) {
    MadeDecision& d = decisions[i];
    d.unit = i;
    d.mu = {.4, .3, .3};
    d.x = {rng.normal(), rng.normal(), rng.normal()};
    d.chosen = static_cast<std::uint32_t>(rng.categorical(d.mu));
    const double value[3] = {0, d.x[0] > 0 ? (d.x[1] > .5 ? 2 : .2) : -1, d.x[0] <= 0 ? 1.0 : -1};
    d.value = {value[d.chosen] + rng.normal()};
  }
  return made_log({"a", "b", "c"}, {{"y"}}, decisions);
}

TEST(TrainTrees, FindTheRulesThatTheWorldFollows) {
  Prepared prepared(ruled_log(4000, 3), made_goal("y", {{"y"}}));
  const Training training = train_trees(prepared.context());
  ASSERT_FALSE(training.candidates.empty());
  const Candidate& chosen = training.candidates[training.chosen];
  const std::vector<TreeRule> rules = tree_rules(tree_of(chosen));
  ASSERT_GE(rules.size(), 2u) << training.sentence;
  EXPECT_EQ(tree_of(chosen).columns[static_cast<std::size_t>(tree_of(chosen).node[0].column)].name, "x0");
  EXPECT_NEAR(tree_of(chosen).node[0].threshold, 0, .1);
  // The true gain over the logging policy: 1/2 c (1) + 1/2 (.31 of 2, .69 of .2), less what was logged.
  std::vector<float> p(prepared.log.action.size());
  chosen.policy->probabilities(prepared.log, 0, prepared.log.size(), p);
  double truth = 0;
  for (std::size_t i = 0; i < prepared.log.size(); ++i) {
    const double x0 = prepared.log.context[0].number[i], x1 = prepared.log.context[1].number[i];
    const double value[3] = {0, x0 > 0 ? (x1 > .5 ? 2 : .2) : -1, x0 <= 0 ? 1.0 : -1};
    const double mu[3] = {.4, .3, .3};
    for (std::size_t a = 0; a < 3; ++a)
      truth += (p[3 * i + a] - mu[a]) * value[a] / static_cast<double>(prepared.log.size());
  }
  EXPECT_NEAR(chosen.gain, truth, 4 * chosen.standard_error + .02);
  EXPECT_GT(chosen.lower(), 0);
}

TEST(TrainTrees, AreNotFlatteredWhereNothingMatters) {
  // Cross-fitted gains on worlds where no action differs: their z beyond 1.645 about one time in twenty.
  constexpr int kWorlds = 60;
  int beyond = 0, candidates = 0;
  double sum = 0;
  for (int k = 0; k < kWorlds; ++k) {
    Rng rng = Rng(50).stream("null", static_cast<std::uint64_t>(k));
    std::vector<MadeDecision> decisions(800);
    for (std::size_t i = 0; i < decisions.size(); ++i) {
      decisions[i] = {i, {.4, .3, .3}, 0, {rng.normal()}, {}, {rng.normal(), rng.normal(), rng.normal()}, 0};
      decisions[i].chosen = static_cast<std::uint32_t>(rng.categorical(decisions[i].mu));
    }
    Prepared prepared(made_log({"a", "b", "c"}, {{"y"}}, decisions), made_goal("y", {{"y"}}));
    for (const Candidate& c : train_trees(prepared.context()).candidates) {
      beyond += c.gain > 1.645 * c.standard_error;
      sum += c.gain / c.standard_error;
      ++candidates;
    }
  }
  EXPECT_GE(candidates, 2 * kWorlds);
  // Depths of one world go together, so as if there were one candidate a world.
  const double share = static_cast<double>(beyond) / candidates;
  EXPECT_LE(share, .05 + 3 * std::sqrt(.05 * .95 / kWorlds));
  EXPECT_NEAR(sum / candidates, 0, 4 / std::sqrt(kWorlds));
}

TEST(TrainTrees, MultipliersBringAConstraintInside) {
  Prepared free(tempting_log(6000), tempting_goal());
  const Training tempted = train_trees(free.context());
  Goal goal = tempting_goal();
  goal.constraints = {no_more_harm(.2)};
  Prepared bound(tempting_log(6000), goal);
  const Training careful = train_trees(bound.context());
  const auto harm = [](Prepared& prepared, const Candidate& c) {
    Evaluation& e = *prepared.evaluation;
    const std::size_t number = e.add_policy(*c.policy), all = prepared.all;
    const Contrast difference{
        "harm", {{e.column(number, 1, all), 1}, {e.column(prepared.reference_number, 1, all), -1}}};
    return e.estimate({&difference, 1}).value[0];
  };
  const Candidate &wild = tempted.candidates[tempted.chosen], &tame = careful.candidates[careful.chosen];
  EXPECT_GT(harm(free, wild), .2);
  ASSERT_EQ(tame.multipliers.size(), 1u);
  EXPECT_TRUE(tame.multipliers[0].met);
  EXPECT_GT(tame.multipliers[0].value, 0);
  EXPECT_LE(harm(bound, tame), .01);
  EXPECT_LT(tame.gain, wild.gain);
}

TEST(TrainTrees, NeverLookAtTheCertificationHalf) {
  Goal goal = tempting_goal();
  goal.constraints = {no_more_harm(.2)};
  auto decisions = tempting_decisions(2000);
  std::vector<Training> trained;
  Rng rng(64);
  for (int turn = 0; turn < 2; ++turn) {
    Prepared prepared(made_log({"a", "b", "c"}, kTemptingOutcomes, decisions), goal);
    trained.push_back(train_trees(prepared.context()));
    for (std::size_t i = 0; i < decisions.size(); ++i) {
      if (!prepared.log.in_training(i)) decisions[i].value = {100 * rng.normal(), 100 * rng.normal()};
    }
  }
  ASSERT_EQ(trained[0].candidates.size(), trained[1].candidates.size());
  for (std::size_t k = 0; k < trained[0].candidates.size(); ++k) {
    EXPECT_EQ(trained[0].candidates[k].gain, trained[1].candidates[k].gain);
    EXPECT_EQ(trained[0].candidates[k].kl, trained[1].candidates[k].kl);
    EXPECT_EQ(tree_rules(tree_of(trained[0].candidates[k])).size(),
              tree_rules(tree_of(trained[1].candidates[k])).size());
  }
  EXPECT_EQ(trained[0].sentence, trained[1].sentence);
}

TEST(TrainTrees, KeepABudgetOfDivergence) {
  Goal goal = made_goal("y", {{"y"}});
  goal.kl_budget = .1;
  Prepared prepared(ruled_log(1200, 5), goal);
  const Training training = train_trees(prepared.context());
  EXPECT_TRUE(training.candidates.empty());
  EXPECT_NE(training.sentence.find("kl_budget"), std::string::npos) << training.sentence;
}

TEST(TrainTrees, ShipWhatTheyMeasured) {
  Prepared prepared(ruled_log(2000, 8), made_goal("y", {{"y"}}));
  const Training training = train_trees(prepared.context());
  for (const Candidate& c : training.candidates) {
    const std::size_t number = prepared.evaluation->add_policy(*c.policy);
    EXPECT_NEAR(prepared.evaluation->kl(number, prepared.training), c.kl, 1e-6);
    const Overlap overlap = training_overlap(*parse_policy(policy_bytes(*c.policy), "p"), prepared.log);
    EXPECT_TRUE(overlap.trained_here);
    for (std::size_t i = 0; i < prepared.log.size(); ++i)
      ASSERT_EQ(overlap.seen[i], prepared.log.in_training(i));
  }
}

TEST(TrainTrees, RefuseALogOrASignalThatTheyCannotUse) {
  Goal goal = made_goal("y", {{"y"}});
  Prepared prepared(ruled_log(800, 5), goal);
  const auto refused = [&](const std::string& text) {
    try {
      train_trees(prepared.context());
      ADD_FAILURE() << "not refused: " << text;
    } catch (const Error& error) {
      EXPECT_NE(std::string(error.what()).find(text), std::string::npos) << error.what();
    }
  };
  prepared.goal.signal = "click";
  refused("optimize.signal: found click, expected auto, goal or a proxy");
  prepared.goal.signal = "auto";
  prepared.log.fixed_actions = false;
  refused("do not all offer the same actions");
}

}  // namespace
}  // namespace plumb
