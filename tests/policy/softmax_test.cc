// What a softmax policy does to its base: tilt, and theta . phi by the slow way.
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "plumb/policy.h"
#include "tests/policy/made_log.h"

namespace plumb {
namespace {

std::vector<float> tilted(const std::vector<float>& base, const std::vector<float>& score) {
  std::vector<float> p(base.size());
  tilt(base, score, p);
  return p;
}

TEST(Tilt, IsBaseTimesTheExponentialOfTheScoreNormalized) {
  const std::vector<float> base{.5f, .2f, .3f}, score{.1f, -1.5f, 2.0f};
  double total = 0;
  for (std::size_t a = 0; a < 3; ++a) total += base[a] * std::exp(static_cast<double>(score[a]));
  const auto p = tilted(base, score);
  for (std::size_t a = 0; a < 3; ++a)
    EXPECT_NEAR(p[a], base[a] * std::exp(static_cast<double>(score[a])) / total, 1e-6);
}

TEST(Tilt, KeepsActionsThatTheBaseNeverTakesAtExactlyZero) {
  // The forbidden action has by far the largest score, which must not push the others under either.
  const auto p = tilted({.25f, 0.0f, .75f}, {0.0f, 500.0f, 0.0f});
  EXPECT_EQ(p[1], 0.0f);
  EXPECT_FLOAT_EQ(p[0], .25f);
  EXPECT_FLOAT_EQ(p[2], .75f);
}

TEST(Tilt, DependsOnDifferencesOfScoresOnlyAndNeverOverflows) {
  const auto p = tilted({.5f, .5f}, {0.0f, 1.0f});
  for (const float shift : {-4096.0f, 4096.0f}) {
    const auto q = tilted({.5f, .5f}, {shift, shift + 1});
    EXPECT_FLOAT_EQ(p[0], q[0]);
    EXPECT_FLOAT_EQ(p[1], q[1]);
  }
  const auto greedy = tilted({.999f, .001f}, {0.0f, 1e6f});
  EXPECT_EQ(greedy[0], 0.0f);
  EXPECT_EQ(greedy[1], 1.0f);
}

TEST(Tilt, MayWriteOverItsBase) {
  std::vector<float> p{.5f, .2f, .3f};
  const std::vector<float> score{.3f, .7f, -.2f}, apart = tilted(p, score);
  tilt(p, score, p);
  EXPECT_EQ(p, apart);
}

DecisionLog two_number_log(bool with_logged) {
  Rng rng(11);
  std::vector<MadeDecision> decisions;
  for (std::uint64_t i = 0; i < 300; ++i) {
    MadeDecision d;
    d.unit = i;
    d.mu = {.6, .3, .1};
    d.chosen = static_cast<std::uint32_t>(rng.categorical(d.mu));
    d.value = {rng.normal()};
    d.x = {rng.normal() * 3 + 1, rng.normal()};
    decisions.push_back(std::move(d));
  }
  return made_log({"a", "b", "c"}, {{"y"}}, decisions, with_logged);
}

SoftmaxParts random_parts(const DecisionLog& log, std::uint64_t seed) {
  SoftmaxParts parts;
  parts.map = make_feature_map(log, std::vector<std::uint8_t>(log.size(), 1));
  Rng rng(seed);
  for (std::size_t k = 0; k < parts.map.width(); ++k) parts.theta.push_back(.4 * rng.normal());
  return parts;
}

// base_a exp(theta . phi(x, a)), phi written out.
std::vector<double> slow_softmax(const DecisionLog& log, std::size_t i, const FeatureMap& map,
                                 const std::vector<double>& theta, const std::vector<double>& base) {
  const BoundFeatures features(map, log);
  std::vector<double> p(base);
  std::vector<float> phi(map.width());
  for (std::size_t a = 0; a < p.size(); ++a) {
    features.design(i, log.offset[i] + a, phi);
    p[a] *= std::exp(std::inner_product(theta.begin(), theta.end(), phi.begin(), 0.0));
  }
  const double total = std::accumulate(p.begin(), p.end(), 0.0);
  for (double& x : p) x /= total;
  return p;
}

TEST(SoftmaxPolicy, TiltsTheLoggedProbabilitiesByThetaTimesTheDesign) {
  const DecisionLog log = two_number_log(true);
  const SoftmaxPolicy policy("p", random_parts(log, 3));
  std::vector<float> p(log.action.size());
  policy.probabilities(log, 0, log.size(), p);
  for (std::size_t i = 0; i < log.size(); ++i) {
    const auto slow = slow_softmax(log, i, policy.parts().map, policy.parts().theta, {.6, .3, .1});
    for (std::size_t a = 0; a < 3; ++a) EXPECT_NEAR(p[log.offset[i] + a], slow[a], 2e-5);
  }
}

TEST(SoftmaxPolicy, TiltsTheModelOfTheLoggingPolicyWhereItHasOne) {
  const DecisionLog log = two_number_log(false);
  SoftmaxParts parts = random_parts(log, 4);
  parts.base_map = parts.map;
  parts.base_theta = random_parts(log, 5).theta;
  const SoftmaxPolicy policy("p", parts);
  std::vector<float> p(log.action.size());
  policy.probabilities(log, 0, log.size(), p);
  for (std::size_t i = 0; i < log.size(); ++i) {
    const auto base = slow_softmax(log, i, parts.base_map, parts.base_theta, {1, 1, 1});
    const auto slow = slow_softmax(log, i, parts.map, parts.theta, base);
    for (std::size_t a = 0; a < 3; ++a) EXPECT_NEAR(p[log.offset[i] + a], slow[a], 2e-5);
  }
}

TEST(SoftmaxPolicy, GivesABlockTheNumbersOfTheWhole) {
  const DecisionLog log = two_number_log(true);
  const SoftmaxPolicy policy("p", random_parts(log, 3));
  std::vector<float> whole(log.action.size()), block(3 * (97 - 40));
  policy.probabilities(log, 0, log.size(), whole);
  policy.probabilities(log, 40, 97, block);
  for (std::size_t k = 0; k < block.size(); ++k) EXPECT_EQ(block[k], whole[3 * 40 + k]);
}

TEST(SoftmaxPolicy, RefusesALogThatLacksWhatItNeeds) {
  const DecisionLog complete = two_number_log(true);
  const SoftmaxPolicy policy("pushed", random_parts(complete, 3));
  std::vector<float> p(complete.action.size());
  const auto message = [&](const DecisionLog& log) -> std::string {
    try {
      policy.probabilities(log, 0, log.size(), p);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), Code::kInput);
      return error.what();
    }
    return "nothing was refused";
  };
  EXPECT_NE(message(two_number_log(false)).find("propensities of all offered actions"), std::string::npos);
  DecisionLog without = complete;
  without.context.pop_back();
  EXPECT_NE(message(without).find("x1"), std::string::npos);
}

}  // namespace
}  // namespace plumb
