// The goal of best-of-n over prompts: its errors and permutations against all orders of small pools.
#include "pressure/pool_curve.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace plumb {
namespace {

Pool pool_of(const std::vector<std::vector<double>>& proxy, const std::vector<std::vector<double>>& goal) {
  Pool out;
  for (std::size_t p = 0; p < proxy.size(); ++p) {
    out.prompt.push_back(std::to_string(p));
    for (std::size_t c = 0; c < proxy[p].size(); ++c) {
      out.candidate.push_back(std::to_string(c));
      out.proxy.push_back(proxy[p][c]);
      out.goal.push_back(goal[p][c]);
    }
    out.offset.push_back(out.candidate.size());
  }
  return out;
}

// The variance of the mean gain over all orders of every prompt's goals.
double variance_over_orders(const Pool& pool, std::size_t n) {
  double out = 0;
  const auto prompts = static_cast<double>(pool.prompt.size());
  for (std::size_t p = 0; p < pool.prompt.size(); ++p) {
    const std::size_t first = pool.offset[p], size = pool.offset[p + 1] - first;
    const std::span<const double> proxy = std::span(pool.proxy).subspan(first, size);
    std::vector<double> goal(pool.goal.begin() + static_cast<std::ptrdiff_t>(first),
                             pool.goal.begin() + static_cast<std::ptrdiff_t>(first + size));
    std::vector<std::size_t> order(size);
    for (std::size_t c = 0; c < size; ++c) order[c] = c;
    double sum = 0, squares = 0, count = 0;
    do {
      std::vector<double> permuted;
      for (const std::size_t c : order) permuted.push_back(goal[c]);
      const double gain = best_of_n(proxy, permuted, n).goal - best_of_n(proxy, permuted, 1).goal;
      sum += gain;
      squares += gain * gain;
      ++count;
    } while (std::next_permutation(order.begin(), order.end()));
    out += (squares / count - sum * sum / count / count) / (prompts * prompts);
  }
  return out;
}

TEST(PoolGoal, HasAtLeastTheErrorOfAllOrdersOfItsGoals) {
  // Prompts that gain alike: their means have no spread of their own.
  const Pool pool = pool_of({{1, 2, 3, 4}, {4, 3, 2, 1}, {2, 1, 2, 5}},
                            {{0.5, 2, 1, 0.2}, {0.2, 1, 2, 0.5}, {3, 3.5, 2.5, 3.1}});
  const std::vector<std::size_t> numbers{1, 2, 3, 4};
  const std::vector<ContrastParts> parts = pool_goal_parts(pool, numbers, 0, 1);
  for (std::size_t k = 1; k < numbers.size(); ++k) {
    double value = 0;
    for (std::size_t p = 0; p < 3; ++p) {
      const std::span<const double> u = std::span(pool.proxy).subspan(4 * p, 4),
                                    g = std::span(pool.goal).subspan(4 * p, 4);
      value += (best_of_n(u, g, numbers[k]).goal - best_of_n(u, g, 1).goal) / 3;
    }
    EXPECT_NEAR(parts[k].value, value, 1e-12);
    EXPECT_NEAR(parts[k].standard_error, std::sqrt(variance_over_orders(pool, numbers[k])), 1e-12);
  }
}

TEST(PoolGoal, OfFewEventsHasTheLimitsOfItsSides) {
  // Two prompts of three; one event, on the candidate of the highest proxy of the first.
  const Pool pool = pool_of({{1, 2, 3}, {3, 2, 1}}, {{0, 0, 1}, {0, 0, 0}});
  const std::vector<std::size_t> numbers{1, 3};
  const ContrastParts parts = pool_goal_parts(pool, numbers, 0, 1)[1];
  ASSERT_EQ(parts.sides.size(), 2u);
  EXPECT_NEAR(parts.value, (1 - 1.0 / 3) / 2, 1e-12);
  EXPECT_NEAR(parts.sides[0].sum, (1 - 1.0 / 3) / 2, 1e-12);
  EXPECT_EQ(parts.sides[1].sum, 0);
  EXPECT_NEAR(parts.sides[0].large, (1 - 1.0 / 3) / 2, 1e-12);  // one candidate of one of two prompts
  EXPECT_NEAR(parts.sides[1].large, (2.0 / 3) / 2, 1e-12);      // no event there: all of a prompt's may come
}

TEST(PoolPermutations, AreThoseOfAllOrders) {
  // Ten prompts of two: all orders are all signs.
  std::vector<std::vector<double>> proxy, goal;
  Rng rng(4);
  for (int p = 0; p < 10; ++p) {
    proxy.push_back({0, 1});
    goal.push_back({rng.normal(), rng.normal() - 0.6});
  }
  const auto fallen = [&](unsigned signs) {
    double out = 0;
    for (std::size_t p = 0; p < 10; ++p) out += (goal[p][1] - goal[p][0]) * ((signs >> p) & 1 ? -1 : 1);
    return out;
  };
  double as_far = 0;
  for (unsigned signs = 0; signs < 1024; ++signs) as_far += fallen(signs) <= fallen(0) + 1e-12;
  const double exact = as_far / 1024;
  const std::vector<std::size_t> numbers{1, 2};
  const PoolPermutations one = permuted(pool_of(proxy, goal), numbers, Rng(1), 1);
  ASSERT_GT(exact, 0.005);
  ASSERT_LT(exact, 0.3);
  EXPECT_NEAR(one.fall, exact, 3.3 * std::sqrt(exact / 999));
  EXPECT_EQ(permuted(pool_of(proxy, goal), numbers, Rng(1), 3).fall, one.fall);
  EXPECT_GE(one.critical(.05, 2), normal_quantile(.975) - 1e-12);
  EXPECT_LE(one.critical(.05, 11), normal_quantile(1 - .05 / 20) + 1e-12);
}

TEST(PoolAudit, EndsWhereLargeGoalsOfAFewPromptsDecide) {
  std::vector<std::vector<double>> proxy(30), goal(30);
  Rng rng(3);
  for (std::size_t p = 0; p < 30; ++p) {
    for (int c = 0; c < 8; ++c) {
      proxy[p].push_back(rng.normal());
      goal[p].push_back(std::exp(2.5 * rng.normal()));
    }
  }
  const PoolAudit audit = audit_pool(pool_of(proxy, goal), 0.95, Rng(1), 1);
  EXPECT_NE(audit.why_not.find("a few prompts decide this"), std::string::npos) << audit.sentence;
  EXPECT_LT(audit.points.size(), 7u);
  EXPECT_FALSE(audit.harm);
}

}  // namespace
}  // namespace plumb
