// Each way in which a certificate stands, is revoked or is left open.
#include <gtest/gtest.h>

#include <cmath>

#include "plumb/evaluate.h"
#include "tests/monitor/two_worlds.h"

namespace plumb {
namespace {

MadeWorld later_world() {
  MadeWorld world;
  world.seed = 2;
  return world;
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != text.npos; }

const Shift& shift_of(const ShiftFamily& family, const std::string& group, const std::string& what) {
  for (const Shift& s : family.shifts) {
    if (s.group == group && s.what == what) return s;
  }
  throw std::logic_error("no shift of " + group + " " + what);
}

TEST(Monitor, ACertificateStandsWhereNothingMoved) {
  const DecisionLog first = MadeWorld{}.log(), later = later_world().log();
  const Monitoring m = monitored(first, later, made_certificate_goal());
  EXPECT_EQ(m.verdict, Verdict::kPass) << m.reason;
  EXPECT_TRUE(m.harms.empty());
  EXPECT_TRUE(m.cap.empty());
  // b for all gains half of its effect over the coin.
  EXPECT_NEAR(m.now.value, 0.5, 4 * m.now.standard_error);
  EXPECT_NEAR(m.then.value, 0.5, 4 * m.then.standard_error);
}

TEST(Monitor, ThePartsOfTheChangeAddUp) {
  MadeWorld other = later_world();
  other.x_mean = 0.5;
  other.effect = 0.7;
  const DecisionLog first = MadeWorld{}.log(), later = other.log();
  const Monitoring m = monitored(first, later, made_certificate_goal());
  EXPECT_NEAR(m.then.value + m.by_contexts.value, m.carried.value, 1e-10);
  // `now` is the certification's own number, reached by other sums.
  EXPECT_NEAR(m.carried.value + m.by_outcomes.value, m.now.value, 1e-10);

  // `then` is the doubly robust gain on the certification half of the first log alone.
  const OutcomeModels models = fit_outcome_models(first, {"value", "harm"}, 1);
  Evaluation e(first, models, 1);
  std::vector<std::uint8_t> unseen(first.size());
  for (std::size_t i = 0; i < first.size(); ++i) unseen[i] = !first.in_training(i);
  const std::size_t rows = e.add_subset({"certification half", unseen});
  const std::size_t b = e.add_policy(*constant_policy("b")), coin = e.add_policy(LoggingPolicy(first, 1));
  const Contrast gain{"gain", {{e.column(b, 0, rows), 1.0}, {e.column(coin, 0, rows), -1.0}}};
  const Estimates alone = e.estimate({&gain, 1});
  EXPECT_NEAR(m.then.value, alone.value[0], 1e-6);  // floats in the models
  EXPECT_NEAR(m.then.standard_error, alone.standard_error[0], 1e-6);
}

TEST(Monitor, AGainThatIsShownToBeGoneRevokes) {
  MadeWorld other = later_world();
  other.effect = -0.5;
  const Monitoring m = monitored(MadeWorld{}.log(), other.log(), made_certificate_goal());
  EXPECT_EQ(m.verdict, Verdict::kRefuse);
  ASSERT_FALSE(m.harms.empty());
  EXPECT_TRUE(contains(m.harms[0], "its gain is at most")) << m.harms[0];
  EXPECT_TRUE(shift_of(m.outcomes, "claim", "gain").harmful);
  // Half of -1.5, all of it by outcomes.
  EXPECT_NEAR(m.by_outcomes.value, -0.75, 4 * m.by_outcomes.standard_error);
  EXPECT_NEAR(m.by_contexts.value, 0, 4 * m.by_contexts.standard_error + 1e-9);
}

TEST(Monitor, AProvenViolationOfAConstraintRevokes) {
  MadeWorld other = later_world();
  other.harm = 0.5;  // half of it over the coin, .1 is the margin
  const Monitoring m = monitored(MadeWorld{}.log(), other.log(), made_certificate_goal());
  EXPECT_EQ(m.verdict, Verdict::kRefuse);
  EXPECT_TRUE(contains(m.reason, "harm rose by 0.2") || contains(m.reason, "harm rose by 2")) << m.reason;
  EXPECT_TRUE(shift_of(m.outcomes, "claim", "harm").harmful);
  EXPECT_FALSE(shift_of(m.outcomes, "claim", "gain").shown);
}

// The gain fell to nearly nothing: the later log can show neither that it is above 0 nor that it is not, but it
// shows that what the certificate was made of is gone.
TEST(Monitor, AGainThatFellAndNoLongerPassesRevokes) {
  MadeWorld other = later_world();
  other.effect = 0.02;
  const Goal goal = made_certificate_goal(0);
  const Monitoring m = monitored(MadeWorld{}.log(), other.log(), goal);
  ASSERT_EQ(m.claims.candidates[1].verdict, Verdict::kInconclusive) << m.claims.candidates[1].reason;
  EXPECT_EQ(m.verdict, Verdict::kRefuse);
  ASSERT_EQ(m.harms.size(), 1u);
  EXPECT_TRUE(contains(m.harms[0], "does not show that the claim still holds")) << m.harms[0];
}

TEST(Monitor, AGainThatFellAndStillPassesStandsAndIsNamed) {
  MadeWorld other = later_world();
  other.effect = 0.6;
  const Monitoring m = monitored(MadeWorld{}.log(), other.log(), made_certificate_goal());
  EXPECT_EQ(m.verdict, Verdict::kPass) << m.reason;
  EXPECT_TRUE(m.harms.empty());
  EXPECT_TRUE(contains(m.reason, "and the claim still passes")) << m.reason;
}

TEST(Monitor, ContextsThatMovedRevokeNothingAndAreToldFromOutcomes) {
  for (const double moved : {0.8, -0.8}) {
    MadeWorld other = later_world();
    other.x_mean = moved;
    other.group = 0.5;
    const Monitoring m = monitored(MadeWorld{}.log(), other.log(), made_certificate_goal());
    EXPECT_EQ(m.verdict, Verdict::kPass) << m.reason;
    EXPECT_TRUE(shift_of(m.contexts, "context", "x0").shown);
    EXPECT_FALSE(shift_of(m.contexts, "context", "x1").shown);
    EXPECT_TRUE(shift_of(m.contexts, "context", "group = g1").shown);
    EXPECT_TRUE(shift_of(m.contexts, "context", "all of them together").shown);
    EXPECT_EQ(m.choices.shown(), 0u);
    // Half of .5 times the move, all of it by contexts: the square that no model knows is carried by the ratio.
    EXPECT_NEAR(m.by_contexts.value, 0.25 * moved, 4 * m.by_contexts.standard_error);
    for (const Shift& s : m.outcomes.shifts) {
      if (s.group == "contexts") continue;
      EXPECT_FALSE(s.shown) << s.group << " " << s.what << " " << s.moved.value;
    }
    EXPECT_LT(m.carried_ess, static_cast<double>(m.compared_decisions));
  }
}

TEST(Monitor, TooFewLaterDecisionsCannotTell) {
  const DecisionLog first = MadeWorld{}.log();
  int decided = 0;
  for (std::uint64_t seed = 11; seed < 31; ++seed) {
    MadeWorld other;
    other.seed = seed;
    other.n = 400;
    other.noise = 40;  // a standard error of 2 on a gain of .5
    const Monitoring m = monitored(first, other.log(), made_certificate_goal());
    decided += m.verdict != Verdict::kInconclusive;
    EXPECT_EQ(m.harms.empty(), m.verdict != Verdict::kRefuse) << m.reason;
  }
  // One in twenty is expected by chance; five or more have probability .003.
  EXPECT_LE(decided, 4);
}

TEST(Monitor, ContextsThatMovedTooFarCarryNothingAndTheClaimsStay) {
  MadeWorld other = later_world();
  other.x_mean = 6;
  const Monitoring m = monitored(MadeWorld{}.log(), other.log(), made_certificate_goal());
  EXPECT_TRUE(contains(m.outcomes.why_not, "contexts moved so far")) << m.outcomes.why_not;
  EXPECT_TRUE(m.outcomes.shifts.empty());
  EXPECT_FALSE(m.carried.known);
  EXPECT_TRUE(m.now.known);
  EXPECT_EQ(m.verdict, Verdict::kPass) << m.reason;  // b is better still, by the later log alone
}

TEST(Monitor, ALaterLogThatAnotherPolicyWroteAsksAnotherQuestion) {
  MadeWorld other = later_world();
  other.b = 0.9;
  const DecisionLog first = MadeWorld{}.log(), later = other.log();
  const Monitoring m = monitored(first, later, made_certificate_goal());
  EXPECT_TRUE(m.logging.another_policy);
  EXPECT_NEAR(m.logging.kl, 0.9 * std::log(1.8) + 0.1 * std::log(0.2), 0.01);
  EXPECT_NEAR(m.logging.certified_kl, std::log(2), 1e-6);
  EXPECT_EQ(m.verdict, Verdict::kInconclusive);
  EXPECT_TRUE(contains(m.reason, "another policy wrote the later log")) << m.reason;
  EXPECT_TRUE(shift_of(m.choices, "chosen", "b").shown);
  // Against a reference that does not depend on who writes the log, the question is the same.
  const Monitoring fixed = monitored(first, later, made_certificate_goal(), constant_policy("b"), "uniform");
  EXPECT_TRUE(fixed.logging.another_policy);
  EXPECT_EQ(fixed.verdict, Verdict::kPass) << fixed.reason;
}

TEST(Monitor, ALogThatDoesNotStateItsProbabilitiesIsComparedByAModel) {
  MadeWorld plain, other = later_world();
  plain.with_logged = other.with_logged = false;
  const Monitoring same = monitored(plain.log(), other.log(), made_certificate_goal());
  EXPECT_EQ(same.verdict, Verdict::kPass) << same.reason;
  EXPECT_FALSE(same.logging.another_policy);
  EXPECT_NEAR(same.carried.value + same.by_outcomes.value, same.now.value, 1e-10);
  other.b = 0.9;
  EXPECT_TRUE(monitored(plain.log(), other.log(), made_certificate_goal()).logging.another_policy);
}

TEST(Monitor, ACapKeepsFromStandingAsFromRevoking) {
  CertificationOptions how;
  how.caps = {"nobody knows who was asked"};
  const DecisionLog first = MadeWorld{}.log();
  const Goal goal = made_certificate_goal();
  EXPECT_EQ(monitored(first, later_world().log(), goal, constant_policy("b"), "logging", how).verdict,
            Verdict::kInconclusive);
  MadeWorld other = later_world();
  other.effect = -0.5;
  EXPECT_EQ(monitored(first, other.log(), goal).verdict, Verdict::kRefuse);
  const Monitoring capped = monitored(first, other.log(), goal, constant_policy("b"), "logging", how);
  EXPECT_EQ(capped.verdict, Verdict::kInconclusive);
  EXPECT_TRUE(capped.harms.empty());
  EXPECT_TRUE(contains(capped.reason, "nobody knows who was asked")) << capped.reason;
}

// What is missing and not explained decides nothing by itself, but nothing else is in doubt.
TEST(Monitor, MissingOutcomesKeepFromStandingAsFromRevoking) {
  CertificationOptions how;
  how.missing_caps = {{"value", "nobody said why value is missing"}};
  const DecisionLog first = MadeWorld{}.log();
  const Goal goal = made_certificate_goal();
  for (const double effect : {MadeWorld{}.effect, -0.5}) {
    MadeWorld other = later_world();
    other.effect = effect;
    // Nothing is missing in truth: the worst case is what is there.
    EXPECT_NE(monitored(first, other.log(), goal, constant_policy("b"), "logging", how).verdict,
              Verdict::kInconclusive);
    DecisionLog holed = other.log();
    OutcomeColumn& value = holed.outcomes[0];
    for (std::size_t i = 0; i < holed.size(); i += 2) value.state[i] = State::kMissing;
    EXPECT_EQ(monitored(first, holed, goal, constant_policy("b"), "logging", how).verdict,
              Verdict::kInconclusive);
  }
}

TEST(Monitor, AConstraintOfASegmentIsComparedLevelByLevel) {
  Goal goal = made_certificate_goal();
  ConstraintSpec group;
  group.outcome = "value";
  group.no_worse_than_reference = group.higher_is_better = true;
  group.segment = "group";
  group.margin = 0.1;
  goal.constraints.push_back(group);
  MadeWorld other = later_world();
  other.group_effect = -2.5;  // g1 now loses, everybody together still gains
  const Monitoring m = monitored(MadeWorld{}.log(), other.log(), goal);
  EXPECT_EQ(m.verdict, Verdict::kRefuse);
  EXPECT_TRUE(shift_of(m.outcomes, "claim", "value by group = g1").harmful);
  EXPECT_FALSE(shift_of(m.outcomes, "claim", "value by group = g0").shown);
  EXPECT_TRUE(contains(m.reason, "value by group = g1")) << m.reason;
}

}  // namespace
}  // namespace plumb
