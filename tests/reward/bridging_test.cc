// Bridging on worlds of two camps, where it is known who likes what.
#include "plumb/bridging.h"

#include <gtest/gtest.h>

#include <cmath>

#include "plumb/regression.h"

namespace plumb {
namespace {

// Items 0 .. 9 are liked by .7 of both camps, 10 .. 24 by .95 of the first and .05 of the second, 25 .. 39 the
// other way round.
struct Camps {
  std::size_t raters = 200, items = 40;
  std::vector<std::uint32_t> rater, item;
  std::vector<double> value;
  std::vector<bool> second;
  RatingsView view() const { return {raters, items, rater, item, value}; }
  double mean(std::uint32_t n) const {
    double sum = 0, count = 0;
    for (std::size_t k = 0; k < item.size(); ++k)
      if (item[k] == n) sum += value[k], count += 1;
    return sum / count;
  }
};

Camps make_camps(std::uint64_t seed, double second_share, std::size_t raters = 200) {
  constexpr double both = .7, own = .95, other = .05;
  Rng rng = Rng(seed).stream("camps");
  Camps out;
  out.raters = raters;
  for (std::uint32_t u = 0; u < out.raters; ++u) {
    out.second.push_back(rng.uniform() < second_share);
    for (std::uint32_t n = 0; n < out.items; ++n) {
      if (rng.uniform() > .5) continue;
      const double p = n < 10 ? both : (n >= 25) == out.second[u] ? own : other;
      out.rater.push_back(u), out.item.push_back(n), out.value.push_back(rng.bernoulli(p) ? 1 : 0);
    }
  }
  return out;
}

TEST(Bridging, RanksWhatBothSidesLikeAboveWhatTheLargerSideLoves) {
  int counting_fails = 0;
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    // 80 % of raters love items 10 .. 24: liked by .77 of all, more than the .7 of items 0 .. 9.
    // Scores are .2 apart; with 500 raters a bridging item's error is .04 (half of it 50 ratings of the smaller
    // camp), a partisan's .02, so the worst of ten and the best of thirty keep apart.
    const Camps camps = make_camps(seed, .2, 500);
    const Bridging b = fit_bridging(camps.view(), {.replicates = 0}, Rng(seed));
    ASSERT_TRUE(b.converged);
    double worst_bridge = 1e9, best_partisan = -1e9, bridge = 0, partisan = 0;
    for (std::uint32_t n = 0; n < 40; ++n) {
      if (n < 10) {
        worst_bridge = std::min(worst_bridge, b.item_score[n]), bridge += camps.mean(n) / 10;
      } else {
        best_partisan = std::max(best_partisan, b.item_score[n]);
        partisan += n < 25 ? camps.mean(n) / 15 : 0;
      }
    }
    EXPECT_GT(worst_bridge, best_partisan) << seed;
    counting_fails += partisan > bridge;
    // The camps are found, though nobody named them.
    const auto upper = [&](std::size_t u) { return b.rater_factor[u] > b.midpoint; };
    for (std::size_t u = 1; u < camps.raters; ++u)
      EXPECT_EQ(upper(u) == upper(0), camps.second[u] == camps.second[0]) << u;
  }
  EXPECT_GE(counting_fails, 9);
}

// Why the score is not the intercept: items of the two camps are mirror images, and must not differ by camps'
// sizes.
TEST(Bridging, ScoreLeansLessToTheLargerSideThanTheIntercept) {
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    const Camps camps = make_camps(seed, .1, 500);
    const Bridging b = fit_bridging(camps.view(), {.replicates = 0}, Rng(seed));
    double by_score = 0, by_intercept = 0;
    for (std::size_t n = 10; n < 25; ++n) {
      by_score += (b.item_score[n] - b.item_score[n + 15]) / 15;
      by_intercept += (b.item_intercept[n] - b.item_intercept[n + 15]) / 15;
    }
    EXPECT_LT(by_score, by_intercept / 3);
    EXPECT_LT(by_score, .1);
  }
}

TEST(Bridging, OfOneCampFollowsTheMeanRating) {
  const Camps camps = make_camps(3, 0);
  const Bridging b = fit_bridging(camps.view(), {.replicates = 0}, Rng(1));
  for (std::uint32_t n = 10; n < 25; ++n)
    for (std::uint32_t m = 25; m < 40; ++m) EXPECT_GT(b.item_score[n], b.item_score[m] + .5);
}

