// Outcomes that are not what they were, arms and levels that only one of the logs has.
#include <gtest/gtest.h>

#include "tests/monitor/two_worlds.h"

namespace plumb {
namespace {

bool contains(const std::string& text, const std::string& part) { return text.find(part) != text.npos; }

MadeWorld later_world() {
  MadeWorld world;
  world.seed = 2;
  return world;
}

Monitoring with_value(double (*change)(double), MadeWorld world = later_world()) {
  DecisionLog later = world.log();
  for (double& y : later.outcomes[0].value) y = change(y);
  digest_rows(later);
  return monitored(MadeWorld{}.log(), later, made_certificate_goal());
}

TEST(Scales, AnotherUnitNeitherStandsNorIsRevoked) {
  const Monitoring more = with_value([](double y) { return 100 * y; });
  EXPECT_EQ(more.verdict, Verdict::kInconclusive);
  EXPECT_TRUE(contains(more.reason, "value is not what it was")) << more.reason;
  EXPECT_TRUE(contains(more.reason, "as if cents were written for euros")) << more.reason;
  ASSERT_EQ(more.scales.size(), 1u);
  EXPECT_TRUE(more.scales[0].unit);
  EXPECT_NEAR(more.scales[0].spread, 100, 10);

  const Monitoring less = with_value([](double y) { return y / 100; });
  EXPECT_EQ(less.verdict, Verdict::kInconclusive) << less.reason;
  EXPECT_TRUE(contains(less.reason, "as if euros were written for cents")) << less.reason;
  EXPECT_TRUE(less.harms.empty());

  const Monitoring none = with_value([](double) { return 0.0; });
  EXPECT_EQ(none.verdict, Verdict::kInconclusive) << none.reason;
  EXPECT_TRUE(contains(none.reason, "it is 0 in every decision of the later log")) << none.reason;

  DecisionLog first = MadeWorld{}.log();
  for (double& y : first.outcomes[0].value) y = 0;
  digest_rows(first);
  const Monitoring anew = monitored(first, later_world().log(), made_certificate_goal());
  EXPECT_NE(anew.verdict, Verdict::kPass);
  EXPECT_TRUE(contains(anew.reason, "it was 0 in every decision of the first log")) << anew.reason;
}

TEST(Scales, ContextsThatMovedAndEffectsAreNoOtherUnit) {
  EXPECT_TRUE(with_value([](double y) { return y; }).scales.empty());
  EXPECT_TRUE(with_value([](double y) { return 2 * y; }).scales.empty());
  MadeWorld other = later_world();
  other.x_mean = 1;
  EXPECT_TRUE(with_value([](double y) { return y; }, other).scales.empty());
  other = later_world();
  other.b = 0.9;
  EXPECT_TRUE(with_value([](double y) { return y; }, other).scales.empty());
  other = later_world();
  other.effect = 10;  // in one arm
  EXPECT_TRUE(with_value([](double y) { return y; }, other).scales.empty());
}

// Three events against nine may be chance; thirty against three hundred are not.
TEST(Scales, FewEventsAreNoScale) {
  const auto rare = [](std::uint64_t seed, double rate) {
    MadeWorld world;
    world.seed = seed;
    DecisionLog log = world.log();
    const Rng root(seed);
    for (std::size_t i = 0; i < log.size(); ++i) log.outcomes[0].value[i] = root.stream("e", i).bernoulli(rate);
    digest_rows(log);
    return log;
  };
  const Goal goal = made_certificate_goal(0);
  EXPECT_TRUE(monitored(rare(1, 0.002), rare(2, 0.006), goal).scales.empty());
  const Monitoring often = monitored(rare(1, 0.02), rare(2, 0.2), goal);
  ASSERT_EQ(often.scales.size(), 1u);
  EXPECT_FALSE(often.scales[0].unit);
  EXPECT_NE(often.verdict, Verdict::kPass);
  EXPECT_TRUE(contains(often.reason, "value is not what it was")) << often.reason;
}

// One arm has ten times as many events; the other's two against eight are no more than chance.
TEST(Scales, EveryArmIsBeyondError) {
  const auto log_of = [](std::uint64_t seed, int a, int b) {
    MadeWorld world;
    world.seed = seed;
    DecisionLog log = world.log();
    int left[2] = {a, b};
    for (std::size_t i = 0; i < log.size(); ++i) log.outcomes[0].value[i] = left[log.chosen[i]]-- > 0;
    digest_rows(log);
    return log;
  };
  const Goal goal = made_certificate_goal(0);
  EXPECT_TRUE(monitored(log_of(1, 2, 30), log_of(2, 8, 300), goal).scales.empty());
  EXPECT_EQ(monitored(log_of(1, 30, 30), log_of(2, 300, 300), goal).scales.size(), 1u);
}

// A world whose log offers c as well, in a fifth of the rows, and half of whose rows are of a new group.
DecisionLog with_third(std::uint64_t seed, std::uint32_t groups) {
  std::vector<MadeDecision> decisions(3000);
  const Rng root(seed);
  for (std::size_t i = 0; i < decisions.size(); ++i) {
    Rng rng = root.stream("decision", i);
    MadeDecision& d = decisions[i];
    d.unit = seed * 1000000 + i;
    d.mu = {0.4, 0.4, 0.2};
    d.chosen = i % 5 == 0 ? 2u : static_cast<std::uint32_t>(rng.below(2));
    d.x = {rng.normal(), rng.normal()};
    d.group = i % 2 == 0 ? static_cast<std::uint32_t>(rng.below(2)) : groups - 1;
    d.value = {(d.chosen == 1) * 1.0 + 0.5 * rng.normal(), 0.2 * rng.normal()};
  }
  DecisionLog out = made_log({"a", "b", "c"}, kMade, decisions);
  out.source = "third.csv";
  out.context.push_back(out.segments[0]);
  digest_rows(out);
  return out;
}

TEST(OnlyInOne, NewAndLostArmsAndLevelsAreNamed) {
  const Goal goal = made_certificate_goal();
  const Monitoring m = monitored(MadeWorld{}.log(), with_third(2, 3), goal, constant_policy("b"), "constant:a");
  EXPECT_TRUE(contains(
      m.reason, "actions that the certificate's log never took: c (600 of 3000 decisions of the later log)"))
      << m.reason;
  EXPECT_TRUE(
      contains(m.reason, "group has levels that the certificate's log never had: g2 (1500 of 3000 decisions"))
      << m.reason;
  EXPECT_EQ(m.verdict, Verdict::kPass) << m.reason;

  const Monitoring lost =
      monitored(with_third(2, 3), later_world().log(), goal, constant_policy("b"), "constant:a");
  EXPECT_TRUE(contains(lost.reason, "actions that the later log never takes: c (600 of 3000")) << lost.reason;
  EXPECT_TRUE(contains(lost.reason, "group has lost levels: g2 (1500 of 3000")) << lost.reason;
}

}  // namespace
}  // namespace plumb
