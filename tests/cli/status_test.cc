// Exit statuses and where things are printed.
#include <nlohmann/json.hpp>

#include "tests/cli/command.h"

namespace plumb {
namespace {

using Json = nlohmann::json;

const std::vector<std::string> kVerbs = {"check", "init",    "audit", "train",  "evaluate",
                                         "gate",  "monitor", "align", "report", "world"};

TEST(Command, HelpOfEveryVerbNamesTheCommonOptions) {
  const Folder folder;
  const Result all = folder.plumb({"--help"});
  EXPECT_EQ(all.status, 0);
  for (const std::string& verb : kVerbs) {
    EXPECT_TRUE(contains(all.out, "\n  " + verb + " ")) << verb;
    const Result help = folder.plumb({verb, "--help"});
    EXPECT_EQ(help.status, 0) << verb;
    EXPECT_EQ(help.err, "") << verb;
    for (const char* option : {"--log", "--json", "--out", "--threads", "--seed", "--quiet"})
      EXPECT_TRUE(contains(help.out, option)) << verb << " " << option;
  }
}

TEST(Command, VersionIsThatOfTheLibrary) {
  const Folder folder;
  const Result result = folder.plumb({"--version"});
  EXPECT_EQ(result.status, 0);
  EXPECT_EQ(result.out, "plumb " + std::string(version()) + "\n");
}

TEST(Command, UnknownWordsAreRefusedWithTheNearestName) {
  const Folder folder;
  const auto refused = [&](const std::vector<std::string>& arguments, const std::string& message) {
    const Result result = folder.plumb(arguments);
    EXPECT_EQ(result.status, 2) << message;
    EXPECT_EQ(result.out, "") << message;
    EXPECT_EQ(result.err, "plumb: " + message + "\n");
  };
  refused({"algin"}, "command line: verb: found \"algin\", expected align (the nearest name)");
  refused({"audti", "goal.toml"}, "command line: verb: found \"audti\", expected audit (the nearest name)");
  refused({"align", "goal.toml", "--thread", "3"},
          "align: option: found \"--thread\", expected --threads (the nearest name)");
  refused({"align", "--thread", "3"},
          "align: option: found \"--thread\", expected --threads (the nearest name)");
  refused({"align", "goal.toml", "--threads", "0"},
          "--threads: value: found \"0\", expected a whole number from 1 to 1024");
  refused({"align", "goal.toml", "--seed", "1.5"},
          "--seed: value: found \"1.5\", expected a whole number from 0 to 18446744073709551615");
  refused({"align", "goal.toml", "--out", ""}, "--out: value: found an empty text, expected a name");
  refused({"align", "goal.toml", "second.toml"},
          "align: argument: found \"second.toml\", expected no further argument (see plumb align --help)");
  refused({"align"}, "align: GOAL is required (see plumb align --help)");
  refused({}, "command line: A subcommand is required (see plumb --help)");
}

TEST(Command, AlignSaysItsDecisionByItsStatus) {
  const Folder folder;
  folder.write("goal.toml", mailing_goal());
  folder.write("log.csv", mailing(0.5));
  const Result ship = folder.plumb({"align", "goal.toml", "--json"});
  EXPECT_EQ(ship.status, 0) << ship.err;
  EXPECT_EQ(Json::parse(ship.out)["decision"], "ship");
  EXPECT_EQ(Json::parse(ship.out)["recommended"]["policy"], "constant:b");

  folder.write("high.toml", mailing_goal(50));
  const Result keep = folder.plumb({"align", "high.toml", "--json"});
  EXPECT_EQ(keep.status, 0) << keep.err;
  EXPECT_EQ(Json::parse(keep.out)["decision"], "keep");

  folder.write("noisy.csv", mailing(30));
  const Result experiment = folder.plumb({"align", "goal.toml", "--json", "--log", "noisy.csv"});
  EXPECT_EQ(experiment.status, 3) << experiment.err;
  EXPECT_EQ(Json::parse(experiment.out)["decision"], "experiment");
}

TEST(Command, GateSaysItsVerdictByItsStatus) {
  const Folder folder;
  folder.write("goal.toml", mailing_goal());
  folder.write("log.csv", mailing(0.5));
  folder.write("noisy.csv", mailing(30));
  const auto gate = [&](const std::string& policy, const std::string& log, int status, const char* verdict) {
    const Result result = folder.plumb({"gate", "goal.toml", policy, "--log", log, "--json"});
    EXPECT_EQ(result.status, status) << policy << " " << result.err;
    ASSERT_NE(result.out, "") << policy;
    EXPECT_EQ(Json::parse(result.out)["verdict"], verdict) << policy;
  };
  gate("constant:b", "log.csv", 0, "pass");
  gate("constant:a", "log.csv", 1, "refuse");
  gate("constant:b", "noisy.csv", 3, "inconclusive");
  EXPECT_EQ(folder.plumb({"gate", "goal.toml", "constant:c"}).status, 2);
}

TEST(Command, ATrainedPolicyIsJudgedOnTheRestOfItsOwnLog) {
  const Folder folder;
  folder.write("goal.toml", mailing_goal());
  folder.write("log.csv", mailing(0.5));
  ASSERT_EQ(folder.plumb({"train", "goal.toml", "--out", "run"}).status, 0);
  const Result result = folder.plumb({"gate", "goal.toml", "run/policy.safetensors"});
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_TRUE(contains(result.out, "of 900 decisions are of units that it learnt from and are left out"))
      << result.out;
}

TEST(Command, TheOtherVerbsEndWithZeroAndJsonIsAllThatTheyPrint) {
  const Folder folder;
  folder.write("goal.toml", mailing_goal());
  folder.write("log.csv", mailing(0.5));
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"check", "goal.toml"},
        {"check", "log.csv"},
        {"audit", "goal.toml"},
        {"train", "goal.toml"},
        {"evaluate", "goal.toml", "constant:b", "uniform", "reference", "logging"}}) {
    std::vector<std::string> with_json = arguments;
    with_json.insert(with_json.end(), {"--json", "--quiet"});
    const Result result = folder.plumb(with_json);
    EXPECT_EQ(result.status, 0) << arguments[0] << " " << result.err;
    EXPECT_EQ(result.err, "") << arguments[0];
    const Json document = Json::parse(result.out, nullptr, false);
    EXPECT_TRUE(document.is_object()) << arguments[0];
    EXPECT_EQ(document.value("verb", ""), arguments[0]);
  }
}

