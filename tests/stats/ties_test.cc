#include "plumb/ties.h"

#include <gtest/gtest.h>

#include <cmath>

namespace plumb {
namespace {

TEST(Ties, AreWhatRoundingOrAThousandthOfTheErrorExplains) {
  EXPECT_TRUE(equal_up_to_rounding(10.0, 10.0 + 4.6e-15));
  EXPECT_TRUE(equal_up_to_rounding(1e12, 1e12 + 100));
  EXPECT_FALSE(equal_up_to_rounding(10.0, 10.001));
  EXPECT_TRUE(equal_up_to_rounding(10.0, 10.001, 2));
  EXPECT_FALSE(equal_up_to_rounding(10.0, 10.001, .1));
  EXPECT_FALSE(equal_up_to_rounding(0, 4.6e-15));
  EXPECT_TRUE(equal_up_to_rounding(0, 4.6e-15, 1e-3));
  EXPECT_TRUE(equal_up_to_rounding(-INFINITY, -INFINITY));
  EXPECT_FALSE(equal_up_to_rounding(std::nan(""), std::nan("")));
}

TEST(Ties, AreNoReasonToTakeThePlaceOfWhatStoodFirst) {
  EXPECT_TRUE(exceeds(1, -INFINITY));
  EXPECT_TRUE(exceeds(1.1, 1, .05));
  EXPECT_FALSE(exceeds(1 + 4.6e-15, 1));
  EXPECT_FALSE(exceeds(1, 1.1));
  EXPECT_FALSE(exceeds(std::nan(""), 0));
}

TEST(Ties, KeepTheirOrderWhenRanked) {
  const std::vector<double> value = {1, 3 - 1e-12, 3, 2, 3 + 1e-12, 1 + 1e-13}, error(6, 0.0);
  EXPECT_EQ(ranked(value, error), (std::vector<std::size_t>{1, 2, 4, 3, 0, 5}));
  const std::vector<double> wide(6, 1e5);
  EXPECT_EQ(ranked(value, wide), (std::vector<std::size_t>{0, 1, 2, 3, 4, 5}));
}

}  // namespace
}  // namespace plumb
