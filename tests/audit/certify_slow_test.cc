// How often certification passes what gains nothing.
#include <gtest/gtest.h>

#include "plumb/audit.h"
#include "tests/policy/made_log.h"

namespace plumb {
namespace {

// Four actions and three tables that all gain exactly nothing: choosing the best looking one must not pass more
// often than one log in twenty. Of 120 logs, more than 13 would with probability .003.
TEST(Certification, SeldomShipsTheBestOfManyThatGainNothing) {
  int shipped = 0;
  for (std::uint64_t seed = 1; seed <= 120; ++seed) {
    Rng rng(seed);
    std::vector<MadeDecision> decisions(1200);
    for (std::size_t i = 0; i < decisions.size(); ++i) {
      decisions[i] = {i, {.25, .25, .25, .25}, static_cast<std::uint32_t>(rng.below(4)), {rng.normal()}, {}, {},
                      0};
    }
    const DecisionLog log = made_log({"a", "b", "c", "d"}, {{"y"}}, decisions);
    std::vector<Certifiable> candidates;
    for (int k = 0; k < 3; ++k) {
      std::vector<float> p;
      for (std::size_t i = 0; i < log.size(); ++i) {
        const auto share = static_cast<float>(rng.uniform() * .9);
        p.insert(p.end(), {share, .9f - share, .05f, .05f});
      }
      candidates.push_back({table_policy("t" + std::to_string(k), p, true), "goal", true});
    }
    const OutcomeModels models = made_models(log, [](auto, auto, auto) { return 0.0; });
    const Certification c =
        certify(log, made_goal("y", {{"y"}}), models, std::make_shared<LoggingPolicy>(log, 1), candidates, {});
    shipped += c.decision == "ship";
  }
  EXPECT_LE(shipped, 13);
  RecordProperty("shipped", shipped);
}

}  // namespace
}  // namespace plumb
