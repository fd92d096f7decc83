// family = "tree", depth, costs and budget, as people run them.
#include <nlohmann/json.hpp>

#include "tests/cli/command.h"

namespace plumb {
namespace {

using Json = nlohmann::json;

std::string with_policy(const std::string& lines) { return mailing_goal() + "[policy]\n" + lines; }

TEST(PolicyKeys, ATreeIsTrainedPrintedAndKnownByItsFile) {
  const Folder folder;
  folder.write("goal.toml", with_policy("family = \"tree\"\ndepth = 1\n"));
  folder.write("log.csv", mailing(0.5));
  const Result trained = folder.plumb({"train", "goal.toml", "--out", "run"});
  EXPECT_EQ(trained.status, 0) << trained.err;
  EXPECT_TRUE(contains(trained.out, "Rules of tree:1")) << trained.out;
  const Result own = folder.plumb({"gate", "goal.toml", "run/policy.safetensors"});
  EXPECT_EQ(own.status, 0) << own.out;
  EXPECT_TRUE(contains(own.out, "are of units that it learnt from and are left out")) << own.out;
  const Result evaluated = folder.plumb({"evaluate", "goal.toml", "run/policy.safetensors", "--json"});
  EXPECT_EQ(evaluated.status, 0) << evaluated.err;
  EXPECT_EQ(Json::parse(evaluated.out)["policies"][0]["rows"], "rows that it was not trained on");
  const Result aligned = folder.plumb({"align", "goal.toml", "--out", "whole"});
  EXPECT_TRUE(aligned.status == 0 || aligned.status == 3) << aligned.err;
  EXPECT_TRUE(contains(folder.read("whole/report.html"), "id=\"rules\""));
}

TEST(PolicyKeys, ABudgetIsTheLimitThatDecides) {
  const Folder folder;
  folder.write(
      "goal.toml",
      with_policy("reference = \"constant:none\"\ncosts = { a = 1, b = 1, none = 0 }\nbudget = 0.5\n"));
  folder.write("log.csv", mailing(0.5));
  const Result result = folder.plumb({"align", "goal.toml", "--out", "run", "--json"});
  EXPECT_TRUE(result.status == 0 || result.status == 3) << result.err;
  for (const Json& c : Json::parse(result.out)["candidates"]) {
    const Json& claim = c["constraints"].back();
    EXPECT_EQ(claim["id"], "mean cost");
    EXPECT_EQ(claim["limit"], 0.5);
    // b for everyone is best, and costs twice what is allowed.
    if (c["name"] == "constant:b") {
      EXPECT_EQ(c["verdict"], "refuse");
    }
  }
  EXPECT_TRUE(contains(folder.read("run/report.html"), "id=\"budget\""));
  EXPECT_EQ(folder.plumb({"gate", "goal.toml", "constant:b"}).status, 1);
}

TEST(PolicyKeys, CostsThatDoNotFitEndWithTwo) {
  const Folder folder;
  folder.write("log.csv", mailing(0.5));
  const auto refused = [&](const std::string& lines, const std::string& message) {
    folder.write("goal.toml", with_policy(lines));
    for (const char* verb : {"check", "align", "train"}) {
      const Result result = folder.plumb({verb, "goal.toml", "--quiet"});
      EXPECT_EQ(result.status, 2) << verb;
      EXPECT_EQ(result.err, "plumb: " + message + "\n") << verb;
    }
  };
  refused("costs = { a = 1, b = 1, non = 0 }\nbudget = 0.5\n",
          "goal.toml: policy.costs of non: found no such action, expected an action of the log, perhaps none");
  refused("costs = { a = 1, none = 0 }\nbudget = 0.5\n",
          "goal.toml: policy.costs: found none for b, expected the cost of every action, 0 where it is free");
}

}  // namespace
}  // namespace plumb
