// Intervals of contrasts where few events were seen.
#include "plumb/policy_contrast.h"

#include <gtest/gtest.h>

#include <cmath>

#include "evaluate/event_rows.h"
#include "stats/event_limits.h"
#include "tests/evaluate/two_arms.h"

namespace plumb {
namespace {

const double kCritical = normal_quantile(0.975);

struct Asked {
  explicit Asked(const TwoArms& world) : Asked(two_arms(world)) {}
  explicit Asked(DecisionLog from)
      : log(std::move(from)), models(fit_outcome_models(log, {"y"}, 1)), evaluation(log, models, 1) {
    all = evaluation.add_subset({"all", std::vector<std::uint8_t>(log.size(), 1)});
    a = evaluation.add_policy(*constant_policy("a"));
    b = evaluation.add_policy(*constant_policy("b"));
  }
  PolicyContrast gain() const { return {{{b, 1.0}, {a, -1.0}}, {{0, 1.0}}, all}; }
  PolicyContrast level(std::size_t policy) const { return {{{policy, 1.0}}, {{0, 1.0}}, all}; }

  DecisionLog log;
  OutcomeModels models;
  Evaluation evaluation;
  std::size_t all = 0, a = 0, b = 0;
};

TEST(PolicyContrast, OfAnArmWithoutAnEventEndsAtLeastThreeOverItsSize) {
  const Asked asked({.decisions = 1000, .share = 0.1, .rate_a = 0.01, .rate_b = 0});
  const double size = asked.evaluation.support(asked.b, asked.all).ess;
  const ContrastParts level = contrast_parts(asked.evaluation, asked.level(asked.b));
  EXPECT_GE(interval_of(level, kCritical, 0.95).upper, 3 / size);
  // Also where the arm came to fewer decisions than its share.
  DecisionLog few = two_arms({.decisions = 2000, .share = 0.075, .rate_a = 0.01, .rate_b = 0});
  for (std::size_t i = 0; i < few.size(); ++i) {
    few.logged[2 * i] = 0.9f;
    few.logged[2 * i + 1] = 0.1f;
    few.propensity[i] = few.chosen[i] == 1 ? 0.1 : 0.9;
  }
  digest_rows(few);
  const Asked short_of(std::move(few));
  const Support& support = short_of.evaluation.support(short_of.b, short_of.all);
  EXPECT_LT(support.mean_weight, 0.85);
  EXPECT_GE(interval_of(contrast_parts(short_of.evaluation, short_of.level(short_of.b)), kCritical, 0.95).upper,
            3 / support.ess);
  const ContrastParts gain = contrast_parts(asked.evaluation, asked.gain());
  EXPECT_EQ(gain.method(), "gamma");
  EXPECT_GT(interval_of(gain, kCritical, 0.95).upper, 3 / size - 0.01);
}

TEST(PolicyContrast, OfALevelReachesFromWhereItsOutcomeEnds) {
  const Asked asked({.decisions = 1000, .share = 0.1, .rate_a = 0.01, .rate_b = 0}),
      mirrored({.decisions = 1000, .share = 0.1, .rate_a = 0.01, .rate_b = 0, .mirrored = true});
  ContrastParts level = contrast_parts(asked.evaluation, asked.level(asked.b));
  EXPECT_EQ(level.lowest, 0);
  EXPECT_EQ(level.highest, INFINITY);
  level.value = 0;
  const double from_nothing = interval_of(level, kCritical, 0.95).upper;
  level.value = -0.02;  // what the models foretold is taken off
  EXPECT_EQ(interval_of(level, kCritical, 0.95).upper, from_nothing);
  EXPECT_LT(interval_of(level, kCritical, 0.95).lower, -0.02);
  EXPECT_EQ(contrast_parts(mirrored.evaluation, mirrored.level(mirrored.b)).highest, 1);
  EXPECT_EQ(contrast_parts(asked.evaluation, asked.gain()).lowest, -INFINITY);
}

// Six counts of which one is large: counts all the same, and no amounts until a hundred say so.
TEST(PolicyContrast, OfAHandfulOfCountsHasANumber) {
  const auto with_events = [](std::size_t events) {
    DecisionLog log = two_arms({.decisions = 4000, .share = 0.5, .rate_a = 0, .rate_b = 0});
    log.outcomes[0].kind = OutcomeKind::kCount;
    for (std::size_t k = 0; k < events; ++k) log.outcomes[0].value[17 * k] = k % 6 == 0 ? 9 : 1;
    log.outcomes[0].nonzero_count = events;
    digest_rows(log);
    return log;
  };
  const Asked few(with_events(6)), many(with_events(120));
  EXPECT_EQ(contrast_parts(few.evaluation, few.gain()).why_not, "");
  EXPECT_FALSE(event_rows(few.log, {"y"}).outcomes[0].amounts);
  EXPECT_TRUE(event_rows(many.log, {"y"}).outcomes[0].amounts);
}

// An independent sum: the arms' events by their own rows, at weight 1/p over n, and the rest by its variance.
TEST(PolicyContrast, HasTheLimitsOfItsPartsPutTogether) {
  const Asked asked({.decisions = 2000, .share = 0.3, .rate_a = 0.02, .rate_b = 0.03});
  const DecisionLog& log = asked.log;
  const auto n = static_cast<double>(log.size());
  double events[2] = {0, 0};
  std::vector<double> rest(kBuckets, 0.0), rows(kBuckets, 0.0);
  double mean = 0;
  for (std::size_t i = 0; i < log.size(); ++i) {
    const std::size_t row = log.chosen_row(i), first = log.offset[i], arm = log.chosen_action(i);
    events[arm] += log.outcomes[0].value[i];
    const double sign = arm == 1 ? 1 : -1, q = asked.models.q[0][row];
    const double smooth = static_cast<double>(asked.models.q[0][first + 1]) - asked.models.q[0][first] -
                          sign * q / log.propensity[i];
    rest[bucket_of(log.unit[i])] += smooth / n;
    rows[bucket_of(log.unit[i])] += 1 / n;
    mean += smooth / n;
  }
  double squares = 0, used = 0;
  for (std::size_t b = 0; b < kBuckets; ++b) {
    squares += std::pow(rest[b] - mean * rows[b], 2);
    used += rows[b] > 0;
  }
  const ContrastParts parts = contrast_parts(asked.evaluation, asked.gain());
  EXPECT_NEAR(parts.rest_error, std::sqrt(squares * used / (used - 1)), 1e-9);
  ASSERT_EQ(parts.sides.size(), 2u);
  // Weights are kept as floats.
  EXPECT_NEAR(parts.value, mean + events[1] / 0.3 / n - events[0] / 0.7 / n, 1e-8);
  EXPECT_NEAR(parts.sides[0].sum, events[1] / 0.3 / n, 1e-8);
  EXPECT_NEAR(parts.sides[1].sum, events[0] / 0.7 / n, 1e-8);
  EXPECT_NEAR(parts.sides[0].squares, events[1] * std::pow(1 / 0.3 / n, 2), 1e-10);
  // One more event weighs 1/p, rounded up by at most a sixteenth.
  EXPECT_GE(parts.sides[0].large, (1 - 1e-6) / 0.3 / n);
  EXPECT_LE(parts.sides[0].large, 17.0 / 16 / 0.3 / n);
  const Interval p = gamma_limits({parts.sides[0].sum, parts.sides[0].squares, parts.sides[0].large}, 0.05),
                 m = gamma_limits({parts.sides[1].sum, parts.sides[1].squares, parts.sides[1].large}, 0.05);
  const double t = t_critical(kCritical, parts.rest_degrees) * parts.rest_error;
  const Interval whole = interval_of(parts, kCritical, 0.95);
  const double up = std::hypot(p.upper - parts.sides[0].sum, parts.sides[1].sum - m.lower);
  EXPECT_GE(whole.upper, parts.value + std::hypot(up, t) - 1e-12);
  EXPECT_LE(whole.upper, parts.value + std::hypot(up, 1.2 * t) + 1e-12);
}

TEST(PolicyContrast, MirrorsWhereTheOutcomeDoes) {
  TwoArms world{.decisions = 1500, .share = 0.2, .rate_a = 0.02, .rate_b = 0.01};
  const Asked plain(world);
  world.mirrored = true;  // 1 - y
  const Asked mirrored(world);
  const Interval i = interval_of(contrast_parts(plain.evaluation, plain.gain()), kCritical, 0.95);
  const ContrastParts parts = contrast_parts(mirrored.evaluation, mirrored.gain());
  EXPECT_EQ(parts.method(), "gamma");
  const Interval m = interval_of(parts, kCritical, 0.95);
  // Outcome models are shrunk towards their mean, which is another one: up to that.
  EXPECT_NEAR(m.lower, -i.upper, 0.05 * (i.upper - i.lower));
  EXPECT_NEAR(m.upper, -i.lower, 0.05 * (i.upper - i.lower));
}

// Five rows of a unit that always agree are one event of five times the weight.
TEST(PolicyContrast, CountsUnitsNotRows) {
  const Asked rows({.decisions = 400, .share = 0.5, .rate_a = 0.05, .rate_b = 0.05}),
      copies({.decisions = 400, .share = 0.5, .rate_a = 0.05, .rate_b = 0.05, .rows = 5});
  const ContrastParts one = contrast_parts(rows.evaluation, rows.gain()),
                      five = contrast_parts(copies.evaluation, copies.gain());
  ASSERT_EQ(one.sides.size(), 2u);
  ASSERT_EQ(five.sides.size(), 2u);
  for (std::size_t s = 0; s < 2; ++s) {
    EXPECT_NEAR(five.sides[s].sum, one.sides[s].sum, 1e-9);
    EXPECT_NEAR(five.sides[s].squares, one.sides[s].squares, 1e-12);
    EXPECT_NEAR(five.sides[s].large, one.sides[s].large, 1e-9 + one.sides[s].large / 16);
  }
}

TEST(PolicyContrast, OfManyCommonEventsIsTheWiderOfNormalAndHall) {
  const Asked asked({.decisions = 20000, .share = 0.5, .rate_a = 0.3, .rate_b = 0.35});
  const ContrastParts parts = contrast_parts(asked.evaluation, asked.gain());
  EXPECT_EQ(parts.method(), "Hall");
  const Interval i = interval_of(parts, kCritical, 0.95);
  EXPECT_LE(i.lower, parts.value - kCritical * parts.standard_error);
  EXPECT_NEAR(i.upper - i.lower, 2 * kCritical * parts.standard_error, 0.02 * parts.standard_error);
}

TEST(PolicyContrast, CriticalToReachIsTheEndOfTheInterval) {
  for (const double rate : {0.01, 0.3}) {
    const Asked asked({.decisions = 3000, .share = 0.3, .rate_a = rate, .rate_b = rate});
    const ContrastParts parts = contrast_parts(asked.evaluation, asked.gain());
    for (const double critical : {0.5, 2.0, 5.0}) {
      EXPECT_NEAR(critical_to_reach(parts, interval_of(parts, critical, 0).upper), critical, 1e-6);
      EXPECT_NEAR(critical_to_reach(parts, interval_of(parts, critical, 0).lower), critical, 1e-6);
    }
    EXPECT_EQ(critical_to_reach(parts, parts.value), 0);
  }
}

TEST(PolicyContrast, AsIfTheGainWereAnotherHasMoreEventsOfThePolicyOrFewer) {
  const Asked asked({.decisions = 3000, .share = 0.3, .rate_a = 0.02, .rate_b = 0.02});
  const ContrastParts parts = contrast_parts(asked.evaluation, asked.gain());
  ASSERT_EQ(parts.sides.size(), 2u);
  EXPECT_TRUE(parts.sides[0].own);
  EXPECT_FALSE(parts.sides[1].own);
  const auto more = as_if(parts, parts.value + parts.sides[0].sum);
  ASSERT_TRUE(more);
  EXPECT_NEAR(more->sides[0].sum, 2 * parts.sides[0].sum, 1e-12);
  EXPECT_NEAR(more->sides[0].squares, 2 * parts.sides[0].squares, 1e-12);
  EXPECT_GT(interval_of(*more, kCritical, 0).upper - more->value,
            interval_of(parts, kCritical, 0).upper - parts.value);
  EXPECT_FALSE(as_if(parts, parts.value - 1.001 * parts.sides[0].sum));
}

// As many times the decisions of the same kind do exclude the limit, and hardly fewer do not.
TEST(PolicyContrast, TimesToExcludeAreThoseThatALargerLogNeeds) {
  const Asked asked({.decisions = 1000, .share = 0.2, .rate_a = 0.02, .rate_b = 0.03});
  const ContrastParts parts = contrast_parts(asked.evaluation, asked.gain());
  ASSERT_FALSE(parts.sides.empty());
  const double times = times_to_exclude(parts, 0, kCritical);
  ASSERT_GT(times, 1);
  ASSERT_LT(times, 1e3);
  // A log of n times the decisions has 1/n of every square, by the definition of a sum over a count.
  const auto excludes = [&](double n) {
    ContrastParts more = parts;
    more.rest_error /= std::sqrt(n);
    more.rest_skewness /= std::sqrt(n);
    more.rest_degrees *= n;
    for (ContrastParts::Side& side : more.sides) side.squares /= n, side.large /= n;
    const Interval i = interval_of(more, kCritical, 0);
    return i.lower > 0 || i.upper < 0;
  };
  EXPECT_TRUE(excludes(1.001 * times));
  EXPECT_FALSE(excludes(0.999 * times));
  EXPECT_EQ(times_to_exclude(parts, parts.value, kCritical), INFINITY);
  EXPECT_EQ(times_to_exclude(parts, parts.value + 1, kCritical), 1);
}

TEST(PolicyContrast, OfEqualPoliciesIsNothingAndOfTwoWithoutAnEventIsNot) {
  const Asked none({.decisions = 1000, .share = 0.3, .rate_a = 0, .rate_b = 0});
  const Interval i = interval_of(contrast_parts(none.evaluation, none.gain()), kCritical, 0.95);
  EXPECT_LT(i.lower, -0.003);
  EXPECT_GT(i.upper, 0.009);
  Asked some({.decisions = 1000, .share = 0.3, .rate_a = 0.05, .rate_b = 0.1});
  const std::size_t again = some.evaluation.add_policy(*constant_policy("b"));
  const ContrastParts same =
      contrast_parts(some.evaluation, {{{some.b, 1.0}, {again, -1.0}}, {{0, 1.0}}, some.all});
  EXPECT_EQ(same.value, 0);
  EXPECT_EQ(interval_of(same, kCritical, 0.95).upper, 0);
}

TEST(PolicyContrast, OfAmountsOfHardlyAnyBuyerHasNoNumber) {
  const Asked asked({.decisions = 3000, .share = 0.3, .rate_a = 0.004, .rate_b = 0.004, .amount_sigma = 1});
  const ContrastParts parts = contrast_parts(asked.evaluation, asked.gain());
  EXPECT_NE(parts.why_not.find("too few events"), std::string::npos) << parts.why_not;
}

TEST(PolicyContrast, SaysThatAFewUnitsDecideWhereTheTailIsHeavy) {
  const Asked heavy({.decisions = 4000, .share = 0.1, .rate_a = 1, .rate_b = 1, .amount_sigma = 2.5}),
      light({.decisions = 4000, .share = 0.1, .rate_a = 1, .rate_b = 1, .amount_sigma = 0.8});
  EXPECT_NE(contrast_parts(heavy.evaluation, heavy.gain()).why_not.find("a few units decide"),
            std::string::npos);
  EXPECT_EQ(contrast_parts(light.evaluation, light.gain()).why_not, "");
}

}  // namespace
}  // namespace plumb
