// Logs that are large: valued as a stream, or with their columns kept beside them.
#include <nlohmann/json.hpp>

#include "tests/cli/command.h"

namespace plumb {
namespace {

class LargeLogs : public ::testing::Test {
 protected:
  LargeLogs() {
    folder.write("goal.toml", mailing_goal());
    folder.write("log.csv", mailing(0.5));
  }
  nlohmann::json json(std::vector<std::string> arguments) {
    arguments.push_back("--json");
    const Result result = folder.plumb(arguments);
    EXPECT_EQ(result.status, 0) << result.err;
    return nlohmann::json::parse(result.out, nullptr, false);
  }
  Folder folder;
};

TEST_F(LargeLogs, AreValuedAsAStreamAsInMemory) {
  ASSERT_EQ(folder.plumb({"train", "goal.toml", "--out", "run"}).status, 0);
  const std::vector<std::string> asked = {"evaluate", "goal.toml", "constant:b", "uniform", "logging"};
  std::vector<std::string> streamed = asked;
  streamed.insert(streamed.end(),
                  {"run/policy.safetensors", "--stream", "--models", "run/outcome-models.safetensors"});
  const nlohmann::json memory = json(asked), stream = json(streamed);
  ASSERT_EQ(stream["policies"].size(), 4u);
  EXPECT_EQ(stream["data"]["decisions"], 900);
  EXPECT_TRUE(stream["provenance"]["log_digest"].is_null());
  for (std::size_t p = 0; p < 3; ++p) {
    const auto &there = memory["policies"][p], &here = stream["policies"][p];
    EXPECT_EQ(here["name"], there["name"]);
    EXPECT_NE(here["verdict"], "pass");  // a stream is valued, not checked
    ASSERT_EQ(here["estimates"].size(), 3u);
    for (std::size_t e = 0; e < 3; ++e) {
      for (const char* key : {"value", "lower", "upper"}) {
        ASSERT_TRUE(here["estimates"][e][key].is_number()) << p << e;
        // The file holds linear models; for numbers those are the models of a log in memory.
        EXPECT_NEAR(here["estimates"][e][key], there["estimates"][e][key].get<double>(), 1e-5)
            << p << " " << e << key;
      }
    }
  }
  EXPECT_EQ(memory["policies"][0]["verdict"], "pass");
  // A policy that these very rows taught gets no number.
  EXPECT_TRUE(stream["policies"][3]["estimates"][0]["value"].is_null());
  EXPECT_TRUE(contains(stream["policies"][3]["reason"].get<std::string>(), "trained on this log"));
  // Without models there is no doubly robust value, and the same bytes for any number of threads.
  std::vector<std::string> plain = {"evaluate", "goal.toml", "constant:b", "--stream", "--threads", "1"};
  const nlohmann::json one = json(plain);
  plain.back() = "4";
  EXPECT_EQ(one, json(plain));
  EXPECT_EQ(one["policies"][0]["estimates"].size(), 2u);
}

TEST_F(LargeLogs, OfAStreamAreHeldAgainstTheLockedGoal) {
  ASSERT_EQ(folder.plumb({"check", "goal.toml", "--lock"}).status, 0);
  EXPECT_EQ(folder.plumb({"evaluate", "goal.toml", "uniform", "--stream"}).status, 0);
  folder.write("goal.toml", mailing_goal(0.2));
  EXPECT_EQ(folder.plumb({"evaluate", "goal.toml", "uniform", "--stream"}).status, 2);
}

TEST_F(LargeLogs, OfAStreamRefuseWhatItCannotDo) {
  const auto refused = [&](std::vector<std::string> arguments) {
    const Result result = folder.plumb(arguments);
    EXPECT_EQ(result.status, 2) << result.err;
    EXPECT_EQ(result.out, "");
    return result.err;
  };
  folder.write("table.csv", "id,action,probability\n");
  EXPECT_TRUE(contains(refused({"evaluate", "goal.toml", "table.csv", "--stream"}), "a table"));
  EXPECT_TRUE(contains(refused({"evaluate", "goal.toml", "uniform", "--models", "x"}), "--models"));
  EXPECT_TRUE(
      contains(refused({"evaluate", "goal.toml", "uniform", "--stream", "--models", "log.csv"}), "log.csv"));
  EXPECT_TRUE(contains(refused({"evaluate", "goal.toml", "constant:z", "--stream"}), "z"));
}

TEST_F(LargeLogs, KeepTheirColumnsForTheNextRunAndSaySo) {
  const std::string plain = folder.plumb({"check", "goal.toml", "--json", "--cache", "never"}).out;
  const Result first = folder.plumb({"check", "goal.toml", "--json", "--cache", "always"});
  EXPECT_TRUE(contains(first.err, "Columns are kept in")) << first.err;
  const Result second = folder.plumb({"check", "goal.toml", "--json", "--cache", "always"});
  EXPECT_TRUE(contains(second.err, "Columns are those of")) << second.err;
  EXPECT_EQ(first.out, plain);
  EXPECT_EQ(second.out, plain);
  // Another log under the same name, then a cache that is not whole.
  folder.write("log.csv", mailing(0.6));
  const Result other = folder.plumb({"check", "goal.toml", "--json", "--cache", "always"});
  EXPECT_TRUE(contains(other.err, "is not used and written anew: the log")) << other.err;
  EXPECT_EQ(other.out, folder.plumb({"check", "goal.toml", "--json"}).out);
  const std::string cache = folder.read("log.csv.plumb-columns");
  folder.write("log.csv.plumb-columns", cache.substr(0, cache.size() / 2));
  EXPECT_TRUE(contains(folder.plumb({"check", "goal.toml", "--cache", "always"}).err, "it is damaged"));
  EXPECT_EQ(folder.read("log.csv.plumb-columns"), cache);
  EXPECT_EQ(folder.plumb({"check", "goal.toml", "--cache", "sometimes"}).status, 2);
}

}  // namespace
}  // namespace plumb
