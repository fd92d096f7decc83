// Three arms, what people prefer of them, and what the loop says where nobody compared one, or where answers
// may be careless.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "plumb/plumb.h"
#include "plumb/regression.h"

namespace plumb {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

class AskedArms : public testing::Test {
 protected:
  void SetUp() override {
    directory_ = fs::temp_directory_path() / ("plumb_asked_arms_" + std::to_string(::getpid()));
    fs::create_directories(directory_);
    Rng rng(7);
    std::string log = "u,a,p,x,value\n";
    for (int i = 0; i < 1500; ++i) {
      const auto arm = static_cast<char>('A' + rng.below(3));
      log += fmt::format("u{},{},0.333333333,{:.4f},{:.4f}\n", i, arm, rng.normal(),
                         rng.normal() + (arm == 'B' ? -.7 : 0));
    }
    write("log.csv", log);
  }
  void TearDown() override { fs::remove_all(directory_); }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(directory_ / name, std::ios::binary) << text;
  }
  // B is liked more than A by `liked`, C by nothing; with C compared or not, and a share of ties beside.
  void ask(double liked, bool compare_c, double ties = 0) const {
    Rng rng(11);
    std::string votes;
    for (int k = 0; k < 3000; ++k) {
      const std::uint64_t among = compare_c ? 3 : 2, first = rng.below(among),
                          second = (first + 1 + rng.below(among - 1)) % among;
      const double odds = (first == 1 ? liked : 0) - (second == 1 ? liked : 0);
      const char* answer = rng.bernoulli(ties) ? "tie" : rng.bernoulli(sigmoid(odds)) ? "first" : "second";
      votes += fmt::format(
          R"({{"rater":"r{}","context":{{"x":{:.4f}}},"first":{{"id":"{}"}},"second":{{"id":"{}"}},"answer":"{}"}})"
          "\n",
          k / 2, rng.normal(), static_cast<char>('A' + first), static_cast<char>('A' + second), answer);
    }
    write("votes.jsonl", votes);
  }
  Goal goal(const std::string& maximize, const std::string& more = "") const {
    write("goal.toml", "goal.maximize = \"" + maximize +
                           "\"\noutcome.value.kind = \"number\"\noutcome.preferred.kind = \"preference\"\n" +
                           more +
                           "policy.reference = \"constant:A\"\ndata.log = \"log.csv\"\ndata.unit = \"u\"\n"
                           "data.action = \"a\"\ndata.propensity = \"p\"\ndata.context = [\"x\"]\n"
                           "data.feedback = [\"votes.jsonl\"]\n");
    return read_goal((directory_ / "goal.toml").string());
  }
  static json claim(const json& document, const std::string& name) {
    for (const json& c : document.at("candidates"))
      if (c.at("name") == name) return c;
    ADD_FAILURE() << "no " << name;
    return {};
  }
  fs::path directory_;
};

TEST_F(AskedArms, HaveNoNumberAnywhereThatRestsOnOneWhichNobodyCompared) {
  ask(1, false);
  Goal asked = goal("preferred");
  asked.reference = "logging";
  const Evidence evidence = align(asked, RunOptions{});
  const json document = json::parse(evidence.json);
  for (const json& c : document.at("candidates")) EXPECT_TRUE(c.at("goal").at("value").is_null()) << c.dump();
  for (const json& s : document.at("training").at("signals")) {
    EXPECT_TRUE(s.at("value").is_null()) << s.dump();
    EXPECT_NE(s.at("why_not").get<std::string>().find("nobody compared C"), std::string::npos);
  }
  const json& people = document.at("preference");
  ASSERT_FALSE(people.at("curve").empty());
  EXPECT_TRUE(people.at("curve").back().at("goal").at("value").is_null());
  EXPECT_TRUE(people.at("peak").at("kl_lower").is_null());
  EXPECT_EQ(evidence.text.find("-inf"), std::string::npos);
  // B against A keeps its own.
  EXPECT_FALSE(claim(document, "constant:A").at("versus_best_constant").at("value").is_null());
}

TEST_F(AskedArms, AreLikedInOneUnitWhateverTheShareOfTies) {
  ask(1, true, .5);
  const json document = json::parse(align(goal("preferred"), RunOptions{}).json);
  const json gain = claim(document, "constant:B").at("versus_reference");
  EXPECT_LT(gain.at("lower").get<double>(), 1);
  EXPECT_GT(gain.at("upper").get<double>(), 1);
  EXPECT_GT(gain.at("value").get<double>(), .8);  // half a win for each side would give about a half
  EXPECT_GT(document.at("preference").at("held_out_ties").get<int>(), 500);
}

TEST_F(AskedArms, AreTradedForAnotherUnitOnlyWhereCarelessAnswersWouldNotTurnIt) {
  ask(.397, true);  // .5 among the careful, if one answer in five is a coin
  // B costs .7 and is liked: at .9 a unit it loses as people answered, and wins if half of them were coins.
  const auto gated = [&](const std::string& more) {
    return json::parse(align(goal("value + 0.9 * preferred", more), RunOptions{}).json);
  };
  const json open = claim(gated(""), "constant:B"),
             declared = claim(gated("outcome.preferred.careless_at_most = 0\n"), "constant:B"),
             wide = claim(gated("outcome.preferred.careless_at_most = 0.4\n"), "constant:B");
  EXPECT_EQ(open.at("verdict"), "inconclusive");
  EXPECT_NE(open.at("reason").get<std::string>().find("nobody said how careless"), std::string::npos)
      << open.dump();
  EXPECT_EQ(declared.at("verdict"), "refuse") << declared.dump();
  EXPECT_EQ(wide.at("versus_reference").at("lower"), declared.at("versus_reference").at("lower"));
  EXPECT_GT(wide.at("versus_reference").at("upper").get<double>(),
            declared.at("versus_reference").at("upper").get<double>() + .1);
}

}  // namespace
}  // namespace plumb
