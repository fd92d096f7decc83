// The parts of the screen of raters: exact tests against published values, consensus against its definition,
// groups against made panels. Rates over many panels: bench/quality/panels_raters.
#include <gtest/gtest.h>

#include <cmath>

#include "plumb/raters.h"
#include "reward/rater_groups.h"
#include "reward/rater_opinions.h"
#include "reward/rater_tests.h"

namespace plumb {
namespace {

struct Votes {
  std::size_t items = 0, raters = 0;
  std::vector<std::uint32_t> first, second, rater;
  std::vector<Answer> answer;
  void add(std::uint32_t r, std::uint32_t f, std::uint32_t s, Answer a) {
    rater.push_back(r), first.push_back(f), second.push_back(s), answer.push_back(a);
  }
  RaterVotes view() const { return {{items, first, second, answer, {}, {}, {}, {}, {}}, raters, rater}; }
};

RaterScreen screened(const Votes& votes) {
  const RaterOptions how{.ties = Ties::kHalf};
  return screen_raters(votes.view(), how, fit_raters(votes.view(), how));
}

// Each rater answers `each` random pairs of 10 items in random order: with probability share[r] what side[r]
// (+1 or -1) makes of the pair's own answer, which was drawn by a coin.
Votes panel(const std::vector<double>& share, const std::vector<int>& side, int each, std::uint64_t seed) {
  Votes out;
  out.items = 10, out.raters = share.size();
  Rng truth = Rng(seed).stream("truth");
  std::vector<int> says(100);
  for (int& x : says) x = truth.bernoulli(.5) ? 1 : -1;
  for (std::uint32_t r = 0; r < share.size(); ++r) {
    Rng rng = Rng(seed).stream("rater", r);
    for (int k = 0; k < each; ++k) {
      const auto a = static_cast<std::uint32_t>(rng.below(10));
      const auto b = static_cast<std::uint32_t>((a + 1 + rng.below(9)) % 10);
      const int lower =
          says[std::min(a, b) * 10 + std::max(a, b)] * side[r] * (rng.bernoulli(share[r]) ? 1 : -1);
      out.add(r, a, b, (lower > 0) == (a < b) ? Answer::kFirst : Answer::kSecond);
    }
  }
  return out;
}

TEST(RaterTests, AreThePublishedOnes) {
  // Fisher's tea: 3 and 4 of 4 cups right have upper tails 17/70 and 1/70.
  EXPECT_NEAR(fisher_two_sided(3, 4, 4, 8), 34. / 70, 1e-12);
  EXPECT_NEAR(fisher_two_sided(4, 4, 4, 8), 2. / 70, 1e-12);
  EXPECT_NEAR(fisher_two_sided(0, 4, 4, 8), 2. / 70, 1e-12);
  EXPECT_EQ(fisher_two_sided(5, 5, 9, 9), 1) << "always the first: nothing to compare";
  EXPECT_NEAR(binomial_upper_tail(8, 10, .5), 56. / 1024, 1e-12);
  EXPECT_NEAR(binomial_lower_tail(2, 10, .5), 56. / 1024, 1e-12);
  EXPECT_EQ(binomial_lower_tail(10, 10, .5), 1);
  // Terms 1, 2, 3, 4, 5: mean 3, standard error sqrt(.5), t 4.2426 with 4 degrees: p .00662 (scipy
  // ttest_1samp).
  EXPECT_NEAR(positive_sum_p(15, 55, 5), .0066177, 1e-6);
  EXPECT_EQ(positive_sum_p(4, 4, 4), 1) << "too few";
}

// The definition of the header, by loops over all votes.
TEST(Consensus, IsItsDefinitionWithoutTheRatersOwnVotes) {
  const Votes votes = panel({.9, .8, .9, .7, .5}, {1, 1, 1, 1, 1}, 40, 3);
  const Opinions o = opinions_of(votes.view());
  std::vector<std::uint8_t> counts{1, 1, 1, 0, 1};
  Consensus consensus(o, counts);
  struct Vote {
    std::uint32_t rater, i, j;
    double y;
  };
  std::vector<Vote> all;
  for (std::size_t k = 0; k < votes.first.size(); ++k) {
    const std::uint32_t i = std::min(votes.first[k], votes.second[k]),
                        j = std::max(votes.first[k], votes.second[k]);
    all.push_back(
        {votes.rater[k], i, j, (votes.answer[k] == Answer::kFirst) == (votes.first[k] == i) ? 1. : -1.});
  }
  const auto share = [&](std::uint32_t item, std::uint32_t without) {
    double won = 0, n = 0;
    for (const Vote& v : all) {
      if (counts[v.rater] == 0 || v.rater == without || (v.i != item && v.j != item)) continue;
      won += v.i == item ? v.y : -v.y, ++n;
    }
    return n > 0 ? won / n : 0;
  };
  const auto h = [&](const Vote& v) { return share(v.i, v.rater) - share(v.j, v.rater); };
  double hy = 0, hh = 0, n = 0, squares = 0, products = 0, pairs = 0;
  for (const Vote& v : all)
    if (counts[v.rater] != 0) hy += h(v) * v.y, hh += h(v) * h(v), ++n;
  const double b = hy / hh;
  for (std::size_t k = 0; k < all.size(); ++k) {
    if (counts[all[k].rater] == 0) continue;
    const double e = all[k].y - b * h(all[k]);
    squares += e * e;
    for (std::size_t m = 0; m < all.size(); ++m) {
      if (m == k || counts[all[m].rater] == 0 || all[m].i != all[k].i || all[m].j != all[k].j) continue;
      products += e * (all[m].y - b * h(all[m])), ++pairs;
    }
  }
  const double between = products / pairs, kappa = (squares / n - between) / between;
  ASSERT_GT(between, 0);
  for (std::uint32_t r = 0; r < 5; ++r) {
    const std::vector<double> says = consensus.without(r);
    for (std::uint64_t k = o.offset[r]; k < o.offset[r + 1]; ++k) {
      const Vote asked{r, o.lower[o.pair[k]], o.upper[o.pair[k]], 0};
      double sum = 0, others = 0;
      for (const Vote& v : all)
        if (counts[v.rater] != 0 && v.rater != r && v.i == asked.i && v.j == asked.j)
          sum += v.y - b * h(asked), ++others;
      EXPECT_NEAR(says[k - o.offset[r]], b * h(asked) + sum / (others + kappa), 1e-10);
    }
  }
}

std::vector<std::uint32_t> first_of(std::uint32_t n) {
  std::vector<std::uint32_t> out;
  for (std::uint32_t r = 0; r < n; ++r) out.push_back(r);
  return out;
}

TEST(TwoGroups, AreFoundWhereTheyAreAndNotWhereOneIsAgainstAll) {
  std::vector<double> share(20, .75);
  std::vector<int> side(20, 1), lone = side;
  for (std::size_t r = 0; r < 7; ++r) side[r] = -1;
  lone[0] = -1;
  const Opinions camps = opinions_of(panel(share, side, 200, 5).view());
  const auto found = two_groups(camps, first_of(20), .025, Rng(1));
  ASSERT_TRUE(found.has_value());
  for (std::size_t r = 0; r < 20; ++r) EXPECT_EQ((*found)[r] == (*found)[0], r < 7) << r;
  // One error in 40 (the level) of 40 panels each: more than 6 has probability .0004 at the level.
  int wrong = 0;
  for (std::uint64_t seed = 0; seed < 40; ++seed)
    wrong +=
        two_groups(opinions_of(panel(share, lone, 200, seed).view()), first_of(20), .025, Rng(1)).has_value();
  EXPECT_LE(wrong, 6);
}

TEST(ScreenRaters, ALoneAdversaryIsAgainstEveryoneAndTwoAreACamp) {
  std::vector<double> share(30, .75);
  std::vector<int> side(30, 1);
  side[4] = -1;
  const RaterScreen one = screened(panel(share, side, 200, 1));
  EXPECT_FALSE(one.camps.found());
  for (std::size_t r = 0; r < 30; ++r)
    EXPECT_EQ(one.notes[r].kind, r == 4 ? RaterKind::kAgainst : RaterKind::kReliable) << r;
  side[9] = -1;
  const RaterScreen two = screened(panel(share, side, 200, 1));
  ASSERT_TRUE(two.camps.found());
  EXPECT_EQ(two.camps.members, (std::vector<std::size_t>{28, 2}));
  for (std::size_t r = 0; r < 30; ++r) {
    EXPECT_EQ(two.notes[r].kind, RaterKind::kReliable) << r;
    EXPECT_EQ(two.notes[r].camp, side[r] < 0 ? 1u : 0u) << r;
  }
}

TEST(ScreenRaters, TakersOfEitherPlaceAreAKindOfTheirOwn) {
  Votes votes = panel(std::vector<double>(20, .75), std::vector<int>(20, 1), 60, 2);
  Rng rng(3);
  for (std::size_t k = 0; k < votes.rater.size(); ++k) {
    if (votes.rater[k] == 3) votes.answer[k] = rng.bernoulli(.95) ? Answer::kFirst : Answer::kSecond;
    if (votes.rater[k] == 5) votes.answer[k] = Answer::kSecond;
  }
  const RaterScreen screen = screened(votes);
  for (std::size_t r = 0; r < 20; ++r)
    EXPECT_EQ(screen.notes[r].kind == RaterKind::kPosition, r == 3 || r == 5) << r;
  EXPECT_EQ(screen.notes[5].first, 0u);
}

// Where the better item always stands first, a vote for it shows neither the place nor the item.
TEST(ScreenRaters, NobodyTakesAPlaceWhereTheBetterAlwaysStandsThere) {
  Votes votes = panel(std::vector<double>(20, .92), std::vector<int>(20, 1), 60, 2);
  const Votes truth = panel({1}, {1}, 5000, 2);
  std::vector<int> better(100, 0);
  for (std::size_t k = 0; k < truth.first.size(); ++k)
    better[truth.first[k] * 10 + truth.second[k]] = truth.answer[k] == Answer::kFirst ? 1 : -1;
  for (std::size_t k = 0; k < votes.first.size(); ++k) {
    if (better[votes.first[k] * 10 + votes.second[k]] >= 0) continue;
    std::swap(votes.first[k], votes.second[k]);
    votes.answer[k] = votes.answer[k] == Answer::kFirst ? Answer::kSecond : Answer::kFirst;
  }
  for (const RaterNote& note : screened(votes).notes) {
    EXPECT_NE(note.kind, RaterKind::kPosition);
    EXPECT_NE(note.kind, RaterKind::kAgainst);
  }
}

TEST(ScreenRaters, CopiesOfVotesAreNoEvidence) {
  std::vector<double> share(20, .75);
  for (std::size_t r = 0; r < 10; ++r) share[r] = .5;
  int once = 0, copied = 0;
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    const Votes votes = panel(share, std::vector<int>(20, 1), 40, seed);
    Votes six = votes;
    for (int copy = 0; copy < 5; ++copy)
      for (std::size_t k = 0; k < votes.rater.size(); ++k)
        six.add(votes.rater[k], votes.first[k], votes.second[k], votes.answer[k]);
    const auto wrong = [](const RaterScreen& screen) {
      for (std::size_t r = 0; r < 10; ++r)
        if (screen.notes[r].kind == RaterKind::kReliable || screen.notes[r].kind == RaterKind::kAgainst)
          return 1;
      return 0;
    };
    once += wrong(screened(votes)), copied += wrong(screened(six));
  }
  // 5 % of 30 panels; more than 6 has probability .0006.
  EXPECT_LE(once, 6);
  EXPECT_LE(copied, 6);
}

TEST(ScreenRaters, FewVotesAreTooFewToSay) {
  std::vector<double> share(20, .9);
  for (std::size_t r = 0; r < 5; ++r) share[r] = .5;
  for (const RaterNote& note : screened(panel(share, std::vector<int>(20, 1), 20, 6)).notes)
    EXPECT_EQ(note.kind, RaterKind::kUnclear) << note.rater;
  EXPECT_FALSE(screened(panel({.9, .9, .9}, {1, 1, 1}, 50, 6)).camps.why.empty());
}

}  // namespace
}  // namespace plumb
