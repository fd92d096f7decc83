// Worst-case bounds against the same log with its missing values filled in.
#include "audit/missing_bounds.h"

#include <gtest/gtest.h>

#include <cmath>

#include "audit/claims.h"
#include "tests/policy/made_log.h"

namespace plumb {
namespace {

const std::vector<MadeOutcome> kOutcomes{{"y", OutcomeKind::kBinary, 0}};

// Two arms, y missing in about a quarter, more often after b; asked as nobody knows it: .6 everywhere.
DecisionLog gappy(std::size_t n, double missing, double gain) {
  Rng rng = Rng(11).stream("bounds");
  std::vector<MadeDecision> decisions;
  for (std::size_t i = 0; i < n; ++i) {
    MadeDecision d;
    d.unit = i;
    d.mu = {.4, .6};
    d.chosen = rng.bernoulli(.6) ? 1 : 0;
    d.x = {rng.normal()};
    d.value = {rng.bernoulli(.4 + (d.chosen == 1 ? gain : 0)) ? 1. : 0.};
    d.state = {rng.bernoulli(d.chosen == 1 ? 1.2 * missing : missing) ? State::kMissing : State::kObserved};
    d.group = static_cast<std::uint32_t>(i % 2);
    decisions.push_back(std::move(d));
  }
  DecisionLog log = made_log({"a", "b"}, kOutcomes, decisions);
  log.outcomes[0].asked.assign(n, .6);
  log.outcomes[0].asked_estimated = true;
  return log;
}

// Every missing value filled: `of_b` where b was chosen, else `of_a`.
DecisionLog filled(DecisionLog log, double of_a, double of_b) {
  OutcomeColumn& y = log.outcomes[0];
  for (std::size_t i = 0; i < log.size(); ++i) {
    if (y.state[i] != State::kMissing) continue;
    y.state[i] = State::kObserved;
    y.value[i] = log.chosen[i] == 1 ? of_b : of_a;
  }
  y.asked.clear();
  return log;
}

OutcomeModels models_of(const DecisionLog& log) {
  return made_models(log, [&](std::size_t, std::size_t i, std::size_t a) {
    return .3 + .1 * static_cast<double>(a) + .05 * static_cast<double>(log.context[0].number[i]);
  });
}

struct Gain {
  double value, error;
};
Gain gain_of(const DecisionLog& log, const PolicyPointer& a, const PolicyPointer& b) {
  const OutcomeModels models = models_of(log);
  Evaluation e(log, models, 1);
  const std::size_t all = e.add_subset({"all", std::vector<std::uint8_t>(log.size(), 1)});
  const std::size_t first = e.add_policy(*a), second = e.add_policy(*b);
  const Contrast c{"gain", {{e.column(first, 0, all), 1.0}, {e.column(second, 0, all), -1.0}}};
  const Estimates found = e.estimate({&c, 1});
  return {found.value[0], found.standard_error[0]};
}

TEST(MissingBounds, AreTheValuesOfTheLogFilledInAtItsWorst) {
  const DecisionLog log = gappy(3000, .25, .1);
  const Goal goal = made_goal("y", kOutcomes);
  const OutcomeModels models = models_of(log);
  const std::map<std::string, std::string> caps{{"y", "nobody said why"}};
  MissingBounds bounds(log, goal, models, caps, 1);
  const PolicyPointer a = constant_policy("a"), b = constant_policy("b"), uniform = uniform_policy();
  for (const PolicyPointer& p : {a, b, uniform}) bounds.add(p);
  const std::vector<std::uint8_t> every(log.size(), 1);
  const std::vector<std::pair<std::size_t, double>> terms{{0, 1.0}};

  const Gain random = gain_of(log, b, a), low = gain_of(filled(log, 1, 0), b, a),
             high = gain_of(filled(log, 0, 1), b, a);
  const WorstCase worst = bounds.worst(terms, 1, 0, every);
  EXPECT_NEAR(random.value + worst.lower_shift, low.value, 1e-9);
  EXPECT_NEAR(random.value + worst.upper_shift, high.value, 1e-9);
  EXPECT_LT(worst.lower_shift, -.2);
  // Standard deviations add up at most.
  EXPECT_GE(random.error + worst.lower_error, low.error);
  EXPECT_GE(random.error + worst.upper_error, high.error);

  // Against a policy that shares decisions with it only the difference of weights counts: b takes b with weight
  // 1/.6 and uniform with .5/.6, so b's gaps are worth the same sign, a's the other.
  const WorstCase shared = bounds.worst(terms, 1, 2, every);
  EXPECT_NEAR(gain_of(log, b, uniform).value + shared.lower_shift, gain_of(filled(log, 1, 0), b, uniform).value,
              1e-6);
  EXPECT_NEAR(shared.lower_shift, worst.lower_shift / 2, 1e-6);

  // A level, and a goal that wants less.
  const WorstCase level = bounds.worst(terms, 1, std::nullopt, every);
  EXPECT_LT(level.lower_shift, 0);
  EXPECT_GT(level.upper_shift, 0);
  const std::vector<std::pair<std::size_t, double>> less{{0, -2.0}};
  EXPECT_NEAR(bounds.worst(less, 1, 0, every).lower_shift, -2 * worst.upper_shift, 1e-9);
}

TEST(MissingBounds, MoveOutwardsOnly) {
  Measured m = make_measured(.1, .02, 2, .95);
  const Measured out = at_worst(m, {-.05, .01, -.001, .01}, 2);
  EXPECT_NEAR(out.interval.lower, .06 - .05 - .02, 1e-12);
  EXPECT_NEAR(out.interval.upper, .14 + .02, 1e-12);
  EXPECT_EQ(out.method, "bounds");
  EXPECT_FALSE(at_worst(unknown("nothing"), {-1, 0, 1, 0}, 2).known);
}

TEST(MissingBounds, TakeTenTimesTheSpanWhereNobodyStatesARange) {
  DecisionLog log = gappy(1000, .25, .1);
  log.outcomes[0].kind = OutcomeKind::kNumber;
  const Goal goal = made_goal("y", {{"y", OutcomeKind::kNumber, 0}});
  const OutcomeModels models = models_of(log);
  const std::map<std::string, std::string> caps{{"y", "nobody said why"}};
  MissingBounds bounds(log, goal, models, caps, 1);
  const std::vector<std::pair<std::size_t, double>> terms{{0, 1.0}};
  EXPECT_NE(bounds.whatever(terms).find("from -4.5 to 5.5 (assumed: ten times"), std::string::npos)
      << bounds.whatever(terms);
}

TEST(MissingBounds, DecideNothingWhereAllThatIsSeenIsTheSame) {
  DecisionLog log = gappy(1000, .25, .1);
  log.outcomes[0].kind = OutcomeKind::kNumber;
  for (std::size_t i = 0; i < log.size(); ++i) log.outcomes[0].value[i] = 0;
  const Goal goal = made_goal("y", {{"y", OutcomeKind::kNumber, 0}});
  const OutcomeModels models = models_of(log);
  const std::map<std::string, std::string> caps{{"y", "nobody said why"}};
  MissingBounds bounds(log, goal, models, caps, 1);
  bounds.add(constant_policy("a"));
  const std::vector<std::pair<std::size_t, double>> terms{{0, 1.0}};
  const WorstCase worst = bounds.worst(terms, 0, std::nullopt, std::vector<std::uint8_t>(log.size(), 1));
  const Measured open = at_worst(make_measured(0, .1, 2, .95), worst, 2);
  EXPECT_EQ(open.interval.lower, -INFINITY);
  EXPECT_EQ(open.interval.upper, INFINITY);
}

CandidateClaim claim_on_b(const DecisionLog& log, const Goal& goal, const CertificationOptions& options) {
  CertificationOptions how = options;
  how.with_constants = false;
  return certify(log, goal, models_of(log), constant_policy("a"), {{constant_policy("b"), "", true}}, how)
      .candidates[1];
}

TEST(MissingBounds, DecideWhereWhatIsMissingCannotMatter) {
  CertificationOptions capped;
  capped.missing_caps = {{"y", "nobody said why"}};
  Goal goal = made_goal("y", kOutcomes, .01);
  const CandidateClaim pass = claim_on_b(gappy(4000, .02, .4), goal, capped);
  EXPECT_EQ(pass.verdict, Verdict::kPass) << pass.reason;
  EXPECT_EQ(pass.versus_reference.method, "bounds");
  EXPECT_NE(pass.reason.find("whatever the"), std::string::npos) << pass.reason;
  const CandidateClaim refused = claim_on_b(gappy(4000, .02, -.3), goal, capped);
  EXPECT_EQ(refused.verdict, Verdict::kRefuse) << refused.reason;
  for (const double gain : {.4, -.3}) {
    const CandidateClaim open = claim_on_b(gappy(4000, .5, gain), goal, capped);
    EXPECT_EQ(open.verdict, Verdict::kInconclusive) << open.reason;
    EXPECT_EQ(open.cap, "nobody said why");
    // Declared and not capped: decided by the estimate, with how far what is missing would have to differ.
    const CandidateClaim declared = claim_on_b(gappy(4000, .5, gain), goal, {});
    EXPECT_NE(declared.verdict, Verdict::kInconclusive) << declared.reason;
    EXPECT_NE(declared.reason.find("would have to lie"), std::string::npos) << declared.reason;
  }
}

// A constraint on y, where the goal is on something else that is seen everywhere.
TEST(MissingBounds, LeaveConstraintsOpenUnlessTheyDecide) {
  Goal goal = made_goal("y", kOutcomes, 0);
  ConstraintSpec limit;
  limit.outcome = "y";
  limit.at_most = .6;
  goal.constraints.push_back(limit);
  CertificationOptions capped;
  capped.missing_caps = {{"y", "nobody said why"}};
  const auto verdict = [&](double missing, double gain) {
    return claim_on_b(gappy(4000, missing, gain), goal, capped).constraints[0].verdict;
  };
  EXPECT_EQ(verdict(.02, 0), Verdict::kPass);
  EXPECT_EQ(verdict(.5, 0), Verdict::kInconclusive);
  EXPECT_EQ(verdict(.02, .5), Verdict::kRefuse);
  EXPECT_EQ(verdict(.5, .5), Verdict::kInconclusive);
}

TEST(MissingBounds, CapsStopARefusalAsTheyStopAPass) {
  Goal goal = made_goal("y", kOutcomes, .01);
  ConstraintSpec limit;
  limit.outcome = "y";
  limit.at_most = .2;
  goal.constraints.push_back(limit);
  for (const double gain : {.3, -.3}) {
    const DecisionLog log = filled(gappy(3000, .02, gain), 0, 0);
    const CandidateClaim decided = claim_on_b(log, goal, {});
    EXPECT_EQ(decided.verdict, Verdict::kRefuse) << decided.reason;
    CertificationOptions capped;
    capped.caps = {"nobody knows the propensities"};
    const CandidateClaim open = claim_on_b(log, goal, capped);
    EXPECT_EQ(open.verdict, Verdict::kInconclusive) << open.reason;
    EXPECT_EQ(open.gain, Verdict::kInconclusive);
    EXPECT_EQ(open.cap, "nobody knows the propensities");
    EXPECT_EQ(open.constraints[0].verdict, Verdict::kInconclusive);
  }
}

}  // namespace
}  // namespace plumb
