// Rankings on problems whose rankings are all listed: expectations over the logging policy are sums, so
// "unbiased" is an equation. Estimators are linear in the rewards; expected rewards stand for drawn ones.
#include <array>
#include <cmath>
#include <limits>
#include <numeric>

#include "tests/evaluate/listed_rankings.h"

namespace plumb {
namespace {

// Click models. Each meets its assumption and, by construction, none that is stronger.
double independent(std::size_t l, const Ranking& a) {
  return .5 + .4 * std::sin(1 + 5. * static_cast<double>(l) + 2. * a[l]);
}
double prefix(std::size_t l, const Ranking& a) {
  double seen = 1;
  for (std::size_t j = 0; j <= l; ++j) seen = 3 * seen + a[j];
  return .5 + .4 * std::sin(seen);
}
double arbitrary(std::size_t l, const Ranking& a) {
  double seen = static_cast<double>(l);
  for (const std::uint32_t item : a) seen = 3 * seen + item;
  return .5 + .4 * std::sin(seen);
}
// Their sum is the independent model's; how it falls on the slots depends on the whole ranking.
double additive(std::size_t l, const Ranking& a) {
  const double moved = arbitrary(0, a);
  return independent(l, a) + (l == 0 ? moved : l == 2 ? -moved : 0);
}

// ---------------------------------------------------------------------------------------------- bias

SlotModel wrong_model() {
  return [](std::size_t, std::span<const std::uint32_t> a) {
    return 3 - .7 * static_cast<double>(a.size()) + std::cos(5. * a.back() + a.front());
  };
}

TEST(RankingEstimators, AreUnbiasedExactlyWhereTheirAssumptionHolds) {
  struct Case {
    const char* model;
    double (*reward)(std::size_t, const Ranking&);
    bool independent, reward_interaction, pseudo_inverse;  // unbiased
  };
  const Case cases[] = {{"independent", independent, true, true, true},
                        {"prefix", prefix, false, true, false},
                        {"additive", additive, false, false, true},
                        {"arbitrary", arbitrary, false, false, false}};
  Listed t = four_items();
  const SlateWeights slate = slate_weights(t.log, *t.mu, t.marginals);
  EXPECT_EQ(slate.unsupported, 0u);
  for (const Case& c : cases) {
    SCOPED_TRACE(c.model);
    t.reward(c.reward);
    const auto expect = [&](const char* name, const RankingEstimate& e, bool unbiased) {
      SCOPED_TRACE(name);
      const double bias = t.expectation(e) - t.truth();
      if (unbiased)
        EXPECT_NEAR(bias, 0, 1e-12);
      else
        EXPECT_GT(std::abs(bias), 1e-3);  // and the test can tell
    };
    expect("ips", ranking_ips(t.log, t.target), true);
    expect("independent", independent_ips(t.log, t.target), c.independent);
    expect("reward interaction", reward_interaction_ips(t.log, t.target), c.reward_interaction);
    expect("cascade-DR", cascade_dr(t.log, *t.pi, wrong_model()), c.reward_interaction);
    expect("pseudo-inverse", pseudo_inverse(t.log, slate), c.pseudo_inverse);
  }
}

TEST(RankingEstimators, WeighSlotsByAlpha) {
  const std::vector<double> alpha = {1, 1 / std::log2(3.), .5};
  Listed t = four_items();
  t.reward(independent);
  const double truth = t.truth(alpha);
  EXPECT_GT(std::abs(truth - t.truth()), .1);
  EXPECT_NEAR(t.expectation(ranking_ips(t.log, t.target, alpha)), truth, 1e-12);
  EXPECT_NEAR(t.expectation(independent_ips(t.log, t.target, alpha)), truth, 1e-12);
  EXPECT_NEAR(t.expectation(reward_interaction_ips(t.log, t.target, alpha)), truth, 1e-12);
  EXPECT_NEAR(t.expectation(cascade_dr(t.log, *t.pi, wrong_model(), alpha)), truth, 1e-12);
  EXPECT_NEAR(t.expectation(pseudo_inverse(t.log, slate_weights(t.log, *t.mu, t.marginals), alpha)), truth,
              1e-12);
  // A slot that counts nothing brings no weights either.
  EXPECT_EQ(reward_interaction_ips(t.log, t.target, std::vector<double>{1, 0, 2}).support.size(), 2u);
}

TEST(CascadeDr, WithoutAModelIsRewardInteractionIps) {
  Listed t = four_items();
  t.reward(prefix);
  const RankingEstimate e =
      cascade_dr(t.log, *t.pi, [](std::size_t, std::span<const std::uint32_t>) { return 0.; });
  const RankingEstimate other = reward_interaction_ips(t.log, t.target);
  for (std::size_t i = 0; i < e.score.size(); ++i) EXPECT_NEAR(e.score[i], other.score[i], 1e-13);
}

TEST(CascadeDr, WithTheTrueModelAndNoNoiseIsTheTruthInEveryDecision) {
  Listed t = four_items();
  t.reward(prefix);
  const std::vector<double> alpha = {1, .6, .3};
  // Expected rewards from the prefix's last slot on: the mean over the rankings that begin so, under pi.
  const SlotModel truth = [&](std::size_t, std::span<const std::uint32_t> a) {
    double sum = 0, p = 0;
    for (std::size_t i = 0; i < t.rankings.size(); ++i) {
      if (!std::equal(a.begin(), a.end(), t.rankings[i].begin())) continue;
      p += t.target.ranking[i];
      for (std::size_t l = a.size() - 1; l < 3; ++l)
        sum += t.target.ranking[i] * alpha[l] * t.log.reward[3 * i + l];
    }
    return sum / p;
  };
  const RankingEstimate e = cascade_dr(t.log, *t.pi, truth, alpha);
  for (const double score : e.score) EXPECT_NEAR(score, t.truth(alpha), 1e-12);
}

TEST(PseudoInverse, IsClosedFormForUniformRankings) {
  const std::pair<std::size_t, std::size_t> sizes[] = {{1, 1}, {4, 1}, {2, 2}, {5, 2}, {4, 3}, {4, 4}, {5, 4}};
  for (const auto& [k, m] : sizes) {
    SCOPED_TRACE(std::to_string(k) + " items, " + std::to_string(m) + " slots");
    const Listed t = listed(m, Matrix(k, 1), random_scores(k, 1, 9));
    const SlateWeights closed = uniform_slate_weights(t.log, t.marginals);
    const SlateWeights general = slate_weights(t.log, *t.mu, t.marginals);
    double mean = 0;
    for (std::size_t i = 0; i < t.rankings.size(); ++i) {
      EXPECT_NEAR(closed.weight[i], general.weight[i], 1e-10);
      mean += closed.weight[i] / static_cast<double>(t.rankings.size());
      // One slot: the importance weight.
      if (m == 1) {
        EXPECT_NEAR(closed.weight[i], t.target.ranking[i] * static_cast<double>(k), 1e-12);
      }
    }
    EXPECT_NEAR(mean, 1, 1e-12);
  }
}

TEST(PseudoInverse, SaysWhereTheLoggingPolicyCannotShowWhatTheTargetDoes) {
  // Item 3 never comes first by mu: its score there leaves it a probability of 0.
  Matrix mu(4, 2);
  mu(3, 0) = -1000;
  RankingLog log;
  log.slots = 2;
  log.offset = offsets(2, 4);
  log.shown = {0, 3, 1, 2};
  log.reward = {1, 0, 0, 1};
  log.unit = {0, 1};
  const Matrix target = slot_marginals(*repeated(2, random_scores(4, 1, 2)), 2);
  const SlateWeights weights = slate_weights(log, *repeated(2, mu), target);
  EXPECT_EQ(weights.unsupported, 2u);
  const RankingEstimate e = pseudo_inverse(log, weights);
  EXPECT_FALSE(e.sufficient);
  EXPECT_EQ(e.reason,
            "in 2 of 2 decisions the policy puts items to slots in a way that the logging policy never does");
  // A target that shares mu's zero is supported.
  Matrix same = mu;
  same(0, 0) = same(2, 1) = 1;
  EXPECT_EQ(slate_weights(log, *repeated(2, mu), slot_marginals(*repeated(2, same), 2)).unsupported, 0u);
}

// ---------------------------------------------------------------------------------------------- errors,
// support

TEST(RankingEstimate, StandardErrorIsClusteredOnUnits) {
  Listed t = four_items();
  t.reward(prefix);
  for (std::size_t i = 0; i < 24; ++i) t.log.unit[i] = i / 3;  // eight units of three
  const RankingEstimate e = reward_interaction_ips(t.log, t.target);
  const double mean = std::accumulate(e.score.begin(), e.score.end(), 0.) / 24;
  double squares = 0;
  for (std::size_t u = 0; u < 8; ++u) {
    double sum = 0;
    for (std::size_t i = 3 * u; i < 3 * u + 3; ++i) sum += e.score[i] - mean;
    squares += sum * sum;
  }
  EXPECT_NEAR(e.value, mean, 1e-14);
  EXPECT_NEAR(e.standard_error, std::sqrt(squares * 8 / 7) / 24, 1e-14);
  // Of each slot: (sum w)^2 / sum w^2.
  for (std::size_t l = 0; l < 3; ++l) {
    double sum = 0, square = 0;
    for (std::size_t i = 0; i < 24; ++i) {
      double w = 1;
      for (std::size_t j = 0; j <= l; ++j)
        w *= t.target.conditional[3 * i + j] / t.log.logged.conditional[3 * i + j];
      sum += w;
      square += w * w;
    }
    EXPECT_NEAR(e.support[l].ess, sum * sum / square, 1e-10);
  }
  EXPECT_EQ(e.ess, std::min({e.support[0].ess, e.support[1].ess, e.support[2].ess}));
}

TEST(RankingEstimate, HasNoIntervalWhereTheLogIsThin) {
  Listed t = four_items();
  t.reward(prefix);
  const RankingEstimate e = ranking_ips(t.log, t.target);
  EXPECT_FALSE(e.sufficient);
  EXPECT_NE(e.reason.find("of 24 decisions, 100 are needed"), std::string::npos) << e.reason;
  EXPECT_FALSE(e.interval(.95).has_value());
}

TEST(RankingEstimate, GainOfAPolicyOverItselfIsNothing) {
  Listed t = four_items();
  t.reward(prefix);
  const RankingEstimate a = ranking_ips(t.log, t.target), b = reward_interaction_ips(t.log, t.target);
  EXPECT_EQ(ranking_gain(t.log, a, a).value, 0);
  EXPECT_EQ(ranking_gain(t.log, a, a).standard_error, 0);
  EXPECT_NEAR(ranking_gain(t.log, a, b).value, a.value - b.value, 1e-14);
  EXPECT_EQ(ranking_gain(t.log, a, b).support.size(), 4u);
}

// Rankings drawn from a list of all of them, clicks from the independent model; a unit decides three times and
// either clicks as the model says or never.
TEST(RankingEstimate, IntervalsCoverTheTruthOnSimulatedLogs) {
  const std::size_t units = 300, n = 3 * units, m = 2, replications = 400;
  Listed t = listed(m, random_scores(4, 2, 21, .3), random_scores(4, 1, 22, .3));
  const auto click = [](std::size_t l, const Ranking& a) {
    return .9 - .1 * static_cast<double>(l) - .05 * a[l];
  };
  const double active = .5;
  t.reward(click);
  const double truth = active * t.truth();
  const SlateWeights all_weights = slate_weights(t.log, *t.mu, t.marginals);
  const auto target = repeated(n, random_scores(4, 1, 22, .3));
  const SlotModel model = [](std::size_t, std::span<const std::uint32_t> a) { return a.size() == 1 ? .8 : .3; };

  constexpr std::size_t kEstimators = 5;
  std::array<double, kEstimators> covered{}, naive{};
  for (std::size_t replication = 0; replication < replications; ++replication) {
    Rng rng = Rng(5).stream("replication", replication);
    RankingLog log;
    log.slots = m;
    log.offset = offsets(n, 4);
    RankingProbabilities pi;
    SlateWeights weights;
    bool clicks = false;
    for (std::size_t i = 0; i < n; ++i) {
      if (i % 3 == 0) clicks = rng.bernoulli(active);
      const std::size_t r = rng.categorical(t.log.logged.ranking);
      log.unit.push_back(i / 3);
      log.logged.ranking.push_back(t.log.logged.ranking[r]);
      pi.ranking.push_back(t.target.ranking[r]);
      weights.weight.push_back(all_weights.weight[r]);
      for (std::size_t l = 0; l < m; ++l) {
        log.shown.push_back(t.rankings[r][l]);
        log.reward.push_back(clicks && rng.bernoulli(click(l, t.rankings[r])) ? 1 : 0);
        log.logged.conditional.push_back(t.log.logged.conditional[r * m + l]);
        log.logged.position.push_back(t.log.logged.position[r * m + l]);
        pi.conditional.push_back(t.target.conditional[r * m + l]);
        pi.position.push_back(t.target.position[r * m + l]);
      }
    }
    const std::array<RankingEstimate, kEstimators> estimates = {
        ranking_ips(log, pi), independent_ips(log, pi), reward_interaction_ips(log, pi),
        cascade_dr(log, *target, model), pseudo_inverse(log, weights)};
    for (std::size_t e = 0; e < kEstimators; ++e) {
      ASSERT_TRUE(estimates[e].sufficient) << estimates[e].reason;
      const Interval interval = *estimates[e].interval(.95);
      covered[e] += interval.lower <= truth && truth <= interval.upper;
      // As if every decision were a unit of its own.
      double squares = 0;
      for (const double s : estimates[e].score) squares += (s - estimates[e].value) * (s - estimates[e].value);
      const double half = 1.96 * std::sqrt(squares) / static_cast<double>(n);
      naive[e] += std::abs(estimates[e].value - truth) <= half;
    }
  }
  const double error = std::sqrt(.95 * .05 / static_cast<double>(replications));
  for (std::size_t e = 0; e < kEstimators; ++e) {
    EXPECT_NEAR(covered[e] / static_cast<double>(replications), .95, 4 * error) << "estimator " << e;
    EXPECT_LT(naive[e] / static_cast<double>(replications), .95 - 4 * error) << "estimator " << e;
  }
}

// Wrong propensities show: the mean weight strays from 1.
TEST(RankingEstimate, NamesPropensitiesThatAreWrong) {
  Listed t = listed(2, Matrix(4, 2), random_scores(4, 1, 22, .1));
  const std::size_t n = 2400;
  RankingLog log;
  log.slots = 2;
  log.offset = offsets(n, 4);
  RankingProbabilities pi;
  for (std::size_t i = 0; i < n; ++i) {
    const std::size_t r = i % t.rankings.size();
    log.unit.push_back(i);
    log.logged.ranking.push_back(1 / 24.);  // it is 1/12
    pi.ranking.push_back(t.target.ranking[r]);
    log.shown.insert(log.shown.end(), t.rankings[r].begin(), t.rankings[r].end());
    log.reward.insert(log.reward.end(), {1, 0});
  }
  const RankingEstimate e = ranking_ips(log, pi);
  EXPECT_FALSE(e.sufficient);
  EXPECT_NE(e.reason.find("the propensities are wrong"), std::string::npos) << e.reason;
  EXPECT_FALSE(e.interval(.95).has_value());
}

TEST(RankingEstimate, HasNoIntervalWhereHardlyAnythingWasClicked) {
  // As many rankings as one likes, but 15 clicks: a standard error from them is not to be had.
  const std::size_t n = 2400;
  const Listed t = listed(2, Matrix(4, 2), Matrix(4, 1));
  RankingLog log;
  log.slots = 2;
  log.offset = offsets(n, 4);
  for (std::size_t i = 0; i < n; ++i) {
    const Ranking& shown = t.rankings[i % 12];
    log.unit.push_back(i);
    log.shown.insert(log.shown.end(), shown.begin(), shown.end());
    log.reward.insert(log.reward.end(), {0, i % 160 == 0 ? 1. : 0.});
  }
  const auto policy = repeated(n, Matrix(4, 1));
  log.logged = ranking_probabilities(*policy, log);
  const RankingEstimate e = reward_interaction_ips(log, log.logged);
  EXPECT_NEAR(e.ess, 2400, 1e-9);
  EXPECT_NEAR(e.events, 15, 1e-9);
  EXPECT_EQ(e.reason, "rewards other than 0 come in 15.0 effective decisions, 20 are needed");
  EXPECT_FALSE(e.interval(.95).has_value());
  // A slot that counts nothing brings no events.
  EXPECT_EQ(reward_interaction_ips(log, log.logged, std::vector<double>{1, 0}).events, 0);
}

// ---------------------------------------------------------------------------------------------- refusals

TEST(RankingLogs, AreRefusedWithThePlace) {
  const Listed t = four_items();
  const auto refusal = [&](const std::function<void(RankingLog&)>& spoil) {
    RankingLog log = t.log;
    spoil(log);
    return message_of([&] { check_ranking_log(log); });
  };
  EXPECT_EQ(refusal([](RankingLog&) {}), "accepted");
  EXPECT_EQ(refusal([](RankingLog& log) { log.slots = 0; }),
            "ranking log: slots: found 0, expected at least 1");
  EXPECT_EQ(
      refusal([](RankingLog& log) { log.shown[3 * 2 + 1] = log.shown[3 * 2]; }),
      "ranking log: decision 2, slot 1: shown: found item 0, which slot 0 shows too, expected no item twice "
      "in a ranking");
  EXPECT_EQ(
      refusal([](RankingLog& log) { log.shown[4] = 4; }),
      "ranking log: decision 1, slot 1: shown: found item 4, expected one of its 4 offered items, 0 to 3");
  EXPECT_EQ(refusal([](RankingLog& log) { log.logged.ranking[5] = 0; }),
            "ranking log: decision 5: ranking probability: found 0, expected a probability in (0, 1]");
  EXPECT_EQ(
      refusal([](RankingLog& log) { log.logged.conditional[7] = 1.5; }),
      "ranking log: decision 2, slot 1: conditional probability: found 1.5, expected a probability in (0, 1]");
  EXPECT_EQ(
      refusal([](RankingLog& log) { log.logged.position[8] = std::nan(""); }),
      "ranking log: decision 2, slot 2: position probability: found nan, expected a probability in (0, 1]");
  EXPECT_EQ(refusal([](RankingLog& log) { log.reward[0] = std::numeric_limits<double>::infinity(); }),
            "ranking log: decision 0, slot 0: reward: found inf, expected a finite number");
  EXPECT_EQ(refusal([](RankingLog& log) { log.reward.pop_back(); }),
            "ranking log: reward: found 71 values, expected 72");
  EXPECT_EQ(refusal([](RankingLog& log) { log.unit.pop_back(); }),
            "ranking log: unit: found 23 values, expected 24");
  EXPECT_EQ(refusal([](RankingLog& log) { log.offset[1] = 2; }),
            "ranking log: decision 0: offered items: found 2, expected at least 3, one a slot");
  EXPECT_EQ(refusal([](RankingLog& log) { log.offset[0] = 1; }),
            "ranking log: offset: found 1 first, expected 0 first");
  EXPECT_EQ(refusal([](RankingLog& log) {
              log = {};
              log.slots = 3;
            }),
            "ranking log: decisions: found 0, expected at least 1");
  EXPECT_NE(refusal([](RankingLog& log) {
              log.logged.ranking[5] *= 1.01;
            }).find("expected the product of its slots' conditional probabilities"),
            std::string::npos);
  EXPECT_NE(refusal([](RankingLog& log) {
              log.logged.position[3] *= .99;
            }).find("decision 1, slot 0: position probability"),
            std::string::npos);
  EXPECT_NE(refusal([](RankingLog& log) {
              log.logged.position[4] = log.logged.ranking[1] / 2;
            }).find("expected at least the probability of the whole ranking"),
            std::string::npos);
}

TEST(RankingEstimators, RefuseWhatDoesNotFit) {
  const Listed t = four_items();
  const auto has = [](const std::string& message, const std::string& part) {
    EXPECT_NE(message.find(part), std::string::npos) << message;
  };
  RankingLog bare = t.log;
  bare.logged = {};
  has(message_of([&] { ranking_ips(bare, t.target); }),
      "ranking_ips: ranking probability of the logging policy: found none");
  has(message_of([&] { independent_ips(bare, t.target); }),
      "position probability of the logging policy: found none");
  has(message_of([&] { reward_interaction_ips(bare, t.target); }),
      "conditional probability of the logging policy");
  has(message_of([&] { cascade_dr(bare, *t.pi, wrong_model()); }), "cascade_dr: conditional probability");
  RankingProbabilities wrong = t.target;
  wrong.ranking[0] = -.1;
  wrong.position.pop_back();
  has(message_of([&] { ranking_ips(t.log, wrong); }), "found -0.1, expected a probability in [0, 1]");
  has(message_of([&] { independent_ips(t.log, wrong); }), "found 71 values, expected 72");
  has(message_of([&] {
        ranking_ips(t.log, t.target, std::vector<double>{1, 2});
      }),
      "slot weights: found 2 values, expected 3");
  has(message_of([&] {
        ranking_ips(t.log, t.target, std::vector<double>{0, 0, 0});
      }),
      "slot weights: found all 0");
  has(message_of([&] {
        ranking_ips(t.log, t.target, std::vector<double>{0, std::nan(""), 0});
      }),
      "slot 1: weight: found nan");
  has(message_of([&] { cascade_dr(t.log, *t.pi, [](std::size_t, auto) { return std::nan(""); }); }),
      "decision 0, slot 0: model: found nan");
  has(message_of([&] { cascade_dr(t.log, *repeated(24, Matrix(5, 1)), wrong_model()); }),
      "decision 0: the policy's offered items: found 5, expected 4");
  has(message_of([&] { uniform_slate_weights(t.log, t.marginals); }), "as of uniform rankings");
  has(message_of([&] { slate_weights(t.log, *t.pi, t.marginals); }),
      "expected that of the logging policy given");
  has(message_of([&] { slate_weights(t.log, *t.mu, Matrix(96, 3)); }), "sum of marginals: found 0, expected 1");
  has(message_of([&] { slate_weights(t.log, *t.mu, Matrix(96, 2)); }),
      "marginals: found 96 x 2, expected 96 x 3");
  has(message_of([&] { pseudo_inverse(t.log, {{1, 2}, 0}); }), "weights: found 2 values, expected 24");
  has(message_of([&] { ranking_ips(t.log, t.target).interval(95); }), "level: found 95");
}

}  // namespace
}  // namespace plumb
