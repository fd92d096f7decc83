#include "data/ranking_pairs.h"

#include <gtest/gtest.h>

#include <map>

#include "plumb/text_reward.h"
#include "tests/data/feedback_equal.h"

namespace plumb {
namespace {

TEST(RankedPairs, CountEveryItemOnceWhateverTheLength) {
  const Feedback f = json_feedback(
      R"({"context":"a b","options":[{"id":"x"},{"id":"y"},{"id":"z"},{"id":"w"}],"ranking":["z",["x","w"],"y"]})"
      "\n"
      R"({"context":"c d","options":[{"id":"x"},{"id":"y"},{"id":"z"}],"ranking":["y","z","x"]})");
  ASSERT_EQ(f.ranking_offset.size(), 3u);
  for (std::size_t r = 0; r < 2; ++r) {
    std::map<std::uint32_t, double> counted;
    std::size_t pairs = 0, ties = 0;
    for_each_ranked_pair(f, r, [&](const RankedPair& pair) {
      counted[pair.first] += pair.share;
      counted[pair.second] += pair.share;
      ++pairs;
      ties += pair.answer == Answer::kTie;
      // Against the ranks as they stand in the file.
      const auto rank_of = [&](std::uint32_t item) {
        for (std::uint64_t e = f.ranking_offset[r]; e < f.ranking_offset[r + 1]; ++e)
          if (f.ranking_item[e] == item) return static_cast<int>(f.ranking_rank[e]);
        return -1;
      };
      const int a = rank_of(pair.first), b = rank_of(pair.second);
      EXPECT_EQ(pair.answer, a < b ? Answer::kFirst : b < a ? Answer::kSecond : Answer::kTie);
    });
    const std::size_t m = f.ranking_offset[r + 1] - f.ranking_offset[r];
    EXPECT_EQ(pairs, m * (m - 1) / 2);
    EXPECT_EQ(ties, r == 0 ? 1u : 0u);
    EXPECT_EQ(counted.size(), m);
    for (const auto& [item, sum] : counted) EXPECT_NEAR(sum, 1, 1e-12);
  }
}

TEST(RankedPairs, AreWhatTextModelsLearnFrom) {
  const Feedback f = json_feedback(
      R"({"context":"a b","options":["one x","two y","three z"],"ranking":["two y","one x","three z"],"weight":3})");
  const Judged judged = judged_rows(f);
  ASSERT_EQ(judged.first.size(), 3u);
  for (std::size_t k = 0; k < 3; ++k)
    EXPECT_DOUBLE_EQ(judged.first_votes[k] + judged.second_votes[k] + judged.tie_votes[k], 1.5);
}

}  // namespace
}  // namespace plumb
