// Equal pressure is no difference: two arms without context, where both signals can only lead to the same
// policy.
#include <nlohmann/json.hpp>

#include "cases.h"
#include "plumb/stats.h"

namespace plumb {
namespace {

struct Aligned {
  std::string decision, recommended, sentence, all;
  bool same = false;
};

Aligned align_in(const Folder& folder, int seed) {
  const Result run = folder.plumb({"align", "goal.toml", "--seed", std::to_string(seed), "--out", "run"});
  Aligned out;
  out.all = run.out + run.err;
  const auto evidence = nlohmann::json::parse(folder.read("run/evidence.json"), nullptr, false);
  if (!evidence.is_object()) {
    ADD_FAILURE() << out.all;
    return out;
  }
  out.decision = evidence.at("decision");
  if (evidence.at("recommended").is_object()) out.recommended = evidence["recommended"].at("policy");
  for (const auto& c : evidence.at("audit").at("comparisons")) {
    out.sentence = c.at("sentence");
    out.same = c.at("same_policy");
    EXPECT_NEAR(c.at("kl").get<double>() / c.at("kl_goal").get<double>(), 1, 1e-9);
  }
  const double size = evidence.at("family").at("size"), alpha = evidence.at("look").at("alpha");
  EXPECT_LE(evidence["family"].at("critical").get<double>(), normal_quantile(1 - alpha / (2 * size)) + 1e-9);
  return out;
}

// arm b brings `effect` more spend and `visits` more visits than a; half and half.
std::string two_arms(double effect, double visits, std::uint64_t seed) {
  std::string out = "user,arm,visit,spend\n";
  Rng rng(seed);
  for (int i = 0; i < 12000; ++i) {
    const bool b = rng.bernoulli(.5);
    const bool visit = rng.bernoulli(.3 + (b ? visits : 0));
    out += "u" + std::to_string(i) + (b ? ",b," : ",a,") + (visit ? "1," : "0,") +
           std::to_string(4 + (b ? effect : 0) + rng.normal()) + "\n";
  }
  return out;
}

constexpr const char* kGoal = R"(goal.maximize = "spend"
goal.minimum_effect = 0.05
outcome.spend.kind = "number"
outcome.visit.kind = "binary"
proxies.candidates = ["visit"]
data.log = "log.csv"
data.unit = "user"
data.action = "arm"
data.propensity = 0.5
data.context = []
)";

TEST(CasesPressure, TheSamePolicyIsNoDifferenceAndTheWinnerShips) {
  const Folder folder;
  PLUMB_CASE("equal_pressure", folder);
  for (int seed = 1; seed <= 8; ++seed) {
    const Aligned run = align_in(folder, seed);
    EXPECT_TRUE(run.same) << seed << run.sentence;
    EXPECT_FALSE(contains(run.sentence, "is better") || contains(run.sentence, "is worse")) << run.sentence;
    EXPECT_EQ(run.decision, "ship") << seed << run.all;
    EXPECT_EQ(run.recommended, "constant:b") << seed;
  }
}

TEST(CasesPressure, OfInputsOfOurOwn) {
  const Folder folder;
  folder.write("goal.toml", kGoal);
  folder.write("log.csv", two_arms(.3, .06, 7));  // alike
  const Aligned alike = align_in(folder, 3);
  EXPECT_TRUE(alike.same) << alike.sentence;
  EXPECT_TRUE(contains(alike.sentence, "give the same policy")) << alike.sentence;
  EXPECT_EQ(alike.recommended, "constant:b");
  folder.write("log.csv", two_arms(.3, -.06, 8));  // the other way round
  const Aligned opposite = align_in(folder, 3);
  EXPECT_FALSE(opposite.same);
  EXPECT_TRUE(contains(opposite.sentence, "Training on visit is worse than training on spend"))
      << opposite.sentence;
  EXPECT_EQ(opposite.recommended, "constant:b");
}

}  // namespace
}  // namespace plumb
