#include "report/format.h"

#include <gtest/gtest.h>

namespace plumb::report {
namespace {

TEST(Format, KeepsFourSignificantDigits) {
  EXPECT_EQ(significant(0.106172), "0.1062");
  EXPECT_EQ(significant(12.3456), "12.35");
  EXPECT_EQ(significant(1234567.8), "1,234,568");
  EXPECT_EQ(significant(64000.0), "64,000");
  EXPECT_EQ(significant(0.5), "0.5");
  EXPECT_EQ(significant(999.96), "1,000");
  EXPECT_EQ(significant(1.2e-20), "1.2e-20");
  EXPECT_EQ(significant(-1234.5), "-1,234");
  EXPECT_EQ(significant(100.0), "100");
  EXPECT_EQ(significant(0.0), "0");
  EXPECT_EQ(significant(std::optional<double>()), "no number");
}

TEST(Format, WritesIntervalsToOneNumberOfDecimals) {
  EXPECT_EQ(interval({.372, .1543, .5899}, true), "+0.37 [+0.15, +0.59]");
  EXPECT_EQ(interval({.427, .171, .683}, false), "0.43 [0.17, 0.68]");
  EXPECT_EQ(interval({1.0, -12.5, 14.5}, true), "+1 [-12, +14]");
  EXPECT_EQ(interval({-.00001, -.5, .5}, true), "0.0 [-0.5, +0.5]");
  EXPECT_EQ(interval({0.0, 0.0, 0.0}, true), "0 [0, 0]");
  EXPECT_EQ(interval({{}, .1, .2}, true), "no number");
  EXPECT_EQ(interval({1.5, {}, {}}, false), "1.5");
  EXPECT_EQ(interval({1.5, 1.0, {}}, false), "1.5 [1.0, no bound]");
}

TEST(Format, SaysHowLongMoreDecisionsTake) {
  EXPECT_EQ(more_decisions(48000.0, 6.2), "48,000 more decisions (about 6 weeks at this log's rate)");
  EXPECT_EQ(more_decisions(500.0, 0.15), "500 more decisions (about 1 day at this log's rate)");
  EXPECT_EQ(more_decisions(5.0, 0.001), "5 more decisions (less than a day at this log's rate)");
  EXPECT_EQ(more_decisions(48000.0, {}), "48,000 more decisions");
  EXPECT_EQ(more_decisions({}, 3.0), "");
}

TEST(Format, ShortensByCharacters) {
  EXPECT_EQ(shortened("abc", 3), "abc");
  EXPECT_EQ(shortened("äöüß", 3), "äö\u2026");
  EXPECT_EQ(characters("äöüß"), 4u);
}

TEST(Format, TypesetsMinusSignsOfNumbersOnly) { EXPECT_EQ(typeset("-1 [-2, x-y]"), "\u22121 [\u22122, x-y]"); }

}  // namespace
}  // namespace plumb::report
