// Logs whose probabilities are wrong by a column, contexts that the action moved, empty cells and doubled rows:
// the inputs that were answered wrongly once, and one more of each kind.
#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <regex>

#include "cases.h"

namespace plumb {
namespace {

using nlohmann::json;

json evidence_of(const Folder& folder, std::vector<std::string> arguments) {
  arguments.push_back("--json");
  const Result result = folder.plumb(arguments);
  const json document = json::parse(result.out, nullptr, false);
  EXPECT_TRUE(document.is_object()) << result.err << result.out;
  return document;
}

// The sentence of the finding of a check that caps verdicts; empty where it does not.
std::string cap_of(const json& evidence, const std::string& check) {
  for (const json& finding : evidence.at("data").at("findings"))
    if (finding.at("check") == check && finding.at("severity") == "cap") return finding.at("sentence");
  return "";
}

std::string assumption(const json& evidence, const std::string& name) {
  for (const json& a : evidence.at("assumptions"))
    if (a.at("name") == name) return a.at("status");
  return "";
}

TEST(WrongByContext, Case) {
  const Folder folder;
  PLUMB_CASE("wrong_p_by_context", folder);
  const json evidence = evidence_of(folder, {"check", "goal.toml", "--log", "half.vw"});
  EXPECT_TRUE(contains(cap_of(evidence, "balance"), "s"));
  EXPECT_EQ(assumption(evidence, "propensities as stated"), "failed");
}

// Stated as a third each; one region was sent mail b twice as often as the others.
std::string by_region(bool sound) {
  Rng rng(4);
  std::string out = "customer,mail,region,age,spend\n";
  for (int i = 0; i < 3000; ++i) {
    const auto region = rng.below(3);
    const double third[3] = {1, 1, 1}, half[3] = {1, 2, 1};
    const auto mail = rng.categorical(!sound && region == 1 ? half : third);
    out += fmt::format("c{},{},r{},{},{:.3f}\n", i, "abc"[mail], region, 20 + rng.below(50), 5 + rng.normal());
  }
  return out;
}

constexpr const char* kRegionGoal =
    "goal.maximize = \"spend\"\ngoal.minimum_effect = 0.05\noutcome.spend.kind = \"number\"\ndata.log = "
    "\"log.csv\"\n"
    "data.unit = \"customer\"\ndata.action = \"mail\"\ndata.propensity = 0.3333\ndata.context = [\"age\"]\n";

TEST(WrongByContext, ThatTheGoalDoesNotName) {
  const Folder folder;
  folder.write("log.csv", by_region(false));
  folder.write("goal.toml", kRegionGoal);
  const json wrong = evidence_of(folder, {"gate", "goal.toml", "constant:b"});
  EXPECT_TRUE(contains(cap_of(wrong, "balance"), "region")) << wrong.at("data").at("findings").dump(1);
  EXPECT_EQ(wrong.at("verdict"), "inconclusive");
  folder.write("log.csv", by_region(true));
  const json right = evidence_of(folder, {"check", "goal.toml"});
  EXPECT_EQ(cap_of(right, "balance"), "");
  EXPECT_EQ(assumption(right, "propensities as stated"), "tested");
  EXPECT_TRUE(contains(right.dump(), "1/3")) << "0.3333 of three arms is a third, and said to be";
}

TEST(NotRandomized, Case) {
  const Folder folder;
  PLUMB_CASE("not_randomized", folder);
  const json evidence = evidence_of(folder, {"align", "goal.toml"});
  EXPECT_TRUE(contains(cap_of(evidence, "balance"), "past"));
  EXPECT_NE(evidence.at("decision"), "ship");
}

TEST(NotRandomized, GuessedGoalsGetNoVerdictUntilSomebodySaysWhy) {
  const Folder folder;
  std::string log = "customer,mail,past,opened,spend\n";
  Rng rng(8);
  for (int i = 0; i < 3000; ++i) {
    const double past = 300 * rng.uniform();
    const bool mail = rng.bernoulli(.5);
    log += fmt::format("c{},{},{:.2f},{},{:.2f}\n", i, mail ? "mail" : "none", past,
                       rng.bernoulli(mail ? .4 : .1) ? 1 : 0, 10 + past / 10 + (mail ? 3 : 0) + rng.normal());
  }
  // "score" is "opened" under a name that says nothing.
  log.replace(log.find("opened"), 6, "score");
  folder.write("log.csv", log);
  ASSERT_EQ(folder.plumb({"init", "--from", "log.csv", "--propensity", "0.5", "goal.toml"}).status, 0);
  std::string goal = folder.read("goal.toml");
  EXPECT_TRUE(contains(goal, "context = [\"past\"]")) << goal;
  EXPECT_TRUE(contains(goal, "\n# after_action = [\"score\"]\n")) << goal;
  EXPECT_EQ(evidence_of(folder, {"gate", "goal.toml", "constant:mail"}).at("verdict"), "inconclusive");
  goal.replace(goal.find("# after_action"), 2, "");
  folder.write("goal.toml", goal);
  EXPECT_EQ(evidence_of(folder, {"gate", "goal.toml", "constant:mail"}).at("verdict"), "pass");
  const json bare = evidence_of(folder, {"check", "log.csv", "--propensity", "0.5"});
  EXPECT_EQ(bare.at("read_as").at("context"), json({"past"}));
  EXPECT_TRUE(contains(cap_of(bare, "balance"), "score"));
}

TEST(MovedByTheAction, Case) {
  const Folder folder;
  PLUMB_CASE("post", folder);
  const json wrong = evidence_of(folder, {"gate", "goal.toml", "constant:b"});
  EXPECT_TRUE(contains(cap_of(wrong, "balance"), "visit"));
  EXPECT_EQ(wrong.at("verdict"), "inconclusive");
  EXPECT_EQ(evidence_of(folder, {"gate", "right.toml", "constant:b"}).at("verdict"), "pass");
}

double width_of_gain(const json& evidence) {
  for (const json& candidate : evidence.at("candidates"))
    if (candidate.at("name") == "constant:b")
      return candidate.at("versus_reference").at("upper").get<double>() -
             candidate.at("versus_reference").at("lower").get<double>();
  ADD_FAILURE() << "no candidate constant:b";
  return 0;
}

TEST(EmptyCell, Case) {
  const Folder folder;
  PLUMB_CASE("emptycell", folder);
  const json full = evidence_of(folder, {"gate", "goal.toml", "constant:b", "--log", "full.csv"}),
             hole = evidence_of(folder, {"gate", "goal.toml", "constant:b", "--log", "hole.csv"});
  EXPECT_NEAR(width_of_gain(hole) / width_of_gain(full), 1, .02);
}

// Every tenth cell of a column that explains most of the outcome is empty, in CSV and as null in JSON lines.
TEST(EmptyCell, OfEveryTenthRowLeavesTheColumnANumber) {
  const Folder folder;
  std::string csv = "user,arm,x,y\n", lines;
  Rng rng(5);
  for (int i = 0; i < 4000; ++i) {
    const double x = rng.normal(), y = 5 * x + .2 * rng.normal();
    const char* arm = rng.bernoulli(.5) ? "a" : "b";
    const std::string cell = i % 10 == 0 ? "" : fmt::format("{:.3f}", x);
    csv += fmt::format("u{},{},{},{:.3f}\n", i, arm, cell, y);
    lines += fmt::format(
                 R"({{"unit":"u{}","actions":[{{"id":"a"}},{{"id":"b"}}],"chosen":"{}","context":{{"x":{}}},)"
                 R"("propensities":[0.5,0.5],"outcomes":{{"y":{:.3f}}}}})",
                 i, arm, cell.empty() ? "null" : cell, y) +
             "\n";
  }
  folder.write("log.csv", csv);
  folder.write("log.jsonl", lines);
  const std::string head =
      "goal.maximize = \"y\"\noutcome.y.kind = \"number\"\npolicy.reference = \"constant:a\"\n";
  folder.write("csv.toml", head +
                               "data.log = \"log.csv\"\ndata.unit = \"user\"\ndata.action = \"arm\"\n"
                               "data.propensity = 0.5\ndata.context = [\"x\"]\n");
  folder.write("jsonl.toml", head + "data.log = \"log.jsonl\"\n");
  const json a = evidence_of(folder, {"gate", "csv.toml", "constant:b"}),
             b = evidence_of(folder, {"gate", "jsonl.toml", "constant:b"});
  // By the mean where x is known, +-2 * 5 * sqrt(.1 / 4,000 * 4): what the holes cost; a category of 3,000
  // words would know nothing of y and be three times as wide.
  EXPECT_LT(width_of_gain(a), 2 * 1.96 * 2 * 5 * std::sqrt(.1 / 4000) * 1.3);
  EXPECT_NEAR(width_of_gain(a), width_of_gain(b), 1e-9);
  const Result text = folder.plumb({"check", "csv.toml"});
  EXPECT_TRUE(contains(text.out, "missing in 400 of 4000 rows")) << text.out;
}

TEST(Doubled, Case) {
  const Folder folder;
  PLUMB_CASE("dupes", folder);
  for (const auto& [goal, log] : {std::pair("goal.toml", ""), std::pair("goal_x.toml", "_x")}) {
    const json once =
                   evidence_of(folder, {"gate", goal, "constant:b", "--log", fmt::format("once{}.csv", log)}),
               twice =
                   evidence_of(folder, {"gate", goal, "constant:b", "--log", fmt::format("twice{}.csv", log)});
    EXPECT_EQ(cap_of(once, "duplicates"), "");
    EXPECT_TRUE(contains(cap_of(twice, "duplicates"), "of 2000 rows equal an earlier row"));
    EXPECT_EQ(twice.at("verdict"), "inconclusive");
  }
}

// The same rows under units of their own are other people who happen to be alike.
TEST(Doubled, UnitsThatDifferAreNoCopies) {
  const Folder folder;
  std::string rows[2];
  Rng rng(6);
  for (int i = 0; i < 800; ++i) {
    const char* arm = rng.bernoulli(.5) ? "a" : "b";
    const std::string y = fmt::format("{:.5f}", rng.normal());
    for (int copy = 0; copy < 2; ++copy) {
      rows[0] += fmt::format("{},{}\n", arm, y);
      rows[1] += fmt::format("u{}_{},{},{}\n", i, copy, arm, y);
    }
  }
  const std::string goal =
      "goal.maximize = \"y\"\noutcome.y.kind = \"number\"\ndata.action = \"arm\"\n"
      "data.propensity = 0.5\ndata.log = \"log.csv\"\n";
  folder.write("log.csv", "arm,y\n" + rows[0]);
  folder.write("goal.toml", goal);
  EXPECT_NE(cap_of(evidence_of(folder, {"check", "goal.toml"}), "duplicates"), "");
  folder.write("log.csv", "user,arm,y\n" + rows[1]);
  folder.write("goal.toml", goal + "data.unit = \"user\"\n");
  for (const json& finding : evidence_of(folder, {"check", "goal.toml"}).at("data").at("findings"))
    EXPECT_NE(finding.at("check"), "duplicates");
}

}  // namespace
}  // namespace plumb
