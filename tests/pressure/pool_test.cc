// Best-of-n against every subset of small pools, KL against its definition, and what a pool file may hold.
#include "plumb/pool.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace plumb {
namespace {

// The expected proxy and goal of the best of n, and its distribution, over all subsets of size n.
struct Brute {
  double proxy = 0, goal = 0;
  std::vector<double> p;
};
Brute all_subsets(const std::vector<double>& proxy, const std::vector<double>& goal, std::size_t n) {
  Brute out;
  out.p.assign(proxy.size(), 0.0);
  double subsets = 0;
  for (unsigned set = 0; set < 1u << proxy.size(); ++set) {
    std::vector<std::size_t> in, best;
    for (std::size_t i = 0; i < proxy.size(); ++i) {
      if ((set >> i) & 1) in.push_back(i);
    }
    if (in.size() != n) continue;
    ++subsets;
    double highest = -INFINITY;
    for (const std::size_t i : in) highest = std::max(highest, proxy[i]);
    for (const std::size_t i : in) {
      if (proxy[i] == highest) best.push_back(i);
    }
    for (const std::size_t i : best) out.p[i] += 1.0 / static_cast<double>(best.size());
  }
  for (std::size_t i = 0; i < proxy.size(); ++i) {
    out.p[i] /= subsets;
    out.proxy += out.p[i] * proxy[i];
    out.goal += out.p[i] * goal[i];
  }
  return out;
}

TEST(BestOfN, EqualsTheMeanOverAllSubsetsTiesIncluded) {
  for (std::uint64_t run = 0; run < 30; ++run) {
    Rng rng = Rng(1).stream("pool", run);
    const std::size_t size = 2 + rng.below(9);
    std::vector<double> proxy(size), goal(size);
    for (double& x : proxy)
      x = run % 3 == 0 ? rng.normal() : static_cast<double>(rng.below(run % 3 == 1 ? 2 : 4));
    for (double& x : goal) x = rng.normal();
    for (std::size_t n = 1; n <= size; ++n) {
      const Brute brute = all_subsets(proxy, goal, n);
      const BestOfN exact = best_of_n(proxy, goal, n);
      EXPECT_NEAR(exact.proxy, brute.proxy, 1e-12);
      EXPECT_NEAR(exact.goal, brute.goal, 1e-12);
      const std::vector<double> p = best_of_n_probabilities(proxy, n);
      double kl = 0;
      for (std::size_t i = 0; i < size; ++i) {
        EXPECT_NEAR(p[i], brute.p[i], 1e-12);
        if (brute.p[i] > 0) kl += brute.p[i] * std::log(brute.p[i] * static_cast<double>(size));
      }
      EXPECT_NEAR(exact.kl, kl, 1e-12);
    }
  }
}

TEST(BestOfN, HasTheKlOfTheRankDistribution) {
  std::vector<double> proxy(25), wide(20000);
  for (std::size_t i = 0; i < proxy.size(); ++i) proxy[i] = static_cast<double>((i * 7) % 25);
  EXPECT_NEAR(best_of_n(proxy, proxy, 25).kl, std::log(25.0), 1e-12);  // not log 25 - 24/25
  EXPECT_EQ(best_of_n(proxy, proxy, 1).kl, 0);
  // C(k - 1, n - 1) / C(N, n) by log-gamma.
  const auto log_choose = [](double n, double k) {
    return std::lgamma(n + 1) - std::lgamma(k + 1) - std::lgamma(n - k + 1);
  };
  const std::vector<double> p = best_of_n_probabilities(proxy, 4);
  for (std::size_t i = 0; i < 25; ++i) {
    const double rank = proxy[i] + 1;
    const double expected = rank < 4 ? 0 : std::exp(log_choose(rank - 1, 3) - log_choose(25, 4));
    EXPECT_NEAR(p[i], expected, 1e-12);
  }
  // In a wide pool without ties: log n - (n - 1)/n, the values of the reference.
  for (std::size_t i = 0; i < wide.size(); ++i) wide[i] = static_cast<double>(i);
  EXPECT_NEAR(best_of_n(wide, wide, 2).kl, 0.19315, 1e-3);
  EXPECT_NEAR(best_of_n(wide, wide, 16).kl, 1.83509, 2e-3);
  EXPECT_NEAR(best_of_n(wide, wide, 64).kl, 3.17451, 5e-3);
}

TEST(BestOfN, StaysExactInLargePools) {
  // Proxy = rank: E[max rank of n] = n (N + 1) / (n + 1).
  std::vector<double> rank(5000);
  for (std::size_t i = 0; i < rank.size(); ++i) rank[i] = static_cast<double>(i + 1);
  for (const std::size_t n : {1u, 2u, 100u, 2500u, 4999u, 5000u}) {
    const double expected = static_cast<double>(n) * 5001 / (static_cast<double>(n) + 1);
    EXPECT_NEAR(best_of_n(rank, rank, n).proxy, expected, 1e-9 * expected);
  }
  EXPECT_THROW(best_of_n(rank, rank, 0), Error);
  EXPECT_THROW(best_of_n(rank, rank, 5001), Error);
}

// Goal = the proxy's truth up to `turn`, then falling.
Pool made_pool(std::size_t prompts, std::size_t size, double turn, std::uint64_t seed) {
  Pool out;
  out.source = "made.csv";
  Rng rng(seed);
  for (std::size_t p = 0; p < prompts; ++p) {
    out.prompt.push_back("p" + std::to_string(p));
    const double easy = rng.normal();
    for (std::size_t c = 0; c < size; ++c) {
      const double proxy = rng.normal();
      out.candidate.push_back("c" + std::to_string(c));
      out.proxy.push_back(proxy);
      out.goal.push_back(easy + 0.5 * proxy - 2 * std::max(0.0, proxy - turn) + 0.3 * rng.normal());
    }
    out.offset.push_back(out.candidate.size());
  }
  return out;
}

TEST(PoolAudit, IsTheMeanOverPromptsOfTheExactCurve) {
  const Pool pool = made_pool(25, 8, 1, 5);
  const PoolAudit audit = audit_pool(pool, 0.95, Rng(1), 1);
  ASSERT_EQ(audit.points.size(), 7u);
  EXPECT_EQ(audit.most_n, 8u);
  for (const PoolPoint& point : audit.points) {
    double goal = 0, proxy = 0, kl = 0;
    for (std::size_t p = 0; p < 25; ++p) {
      const std::span<const double> u(pool.proxy.data() + 8 * p, 8), g(pool.goal.data() + 8 * p, 8);
      const BestOfN at = best_of_n(u, g, point.n), one = best_of_n(u, g, 1);
      goal += (at.goal - one.goal) / 25;
      proxy += (at.proxy - one.proxy) / 25;
      kl += at.kl / 25;
    }
    EXPECT_NEAR(point.goal, goal, 1e-12);
    EXPECT_NEAR(point.proxy, proxy, 1e-12);
    EXPECT_NEAR(point.kl, kl, 1e-12);
    EXPECT_LT(point.goal_interval.lower, point.goal);
    EXPECT_GT(point.goal_interval.upper, point.goal);
  }
}

TEST(PoolAudit, FindsAPeakInsideAndTheHarmBeyondIt) {
  const PoolAudit audit = audit_pool(made_pool(400, 16, 0.8, 6), 0.95, Rng(1), 1);
  EXPECT_TRUE(audit.harm);
  EXPECT_GT(audit.harm_n, audit.peak_n);
  EXPECT_FALSE(audit.peak.censored);
  EXPECT_LE(audit.peak_n_lower, audit.peak_n);
  EXPECT_GE(audit.peak_n_upper, audit.peak_n);
  EXPECT_NEAR(audit.points[audit.peak_n - 2].kl, audit.peak.kl, 1e-15);
  EXPECT_EQ(audit.sentence.substr(0, 5), "harm:") << audit.sentence;
}

TEST(PoolAudit, IsCensoredWhereTheGoalRisesThroughout) {
  const PoolAudit audit = audit_pool(made_pool(200, 8, 100, 7), 0.95, Rng(1), 1);
  EXPECT_FALSE(audit.harm);
  EXPECT_TRUE(audit.peak.censored);
  EXPECT_NE(audit.sentence.find("beyond the candidates"), std::string::npos) << audit.sentence;
}

TEST(PoolAudit, HasNoNumbersForTooFewPrompts) {
  const PoolAudit audit = audit_pool(made_pool(kLeastPrompts - 1, 8, 1, 8), 0.95, Rng(1), 1);
  EXPECT_TRUE(audit.inconclusive);
  EXPECT_TRUE(audit.points.empty());
  EXPECT_EQ(audit.sentence.substr(0, 12), "inconclusive");
}

TEST(PoolAudit, IsTheSameForAnyThreads) {
  const Pool pool = made_pool(60, 6, 1, 9);
  const PoolAudit one = audit_pool(pool, 0.95, Rng(1), 1), three = audit_pool(pool, 0.95, Rng(1), 3);
  ASSERT_EQ(one.points.size(), three.points.size());
  for (std::size_t k = 0; k < one.points.size(); ++k) {
    EXPECT_EQ(one.points[k].goal, three.points[k].goal);
    EXPECT_EQ(one.points[k].goal_interval.lower, three.points[k].goal_interval.lower);
  }
  EXPECT_EQ(one.sentence, three.sentence);
}

TEST(PoolAudit, RefusesAPromptWithOneCandidate) {
  Pool pool = made_pool(30, 4, 1, 10);
  pool.prompt.push_back("alone");
  pool.candidate.push_back("c");
  pool.proxy.push_back(1);
  pool.goal.push_back(1);
  pool.offset.push_back(pool.candidate.size());
  try {
    audit_pool(pool, 0.95, Rng(1), 1);
    FAIL();
  } catch (const Error& e) {
    EXPECT_NE(std::string(e.what()).find("\"alone\""), std::string::npos) << e.what();
  }
  EXPECT_THROW(audit_pool(made_pool(30, 4, 1, 10), 1.5, Rng(1), 1), Error);
}

TEST(ReadPool, ReadsCsvTsvAndJsonLinesAlike) {
  const std::string csv = "prompt,candidate,proxy,goal,note\nq1,a,1,0.5,x\nq2,a,2,1,\nq1,b,-1,0,y\n";
  const std::string tsv = "goal\tproxy\tcandidate\tprompt\n0.5\t1\ta\tq1\n1\t2\ta\tq2\n0\t-1\tb\tq1\n";
  const std::string json = R"({"prompt":"q1","candidate":"a","proxy":1,"goal":0.5})"
                           "\n"
                           R"({"prompt":"q2","candidate":"a","proxy":2,"goal":1})"
                           "\n"
                           R"({"prompt":"q1","candidate":"b","proxy":-1,"goal":0,"more":{"x":1}})"
                           "\n";
  for (const auto& [text, name] : {std::pair{csv, "p.csv"}, {tsv, "p.tsv"}, {json, "p.jsonl"}}) {
    const Pool pool = parse_pool(text, name);
    EXPECT_EQ(pool.prompt, (std::vector<std::string>{"q1", "q2"}));
    EXPECT_EQ(pool.offset, (std::vector<std::uint64_t>{0, 2, 3}));
    EXPECT_EQ(pool.candidate, (std::vector<std::string>{"a", "b", "a"}));
    EXPECT_EQ(pool.proxy, (std::vector<double>{1, -1, 2}));
    EXPECT_EQ(pool.goal, (std::vector<double>{0.5, 0, 1}));
  }
}

TEST(ReadPool, RefusesWithThePlace) {
  const std::string head = "prompt,candidate,proxy,goal\nq,a,1,1\n";
  const std::vector<std::pair<std::string, std::string>> cases = {
      {head + "q,b,x,1\n", "p.csv:3: proxy: found \"x\""},
      {head + "q,b,1,\n", "p.csv:3: goal: found nothing"},
      {head + "q,b,nan,1\n", "p.csv:3: proxy"},
      {head + "q,b,1,1e200\n", "p.csv:3: goal"},
      {head + "q,a,2,2\n", "p.csv:3: candidate: found \"a\" twice for its prompt"},
      {head + ",b,1,1\n", "p.csv:3: prompt: found nothing"},
      {head + "q,b,1\n", "p.csv:3"},
      {"prompt,candidate,proxy\nq,a,1\n", "p.csv:2: goal: found nothing"},
      {"prompt,candidate,proxy,goal\n", "p.csv: rows: found none"},
      {"", "p.csv: file"},
  };
  for (const auto& [text, part] : cases) {
    try {
      parse_pool(text, "p.csv");
      ADD_FAILURE() << text;
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), Code::kInput);
      EXPECT_NE(std::string(e.what()).find(part), std::string::npos) << e.what() << "\nexpected " << part;
    }
  }
  EXPECT_THROW(parse_pool("{\"prompt\":\"q\",\"candidate\":\"a\",\"proxy\":NaN,\"goal\":1}\n", "p.jsonl"),
               Error);
  EXPECT_THROW(
      parse_pool("{\"prompt\":\"q\",\"candidate\":\"a\",\"proxy\":1,\"proxy\":2,\"goal\":1}\n", "p.jsonl"),
      Error);
  EXPECT_THROW(read_pool("/no/such/pool.csv"), Error);
}

}  // namespace
}  // namespace plumb
