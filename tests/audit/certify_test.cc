// Certification on worlds of two actions whose gains are known: who passes, who is recommended, who is refused
// and why.
#include <gtest/gtest.h>

#include <cmath>

#include "plumb/audit.h"
#include "tests/policy/made_log.h"

namespace plumb {
namespace {

const std::vector<MadeOutcome> kOutcomes = {{"value"}, {"harm"}};

// A fair coin between a and b. b is worth `by_group[g]` more than a in group g, and `by_sign` more where x0 is
// positive (less where negative); its harm is .3, that of a nothing.
struct World {
  double by_group[2] = {1, 1};
  double by_sign = 0;
  std::uint64_t seed = 71;
  std::size_t n = 4000;
  DecisionLog log() const {
    Rng rng(seed);
    std::vector<MadeDecision> decisions(n);
    for (std::size_t i = 0; i < n; ++i) {
      MadeDecision& d = decisions[i];
      d.unit = i;
      d.mu = {.5, .5};
      d.x = {rng.normal()};
      d.group = i % 5 == 0;  // one in five
      d.chosen = rng.bernoulli(.5);
      const double better = by_group[d.group] + (d.x[0] > 0 ? by_sign : -by_sign);
      d.value = {d.chosen * better + .5 * rng.normal(), d.chosen * .3 + .2 * rng.normal()};
    }
    return made_log({"a", "b"}, kOutcomes, decisions);
  }
};

OutcomeModels no_models(const DecisionLog& log) {
  return made_models(log, [](auto, auto, auto) { return 0.0; });
}

// Takes b with probability `positive` where x0 > 0, else with `negative`.
PolicyPointer by_sign(const DecisionLog& log, const std::string& name, double positive, double negative) {
  std::vector<float> p;
  for (std::size_t i = 0; i < log.size(); ++i) {
    const auto b = static_cast<float>(log.context[0].number[i] > 0 ? positive : negative);
    p.insert(p.end(), {1 - b, b});
  }
  return table_policy(name, std::move(p), true);
}

Certification certified(const DecisionLog& log, const Goal& goal, const std::vector<Certifiable>& candidates,
                        const CertificationOptions& options = {}) {
  return certify(log, goal, no_models(log), std::make_shared<LoggingPolicy>(log, 1), candidates, options);
}

const CandidateClaim& claim_of(const Certification& c, const std::string& name) {
  for (const CandidateClaim& claim : c.candidates) {
    if (claim.name == name) return claim;
  }
  throw std::logic_error("no claim on " + name);
}

TEST(Certification, RecommendsTheSimplestThatPasses) {
  World world;  // b is worth 2 more where x0 is positive, else neither more nor less
  world.by_sign = 1;
  const DecisionLog log = world.log();
  const Goal goal = made_goal("value", kOutcomes, .1);
  // Two tables that take b where it matters: as good as b for all, and not simpler.
  const Certification c = certified(
      log, goal, {{by_sign(log, "t1", 1, .3), "goal", false}, {by_sign(log, "t2", 1, .6), "goal", false}});
  for (const PairClaim& pair : c.pairs) {
    if (pair.b != "constant:b") continue;
    EXPECT_LT(pair.gain.interval.lower, 0);  // neither is shown to be better ...
    EXPECT_GT(pair.gain.interval.upper, 0);  // ... or worse
  }
  EXPECT_EQ(claim_of(c, "t1").verdict, Verdict::kPass);
  EXPECT_EQ(claim_of(c, "t2").verdict, Verdict::kPass);
  ASSERT_TRUE(c.recommended);
  EXPECT_EQ(c.candidates[*c.recommended].name, "constant:b");
  EXPECT_EQ(c.decision, "ship");
  EXPECT_EQ(c.verdict, Verdict::kPass);
  EXPECT_EQ(c.candidates[*c.best_constant].name, "constant:b");
  // b for all gains half of 1 over the coin.
  const Measured& gain = claim_of(c, "constant:b").versus_reference;
  EXPECT_NEAR(gain.value, .5, 4 * gain.standard_error);
  EXPECT_EQ(claim_of(c, "constant:a").verdict, Verdict::kRefuse);
  EXPECT_EQ(c.candidates[0].name, "reference");
}

TEST(Certification, RecommendsAPersonalPolicyThatBeatsEveryConstant) {
  World world;
  world.by_group[0] = world.by_group[1] = .4;
  world.by_sign = 1;
  const DecisionLog log = world.log();
  const Goal goal = made_goal("value", kOutcomes, .1);
  const Certification c = certified(log, goal, {{by_sign(log, "personal", .95, .05), "goal", false}});
  EXPECT_EQ(claim_of(c, "constant:b").verdict, Verdict::kPass);
  ASSERT_TRUE(c.recommended);
  EXPECT_EQ(c.candidates[*c.recommended].name, "personal");
  EXPECT_GT(claim_of(c, "personal").versus_best_constant.interval.lower, 0);
  // .5 (.95 1.4 + .05 (-.6)) less the coin's .2.
  const Measured& gain = claim_of(c, "personal").versus_reference;
  EXPECT_NEAR(gain.value, .5 * (.95 * 1.4 - .05 * .6) - .2, 4 * gain.standard_error);
}

TEST(Certification, ComparesAllPairsInOneFamily) {
  const DecisionLog log = World{}.log();
  const Goal goal = made_goal("value", kOutcomes, .1);
  const Certification c = certified(log, goal, {{by_sign(log, "t", .9, .6), "goal", false}});
  ASSERT_EQ(c.candidates.size(), 4u);  // reference, two constants, the table
  EXPECT_EQ(c.family_size, 6u);
  EXPECT_EQ(c.pairs.size(), 3u);  // the reference's are in the claims
  EXPECT_GE(c.critical, normal_quantile(.975));
  EXPECT_LE(c.critical, normal_quantile(1 - .025 / 6) + .05);  // Bonferroni and a crumb of the bootstrap
  const Measured& gain = claim_of(c, "t").versus_reference;
  // At each end the wider of normal and Hall, with Student's t.
  for (const double reach : {gain.interval.upper - gain.value, gain.value - gain.interval.lower}) {
    EXPECT_GE(reach, c.critical * gain.standard_error);
    EXPECT_LE(reach, 1.05 * c.critical * gain.standard_error);
  }
}

TEST(Certification, RefusesAPolicyThatIsShownToHarmASegment) {
  World world;
  world.by_group[1] = -1;  // b is bad for one in five
  const DecisionLog log = world.log();
  Goal goal = made_goal("value", kOutcomes, .1);
  EXPECT_EQ(claim_of(certified(log, goal, {}), "constant:b").verdict, Verdict::kPass);
  goal.segments = {"group"};
  const Certification c = certified(log, goal, {});
  const CandidateClaim& b = claim_of(c, "constant:b");
  EXPECT_EQ(b.verdict, Verdict::kRefuse);
  EXPECT_NE(b.reason.find("group = g1 is shown to lose"), std::string::npos) << b.reason;
  ASSERT_EQ(b.segments.size(), 2u);
  EXPECT_EQ(b.segments[0].verdict, Verdict::kPass);
  EXPECT_EQ(b.segments[1].verdict, Verdict::kRefuse);
  EXPECT_EQ(b.segments[1].count, 800u);
  EXPECT_NEAR(b.segments[0].gain.value, .5, .1);
  EXPECT_NEAR(b.segments[1].gain.value, -.5, .15);
  EXPECT_FALSE(c.recommended);
  EXPECT_EQ(c.decision, "keep");  // a loses too
}

TEST(Certification, AsksForProofOnlyWhereASegmentIsAConstraint) {
  World world;
  world.by_group[1] = 0;  // nothing changes for one in five
  const DecisionLog log = world.log();
  Goal goal = made_goal("value", kOutcomes, .1);
  goal.segments = {"group"};
  EXPECT_EQ(claim_of(certified(log, goal, {}), "constant:b").verdict, Verdict::kPass);
  ConstraintSpec every_group;
  every_group.outcome = "value";
  every_group.no_worse_than_reference = true;
  every_group.higher_is_better = true;
  every_group.segment = "group";
  for (const double margin : {.01, .3}) {
    every_group.margin = margin;
    goal.constraints = {every_group};
    const Certification c = certified(log, goal, {});
    const CandidateClaim& b = claim_of(c, "constant:b");
    ASSERT_EQ(b.constraints.size(), 2u);
    EXPECT_EQ(b.constraints[0].verdict, Verdict::kPass);
    EXPECT_EQ(b.constraints[1].verdict, margin > .1 ? Verdict::kPass : Verdict::kInconclusive);
    EXPECT_EQ(b.verdict, margin > .1 ? Verdict::kPass : Verdict::kInconclusive);
    EXPECT_EQ(b.constraints[1].decisions_needed > 0, margin < .1);
  }
}

TEST(Certification, PassesRefusesOrLeavesOpenAConstraint) {
  const DecisionLog log = World{}.log();
  ConstraintSpec harm;  // of b .3, of the coin .15
  harm.outcome = "harm";
  const auto verdict = [&](std::optional<double> at_most, double margin) {
    Goal goal = made_goal("value", kOutcomes, .1);
    harm.at_most = at_most;
    harm.no_worse_than_reference = !at_most;
    harm.margin = margin;
    goal.constraints = {harm};
    const Certification c = certified(log, goal, {});
    EXPECT_EQ(claim_of(c, "constant:b").constraints[0].verdict, claim_of(c, "constant:b").verdict);
    return claim_of(c, "constant:b").verdict;
  };
  EXPECT_EQ(verdict(.35, 0), Verdict::kPass);
  EXPECT_EQ(verdict(.25, .1), Verdict::kPass);
  EXPECT_EQ(verdict(.25, 0), Verdict::kRefuse);
  EXPECT_EQ(verdict(.3, 0), Verdict::kInconclusive);
  EXPECT_EQ(verdict({}, .25), Verdict::kPass);
  EXPECT_EQ(verdict({}, .05), Verdict::kRefuse);
  EXPECT_EQ(verdict({}, .15), Verdict::kInconclusive);
}

TEST(Certification, CanBeNoBetterThanInconclusiveWhereTheLogIsInDoubt) {
  const DecisionLog log = World{}.log();
  CertificationOptions options;
  options.caps = {"nobody knows the propensities"};
  const Certification c = certified(log, made_goal("value", kOutcomes, .1), {}, options);
  const CandidateClaim& b = claim_of(c, "constant:b");
  EXPECT_EQ(b.verdict, Verdict::kInconclusive);
  EXPECT_NE(b.reason.find("nobody knows the propensities"), std::string::npos);
  EXPECT_FALSE(c.recommended);
  EXPECT_EQ(c.decision, "experiment");
}

TEST(Certification, KeepsTheReferenceWhereAllOthersAreRefused) {
  const DecisionLog log = World{}.log();
  const Certification c = certified(log, made_goal("value", kOutcomes, 2.0), {});
  for (std::size_t k = 1; k < c.candidates.size(); ++k) EXPECT_EQ(c.candidates[k].verdict, Verdict::kRefuse);
  EXPECT_EQ(c.decision, "keep");
  EXPECT_EQ(c.verdict, Verdict::kRefuse);
  World weak;
  weak.by_group[0] = weak.by_group[1] = .02;
  const Certification open = certified(weak.log(), made_goal("value", kOutcomes, .01), {});
  EXPECT_EQ(open.decision, "experiment");
  EXPECT_GT(claim_of(open, "constant:b").decisions_needed, 0u);
}

TEST(Certification, JudgesALearntPolicyByRowsThatItHasNotSeen) {
  const World world;
  const DecisionLog log = world.log();
  DecisionLog other = log;  // the training half tells another story
  for (std::size_t i = 0; i < other.size(); ++i) {
    if (other.in_training(i)) other.outcomes[0].value[i] += other.chosen[i] == 1 ? -50 : 50;
  }
  const Goal goal = made_goal("value", kOutcomes, .1);
  std::vector<CandidateClaim> learnt, fixed;
  for (const DecisionLog* l : {&log, static_cast<const DecisionLog*>(&other)}) {
    const Certification c = certified(
        *l, goal, {{by_sign(*l, "learnt", .9, .8), "goal", false}, {by_sign(*l, "fixed", .9, .7), "", true}});
    learnt.push_back(claim_of(c, "learnt"));
    fixed.push_back(claim_of(c, "fixed"));
  }
  EXPECT_EQ(learnt[0].versus_reference.value, learnt[1].versus_reference.value);
  EXPECT_EQ(learnt[0].versus_reference.standard_error, learnt[1].versus_reference.standard_error);
  EXPECT_LT(learnt[0].support.count, .6 * static_cast<double>(world.n));
  EXPECT_EQ(fixed[0].support.count, static_cast<double>(world.n));
  EXPECT_GT(fixed[0].versus_reference.value, fixed[1].versus_reference.value + 1);
}

TEST(Certification, IsTheSameForAnyNumberOfThreads) {
  const DecisionLog log = World{}.log();
  const Goal goal = made_goal("value", kOutcomes, .1);
  std::vector<Certification> c;
  for (const int threads : {1, 3}) {
    CertificationOptions options;
    options.threads = threads;
    c.push_back(certified(log, goal, {{by_sign(log, "t", .9, .6), "goal", false}}, options));
  }
  EXPECT_EQ(c[0].critical, c[1].critical);
  for (std::size_t k = 0; k < c[0].candidates.size(); ++k)
    EXPECT_EQ(c[0].candidates[k].versus_reference.interval.lower,
              c[1].candidates[k].versus_reference.interval.lower);
}

}  // namespace
}  // namespace plumb
