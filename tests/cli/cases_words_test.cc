// One arithmetic for check and gate, one verdict for evaluate and gate: the inputs that were answered wrongly,
// and others of their kinds.
#include <nlohmann/json.hpp>

#include "cases.h"

namespace plumb {
namespace {

using Json = nlohmann::json;

Json answer(const Folder& folder, std::vector<std::string> arguments) {
  arguments.insert(arguments.end(), {"--json", "--quiet"});
  const Result result = folder.plumb(arguments);
  EXPECT_NE(result.out, "") << result.err;
  return result.out.empty() ? Json::object() : Json::parse(result.out);
}

// What check says can be shown is no less than what gate's interval needs below its estimate.
void expect_one_arithmetic(const Folder& folder, const std::string& goal,
                           const std::vector<std::string>& policies, bool in_doubt = false) {
  const Json check = answer(folder, {"check", goal});
  double least = INFINITY;
  for (const std::string& policy : policies) {
    const Json gate = answer(folder, {"gate", goal, policy});
    const Json& gain = gate["candidates"][1]["versus_reference"];
    if (!gain["value"].is_null() && !gate["candidates"][1]["verdict"].is_null())
      least = std::min(least, gain["value"].get<double>() - gain["lower"].get<double>());
  }
  if (check["detectable_effect"].is_null()) {
    EXPECT_NE(check["headline"].get<std::string>().find("The log can be read, but"), std::string::npos);
    return;
  }
  ASSERT_TRUE(std::isfinite(least));
  EXPECT_GE(check["detectable_effect"].get<double>(), least);
  // And it does not fall silent; where missing outcomes are in doubt, what decides is wider than what gate
  // shows.
  if (!in_doubt) {
    EXPECT_LE(check["detectable_effect"].get<double>(), 2.5 * least);
  }
}

TEST(Cases, CheckPromisesWhatGateCanHold) {
  const Folder folder;
  PLUMB_CASE("rejects_check", folder);
  for (const char* goal : {"binary.toml", "number.toml"})
    expect_one_arithmetic(folder, goal, {"constant:a", "constant:b"}, /*in_doubt=*/true);
}

// Another kind of reason: one arm is too rare for a number, rows are rejected, an outcome has a wide range.
TEST(Cases, CheckPromisesWhatGateCanHoldWithARatingAndARareArm) {
  const Folder folder;
  Rng rng = Rng(5).stream("ratings");
  std::string log = "u,arm,p,r\n";
  for (int i = 0; i < 1500; ++i) {
    const double x = rng.uniform();
    const std::string arm = x < .5 ? "a,0.5," : x < .99 ? "b,0.49," : "c,0.01,";
    log += std::to_string(i) + "," + arm + (i % 50 == 0 ? "n/x" : std::to_string(1 + rng.below(5))) + "\n";
  }
  folder.write("log.csv", log);
  folder.write(
      "goal.toml",
      "goal.maximize = 'r'\ngoal.minimum_effect = 0.1\n[outcome.r]\nkind = 'rating'\nrange = [1, 5]\n[data]\n"
      "log = 'log.csv'\nunit = 'u'\naction = 'arm'\npropensity = 'p'\nreject_up_to = 0.05\n");
  expect_one_arithmetic(folder, "goal.toml", {"constant:a", "constant:b", "constant:c"});
}

void expect_one_verdict(const Folder& folder, const std::string& goal, const std::string& policy) {
  const Json gate = answer(folder, {"gate", goal, policy}),
             evaluate = answer(folder, {"evaluate", goal, policy});
  const Json &judged = gate["candidates"][1], &valued = evaluate["policies"][0];
  for (const char* key : {"verdict", "reason", "versus_reference", "constraints", "segments"})
    EXPECT_EQ(valued[key], judged[key]) << key << " of " << policy;
  EXPECT_EQ(evaluate["look"], gate["look"]);
  const Result shown = folder.plumb({"evaluate", goal, policy});
  EXPECT_NE(shown.out.find(judged["reason"].get<std::string>()), std::string::npos) << shown.out;
}

TEST(Cases, EvaluateSaysWhatGateSays) {
  const Folder folder;
  PLUMB_CASE("certify/evaluate-passes-what-gate-refuses", folder);
  expect_one_verdict(folder, "goal.toml", "constant:a1");
  EXPECT_EQ(answer(folder, {"evaluate", "goal.toml", "constant:a1"})["policies"][0]["verdict"], "refuse");
}

// Other claims: a segment that is shown to lose, a level that must be reached, a cap.
TEST(Cases, EvaluateSaysWhatGateSaysOfSegmentsAndCaps) {
  const Folder folder;
  Rng rng = Rng(8).stream("segments");
  std::string log = "u,s,a,y,q\n";
  for (int i = 0; i < 3000; ++i) {
    const bool b = rng.bernoulli(.5), old = rng.bernoulli(.3);
    log += std::to_string(i) + (old ? ",old," : ",new,") + (b ? "b," : "a,") +
           std::to_string((b ? (old ? -.6 : .8) : 0) + rng.normal()) +
           (rng.bernoulli(b ? .6 : .8) ? ",1\n" : ",0\n");
  }
  folder.write("log.csv", log);
  const std::string data =
      "[outcome.y]\nkind = 'number'\n[outcome.q]\nkind = 'binary'\n[data]\nlog = 'log.csv'\nunit = 'u'\naction "
      "= 'a'\n";
  folder.write("segments.toml", "goal.maximize = 'y'\naudit.segments = ['s']\n" + data + "propensity = 0.5\n");
  folder.write("level.toml", "goal.maximize = 'y'\n" + data +
                                 "propensity = 0.5\n[[constraint]]\noutcome = 'q'\nat_least = 0.7\n");
  folder.write("capped.toml", "goal.maximize = 'y'\n" + data + "propensity = { a = 0.4, b = 0.6 }\n");
  for (const char* goal : {"segments.toml", "level.toml", "capped.toml"})
    expect_one_verdict(folder, goal, "constant:b");
  EXPECT_EQ(answer(folder, {"evaluate", "segments.toml", "constant:b"})["policies"][0]["verdict"], "refuse");
  EXPECT_EQ(answer(folder, {"evaluate", "capped.toml", "constant:b"})["policies"][0]["verdict"],
            "inconclusive");
  // What runs today has no verdict, nor has what wrote the log; IPS outside of the possible is marked.
  const Json today = answer(folder, {"evaluate", "segments.toml", "reference", "logging"});
  EXPECT_TRUE(today["policies"][0]["verdict"].is_null());
  EXPECT_TRUE(today["policies"][1]["verdict"].is_null());
  EXPECT_FALSE(today.contains("look"));
}

TEST(Cases, IpsOutsideOfTheDeclaredRangeIsMarked) {
  const Folder folder;
  std::string log = "u,a,y\n";  // b was chosen three times as often as it says
  for (int i = 0; i < 400; ++i) log += std::to_string(i) + (i % 4 ? ",b,1\n" : ",a,1\n");
  folder.write("log.csv", log);
  folder.write(
      "goal.toml",
      "goal.maximize = 'y'\n[outcome.y]\nkind = 'binary'\n[data]\nlog = 'log.csv'\nunit = 'u'\naction = 'a'\n"
      "propensity = 0.5\n");
  const Json found = answer(folder, {"evaluate", "goal.toml", "constant:b"});
  for (const Json& e : found["policies"][0]["estimates"]) {
    const bool outside = !e["value"].is_null() && e["value"].get<double>() > 1;
    EXPECT_EQ(e.contains("outside"), outside) << e;
    if (e["estimator"] == "ips" && !e["value"].is_null()) {
      EXPECT_TRUE(outside) << e;
    }
  }
}

}  // namespace
}  // namespace plumb
