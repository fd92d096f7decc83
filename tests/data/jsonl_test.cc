#include <cmath>

#include "tests/data/small_logs.h"

namespace plumb {
namespace {

const char* const kTwoRows =
    R"({"id":"d1","unit":"u7","time_us":5,"context":{"age":31,"vip":true,"city":"Bonn"},"actions":[{"id":"a7","features":{"price":2.5,"kind":"new"}},{"id":9,"features":{"price":1,"kind":"old"}}],"chosen":9,"propensity":0.25,"propensities":[0.75,0.25],"outcomes":{"click":true},"policy":"v12"}
{"id":"d2","unit":"u7","time_us":6,"context":{"city":"Köln","age":40,"vip":false},"actions":[{"id":"a8","features":{"kind":"new","price":3}}],"chosen":"a8","propensity":1,"propensities":[1],"outcomes":{"click":0},"policy":"v13"}
)";

TEST(JsonLines, BecomeColumns) {
  LoadReport report;
  const DecisionLog log = jsonl_log(kTwoRows, jsonl_goal(), &report);
  EXPECT_EQ(report.rows_read, 2u);
  EXPECT_EQ(log.id, (std::vector<std::string>{"d1", "d2"}));
  EXPECT_TRUE(log.unit_named);
  EXPECT_EQ(log.unit, (std::vector<std::uint64_t>{hash_bytes("u7"), hash_bytes("u7")}));
  EXPECT_EQ(log.time_us, (std::vector<std::int64_t>{5, 6}));
  EXPECT_EQ(log.actions, (std::vector<std::string>{"a7", "9", "a8"}));
  EXPECT_EQ(log.offset, (std::vector<std::uint64_t>{0, 2, 3}));
  EXPECT_EQ(log.chosen, (std::vector<std::uint32_t>{1, 0}));
  EXPECT_EQ(log.chosen_action(0), 1u);
  EXPECT_EQ(log.logged, (std::vector<float>{.75f, .25f, 1}));
  EXPECT_FALSE(log.fixed_actions);
  ASSERT_EQ(log.context.size(), 3u);
  EXPECT_EQ(log.context[0].number, (std::vector<float>{31, 40}));
  EXPECT_EQ(log.context[1].number, (std::vector<float>{1, 0}));
  EXPECT_EQ(log.context[2].levels, (std::vector<std::string>{"Bonn", "Köln"}));
  ASSERT_EQ(log.action_features.size(), 2u);
  EXPECT_EQ(log.action_features[0].number, (std::vector<float>{2.5, 1, 3}));
  EXPECT_EQ(log.action_features[1].code, (std::vector<std::uint32_t>{0, 1, 0}));
  EXPECT_EQ(log.policy_version, (std::vector<std::string>{"v12", "v13"}));
  EXPECT_EQ(log.outcome("click").value, (std::vector<double>{1, 0}));
}

std::string minimal(const std::string& rest) {
  return R"({"actions":[{"id":"a"},{"id":"b"}],"chosen":"b","propensity":0.5,"outcomes":{"click":1})" + rest +
         "}\n";
}

TEST(JsonLines, HaveFixedActionsWhereEveryDecisionOffersTheSameInOneOrder) {
  EXPECT_TRUE(jsonl_log(minimal("") + minimal(""), jsonl_goal()).fixed_actions);
  EXPECT_FALSE(jsonl_log(minimal("") + R"({"actions":[{"id":"b"},{"id":"a"}],"chosen":"b","propensity":0.5})",
                         jsonl_goal())
                   .fixed_actions);
}

TEST(JsonLines, ReadOnlyTheContextThatTheGoalNames) {
  Goal goal = jsonl_goal();
  goal.data.context = {"x_*"};
  goal.segments = {"band", "tier"};
  goal.data.unit = "reader";
  const std::string text =
      minimal(R"(,"tier":3,"context":{"x_1":1,"other":null,"band":"young","x_2":2,"reader":"r"})");
  const DecisionLog log = jsonl_log(text, goal);
  ASSERT_EQ(log.context.size(), 2u);
  EXPECT_EQ(log.context[1].name, "x_2");
  EXPECT_EQ(log.segments[0].levels, std::vector<std::string>{"young"});
  EXPECT_EQ(log.segments[1].levels, std::vector<std::string>{"3"});
  EXPECT_EQ(log.unit[0], hash_bytes("r"));
  goal.data.unit = "raeder";
  EXPECT_NE(refusal([&] {
              jsonl_log(text, goal);
            }).find("log.jsonl:1: data.unit: found no key \"raeder\", expected \"reader\" (the nearest name)"),
            std::string::npos);
  goal.data.unit = "";
  goal.data.context = {"y_*"};
  EXPECT_NE(refusal([&] { jsonl_log(text, goal); }).find("data.context: found no key \"y_*\""),
            std::string::npos);
  goal.data.context = {};
  goal.segments = {"bond"};
  EXPECT_NE(refusal([&] {
              jsonl_log(minimal(R"(,"context":{"band":1})"), goal);
            }).find("segment: found no key \"bond\", expected \"band\""),
            std::string::npos);
}

struct BadLine {
  const char *line, *message;
};

TEST(BadJsonLine, IsRefusedWithPlaceFoundAndExpected) {
  const BadLine cases[] = {
      {R"({"actions":[{"id":"a"}],"chosen":"a","propensity":0})",
       "propensity: found 0, expected a number in (0, 1]"},
      {R"({"actions":[{"id":"a"}],"chosen":"a","propensity":1.2})",
       "propensity: found 1.2, expected a number in (0, 1]"},
      {R"({"actions":[{"id":"a"}],"chosen":"a","propensity":NaN})",
       "JSON: found NaN as a value, expected finite numbers: JSON has no infinity and no NaN"},
      {R"({"actions":[{"id":"a"}],"chosen":"a"})", "propensity: found nothing, expected a number in (0, 1]"},
      {R"({"actions":[{"id":"a"}],"chosen":"a","propensity":"1"})", nullptr},  // a text that is a number
      {R"({"actions":[{"id":"apple"}],"chosen":"aple","propensity":1})",
       "chosen: found \"aple\", which was not offered, expected \"apple\" (the nearest name)"},
      {R"({"actions":[{"id":"a"}],"propensity":1})",
       "data.action: found no key \"chosen\", expected one of \"actions\", \"propensity\""},
      {R"({"actions":[],"chosen":"a","propensity":1})",
       "actions: found an empty list, expected at least one offered action"},
      {R"({"chosen":"a","propensity":1})", "actions: found nothing, expected a list of the offered actions"},
      {R"({"actions":[{"id":"a"},{"id":"a"}],"chosen":"a","propensity":1})",
       "actions: found \"a\" twice, expected every offered action once"},
      {R"({"actions":[{"id":1.5}],"chosen":"a","propensity":1})",
       "actions.id: found 1.5, expected a text or an integer"},
      {R"({"actions":[{"id":"a"}],"chosen":"a","propensity":1,"outcomes":{"click":2}})",
       "outcome.click: found 2, expected 0 or 1"},
      {R"({"actions":[{"id":"a"}],"chosen":"a","propensity":1,"outcomes":{"click":1e999}})",
       "JSON: found a number that is malformed or beyond a double, expected finite numbers"},
      {R"({"actions":[{"id":"a"}],"chosen":"a","propensity":1,"outcomes":{"click":1,"click":0}})",
       "outcome.click: found a second value, expected every key once"},
      {R"([1])", "JSON: found \"[1]\", expected one JSON object a line"},
      {"{\"actions\":[{\"id\":\"\xff\"}],\"chosen\":\"a\",\"propensity\":1}",
       "text: found bytes that are not UTF-8 in "
       "\"{\"actions\":[{\"id\":\"\\xff\"}],\"chosen\":\"a\",\"propensity\":1}\", expected UTF-8"},
      {R"({"actions":[{"id":"a"}],"chosen":"a","propensity":1,"context":{"x":1}})",
       "context: found a new key \"x\", expected the same keys as in line 1"},
      {R"({"actions":[{"id":"a","features":{"x":1}}],"chosen":"a","propensity":1})",
       "features: found a new key \"x\", expected the same keys as in line 1"},
      {R"({"id":"d","actions":[{"id":"a"}],"chosen":"a","propensity":1})",
       "id: found one, expected none, as in the rows before"},
      {R"({"actions":[{"id":"a"},{"id":"b"}],"chosen":"a","propensity":0.5,"propensities":[0.5,0.5]})",
       "propensities: found one, expected none, as in the rows before"},
      {"", "row: found an empty line, expected one JSON object a line"},
  };
  for (const BadLine& bad : cases) {
    const std::string text = minimal("") + bad.line + "\n" + minimal("");
    if (bad.message == nullptr) {
      EXPECT_EQ(jsonl_log(text, jsonl_goal()).size(), 3u);
      continue;
    }
    const std::string message = refusal([&] { jsonl_log(text, jsonl_goal()); });
    EXPECT_EQ(message.substr(0, message.find('\n')), std::string("log.jsonl:2: ") + bad.message);
  }
}

TEST(BadJsonLine, WithPropensitiesThatDoNotFitIsRefused) {
  const BadLine cases[] = {
      {R"("propensity":0.5,"propensities":[0.5,0.4])", "found a sum of 0.9, expected 1"},
      {R"("propensity":0.5,"propensities":[0.4,0.6])",
       "found 0.4 for the chosen action, expected its propensity, 0.5"},
      {R"("propensity":0.5,"propensities":[0.5])", "found 1 numbers, expected 2, one for every offered action"},
      {R"("propensity":0.5,"propensities":[1.5,-0.5])", "found 1.5, expected a number in [0, 1]"},
      {R"("propensities":[0,1])", "found 0 for the chosen action, expected a number in (0, 1]"},
  };
  for (const BadLine& bad : cases) {
    const std::string text =
        std::string(R"({"actions":[{"id":"a"},{"id":"b"}],"chosen":"a",)") + bad.line + "}\n";
    const std::string message = refusal([&] { jsonl_log(text, jsonl_goal()); });
    EXPECT_NE(message.find(std::string("log.jsonl:1: propensities: ") + bad.message), std::string::npos)
        << message;
  }
}

TEST(BadJsonLine, WithOtherFeaturesIsRefused) {
  const auto row = [](const std::string& first, const std::string& second) {
    return R"({"actions":[{"id":"a","features":)" + first + R"(},{"id":"b","features":)" + second +
           R"(}],"chosen":"a","propensity":0.5,"outcomes":{"click":0}})" + "\n";
  };
  const std::string good = row(R"({"x":1,"y":2})", R"({"y":1,"x":2})");
  EXPECT_EQ(jsonl_log(good + good, jsonl_goal()).action_features[0].number, (std::vector<float>{1, 2, 1, 2}));
  const auto message = [&](const std::string& text) { return refusal([&] { jsonl_log(text, jsonl_goal()); }); };
  EXPECT_NE(message(good + row(R"({"x":1,"y":2})", R"({"y":1})")).find("log.jsonl:2: features: found no \"x\""),
            std::string::npos);
  EXPECT_NE(message(row(R"({"x":1})", R"({"x":1,"y":1})")).find("log.jsonl:1: features: found a new key \"y\""),
            std::string::npos);
  EXPECT_NE(message(row(R"({"x":1,"x":1})", R"({"x":1})")).find("features.x: found a second value"),
            std::string::npos);
  EXPECT_TRUE(std::isnan(
      jsonl_log(row(R"({"x":null})", R"({"x":1})"), jsonl_goal()).action_features[0].number[0]));  // missing
  EXPECT_NE(message(row(R"({"x":[1]})", R"({"x":1})")).find("features.x: found null or a nested value"),
            std::string::npos);
}

TEST(JsonLines, AFirstLineThatIsRefusedDoesNotNameTheColumns) {
  Goal goal = jsonl_goal();
  goal.data.reject_up_to = 0.5;
  const std::string bad =
      R"({"actions":[{"id":"a","features":{"z":1}}],"context":{"q":1},"chosen":"a","propensity":7})";
  const std::string good =
      R"({"actions":[{"id":"a","features":{"x":1}}],"context":{"c":1},"chosen":"a","propensity":1,"outcomes":{"click":1}})";
  const DecisionLog log = jsonl_log(bad + "\n" + good + "\n" + good + "\n", goal);
  EXPECT_EQ(log.size(), 2u);
  EXPECT_EQ(log.context[0].name, "c");
  EXPECT_EQ(log.action_features[0].name, "x");
}

}  // namespace
}  // namespace plumb
