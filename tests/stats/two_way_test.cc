// Errors of crossed votes: against the sum over all pairs of votes, and against panels whose spreads are known.
#include "stats/two_way.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "plumb/base.h"

namespace plumb::stats {
namespace {

struct Votes {
  std::vector<double> influence;
  std::vector<std::uint64_t> person, item;
};

// People and items have effects of their own; a share of the cells is not asked, some twice.
Votes ragged(std::uint64_t seed) {
  Rng rng = Rng(seed).stream("ragged");
  Votes out;
  std::vector<double> own(9), liked(14);
  for (double& o : own) o = rng.normal();
  for (double& l : liked) l = rng.normal();
  for (std::uint64_t p = 0; p < 9; ++p) {
    for (std::uint64_t i = 0; i < 14; ++i) {
      for (std::uint64_t votes = rng.below(3); votes > 0; --votes) {
        out.person.push_back(p * 1000003 % 17);
        out.item.push_back(i * 7919 % 23);
        out.influence.push_back(own[p] + liked[i] + rng.normal());
      }
    }
  }
  return out;
}

TEST(TwoWayVariance, IsTheSumOverAllPairsOfVotesThatShareAPersonOrAnItem) {
  const Votes v = ragged(3);
  // The definition: products of the influences of every two votes with something in common.
  double people = 0, items = 0, cells = 0;
  for (std::size_t a = 0; a < v.influence.size(); ++a) {
    for (std::size_t b = 0; b < v.influence.size(); ++b) {
      const double product = v.influence[a] * v.influence[b];
      const bool person = v.person[a] == v.person[b], item = v.item[a] == v.item[b];
      people += person ? product : 0;
      items += item ? product : 0;
      cells += person && item ? product : 0;
    }
  }
  std::vector<std::pair<std::uint64_t, std::uint64_t>> cell;
  for (std::size_t k = 0; k < v.item.size(); ++k) cell.emplace_back(v.person[k], v.item[k]);
  std::sort(cell.begin(), cell.end());
  const double c = static_cast<double>(std::unique(cell.begin(), cell.end()) - cell.begin());
  const TwoWay t = two_way_variance(v.influence, v.person, v.item);
  EXPECT_EQ(t.person_clusters, 9u);
  EXPECT_EQ(t.item_clusters, 14u);
  EXPECT_EQ(t.degrees, 8);
  EXPECT_NEAR(t.people, 9.0 / 8 * people, 1e-10 * people);
  EXPECT_NEAR(t.items, 14.0 / 13 * items, 1e-10 * items);
  EXPECT_NEAR(t.both, t.people + t.items - c / (c - 1) * cells, 1e-10 * people);
  EXPECT_EQ(t.variance, std::max({t.both, t.people, t.items}));
}

TEST(TwoWayVariance, DoesNotDependOnTheOrderOfVotes) {
  Votes v = ragged(4);
  const TwoWay before = two_way_variance(v.influence, v.person, v.item);
  std::reverse(v.influence.begin(), v.influence.end());
  std::reverse(v.person.begin(), v.person.end());
  std::reverse(v.item.begin(), v.item.end());
  const TwoWay after = two_way_variance(v.influence, v.person, v.item);
  EXPECT_NEAR(before.variance, after.variance, 1e-12 * before.variance);
}

TEST(TwoWayVariance, IsNeverBelowTheVarianceByOneOfThem) {
  // Residuals that cancel within people and within items: the two-way sum is below 0.
  const std::vector<double> influence = {1, -1, -1, 1};
  const std::vector<std::uint64_t> person = {0, 0, 1, 1}, item = {0, 1, 0, 1};
  const TwoWay t = two_way_variance(influence, person, item);
  EXPECT_LT(t.both, 0);
  EXPECT_EQ(t.variance, 0);
  const std::vector<double> by_person = {1, 1, -1, -1};
  const TwoWay p = two_way_variance(by_person, person, item);
  EXPECT_DOUBLE_EQ(p.people, 2 * 8);
  EXPECT_EQ(p.items, 0);
  EXPECT_DOUBLE_EQ(p.both, 2 * 8 - 4.0 / 3 * 4);
  EXPECT_DOUBLE_EQ(p.variance, 16);
}

TEST(TwoWayVariance, OfOneDimensionIsTheClusterVarianceAndOfOneClusterNothingIsKnown) {
  const Votes v = ragged(5);
  const TwoWay t = two_way_variance(v.influence, v.person, v.item);
  const TwoWay people = two_way_variance(v.influence, v.person, {});
  const TwoWay items = two_way_variance(v.influence, {}, v.item);
  EXPECT_DOUBLE_EQ(people.variance, t.people);
  EXPECT_EQ(people.degrees, 8);
  EXPECT_EQ(items.variance, t.items);
  EXPECT_EQ(items.degrees, 13);
  const std::vector<std::uint64_t> one(v.item.size(), 7);
  EXPECT_EQ(two_way_variance(v.influence, v.person, one).variance, std::numeric_limits<double>::infinity());
}

TEST(TwoWayVariance, CoversTheMeanOverNewPeopleAndNewItems) {
  // y = person + item + noise, all normal; 15 people on 25 items, every cell once. The spread of the mean is
  // known; intervals by people alone miss. Binomial error of 2,000 rounds at .95: .0049.
  constexpr int kRounds = 2000;
  int covered = 0, alone = 0;
  const boost::math::students_t t14(14);
  const double t = boost::math::quantile(t14, .975);
  for (int round = 0; round < kRounds; ++round) {
    Rng rng = Rng(8).stream("round", static_cast<std::uint64_t>(round));
    std::vector<double> own(15), liked(25);
    for (double& o : own) o = .5 * rng.normal();
    for (double& l : liked) l = rng.normal();
    Votes v;
    for (std::uint64_t p = 0; p < 15; ++p) {
      for (std::uint64_t i = 0; i < 25; ++i) {
        v.person.push_back(p);
        v.item.push_back(i);
        v.influence.push_back(own[p] + liked[i] + rng.normal());
      }
    }
    const double n = static_cast<double>(v.influence.size());
    const double mean = std::accumulate(v.influence.begin(), v.influence.end(), 0.0) / n;
    for (double& x : v.influence) x = (x - mean) / n;
    const TwoWay two = two_way_variance(v.influence, v.person, v.item);
    covered += std::abs(mean) < t * std::sqrt(two.variance);
    alone += std::abs(mean) < t * std::sqrt(two.people);
  }
  EXPECT_GE(covered, .935 * kRounds);  // three binomial errors below the nominal rate
  EXPECT_LT(alone, .85 * kRounds);
}

TEST(CountClusters, OnePersonWithTwoThirdsOfTheVotesIsAboutTwo) {
  std::vector<std::uint64_t> person(1000, 4);
  for (std::uint64_t k = 0; k < 500; ++k) person.push_back(10 + k % 50);
  const ClusterCount c = count_clusters(person, {});
  EXPECT_EQ(c.clusters, 51u);
  EXPECT_EQ(c.largest, 4u);
  EXPECT_NEAR(c.largest_share, 2.0 / 3, 1e-12);
  EXPECT_NEAR(c.effective, 1 / (4.0 / 9 + 50 * std::pow(10 / 1500.0, 2)), 1e-9);
  std::vector<double> each(1000, 1.0 / 1000);
  each.resize(1500, 1.0 / 10);
  EXPECT_NEAR(count_clusters(person, each).effective, 51, 1e-9);
  EXPECT_EQ(count_clusters({}, {}).clusters, 0u);
}

}  // namespace
}  // namespace plumb::stats
