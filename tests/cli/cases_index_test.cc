// A surrogate index that passed for what goes past it: an input that was answered wrongly once, and others of
// its kind.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "plumb/base.h"
#include "tests/cli/cases.h"

namespace plumb {
namespace {

using Json = nlohmann::json;

Json gate(const Folder& folder, int status) {
  const Result result = folder.plumb({"gate", "goal.toml", "constant:B", "--json"});
  EXPECT_EQ(result.status, status) << result.out << result.err;
  return result.out.empty() ? Json() : Json::parse(result.out);
}

constexpr const char* kGoal = R"([goal]
maximize = "idx"
minimum_effect = 0.1
[outcome.e1]
kind = "number"
[outcome.e2]
kind = "binary"
[outcome.y]
kind = "number"
observed_after = "100d"
[outcome.idx]
kind = "number"
model = "surrogate_index"
of = "y"
from = ["e1", "e2"]
[data]
log = "log.csv"
time = "time"
action = "arm"
propensity = 0.5
context = ["x"]
[policy]
reference = "constant:A"
)";

// 400 days, so that y is seen of three quarters. B changes y by .5 through e1 and e2, and by `direct` past
// them. The slope of e1 is 1, and `later` from a day on.
std::string made(double direct, double later = 1, int from = 400) {
  Rng rng = Rng(5).stream("index");
  std::string out = "time,arm,x,e1,e2,y\n";
  for (int i = 0; i < 8000; ++i) {
    const int day = i / 20;
    const bool b = rng.bernoulli(.5);
    const double x = rng.normal(), e1 = (b ? .26 : 0) + rng.normal(), e2 = rng.bernoulli(b ? .42 : .3) ? 1 : 0,
                 y = (day < from ? 1 : later) * e1 + 2 * e2 + .5 * x + (b ? direct : 0) + rng.normal();
    const int month = day / 28, year = 2024 + month / 12;
    out += fmt::format("{}-{:02}-{:02},{},{:.6f},{:.6f},{},{:.6f}\n", year, month % 12 + 1, day % 28 + 1,
                       b ? "B" : "A", x, e1, e2, y);
  }
  return out;
}

TEST(CasesOfAnIndex, WhatGoesPastItDoesNotPass) {
  const Folder folder;
  PLUMB_CASE("time/surrogate_inconclusive_pass", folder);
  const Json document = gate(folder, 3);
  const Json& test = document["learnt"][0]["surrogacy"]["tests"][0];
  EXPECT_LT(test["missed"]["upper"].get<double>(), 0) << test;
  EXPECT_NEAR(test["foretold"]["value"].get<double>() + test["missed"]["value"].get<double>(),
              test["gain"]["value"].get<double>(), 1e-9);
  const Json& gain = document["candidates"].back()["versus_reference"];
  EXPECT_LT(gain["lower"].get<double>(), -.05) << gain;
  EXPECT_GT(gain["upper"].get<double>(), -.05) << gain;
}

TEST(CasesOfAnIndex, AHarmPastTheIndexIsRefusedAndAGoodOneShips) {
  for (const auto& [direct, status] : {std::pair(-.9, 1), std::pair(0., 0), std::pair(.3, 0)}) {
    const Folder folder;
    folder.write("goal.toml", kGoal);
    folder.write("log.csv", made(direct));
    const Json document = gate(folder, status);
    const Json& gain = document["candidates"].back()["versus_reference"];
    EXPECT_LE(gain["lower"].get<double>(), .5 + direct);
    EXPECT_GE(gain["upper"].get<double>(), .5 + direct);
    if (direct < 0) {
      EXPECT_LT(gain["upper"].get<double>(), 0) << gain;
    }
  }
}

TEST(CasesOfAnIndex, AnAssumedSurrogacyIsNamedAndCapsWhereItIsRefuted) {
  const Folder folder;
  std::string goal = kGoal;
  const std::string after = "from = [\"e1\", \"e2\"]\n";
  folder.write("goal.toml", goal.insert(goal.find(after) + after.size(), "surrogacy = \"assumed\"\n"));
  folder.write("log.csv", made(0));
  Json document = gate(folder, 0);
  bool named = false;
  for (const Json& a : document["assumptions"])
    named |= a["name"] == "surrogacy of idx" && a["status"] == "declared";
  EXPECT_TRUE(named) << document["assumptions"];
  folder.write("log.csv", made(-.9));
  document = gate(folder, 3);
  EXPECT_TRUE(contains(document["headline"].get<std::string>(), "idx does not stand for y"))
      << document["headline"];
}

// What e1 is worth turns round while the last third of the seen decisions follow: B gains .26 + .24 before and
// loses .26 - .24 after, over all dates about 0.
TEST(CasesOfAnIndex, AWorthThatTurnedIsSeenAndIsInTheInterval) {
  const Folder folder;
  folder.write("goal.toml", kGoal);
  folder.write("log.csv", made(0, -1, 200));
  const Json document = gate(folder, 0);  // half of .5 is still worth shipping
  EXPECT_EQ(document["learnt"][0]["change"]["found"], true) << document["learnt"][0]["change"];
  const Json& gain = document["candidates"].back()["versus_reference"];
  EXPECT_LE(gain["lower"].get<double>(), .24);
  EXPECT_GE(gain["upper"].get<double>(), .24);
  folder.write("log.csv", made(0));
  EXPECT_EQ(gate(folder, 0)["learnt"][0]["change"]["found"], false);
}

// The size of a change that nobody has seen, and that would turn the verdict, stands among the assumptions.
TEST(CasesOfAnIndex, SaysWhatAnUnseenChangeWouldHaveToBe) {
  const Folder folder;
  folder.write("goal.toml", kGoal);
  folder.write("log.csv", made(0));
  const Json document = gate(folder, 0);
  std::string detail;
  for (const Json& a : document["assumptions"]) {
    if (a["name"] == "nothing changes where y is not seen yet") detail = a["detail"];
  }
  EXPECT_TRUE(contains(detail, "would no longer be shown were it smaller there by")) << detail;
}

}  // namespace
}  // namespace plumb
