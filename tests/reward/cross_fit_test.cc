// No row is scored by a constant or an index that saw it.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>

#include "plumb/pressure.h"
#include "tests/optimize/tempting_log.h"

namespace plumb {
namespace {

TEST(OutcomeModels, NeverScoreARowByAConstantThatSawItNorByAnIndexThatDid) {
  Rng rng(3);
  const std::vector<MadeOutcome> outcomes = {{"goal"}, {"proxy"}, {"rare", OutcomeKind::kRating, .05}};
  std::vector<MadeDecision> decisions(1200);
  for (std::size_t i = 0; i < decisions.size(); ++i) {
    const double x = rng.normal(), proxy = rng.exponential() + x;
    decisions[i] = {
        i,
        {.5, .5},
        rng.bernoulli(.5),
        {proxy + x + rng.normal(), proxy, rng.normal()},
        {State::kObserved, State::kObserved, rng.bernoulli(.05) ? State::kObserved : State::kMissing},
        {x},
        0};
  }
  const DecisionLog log = made_log({"a", "b"}, outcomes, decisions);
  for (std::size_t i = 0; i < log.size(); ++i) {
    if (log.fold[i] == 2) decisions[i].value = {decisions[i].value[0], -4 * decisions[i].value[1], 50};
  }
  const DecisionLog other = made_log({"a", "b"}, outcomes, decisions);
  Goal goal = made_goal("goal", outcomes);
  goal.proxies = {"proxy"};
  const OutcomeModels a = fit_outcome_models(log, {"goal", "proxy", "rare"}, 1),
                      b = fit_outcome_models(other, {"goal", "proxy", "rare"}, 1);
  ASSERT_EQ(a.method[2], Method::kConstant);
  const Signal index_a = make_signals(log, goal, a, 1)[2], index_b = make_signals(other, goal, b, 1)[2];
  std::size_t constants = 0, indices = 0;
  for (std::size_t i = 0; i < log.size(); ++i) {
    if (log.fold[i] != 2) continue;
    constants += a.q[2][2 * i] != b.q[2][2 * i];
    indices += index_a.score[2 * i] != index_b.score[2 * i];
  }
  EXPECT_EQ(constants, 0u);
  EXPECT_EQ(indices, 0u);
}

}  // namespace
}  // namespace plumb
