// Shares, agreement, raters and carrying votes of files that were made to hold a known answer.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "plumb/feedback_study.h"
#include "plumb/regression.h"

namespace plumb {
namespace {

Feedback parsed(const std::string& lines) {
  FeedbackReport report;
  return parse_feedback(lines, "votes.jsonl", {}, &report);
}

// ---------------------------------------------------------------------------------------------- shares

TEST(ClusteredShare, OfIndependentVotesIsTheTextbookInterval) {
  std::vector<std::uint8_t> yes;
  std::vector<std::uint64_t> unit;
  for (std::uint64_t k = 0; k < 50; ++k) {
    yes.push_back(k < 31);
    unit.push_back(k * 977);
  }
  const VoteShare s = clustered_share(yes, unit, 0.95);
  ASSERT_TRUE(s.known);
  EXPECT_EQ(s.clusters, 50u);
  EXPECT_DOUBLE_EQ(s.share, 0.62);
  // The jackknife of the logit: leaving out one of 31 that are yes, and one of 19 that are no; a little above
  // the delta method. 2.00957523712923588 is Student's .975 quantile with 49 degrees (tables).
  const auto logit = [](double p) { return std::log(p / (1 - p)); };
  const double yes_out = logit(30.0 / 49) - logit(0.62), no_out = logit(31.0 / 49) - logit(0.62);
  const double variance = 49.0 / 50 * (31 * yes_out * yes_out + 19 * no_out * no_out);
  EXPECT_NEAR(variance, 50.0 / 49.0 / (50 * 0.62 * 0.38), 0.01 * variance);
  const double half = 2.0095752371292359 * std::sqrt(variance);
  EXPECT_NEAR(s.interval.lower, sigmoid(std::log(0.62 / 0.38) - half), 1e-12);
  EXPECT_NEAR(s.interval.upper, sigmoid(std::log(0.62 / 0.38) + half), 1e-12);
}

TEST(ClusteredShare, DoesNotTakeCopiesForEvidence) {
  std::vector<std::uint8_t> yes, copied;
  std::vector<std::uint64_t> unit, copied_unit;
  for (std::uint64_t k = 0; k < 40; ++k) {
    for (int copy = 0; copy < 7; ++copy) {
      if (copy == 0) {
        yes.push_back(k % 3 == 0);
        unit.push_back(k);
      }
      copied.push_back(k % 3 == 0);
      copied_unit.push_back(k);
    }
  }
  const VoteShare once = clustered_share(yes, unit, 0.95), seven = clustered_share(copied, copied_unit, 0.95);
  EXPECT_EQ(seven.votes, 280u);
  EXPECT_NEAR(once.interval.lower, seven.interval.lower, 1e-12);
  EXPECT_NEAR(once.interval.upper, seven.interval.upper, 1e-12);
}

TEST(ClusteredShare, CoversTheTruthWhereVotesOfAUnitHangTogether) {
  // 40 units of 5 to 24 votes; a unit's own share is Beta(6, 4), the truth .6. Binomial error of 2,000 rounds:
  // .0049.
  constexpr int kRounds = 2000;
  int covered = 0, naive = 0;
  for (int round = 0; round < kRounds; ++round) {
    Rng rng = Rng(11).stream("round", static_cast<std::uint64_t>(round));
    std::vector<std::uint8_t> yes;
    std::vector<std::uint64_t> unit, apart;
    for (std::uint64_t u = 0; u < 40; ++u) {
      const double own = rng.beta(6, 4);
      for (std::uint64_t k = 5 + rng.below(20); k > 0; --k) {
        yes.push_back(rng.bernoulli(own));
        unit.push_back(u);
        apart.push_back(apart.size());
      }
    }
    const Interval i = clustered_share(yes, unit, 0.95).interval,
                   n = clustered_share(yes, apart, 0.95).interval;
    covered += i.lower < 0.6 && 0.6 < i.upper;
    naive += n.lower < 0.6 && 0.6 < n.upper;
  }
  EXPECT_NEAR(covered / static_cast<double>(kRounds), 0.95, 0.015);  // three binomial errors
  EXPECT_LT(naive / static_cast<double>(kRounds), 0.85);
}

TEST(ClusteredShare, GivesNoNumberWhereThereIsTooLittle) {
  const std::vector<std::uint8_t> nine = {1, 0, 1, 0, 1, 0, 1, 0, 1}, alike(12, 1);
  std::vector<std::uint64_t> unit;
  for (std::uint64_t k = 0; k < 12; ++k) unit.push_back(k);
  EXPECT_FALSE(clustered_share({}, {}, 0.95).known);
  const VoteShare few = clustered_share(nine, std::span(unit).first(9), 0.95);
  EXPECT_FALSE(few.known);
  EXPECT_EQ(few.why, "inconclusive: 9 votes on 9 items, 10 needed");
  EXPECT_FALSE(clustered_share(alike, unit, 0.95).known);
  EXPECT_THROW(clustered_share(nine, std::span(unit).first(9), 1.0), Error);
}

// ---------------------------------------------------------------------------------------------- a made file

// 40 raters judge 60 pairs each (or `votes`) of 12 items with texts; utilities fall with the number of the
// item, and length grows or falls with it at random. Raters 0 and 1 vote by a coin, rater 2 against everyone;
// what stands first gains `lean`.
std::string made(double lean, std::uint64_t seed, int votes = 60) {
  std::string out;
  const Rng root(seed);
  for (int r = 0; r < 40; ++r) {
    Rng rng = root.stream("rater", static_cast<std::uint64_t>(r));
    for (int k = 0; k < votes; ++k) {
      const auto i = rng.below(12), j = (i + 1 + rng.below(11)) % 12;
      const double f = 0.3 * (static_cast<double>(j) - static_cast<double>(i)), like = r < 2    ? 0
                                                                                       : r == 2 ? -1.0
                                                                                                : 1.0;
      const bool first = rng.bernoulli(sigmoid(like * f + lean));
      const auto item = [](std::uint64_t n) {
        return R"({"id":"i)" + std::to_string(n) + R"(","text":"words )" + std::string(1 + (n * 7) % 12, 'x') +
               "\"}";
      };
      out += R"({"prompt":"p","first":)" + item(i) + R"(,"second":)" + item(j) + R"(,"answer":")" +
             (first ? "first" : "second") + R"(","rater":"r)" + std::to_string(r) + "\"}\n";
    }
  }
  return out;
}

