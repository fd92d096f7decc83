// How proxy and goal go together: over decisions, and over the effects of actions, from which the noise that
// both share must be taken out.
#include "audit/association.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "tests/optimize/prepared_log.h"

namespace plumb {
namespace {

const std::vector<MadeOutcome> kOutcomes = {{"proxy"}, {"goal"}};
constexpr double kSlope = 2;

// m actions, equally likely; action a adds theta[a] to the proxy and kSlope theta[a] to the goal. The noise of
// both has a part in common that pulls them apart, so naive slopes come out too small.
DecisionLog effects_log(const std::vector<double>& theta, std::size_t n, double noise, std::uint64_t seed) {
  Rng rng(seed);
  const std::size_t m = theta.size();
  std::vector<MadeDecision> decisions(n);
  std::vector<std::string> actions;
  for (std::size_t a = 0; a < m; ++a) actions.push_back("a" + std::to_string(a));
  for (std::size_t i = 0; i < n; ++i) {
    MadeDecision& d = decisions[i];
    d.unit = i;
    d.mu.assign(m, 1.0 / static_cast<double>(m));
    d.chosen = static_cast<std::uint32_t>(rng.below(m));
    const double shared = noise * rng.normal();
    d.value = {theta[d.chosen] + shared, kSlope * theta[d.chosen] - 2 * shared + noise * rng.normal()};
  }
  return made_log(actions, kOutcomes, decisions);
}

struct Audited {
  explicit Audited(DecisionLog made)
      : log(std::move(made)),
        goal(made_goal("goal", kOutcomes)),
        models(made_models(log, [](auto, auto, auto) { return 0.0; })),
        evaluation(log, models, 1) {
    all = evaluation.add_subset({"all", std::vector<std::uint8_t>(log.size(), 1)});
    reference = evaluation.add_policy(LoggingPolicy(log, 1));
    for (const std::string& action : log.actions)
      constants.push_back(evaluation.add_policy(*constant_policy(action)));
  }
  AuditContext context() const {
    return {log, goal, models, evaluation, log.logged, reference, constants, all, all, all, 1, 1};
  }
  DecisionLog log;
  Goal goal;
  OutcomeModels models;
  Evaluation evaluation;
  std::size_t all = 0, reference = 0;
  std::vector<std::size_t> constants;
};

TEST(UnitAssociation, IsPearsonsCorrelationWithItsNormalTheoryError) {
  Rng rng(81);
  const double rho = .6;
  const std::size_t n = 4000;
  std::vector<MadeDecision> decisions(n);
  for (std::size_t i = 0; i < n; ++i) {
    const double x = rng.normal();
    decisions[i] = {i, {1}, 0, {3 + x, rho * x + std::sqrt(1 - rho * rho) * rng.normal()}, {}, {}, 0};
  }
  const Audited audited(made_log({"a"}, kOutcomes, decisions));
  const Measured r = unit_association(audited.context(), "proxy");
  double mx = 0, my = 0, xx = 0, yy = 0, xy = 0;
  for (const auto& d : decisions) {
    mx += d.value[0] / static_cast<double>(n);
    my += d.value[1] / static_cast<double>(n);
  }
  for (const auto& d : decisions) {
    xx += (d.value[0] - mx) * (d.value[0] - mx);
    yy += (d.value[1] - my) * (d.value[1] - my);
    xy += (d.value[0] - mx) * (d.value[1] - my);
  }
  ASSERT_TRUE(r.known);
  EXPECT_NEAR(r.value, xy / std::sqrt(xx * yy), 1e-9);
  const double theory = (1 - rho * rho) / std::sqrt(static_cast<double>(n));
  EXPECT_NEAR(r.standard_error / theory, 1, .1);
}

TEST(UnitAssociation, IsNotStatedWhereThereIsNoneToSee) {
  std::vector<MadeDecision> decisions(50);
  Rng rng(82);
  for (std::size_t i = 0; i < decisions.size(); ++i) decisions[i] = {i, {1}, 0, {0, rng.normal()}, {}, {}, 0};
  const Audited constant(made_log({"a"}, kOutcomes, decisions));
  EXPECT_FALSE(unit_association(constant.context(), "proxy").known);
  decisions.resize(20);
  const Audited few(made_log({"a"}, kOutcomes, decisions));
  EXPECT_FALSE(unit_association(few.context(), "proxy").known);
}

// Numbers at random but the same ones in every log, so that only noise varies.
const std::vector<double> kTheta = {-.45, .38, .1, -.2, .5, -.33, .02, .25};

// The closed form: with arm means P and G and their noise covariances by arm, slope = (S_PG - noise_PG) /
// (S_PP - noise_PP), all centred over arms.
double slope_by_formula(const DecisionLog& log, bool noise_removed) {
  const std::size_t m = log.actions.size();
  const auto n = static_cast<double>(log.size());
  std::vector<double> p(m, 0), g(m, 0);
  Matrix p_sum(kBuckets, m), g_sum(kBuckets, m);
  std::vector<double> count(kBuckets, 0);
  for (std::size_t i = 0; i < log.size(); ++i) {
    const std::size_t a = log.chosen[i], b = bucket_of(log.unit[i]);
    const double w = 1 / log.propensity[i];
    p[a] += w * log.outcomes[0].value[i] / n;
    g[a] += w * log.outcomes[1].value[i] / n;
    p_sum(b, a) += w * log.outcomes[0].value[i];
    g_sum(b, a) += w * log.outcomes[1].value[i];
    count[b] += 1;
  }
  const double md = static_cast<double>(m), mp = std::accumulate(p.begin(), p.end(), 0.0) / md,
               mg = std::accumulate(g.begin(), g.end(), 0.0) / md;
  double pp = 0, pg = 0;
  for (std::size_t a = 0; a < m; ++a) {
    pp += (p[a] - mp) * (p[a] - mp);
    pg += (p[a] - mp) * (g[a] - mg);
  }
  if (!noise_removed) return pg / pp;
  for (std::size_t b = 0; b < kBuckets; ++b) {
    double row_p = 0, row_g = 0;
    for (std::size_t a = 0; a < m; ++a) {
      const double ip = (p_sum(b, a) - p[a] * count[b]) / n, ig = (g_sum(b, a) - g[a] * count[b]) / n;
      pp -= ip * ip;
      pg -= ip * ig;
      row_p += ip;
      row_g += ig;
    }
    pp += row_p * row_p / md;
    pg += row_p * row_g / md;
  }
  return pg / pp;
}

TEST(EffectAssociation, EqualsItsClosedForm) {
  const Audited audited(effects_log(kTheta, 6000, 3, 83));
  const Measured slope = effect_association(audited.context(), "proxy");
  ASSERT_TRUE(slope.known) << slope.why_not;
  EXPECT_NEAR(slope.value, slope_by_formula(audited.log, true), 1e-9);
  EXPECT_GT(std::abs(slope.value - slope_by_formula(audited.log, false)), .1);
  EXPECT_LT(slope.interval.lower, slope.value);
  EXPECT_GT(slope.interval.upper, slope.value);
}

// Over replications: the slope without the noise is right, the naive one is not.
TEST(EffectAssociation, RemovesTheNoiseThatProxyAndGoalShare) {
  std::vector<double> theta;  // sixteen actions
  for (int a = 0; a < 16; ++a) theta.push_back(.5 * std::sin(5.0 * a));
  double n = 0, sum = 0, squares = 0, naive = 0;
  int covered = 0;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    const Audited audited(effects_log(theta, 12000, 3, seed));
    const Measured slope = effect_association(audited.context(), "proxy");
    if (!slope.known) continue;
    n += 1;
    sum += slope.value;
    squares += slope.value * slope.value;
    naive += slope_by_formula(audited.log, false);
    covered += slope.interval.lower < kSlope && kSlope < slope.interval.upper;
  }
  ASSERT_GT(n, 35);
  const double mean = sum / n, error = std::sqrt((squares / n - mean * mean) / (n - 1));
  EXPECT_NEAR(mean, kSlope, 4 * error);
  EXPECT_LT(naive / n, kSlope - 4 * error);
  // Intervals of 95 % that hold the truth in fewer than 34 of 40 logs would be a one in 300 accident.
  EXPECT_GE(covered, .85 * n);
}

TEST(EffectAssociation, IsExactWhereThereIsNoNoise) {
  Audited audited(effects_log(kTheta, 3000, 0, 84));
  const OutcomeModels exact = made_models(audited.log, [](std::size_t j, std::size_t, std::size_t a) {
    return (j == 0 ? 1 : kSlope) * static_cast<double>(static_cast<float>(kTheta[a]));
  });
  Evaluation evaluation(audited.log, exact, 1);
  const std::size_t all = evaluation.add_subset({"all", std::vector<std::uint8_t>(audited.log.size(), 1)});
  std::vector<std::size_t> constants;
  for (const std::string& action : audited.log.actions)
    constants.push_back(evaluation.add_policy(*constant_policy(action)));
  const AuditContext context{
      audited.log, audited.goal, exact, evaluation, audited.log.logged, constants[0], constants, all,
      all,         all,          1,     1};
  const Measured slope = effect_association(context, "proxy");
  ASSERT_TRUE(slope.known) << slope.why_not;
  EXPECT_NEAR(slope.value, kSlope, 1e-5);
  EXPECT_LT(slope.standard_error, 1e-4);
}

TEST(EffectAssociation, IsNotStatedFromFewEffectsOrFromNoise) {
  const Audited three(effects_log({0, 1, 2}, 3000, 1, 85));
  EXPECT_NE(effect_association(three.context(), "proxy").why_not.find("2 effects"), std::string::npos);
  const Audited noise(effects_log({0, 0, 0, 0, 0, 0}, 3000, 1, 86));
  const Measured slope = effect_association(noise.context(), "proxy");
  EXPECT_FALSE(slope.known);
  EXPECT_NE(slope.why_not.find("mostly noise"), std::string::npos);
}

}  // namespace
}  // namespace plumb
