// Training on a proxy against training on the goal at equal pressure: the same policy is never a difference.
#include <gtest/gtest.h>

#include <cmath>

#include "tests/optimize/prepared_log.h"
#include "tests/optimize/tempting_log.h"

namespace plumb {
namespace {

const std::vector<MadeOutcome> kOutcomes = {{"goal"}, {"proxy"}};

// No context. Action k brings goal[k] and proxy[k] on average.
std::unique_ptr<Prepared> arms(const std::vector<double>& goal_of, const std::vector<double>& proxy_of,
                               std::uint64_t seed, std::size_t n = 4000) {
  Rng rng(seed);
  const std::size_t k = goal_of.size();
  std::vector<std::string> names;
  for (std::size_t a = 0; a < k; ++a) names.emplace_back(1, static_cast<char>('a' + a));
  std::vector<MadeDecision> decisions(n);
  for (std::size_t i = 0; i < n; ++i) {
    const auto a = static_cast<std::uint32_t>(rng.below(k));
    decisions[i] = {i,  std::vector<double>(k, 1 / static_cast<double>(k)),
                    a,  {goal_of[a] + rng.normal(), proxy_of[a] + rng.normal()},
                    {}, {},
                    0};
  }
  Goal goal = made_goal("goal", kOutcomes, .05);
  goal.proxies = {"proxy"};
  auto out = std::make_unique<Prepared>(made_log(names, kOutcomes, decisions), goal);
  out->lay_paths();
  return out;
}

TEST(SignalComparison, OfTwoArmsWithoutContextIsTheSamePolicyWhereBothRankThemAlike) {
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    const auto p = arms({0, .4}, {0, .3}, seed);
    const auto comparisons = compare_signals(p->audit_context(), p->paths, p->signals);
    ASSERT_EQ(comparisons.size(), 1u);
    const SignalComparison& c = comparisons[0];
    EXPECT_TRUE(c.same_policy) << seed;
    EXPECT_EQ(c.difference.interval.lower, 0);
    EXPECT_EQ(c.difference.interval.upper, 0);
    EXPECT_NEAR(c.kl_proxy / c.kl_goal, 1, 1e-9);
  }
}

TEST(SignalComparison, OfTwoArmsIsClaimedWhereTheProxyRanksThemTheOtherWayRound) {
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    const auto p = arms({0, .4}, {.4, 0}, seed);
    const SignalComparison c = compare_signals(p->audit_context(), p->paths, p->signals).at(0);
    EXPECT_FALSE(c.same_policy);
    EXPECT_LT(c.difference.interval.upper, 0) << seed;
    EXPECT_NEAR(c.kl_proxy / c.kl_goal, 1, 1e-9);
  }
}

// Three arms leave room for two policies of one KL. The oracle: both tilts by hand from the scores, at
// pressures found by bisection, and the difference of their values with arms' values estimated by themselves.
TEST(SignalComparison, IsTheDifferenceAtExactlyEqualPressure) {
  const auto p = arms({0, .2, .5}, {0, .5, .2}, 3);
  const SignalComparison c = compare_signals(p->audit_context(), p->paths, p->signals).at(0);
  EXPECT_NEAR(c.kl_proxy / c.kl_goal, 1, 1e-9);
  const std::size_t i = [&] {
    std::size_t k = 0;
    while (p->log.in_training(k)) ++k;
    return k;
  }();
  const auto tilted = [&](const Signal& signal, double beta) {
    std::vector<double> out(3);
    double total = 0;
    for (std::size_t a = 0; a < 3; ++a) total += out[a] = std::exp(beta * signal.score[p->log.offset[i] + a]);
    for (double& x : out) x /= total;
    return out;
  };
  const auto kl = [&](const std::vector<double>& q) {
    double out = 0;
    for (const double x : q) out += x * std::log(3 * x);
    return out;
  };
  std::vector<double> level(3);
  std::vector<Contrast> contrasts;
  for (const std::size_t policy : p->constants)
    contrasts.push_back({"c", {{p->evaluation->column(policy, 0, p->certification), 1}}});
  const Estimates e = p->evaluation->estimate(contrasts);
  std::vector<double> value;
  for (const std::string name : {"proxy", "goal"}) {
    double low = 0, high = 1e4;
    for (int step = 0; step < 200; ++step) {
      const double beta = .5 * (low + high);
      (kl(tilted(p->signal(name), beta)) < c.kl_goal ? low : high) = beta;
    }
    const auto q = tilted(p->signal(name), low);
    value.push_back(q[0] * e.value[0] + q[1] * e.value[1] + q[2] * e.value[2]);
  }
  EXPECT_NEAR(c.difference.value, value[0] - value[1], 1e-5);
  // Without context every decision has the same KL: there is no sampling error of it to carry.
  EXPECT_GT(c.difference.standard_error, 0);
}

TEST(SignalComparison, CarriesTheErrorOfThePressureWhereContextsDiffer) {
  Goal goal = tempting_goal();
  goal.proxies = {"harm"};
  Prepared prepared(tempting_log(6000), goal);
  prepared.lay_paths();
  const SignalComparison c = compare_signals(prepared.audit_context(), prepared.paths, prepared.signals).at(0);
  EXPECT_EQ(c.proxy, "harm");
  EXPECT_NEAR(c.kl_proxy / c.kl_goal, 1, 1e-9);
  // Towards harm means c for everyone, which is good; towards the goal means b for those who like it.
  EXPECT_LT(c.difference.interval.upper, 0);
  // At least the normal interval, and no wider than skewness and Student's t make it.
  const double normal = 2 * normal_quantile(.975) * c.difference.standard_error;
  EXPECT_GE(c.difference.interval.upper - c.difference.interval.lower, normal - 1e-9);
  EXPECT_LE(c.difference.interval.upper - c.difference.interval.lower, 1.05 * normal);
}

}  // namespace
}  // namespace plumb
