// The logging policy where the log does not state it: a model of what was chosen.
#include <gtest/gtest.h>

#include <cmath>

#include "plumb/policy.h"
#include "tests/policy/made_log.h"

namespace plumb {
namespace {

// Chosen by a softmax in x0 and x1; the log states the chosen action's probability only.
std::vector<MadeDecision> softmax_choices(std::size_t n, std::uint64_t seed) {
  Rng rng(seed);
  std::vector<MadeDecision> out(n);
  for (std::size_t i = 0; i < n; ++i) {
    MadeDecision& d = out[i];
    d.unit = i;
    d.x = {rng.normal(), rng.normal()};
    const double utility[3] = {.8 * d.x[0], -.5 * d.x[0] + .6 * d.x[1], .4};
    double total = 0;
    for (const double u : utility) total += std::exp(u);
    for (const double u : utility) d.mu.push_back(std::exp(u) / total);
    d.chosen = static_cast<std::uint32_t>(rng.categorical(d.mu));
    d.value = {0};
  }
  return out;
}

std::vector<float> all_probabilities(const Policy& policy, const DecisionLog& log) {
  std::vector<float> p(log.action.size());
  policy.probabilities(log, 0, log.size(), p);
  return p;
}

TEST(LoggingPolicy, IsWhatTheLogStates) {
  const DecisionLog log = made_log({"a", "b", "c"}, {{"y"}}, softmax_choices(200, 1));
  const LoggingPolicy policy(log, 1);
  EXPECT_FALSE(policy.is_estimate());
  EXPECT_TRUE(policy.is_logging());
  EXPECT_EQ(policy.kind(), PolicyKind::kReference);
  EXPECT_EQ(all_probabilities(policy, log), log.logged);
  DecisionLog other = log;
  other.logged.clear();
  std::vector<float> p(log.action.size());
  EXPECT_THROW(policy.probabilities(other, 0, other.size(), p), Error);
}

TEST(LoggingPolicy, RecoversKnownProbabilitiesFromChoices) {
  const auto decisions = softmax_choices(12000, 2);
  const DecisionLog log = made_log({"a", "b", "c"}, {{"y"}}, decisions, false);
  const LoggingPolicy policy(log, 2);
  EXPECT_TRUE(policy.is_estimate());
  const auto p = all_probabilities(policy, log);
  double kl = 0;
  for (std::size_t i = 0; i < log.size(); ++i) {
    for (std::size_t a = 0; a < 3; ++a) {
      const double mu = decisions[i].mu[a];
      kl += mu * std::log(mu / p[log.offset[i] + a]) / static_cast<double>(log.size());
    }
  }
  // Maximum likelihood with d free parameters on m rows misses by d / (2 m) nats on average: d = 6, m = 6,000,
  // with room for four standard deviations of the chi-squared.
  EXPECT_LT(kl, (6 + 4 * std::sqrt(12.0)) / (2 * 6000.0));
  // Knowing nothing would miss by far more, so the bound means something.
  double ignorant = 0;
  for (const auto& d : decisions) {
    for (const double mu : d.mu) ignorant += mu * std::log(3 * mu) / static_cast<double>(log.size());
  }
  EXPECT_GT(ignorant, .1);
}

TEST(LoggingPolicy, NeverLooksAtTheCertificationHalf) {
  auto decisions = softmax_choices(3000, 3);
  const DecisionLog log = made_log({"a", "b", "c"}, {{"y"}}, decisions, false);
  for (std::size_t i = 0; i < log.size(); ++i) {
    if (log.in_training(i)) continue;
    decisions[i].chosen = 2;
    decisions[i].x = {100, -100};
  }
  const DecisionLog other = made_log({"a", "b", "c"}, {{"y"}}, decisions, false);
  EXPECT_EQ(LoggingPolicy(log, 1).coefficients(), LoggingPolicy(other, 1).coefficients());
}

TEST(LoggingPolicy, IsTheSameForAnyNumberOfThreads) {
  const DecisionLog log = made_log({"a", "b", "c"}, {{"y"}}, softmax_choices(3000, 4), false);
  EXPECT_EQ(LoggingPolicy(log, 1).coefficients(), LoggingPolicy(log, 3).coefficients());
}

}  // namespace
}  // namespace plumb
