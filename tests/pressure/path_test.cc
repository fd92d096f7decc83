// The pressure path: closed forms for two actions, its ends, and that nothing has more of the signal at the
// same pressure.
#include <gtest/gtest.h>

#include <cmath>

#include "plumb/pressure.h"
#include "tests/policy/made_log.h"

namespace plumb {
namespace {

struct TwoActions {
  explicit TwoActions(double share, std::size_t n = 4000, double gap = 1) {
    Rng rng(41);
    std::vector<MadeDecision> decisions(n);
    for (std::size_t i = 0; i < n; ++i)
      decisions[i] = {i, {1 - share, share}, rng.bernoulli(share), {rng.normal()}, {}, {}, 0};
    log = made_log({"a", "b"}, {{"y"}}, decisions);
    models = made_models(log, [](auto, auto, auto) { return 0.0; });
    evaluation = std::make_unique<Evaluation>(log, models, 1);
    all = evaluation->add_subset({"all", std::vector<std::uint8_t>(n, 1)});
    signal.name = "b";
    for (std::size_t i = 0; i < n; ++i)
      signal.score.insert(signal.score.end(), {3.0f, static_cast<float>(3 + gap)});
  }
  PressurePath path() { return pressure_path(*evaluation, log, log.logged, signal, all, 1); }
  DecisionLog log;
  OutcomeModels models;
  std::unique_ptr<Evaluation> evaluation;
  Signal signal;
  std::size_t all = 0;
};

TEST(PressurePath, HasTheClosedFormOfTwoActions) {
  const double share = .3, gap = 2;
  TwoActions two(share, 4000, gap);
  const PressurePath path = two.path();
  ASSERT_GT(path.points.size(), 5u);
  for (const PathPoint& point : path.points) {
    const double b = share * std::exp(gap * point.beta) / (1 - share + share * std::exp(gap * point.beta));
    EXPECT_NEAR(point.kl, b * std::log(b / share) + (1 - b) * std::log((1 - b) / (1 - share)), 1e-5);
    EXPECT_NEAR(point.chi2, b * b / share + (1 - b) * (1 - b) / (1 - share) - 1, 1e-5);
  }
  // It starts softly: half of beta^2 times the variance of the signal is .005 nats.
  EXPECT_NEAR(path.points.front().beta, std::sqrt(2 * .005 / (share * (1 - share) * gap * gap)), 1e-5);
  EXPECT_NEAR(path.points.front().kl, .005, .0005);
}

TEST(PressurePath, GrowsInPressureAndEndsAtTheGreedyPolicy) {
  TwoActions two(.3);
  const PressurePath path = two.path();
  for (std::size_t k = 1; k < path.points.size(); ++k) {
    EXPECT_GT(path.points[k].kl, path.points[k - 1].kl);
    EXPECT_GT(path.points[k].chi2, path.points[k - 1].chi2);
    EXPECT_GT(path.points[k].beta, path.points[k - 1].beta);
  }
  EXPECT_FALSE(path.end_of_support);
  EXPECT_NE(path.end_reason.find("more pressure changes nothing"), std::string::npos) << path.end_reason;
  // Greedy is -log .3 nats away; the path stops once a step adds less than 2 %.
  EXPECT_LT(path.points.back().kl, -std::log(.3));
  EXPECT_GT(path.points.back().kl, -.95 * std::log(.3));
}

TEST(PressurePath, EndsWhereFewerThanATenthOfTheDecisionsWouldCount) {
  TwoActions two(.05);  // greedy would leave one in twenty
  const PressurePath path = two.path();
  EXPECT_TRUE(path.end_of_support);
  const Support& last = path.points.back().support;
  EXPECT_GE(last.ess / last.count, kLeastEssShare);
  EXPECT_TRUE(last.sufficient);
  const double beta = 1.3 * path.points.back().beta;  // the step that was not taken
  double sum = 0, squares = 0;
  for (std::size_t i = 0; i < two.log.size(); ++i) {
    const double w = (two.log.chosen[i] == 1 ? std::exp(beta) : 1) / (.95 + .05 * std::exp(beta));
    sum += w;
    squares += w * w;
  }
  EXPECT_LT(sum * sum / squares / last.count, kLeastEssShare);
}

TEST(PressurePath, IsEmptyWhereTheSignalDoesNotTellActionsApart) {
  TwoActions two(.5, 500, 0);
  Rng rng(3);
  for (std::size_t i = 0; i < two.log.size(); ++i)  // people differ, their actions do not
    two.signal.score[2 * i] = two.signal.score[2 * i + 1] = static_cast<float>(rng.normal());
  const PressurePath path = two.path();
  EXPECT_TRUE(path.points.empty());
  EXPECT_FALSE(path.end_reason.empty());
}

// Donsker and Varadhan: at its KL divergence from the base no policy has a higher expected signal. Compared
// with steps of the same divergence towards greedy, towards uniform and in many random directions.
TEST(PressurePath, HasTheHighestSignalAtItsPressure) {
  Rng rng(43);
  std::vector<MadeDecision> decisions(600);
  Signal signal;
  signal.name = "u";
  for (std::size_t i = 0; i < decisions.size(); ++i) {
    MadeDecision& d = decisions[i];
    d.unit = i;
    double total = 0;
    for (int a = 0; a < 4; ++a) {
      d.mu.push_back(.1 + rng.uniform());
      total += d.mu.back();
      signal.score.push_back(static_cast<float>(rng.normal()));
    }
    for (double& mu : d.mu) mu /= total;
    d.chosen = static_cast<std::uint32_t>(rng.categorical(d.mu));
    d.value = {0};
  }
  const DecisionLog log = made_log({"a", "b", "c", "d"}, {{"y"}}, decisions);
  const OutcomeModels models = made_models(log, [](auto, auto, auto) { return 0.0; });
  Evaluation evaluation(log, models, 1);
  const std::size_t all = evaluation.add_subset({"all", std::vector<std::uint8_t>(log.size(), 1)});
  const PressurePath path = pressure_path(evaluation, log, log.logged, signal, all, 1);
  ASSERT_FALSE(path.points.empty());

  // KL and signal of (1 - share) base + share other, and of the tilt towards any score.
  struct Place {
    double kl = 0, signal = 0;
  };
  const auto measure = [&](const std::function<std::vector<double>(std::size_t)>& policy) {
    Place out;
    for (std::size_t i = 0; i < log.size(); ++i) {
      const std::vector<double> p = policy(i);
      for (std::size_t a = 0; a < 4; ++a) {
        if (p[a] > 0) out.kl += p[a] * std::log(p[a] / decisions[i].mu[a]) / 600;
        out.signal += p[a] * signal.score[4 * i + a] / 600;
      }
    }
    return out;
  };
  const auto tilted = [&](std::span<const float> score, double beta) {
    return measure([&](std::size_t i) {
      std::vector<double> p(4);
      double total = 0;
      for (std::size_t a = 0; a < 4; ++a) {
        p[a] = decisions[i].mu[a] * std::exp(beta * score[4 * i + a]);
        total += p[a];
      }
      for (double& x : p) x /= total;
      return p;
    });
  };
  const auto mixed_with_greedy = [&](double share) {
    return measure([&](std::size_t i) {
      std::size_t best = 0;
      for (std::size_t a = 0; a < 4; ++a) {
        if (signal.score[4 * i + a] > signal.score[4 * i + best]) best = a;
      }
      std::vector<double> p(4);
      for (std::size_t a = 0; a < 4; ++a) p[a] = (1 - share) * decisions[i].mu[a] + (a == best ? share : 0);
      return p;
    });
  };
  // The place of a one-parameter family at a divergence, by bisection.
  const auto at_kl = [](const std::function<Place(double)>& family, double kl, double high) {
    double low = 0;
    for (int k = 0; k < 40; ++k) (family(.5 * (low + high)).kl < kl ? low : high) = .5 * (low + high);
    return family(low);
  };
  for (std::size_t k = 2; k < path.points.size(); k += 4) {
    const PathPoint& point = path.points[k];
    const Place ours = tilted(signal.score, point.beta);
    EXPECT_NEAR(ours.kl, point.kl, 1e-5);
    EXPECT_GT(ours.signal, at_kl(mixed_with_greedy, point.kl, 1).signal);
    for (int direction = 0; direction < 5; ++direction) {
      std::vector<float> other = signal.score;
      for (float& score : other) score += static_cast<float>(.3 * rng.normal());
      const auto family = [&](double beta) { return tilted(other, beta); };
      EXPECT_GT(ours.signal, at_kl(family, point.kl, 40).signal) << point.kl;
    }
  }
}

TEST(PressurePath, IsTheSameForAnyNumberOfThreads) {
  std::vector<std::vector<double>> kl;
  for (const int threads : {1, 3}) {
    TwoActions two(.2, 6000);
    const PressurePath path =
        pressure_path(*two.evaluation, two.log, two.log.logged, two.signal, two.all, threads);
    kl.emplace_back();
    for (const PathPoint& point : path.points) kl.back().push_back(point.kl);
  }
  EXPECT_EQ(kl[0], kl[1]);
}

}  // namespace
}  // namespace plumb