TEST(FeedbackStats, FindsWhoVotesAtRandomAndWhoAgainstEveryoneAndDropsNobody) {
  const FeedbackStats stats = feedback_stats(parsed(made(0, 3, 200)), {});
  ASSERT_EQ(stats.raters.size(), 40u);
  ASSERT_TRUE(stats.raters_why.empty()) << stats.raters_why;
  for (const RaterSummary& r : stats.raters) {
    ASSERT_TRUE(r.note.has_value()) << r.name;
    EXPECT_EQ(r.comparisons, 200u);
  }
  EXPECT_EQ(stats.raters[0].note->kind, RaterKind::kLikeChance);
  EXPECT_EQ(stats.raters[1].note->kind, RaterKind::kLikeChance);
  EXPECT_EQ(stats.raters[2].note->kind, RaterKind::kAgainst);
  for (std::size_t r = 3; r < 40; ++r) EXPECT_EQ(stats.raters[r].note->kind, RaterKind::kReliable) << r;
}

TEST(FeedbackStats, FindsALeaningToTheFirstPlaceAndNoneWhereThereIsNone) {
  const FeedbackStats leaning = feedback_stats(parsed(made(0.6, 4)), {}),
                      even = feedback_stats(parsed(made(0, 4)), {});
  ASSERT_TRUE(leaning.first.known);
  EXPECT_GT(leaning.first.interval.lower, 0.5);
  EXPECT_EQ(leaning.first.clusters, 40u);
  EXPECT_NEAR(leaning.model->position, 0.6, 3.5 * leaning.model->position_error);
  EXPECT_LT(even.first.interval.lower, 0.5);
  EXPECT_GT(even.first.interval.upper, 0.5);
}

