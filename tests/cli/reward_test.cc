// plumb reward: what was learnt of every outcome.
#include <nlohmann/json.hpp>

#include "tests/cli/command.h"

namespace plumb {
namespace {

TEST(Reward, AnswersForAWorldWithoutAVerdict) {
  const Folder folder;
  ASSERT_EQ(folder.plumb({"world", "campaign", "--out", "campaign", "--decisions", "6000", "--quiet"}).status,
            0);
  const Result text = folder.plumb({"reward", "campaign/goal.toml", "--out", "run", "--quiet"});
  EXPECT_EQ(text.status, 0) << text.err;
  EXPECT_EQ(text.out.rfind("On decisions that no model saw: ", 0), 0u) << text.out;
  EXPECT_NE(folder.read("run/report.html").find("What was learnt"), std::string::npos);
  const Result as_json = folder.plumb({"reward", "campaign/goal.toml", "--json", "--quiet"});
  const auto document = nlohmann::json::parse(as_json.out);
  EXPECT_FALSE(document.contains("verdict"));
  for (const auto& model : document.at("models")) EXPECT_TRUE(model.contains("reliability")) << model;
  EXPECT_EQ(as_json.out,
            folder.plumb({"reward", "campaign/goal.toml", "--json", "--quiet", "--threads", "5"}).out);
}

TEST(Reward, RefusesWhatItDoesNotKnow) {
  const Folder folder;
  const Result none = folder.plumb({"reward", "goal.toml"});
  EXPECT_EQ(none.status, 2);
  EXPECT_TRUE(none.out.empty());
  EXPECT_NE(folder.plumb({"rewrad", "goal.toml"}).err.find("reward (the nearest name)"), std::string::npos);
}

}  // namespace
}  // namespace plumb
