// Which votes carry a result: against every subset by brute force, and against leaving votes out and fitting
// anew.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "plumb/preference.h"
#include "plumb/regression.h"
#include "tests/reward/made_votes.h"

namespace plumb {
namespace {

const ItemOptions kOptions{.ties = Ties::kDavidson, .prior_sd = 1, .position = true};

double lead(const VoteColumns& votes, const std::vector<std::uint64_t>& without) {
  VoteColumns kept(votes.items);
  for (std::size_t v = 0; v < votes.first.size(); ++v)
    if (std::find(without.begin(), without.end(), v) == without.end())
      kept.add(votes.first[v], votes.second[v], votes.answer[v]);
  const ItemFit fit = fit_items(kept.votes(), kOptions);
  return fit.utility[0] - fit.utility[1];
}

VoteColumns world(std::uint64_t seed, std::size_t items, std::size_t count) {
  Rng rng = Rng(seed).stream("votes");
  VoteColumns out(items);
  for (std::size_t v = 0; v < count; ++v) {
    const auto f = static_cast<std::uint32_t>(rng.below(items));
    const auto s = static_cast<std::uint32_t>((f + 1 + rng.below(items - 1)) % items);
    const double d = -0.25 * (static_cast<double>(f) - static_cast<double>(s));
    out.add(f, s,
            rng.uniform() < .15         ? Answer::kTie
            : rng.bernoulli(sigmoid(d)) ? Answer::kFirst
                                        : Answer::kSecond);
  }
  return out;
}

const Result kLead{{{0, 1.0}, {1, -1.0}}};

TEST(Fragility, NamesVotesWithoutWhichTheFitFlips) {
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    const VoteColumns votes = world(seed, 8, 400);
    if (lead(votes, {}) <= 0) continue;
    const Fragility found = fragility(votes.votes(), kOptions, kLead);
    ASSERT_TRUE(found.flips);
    EXPECT_NEAR(found.value, lead(votes, {}), 1e-9);
    EXPECT_NEAR(found.value_without, lead(votes, found.votes), 1e-9);
    EXPECT_LE(found.value_without, 0);
    std::vector<std::uint64_t> shorter = found.votes;
    shorter.pop_back();
    EXPECT_GT(lead(votes, shorter), 0);
    EXPECT_EQ(found.share, static_cast<double>(found.votes.size()) / 400);
    // Votes that were left out made the others' weights smaller, so first order foretells too little, but most
    // of it.
    EXPECT_GT(found.value - found.predicted, 0.6 * (found.value - found.value_without));
    EXPECT_LT(found.value - found.predicted, 1.2 * (found.value - found.value_without));
  }
}

TEST(VoteEffects, AreWhatLeavingEachVoteOutDoes) {
  const VoteColumns votes = world(3, 6, 240);
  const double all = lead(votes, {});
  const std::vector<double> effect = vote_effects(votes.votes(), kOptions, kLead);
  ASSERT_EQ(effect.size(), 240u);
  for (std::uint64_t v = 0; v < 240; ++v) {
    const double exact = lead(votes, {v}) - all;
    // Off by the vote's leverage, of which all votes together have the number of parameters, 8: .03 on average.
    EXPECT_NEAR(effect[v], exact, 0.1 * std::abs(exact) + 1e-4) << v;
  }
}

TEST(VoteEffects, AreSlopesInTheVotesWeights) {
  VoteColumns votes = world(4, 6, 240);
  votes.weight.assign(240, 1.0f);
  const std::vector<double> effect = vote_effects(votes.votes(), kOptions, kLead);
  for (std::size_t v = 0; v < 240; v += 5) {
    const auto at = [&](float weight) {
      votes.weight[v] = weight;
      const ItemFit fit = fit_items(votes.votes(), kOptions);
      votes.weight[v] = 1;
      return fit.utility[0] - fit.utility[1];
    };
    EXPECT_NEAR(effect[v], -(at(1 + 0x1p-10f) - at(1 - 0x1p-10f)) / 0x1p-9, 1e-6) << v;
  }
}

TEST(Fragility, IsAsSmallAsTheBestSubsetByBruteForce) {
  int least_possible = 0, found_in_all = 0, cases = 0;
  for (std::uint64_t seed = 0; cases < 6; ++seed) {
    const VoteColumns votes = world(seed + 50, 4, 18);
    if (lead(votes, {}) <= 0.5) continue;
    const Fragility found = fragility(votes.votes(), kOptions, kLead);
    ASSERT_TRUE(found.flips);
    std::size_t best = found.votes.size();
    for (std::uint64_t a = 0; a < 18 && best > 1; ++a) {
      if (lead(votes, {a}) <= 0) best = 1;
      for (std::uint64_t b = a + 1; b < 18 && best > 2; ++b)
        if (lead(votes, {a, b}) <= 0) best = 2;
    }
    for (std::uint64_t a = 0; a < 18 && best > 3; ++a)
      for (std::uint64_t b = a + 1; b < 18 && best > 3; ++b)
        for (std::uint64_t c = b + 1; c < 18 && best > 3; ++c)
          if (lead(votes, {a, b, c}) <= 0) best = 3;
    EXPECT_LE(found.votes.size(), best + 1);
    least_possible += static_cast<int>(best);
    found_in_all += static_cast<int>(found.votes.size());
    ++cases;
  }
  EXPECT_LE(found_in_all, least_possible + 2);
}

TEST(Fragility, AClearResultNeedsMoreVotesThanACloseOne) {
  VoteColumns close(3), clear(3);
  const auto both_orders = [](VoteColumns* votes, std::uint32_t winner, std::uint32_t loser, int times) {
    votes->add(winner, loser, Answer::kFirst, times);
    votes->add(loser, winner, Answer::kSecond, times);
  };
  for (VoteColumns* v : {&close, &clear})
    both_orders(v, 0, 2, 10), both_orders(v, 2, 0, 10), both_orders(v, 1, 2, 9), both_orders(v, 2, 1, 9);
  both_orders(&close, 0, 1, 11), both_orders(&close, 1, 0, 10);
  both_orders(&clear, 0, 1, 19), both_orders(&clear, 1, 0, 2);
  EXPECT_LT(fragility(close.votes(), kOptions, kLead).share, fragility(clear.votes(), kOptions, kLead).share);
}

TEST(Fragility, WhatCannotBeAskedIsRefused) {
  const VoteColumns votes = world(1, 4, 60);
  const Result reversed{{{0, -1.0}, {1, 1.0}}}, unknown{{{9, 1.0}}};
  const bool leads = lead(votes, {}) > 0;
  EXPECT_THROW(fragility(votes.votes(), kOptions, leads ? reversed : kLead), Error);
  EXPECT_THROW(fragility(votes.votes(), kOptions, unknown), Error);
  EXPECT_THROW(fragility(votes.votes(), {.prior_sd = kNoPrior}, leads ? kLead : reversed), Error);
}

}  // namespace
}  // namespace plumb