// At the minimum every parameter's numeric slope of the loss, written here anew, is 0, and any perturbation is
// worse.
TEST(Bridging, HasNoGradientLeft) {
  const Camps camps = make_camps(5, .4);
  const BridgingOptions options{.most_sweeps = 100000, .tolerance = 1e-13, .replicates = 0};
  const Bridging fit = fit_bridging(camps.view(), options, Rng(1));
  ASSERT_TRUE(fit.converged);
  const auto loss = [&](const Bridging& b) {
    const double n = static_cast<double>(camps.value.size());
    double sum = .15 * n * b.mu * b.mu;
    for (std::size_t k = 0; k < camps.value.size(); ++k) {
      const std::uint32_t u = camps.rater[k], i = camps.item[k];
      sum += std::pow(camps.value[k] - b.mu - b.rater_intercept[u] - b.item_intercept[i] -
                          b.rater_factor[u] * b.item_factor[i],
                      2);
    }
    for (std::size_t u = 0; u < camps.raters; ++u)
      sum += n / 200 * (.15 * std::pow(b.rater_intercept[u], 2) + .03 * std::pow(b.rater_factor[u], 2));
    for (std::size_t i = 0; i < camps.items; ++i)
      sum += n / 40 * (.15 * std::pow(b.item_intercept[i], 2) + .03 * std::pow(b.item_factor[i], 2));
    return sum;
  };
  EXPECT_NEAR(fit.loss, loss(fit), 1e-8);
  const auto slope = [&](std::vector<double> Bridging::*column, std::size_t i) {
    Bridging up = fit, down = fit;
    (up.*column)[i] += 1e-5, (down.*column)[i] -= 1e-5;
    return (loss(up) - loss(down)) / 2e-5;
  };
  for (std::size_t i = 0; i < 40; i += 7) {
    EXPECT_NEAR(slope(&Bridging::item_intercept, i), 0, 1e-5);
    EXPECT_NEAR(slope(&Bridging::item_factor, i), 0, 1e-5);
    EXPECT_NEAR(slope(&Bridging::rater_intercept, i), 0, 1e-5);
    EXPECT_NEAR(slope(&Bridging::rater_factor, i), 0, 1e-5);
  }
}

// The bootstrap's error against how far the intercepts really scatter when the world is drawn again.
TEST(Bridging, ErrorsAreHowFarScoresScatter) {
  const std::size_t worlds = 60;
  std::vector<std::vector<double>> scores(40);
  std::vector<double> said(40, 0.0);
  for (std::uint64_t seed = 0; seed < worlds; ++seed) {
    const Camps camps = make_camps(seed + 500, .3);
    const bool errors = seed < 12;
    const Bridging b = fit_bridging(camps.view(), {.starts = 2, .replicates = errors ? 60 : 0}, Rng(seed));
    for (std::size_t n = 0; n < 40; ++n) {
      scores[n].push_back(b.item_score[n]);
      if (errors) said[n] += b.item_error[n] / 12;
    }
  }
  double ratio = 0;
  for (std::size_t n = 0; n < 40; ++n) {
    double mean = 0, squares = 0;
    for (const double s : scores[n]) mean += s / worlds;
    for (const double s : scores[n]) squares += (s - mean) * (s - mean) / (worlds - 1);
    ratio += said[n] / std::sqrt(squares) / 40;
  }
  // An item's own scatter is known to 9 %, 40 items' mean to a few percent; the rest is the bootstrap's own
  // bias.
  EXPECT_NEAR(ratio, 1, .15);
}

TEST(Bridging, SaysWhereOnlyOneSideRated) {
  Camps camps = make_camps(2, .4);
  Camps kept = camps;
  kept.rater.clear(), kept.item.clear(), kept.value.clear();
  for (std::size_t k = 0; k < camps.item.size(); ++k) {
    if (camps.item[k] == 12 && camps.second[camps.rater[k]]) continue;
    if (camps.item[k] == 13) continue;  // nobody
    kept.rater.push_back(camps.rater[k]), kept.item.push_back(camps.item[k]),
        kept.value.push_back(camps.value[k]);
  }
  const Bridging b = fit_bridging(kept.view(), {.replicates = 20}, Rng(1));
  EXPECT_EQ(std::min(b.side_below[12], b.side_above[12]), 0u);
  EXPECT_GT(std::min(b.side_below[11], b.side_above[11]), 0u);
  EXPECT_TRUE(std::isinf(b.item_error[13]));
  EXPECT_EQ(b.item_score[13], 0);
}

TEST(Bridging, HasTheSameBytesForAnyNumberOfThreads) {
  const Camps camps = make_camps(8, .4);
  const Bridging one = fit_bridging(camps.view(), {.replicates = 10}, Rng(3));
  const Bridging many = fit_bridging(camps.view(), {.replicates = 10, .threads = 3}, Rng(3));
  EXPECT_EQ(one.item_score, many.item_score);
  EXPECT_EQ(one.item_error, many.item_error);
}

TEST(Bridging, TakesJudgementsOfEveryKind) {
  Feedback f;
  f.item = {"a", "b"};
  f.rater = {"x", "y"};
  f.thumbed = {0}, f.up = {1}, f.thumb.rater = {1};
  f.first = {1, 0}, f.second = {0, 1}, f.answer = {Answer::kFirst, Answer::kTie},
  f.comparison.rater = {0, kNoRater};
  f.rated = {0, 1}, f.rating = {1, 5}, f.rating_source.rater = {0, 0};
  const BridgingRatings r = bridging_ratings(f);
  EXPECT_EQ(r.rater, (std::vector<std::uint32_t>{1, 0, 0, 0, 0}));
  EXPECT_EQ(r.item, (std::vector<std::uint32_t>{0, 1, 0, 0, 1}));
  EXPECT_EQ(r.value, (std::vector<double>{1, 1, 0, 0, 1}));
}

TEST(Bridging, WhatCannotBeUsedIsRefused) {
  Camps camps = make_camps(1, .5);
  EXPECT_THROW(fit_bridging({1, 1, {}, {}, {}}, {}, Rng(1)), Error);
  EXPECT_THROW(fit_bridging(camps.view(), {.intercept_penalty = 0}, Rng(1)), Error);
  camps.value[3] = std::nan("");
  EXPECT_THROW(fit_bridging(camps.view(), {}, Rng(1)), Error);
  camps.value[3] = 1, camps.item[3] = 40;
  EXPECT_THROW(fit_bridging(camps.view(), {}, Rng(1)), Error);
}

}  // namespace
}  // namespace plumb
