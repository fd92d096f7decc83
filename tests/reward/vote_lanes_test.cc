#include "reward/vote_lanes.h"

#include <gtest/gtest.h>

#include "reward/vote_pairs.h"
#include "tests/reward/made_votes.h"

namespace plumb {
namespace {

TEST(VoteLanes, HoldWhatSingleTermsAre) {
  const std::array<double, 9> differences = {-900, -30, -2, -1e-9, 0, 0.3, 5, 40, 1500};
  for (const Ties ties : {Ties::kHalf, Ties::kDavidson, Ties::kRaoKupper})
    for (const double t : {0.5, 3.0, 45.0})
      for (const Answer answer : {Answer::kFirst, Answer::kSecond, Answer::kTie}) {
        VoteLanes lanes;
        for (std::size_t k = 0; k < differences.size(); ++k) lanes.set(k, differences[k], t, answer);
        fill_terms(ties, differences.size(), lanes);
        for (std::size_t k = 0; k < differences.size(); ++k) {
          const VoteTerms one = vote_terms(ties, differences[k], t, answer);
          const auto near = [&](double said, double right) {
            EXPECT_NEAR(said, right, 1e-14 * std::max(1.0, std::abs(right))) << differences[k] << ' ' << t;
          };
          near(lanes.log_p[k], one.log_p);
          near(lanes.by_d[k], one.by_d), near(lanes.by_t[k], one.by_t);
          near(lanes.dd[k], one.curve_dd), near(lanes.dt[k], one.curve_dt), near(lanes.tt[k], one.curve_tt);
        }
      }
}

TEST(VotePairs, HoldEveryVoteOnceByPairAndEveryPairByItsItems) {
  VoteColumns c(4);
  c.add(3, 1, Answer::kFirst);
  c.add(0, 1, Answer::kTie);
  c.add(1, 3, Answer::kSecond);
  c.add(0, 3, Answer::kFirst);
  c.add(1, 0, Answer::kFirst);
  const VotePairs pairs(c.votes());
  EXPECT_EQ(pairs.vote, (std::vector<std::uint32_t>{1, 4, 3, 0, 2}));
  EXPECT_EQ(pairs.pair, (std::vector<std::uint32_t>{0, 0, 1, 2, 2}));
  EXPECT_EQ(pairs.lower, (std::vector<std::uint32_t>{0, 0, 1}));
  EXPECT_EQ(pairs.upper, (std::vector<std::uint32_t>{1, 3, 3}));
  EXPECT_EQ(pairs.offset, (std::vector<std::uint64_t>{0, 2, 4, 4, 6}));  // nobody judged item 2
  EXPECT_EQ(pairs.side, (std::vector<std::uint32_t>{0, 2, 1, 4, 3, 5}));
  EXPECT_EQ(pairs.other, (std::vector<std::uint32_t>{1, 3, 0, 3, 0, 1}));
}

}  // namespace
}  // namespace plumb
