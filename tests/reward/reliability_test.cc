// How predictions stand to what came.
#include "plumb/reliability.h"

#include <gtest/gtest.h>

#include <cmath>

namespace plumb {
namespace {

struct Rows {
  std::vector<double> predicted, came, weight;
  std::vector<std::uint32_t> bucket;
};

// Two rows a unit that share half of their noise; came = 1 + 2 predicted + noise.
Rows rows_of(std::uint64_t seed, std::size_t units) {
  Rng rng = Rng(seed).stream("reliability");
  Rows out;
  for (std::size_t u = 0; u < units; ++u) {
    const double shared = rng.normal(), common = rng.normal();
    for (int k = 0; k < 2; ++k) {
      const double p = common + 0.3 * rng.normal();
      out.predicted.push_back(p);
      out.came.push_back(1 + 2 * p + shared + 0.2 * rng.normal());
      out.weight.push_back(1);
      out.bucket.push_back(static_cast<std::uint32_t>(u % kBuckets));
    }
  }
  return out;
}

Reliability of(const Rows& r, bool binary = false) {
  return reliability(r.predicted, r.came, r.weight, r.bucket, binary, 0.95);
}

TEST(Reliability, IntervalsCoverTheLineWhereRowsOfAUnitDependOnEachOther) {
  constexpr int kWorlds = 400;
  int slope = 0, intercept = 0, bin = 0;
  for (int k = 0; k < kWorlds; ++k) {
    const Reliability r = of(rows_of(static_cast<std::uint64_t>(k) + 1, 300));
    slope += r.slope.interval.lower <= 2 && 2 <= r.slope.interval.upper;
    intercept += r.intercept.interval.lower <= 1 && 1 <= r.intercept.interval.upper;
    const Reliability::Bin& b = r.bins[4];
    const double truth = 1 + 2 * b.predicted;
    bin += b.came.interval.lower <= truth && truth <= b.came.interval.upper;
  }
  const double room = 3 * std::sqrt(0.95 * 0.05 / kWorlds);
  EXPECT_NEAR(slope / static_cast<double>(kWorlds), 0.95, room);
  EXPECT_NEAR(intercept / static_cast<double>(kWorlds), 0.95, room);
  EXPECT_NEAR(bin / static_cast<double>(kWorlds), 0.95, room);
}

TEST(Reliability, HasItsClosedFormsOnFourKindsOfRows) {
  Rows r;
  for (std::uint32_t k = 0; k < 400; ++k) {
    r.predicted.push_back(k % 2 == 0 ? 0.25 : 0.75);
    r.came.push_back(k % 4 == 3 || k % 8 == 0 ? 1 : 0);  // a quarter of the first kind, half of the second
    r.weight.push_back(1);
    r.bucket.push_back(k);
  }
  const Reliability out = of(r, true);
  ASSERT_TRUE(out.known);
  EXPECT_NEAR(out.slope.value, 0.5, 1e-12);
  EXPECT_NEAR(out.intercept.value, 0.125, 1e-12);
  ASSERT_EQ(out.bins.size(), 2u);  // equal predictions stand together
  EXPECT_EQ(out.bins[0].rows, 200u);
  EXPECT_NEAR(out.bins[0].came.value, 0.25, 1e-12);
  EXPECT_NEAR(out.bins[1].came.value, 0.5, 1e-12);
  const double first = -0.25 * std::log(0.25) - 0.75 * std::log(0.75),
               second = -0.5 * std::log(0.75) - 0.5 * std::log(0.25);
  EXPECT_NEAR(out.log_loss.value, 0.5 * (first + second), 1e-12);
  // SSE/n = (.25 .5625 + .75 .0625)/2 + (.5 .0625 + .5 .5625)/2, variance .375 .625
  EXPECT_NEAR(out.r_squared.value, 1 - (0.1875 + 0.3125) / 2 / (0.375 * 0.625), 1e-12);
  // The error of a share of 200: sqrt(p (1 - p)/200), times 200/199 for the buckets.
  EXPECT_NEAR(out.bins[1].came.standard_error, std::sqrt(0.25 / 200 * 200 / 199), 1e-12);
}

TEST(Reliability, FewRowsOrUnitsCarryNoNumber) {
  Rows r = rows_of(1, 49);
  EXPECT_FALSE(of(r).known);
  r = rows_of(1, 300);
  for (std::uint32_t& b : r.bucket) b %= 29;
  EXPECT_FALSE(of(r).known);
  EXPECT_TRUE(of(rows_of(1, 300)).known);
}

TEST(Reliability, AConstantPredictionHasNoSlope) {
  Rows r = rows_of(1, 300);
  for (double& p : r.predicted) p = 3;
  const Reliability out = of(r);
  EXPECT_FALSE(out.has_slope);
  EXPECT_EQ(out.bins.size(), 1u);
}

}  // namespace
}  // namespace plumb
