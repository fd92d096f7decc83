#include "stats/two_way.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "plumb/base.h"

namespace plumb::stats {
namespace {

// Oracle: the double sum over pairs of votes that share a person or an item, without the factors G / (G - 1).
TEST(TwoWay, IsTheSumOverVotesThatShareAPersonOrAnItem) {
  Rng draw = Rng(3).stream("votes");
  std::vector<double> influence;
  std::vector<std::uint64_t> person, item;
  for (int k = 0; k < 300; ++k) {
    influence.push_back(draw.normal());
    person.push_back(draw.below(17));
    item.push_back(draw.below(23));
  }
  double by_person = 0, by_item = 0, cell = 0, either = 0;
  std::vector<std::uint8_t> met(17 * 23, 0);
  double cells = 0;
  for (std::size_t a = 0; a < influence.size(); ++a) {
    cells += met[person[a] * 23 + item[a]] == 0;
    met[person[a] * 23 + item[a]] = 1;
    for (std::size_t b = 0; b < influence.size(); ++b) {
      const double product = influence[a] * influence[b];
      const bool p = person[a] == person[b], i = item[a] == item[b];
      by_person += p * product;
      by_item += i * product;
      cell += (p && i) * product;
      either += (p || i) * product;
    }
  }
  EXPECT_NEAR(either, by_person + by_item - cell, 1e-9);
  const TwoWayVariance v = two_way_variance(influence, person, item);
  EXPECT_EQ(v.people, 17u);
  EXPECT_EQ(v.items, 23u);
  EXPECT_NEAR(v.by_person, by_person * 17 / 16, 1e-9);
  EXPECT_NEAR(v.by_item, by_item * 23 / 22, 1e-9);
  EXPECT_NEAR(v.both, by_person * 17 / 16 + by_item * 23 / 22 - cell * cells / (cells - 1), 1e-9);
  EXPECT_EQ(v.variance, std::max({v.both, v.by_item, v.by_person}));
}

TEST(TwoWay, CopiesChangeNothingWherePeopleAreUnknown) {
  const std::vector<double> once{.3, -.1, .4, -.6}, twice{.15, -.05, .2, -.3, .15, -.05, .2, -.3};
  const std::vector<std::uint64_t> item{1, 1, 2, 3}, items{1, 1, 2, 3, 1, 1, 2, 3};
  EXPECT_NEAR(two_way_variance(once, {}, item).variance, two_way_variance(twice, {}, items).variance, 1e-15);
  EXPECT_EQ(two_way_variance(once, {}, item).people, 0u);
}

TEST(TwoWay, OnePersonWithTwoThirdsIsAboutTwoPeople) {
  std::vector<double> influence;
  std::vector<std::uint64_t> person, item;
  for (std::uint64_t k = 0; k < 1500; ++k) {
    influence.push_back(1e-3);
    person.push_back(k < 1000 ? 0 : 1 + k % 50);
    item.push_back(k % 100);
  }
  const TwoWayVariance v = two_way_variance(influence, person, item);
  EXPECT_NEAR(v.effective_people, 1 / (4.0 / 9 + 50 * 1e-4 / 2.25), 1e-9);
  EXPECT_NEAR(v.effective_items, 100, 1e-9);
  EXPECT_NEAR(v.degrees, v.effective_people - 1, 1e-12);
}

}  // namespace
}  // namespace plumb::stats