TEST(Command, WithoutOutNothingIsWrittenAndAHintSaysHow) {
  const Folder folder;
  folder.write("goal.toml", mailing_goal());
  folder.write("log.csv", mailing(0.5));
  const auto before = folder.names();
  const Result hinted = folder.plumb({"align", "goal.toml"});
  EXPECT_TRUE(contains(hinted.err, "--out DIR")) << hinted.err;
  const Result quiet = folder.plumb({"align", "goal.toml", "--quiet"});
  EXPECT_EQ(quiet.err, "");
  EXPECT_EQ(quiet.out, hinted.out);
  EXPECT_EQ(folder.names(), before);
}

TEST(Command, AFullStandardOutputIsAnError) {
  if (!std::filesystem::exists("/dev/full")) GTEST_SKIP() << "no /dev/full here";
  const Folder folder;
  folder.write("goal.toml", mailing_goal());
  folder.write("log.csv", mailing(0.5));
  const Result result = folder.plumb({"check", "goal.toml"}, 0, "/dev/full");
  EXPECT_EQ(result.status, 2);
  EXPECT_EQ(result.err, "plumb: standard output: cannot be written\n");
}

TEST(Command, SameBytesForAnyNumberOfThreads) {
  const Folder folder;
  ASSERT_EQ(folder.plumb({"world", "newsfeed", "--out", "w", "--decisions", "2000"}).status, 0);
  std::map<std::string, std::string> first;
  for (const std::string threads : {"1", "2", "7"}) {
    const Result result =
        folder.plumb({"align", "w/goal.toml", "--json", "--threads", threads, "--out", "run", "--quiet"});
    EXPECT_TRUE(result.status == 0 || result.status == 3) << result.err;
    std::map<std::string, std::string> files{{"standard output", result.out}};
    for (const auto& entry : std::filesystem::directory_iterator(folder / "run"))
      files[entry.path().filename().string()] = file_text(entry.path());
    EXPECT_GE(files.size(), 4u);  // standard output, the marker, evidence and report, at least
    if (first.empty()) first = files;
    EXPECT_TRUE(files == first) << threads << " threads";
  }
}

}  // namespace
}  // namespace plumb
