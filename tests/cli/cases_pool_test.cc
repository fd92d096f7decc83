// Pools whose proxy says nothing of a goal that hardly ever comes.
#include <nlohmann/json.hpp>

#include "cases.h"

namespace plumb {
namespace {

TEST(PoolCases, ARareGoalIsNoHarm) {
  const Folder folder;
  PLUMB_CASE("people/pool_rare_goal", folder);
  const Result run = folder.plumb({"audit", "--pool", "pool.csv", "--json"});
  const auto evidence = nlohmann::json::parse(run.out);
  EXPECT_NE(evidence.at("verdict"), "refuse") << run.out;
  EXPECT_FALSE(evidence.at("proxies").at(0).at("harm_shown").get<bool>());
}

// The kind: independent of a goal of 1 %, of amounts that hardly anybody brings, and of one heavy tail.
TEST(PoolCases, NoOtherRareGoalIsHarmOftenerThanChanceAllows) {
  const Folder folder;
  int harms = 0;
  for (int world = 0; world < 24; ++world) {
    std::string text = "prompt,candidate,proxy,goal\n";
    for (int p = 0; p < 40; ++p) {
      Rng rng = Rng(static_cast<std::uint64_t>(world)).stream("prompt", static_cast<std::uint64_t>(p));
      for (int c = 0; c < 16; ++c) {
        const double proxy = rng.normal(), rare = rng.bernoulli(.01) ? 1 : 0;
        const double goal = world % 3 == 0   ? rare
                            : world % 3 == 1 ? rare * std::exp(rng.normal())
                                             : std::exp(1.5 * rng.normal());
        text += "p" + std::to_string(p) + ",c" + std::to_string(c) + "," + std::to_string(proxy) + "," +
                std::to_string(goal) + "\n";
      }
    }
    folder.write("pool.csv", text);
    const auto evidence = nlohmann::json::parse(folder.plumb({"audit", "--pool", "pool.csv", "--json"}).out);
    harms += evidence.at("verdict") == "refuse";
  }
  EXPECT_LE(harms, 4);  // binomial(24, .025), 99.9 %
}

}  // namespace
}  // namespace plumb
