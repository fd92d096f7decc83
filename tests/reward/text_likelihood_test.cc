// Losses and derivatives: against the definitions, finite differences and published values.
#include <gtest/gtest.h>

#include <cmath>

#include "plumb/regression.h"
#include "reward/text_likelihood.h"

namespace plumb::text {
namespace {

Judged one_pair(double first, double second, double tie) {
  Judged j;
  j.first = {0};
  j.second = {1};
  j.first_votes = {first};
  j.second_votes = {second};
  j.tie_votes = {tie};
  j.pair_group = {0};
  return j;
}

// r_c = 1.2, r_r = .4: the reference's values, in double precision.
TEST(RewardLoss, EqualsTheReferenceValues) {
  const Judged j = one_pair(1, 0, 0);
  TextRewardOptions options;
  const Nuisance none(j, options.ties);
  const std::vector<double> reward = {1.2, 0.4};
  const auto loss = [&] { return summed_loss(j, {}, options, none, reward, {}, {}, {}); };
  EXPECT_NEAR(loss(), 0.37110066594777774, 1e-12);
  options.centering = 0.01;
  EXPECT_NEAR(loss(), 0.3967006659477777, 1e-12);
  options.centering = 0;
  options.margin = 0.5;
  EXPECT_NEAR(loss(), 0.5543552444685271, 1e-12);
}

// exp(-loss) of one vote is the answer's probability: they must sum to 1 and stand in the ratios of the papers.
TEST(RewardLoss, TieModelsAreProbabilities) {
  for (const double d : {-30.0, -2.5, 0.0, 0.7, 4.0, 30.0}) {
    for (const double log_tie : {-3.0, -0.5, 0.0, 1.5}) {
      for (const Ties ties : {Ties::kDavidson, Ties::kRaoKupper}) {
        const double first = std::exp(-pair_loss(d, 1, 0, 0, ties, log_tie, 0).value);
        const double second = std::exp(-pair_loss(d, 0, 1, 0, ties, log_tie, 0).value);
        const double tie = std::exp(-pair_loss(d, 0, 0, 1, ties, log_tie, 0).value);
        EXPECT_NEAR(first + second + tie, 1, 1e-12);
        if (ties == Ties::kDavidson) {
          EXPECT_NEAR(std::log(tie * tie / (first * second)), 2 * log_tie, 1e-9);
          EXPECT_NEAR(std::log(first / second), d, 1e-9);
        } else {
          EXPECT_NEAR(first, sigmoid(d - std::exp(log_tie)), 1e-12);
          EXPECT_NEAR(second, sigmoid(-d - std::exp(log_tie)), 1e-12);
        }
      }
    }
  }
}

TEST(RewardLoss, CumulativeLogitIsAProbabilityForEveryLevel) {
  Judged j;
  j.levels = 4;
  j.rated = {0, 0, 0, 0};
  j.level = {0, 1, 2, 3};
  j.rating_group = {0, 0, 0, 0};
  const Nuisance layout(j, Ties::kHalf);
  ASSERT_EQ(layout.size(), 3u);
  const std::vector<double> nuisance = {-1.0, 0.3, -0.7}, reward = {0.4};
  const std::vector<double> t = layout.thresholds(nuisance);
  double sum = 0;
  for (std::size_t k = 0; k < 4; ++k) {
    j.rating_weight = {0, 0, 0, 0};
    j.rating_weight[k] = 1;
    const double p = std::exp(-summed_loss(j, {}, {}, layout, reward, nuisance, {}, {}));
    const double below = k == 0 ? 0 : sigmoid(t[k - 1] - 0.4), up_to = k == 3 ? 1 : sigmoid(t[k] - 0.4);
    EXPECT_NEAR(p, up_to - below, 1e-12);
    sum += p;
  }
  EXPECT_NEAR(sum, 1, 1e-12);
}

// All forms at once, weighted, with a multiplier: every derivative against a central difference.
TEST(RewardLoss, DerivativesEqualFiniteDifferences) {
  Rng rng = Rng(3).stream("judged");
  for (const Ties ties : {Ties::kHalf, Ties::kDavidson, Ties::kRaoKupper}) {
    Judged j;
    Multipliers m;
    const std::uint32_t rows = 6;
    for (int k = 0; k < 20; ++k) {
      const std::uint32_t a = static_cast<std::uint32_t>(rng.below(rows));
      j.first.push_back(a);
      j.second.push_back((a + 1 + static_cast<std::uint32_t>(rng.below(rows - 1))) % rows);
      j.first_votes.push_back(rng.uniform());
      j.second_votes.push_back(rng.uniform());
      j.tie_votes.push_back(rng.uniform());
      j.pair_group.push_back(0);
      m.pair.push_back(static_cast<double>(rng.below(3)));
    }
    j.levels = 4;
    for (int k = 0; k < 12; ++k) {
      j.rated.push_back(static_cast<std::uint32_t>(rng.below(rows)));
      j.level.push_back(static_cast<std::uint32_t>(rng.below(4)));
      j.rating_weight.push_back(rng.uniform());
      j.rating_group.push_back(0);
      m.rating.push_back(1 + rng.uniform());
      j.thumbed.push_back(static_cast<std::uint32_t>(rng.below(rows)));
      j.up.push_back(static_cast<std::uint8_t>(rng.below(2)));
      j.thumb_weight.push_back(rng.uniform());
      j.thumb_group.push_back(0);
      m.thumb.push_back(rng.uniform());
    }
    TextRewardOptions options;
    options.ties = ties;
    options.centering = 0.3;
    options.margin = ties == Ties::kHalf ? 0.4 : 0;
    const Nuisance layout(j, ties);
    std::vector<double> reward(rows), nuisance(layout.size());
    for (double& r : reward) r = rng.normal();
    for (double& x : nuisance) x = 0.5 * rng.normal();
    std::vector<double> slope(rows, 0.0), nuisance_slope(layout.size(), 0.0);
    summed_loss(j, m, options, layout, reward, nuisance, slope, nuisance_slope);
    const auto check = [&](std::vector<double>& x, const std::vector<double>& derivative) {
      for (std::size_t k = 0; k < x.size(); ++k) {
        const double at = x[k], h = 1e-5;
        x[k] = at + h;
        const double above = summed_loss(j, m, options, layout, reward, nuisance, {}, {});
        x[k] = at - h;
        const double below = summed_loss(j, m, options, layout, reward, nuisance, {}, {});
        x[k] = at;
        EXPECT_NEAR(derivative[k], (above - below) / (2 * h), 1e-7);
      }
    };
    check(reward, slope);
    check(nuisance, nuisance_slope);
    for (const double d : {-3.0, -0.2, 0.0, 1.4}) {
      const double h = 1e-5;
      const PairLoss at = pair_loss(d, 1.3, 0.4, 0.6, ties, 0.2, options.margin);
      const PairLoss above = pair_loss(d + h, 1.3, 0.4, 0.6, ties, 0.2, options.margin);
      const PairLoss below = pair_loss(d - h, 1.3, 0.4, 0.6, ties, 0.2, options.margin);
      EXPECT_NEAR(at.curvature, (above.slope - below.slope) / (2 * h), 1e-8);
    }
  }
}

}  // namespace
}  // namespace plumb::text
