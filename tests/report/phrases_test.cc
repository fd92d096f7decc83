// Words that sentences share.
#include "report/phrases.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace plumb {
namespace {

TEST(Phrases, NamesSortAsNumbersWhereTheyHoldSome) {
  std::vector<std::string> names = {"constant:10", "constant:2", "constant:1", "b",
                                    "a10c",        "a9c",        "a09d",       "a9"};
  std::sort(names.begin(), names.end(), naturally_before);
  EXPECT_EQ(names, (std::vector<std::string>{"a9", "a9c", "a09d", "a10c", "b", "constant:1", "constant:2",
                                             "constant:10"}));
  for (const std::string& a : names)
    for (const std::string& b : names)
      EXPECT_EQ(naturally_before(a, b) || naturally_before(b, a), a != b) << a << b;
}

TEST(Phrases, SharesAreExactOnlyWhereTheyAre) {
  EXPECT_EQ(share_of_decisions(0.384), "38 %");
  EXPECT_EQ(share_of_decisions(0.004), "0.4 %");
  EXPECT_EQ(share_of_decisions(0.9996), "more than 99.9 %");
  EXPECT_EQ(share_of_decisions(0.00001), "less than 0.1 %");
  EXPECT_EQ(share_of_decisions(0), "no");
  EXPECT_EQ(share_of_decisions(1), "all");
}

TEST(Phrases, TheReferenceIsNamedForWhatItDoes) {
  Study study;
  study.log.actions = {"a", "b"};
  study.todays_shares = {0.5, 0.5};
  EXPECT_EQ(reference_phrase(study), "choosing as today, half and half");
  study.todays_shares = {0.7, 0.3};
  EXPECT_EQ(reference_phrase(study), "choosing as today, 70 % a, 30 % b");
  study.todays_shares.clear();  // contexts decide
  EXPECT_EQ(reference_phrase(study), "choosing as today");
  study.goal.reference = "constant:none";
  EXPECT_EQ(reference_phrase(study), "none for everyone");
  study.goal.reference = "uniform";
  EXPECT_EQ(reference_phrase(study), "choosing at random");
}

}  // namespace
}  // namespace plumb
