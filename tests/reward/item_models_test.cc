// Item models against closed forms, against the slow reference (MM), and against a likelihood written here
// anew, whose numeric gradient must vanish at the fit and whose numeric Hessian must give the standard errors.
#include <gtest/gtest.h>

#include <Eigen/Dense>
#include <cmath>
#include <functional>

#include "plumb/preference.h"
#include "plumb/regression.h"
#include "tests/reward/made_votes.h"

namespace plumb {
namespace {

// Votes of a world with known utilities, both orders, ties where |noise| is small.
VoteColumns random_votes(std::uint64_t seed, std::size_t items, std::size_t votes, bool ties,
                         double position = 0) {
  Rng rng = Rng(seed).stream("votes");
  VoteColumns out(items);
  for (std::size_t v = 0; v < votes; ++v) {
    const auto f = static_cast<std::uint32_t>(rng.below(items));
    auto s = static_cast<std::uint32_t>(rng.below(items - 1));
    if (s >= f) ++s;
    const double d = 0.3 * (static_cast<double>(f) - static_cast<double>(s)) + position;
    const Answer decided = rng.bernoulli(sigmoid(d)) ? Answer::kFirst : Answer::kSecond;
    out.add(f, s, ties && rng.uniform() < 0.2 ? Answer::kTie : decided);
  }
  return out;
}

// The penalized log-likelihood straight from the definitions in the header; x = utilities, b, t.
double penalized(const VoteColumns& c, const ItemOptions& o, const std::vector<double>& x) {
  const double b = o.position ? x[c.items] : 0, t = x[c.items + 1];
  double sum = 0;
  for (std::size_t v = 0; v < c.first.size(); ++v) {
    const double d = x[c.first[v]] - x[c.second[v]] + b;
    double p[3] = {1 / (1 + std::exp(-d)), 1 / (1 + std::exp(d)), 0};
    if (o.ties == Ties::kDavidson) {
      const double z = std::exp(d / 2) + std::exp(-d / 2) + std::exp(t);
      p[0] = std::exp(d / 2) / z, p[1] = std::exp(-d / 2) / z, p[2] = std::exp(t) / z;
    } else if (o.ties == Ties::kRaoKupper) {
      p[0] = 1 / (1 + std::exp(t - d)), p[1] = 1 / (1 + std::exp(t + d)), p[2] = 1 - p[0] - p[1];
    }
    const double w = c.weight.empty() ? 1.0 : static_cast<double>(c.weight[v]);
    if (o.ties == Ties::kHalf && c.answer[v] == Answer::kTie)
      sum += w * (std::log(p[0]) + std::log(p[1])) / 2;
    else
      sum += w * std::log(p[static_cast<int>(c.answer[v])]);
  }
  for (std::size_t r = 0; r + 1 < c.ranking_offset.size(); ++r)
    for (std::uint64_t k = c.ranking_offset[r]; k < c.ranking_offset[r + 1]; ++k) {
      double left = 0;
      for (std::uint64_t j = c.ranking_offset[r]; j < c.ranking_offset[r + 1]; ++j)
        if (c.ranking_rank[j] >= c.ranking_rank[k]) left += std::exp(x[c.ranking_item[j]]);
      sum += x[c.ranking_item[k]] - std::log(left);
    }
  if (std::isfinite(o.prior_sd))
    for (std::size_t i = 0; i < c.items; ++i) sum -= x[i] * x[i] / (2 * o.prior_sd * o.prior_sd);
  if (o.position) sum -= b * b / (2 * o.position_sd * o.position_sd);
  return sum;
}

std::vector<double> parameters(const ItemFit& fit) {
  std::vector<double> x = fit.utility;
  x.push_back(fit.position);
  x.push_back(fit.tie);
  return x;
}

double slope_along(const VoteColumns& c, const ItemOptions& o, std::vector<double> x, std::size_t i) {
  const double h = 1e-5, at = x[i];
  x[i] = at + h;
  const double up = penalized(c, o, x);
  x[i] = at - h;
  return (up - penalized(c, o, x)) / (2 * h);
}

TEST(BradleyTerry, MmReproducesTheReference) {
  VoteColumns c(3);
  c.add(0, 1, Answer::kFirst);
  c.add(1, 2, Answer::kFirst);
  c.add(0, 2, Answer::kFirst);
  const std::vector<double> strength = bradley_terry_mm(c.votes(), 10);  // REFERENCE: .93490, .06510, 0
  EXPECT_NEAR(strength[0], .93490, 5e-6);
  EXPECT_NEAR(strength[1], .06510, 5e-6);
  EXPECT_EQ(strength[2], 0);
}

TEST(BradleyTerry, SaysWhereTheMaximumDoesNotExist) {
  VoteColumns c(3);
  c.add(0, 1, Answer::kFirst);
  c.add(1, 2, Answer::kFirst);
  c.add(0, 2, Answer::kFirst);
  const ItemOptions none{.ties = Ties::kRefuse, .prior_sd = kNoPrior};
  const ItemFit fit = fit_items(c.votes(), none);
  EXPECT_FALSE(fit.exists);
  EXPECT_NE(fit.why.find("the maximum does not exist: item 0"), std::string::npos) << fit.why;
  EXPECT_TRUE(fit.utility.empty());
  EXPECT_TRUE(fit_items(c.votes(), {.ties = Ties::kRefuse, .prior_sd = 1}).exists);
  c.add(2, 0, Answer::kFirst);  // closes the circle
  EXPECT_TRUE(fit_items(c.votes(), none).exists);
}

TEST(BradleyTerry, NamesTheUnbeatenGroupOfAComponent) {
  VoteColumns c(6);
  c.add(0, 1, Answer::kFirst), c.add(1, 0, Answer::kFirst);  // a component of its own, in order
  c.add(4, 5, Answer::kFirst), c.add(5, 4, Answer::kFirst);
  c.add(2, 3, Answer::kFirst), c.add(3, 2, Answer::kFirst);
  c.add(4, 2, Answer::kFirst);
  const ItemFit fit = fit_items(c.votes(), {.ties = Ties::kRefuse, .prior_sd = kNoPrior});
  EXPECT_FALSE(fit.exists);
  EXPECT_NE(fit.why.find("2 items (the first is item 4)"), std::string::npos) << fit.why;
  EXPECT_EQ(fit.component, (std::vector<std::uint32_t>{0, 0, 1, 1, 1, 1}));
}

TEST(Davidson, HasNoMaximumWhereTiesAndWinsFollowOneOrder) {
  VoteColumns c(3);
  c.add(0, 1, Answer::kTie), c.add(1, 2, Answer::kTie), c.add(0, 2, Answer::kFirst);
  for (const Ties ties : {Ties::kDavidson, Ties::kRaoKupper}) {
    EXPECT_NE(fit_items(c.votes(), {.ties = ties, .prior_sd = kNoPrior}).why.find("without exception"),
              std::string::npos);
    EXPECT_TRUE(fit_items(c.votes(), {.ties = ties, .prior_sd = 1}).exists);
  }
  EXPECT_TRUE(fit_items(c.votes(), {.ties = Ties::kHalf, .prior_sd = kNoPrior}).exists);
  c.add(0, 1, Answer::kSecond), c.add(0, 1, Answer::kFirst);  // wins in a circle: ties cannot be everything
  EXPECT_TRUE(fit_items(c.votes(), {.ties = Ties::kDavidson, .prior_sd = kNoPrior}).exists);
  VoteColumns bent(3);  // wins follow 0, 1, 2, but 0 and 2 are tied: ties cannot be everything either
  bent.add(0, 1, Answer::kFirst), bent.add(1, 2, Answer::kFirst), bent.add(0, 2, Answer::kTie);
  EXPECT_TRUE(fit_items(bent.votes(), {.ties = Ties::kDavidson, .prior_sd = kNoPrior}).exists);
  VoteColumns only(2);
  only.add(0, 1, Answer::kTie);
  EXPECT_NE(fit_items(only.votes(), {}).why.find("all comparisons are ties"), std::string::npos);
}

TEST(BradleyTerry, TwoItemsHaveTheClosedForm) {
  VoteColumns c(2);
  c.add(0, 1, Answer::kFirst, 30), c.add(1, 0, Answer::kFirst, 12);
  const ItemOptions o{.ties = Ties::kRefuse, .prior_sd = kNoPrior};
  const ItemFit fit = fit_items(c.votes(), o);
  EXPECT_NEAR(fit.utility[0] - fit.utility[1], std::log(30.0 / 12), 1e-10);
  EXPECT_NEAR(fit.utility[0] + fit.utility[1], 0, 1e-12);
  const ItemPosterior posterior(c.votes(), o, fit);
  EXPECT_NEAR(posterior.standard_error(0, 1), std::sqrt(1.0 / 30 + 1.0 / 12), 1e-10);
  EXPECT_NEAR(posterior.standard_error(0), std::sqrt(1.0 / 30 + 1.0 / 12) / 2, 1e-10);
}

TEST(Davidson, TwoItemsHaveTheClosedForm) {
  VoteColumns c(2);
  c.add(0, 1, Answer::kFirst, 20), c.add(0, 1, Answer::kSecond, 10), c.add(0, 1, Answer::kTie, 15);
  const ItemFit fit = fit_items(c.votes(), {.ties = Ties::kDavidson, .prior_sd = kNoPrior});
  EXPECT_NEAR(fit.utility[0] - fit.utility[1], std::log(2.0), 1e-9);
  EXPECT_NEAR(fit.tie, std::log(15 / std::sqrt(200.0)), 1e-9);
  EXPECT_NEAR(fit.predict(0, 1)[2], 15.0 / 45, 1e-9);
}

TEST(RaoKupper, TwoItemsHaveTheClosedForm) {
  VoteColumns c(2);
  c.add(0, 1, Answer::kFirst, 20), c.add(0, 1, Answer::kSecond, 10), c.add(0, 1, Answer::kTie, 15);
  const ItemFit fit = fit_items(c.votes(), {.ties = Ties::kRaoKupper, .prior_sd = kNoPrior});
  const auto logit = [](double p) { return std::log(p / (1 - p)); };
  EXPECT_NEAR(fit.utility[0] - fit.utility[1], (logit(20.0 / 45) - logit(10.0 / 45)) / 2, 1e-9);
  EXPECT_NEAR(fit.tie, -(logit(20.0 / 45) + logit(10.0 / 45)) / 2, 1e-9);
  EXPECT_NEAR(fit.predict(1, 0)[0], 10.0 / 45, 1e-9);
}

TEST(BradleyTerry, PositionIsToldFromUtilityByBothOrders) {
  VoteColumns c(2);
  c.add(0, 1, Answer::kFirst, 40), c.add(0, 1, Answer::kSecond, 10);
  c.add(1, 0, Answer::kFirst, 25), c.add(1, 0, Answer::kSecond, 30);
  const ItemFit fit =
      fit_items(c.votes(), {.ties = Ties::kRefuse, .prior_sd = kNoPrior, .position = true, .position_sd = 1e6});
  const double with = std::log(40.0 / 10), against = std::log(25.0 / 30);
  EXPECT_NEAR(fit.position, (with + against) / 2, 1e-9);
  EXPECT_NEAR(fit.utility[0] - fit.utility[1], (with - against) / 2, 1e-9);
}

TEST(TieModels, WithoutTiesAreBradleyTerry) {
  const VoteColumns c = random_votes(3, 6, 300, false);
  const ItemFit plain = fit_items(c.votes(), {.ties = Ties::kRefuse});
  for (const Ties ties : {Ties::kHalf, Ties::kDavidson, Ties::kRaoKupper}) {
    const ItemFit fit = fit_items(c.votes(), {.ties = ties});
    for (std::uint32_t i = 0; i < 6; ++i) EXPECT_NEAR(fit.utility[i], plain.utility[i], 1e-12);
    EXPECT_NEAR(fit.predict(0, 1)[0], plain.predict(0, 1)[0], 1e-12);
    EXPECT_EQ(fit.predict(0, 1)[2], 0);
  }
}

TEST(BradleyTerry, AgreesWithMm) {
  const VoteColumns c = random_votes(5, 12, 800, false);
  const ItemFit fit = fit_items(c.votes(), {.ties = Ties::kRefuse, .prior_sd = kNoPrior});
  const std::vector<double> strength = bradley_terry_mm(c.votes(), 5000);
  for (std::uint32_t i = 1; i < 12; ++i)
    EXPECT_NEAR(fit.utility[i] - fit.utility[0], std::log(strength[i] / strength[0]), 1e-8);
}

class EveryItemModel : public testing::TestWithParam<std::tuple<Ties, double, bool>> {
 protected:
  void SetUp() override {
    const auto [ties, prior, position] = GetParam();
    options_ = {.ties = ties, .prior_sd = prior, .position = position, .position_sd = 0.7};
    columns_ = random_votes(11, 7, 250, ties != Ties::kRefuse, 0.4);
    for (std::size_t v = 0; v < columns_.first.size(); ++v)
      columns_.weight.push_back(0.5f + 0.25f * static_cast<float>(v % 5));
    columns_.rank({{0, 2}, {3, 0}, {5, 1}});
    columns_.rank({{6, 0}, {1, 1}, {2, 1}, {4, 2}});
    columns_.rank({{2, 1}, {1, 0}, {5, 1}});
    columns_.rank({{2, 1}, {0, 0}});
  }
  VoteColumns columns_{7};
  ItemOptions options_;
};

TEST_P(EveryItemModel, HasNoGradientLeftAtTheFit) {
  const ItemFit fit = fit_items(columns_.votes(), options_);
  ASSERT_TRUE(fit.exists) << fit.why;
  const std::vector<double> x = parameters(fit);
  for (std::size_t i = 0; i < 7; ++i)
    EXPECT_NEAR(slope_along(columns_, options_, x, i), 0, 2e-6) << "item " << i;
  EXPECT_NEAR(options_.position ? slope_along(columns_, options_, x, 7) : fit.position, 0, 2e-6);
  const bool tie_model = options_.ties == Ties::kDavidson || options_.ties == Ties::kRaoKupper;
  EXPECT_NEAR(tie_model ? slope_along(columns_, options_, x, 8) : 0.0, 0, 2e-6);
  double prior = 0;  // log_likelihood is without it
  if (std::isfinite(options_.prior_sd))
    for (const double u : fit.utility) prior += u * u / (2 * options_.prior_sd * options_.prior_sd);
  if (options_.position) prior += fit.position * fit.position / (2 * 0.49);
  EXPECT_NEAR(fit.log_likelihood, penalized(columns_, options_, x) + prior, 1e-9);
}

TEST_P(EveryItemModel, HasTheStandardErrorsOfTheNumericHessian) {
  const ItemFit fit = fit_items(columns_.votes(), options_);
  ASSERT_TRUE(fit.exists);
  std::vector<double> x = parameters(fit);
  std::vector<std::size_t> on = {0, 1, 2, 3, 4, 5, 6};
  if (options_.position) on.push_back(7);
  if (options_.ties == Ties::kDavidson || options_.ties == Ties::kRaoKupper) on.push_back(8);
  const auto size = static_cast<Eigen::Index>(on.size());
  Eigen::MatrixXd hessian(size, size);
  const double h = 1e-3;
  for (Eigen::Index a = 0; a < size; ++a)
    for (Eigen::Index b = 0; b < size; ++b) {
      const auto shifted = [&](double da, double db) {
        std::vector<double> y = x;
        y[on[static_cast<std::size_t>(a)]] += da * h;
        y[on[static_cast<std::size_t>(b)]] += db * h;
        return penalized(columns_, options_, y);
      };
      hessian(a, b) = -(shifted(1, 1) - shifted(1, -1) - shifted(-1, 1) + shifted(-1, -1)) / (4 * h * h);
    }
  // Without a prior: the mean is held at 0, which adding any multiple of 11' and taking 11'/49 of its inverse
  // away does.
  const bool flat = std::isinf(options_.prior_sd);
  if (flat) hessian.topLeftCorner(7, 7).array() += 1;
  Eigen::MatrixXd covariance = hessian.inverse();
  if (flat) covariance.topLeftCorner(7, 7).array() -= 1.0 / 49;
  const ItemPosterior posterior(columns_.votes(), options_, fit);
  for (std::uint32_t i = 0; i < 7; ++i) {
    EXPECT_NEAR(posterior.standard_error(i), std::sqrt(covariance(i, i)), 1e-5 * std::sqrt(covariance(i, i)));
    const std::uint32_t j = (i + 3) % 7;
    const double difference = std::sqrt(covariance(i, i) + covariance(j, j) - 2 * covariance(i, j));
    EXPECT_NEAR(posterior.standard_error(i, j), difference, 1e-5 * difference);
  }
  for (std::size_t k = 7; k < on.size(); ++k) {
    const auto index = static_cast<Eigen::Index>(k);
    const double said = on[k] == 7 ? posterior.position_standard_error() : posterior.tie_standard_error();
    EXPECT_NEAR(said, std::sqrt(covariance(index, index)), 1e-5 * said);
  }
}

INSTANTIATE_TEST_SUITE_P(Models, EveryItemModel,
                         testing::Combine(testing::Values(Ties::kRefuse, Ties::kHalf, Ties::kDavidson,
                                                          Ties::kRaoKupper),
                                          testing::Values(1.3, kNoPrior), testing::Bool()));

TEST(ItemPosterior, AddsUpErrorsAlongAChainLikeResistances) {
  // Items in a chain, each pair one win each way: curvature 1/2 a link, so variances of links, 2 each, add up.
  // The chain is longer than kDenseItems: solved by conjugate gradients.
  VoteColumns c(kDenseItems + 52);
  for (std::uint32_t i = 0; i + 1 < c.items; ++i)
    c.add(i, i + 1, Answer::kFirst), c.add(i + 1, i, Answer::kFirst);
  const ItemOptions o{.ties = Ties::kRefuse, .prior_sd = kNoPrior};
  const ItemFit fit = fit_items(c.votes(), o);
  ASSERT_TRUE(fit.exists) << fit.why;
  const ItemPosterior posterior(c.votes(), o, fit);
  EXPECT_NEAR(posterior.standard_error(10, 11), std::sqrt(2.0), 1e-6);
  EXPECT_NEAR(posterior.standard_error(10, 60), std::sqrt(100.0), 1e-5);
}

TEST(ItemPosterior, HasNoDifferenceWhereNoVotesConnect) {
  VoteColumns c(4);
  c.add(0, 1, Answer::kFirst), c.add(1, 0, Answer::kFirst), c.add(2, 3, Answer::kFirst),
      c.add(3, 2, Answer::kFirst);
  const ItemOptions none{.ties = Ties::kRefuse, .prior_sd = kNoPrior},
      prior{.ties = Ties::kRefuse, .prior_sd = 1};
  EXPECT_TRUE(std::isinf(ItemPosterior(c.votes(), none, fit_items(c.votes(), none)).standard_error(0, 2)));
  const ItemPosterior with(c.votes(), prior, fit_items(c.votes(), prior));
  EXPECT_NEAR(with.standard_error(0, 2), std::hypot(with.standard_error(0), with.standard_error(2)), 1e-12);
}

// Utilities are drawn from the prior, so intervals of differences must cover at their level.
TEST(BradleyTerry, RecoversTheWorldsUtilitiesAndCoversThem) {
  int covered = 0, asked = 0;
  double squares = 0, errors = 0;
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    Rng rng = Rng(seed).stream("world");
    const std::size_t items = 20;
    std::vector<double> truth(items);
    for (double& u : truth) u = rng.normal();
    VoteColumns c(items);
    for (int v = 0; v < 600; ++v) {
      const auto f = static_cast<std::uint32_t>(rng.below(items));
      const auto s = static_cast<std::uint32_t>((f + 1 + rng.below(items - 1)) % items);
      const double d = truth[f] - truth[s] + 0.5, t = std::log(0.6);
      const double weights[3] = {std::exp(d / 2), std::exp(-d / 2), std::exp(t)};
      c.add(f, s, static_cast<Answer>(rng.categorical(weights)));
    }
    const ItemOptions o{.ties = Ties::kDavidson, .prior_sd = 1, .position = true};
    const ItemFit fit = fit_items(c.votes(), o);
    const ItemPosterior posterior(c.votes(), o, fit);
    for (std::uint32_t i = 0; i < items; i += 2) {
      const double error = fit.utility[i] - fit.utility[i + 1] - (truth[i] - truth[i + 1]);
      const double se = posterior.standard_error(i, i + 1);
      covered += std::abs(error) < 1.959964 * se;
      ++asked;
      squares += error * error;
      errors += se * se;
    }
  }
  // 600 questions, those of a seed nearly independent: binomial error .009, three of them.
  EXPECT_NEAR(static_cast<double>(covered) / asked, 0.95, 0.027);
  EXPECT_NEAR(squares / errors, 1, 0.18);  // three standard errors of a mean of 600 squares
}

TEST(ItemPosterior, ReadsTheErrorOfAnItemThatASolveGives) {
  const VoteColumns c = random_votes(5, 20, 400, true, 0.2);
  for (const bool position : {false, true}) {
    const ItemOptions o{.ties = Ties::kDavidson, .prior_sd = 1.5, .position = position};
    const ItemFit fit = fit_items(c.votes(), o);
    const ItemPosterior posterior(c.votes(), o, fit);
    for (std::uint32_t i = 0; i < c.items; ++i) {
      std::vector<double> contrast(c.items, 0.0);
      contrast[i] = 1;
      const double solved = std::sqrt(posterior.solve(contrast)[i]);
      EXPECT_NEAR(posterior.standard_error(i), solved, 1e-12 * solved);
    }
  }
}

TEST(BradleyTerry, FindsThePriorsSpread) {
  VoteColumns c(120);
  Rng rng = Rng(4).stream("world");
  std::vector<double> truth(c.items);
  for (double& u : truth) u = 1.6 * rng.normal();
  for (int v = 0; v < 4000; ++v) {
    const auto f = static_cast<std::uint32_t>(rng.below(c.items));
    const auto s = static_cast<std::uint32_t>((f + 1 + rng.below(c.items - 1)) % c.items);
    c.add(f, s, rng.bernoulli(sigmoid(truth[f] - truth[s])) ? Answer::kFirst : Answer::kSecond);
  }
  // The spread of 120 normal draws is known to 1 / sqrt(240) of itself.
  EXPECT_NEAR(estimate_prior_sd(c.votes(), {.ties = Ties::kRefuse}), 1.6, 1.6 * 3 / std::sqrt(240.0));
}

TEST(BradleyTerry, HasTheSameBytesForAnyNumberOfThreads) {
  VoteColumns c = random_votes(9, 50, 60000, true, 0.2);
  for (std::uint32_t r = 0; r < 5000; ++r)
    c.rank({{r % 50, 0}, {(r * 7 + 1) % 50, 1}, {(r * 7 + 1 + r % 3 + 1) % 50, 2}});
  ItemOptions o{.ties = Ties::kDavidson, .position = true};
  // Rankings that name an item twice are left out of this made-up set.
  VoteColumns kept = c;
  kept.ranking_offset = {0}, kept.ranking_item.clear(), kept.ranking_rank.clear();
  for (std::size_t r = 0; r + 1 < c.ranking_offset.size(); ++r) {
    const std::uint32_t* at = c.ranking_item.data() + c.ranking_offset[r];
    if (at[0] != at[1] && at[0] != at[2] && at[1] != at[2]) kept.rank({{at[0], 0}, {at[1], 1}, {at[2], 2}});
  }
  ASSERT_GT(kept.ranking_offset.size(), 4000u);
  const ItemFit one = fit_items(kept.votes(), o);
  for (const int threads : {2, 3, 8}) {
    o.threads = threads;
    const ItemFit many = fit_items(kept.votes(), o);
    EXPECT_EQ(one.utility, many.utility);
    EXPECT_EQ(one.tie, many.tie);
    EXPECT_EQ(one.position, many.position);
    EXPECT_EQ(one.log_likelihood, many.log_likelihood);
  }
}

TEST(ItemVotes, WhatCannotBeUsedIsRefused) {
  const auto message = [](const VoteColumns& c, const ItemOptions& o) -> std::string {
    try {
      fit_items(c.votes(), o);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), Code::kInput);
      return error.what();
    }
    return "accepted";
  };
  VoteColumns good(3);
  good.add(0, 1, Answer::kFirst), good.add(1, 2, Answer::kTie);
  EXPECT_EQ(message(good, {}), "accepted");
  EXPECT_NE(message(good, {.ties = Ties::kRefuse}).find("comparison 1: found a tie"), std::string::npos);
  EXPECT_NE(message(good, {.prior_sd = 0}).find("prior_sd"), std::string::npos);
  EXPECT_NE(message(good, {.prior_sd = std::nan("")}).find("prior_sd"), std::string::npos);
  EXPECT_NE(message(good, {.position_sd = kNoPrior}).find("position_sd"), std::string::npos);
  VoteColumns bad = good;
  bad.second[0] = 3;
  EXPECT_NE(message(bad, {}).find("comparison 0: found item 3"), std::string::npos);
  bad = good;
  bad.second[0] = 0;
  EXPECT_NE(message(bad, {}).find("item 0 twice"), std::string::npos);
  bad = good;
  bad.answer.pop_back();
  EXPECT_NE(message(bad, {}).find("different length"), std::string::npos);
  bad = good;
  bad.weight = {1, 0};
  EXPECT_NE(message(bad, {}).find("weight 1"), std::string::npos);
  bad = good;
  bad.rank({{1, 0}});
  EXPECT_NE(message(bad, {}).find("fewer than two items"), std::string::npos);
  bad = good;
  bad.rank({{1, 0}, {2, 1}, {1, 2}});
  EXPECT_NE(message(bad, {}).find("item 1 twice"), std::string::npos);
}

}  // namespace
}  // namespace plumb
