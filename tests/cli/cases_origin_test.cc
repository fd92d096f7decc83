// What gate, evaluate and align say of policies and references that were learnt from the very rows.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cases.h"
#include "plumb/base.h"

namespace plumb {
namespace {

using Json = nlohmann::json;

TEST(OriginCases, APolicyIsNotPassedOnItsOwnRowsExportedAgain) {
  const Folder folder;
  PLUMB_CASE("certify/gate-own-rows-reexported", folder);
  for (const char* goal : {"a.toml", "b.toml", "cents.toml"}) {
    const Result result = folder.plumb({"gate", goal, "out/policy.safetensors"});
    EXPECT_NE(result.status, 0) << goal << result.out;
    EXPECT_TRUE(contains(result.out, "of 2000 decisions are of units that it learnt from and are left out"))
        << goal << result.out;
  }
  const Result evaluated = folder.plumb({"evaluate", "b.toml", "out/policy.safetensors", "--json"});
  const Json row = Json::parse(evaluated.out)["policies"][0];
  EXPECT_NE(row["verdict"], "pass");
  EXPECT_EQ(row["rows"], "rows that it was not trained on");
}

TEST(OriginCases, ATableOfUnknownOriginIsNoReference) {
  const Folder folder;
  PLUMB_CASE("certify/reference-table-learnt-here", folder);
  const Result gate = folder.plumb({"gate", "goal.toml", "constant:a1"});
  EXPECT_EQ(gate.status, 3) << gate.out;
  EXPECT_TRUE(contains(gate.out, "the reference")) << gate.out;
  EXPECT_TRUE(contains(gate.out, "--not-trained-here")) << gate.out;
  // Nor does align keep what may look good on its own rows.
  const Result align = folder.plumb({"align", "goal.toml"});
  EXPECT_EQ(align.status, 3) << align.out;
  EXPECT_TRUE(contains(align.out, "--not-trained-here")) << align.out;
  const Json declared =
      Json::parse(folder.plumb({"gate", "goal.toml", "constant:a1", "--not-trained-here", "--json"}).out);
  EXPECT_TRUE(declared["candidates"][1]["versus_reference"]["value"].is_number());
}

// Units with contexts and tastes that do not change; `week` is what they were offered.
std::string survey(int people, int week, bool named, double scale, bool another) {
  std::string out = std::string(named ? "customer," : "") + "x0,x1,x2,arm,y" + (another ? ",extra\n" : "\n");
  for (int i = 0; i < 1200; ++i) {
    Rng who = Rng(static_cast<std::uint64_t>(people)).stream("who", static_cast<std::uint64_t>(i));
    Rng what =
        Rng(static_cast<std::uint64_t>(week)).stream("what", static_cast<std::uint64_t>(people * 100000 + i));
    if (named) out += fmt::format("c{}-{},", people, i);
    for (int c = 0; c < 3; ++c) out += fmt::format("{:.6g},", who.normal());
    const bool b = what.uniform() < .5;
    const double y = scale * ((b ? .5 : -.5) * who.normal() + .3 * what.normal());
    out += fmt::format("{},{:.6g}", b ? "b" : "a", y);
    if (another) out += i % 3 == 0 ? ",1" : ",0";
    out += "\n";
  }
  return out;
}

std::string survey_goal(const std::string& log, bool named, bool another, const std::string& policy) {
  return fmt::format(
      "goal.maximize=\"y\"\ngoal.minimum_effect=0\noutcome.y.kind=\"number\"\n{}data.log=\"{}\"\n"
      "data.action=\"arm\"\ndata.propensity=0.5\n{}data.context=[\"x*\"]\n{}\n",
      another ? "outcome.extra.kind=\"binary\"\n" : "", log, named ? "data.unit=\"customer\"\n" : "", policy);
}

TEST(OriginCases, WhatWasLearntFromIsLeftOutAndCounted) {
  const Folder folder;
  folder.write("log.csv", survey(1, 1, true, 1, false));
  folder.write("again.csv", survey(1, 1, true, 100, true));
  folder.write("later.csv", survey(1, 2, true, 1, false));
  folder.write("unnamed.csv", survey(1, 1, false, 100, true));
  folder.write("new.csv", survey(2, 1, true, 1, false));
  const std::string tree = "policy.family=\"tree\"";
  folder.write("goal.toml", survey_goal("log.csv", true, false, tree));
  folder.write("again.toml", survey_goal("again.csv", true, true, tree));
  folder.write("unnamed.toml", survey_goal("unnamed.csv", false, true, tree));
  ASSERT_EQ(folder.plumb({"train", "goal.toml", "--out", "run"}).status, 0);
  const std::string file = "run/policy.safetensors";
  const auto gate = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "gate");
    const Result result = folder.plumb(arguments);
    EXPECT_NE(result.status, 2) << result.err;
    return result.out;
  };
  EXPECT_TRUE(
      contains(gate({"goal.toml", file}), "decisions are of units that it learnt from and are left out"));
  EXPECT_TRUE(contains(gate({"goal.toml", file, "--seed", "9"}), "are of units that it learnt from"));
  EXPECT_TRUE(contains(gate({"goal.toml", file, "--log", "later.csv"}), "are of units that it learnt from"));
  EXPECT_TRUE(contains(gate({"again.toml", file}), "are of units that it learnt from"));
  EXPECT_TRUE(contains(gate({"unnamed.toml", file}), "have contexts that it learnt from and are left out"));
  const Json fresh = Json::parse(gate({"goal.toml", file, "--log", "new.csv", "--json"}));
  EXPECT_TRUE(fresh["candidates"][1]["versus_reference"]["value"].is_number());
  EXPECT_FALSE(contains(fresh.dump(), "left out ("));
  // A stream gives no number of it, and its outcome models predict no rows that they saw.
  const Json stream = Json::parse(folder
                                      .plumb({"evaluate", "again.toml", file, "constant:a", "--stream",
                                              "--models", "run/outcome-models.safetensors", "--json"})
                                      .out);
  EXPECT_TRUE(stream["policies"][0]["estimates"][0]["value"].is_null());
  EXPECT_TRUE(contains(stream["policies"][0]["reason"].get<std::string>(), "trained on this log"))
      << stream.dump(1);
  EXPECT_TRUE(stream["policies"][1]["estimates"][2]["value"].is_number());
  const Json moved = Json::parse(folder
                                     .plumb({"evaluate", "unnamed.toml", "constant:a", "--stream", "--models",
                                             "run/outcome-models.safetensors", "--json"})
                                     .out);
  EXPECT_TRUE(moved["policies"][0]["estimates"][2]["value"].is_null()) << moved.dump(1);
}

TEST(OriginCases, AReferenceThatWasLearntHereLeavesItsRowsOut) {
  const Folder folder;
  folder.write("log.csv", survey(3, 1, true, 1, false));
  folder.write("goal.toml", survey_goal("log.csv", true, false, "policy.family=\"tree\""));
  ASSERT_EQ(folder.plumb({"train", "goal.toml", "--seed", "4", "--out", "run"}).status, 0);
  folder.write("today.toml",
               survey_goal("log.csv", true, false, "policy.reference=\"run/policy.safetensors\""));
  const Result result = folder.plumb({"gate", "today.toml", "constant:b"});
  EXPECT_NE(result.status, 1) << result.out;  // nobody differs from anybody but by what was learnt
  EXPECT_TRUE(contains(result.out, "the reference (tree")) << result.out;
  EXPECT_TRUE(contains(result.out, "are of units that it learnt from")) << result.out;
}

}  // namespace
}  // namespace plumb
