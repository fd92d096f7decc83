// Logs with missing answers: what was answered wrongly once, and one more input of each kind.
#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "cases.h"

namespace plumb {
namespace {

using nlohmann::json;

json asked(const Folder& folder, std::vector<std::string> arguments) {
  arguments.push_back("--json");
  const Result result = folder.plumb(arguments);
  EXPECT_NE(result.out, "") << result.err;
  return result.out.empty() ? json::object() : json::parse(result.out);
}

std::string verdict_of(const Folder& folder, const std::vector<std::string>& arguments) {
  return asked(folder, arguments).value("verdict", "none");
}

// IPS and SNIPS of one policy agree with DR within a few of their own standard errors.
void expect_one_number(const json& policy) {
  constexpr double kMostErrors = 2.5;
  std::map<std::string, json> by;
  for (const json& e : policy["estimates"]) by[e["estimator"]] = e;
  ASSERT_FALSE(by["dr"]["value"].is_null()) << policy.dump(1);
  const double dr = by["dr"]["value"];
  for (const char* other : {"ips", "snips"}) {
    const double value = by[other]["value"], error = by[other]["standard_error"];
    EXPECT_LT(std::abs(value - dr), kMostErrors * error)
        << other << " " << value << " +- " << error << " dr " << dr;
  }
}

TEST(CasesMissing, NinetyPercentMissingAtRandomProveNothing) {
  const Folder folder;
  PLUMB_CASE("missing", folder);
  EXPECT_EQ(verdict_of(folder, {"gate", "refuse.toml", "constant:b"}), "inconclusive");
  EXPECT_EQ(verdict_of(folder, {"gate", "goal.toml", "constant:b"}), "inconclusive");
  for (const json& policy : asked(folder, {"evaluate", "goal.toml", "constant:a", "constant:b"})["policies"])
    expect_one_number(policy);
  // As wide as with the rate stated.
  const auto width = [&](const char* goal) {
    const json gain = asked(folder, {"gate", goal, "constant:b"})["candidates"][1]["versus_reference"];
    return gain["upper"].get<double>() - gain["lower"].get<double>();
  };
  EXPECT_NEAR(width("goal.toml") / width("asked.toml"), 1, .15);
}

TEST(CasesMissing, AnswersThatNobodyExplainsRefuseNothing) {
  const Folder folder;
  PLUMB_CASE("missing_not_asked", folder);
  EXPECT_EQ(verdict_of(folder, {"gate", "goal.toml", "constant:treatment"}), "inconclusive");
  EXPECT_EQ(verdict_of(folder, {"gate", "mnar.toml", "constant:treatment"}), "inconclusive");
  expect_one_number(asked(folder, {"evaluate", "goal.toml", "constant:treatment"})["policies"][0]);
}

TEST(CasesMissing, RatesThatAreContradictedRefuseNothing) {
  const Folder folder;
  PLUMB_CASE("asked_arm", folder);
  const json gate = asked(folder, {"gate", "goal.toml", "constant:b", "--log", "log2.csv"});
  EXPECT_EQ(gate["verdict"], "inconclusive");
  EXPECT_EQ(gate["decision"], "experiment");
  EXPECT_NE(gate["candidates"][1]["reason"].get<std::string>().find("add up to"), std::string::npos);
}

TEST(CasesMissing, OneMissingCellDecidesNothing) {
  const Folder folder;
  PLUMB_CASE("post", folder);
  const json whole = asked(folder, {"gate", "right.toml", "constant:b"}),
             hole = asked(folder, {"gate", "right.toml", "constant:b", "--log", "one_missing.csv"});
  EXPECT_EQ(whole["verdict"], "pass");
  EXPECT_EQ(hole["verdict"], "pass");
  EXPECT_NE(hole["candidates"][1]["reason"].get<std::string>().find("assumed: ten times"), std::string::npos);
}

// Inputs of the same kinds that these tests make.

constexpr const char* kGoal =
    "goal.maximize = \"y\"\ngoal.minimum_effect = 0.01\noutcome.y.kind = \"{}\"\n{}"
    "data.log = \"log.csv\"\ndata.unit = \"user\"\ndata.action = \"arm\"\ndata.propensity = 0.5\n"
    "data.context = [\"x\"]\npolicy.reference = \"constant:a\"\n{}";

struct Row {
  bool b = false;
  double x = 0;
};

// y and whether it is seen, by row.
template <class Outcome, class Seen>
std::string log_of(int n, std::uint64_t seed, const Outcome& outcome, const Seen& seen) {
  Rng rng = Rng(seed).stream("cases");
  std::string out = "user,arm,x,y,extra\n";
  for (int i = 0; i < n; ++i) {
    const Row row{rng.bernoulli(.5), rng.normal()};
    const double y = outcome(row, rng);
    const bool is_seen = rng.bernoulli(seen(row, y));
    out += fmt::format("u{},{},{:.3f},{},{}\n", i, row.b ? "b" : "a", row.x,
                       is_seen ? fmt::format("{:.3g}", y) : "", i % 3 == 0 ? "" : "1");
  }
  return out;
}

TEST(CasesMissing, AnswersThatGoByActionAndContextCountOnceDeclared) {
  const Folder folder;
  folder.write("log.csv",
               log_of(
                   6000, 3, [](const Row& r, Rng& rng) { return r.x + (r.b ? .5 : 0) + rng.normal(); },
                   [](const Row& r, double) { return 1 / (1 + std::exp(-.3 - r.x + (r.b ? .8 : 0))); }));
  folder.write("open.toml", fmt::format(fmt::runtime(kGoal), "number", "", ""));
  folder.write("declared.toml",
               fmt::format(fmt::runtime(kGoal), "number", "outcome.y.missing = \"at_random\"\n", ""));
  const json open = asked(folder, {"gate", "open.toml", "constant:b"}),
             declared = asked(folder, {"gate", "declared.toml", "constant:b"});
  EXPECT_EQ(open["verdict"], "inconclusive") << open["headline"];
  EXPECT_EQ(declared["verdict"], "pass") << declared["headline"];
  EXPECT_NE(declared["candidates"][1]["reason"].get<std::string>().find("would have to lie"), std::string::npos)
      << declared["candidates"][1]["reason"];
  const json gain = declared["candidates"][1]["versus_reference"];
  EXPECT_LT(gain["lower"].get<double>(), .5);
  EXPECT_GT(gain["upper"].get<double>(), .5);
  // The same interval, whoever declares what.
  EXPECT_EQ(open["candidates"][1]["versus_reference"], gain);
  for (const json& policy :
       asked(folder, {"evaluate", "declared.toml", "constant:a", "constant:b"})["policies"])
    expect_one_number(policy);
  bool found = false;
  for (const json& f : open["data"]["findings"]) found |= f["check"] == "observed_shares";
  EXPECT_TRUE(found) << open["data"]["findings"].dump(1);
}

TEST(CasesMissing, AnswersByASquareOfTheContextCapThoughDeclared) {
  const Folder folder;
  folder.write("log.csv",
               log_of(
                   6000, 4, [](const Row& r, Rng& rng) { return r.x * r.x + (r.b ? .5 : 0) + rng.normal(); },
                   [](const Row& r, double) { return std::abs(r.x) < .8 ? .9 : .3; }));
  folder.write("goal.toml",
               fmt::format(fmt::runtime(kGoal), "number", "outcome.y.missing = \"at_random\"\n", ""));
  const json gate = asked(folder, {"gate", "goal.toml", "constant:b"});
  EXPECT_EQ(gate["verdict"], "inconclusive");
  EXPECT_NE(gate["headline"].get<std::string>().find("estimated by action and context expect"),
            std::string::npos)
      << gate["headline"];
}

TEST(CasesMissing, TwoPercentMissingBesideALargeGainCapNothing) {
  const Folder folder;
  folder.write("log.csv",
               log_of(
                   3000, 5, [](const Row& r, Rng& rng) { return rng.bernoulli(r.b ? .7 : .25) ? 1. : 0.; },
                   [](const Row&, double) { return .98; }));
  folder.write("goal.toml", fmt::format(fmt::runtime(kGoal), "binary", "", ""));
  folder.write("worse.toml",
               "goal.maximize = \"-1.0 * y\"\n" + fmt::format(fmt::runtime(kGoal), "binary", "", "")
                                                      .substr(std::string("goal.maximize = \"y\"\n").size()));
  const json gate = asked(folder, {"gate", "goal.toml", "constant:b"});
  EXPECT_EQ(gate["verdict"], "pass") << gate["headline"];
  EXPECT_NE(gate["candidates"][1]["reason"].get<std::string>().find("whatever the"), std::string::npos);
  EXPECT_EQ(verdict_of(folder, {"gate", "worse.toml", "constant:b"}), "refuse");
}

TEST(CasesMissing, AnOutcomeThatNothingUsesHasNoSay) {
  const Folder folder;
  folder.write("log.csv", log_of(
                              2000, 6, [](const Row& r, Rng& rng) { return rng.normal() + (r.b ? 1. : 0.); },
                              [](const Row&, double) { return 1; }));
  folder.write("goal.toml",
               fmt::format(fmt::runtime(kGoal), "number", "", "outcome.extra.kind = \"number\"\n"));
  const json gate = asked(folder, {"gate", "goal.toml", "constant:b"});
  EXPECT_EQ(gate["verdict"], "pass") << gate["headline"];
  for (const json& f : gate["data"]["findings"]) {
    if (f["sentence"].get<std::string>().starts_with("extra ")) {
      EXPECT_EQ(f["severity"], "info") << f.dump(1);
    }
  }
  for (const json& a : gate["assumptions"])
    EXPECT_EQ(a["name"].get<std::string>().find("extra"), std::string::npos);
}

TEST(CasesMissing, ARateThatOneArmBreaksStopsARefusalInEveryVerb) {
  const Folder folder;
  folder.write("log.csv",
               log_of(
                   4000, 7, [](const Row& r, Rng& rng) { return rng.bernoulli(r.b ? .4 : .6) ? 1. : 0.; },
                   [](const Row& r, double) { return r.b ? .25 : .5; }));
  folder.write("goal.toml", fmt::format(fmt::runtime(kGoal), "binary", "outcome.y.asked = 0.5\n", ""));
  EXPECT_EQ(verdict_of(folder, {"gate", "goal.toml", "constant:b"}), "inconclusive");
  EXPECT_EQ(asked(folder, {"evaluate", "goal.toml", "constant:b"})["policies"][0]["verdict"], "inconclusive");
  const Result align = folder.plumb({"align", "goal.toml", "--json"});
  EXPECT_EQ(json::parse(align.out)["decision"], "experiment") << align.err;
}

TEST(CasesMissing, AStreamGivesNoNumberThatRestsOnUnknownGaps) {
  const Folder folder;
  folder.write("log.csv", log_of(
                              4000, 8, [](const Row& r, Rng& rng) { return rng.normal() + (r.b ? 1. : 0.); },
                              [](const Row&, double) { return .3; }));
  folder.write("goal.toml", fmt::format(fmt::runtime(kGoal), "number", "", ""));
  const json policy = asked(folder, {"evaluate", "goal.toml", "constant:b", "--stream"})["policies"][0];
  EXPECT_TRUE(policy["verdict"].is_null());  // a stream is valued, not judged
  for (const json& e : policy["estimates"])
    EXPECT_EQ(e["value"].is_null(), e["estimator"] != "snips") << e.dump(1);
}

TEST(CasesMissing, AMonitorOnGapsThatNobodyExplainsConfirmsNothing) {
  const Folder folder;
  for (const char* name : {"log.csv", "later.csv"}) {
    std::string log = log_of(
        4000, name[1] == 'o' ? 9 : 10, [](const Row& r, Rng& rng) { return rng.normal() + (r.b ? 1. : 0.); },
        [&](const Row&, double) { return name[1] == 'o' ? 1. : .4; });
    if (name[1] == 'a') {
      for (std::size_t at = 0; (at = log.find("\nu", at)) != std::string::npos; at += 3)
        log.replace(at, 2, "\nv");
    }
    folder.write(name, log);
  }
  folder.write("goal.toml", fmt::format(fmt::runtime(kGoal), "number", "", ""));
  const json later = asked(folder, {"monitor", "goal.toml", "later.csv", "--policy", "constant:b"});
  EXPECT_EQ(later["verdict"], "inconclusive");
  EXPECT_EQ(later["headline"].get<std::string>().rfind("Not confirmed", 0), 0u) << later["headline"];
}

// Half of what one arm would have said for the worse is not there: the monitor does not say that outcomes
// moved.
TEST(CasesMissing, AMonitorOnSuchGapsDoesNotSayThatOutcomesMoved) {
  const Folder folder;
  const auto write = [&](const std::string& name, std::uint64_t seed, double hidden) {
    std::string log = "u,arm,y\n";
    const Rng root(seed);
    for (std::uint64_t i = 0; i < 6000; ++i) {
      Rng rng = root.stream("row", i);
      const bool b = rng.bernoulli(.5), y = rng.bernoulli(b ? .6 : .4);
      const bool is_seen = !(b && y && rng.bernoulli(hidden));
      log += fmt::format("{}{},{},{}\n", name, i, b ? "b" : "a", is_seen ? (y ? "1" : "0") : "");
    }
    folder.write(name, log);
  };
  write("log.csv", 1, 0);
  write("later.csv", 2, .5);
  folder.write("goal.toml",
               "goal.maximize = 'y'\noutcome.y.kind = 'binary'\ndata.log = 'log.csv'\ndata.unit = 'u'\n"
               "data.action = 'arm'\ndata.propensity = 0.5\npolicy.reference = 'constant:a'\n");
  const json later = asked(folder, {"monitor", "goal.toml", "later.csv", "--policy", "constant:b"});
  EXPECT_EQ(later["verdict"], "inconclusive");
  const json& moved = later["questions"][2];
  EXPECT_EQ(moved["verdict"], "not confirmed") << moved;
  EXPECT_EQ(moved["sentence"].get<std::string>().rfind("Taken as it stands", 0), 0u) << moved;
}

// A column that the goal does not name decides who answers, and what they would say.
TEST(CasesMissing, AColumnThatNobodyNamedMayDecideWhoAnswers) {
  const Folder folder;
  std::string log = "arm,z,y\n";
  const Rng root(11);
  for (int i = 0; i < 6000; ++i) {
    Rng rng = root.stream("row", static_cast<std::uint64_t>(i));
    const bool b = rng.bernoulli(.5);
    const double z = rng.normal(), y = z + rng.normal();
    const bool seen = !b || rng.bernoulli(1 / (1 + std::exp(2 * z)));
    log += fmt::format("{},{:.4f},{}\n", b ? "b" : "a", z, seen ? fmt::format("{:.4f}", y) : "");
  }
  folder.write("log.csv", log);
  folder.write("goal.toml",
               "goal.maximize = 'y'\noutcome.y.kind = 'number'\noutcome.y.missing = 'at_random'\n"
               "data.log = 'log.csv'\ndata.action = 'arm'\ndata.propensity = 0.5\n"
               "policy.reference = 'constant:a'\n");
  EXPECT_EQ(verdict_of(folder, {"gate", "goal.toml", "constant:b"}), "inconclusive");
}

// What nothing uses has no say, even where it has no value at all.
TEST(CasesMissing, AnUnusedOutcomeWithoutAValueEndsNothing) {
  const Folder folder;
  std::string log = "arm,y,z\n";
  for (int i = 0; i < 2000; ++i) log += i % 2 ? (i % 3 ? "b,1,\n" : "b,0,\n") : (i % 5 ? "a,0,\n" : "a,1,\n");
  folder.write("log.csv", log);
  folder.write("goal.toml",
               "goal.maximize = 'y'\noutcome.y.kind = 'binary'\noutcome.z.kind = 'binary'\n"
               "data.log = 'log.csv'\ndata.action = 'arm'\ndata.propensity = 0.5\n"
               "policy.reference = 'constant:a'\n");
  EXPECT_EQ(verdict_of(folder, {"gate", "goal.toml", "constant:b"}), "pass");
}

}  // namespace
}  // namespace plumb
