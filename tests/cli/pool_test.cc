// plumb audit --pool: best-of-n from a table of candidates, without a goal file.
#include <cmath>
#include <nlohmann/json.hpp>

#include "tests/cli/command.h"

namespace plumb {
namespace {

// 60 prompts of 16 candidates. The proxy is a standard normal score s; the goal rises with s and, where
// `turns`, falls from s = 1 on, so that the best of many is worse than the best of few.
std::string pool(bool turns) {
  std::string out = "prompt,candidate,proxy,goal\n";
  const Rng root(3);
  for (int p = 0; p < 60; ++p) {
    Rng rng = root.stream("prompt", static_cast<std::uint64_t>(p));
    for (int c = 0; c < 16; ++c) {
      const double s = rng.normal(), goal = s - (turns ? 4 * std::max(0.0, s - .8) : 0) + .3 * rng.normal();
      out += "p" + std::to_string(p) + ",c" + std::to_string(c) + "," + std::to_string(s) + "," +
             std::to_string(goal) + "\n";
    }
  }
  return out;
}

TEST(AuditPool, ShowsWhereBestOfManyHarmsTheGoal) {
  const Folder folder;
  folder.write("pool.csv", pool(true));
  const Result text = folder.plumb({"audit", "--pool", "pool.csv", "--out", "run"});
  EXPECT_EQ(text.status, 0) << text.err;
  EXPECT_NE(folder.read("run/report.html").find("best of n"), std::string::npos);
  const auto document = nlohmann::json::parse(folder.plumb({"audit", "--pool", "pool.csv", "--json"}).out);
  const auto& proxy = document.at("proxies").at(0);
  EXPECT_EQ(proxy.at("verdict"), "refuse");
  EXPECT_EQ(proxy.at("curve").size(), 15u);  // n = 2 ... 16
  EXPECT_NEAR(proxy.at("curve").back().at("kl").get<double>(), std::log(16), 1e-9);
  EXPECT_LT(proxy.at("peak").at("kl_upper").get<double>(), std::log(16));
}

TEST(AuditPool, PassesAProxyThatTheGoalFollows) {
  const Folder folder;
  folder.write("pool.csv", pool(false));
  const auto document = nlohmann::json::parse(folder.plumb({"audit", "--pool", "pool.csv", "--json"}).out);
  EXPECT_EQ(document.at("verdict"), "pass");
}

TEST(AuditPool, ShowsNoHarmToAGoalThatIsTheSameForAll) {
  const Folder folder;
  std::string same = "prompt,candidate,proxy,goal\n";
  for (int p = 0; p < 30; ++p) {
    for (int c = 0; c < 7; ++c)
      same += "p" + std::to_string(p) + ",c" + std::to_string(c) + "," + std::to_string(.1 * c) + ",0.1\n";
  }
  folder.write("pool.csv", same);
  const auto document = nlohmann::json::parse(folder.plumb({"audit", "--pool", "pool.csv", "--json"}).out);
  EXPECT_EQ(document.at("verdict"), "inconclusive");
  for (const auto& point : document.at("proxies").at(0).at("curve")) EXPECT_EQ(point.at("goal").at("value"), 0);
}

TEST(AuditPool, IsTheSameForAnyNumberOfThreads) {
  const Folder folder;
  folder.write("pool.csv", pool(true));
  EXPECT_EQ(folder.plumb({"audit", "--pool", "pool.csv", "--json", "--threads", "1"}).out,
            folder.plumb({"audit", "--pool", "pool.csv", "--json", "--threads", "7"}).out);
}

TEST(AuditPool, RefusesWhatItCannotUse) {
  const Folder folder;
  folder.write("pool.csv", "prompt,candidate,proxy,goal\np,a,1,x\n");
  const Result bad = folder.plumb({"audit", "--pool", "pool.csv", "--out", "run"});
  EXPECT_EQ(bad.status, 2);
  EXPECT_TRUE(contains(bad.err, "pool.csv:2")) << bad.err;
  EXPECT_EQ(folder.names(), std::vector<std::string>{"pool.csv"});
  EXPECT_EQ(folder.plumb({"audit", "--pool", "none.csv"}).status, 2);
  EXPECT_EQ(folder.plumb({"audit", "goal.toml", "--pool", "pool.csv"}).status, 2);
  const Result neither = folder.plumb({"audit"});
  EXPECT_EQ(neither.status, 2);
  EXPECT_TRUE(contains(neither.err, "--pool")) << neither.err;
}

}  // namespace
}  // namespace plumb
