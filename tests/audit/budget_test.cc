// The budget as a constraint on what ships: what policies cost, who is refused for it, who is not.
#include <gtest/gtest.h>

#include <cmath>

#include "audit/costs.h"
#include "plumb/account.h"
#include "tests/policy/made_log.h"

namespace plumb {
namespace {

const std::vector<MadeOutcome> kOutcomes = {{"value"}};

// A fair coin between a and b, several decisions a unit; b is worth 1 + x0 more than a.
DecisionLog coin_log(std::size_t n, std::size_t decisions_per_unit = 1) {
  Rng rng(5);
  std::vector<MadeDecision> decisions(n);
  for (std::size_t i = 0; i < n; ++i) {
    MadeDecision& d = decisions[i];
    d.unit = i / decisions_per_unit;
    d.mu = {.5, .5};
    d.x = {i % decisions_per_unit == 0 ? rng.normal() : decisions[i - 1].x[0]};
    d.chosen = rng.bernoulli(.5);
    d.value = {d.chosen * (1 + d.x[0]) + .5 * rng.normal()};
  }
  return made_log({"a", "b"}, kOutcomes, decisions);
}

Goal budget_goal(double budget, double b = 1, double a = 0) {
  Goal goal = made_goal("value", kOutcomes, .01);
  goal.cost = {{"a", a}, {"b", b}};
  goal.budget = budget;
  goal.reference = "constant:a";
  return goal;
}

// b with probability 1 where x0 is above the cut, else a.
PolicyPointer above(const DecisionLog& log, const std::string& name, double cut) {
  std::vector<float> p;
  for (std::size_t i = 0; i < log.size(); ++i) {
    const float b = log.context[0].number[i] > cut ? 1 : 0;
    p.insert(p.end(), {1 - b, b});
  }
  return table_policy(name, std::move(p), true);
}

OutcomeModels no_models(const DecisionLog& log) {
  return made_models(log, [](auto, auto, auto) { return 0.0; });
}

Certification certified(const DecisionLog& log, const Goal& goal, const std::vector<Certifiable>& candidates,
                        const CertificationOptions& options = {}) {
  return certify(log, goal, no_models(log), constant_policy("a"), candidates, options);
}

const CandidateClaim& claim_of(const Certification& c, const std::string& name) {
  for (const CandidateClaim& claim : c.candidates) {
    if (claim.name == name) return claim;
  }
  throw std::logic_error("no claim on " + name);
}

const ConstraintClaim& budget_of(const Certification& c, const std::string& name) {
  const CandidateClaim& claim = claim_of(c, name);
  if (claim.constraints.empty() || claim.constraints.back().id != kBudgetClaim)
    throw std::logic_error("no budget claim on " + name);
  return claim.constraints.back();
}

TEST(Budget, CostsAreTheMeanOverTheRowsThatAPolicyMayBeJudgedOn) {
  const DecisionLog log = coin_log(4000, 4);
  const Certification c = certified(log, budget_goal(3, 5, 2), {{above(log, "t", 0), "goal", false}});
  double sum = 0, n = 0;
  std::vector<double> by_bucket(kBuckets, 0.0), count(kBuckets, 0.0);
  for (std::size_t i = 0; i < log.size(); ++i) {
    if (log.in_training(i)) continue;
    const double cost = log.context[0].number[i] > 0 ? 5 : 2;
    sum += cost;
    n += 1;
    by_bucket[bucket_of(log.unit[i])] += cost;
    count[bucket_of(log.unit[i])] += 1;
  }
  // Clustered on units, by hand.
  double squares = 0, used = 0;
  for (std::size_t b = 0; b < kBuckets; ++b) {
    const double s = (by_bucket[b] - sum / n * count[b]) / n;
    squares += s * s;
    used += count[b] > 0;
  }
  const ConstraintClaim& claim = budget_of(c, "t");
  EXPECT_NEAR(claim.measured.value, sum / n, 1e-9);
  EXPECT_NEAR(claim.measured.standard_error, std::sqrt(squares * used / (used - 1)), 1e-9);
  EXPECT_GT(claim.measured.interval.upper, claim.measured.value + 1.9 * claim.measured.standard_error);
  EXPECT_EQ(claim.limit, 3);
  // What costs the same every time is known without doubt.
  EXPECT_EQ(budget_of(c, "constant:b").measured.value, 5);
  EXPECT_EQ(budget_of(c, "constant:b").measured.interval.upper, 5);
  EXPECT_EQ(budget_of(c, "reference").measured.value, 2);
}

TEST(Budget, IsKeptBrokenOrOpenByTheEndsOfTheInterval) {
  const DecisionLog log = coin_log(8000);
  const std::vector<Certifiable> candidates = {
      {above(log, "few", 1.2), "goal", false},    // 11.5 %
      {above(log, "most", -.5), "goal", false},   // 69 %
      {above(log, "about", .84), "goal", false},  // 20 %
  };
  const Certification c = certified(log, budget_goal(.2), candidates);
  EXPECT_EQ(budget_of(c, "few").verdict, Verdict::kPass);
  EXPECT_EQ(budget_of(c, "most").verdict, Verdict::kRefuse);
  EXPECT_EQ(budget_of(c, "about").verdict, Verdict::kInconclusive);
  EXPECT_EQ(budget_of(c, "constant:a").verdict, Verdict::kPass);
  EXPECT_EQ(budget_of(c, "constant:b").verdict, Verdict::kRefuse);
  EXPECT_EQ(claim_of(c, "most").verdict, Verdict::kRefuse);
  EXPECT_NE(claim_of(c, "most").reason.find("mean cost is 0.6"), std::string::npos)
      << claim_of(c, "most").reason;
  EXPECT_EQ(claim_of(c, "about").verdict, Verdict::kInconclusive);
  // b for everyone gains most and is not what ships.
  EXPECT_GT(claim_of(c, "constant:b").versus_reference.interval.lower,
            claim_of(c, "few").versus_reference.interval.upper);
  ASSERT_TRUE(c.recommended);
  EXPECT_EQ(c.candidates[*c.recommended].name, "few");
}

TEST(Budget, ThatIsSpentToTheLastDigitIsKept) {
  const DecisionLog log = coin_log(1500);
  // A third of the decisions by chance: as floats the probabilities sum to a hair more.
  std::vector<float> p;
  for (std::size_t i = 0; i < log.size(); ++i) p.insert(p.end(), {2.0f / 3, 1.0f / 3});
  const Certification c =
      certified(log, budget_goal(1.0 / 3), {{table_policy("third", p, true), "goal", false}});
  EXPECT_EQ(budget_of(c, "third").verdict, Verdict::kPass);
  const Certification exact = certified(log, budget_goal(.1, .1), {});
  EXPECT_EQ(budget_of(exact, "constant:b").verdict, Verdict::kPass);
  const Certification beyond = certified(log, budget_goal(.1, .1001), {});
  EXPECT_EQ(budget_of(beyond, "constant:b").verdict, Verdict::kRefuse);
}

TEST(Budget, WhatRunsTodayMayBreakIt) {
  const DecisionLog log = coin_log(4000);
  Goal goal = budget_goal(.2);
  const Certification c =
      certify(log, goal, no_models(log), std::make_shared<LoggingPolicy>(log, 1), {}, CertificationOptions{});
  double chosen = 0;
  for (std::size_t i = 0; i < log.size(); ++i) chosen += log.chosen_action(i) == 1;
  EXPECT_NEAR(budget_of(c, "reference").measured.value, chosen / static_cast<double>(log.size()), 1e-9);
  EXPECT_EQ(budget_of(c, "reference").verdict, Verdict::kRefuse);
}

TEST(Budget, RejectedRowsCountAsTheDearest) {
  const DecisionLog log = coin_log(8000);
  CertificationOptions options;
  options.rejected_share = .05;
  Goal goal = budget_goal(.14);
  goal.outcomes[0].range_lower = -10;
  goal.outcomes[0].range_upper = 10;
  const std::vector<Certifiable> candidates = {{above(log, "few", 1.2), "goal", false}};
  EXPECT_EQ(budget_of(certified(log, goal, candidates), "few").verdict, Verdict::kPass);
  const Certification c = certified(log, goal, candidates, options);
  EXPECT_EQ(budget_of(c, "few").verdict, Verdict::kInconclusive);
  const Measured& without = budget_of(certified(log, goal, candidates), "few").measured;
  EXPECT_NEAR(budget_of(c, "few").measured.interval.upper, .95 * without.interval.upper + .05, 1e-12);
}

TEST(Budget, CostsMustFitTheLog) {
  const DecisionLog log = coin_log(400);
  Goal goal = budget_goal(.2);
  goal.path = "goal.toml";
  const auto refused = [&](const std::string& text) {
    try {
      certified(log, goal, {});
      ADD_FAILURE() << "not refused: " << text;
    } catch (const Error& error) {
      EXPECT_EQ(std::string(error.what()), text);
    }
  };
  goal.cost = {{"a", 0}};
  refused("goal.toml: policy.costs: found none for b, expected the cost of every action, 0 where it is free");
  goal.cost = {{"a", 0}, {"b", 1}, {"bb", 1}};
  refused("goal.toml: policy.costs of bb: found no such action, expected an action of the log");
}

TEST(Spending, IsComparedWithSpendingAsMuchAtRandom) {
  const DecisionLog log = coin_log(20000);
  const Goal goal = budget_goal(.5);
  const OutcomeModels models = no_models(log);
  std::vector<std::uint8_t> seen(log.size()), unseen(log.size());
  for (std::size_t i = 0; i < log.size(); ++i) {
    seen[i] = log.in_training(i);
    unseen[i] = !seen[i];
  }
  const PolicyPointer policies[] = {above(log, "sharp", 0), above(log, "blunt", -10)};
  const auto accounts = spending_accounts({log, goal, models, seen, unseen, 1, 2}, policies);
  ASSERT_EQ(accounts.size(), 2u);
  // Half of the decisions, those with x0 > 0: E[x0 1{x0 > 0}] = 1/sqrt(2 pi) more than half of them at random.
  const Measured& sharp = accounts[0].over_random;
  ASSERT_TRUE(sharp.known) << sharp.why_not;
  EXPECT_NEAR(sharp.value, 1 / std::sqrt(2 * M_PI), 4 * sharp.standard_error);
  EXPECT_LT(sharp.standard_error, .03);
  EXPECT_GT(sharp.interval.lower, 0);
  EXPECT_NEAR(accounts[0].cost.value, .5, .02);
  // b for everyone is what at random does with as much money.
  EXPECT_NEAR(accounts[1].cost.value, 1, 1e-9);
  EXPECT_NEAR(accounts[1].over_random.value, 0, 1e-9);
}

TEST(Rules, GainWhatTheWorldGivesThemOnRowsThatTheyWereNotLearntFrom) {
  const DecisionLog log = coin_log(20000);
  const Goal goal = made_goal("value", kOutcomes);
  const OutcomeModels models = no_models(log);
  std::vector<std::uint8_t> seen(log.size()), unseen(log.size());
  for (std::size_t i = 0; i < log.size(); ++i) {
    seen[i] = log.in_training(i);
    unseen[i] = !seen[i];
  }
  TreeParts parts;
  parts.tree.columns = {{"x0", false}};
  parts.tree.actions = {"a", "b"};
  parts.tree.node = {{0, -1, "", 1, 2, 0}, {-1, 0, "", 0, 0, 0}, {-1, 0, "", 0, 0, 1}};
  const TreeAccount account =
      tree_account({log, goal, models, seen, unseen, 1, 2}, TreePolicy("tree:1", parts));
  EXPECT_EQ(account.best_action, "b");
  ASSERT_EQ(account.rules.size(), 2u);
  const RuleAccount &low = account.rules[0], &high = account.rules[1];
  EXPECT_EQ(low.condition, "x0 <= -1");
  EXPECT_EQ(low.action, "a");
  std::uint64_t count = 0;
  for (std::size_t i = 0; i < log.size(); ++i) count += unseen[i] && log.context[0].number[i] <= -1;
  EXPECT_EQ(low.count, count);
  EXPECT_NEAR(low.share, .1587, .01);
  EXPECT_NEAR(low.share + high.share, 1, 1e-12);
  // Where x0 <= -1, a is worth -(1 + E[x0 | x0 <= -1]) = phi(1)/Phi(-1) - 1 = .5251 more than b.
  ASSERT_TRUE(low.gain.known) << low.gain.why_not;
  EXPECT_NEAR(low.gain.value, .5251, 4 * low.gain.standard_error);
  EXPECT_LT(low.gain.standard_error, .1);
  EXPECT_EQ(high.action, "b");
  EXPECT_TRUE(high.gain.known);
  EXPECT_EQ(high.gain.value, 0);

  // A rule of too few decisions has no number, and training alone gives none to any.
  parts.tree.node[0].threshold = -3;
  const TreeAccount rare = tree_account({log, goal, models, seen, unseen, 1, 2}, TreePolicy("tree:1", parts));
  EXPECT_FALSE(rare.rules[0].gain.known);
  EXPECT_FALSE(tree_shares(log, TreePolicy("tree:1", parts), seen, "not now").rules[1].gain.known);
}

}  // namespace
}  // namespace plumb
