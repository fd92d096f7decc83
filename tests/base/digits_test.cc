// Digits: no more than the interval supports, and as many as the verdict needs.
#include "base/digits.h"

#include <gtest/gtest.h>

#include <cmath>

#include "plumb/base.h"

namespace plumb {
namespace {

TEST(Digits, AreThoseThatTheIntervalSupports) {
  const Written w = written(2.2461, 1.8902, 2.6013);  // known to +-0.36
  EXPECT_EQ(w.value, "2.25");
  EXPECT_EQ(w.lower, "1.89");
  EXPECT_EQ(w.upper, "2.60");
  EXPECT_EQ(written(9616.14, 9580, 9652).value, "9616");
  EXPECT_EQ(written(0.0032114, 0.0032113, 0.0032115).value, "0.003211");  // at most four of the largest
  EXPECT_EQ(written(0.37, 0.11, 0.63, {}, true).value, "+0.37");
  EXPECT_EQ(written(1, 1, 1).value, "1");
  EXPECT_EQ(written(0.25, 0.25, 0.25).value, "0.25");
  EXPECT_EQ(written(-0.0001, -0.2, 0.2, {}, true).value, "0.00");
}

TEST(Digits, KeepOnTheSideOfWhatTheyAreHeldAgainst) {
  EXPECT_EQ(written(0.19, 0.0004, 0.38).lower, "0.00");
  EXPECT_EQ(written(0.19, 0.0004, 0.38, {0.0}).lower, "0.0004");
  EXPECT_EQ(written(0.03, 0.01, 0.04996, {0.05}).upper, "0.04996");
  EXPECT_EQ(written(0, 0, 0, {0.0}).value, "0");
}

// Any number, any mark: the written number is on the side on which the number is.
TEST(Digits, NeverCrossAMark) {
  Rng rng(7);
  for (int k = 0; k < 20'000; ++k) {
    const double scale = std::pow(10.0, std::floor(8 * rng.uniform()) - 4);
    const double value = scale * rng.normal(), half = scale * std::pow(10.0, -3 * rng.uniform());
    // Half of the marks lie a hair beside an end.
    const double mark = rng.uniform() < 0.5 ? value - half + 1e-7 * scale * rng.normal() : scale * rng.normal();
    const Written w = written(value, value - half, value + half, {mark, 0.0});
    for (const auto& [text, number] :
         {std::pair(w.value, value), std::pair(w.lower, value - half), std::pair(w.upper, value + half)}) {
      const double read = std::stod(text);
      for (const double m : {mark, 0.0}) {
        ASSERT_EQ(read > m, number > m) << text << " " << number << " beside " << m;
        ASSERT_EQ(read < m, number < m) << text << " " << number << " beside " << m;
      }
    }
  }
}

}  // namespace
}  // namespace plumb
