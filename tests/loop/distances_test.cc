// How often a policy would choose otherwise: total variation, against a plain loop and closed forms.
#include <gtest/gtest.h>

#include <cmath>

#include "loop/stages.h"
#include "tests/policy/made_log.h"

namespace plumb {
namespace {

DecisionLog drawn(std::size_t n, double share) {
  Rng rng(11);
  std::vector<MadeDecision> decisions(n);
  for (std::size_t i = 0; i < n; ++i) {
    decisions[i].unit = i;
    decisions[i].mu = {share, 1 - share};
    decisions[i].x = {rng.normal()};
    decisions[i].chosen = rng.bernoulli(1 - share);
    decisions[i].value = {rng.normal()};
  }
  return made_log({"a", "b"}, {{"value"}}, decisions);
}

Study study_of(DecisionLog log) {
  Study study;
  study.log = std::move(log);
  study.logging = std::make_shared<LoggingPolicy>(study.log, 1);
  study.reference = study.logging;
  study.base = probabilities_of(*study.logging, study.log, 1);
  return study;
}

TEST(Distances, AreSharesOfDecisionsThatWouldBeChosenOtherwise) {
  Study study = study_of(drawn(3000, 0.3));
  Rng rng(12);
  std::vector<float> p;
  double slow = 0;
  for (std::size_t i = 0; i < study.log.size(); ++i) {
    const double a = rng.uniform();
    p.insert(p.end(), {static_cast<float>(a), static_cast<float>(1 - a)});
    slow += std::abs(a - 0.3);  // of two actions: what one gains the other loses
  }
  Candidate candidate;
  candidate.policy = table_policy("drawn", p, true);
  study.training = Training{{candidate}, 0, ""};
  measure_distances(study);
  EXPECT_NEAR(study.otherwise.at("drawn"), slow / 3000, 1e-6);
  const double once = study.otherwise.at("drawn");
  study.threads = 4;
  measure_distances(study);
  EXPECT_EQ(study.otherwise.at("drawn"), once);  // to the last bit
  ASSERT_EQ(study.todays_shares.size(), 2u);
  EXPECT_NEAR(study.todays_shares[0], 0.3, 1e-6);
}

TEST(Distances, OfOneActionForAllAreWhatOthersGotBefore) {
  Study study = study_of(drawn(500, 0.3));
  Candidate candidate;
  candidate.policy = constant_policy("a");
  study.training = Training{{candidate}, 0, ""};
  measure_distances(study);
  EXPECT_NEAR(study.otherwise.at("constant:a"), 0.7, 1e-6);
}

// Half an L1 distance and KL are bound by Pinsker: the words cannot say less than nothing of the nats.
TEST(Distances, OfAPathStayBelowPinskersBound) {
  Study study = study_of(drawn(400, 0.5));
  Signal signal;
  signal.name = "value";
  for (std::size_t row = 0; row < study.log.action.size(); ++row)
    signal.score.push_back(study.log.action[row] == 1 ? 1.0f : 0.0f);
  study.signals = {signal};
  ProxyAudit audit;
  audit.name = "value";
  for (const double beta : {0.5, 1.0, 2.0}) {
    PathPoint point;
    point.beta = beta;
    const double q = 1 / (1 + std::exp(-beta));
    point.kl = q * std::log(2 * q) + (1 - q) * std::log(2 * (1 - q));
    audit.path.points.push_back(point);
  }
  audit.curve.peak.kl = audit.path.points[1].kl;
  study.proxies = {audit};
  measure_distances(study);
  const ProxyReach& reach = study.reach.at("value");
  EXPECT_NEAR(*reach.peak, 1 / (1 + std::exp(-1.0)) - 0.5, 1e-6);
  EXPECT_NEAR(*reach.end, 1 / (1 + std::exp(-2.0)) - 0.5, 1e-6);
  EXPECT_FALSE(reach.harm.has_value());
  EXPECT_LE(*reach.end, std::sqrt(audit.path.points[2].kl / 2));
}

}  // namespace
}  // namespace plumb
