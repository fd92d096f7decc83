// Rater Bradley-Terry on worlds with known raters: what it recovers, whom it names, what its errors are worth.
#include "plumb/raters.h"

#include <gtest/gtest.h>

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <functional>

#include "plumb/regression.h"
#include "tests/reward/made_votes.h"

namespace plumb {
namespace {

struct RaterWorld {
  explicit RaterWorld(std::size_t items) : votes(items) {}
  VoteColumns votes;
  std::vector<std::uint32_t> rater;
  std::vector<double> utility, reliability, lean, tie;
  RaterVotes view() const { return {votes.votes(), reliability.size(), rater}; }
};

// Everything drawn from the model's own priors but for the reliabilities given.
RaterWorld make_world(std::uint64_t seed, std::size_t items, std::vector<double> reliability,
                      std::size_t votes_each, double lean_sd = 0.3, double tie_sd = 0.4) {
  Rng rng = Rng(seed).stream("raters");
  RaterWorld w(items);
  w.reliability = std::move(reliability);
  for (std::size_t i = 0; i < items; ++i) w.utility.push_back(1.5 * rng.normal());
  for (std::size_t r = 0; r < w.reliability.size(); ++r) {
    w.lean.push_back(lean_sd * rng.normal());
    w.tie.push_back(tie_sd * rng.normal());
    for (std::size_t k = 0; k < votes_each; ++k) {
      const auto f = static_cast<std::uint32_t>(rng.below(items));
      const auto s = static_cast<std::uint32_t>((f + 1 + rng.below(items - 1)) % items);
      const double d = w.reliability[r] * (w.utility[f] - w.utility[s]) + 0.3 + w.lean[r];
      const double weights[3] = {std::exp(d / 2), std::exp(-d / 2), std::exp(-0.5 + w.tie[r])};
      w.votes.add(f, s, static_cast<Answer>(rng.categorical(weights)));
      w.rater.push_back(static_cast<std::uint32_t>(r));
    }
  }
  return w;
}

std::vector<double> normal_reliabilities(std::uint64_t seed, std::size_t raters, double sd) {
  Rng rng = Rng(seed).stream("reliability");
  std::vector<double> out(raters);
  for (double& a : out) a = 1 + sd * rng.normal();
  return out;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

// A world's intervals that hold the truth, in the unit of the fit: median reliability 1.
struct Coverage {
  int reliability = 0, lean = 0, utility = 0, raters = 0, items = 0;
  void add(const RaterWorld& w, const RaterModel& m) {
    const double unit = median(w.reliability), z = 1.959964;
    for (std::size_t r = 0; r < w.reliability.size(); ++r, ++raters) {
      reliability += std::abs(m.reliability[r] - w.reliability[r] / unit) < z * m.reliability_error[r];
      lean += std::abs(m.lean[r] - w.lean[r]) < z * m.lean_error[r];
    }
    for (std::size_t i = 0; i < w.utility.size(); ++i, ++items)
      utility += std::abs(m.utility[i] - unit * w.utility[i]) < z * m.utility_error[i];
  }
};

TEST(RaterModel, CoversTheWorldWhereSpreadsAreKnown) {
  Coverage covered;
  for (std::uint64_t seed = 0; seed < 12; ++seed) {
    const RaterWorld w = make_world(seed, 40, normal_reliabilities(seed, 50, 0.4), 80);
    const double unit = median(w.reliability);
    RaterModel m = fit_raters(
        w.view(), {.utility_sd = 1.5 * unit, .reliability_sd = 0.4 / unit, .lean_sd = .3, .tie_sd = .4});
    ASSERT_TRUE(m.exists && m.converged && m.joint_errors);
    covered.add(w, m);
  }
  // 600 raters: binomial error .009. Those of a world share its unit and its position effect; hence four
  // errors.
  EXPECT_NEAR(covered.lean / 600., .95, .036);
  EXPECT_NEAR(covered.reliability / 600., .95, .036);
  EXPECT_NEAR(covered.utility / 480., .95, .04);
}

TEST(RaterModel, RecoversTheWorldsSpreads) {
  double reliability_sd = 0, lean_sd = 0, tie_sd = 0, utility_sd = 0, position = 0;
  Coverage covered;
  const int worlds = 12;
  for (std::uint64_t seed = 0; seed < worlds; ++seed) {
    const RaterWorld w = make_world(seed, 40, normal_reliabilities(seed, 50, 0.4), 80);
    const RaterModel m = fit_raters(w.view(), {});
    ASSERT_TRUE(m.converged);
    const double unit = median(w.reliability);
    reliability_sd += m.reliability_sd * unit / worlds, utility_sd += m.utility_sd / unit / worlds;
    lean_sd += m.lean_sd / worlds, tie_sd += m.tie_sd / worlds, position += m.position / worlds;
    covered.add(w, m);
  }
  EXPECT_NEAR(reliability_sd, .4,
              .05);  // the spread of 600 normal draws is known to .012, from estimates to about .02
  EXPECT_NEAR(lean_sd, .3, .06);
  EXPECT_NEAR(tie_sd, .4, .06);
  EXPECT_NEAR(utility_sd, 1.5, .2);
  EXPECT_NEAR(position, .3, .06);
  // Spreads that were estimated are taken as known: short, as the header says.
  EXPECT_GT(covered.reliability / 600., .88);
  EXPECT_GT(covered.lean / 600., .86);
}

// At the fit no parameter can be moved to gain: the likelihood is written here anew from the header.
TEST(RaterModel, HasNoGradientLeftAtTheFit) {
  const RaterWorld w = make_world(5, 10, {1.2, .7, -.4, 1, .1}, 60);
  RaterOptions o{.utility_sd = 1,
                 .reliability_sd = .5,
                 .lean_sd = .4,
                 .tie_sd = .6,
                 .tolerance = 1e-9,
                 .most_rounds = 5000};
  const RaterModel fit = fit_raters(w.view(), o);
  ASSERT_TRUE(fit.converged);
  const auto penalized = [&](const RaterModel& m) {
    double sum = -m.position * m.position / 2;
    for (std::size_t v = 0; v < w.rater.size(); ++v) {
      const std::uint32_t r = w.rater[v];
      const double d = m.reliability[r] * (m.utility[w.votes.first[v]] - m.utility[w.votes.second[v]]) +
                       m.position + m.lean[r];
      const double p[3] = {std::exp(d / 2), std::exp(-d / 2), std::exp(m.tie + m.rater_tie[r])};
      sum += std::log(p[static_cast<int>(w.votes.answer[v])] / (p[0] + p[1] + p[2]));
    }
    for (const double u : m.utility) sum -= u * u / 2;
    for (std::size_t r = 0; r < 5; ++r)
      sum -= std::pow((m.reliability[r] - 1) / .5, 2) / 2 + std::pow(m.lean[r] / .4, 2) / 2 +
             std::pow(m.rater_tie[r] / .6, 2) / 2;
    return sum;
  };
  const auto slope = [&](const std::function<double&(RaterModel&)>& at) {
    RaterModel up = fit, down = fit;
    at(up) += 1e-5, at(down) -= 1e-5;
    return (penalized(up) - penalized(down)) / 2e-5;
  };
  EXPECT_NEAR(slope([](RaterModel& m) -> double& { return m.position; }), 0, 1e-5);
  EXPECT_NEAR(slope([](RaterModel& m) -> double& { return m.tie; }), 0, 1e-5);
  for (std::size_t i = 0; i < 10; ++i)
    EXPECT_NEAR(slope([i](RaterModel& m) -> double& { return m.utility[i]; }), 0, 1e-5);
  for (std::size_t r = 0; r < 5; ++r) {
    EXPECT_NEAR(slope([r](RaterModel& m) -> double& { return m.reliability[r]; }), 0, 1e-5);
    EXPECT_NEAR(slope([r](RaterModel& m) -> double& { return m.lean[r]; }), 0, 1e-5);
    EXPECT_NEAR(slope([r](RaterModel& m) -> double& { return m.rater_tie[r]; }), 0, 1e-5);
  }
  EXPECT_LT(fit.reliability[2], 0);
}

// The whole expected information, from numeric slopes of the predicted probabilities, inverted at once.
TEST(RaterModel, HasTheErrorsOfTheWholeInformation) {
  const RaterWorld w = make_world(8, 6, {1.2, .8, .3, 1.5}, 40);
  const RaterModel fit =
      fit_raters(w.view(), {.utility_sd = 1, .reliability_sd = .5, .lean_sd = .4, .tie_sd = .6});
  const std::size_t size = 6 + 2 + 12;
  const auto at = [](RaterModel& m, std::size_t k) -> double& {
    if (k < 6) return m.utility[k];
    if (k < 8) return k == 6 ? m.position : m.tie;
    std::vector<double>* const columns[3] = {&m.reliability, &m.lean, &m.rater_tie};
    return (*columns[(k - 8) % 3])[(k - 8) / 3];
  };
  Eigen::MatrixXd information = Eigen::MatrixXd::Zero(20, 20);
  for (std::size_t k = 0; k < size; ++k) {
    const double sd[5] = {1, 1, .5, .4, .6};
    const double own = k < 6 ? sd[0] : k == 6 ? sd[1] : k == 7 ? 1e9 : sd[2 + (k - 8) % 3];
    information(static_cast<Eigen::Index>(k), static_cast<Eigen::Index>(k)) = 1 / (own * own);
  }
  for (std::size_t v = 0; v < w.rater.size(); ++v) {
    Eigen::MatrixXd slopes(3, 20);
    for (std::size_t k = 0; k < size; ++k) {
      RaterModel up = fit, down = fit;
      at(up, k) += 1e-5, at(down, k) -= 1e-5;
      const auto p = up.predict(w.votes.first[v], w.votes.second[v], w.rater[v]);
      const auto q = down.predict(w.votes.first[v], w.votes.second[v], w.rater[v]);
      for (std::size_t a = 0; a < 3; ++a)
        slopes(static_cast<Eigen::Index>(a), static_cast<Eigen::Index>(k)) = (p[a] - q[a]) / 2e-5;
    }
    const auto p = fit.predict(w.votes.first[v], w.votes.second[v], w.rater[v]);
    for (Eigen::Index a = 0; a < 3; ++a)
      information += slopes.row(a).transpose() * slopes.row(a) / p[static_cast<std::size_t>(a)];
  }
  const Eigen::MatrixXd covariance = information.inverse();
  RaterModel errors = fit;  // the errors, where the parameters stand
  errors.utility = fit.utility_error, errors.position = fit.position_error, errors.tie = fit.tie_error;
  errors.reliability = fit.reliability_error, errors.lean = fit.lean_error,
  errors.rater_tie = fit.rater_tie_error;
  for (std::size_t k = 0; k < size; ++k) {
    const double exact = std::sqrt(covariance(static_cast<Eigen::Index>(k), static_cast<Eigen::Index>(k)));
    EXPECT_NEAR(at(errors, k), exact, 1e-6 * exact) << k;
  }
}

TEST(RaterModel, WithEveryoneAlikeIsTheItemModel) {
  const RaterWorld w = make_world(6, 15, std::vector<double>(8, 1.0), 50);
  RaterOptions o{.utility_sd = 1.2};
  o.reliability = o.rater_position = o.rater_ties = false;
  const RaterModel m = fit_raters(w.view(), o);
  const ItemOptions items{.ties = Ties::kDavidson, .prior_sd = 1.2, .position = true};
  const ItemFit fit = fit_items(w.votes.votes(), items);
  const ItemPosterior posterior(w.votes.votes(), items, fit);
  for (std::uint32_t i = 0; i < 15; ++i) {
    EXPECT_NEAR(m.utility[i], fit.utility[i], 1e-8);
    EXPECT_NEAR(m.utility_error[i], posterior.standard_error(i), 1e-8);
  }
  EXPECT_NEAR(m.position_error, posterior.position_standard_error(), 1e-8);
  EXPECT_NEAR(m.tie_error, posterior.tie_standard_error(), 1e-8);
  EXPECT_EQ(m.predict(3, 4, 2), m.predict(3, 4, kNoRater));
}

// Three of 22 vote by coin, one against everyone; nobody else may be named, and everyone has a note.
TEST(ScreenRaters, NamesThoseWhoVoteByCoinOrAgainstEveryone) {
  int coins_named = 0, contrary_named = 0, others_named = 0;
  const int worlds = 8;
  for (std::uint64_t seed = 0; seed < worlds; ++seed) {
    std::vector<double> reliability = normal_reliabilities(seed, 18, .15);
    for (const double a : {0., 0., 0., -1.}) reliability.push_back(a);
    const RaterWorld w = make_world(seed + 100, 30, reliability, 150);
    const RaterModel m = fit_raters(w.view(), {});
    const std::vector<RaterNote> notes = screen_raters(w.view(), {}, m).notes;
    ASSERT_EQ(notes.size(), 22u);
    for (std::size_t r = 0; r < 22; ++r) {
      EXPECT_EQ(notes[r].rater, r);
      EXPECT_EQ(notes[r].votes, 150u);
      if (r < 18) {
        others_named += notes[r].kind == RaterKind::kLikeChance || notes[r].kind == RaterKind::kAgainst;
        EXPECT_LT(notes[r].p_coin, .05);  // the last that Holm's steps reject
        EXPECT_EQ(notes[r].kind, RaterKind::kReliable);
        EXPECT_GT(notes[r].agreed, notes[r].decided / 2);
      } else if (r < 21) {
        coins_named += notes[r].kind == RaterKind::kLikeChance;
      } else {
        contrary_named += notes[r].kind == RaterKind::kAgainst;
        EXPECT_LT(2 * notes[r].agreed, notes[r].decided);
      }
    }
  }
  EXPECT_EQ(others_named, 0);
  EXPECT_EQ(contrary_named, worlds);
  EXPECT_GE(coins_named, 21);  // of 24
}

TEST(ScreenRaters, CallsRatersWithFewVotesUnclearOrReliableNotBad) {
  RaterWorld w = make_world(9, 20, normal_reliabilities(9, 30, .5), 100);
  w.reliability.push_back(0);  // one more, with two votes against the order
  for (int k = 0; k < 2; ++k) {
    w.votes.add(0, 1, w.utility[0] > w.utility[1] ? Answer::kSecond : Answer::kFirst);
    w.rater.push_back(30);
  }
  w.reliability.push_back(0);  // and one with none
  const std::vector<RaterNote> notes = screen_raters(w.view(), {}, fit_raters(w.view(), {})).notes;
  EXPECT_EQ(notes[30].kind, RaterKind::kUnclear);
  EXPECT_GE(notes[30].p_coin, .5);
  EXPECT_EQ(notes[31].kind, RaterKind::kUnclear);
  EXPECT_EQ(notes[31].votes, 0u);
}

TEST(HeldOutVotes, AreForetoldBetterByTheModelThatMadeThem) {
  const RaterWorld w = make_world(2, 40, normal_reliabilities(2, 40, .6), 150);
  std::vector<std::uint8_t> fold(w.rater.size());
  Rng rng(1);
  for (std::uint8_t& f : fold) f = static_cast<std::uint8_t>(rng.below(3));
  const HeldOutVotes held = held_out_votes(w.view(), fold, 3, {});
  double shares = 0, plain = 0, raters = 0, squares = 0;
  const double n = static_cast<double>(fold.size());
  for (std::size_t v = 0; v < fold.size(); ++v) {
    shares += held.shares[v] / n, plain += held.plain[v] / n, raters += held.raters[v] / n;
    squares += std::pow(held.raters[v] - held.plain[v], 2) / n;
  }
  EXPECT_GT(raters - plain, 3 * std::sqrt(squares / n));
  EXPECT_GT(plain, shares);
  // Foretelling by nothing but the three answers' frequencies is worse than by shares of pairs or equal.
  EXPECT_GT(shares, -1.0986);
}

TEST(HeldOutVotes, DoNotSeeTheVotesThatTheyForetell) {
  RaterWorld w = make_world(4, 12, normal_reliabilities(4, 6, .3), 60);
  std::vector<std::uint8_t> fold(w.rater.size());
  for (std::size_t v = 0; v < fold.size(); ++v) fold[v] = v % 2;
  const HeldOutVotes before = held_out_votes(w.view(), fold, 2, {});
  const Answer was = w.votes.answer[0];
  w.votes.answer[0] = was == Answer::kTie ? Answer::kFirst : Answer::kTie;
  const HeldOutVotes after = held_out_votes(w.view(), fold, 2, {});
  for (std::size_t v = 2; v < fold.size(); v += 2) {  // of the same fold: foretold from the other one
    EXPECT_EQ(before.raters[v], after.raters[v]);
    EXPECT_EQ(before.plain[v], after.plain[v]);
    EXPECT_EQ(before.shares[v], after.shares[v]);
  }
  EXPECT_NE(before.raters[1], after.raters[1]);
}

// All raters tie alike: what they share is the common tie, and no spread is found on the way there.
TEST(RaterModel, PutsWhatAllTiesShareIntoTheCommonOne) {
  const RaterWorld w = make_world(5, 30, normal_reliabilities(5, 40, .3), 200, .3, 0);
  const RaterModel model = fit_raters(w.view(), {});
  EXPECT_TRUE(model.converged) << model.rounds;
  double sum = 0;
  for (const double tie : model.rater_tie) sum += tie;
  EXPECT_NEAR(sum / 40, 0, 1e-9);
}

TEST(RaterModel, HasTheSameBytesForAnyNumberOfThreads) {
  const RaterWorld w = make_world(3, 20, normal_reliabilities(3, 200, .4), 170);
  RaterOptions o{.most_rounds = 5};
  const RaterModel one = fit_raters(w.view(), o);
  for (const int threads : {2, 5}) {
    o.threads = threads;
    const RaterModel many = fit_raters(w.view(), o);
    EXPECT_EQ(one.utility, many.utility);
    EXPECT_EQ(one.reliability, many.reliability);
    EXPECT_EQ(one.lean_error, many.lean_error);
    EXPECT_EQ(one.reliability_sd, many.reliability_sd);
  }
}

TEST(RaterModel, WhatCannotBeUsedIsRefused) {
  RaterWorld w = make_world(3, 5, {1, 1}, 20);
  const auto message = [&](const RaterOptions& o) -> std::string {
    try {
      fit_raters(w.view(), o);
    } catch (const Error& error) {
      return error.what();
    }
    return "accepted";
  };
  EXPECT_NE(message({.ties = Ties::kRaoKupper}).find("Rao-Kupper"), std::string::npos);
  EXPECT_NE(message({.lean_sd = -1}).find("spread"), std::string::npos);
  w.rater[7] = 2;
  EXPECT_NE(message({}).find("comparison 7: found rater 2"), std::string::npos);
  w.rater[7] = kNoRater;
  EXPECT_EQ(message({}), "accepted");
  w.rater.pop_back();
  EXPECT_NE(message({}).find("one a comparison"), std::string::npos);
}

}  // namespace
}  // namespace plumb
