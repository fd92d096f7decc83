// init, world, and checks of a bare log.
#include <nlohmann/json.hpp>

#include "plumb/goal.h"
#include "tests/cli/command.h"

namespace plumb {
namespace {

using Json = nlohmann::json;
using Names = std::vector<std::string>;

TEST(World, WritesALogAndItsGoalTheSameForTheSameSeed) {
  const Folder folder;
  for (const char* dir : {"one", "two"})
    ASSERT_EQ(folder.plumb({"world", "campaign", "--out", dir, "--decisions", "2000", "--seed", "3"}).status,
              0);
  EXPECT_EQ(folder.names(), (Names{"one", "one/.plumb-world", "one/campaign.csv", "one/goal.toml", "two",
                                   "two/.plumb-world", "two/campaign.csv", "two/goal.toml"}));
  EXPECT_EQ(folder.read("one/campaign.csv"), folder.read("two/campaign.csv"));
  ASSERT_EQ(folder.plumb({"world", "campaign", "--out", "two", "--decisions", "2000", "--seed", "4"}).status,
            0);
  EXPECT_NE(folder.read("one/campaign.csv"), folder.read("two/campaign.csv"));
  EXPECT_EQ(folder.plumb({"check", "one/goal.toml"}).status, 0);
}

TEST(World, KeepsWhatItDidNotWrite) {
  const Folder folder;
  const Names world = {"world", "newsfeed", "--decisions", "200", "--out", "w"};
  const auto refused = [&](const Names& arguments, const std::string& message) {
    const auto before = folder.names();
    const Result result = folder.plumb(arguments);
    EXPECT_EQ(result.status, 2);
    EXPECT_TRUE(contains(result.err, message)) << result.err;
    EXPECT_EQ(folder.names(), before);
  };
  ASSERT_EQ(folder.plumb(world).status, 0);
  ASSERT_EQ(folder.plumb(world).status, 0);
  // The examples' folders hold the goal file alone, as it would be written: there the log is added.
  std::filesystem::remove(folder / "w/decisions.jsonl");
  std::filesystem::remove(folder / "w/.plumb-world");
  EXPECT_EQ(folder.plumb(world).status, 0);
  EXPECT_TRUE(std::filesystem::exists(folder / "w/decisions.jsonl"));
  folder.write("w/notes.txt", "mine");
  refused(world, "w: --out: found \"notes.txt\", which no world wrote");
  std::filesystem::remove(folder / "w/notes.txt");
  folder.write("w/goal.toml", folder.read("w/goal.toml") + "# mine\n");
  refused(world, "goal.toml, which no world wrote or somebody changed");
  refused({"world", "newsfeed"}, "world: --out: found nothing");
  refused({"world", "campain", "--out", "x"}, "world: NAME: found \"campain\"");
  refused({"world", "campaign", "--out", "x", "--harm", "1"}, "world campaign: --harm: found 1");
  refused({"world", "newsfeed", "--out", "x", "--asked", "2"}, "asked");
  refused({"world", "newsfeed", "--out", "missing/x"}, "missing");
}

TEST(Init, TemplatesAreReadyToRun) {
  const Folder folder;
  for (const std::string name : {"newsfeed", "campaign"}) {
    const Result made = folder.plumb({"init", name, name});
    EXPECT_EQ(made.status, 0) << made.err;
    EXPECT_TRUE(contains(made.out, "plumb align " + name + "/goal.toml")) << made.out;
    EXPECT_TRUE(contains(folder.read(name + "/goal.toml"), "plumb align " + name + "/goal.toml"));
    const Result again = folder.plumb({"init", name, name});
    EXPECT_EQ(again.status, 2);
    EXPECT_TRUE(contains(again.err, "expected a new or empty directory")) << again.err;
  }
  EXPECT_EQ(folder.plumb({"check", "campaign/goal.toml"}).status, 0);
  folder.write("mine.csv.gz", "");
  ASSERT_EQ(folder.plumb({"init", "customers", "shop", "--log", "mine.csv.gz"}).status, 0);
  EXPECT_EQ(read_goal((folder / "shop/goal.toml").string()).data.log,
            std::filesystem::canonical(folder / "mine.csv.gz").string());
  const Result unknown = folder.plumb({"init", "campain", "x"});
  EXPECT_EQ(unknown.status, 2);
  EXPECT_EQ(unknown.err, "plumb: init: TEMPLATE: found \"campain\", expected campaign\n");
}

TEST(Init, FromALogWritesAGoalThatReadsIt) {
  const Folder folder;
  folder.write("log.csv", mailing(0.5));
  ASSERT_EQ(folder.plumb({"init", "--from", "log.csv", "mailing"}).status, 0);
  const Goal goal = read_goal((folder / "mailing/goal.toml").string());
  EXPECT_EQ(goal.data.action, "mail");
  EXPECT_EQ(goal.data.propensity_column, "p");
  EXPECT_EQ(goal.data.unit, "customer");
  EXPECT_EQ(goal.data.id, "id");
  EXPECT_EQ(goal.data.context, Names{"age"});
  EXPECT_EQ(goal.maximize_text, "spend");
  EXPECT_EQ(goal.proxies, Names{"click"});
  const Result ship = folder.plumb({"align", "mailing/goal.toml", "--json"});
  EXPECT_EQ(ship.status, 0) << ship.err;
  EXPECT_EQ(Json::parse(ship.out)["recommended"]["policy"], "constant:b");
  // What a person has written is never replaced.
  EXPECT_EQ(folder.plumb({"init", "--from", "log.csv", "mailing"}).status, 2);
  EXPECT_EQ(folder.plumb({"init", "--from", "log.csv", "other.toml", "--outcome", "click"}).status, 0);
  EXPECT_EQ(read_goal((folder / "other.toml").string()).maximize_text, "click");
}

TEST(CheckOfALog, SaysHowItWasRead) {
  const Folder folder;
  folder.write("log.csv", mailing(0.5));
  const Result result = folder.plumb({"check", "log.csv", "--json"});
  ASSERT_EQ(result.status, 0) << result.err;
  const Json document = Json::parse(result.out);
  EXPECT_EQ(document["read_as"]["action"], "mail");
  EXPECT_EQ(document["read_as"]["outcomes"], (Json{"spend", "click"}));
  EXPECT_EQ(document["constants"].size(), 3u);
  const Result text = folder.plumb({"check", "log.csv", "--outcome", "click"});
  EXPECT_TRUE(contains(text.out, "goal        click\n")) << text.out;
}

TEST(CheckOfALog, AsksForAPropensityWhereThereIsNone) {
  const Folder folder;
  std::string log = mailing(0.5);
  log.replace(log.find(",p,"), 3, ",weight,");
  folder.write("log.csv", log);
  const Result asked = folder.plumb({"check", "log.csv"});
  EXPECT_EQ(asked.status, 2);
  EXPECT_EQ(asked.out, "");
  EXPECT_TRUE(contains(asked.err, "log.csv: propensity: found no column")) << asked.err;
  EXPECT_TRUE(contains(asked.err, "--propensity NUMBER where every action was as likely (1/3 is 0.333"))
      << asked.err;
  EXPECT_EQ(folder.plumb({"check", "log.csv", "--propensity", "0.3333333333333333"}).status, 0);
  EXPECT_EQ(folder.plumb({"check", "log.csv", "--propensity", "weight"}).status, 0);
  for (const std::string wrong : {"0", "1.5", "wieght"}) {
    const Result refused = folder.plumb({"check", "log.csv", "--propensity", wrong});
    EXPECT_EQ(refused.status, 2) << wrong;
    EXPECT_TRUE(contains(refused.err, wrong)) << refused.err;
  }
  EXPECT_EQ(folder.plumb({"check", "log.csv", "--lock"}).status, 2);
  EXPECT_EQ(folder.plumb({"check", "nowhere.csv"}).status, 2);
}

TEST(CheckOfAGoal, LocksIt) {
  const Folder folder;
  folder.write("goal.toml", mailing_goal());
  folder.write("log.csv", mailing(0.5));
  ASSERT_EQ(folder.plumb({"check", "goal.toml", "--lock"}).status, 0);
  EXPECT_TRUE(std::filesystem::exists(folder / "goal.lock"));
  EXPECT_EQ(folder.plumb({"align", "goal.toml"}).status, 0);
  folder.write("goal.toml", mailing_goal(0.2));
  const Result changed = folder.plumb({"align", "goal.toml"});
  EXPECT_EQ(changed.status, 2);
  EXPECT_TRUE(contains(changed.err, "goal.lock")) << changed.err;
  EXPECT_EQ(folder.plumb({"check", "goal.toml", "--unit", "customer"}).status, 2);
}

}  // namespace
}  // namespace plumb
