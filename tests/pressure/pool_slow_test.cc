// What the band of a pool's curve claims, by drawing many pools whose truth is known.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "plumb/pool.h"

namespace plumb {
namespace {

constexpr std::size_t kCandidates = 8;

Pool draw(std::size_t prompts, Rng rng) {
  Pool out;
  for (std::size_t p = 0; p < prompts; ++p) {
    out.prompt.push_back(std::to_string(p));
    const double slope = 0.3 + rng.normal();  // prompts differ in what the proxy is worth
    for (std::size_t c = 0; c < kCandidates; ++c) {
      const double proxy = rng.normal();
      out.candidate.push_back(std::to_string(c));
      out.proxy.push_back(proxy);
      out.goal.push_back(slope * proxy + rng.normal());
    }
    out.offset.push_back(out.candidate.size());
  }
  return out;
}

TEST(PoolAudit, BandCoversTheWholeCurveFromTheLeastPromptsOn) {
  // E[max of n normals]: the proxy's truth; the goal's is .3 times it. By numerical integration of x d Phi^n.
  std::vector<double> highest(kCandidates + 1, 0.0);
  for (std::size_t n = 1; n <= kCandidates; ++n) {
    const double step = 1e-3;
    for (double x = -8; x < 8; x += step) {
      const double low = std::pow(normal_cdf(x), static_cast<double>(n));
      const double high = std::pow(normal_cdf(x + step), static_cast<double>(n));
      highest[n] += (x + step / 2) * (high - low);
    }
  }
  for (const std::size_t prompts : {kLeastPrompts, std::size_t{60}}) {
    const int runs = prompts == kLeastPrompts ? 150 : 80;
    int covered = 0;
    for (int run = 0; run < runs; ++run) {
      const PoolAudit audit =
          audit_pool(draw(prompts, Rng(61).stream("pool", prompts * 1000 + run)), 0.9, Rng(2), 1);
      bool all = true;
      for (const PoolPoint& p : audit.points) {
        const double gain = highest[p.n] - highest[1];
        all &= p.proxy_interval.lower <= gain && gain <= p.proxy_interval.upper;
        all &= p.goal_interval.lower <= 0.3 * gain && 0.3 * gain <= p.goal_interval.upper;
      }
      covered += all;
    }
    EXPECT_GE(covered, 0.9 * runs - 3 * std::sqrt(0.09 * runs)) << prompts << " prompts";
    RecordProperty("covered_" + std::to_string(prompts), covered);
    std::printf("%zu prompts: the 90 %% band covers in %d of %d\n", prompts, covered, runs);
  }
}

// Lists whose curve in the limit is known: E[proxy | best f] of a normal is its density at the quantile, over f
// (Mills); the goal's is half of it. 95 % simultaneous over both outcomes and all parts kept.
TEST(FlatPool, BandCoversTheWholeCurve) {
  const auto mills = [](double f) {
    const double z = normal_quantile(1 - f);
    return std::exp(-z * z / 2) / std::sqrt(2 * M_PI) / f;
  };
  for (const std::size_t n : {std::size_t{200}, std::size_t{1000}}) {
    const int runs = 300;
    int covered = 0;
    for (int run = 0; run < runs; ++run) {
      Rng rng = Rng(71).stream("list", n * 1000 + static_cast<std::uint64_t>(run));
      Pool pool;
      pool.prompt = {"list"};
      for (std::size_t i = 0; i < n; ++i) {
        pool.candidate.push_back(std::to_string(i));
        pool.proxy.push_back(rng.normal());
        pool.goal.push_back(0.5 * pool.proxy.back() + rng.normal());
      }
      pool.offset.push_back(n);
      const PoolAudit audit = audit_pool(pool, 0.95, Rng(2), 1);
      bool all = true;
      for (const PoolPoint& p : audit.points) {
        const double gain = mills(p.fraction);
        all &= p.proxy_interval.lower <= gain && gain <= p.proxy_interval.upper;
        all &= p.goal_interval.lower <= 0.5 * gain && 0.5 * gain <= p.goal_interval.upper;
      }
      covered += all;
    }
    // 99.9 % of binomial counts at .95 are above: 3.1 standard deviations.
    EXPECT_GE(covered, 0.95 * runs - 3.1 * std::sqrt(0.0475 * runs)) << n << " candidates";
    std::printf("%zu candidates: the 95 %% band covers in %d of %d\n", n, covered, runs);
  }
}

TEST(PoolAudit, HasEveryNUpToSixtyFourAndThenSteps) {
  Pool pool;
  Rng rng(62);
  for (std::size_t p = 0; p < kLeastPrompts; ++p) {
    pool.prompt.push_back(std::to_string(p));
    for (std::size_t c = 0; c < 75 + p; ++c) {
      pool.candidate.push_back(std::to_string(c));
      pool.proxy.push_back(rng.normal());
      pool.goal.push_back(rng.normal());
    }
    pool.offset.push_back(pool.candidate.size());
  }
  const PoolAudit audit = audit_pool(pool, 0.95, Rng(1), 1);
  ASSERT_EQ(audit.points.size(), 65u);
  for (std::size_t k = 0; k < 63; ++k) EXPECT_EQ(audit.points[k].n, k + 2);
  EXPECT_EQ(audit.points[63].n, 71u);
  EXPECT_EQ(audit.points[64].n, 75u);  // the smallest prompt's all
}

}  // namespace
}  // namespace plumb
