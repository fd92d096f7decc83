// Families in which some contrasts are nothing but rounding, or rest on a few units.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "plumb/stats.h"

namespace plumb {
namespace {

// Columns of values by bucket, all over one count of one decision a bucket.
struct Columns {
  Moments moments;
  std::size_t count = moments.add_sums();
  std::vector<std::size_t> column;
  Columns() {
    for (double& x : moments.sums(count)) x = 1;
  }
  std::size_t add(const std::function<double(std::size_t)>& value) {
    const std::size_t s = moments.add_sums();
    for (std::size_t b = 0; b < kBuckets; ++b) moments.sums(s)[b] = value(b);
    return moments.add_column(s, count);
  }
};

std::function<double(std::size_t)> normal(std::uint64_t seed, double mean = 0) {
  return [rng = Rng(seed).stream("column", 0), mean](std::size_t) mutable { return mean + rng.normal(); };
}

// A policy whose every probability is off in its seventh digit, at random and all the same way.
TEST(Estimates, OfPoliciesThatDifferByRoundingAreExactlyEqual) {
  for (const double mean : {0.0, 10.0, -0.3}) {
    for (const bool systematic : {false, true}) {
      Columns c;
      const std::size_t a = c.add(normal(1, mean));
      Rng noise(2);
      const std::size_t b = c.add([&](std::size_t k) {
        const double off = 1.2e-7 * (systematic ? 1 : 2 * noise.uniform() - 1);
        return c.moments.numerator(a)[k] * (1 + off);
      });
      const Contrast difference{"d", {{a, 1}, {b, -1}}};
      const Estimates e = estimate(c.moments, {&difference, 1});
      EXPECT_TRUE(e.equal(0)) << mean << " " << systematic;
      for (std::size_t k = 0; k < kBuckets; ++k) ASSERT_EQ(e.influence(k, 0), 0);
      const Contrast levels[] = {{"a", {{a, 1}}}, {"b", {{b, 1}}}}, pair{"p", {{0, 1}, {1, -1}}};
      EXPECT_TRUE(combine(estimate(c.moments, levels), {&pair, 1}).equal(0));
    }
  }
}

TEST(Estimates, OfAnOutcomeThatIsTheSameForEveryoneAreEqual) {
  Columns c;
  Rng noise(3);
  const std::size_t a = c.add([](std::size_t) { return 3.1; }),
                    b = c.add([&](std::size_t) { return 3.1 * (1 + 6e-8 * noise.uniform()); });
  const Contrast difference{"d", {{a, 1}, {b, -1}}};
  EXPECT_TRUE(estimate(c.moments, {&difference, 1}).equal(0));
}

// What is real stays: one decision of 4,096 that differs, and costs that differ without chance.
TEST(Estimates, OfPoliciesThatDifferInOneDecisionAreNotEqual) {
  Columns c;
  const std::size_t a = c.add(normal(4, 1));
  const std::size_t b = c.add([&](std::size_t k) { return c.moments.numerator(a)[k] + (k == 7 ? 1 : 0); });
  const Contrast difference{"d", {{a, 1}, {b, -1}}};
  const Estimates e = estimate(c.moments, {&difference, 1});
  EXPECT_FALSE(e.equal(0));
  EXPECT_NEAR(e.value[0], -1.0 / kBuckets, 1e-12);
  EXPECT_NEAR(e.effective[0], 1, .01);
  const std::size_t cheap = c.add([](std::size_t) { return .5; }),
                    dear = c.add([](std::size_t) { return .51; });
  const Contrast costs{"d", {{cheap, 1}, {dear, -1}}};
  EXPECT_NEAR(estimate(c.moments, {&costs, 1}).value[0], -.01, 1e-12);
}

// By the definition: equal weights on m buckets are m; normal influences a third of their number.
TEST(Estimates, SayOnHowManyBucketsAnErrorRests) {
  Columns c;
  const std::size_t wide = c.add(normal(5)),
                    few = c.add([](std::size_t k) { return k < 10 ? (k % 2 ? 1 : -1) : 0; });
  const Contrast both[] = {{"wide", {{wide, 1}}}, {"few", {{few, 1}}}};
  const Estimates e = estimate(c.moments, both);
  EXPECT_NEAR(e.effective[0], kBuckets / 3.0, 100);
  EXPECT_NEAR(e.effective[1], 10, 1e-9);
}

struct Family {
  Columns columns;
  std::vector<Contrast> contrasts;
  void add(const std::function<double(std::size_t)>& value) {
    contrasts.push_back({"c", {{columns.add(value), 1}}});
  }
  MaxT max_t() const { return max_t_distribution(estimate(columns.moments, contrasts), Rng(1), 2); }
};

TEST(MaxT, IsNotWidenedByWhatRestsOnAFewBuckets) {
  Family family;
  for (std::uint64_t k = 0; k < 4; ++k) family.add(normal(10 + k));
  const double plain = family.max_t().critical(.05);
  family.add([](std::size_t k) { return k == 3 ? 1e6 : k % 2 ? 1e-3 : -1e-3; });
  const MaxT with = family.max_t();
  EXPECT_EQ(with.family, 5u);
  EXPECT_EQ(with.few, 1u);
  EXPECT_GE(with.critical(.05), plain);
  EXPECT_LE(with.critical(.05), normal_quantile(1 - .05 / 10));
  // The two parts together are the level: the bootstrap's share above the value, and Bonferroni's.
  const double critical = with.critical(.05);
  const auto above = static_cast<double>(with.sorted.end() -
                                         std::upper_bound(with.sorted.begin(), with.sorted.end(), critical));
  EXPECT_NEAR(above / kReplicates + 2 * (1 - normal_cdf(critical)), .05, 2.0 / kReplicates);
  EXPECT_NEAR(with.p_value(critical), .05, 1e-6);
}

TEST(MaxT, IsNotChangedAtAllByEqualPolicies) {
  Family family;
  for (std::uint64_t k = 0; k < 3; ++k) family.add(normal(20 + k));
  const MaxT plain = family.max_t();
  const std::size_t first = family.contrasts[0].terms[0].first;
  const std::size_t again = family.columns.add([&](std::size_t k) {
    return family.columns.moments.numerator(first)[k] * (1 + static_cast<double>(k % 3) * 5e-8);
  });
  family.contrasts.push_back({"same", {{first, 1}, {again, -1}}});
  const MaxT with = family.max_t();
  EXPECT_EQ(with.family, 3u);
  EXPECT_EQ(with.sorted, plain.sorted);
}

// Replicates are a sample: what they exceed by chance, or by a fault, is not above what needs no replicate.
TEST(MaxT, IsNeverAboveBonferronisWhateverTheReplicatesSay) {
  MaxT max_t;
  max_t.family = 2;
  max_t.sorted.assign(kReplicates, 27.5);
  EXPECT_EQ(max_t.critical(.05), normal_quantile(1 - .05 / 4));
  EXPECT_NEAR(max_t.p_value(normal_quantile(1 - .05 / 4)), .05, 1e-9);
}

// Random families, thin members among them: between one contrast's value and Bonferroni's, at every level.
TEST(MaxT, LiesBetweenOneContrastsValueAndBonferronis) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    Family family;
    Rng rng(seed);
    const std::size_t members = 1 + rng.below(8);
    for (std::size_t k = 0; k < members; ++k) {
      const double share = std::pow(10, -4 * rng.uniform());
      family.add(
          [&](std::size_t) { return rng.uniform() < share ? std::exp(2 * rng.normal()) * rng.normal() : 0.0; });
    }
    const MaxT max_t = family.max_t();
    if (max_t.family == 0) continue;
    for (const double alpha : {.2, .05, .01, .001}) {
      EXPECT_GE(max_t.critical(alpha), normal_quantile(1 - alpha / 2) - 1e-9);
      EXPECT_LE(max_t.critical(alpha),
                normal_quantile(1 - alpha / (2 * static_cast<double>(max_t.family))) + 1e-9);
    }
    for (const double t : {.5, 2.0, 4.0}) {
      const double one = 2 * (1 - normal_cdf(t));
      EXPECT_GE(max_t.p_value(t), one);
      EXPECT_LE(max_t.p_value(t), std::min(1.0, static_cast<double>(max_t.family) * one) + 1e-12);
    }
  }
}

}  // namespace
}  // namespace plumb
