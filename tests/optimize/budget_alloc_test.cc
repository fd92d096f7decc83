// Budgets: the allocation against the dual of its linear programme, and the policy that is trained with it.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>

#include "plumb/budget.h"
#include "tests/optimize/tempting_log.h"

namespace plumb {
namespace {

void expect_refused(const std::function<void()>& call, const std::string& text) {
  try {
    call();
    ADD_FAILURE() << "not refused: " << text;
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::kInput);
    EXPECT_NE(std::string(error.what()).find(text), std::string::npos) << error.what();
  }
}

// Strong duality: the highest total score within the budget is the minimum over prices of what rows keep after
// paying, plus the price of the budget. That is convex and linear between the prices at which two actions of a
// row are equal.
double dual(const Matrix& score, const std::vector<double>& cost, double budget) {
  std::vector<double> prices = {0};
  for (std::size_t i = 0; i < score.rows; ++i) {
    for (std::size_t a = 0; a < cost.size(); ++a) {
      for (std::size_t b = 0; b < cost.size(); ++b) {
        if (cost[a] > cost[b]) prices.push_back((score(i, a) - score(i, b)) / (cost[a] - cost[b]));
      }
    }
  }
  double best = INFINITY;
  for (const double price : prices) {
    if (price < 0) continue;
    double kept = price * budget * static_cast<double>(score.rows);
    for (std::size_t i = 0; i < score.rows; ++i) {
      double most = -INFINITY;
      for (std::size_t a = 0; a < cost.size(); ++a) most = std::max(most, score(i, a) - price * cost[a]);
      kept += most;
    }
    best = std::min(best, kept);
  }
  return best / static_cast<double>(score.rows);
}

TEST(Allocate, IsTheSolutionOfTheLinearProgramme) {
  Rng rng(7);
  for (int k = 0; k < 400; ++k) {
    const std::size_t n = 1 + rng.below(12), actions = 2 + rng.below(4);
    Matrix score(n, actions);
    // Every third time few distinct numbers, so that rows share their prices.
    for (double& s : score.data) s = k % 3 == 0 ? static_cast<double>(rng.below(3)) : rng.normal();
    std::vector<double> cost(actions);
    for (double& c : cost) c = k % 2 == 0 ? static_cast<double>(rng.below(3)) : rng.uniform();
    const double cheapest = *std::min_element(cost.begin(), cost.end());
    const double dearest = *std::max_element(cost.begin(), cost.end());
    const double budget = cheapest + rng.uniform() * (dearest - cheapest) * 1.2;
    const Allocation found = allocate(score.view(), cost, budget);
    EXPECT_NEAR(found.score, dual(score, cost, budget), 1e-9) << k;
    EXPECT_LE(found.cost, budget + 1e-9) << k;
    // What the prices do is what was promised.
    double spent = 0, earned = 0;
    for (std::size_t i = 0; i < n; ++i) {
      for (const auto& [price, share] :
           {std::pair(found.price_low, found.share_low), std::pair(found.price_high, 1 - found.share_low)}) {
        const std::size_t a = best_at_price(score.row(i), cost, price);
        spent += share * cost[a] / static_cast<double>(n);
        earned += share * score(i, a) / static_cast<double>(n);
      }
    }
    EXPECT_NEAR(spent, found.cost, 1e-9) << k;
    EXPECT_NEAR(earned, found.score, 1e-9) << k;
    if (found.limited) {
      EXPECT_NEAR(found.cost, budget, 1e-9) << k;
    }
  }
}

TEST(Allocate, HoldsNothingBackWhereTheBudgetIsNoLimit) {
  Matrix score(2, 2);
  score(0, 1) = 1;
  score(1, 1) = -1;
  const std::vector<double> cost = {0, 1};
  const Allocation found = allocate(score.view(), cost, .5);
  EXPECT_FALSE(found.limited);
  EXPECT_EQ(found.price_high, 0);
  EXPECT_EQ(found.cost, .5);
  EXPECT_EQ(found.score, .5);
}

TEST(Allocate, RefusesWhatNobodyCanSpend) {
  Matrix score(3, 2);
  const std::vector<double> cost = {.5, 1};
  expect_refused([&] { allocate(score.view(), cost, .4); },
                 "budget: found 0.4, expected a finite number >= 0.5");
  expect_refused([&] { allocate(score.view(), std::vector<double>{1.0}, 2); },
                 "cost: found 1 numbers, expected 2");
  expect_refused([&] { allocate(score.view(), std::vector<double>{-1.0, 1}, 2); }, "cost: found -1");
  score(1, 1) = std::numeric_limits<double>::quiet_NaN();
  expect_refused([&] { allocate(score.view(), cost, .7); }, "scores: found nan");
}

const BudgetSpec kSpec = {{{"a", 0}, {"b", 1}, {"c", 1}}, .2, .99};

TEST(TrainBudget, SpendsWhatItMayOnWhomItHelpsMost) {
  // In the tempting world b is worth .4 + .5 x0, c 1, a 0: with a fifth to spend, b for those with x0 beyond
  // its .8 quantile (.8416) beats c for anybody: .4 + .5 E[x0 | x0 > .8416] = 1.1.
  Prepared prepared(tempting_log(8000), tempting_goal());
  const BudgetPolicy found = train_budget(prepared.context(), kSpec);
  EXPECT_TRUE(found.allocation.limited);
  EXPECT_NEAR(found.aim + found.slack, .2, 1e-12);
  EXPECT_NEAR(found.allocation.cost, found.aim, 1e-9);
  std::vector<float> p(prepared.log.action.size());
  found.policy->probabilities(prepared.log, 0, prepared.log.size(), p);
  double cost = 0, value = 0;
  for (std::size_t i = 0; i < prepared.log.size(); ++i) {
    const double x0 = prepared.log.context[0].number[i], n = static_cast<double>(prepared.log.size());
    cost += (p[3 * i + 1] + p[3 * i + 2]) / n;
    value += (p[3 * i + 1] * (.4 + .5 * x0) + p[3 * i + 2]) / n;
  }
  EXPECT_LE(cost, .2);
  EXPECT_GT(cost, .18);
  // The best that cost allows is between everybody's c and the closed form; it is nearly reached.
  EXPECT_GT(value, cost * 1.08);
  EXPECT_NEAR(found.over_random, value - cost * 1, 4 * found.over_random_error + .02);
  EXPECT_EQ(policy_bytes(*parse_policy(policy_bytes(*found.policy), "p")), policy_bytes(*found.policy));
}

// Cost of the policy on the half that it has not seen: mean and standard error, every decision a unit of its
// own.
std::pair<double, double> held_out_cost(const Prepared& prepared, const Policy& policy) {
  const DecisionLog& log = prepared.log;
  std::vector<float> p(log.action.size());
  policy.probabilities(log, 0, log.size(), p);
  double n = 0, sum = 0, squares = 0;
  for (std::size_t i = 0; i < log.size(); ++i) {
    if (log.in_training(i)) continue;
    const double cost = p[2 * i + 1];
    n += 1;
    sum += cost;
    squares += cost * cost;
  }
  const double mean = sum / n;
  return {mean, std::sqrt((squares / n - mean * mean) / n)};
}

TEST(TrainBudget, LeavesTheRoomThatCertificationNeedsToShowIt) {
  constexpr int kWorlds = 100;
  int shown = 0, shown_without = 0;
  double spent = 0;
  for (int k = 0; k < kWorlds; ++k) {
    Rng rng = Rng(7).stream("world", static_cast<std::uint64_t>(k));
    std::vector<MadeDecision> decisions(2000);
    for (std::size_t i = 0; i < decisions.size(); ++i) {
      MadeDecision& d = decisions[i];
      d.unit = i + 10000 * static_cast<std::size_t>(k);
      d.mu = {.5, .5};
      d.x = {rng.normal()};
      d.chosen = rng.bernoulli(.5);
      d.value = {d.chosen * (1 + d.x[0]) + .5 * rng.normal()};
    }
    Prepared prepared(made_log({"a", "b"}, {{"y"}}, decisions), made_goal("y", {{"y"}}));
    BudgetSpec spec{{{"a", 0}, {"b", 1}}, .3, .95};
    const auto inside = [&](const BudgetPolicy& found) {
      const auto [mean, error] = held_out_cost(prepared, *found.policy);
      return mean + kPlannedCritical * error <= spec.budget;
    };
    shown_without += inside(train_budget(prepared.context(), spec));
    spec.certified_errors = kPlannedCritical;
    const BudgetPolicy found = train_budget(prepared.context(), spec);
    shown += inside(found);
    spent += found.allocation.cost / kWorlds;
  }
  // At least 95 of 100 up to the binomial error of the test itself; without the room it is chance.
  EXPECT_GE(shown, .95 * kWorlds - 3 * std::sqrt(.95 * .05 * kWorlds));
  EXPECT_LT(shown_without, .5 * kWorlds);
  EXPECT_GT(spent, .2);
}

TEST(TrainBudget, NeverLooksAtTheCertificationHalf) {
  auto decisions = tempting_decisions(2000);
  std::vector<std::string> bytes;
  std::vector<std::vector<double>> theta;
  Rng rng(64);
  for (int turn = 0; turn < 2; ++turn) {
    Prepared prepared(made_log({"a", "b", "c"}, kTemptingOutcomes, decisions), tempting_goal());
    const BudgetPolicy found = train_budget(prepared.context(), kSpec);
    bytes.push_back(found.sentence);
    theta.push_back(found.policy->parts().theta);
    for (std::size_t i = 0; i < decisions.size(); ++i) {
      if (!prepared.log.in_training(i)) decisions[i].value = {100 * rng.normal(), 100 * rng.normal()};
    }
  }
  EXPECT_EQ(bytes[0], bytes[1]);
  EXPECT_EQ(theta[0], theta[1]);
}

TEST(TrainBudget, RefusesCostsThatDoNotFitTheLog) {
  Prepared prepared(tempting_log(800), tempting_goal());
  const auto refused = [&](const BudgetSpec& spec, const std::string& text) {
    expect_refused([&] { train_budget(prepared.context(), spec); }, text);
  };
  refused({{{"a", 0}, {"b", 1}}, .2, .99}, "cost: found none for c");
  refused({{{"a", 0}, {"b", 1}, {"c", 1}, {"cc", 1}}, .2, .99}, "cost of cc: found no such action");
  refused({{{"a", 0}, {"b", -1}, {"c", 1}}, .2, .99}, "cost of b: found -1");
  refused({{{"a", .5}, {"b", 1}, {"c", 1}}, .2, .99}, "budget: found 0.2");
  refused({{{"a", 0}, {"b", 1}, {"c", 1}}, .2, 1}, "confidence: found 1");
}

}  // namespace
}  // namespace plumb