TEST(FeedbackStats, LongerIsByCharactersAndLeavesOutTiesAndEqualLengths) {
  // "ööö" has three characters in six bytes: shorter than "abcd".
  std::string lines;
  for (int r = 0; r < 12; ++r) {
    // A prompt a person: shares range over new prompts too.
    const std::string asked = R"({"prompt":"a prompt )" + std::to_string(r) + R"(",)";
    const std::string rater = R"(,"rater":"r)" + std::to_string(r) + "\"}\n";
    const std::string won = r < 8 ? "\"first\"" : "\"second\"";
    lines +=
        asked + R"("first":{"id":"a","text":"abcd"},"second":{"id":"b","text":"ööö"},"answer":)" + won + rater;
    lines += asked + R"("first":{"id":"a","text":"abcd"},"second":{"id":"c","text":"wxyz"},"answer":"first")" +
             rater;
    lines += asked +
             R"("first":{"id":"a","text":"abcd"},"second":{"id":"d","text":"longer one"},"answer":"tie")" +
             rater;
  }
  const FeedbackStats stats = feedback_stats(parsed(lines), {});
  ASSERT_TRUE(stats.longer.known) << stats.longer.why;
  EXPECT_EQ(stats.longer.votes, 12u);
  EXPECT_NEAR(stats.longer.share, 8.0 / 12, 1e-15);
}

TEST(FeedbackStats, AgreementIsKrippendorffsAlphaOfPairsWhoeverStoodFirst) {
  // Three raters on three pairs; the second rater saw the pairs swapped, the third repeats a vote, which counts
  // once.
  std::string lines;
  const auto vote = [&](const char* a, const char* b, const char* answer, const char* rater) {
    lines += std::string(R"({"prompt":"p","first":")") + a + R"(","second":")" + b + R"(","answer":")" +
             answer + R"(","rater":")" + rater + "\"}\n";
  };
  vote("a", "b", "first", "x");
  vote("b", "a", "second", "y");
  vote("a", "b", "tie", "z");
  vote("a", "c", "second", "x");
  vote("c", "a", "first", "y");
  vote("b", "c", "first", "x");
  vote("c", "b", "first", "y");
  vote("b", "c", "first", "z");
  vote("b", "c", "first", "z");
  RatedUnits units;
  units.add(std::vector<double>{1, 1, 0});
  units.add(std::vector<double>{-1, -1});
  units.add(std::vector<double>{1, -1, 1});
  const FeedbackStats stats = feedback_stats(parsed(lines), {});
  ASSERT_EQ(stats.agreement.size(), 2u);
  const AgreementOptions none{0.95, 0, 1};
  EXPECT_NEAR(stats.agreement[0].agreement.alpha,
              krippendorff_alpha(units, Scale::kNominal, none, Rng(1)).alpha, 1e-12);
  EXPECT_NEAR(stats.agreement[1].agreement.alpha,
              krippendorff_alpha(units, Scale::kOrdinal, none, Rng(1)).alpha, 1e-12);
  EXPECT_EQ(stats.agreement[0].agreement.values, 8u);
}

