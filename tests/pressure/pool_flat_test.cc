// One list of candidates: the exact curve of keeping the best part, against enumeration and closed forms.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "plumb/pool.h"
#include "plumb/stats.h"

namespace plumb {
namespace {

// The mean of the first k in every order that puts higher proxies first: slow, and nothing but the definition.
KeptBest by_enumeration(const std::vector<double>& proxy, const std::vector<double>& goal, std::size_t k) {
  std::vector<std::size_t> order(proxy.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  KeptBest out;
  double orders = 0;
  std::vector<double> kept_share(proxy.size(), 0.0);
  do {
    bool sorted = true;
    for (std::size_t i = 1; i < order.size(); ++i) sorted = sorted && proxy[order[i]] <= proxy[order[i - 1]];
    if (!sorted) continue;
    ++orders;
    for (std::size_t i = 0; i < k; ++i) {
      out.proxy += proxy[order[i]] / static_cast<double>(k);
      out.goal += goal[order[i]] / static_cast<double>(k);
      kept_share[order[i]] += 1;
    }
  } while (std::next_permutation(order.begin(), order.end()));
  out.proxy /= orders;
  out.goal /= orders;
  for (const double share : kept_share) {
    const double p = share / orders / static_cast<double>(k);
    if (p > 0) out.kl += p * std::log(p * static_cast<double>(proxy.size()));
  }
  return out;
}

TEST(KeepBest, IsTheMeanOverAllOrdersOfTheTies) {
  const std::vector<double> proxy = {1, 3, 3, 2, 2, 2, 0}, goal = {0.5, -1, 4, 2, 7, -3, 1};
  for (std::size_t k = 1; k <= proxy.size(); ++k) {
    const KeptBest want = by_enumeration(proxy, goal, k);
    const KeptBest got = keep_best(proxy, goal, static_cast<double>(k) / 7);
    EXPECT_NEAR(got.proxy, want.proxy, 1e-12) << k;
    EXPECT_NEAR(got.goal, want.goal, 1e-12) << k;
    EXPECT_NEAR(got.kl, want.kl, 1e-12) << k;
  }
}

TEST(KeepBest, HasTheKlOfTheFractionWithoutTies) {
  std::vector<double> proxy(200), goal(200, 1.0);
  std::iota(proxy.begin(), proxy.end(), 0.0);
  for (const double f : {0.9, 0.5, 0.1, 0.005}) {
    EXPECT_NEAR(keep_best(proxy, goal, f).kl, -std::log(f), 1e-12);
    EXPECT_NEAR(keep_best(proxy, goal, f).goal, 1, 1e-12);
  }
  EXPECT_EQ(keep_best(proxy, goal, 1).kl, 0);
  EXPECT_NEAR(keep_best(goal, proxy, 0.1).kl, 0, 1e-12);  // all tie: nothing is chosen
  EXPECT_THROW(keep_best(proxy, goal, 0), Error);
  EXPECT_THROW(keep_best(proxy, goal, 1.5), Error);
  EXPECT_THROW(keep_best({}, {}, 0.5), Error);
}

// Proxy standard normal, goal = slope * proxy + noise; where `turns`, it falls beyond a proxy of 1.
Pool list_of(std::size_t n, double slope, bool turns, std::uint64_t seed) {
  Pool out;
  out.source = "list";
  out.prompt = {"list"};
  Rng rng = Rng(seed).stream("list");
  for (std::size_t i = 0; i < n; ++i) {
    const double s = rng.normal();
    out.candidate.push_back(std::to_string(i));
    out.proxy.push_back(s);
    out.goal.push_back(slope * s - (turns ? 6 * std::max(0.0, s - 1) : 0) + rng.normal());
  }
  out.offset.push_back(n);
  return out;
}

// E[proxy | the best f of a normal] = density at its quantile / f (Mills).
double mills(double f) {
  const double z = normal_quantile(1 - f);
  return std::exp(-z * z / 2) / std::sqrt(2 * M_PI) / f;
}

TEST(FlatPool, HasTheCurveOfANormalList) {
  const PoolAudit audit = audit_pool(list_of(20000, 0.5, false, 3), 0.95, Rng(1), 2);
  EXPECT_TRUE(audit.flat);
  EXPECT_FALSE(audit.inconclusive);
  ASSERT_EQ(audit.points.size(), 12u);
  EXPECT_EQ(audit.points.back().fraction, 0.01);
  for (const PoolPoint& point : audit.points) {
    EXPECT_LT(point.proxy_interval.lower, mills(point.fraction)) << point.fraction;
    EXPECT_GT(point.proxy_interval.upper, mills(point.fraction)) << point.fraction;
    EXPECT_LT(point.goal_interval.lower, 0.5 * mills(point.fraction)) << point.fraction;
    EXPECT_GT(point.goal_interval.upper, 0.5 * mills(point.fraction)) << point.fraction;
    EXPECT_NEAR(point.kl, -std::log(point.fraction), 1e-9);
  }
  EXPECT_TRUE(audit.proxy_rises);
  EXPECT_FALSE(audit.harm);
  EXPECT_TRUE(audit.peak.censored);
}

TEST(FlatPool, FindsTheHarmOfAGoalThatTurns) {
  const PoolAudit audit = audit_pool(list_of(4000, 0.5, true, 4), 0.95, Rng(1), 2);
  EXPECT_TRUE(audit.harm) << audit.sentence;
  EXPECT_GT(audit.harm_fraction, 0);
  EXPECT_FALSE(audit.peak.censored);
  EXPECT_GT(audit.peak_fraction_lower, audit.points.back().fraction);
  EXPECT_EQ(audit.sentence.substr(0, 5), "harm:") << audit.sentence;
}

TEST(FlatPool, IsTheSameForAnyThreadsAndSaysWhereAListIsTooShort) {
  const Pool pool = list_of(300, 1, false, 5);
  const PoolAudit one = audit_pool(pool, 0.95, Rng(1), 1), three = audit_pool(pool, 0.95, Rng(1), 3);
  ASSERT_EQ(one.points.size(), three.points.size());
  EXPECT_EQ(one.points.back().fraction, 0.1);  // twenty of three hundred and more
  for (std::size_t k = 0; k < one.points.size(); ++k) {
    EXPECT_EQ(one.points[k].goal_interval.lower, three.points[k].goal_interval.lower);
    EXPECT_EQ(one.points[k].proxy_interval.upper, three.points[k].proxy_interval.upper);
  }
  const PoolAudit shorter = audit_pool(list_of(39, 1, false, 6), 0.95, Rng(1), 1);
  EXPECT_TRUE(shorter.inconclusive);
  EXPECT_EQ(shorter.sentence.substr(0, 12), "inconclusive");
}

TEST(FlatPool, FindsNothingInAGoalThatIsTheSameForAll) {
  Pool pool = list_of(200, 1, false, 7);
  std::fill(pool.goal.begin(), pool.goal.end(), 0.1);
  const PoolAudit audit = audit_pool(pool, 0.95, Rng(1), 1);
  EXPECT_FALSE(audit.harm);
  for (const PoolPoint& point : audit.points) EXPECT_EQ(point.goal, 0);
}

TEST(ReadPool, CountsAndLeavesOutCandidatesWithoutAProxy) {
  const Pool pool = parse_pool(
      "prompt,candidate,proxy,goal\nq,a,1,0\nq,b,,1\nq,c,2,1\nr,a,NA,1\nr,b,1,1\ns,a,1,0\ns,b,2,1\n", "p.csv");
  EXPECT_EQ(pool.unscored, 2u);
  EXPECT_EQ(pool.prompts_left_out, 1u);  // r has one candidate left
  EXPECT_EQ(pool.prompt, (std::vector<std::string>{"q", "s"}));
  EXPECT_EQ(pool.candidate, (std::vector<std::string>{"a", "c", "a", "b"}));
  EXPECT_THROW(parse_pool("prompt,candidate,proxy,goal\nq,a,,0\nq,b,,1\n", "p.csv"), Error);
}

TEST(ReadPool, TakesOneListAndMappedColumns) {
  const Pool flat = parse_pool("proxy,goal\n1,2\n3,4\n", "p.csv");
  EXPECT_EQ(flat.prompt.size(), 1u);
  EXPECT_EQ(flat.candidate, (std::vector<std::string>{"1", "2"}));
  PoolOptions options;
  options.columns = {{"prompt", "question"}, {"proxy", "score"}, {"goal", "rating"}, {"candidate", "reply"}};
  const std::string text = "question;reply;score;rating;prompt\nq1;a;0,5;3;x\nq1;b;1,25;4;y\n";
  const Pool pool = parse_pool(text, "p.csv", options);
  EXPECT_EQ(pool.prompt, (std::vector<std::string>{"q1"}));
  EXPECT_EQ(pool.proxy, (std::vector<double>{0.5, 1.25}));
  const auto message = [&](const std::string& role, const std::string& column) {
    PoolOptions other = options;
    for (auto& [of, name] : other.columns)
      if (of == role) name = column;
    if (role == "prox") other.columns.emplace_back(role, column);
    try {
      parse_pool(text, "p.csv", other);
    } catch (const Error& e) {
      return std::string(e.what());
    }
    return std::string();
  };
  EXPECT_NE(message("prox", "score").find("\"prox\""), std::string::npos) << message("prox", "score");
  EXPECT_NE(message("proxy", "points").find("points: found nothing"), std::string::npos)
      << message("proxy", "points");
  EXPECT_NE(message("prompt", "ask").find("ask: found nothing"), std::string::npos) << message("prompt", "ask");
}

}  // namespace
}  // namespace plumb
