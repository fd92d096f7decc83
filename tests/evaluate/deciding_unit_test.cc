// Which unit decides: found again by brute force, on logs in which one outcome or one unit was made to.
#include "evaluate/deciding_unit.h"

#include <gtest/gtest.h>

#include <cmath>

#include "plumb/policy_contrast.h"
#include "tests/evaluate/two_arms.h"

namespace plumb {
namespace {

ContrastParts gain_of(const DecisionLog& log) {
  const OutcomeModels models = fit_outcome_models(log, {"y"}, 1);
  Evaluation evaluation(log, models, 1);
  const std::size_t all = evaluation.add_subset({"all", std::vector<std::uint8_t>(log.size(), 1)}),
                    a = evaluation.add_policy(*constant_policy("a")),
                    b = evaluation.add_policy(*constant_policy("b"));
  return contrast_parts(evaluation, {{{b, 1.0}, {a, -1.0}}, {{0, 1.0}}, all});
}

DecisionLog numbers(std::size_t n, double sigma, std::uint64_t seed) {
  DecisionLog log = two_arms({.decisions = n, .seed = seed});
  Rng rng = Rng(seed).stream("numbers");
  log.outcomes[0].kind = OutcomeKind::kNumber;
  for (double& y : log.outcomes[0].value) y = sigma > 0 ? std::exp(sigma * rng.normal()) : rng.normal();
  log.outcomes[0].nonzero_count = n;
  return log;
}

TEST(DecidingUnit, IsNamedByItsDecisionWithItsShareOfTheVariance) {
  DecisionLog log = numbers(2000, 0, 1);
  EXPECT_EQ(gain_of(log).one_decides, "");
  log.outcomes[0].value[41] = 999999999;
  const ContrastParts parts = gain_of(log);
  EXPECT_NE(parts.one_decides.find("one customer decides this: decision 42 (y = 999999999)"), std::string::npos)
      << parts.one_decides;
  EXPECT_NE(parts.one_decides.find(" 100 % of the variance"), std::string::npos) << parts.one_decides;
  log.id.resize(log.size());
  log.id[41] = "d-41";
  EXPECT_NE(gain_of(log).one_decides.find("decision d-41 ("), std::string::npos);
}

// 2,000 normal outcomes: weights of 2, so one of size s brings s^2 of about 2000 + s^2.
TEST(DecidingUnit, SpeaksFromAQuarterOfTheVarianceOn) {
  for (const double size : {15., 24., 28., 40.}) {
    DecisionLog log = numbers(2000, 0, 2);
    log.outcomes[0].value[77] = size;
    const double share = size * size / (2000 + size * size);
    EXPECT_EQ(gain_of(log).one_decides.empty(), share < kOneShare) << size << " " << gain_of(log).one_decides;
  }
}

TEST(DecidingUnit, OfSeveralRowsIsFoundThoughNoRowStandsOut) {
  DecisionLog log = two_arms({.decisions = 1500, .rate_a = 0, .rate_b = 0, .seed = 3});
  OutcomeColumn& y = log.outcomes[0];
  log.unit_named = true;
  std::size_t made = 0;
  for (std::size_t i = 0; i < log.size(); ++i) {
    const bool big = log.chosen_action(i) == 1 && made < 30;
    if (!big && i % 30 != 0) continue;
    y.value[i] = 1;
    ++y.nonzero_count;
    if (big && ++made > 0) log.unit[i] = 12345;
  }
  const std::string one = gain_of(log).one_decides;
  EXPECT_NE(one.find("with 29 more of its unit"), std::string::npos) << one;
  log.unit_named = false;  // the same rows, each for itself
  EXPECT_EQ(gain_of(log).one_decides, "");
}

TEST(DecidingUnit, AFewEventsAreNoUnitThatDecides) {
  for (const double rate : {.001, .002, .01})
    EXPECT_EQ(gain_of(two_arms({.decisions = 2000, .rate_a = rate, .rate_b = rate, .seed = 4})).one_decides,
              "");
}

// At most 48 of 1,000: the rule's own limit, the 99.9 % point of a rate of .03. 300 worlds: at most 20.
TEST(DecidingUnit, SeldomStandsInSoundLogs) {
  std::size_t lognormal = 0, amounts = 0;
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    lognormal += !gain_of(numbers(1000, 1, seed)).one_decides.empty();
    amounts +=
        !gain_of(two_arms({.decisions = 2000, .rate_a = .1, .rate_b = .1, .amount_sigma = 1, .seed = seed}))
             .one_decides.empty();
  }
  EXPECT_LE(lognormal, 20u);
  EXPECT_LE(amounts, 20u);
}

}  // namespace
}  // namespace plumb