TEST(FeedbackStats, WithoutTheCarryingVotesTheBestItemIsBestNoMore) {
  const Feedback f = parsed(made(0, 5));
  const FeedbackStats stats = feedback_stats(f, {});
  ASSERT_EQ(stats.carried.size(), 1u) << stats.carried_why;
  const CarriedResult& c = stats.carried[0];
  ASSERT_TRUE(c.fragility.flips);
  EXPECT_EQ(c.comparisons, 2400u);
  ItemOptions how;
  how.ties = Ties::kHalf;
  how.prior_sd = estimate_prior_sd(votes_of(f), how);
  const auto difference = [&](const Feedback& of) {
    const ItemFit fit = fit_items(votes_of(of), how);
    return fit.utility[c.best] - fit.utility[c.next];
  };
  EXPECT_GT(difference(f), 0);
  Feedback without = f;
  std::vector<std::uint64_t> out = c.fragility.votes;
  std::sort(out.begin(), out.end(), std::greater<>());
  for (const std::uint64_t k : out) {
    const auto at = static_cast<std::ptrdiff_t>(k);
    without.first.erase(without.first.begin() + at);
    without.second.erase(without.second.begin() + at);
    without.answer.erase(without.answer.begin() + at);
  }
  EXPECT_LE(difference(without), 0);
}

TEST(FeedbackStats, GivesTheSameNumbersForAnyNumberOfThreads) {
  const Feedback f = parsed(made(0.2, 6));
  StatsOptions options;
  const FeedbackStats one = feedback_stats(f, options);
  options.threads = 3;
  const FeedbackStats three = feedback_stats(f, options);
  for (std::size_t k = 0; k < one.agreement.size(); ++k) {
    EXPECT_EQ(one.agreement[k].agreement.interval.lower, three.agreement[k].agreement.interval.lower);
    EXPECT_EQ(one.agreement[k].agreement.interval.upper, three.agreement[k].agreement.interval.upper);
  }
  for (std::size_t r = 0; r < one.raters.size(); ++r)
    EXPECT_EQ(one.raters[r].note->reliability, three.raters[r].note->reliability);
  EXPECT_EQ(one.carried[0].fragility.votes, three.carried[0].fragility.votes);
}

TEST(FeedbackStats, TellsAnEffectOfThePlaceWhereItIsDeclaredThatOrdersWereDrawn) {
  std::string text;
  for (int k = 0; k < 200; ++k)
    text += R"({"prompt":"p)" + std::to_string(k) + R"(","first":"a","second":"b","answer":")" +
            (k % 3 == 0 ? "second" : "first") + R"(","rater":"r)" + std::to_string(k % 20) + "\"}\n";
  StatsOptions options;
  EXPECT_NE(feedback_stats(parsed(text), options).place_why.find("--orders-drawn"), std::string::npos);
  options.orders_drawn = true;
  EXPECT_EQ(feedback_stats(parsed(text), options).place_why, "");
}

TEST(FeedbackStats, NamesTenPeopleWithThreeQuartersOfTheVotes) {
  // Ten people give 30 votes each, twenty others 5 each: as good as 16.8 people of 30.
  const auto file = [](int busy) {
    std::string text;
    for (int r = 0, k = 0; r < 30; ++r)
      for (int v = 0; v < (r < 10 ? busy : 5); ++v, ++k)
        text += R"({"prompt":"p)" + std::to_string(k) + R"(","first":"a","second":"b","answer":")" +
                (k % 3 == 0 ? "second" : "first") + R"(","rater":"r)" + std::to_string(r) + "\"}\n";
    return text;
  };
  EXPECT_EQ(
      feedback_stats(parsed(file(30)), {}).first.capped,
      "10 of 30 people made 300 of 400 votes: this counts as 16.8 people, not 30, and says what they want");
  EXPECT_EQ(feedback_stats(parsed(file(5)), {}).first.capped, "");
}

TEST(FeedbackStats, SaysWhyThereIsNoNumber) {
  const FeedbackStats stats =
      feedback_stats(parsed(R"({"prompt":"p","first":"a","second":"b","answer":"first"})"
                            "\n"),
                     {});
  EXPECT_EQ(stats.raters_why, "no rater is named");
  EXPECT_FALSE(stats.first.known);
  EXPECT_EQ(stats.longer.why, "no comparison of two texts of different length");
  EXPECT_FALSE(stats.agreement[0].agreement.known);
  EXPECT_EQ(stats.carried_why, "no prompt has 10 comparisons of 3 items or more");
}

}  // namespace
}  // namespace plumb
