// Few events, heavy tails, rejected rows: inputs that were answered wrongly once, and others of their kinds.
#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "tests/cli/cases.h"

namespace plumb {
namespace {

using Json = nlohmann::json;

// `plumb gate ARGUMENTS --json`, its exit status asserted.
Json gate(const Folder& folder, std::vector<std::string> arguments, int status) {
  arguments.insert(arguments.begin(), "gate");
  arguments.push_back("--json");
  const Result result = folder.plumb(arguments);
  EXPECT_EQ(result.status, status) << result.out << result.err;
  return result.out.empty() ? Json() : Json::parse(result.out);
}

const Json& candidate(const Json& document) { return document["candidates"].back(); }

TEST(CasesOfFewEvents, AnArmWithoutAComplaintDoesNotShip) {
  const Folder folder;
  PLUMB_CASE("zero_events", folder);
  const Json document = gate(folder, {"goal.toml", "constant:b"}, 3);
  const Json& gain = candidate(document)["versus_reference"];
  EXPECT_LT(gain["lower"].get<double>(), -.01) << gain;
  EXPECT_GT(gain["upper"].get<double>(), .01) << gain;
  EXPECT_EQ(gain["method"], "gamma");
}

TEST(CasesOfFewEvents, AConstraintIsNotProvenByAnArmThatHasNotMetItYet) {
  const Folder folder;
  PLUMB_CASE("zero_events", folder);
  std::string goal = folder.read("goal_c.toml");
  if (!contains(goal, "better")) goal += "better = \"lower\"\n";
  folder.write("goal_c.toml", goal);
  const Json document = gate(folder, {"goal_c.toml", "constant:b", "--log", "log2.csv"}, 3);
  EXPECT_EQ(candidate(document)["constraints"][0]["verdict"], "inconclusive");
}

TEST(CasesOfFewEvents, AnArmWithoutABuyerIsNotRefused) {
  const Folder folder;
  PLUMB_CASE("rare_gain", folder);
  const Json document = gate(folder, {"gain.toml", "constant:b", "--log", "gain_log.csv"}, 3);
  const Json& level = candidate(document)["goal"];
  ASSERT_TRUE(level["upper"].is_number()) << candidate(document);
  EXPECT_NEAR(level["upper"].get<double>(), .036, .006) << level;
}

// Two arms, `b` of n_b customers without an event and `a` of n_a with some.
std::string two_arm_log(int n_a, int events_a, int n_b, int events_b) {
  std::string out = "arm,y\n";
  for (int i = 0; i < n_a; ++i) out += i * events_a / n_a != (i + 1) * events_a / n_a ? "a,1\n" : "a,0\n";
  for (int i = 0; i < n_b; ++i) out += i * events_b / n_b != (i + 1) * events_b / n_b ? "b,1\n" : "b,0\n";
  return out;
}

std::string two_arm_goal(const std::string& kind, double share_b) {
  return fmt::format(
      "goal.maximize = \"y\"\noutcome.y.kind = \"{}\"\ndata.log = \"log.csv\"\ndata.action = \"arm\"\n"
      "data.propensity = {{ a = {}, b = {} }}\npolicy.reference = \"constant:a\"\n",
      kind, 1 - share_b, share_b);
}

// The rule goes by what a column holds: a rare 1 declared as a number is as rare.
TEST(CasesOfFewEvents, ARareOneDeclaredAsANumberIsNotRefusedEither) {
  const Folder folder;
  folder.write("log.csv", two_arm_log(1800, 30, 200, 0));
  folder.write("goal.toml", two_arm_goal("number", .1));
  gate(folder, {"goal.toml", "constant:b"}, 3);
}

TEST(CasesOfFewEvents, ManyEventsStillDecide) {
  const Folder folder;
  folder.write("log.csv", two_arm_log(3000, 60, 3000, 120));
  folder.write("goal.toml", two_arm_goal("binary", .5));
  gate(folder, {"goal.toml", "constant:b"}, 0);
}

TEST(CasesOfHeavyTails, ACostWithAHeavyTailDoesNotShip) {
  const Folder folder;
  PLUMB_CASE("certify/heavy-tail-many-events", folder);
  const Result result = folder.plumb({"align", "goal.toml", "--seed", "11", "--out", "run"});
  EXPECT_EQ(result.status, 3) << result.out << result.err;
}

TEST(CasesOfRejectedRows, CountByTheWeightThatTheyMayHave) {
  const Folder folder;
  PLUMB_CASE("certify/rejected-rows-rare-arm", folder);
  gate(folder, {"goal.toml", "constant:a1"}, 3);
}

// The same kind, made here: an arm of one in ten, two in a hundred rows unreadable.
TEST(CasesOfRejectedRows, OfARareArmKeepItFromPassing) {
  const Folder folder;
  std::string log = two_arm_log(4500, 2250, 500, 300);
  for (int i = 0; i < 100; ++i) log += "b,maybe\n";
  folder.write("log.csv", log);
  folder.write("goal.toml", two_arm_goal("binary", .1) + "data.reject_up_to = 0.05\n");
  gate(folder, {"goal.toml", "constant:b"}, 3);
  folder.write("log.csv", two_arm_log(4500, 2250, 500, 300));
  gate(folder, {"goal.toml", "constant:b"}, 0);
}

}  // namespace
}  // namespace plumb
