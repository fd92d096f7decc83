// What was not compared, or was compared elsewhere, is no number: inputs that were answered wrongly once, and
// more of the kind.
#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "cases.h"

namespace plumb {
namespace {

using nlohmann::json;

struct World {
  std::string voted = "ABC";  // arms that comparisons hold
  std::size_t comparisons = 1500;
  int only_once = -1;     // this comparison is of C and A
  double bend = 0;        // B is liked by so much times x squared
  double asked_mean = 0;  // of x in comparisons
  double half = 0;        // > 0: comparisons are made where x is below it
  std::string reference = "constant:A";
  std::uint64_t seed = 1;

  static double liking(char arm, double x, double bend) {
    return arm == 'A' ? 0 : arm == 'B' ? .5 + .4 * x + bend * x * x : .2 - .2 * x;
  }
  void write(const Folder& folder) const {
    std::string log = "u,a,p,x,z\n", votes;
    for (std::size_t i = 0; i < 3000; ++i) {
      Rng rng = Rng(seed).stream("decision", i);
      const double x = rng.normal(), z = rng.normal(), draw = rng.uniform();
      const char arm = draw < .4 ? 'A' : draw < .7 ? 'B' : 'C';
      log += fmt::format("u{},{},{},{:.4f},{:.4f}\n", i, arm, arm == 'A' ? .4 : .3, x, z);
    }
    for (std::size_t c = 0; c < comparisons; ++c) {
      Rng rng = Rng(seed).stream("comparison", c);
      double x = asked_mean + rng.normal();
      while (half > 0 && x > half) x = asked_mean + rng.normal();
      std::size_t i = rng.below(voted.size()), j = rng.below(voted.size() - 1);
      j += j >= i;
      char first = voted[i], second = voted[j];
      if (static_cast<int>(c) == only_once) first = 'C', second = 'A';
      const double odds = liking(first, x, bend) - liking(second, x, bend);
      const bool wins = rng.bernoulli(1 / (1 + std::exp(-odds)));
      votes += fmt::format(
          R"({{"rater":"r{}","context":{{"x":{:.4f},"z":{:.4f}}},"options":[{{"id":"{}"}},{{"id":"{}"}}],)"
          R"("ranking":["{}","{}"]}})",
          c, x, rng.normal(), first, second, wins ? first : second, wins ? second : first);
      votes += "\n";
    }
    folder.write("log.csv", log);
    folder.write("votes.jsonl", votes);
    folder.write("goal.toml", fmt::format("goal.maximize = \"preferred\"\ngoal.minimum_effect = 0.05\n"
                                          "outcome.preferred.kind = \"preference\"\npolicy.reference = \"{}\"\n"
                                          "data.log = \"log.csv\"\ndata.unit = \"u\"\ndata.action = \"a\"\n"
                                          "data.propensity = \"p\"\ndata.context = [\"x\", \"z\"]\n"
                                          "data.feedback = [\"votes.jsonl\"]\n",
                                          reference));
  }
};

json gate(const Folder& folder, const std::string& policy) {
  const Result run = folder.plumb({"gate", "goal.toml", policy, "--json"});
  EXPECT_NE(run.out, "") << run.err;
  return run.out.empty() ? json::object() : json::parse(run.out);
}

json gain_of(const json& evidence, const std::string& policy) {
  for (const json& c : evidence.at("candidates"))
    if (c.at("name") == policy) return c.at("versus_reference");
  return {};
}

TEST(PreferenceCases, AnArmThatNobodyComparedHasNoNumber) {
  const Folder folder;
  PLUMB_CASE("people/uncompared_arm", folder);
  for (const char* arm : {"constant:C", "constant:B"}) {  // today plays C in a tenth
    const json evidence = gate(folder, arm);
    EXPECT_EQ(evidence.at("decision"), "experiment") << arm;
    EXPECT_NE(evidence.dump().find("nobody compared C, and this rests on it"), std::string::npos) << arm;
  }
  const Result align = folder.plumb({"align", "goal.toml", "--out", "run"});
  EXPECT_NE(align.out.find("this log cannot decide"), std::string::npos) << align.out;
}

TEST(PreferenceCases, WhatWasComparedElsewhereIsNoVerdict) {
  const Folder folder;
  PLUMB_CASE("people/other_contexts", folder);
  const json evidence = gate(folder, "constant:B");
  EXPECT_EQ(evidence.at("decision"), "experiment");
  EXPECT_NE(evidence.dump().find("of the log's contexts have no comparison near"), std::string::npos);
}

TEST(PreferenceCases, AnArmComparedOnceIsNoNumberAndTheOthersKeepTheirs) {
  const Folder without, once;
  World world;
  world.voted = "AB";
  world.write(without);
  world.only_once = 700;
  world.write(once);
  const json before = gain_of(gate(without, "constant:B"), "constant:B"),
             after = gain_of(gate(once, "constant:B"), "constant:B");
  const double width = before.at("upper").get<double>() - before.at("lower").get<double>();
  EXPECT_NEAR(after.at("upper").get<double>() - after.at("lower").get<double>(), width, 0.02 * width);
  EXPECT_LT(before.at("lower").get<double>(), .5);
  EXPECT_GT(before.at("upper").get<double>(), .5);
  for (const Folder* folder : {&without, &once}) {
    const json evidence = gate(*folder, "constant:C");
    EXPECT_EQ(evidence.at("decision"), "experiment");
    EXPECT_NE(evidence.dump().find("and this rests on it"), std::string::npos);
  }
  // A reference that plays C.
  world.reference = "uniform";
  world.write(once);
  EXPECT_EQ(gate(once, "constant:B").at("decision"), "experiment");
}

TEST(PreferenceCases, ContextsThatOnlyDifferCapNothingAndHolesAndBendsDo) {
  const auto decided = [](const World& world) {
    const Folder folder;
    world.write(folder);
    return gate(folder, "constant:B");
  };
  World differ;
  differ.comparisons = 6000;
  differ.asked_mean = .7;
  EXPECT_EQ(decided(differ).at("decision"), "ship");
  World hole;
  hole.half = .5;
  EXPECT_NE(decided(hole).dump().find("have no comparison near (most of them by x)"), std::string::npos);
  World bend;
  bend.comparisons = 6000;
  bend.asked_mean = .7;
  bend.bend = -.4;
  EXPECT_NE(decided(bend).dump().find("preferences bend with the context"), std::string::npos);
}

}  // namespace
}  // namespace plumb
