// Vowpal Wabbit's text with labels of contextual bandits: one line a decision, or a block of lines.
#include <algorithm>
#include <cmath>

#include "plumb/inspect.h"
#include "tests/data/small_logs.h"

namespace plumb {
namespace {

DecisionLog vw_log(std::string_view text, const Goal& goal, LoadReport* report = nullptr) {
  return vw_text_log_from(TextSource::from_memory(text, "log.vw"), goal, report);
}

Goal vw_goal() {
  Goal goal;
  goal.maximize = {{1.0, "reward"}};
  goal.outcomes = {outcome_spec("reward", OutcomeKind::kNumber)};
  return goal;
}

const FeatureColumn& column(const std::vector<FeatureColumn>& columns, std::string_view name) {
  for (const FeatureColumn& one : columns)
    if (one.name == name) return one;
  ADD_FAILURE() << "no column " << name;
  static const FeatureColumn none;
  return none;
}

std::vector<std::string> names(const std::vector<FeatureColumn>& columns) {
  std::vector<std::string> out;
  for (const FeatureColumn& one : columns) out.push_back(one.name);
  return out;
}

TEST(VwText, ReadsALineADecision) {
  const DecisionLog log = vw_log(
      "2:-1.5:0.25 'd1|user age:30 city=Berlin vip |hour :7\n"
      "1:0:0.75 'd2|user age:31 city:Rome\n",
      vw_goal());
  EXPECT_EQ(log.id, (std::vector<std::string>{"d1", "d2"}));
  EXPECT_EQ(log.actions, (std::vector<std::string>{"1", "2"}));
  EXPECT_TRUE(log.fixed_actions);
  EXPECT_EQ(log.chosen, (std::vector<std::uint32_t>{1, 0}));
  EXPECT_EQ(log.propensity, (std::vector<double>{.25, .75}));
  EXPECT_EQ(log.outcome("reward").value, (std::vector<double>{1.5, 0}));
  EXPECT_FALSE(std::signbit(log.outcome("reward").value[1]));
  EXPECT_EQ(names(log.context), (std::vector<std::string>{"user.age", "user.city", "user.vip", "hour.0"}));
  EXPECT_EQ(column(log.context, "user.age").number, (std::vector<float>{30, 31}));
  EXPECT_EQ(column(log.context, "user.city").levels, (std::vector<std::string>{"Berlin", "Rome"}));
  EXPECT_EQ(column(log.context, "user.vip").number, (std::vector<float>{1, 0}));
  EXPECT_EQ(column(log.context, "hour.0").number, (std::vector<float>{7, 0}));
}

TEST(VwText, TakesSeveralActionsOfALabelAsThoseThatWereOffered) {
  const DecisionLog log = vw_log("1 2:1:0.5 4 | a\n3:2:1 1 | a\n", vw_goal());
  EXPECT_EQ(log.actions, (std::vector<std::string>{"1", "2", "4", "3"}));
  EXPECT_EQ(log.offset, (std::vector<std::uint64_t>{0, 3, 5}));
  EXPECT_EQ(log.chosen, (std::vector<std::uint32_t>{1, 0}));
}

TEST(VwText, ReadsBlocksWithSharedFeatures) {
  Goal goal = vw_goal();
  goal.data.action = "item.id";
  const std::string text =
      "shared 'd1|user age:30 city=Berlin\n"
      "|item id=a7 price:2\n"
      "0:-1:0.25 |item id=a8 price:3 new\n"
      "\n"
      "shared 'd2|user age:31\r\n"
      "0:2:0.5 |item id=a8 price:3\r\n"
      "|item id=a7\r\n"
      "|item id=a9 price:4\r\n"
      "\r\n\r\n";
  const DecisionLog log = vw_log(text, goal);
  EXPECT_EQ(log.id, (std::vector<std::string>{"d1", "d2"}));
  EXPECT_EQ(log.actions, (std::vector<std::string>{"a7", "a8", "a9"}));
  EXPECT_EQ(log.action, (std::vector<std::uint32_t>{0, 1, 1, 0, 2}));
  EXPECT_EQ(log.chosen, (std::vector<std::uint32_t>{1, 0}));
  EXPECT_EQ(log.outcome("reward").value, (std::vector<double>{1, -2}));
  EXPECT_EQ(names(log.action_features), (std::vector<std::string>{"item.price", "item.new"}));
  EXPECT_EQ(column(log.action_features, "item.price").number, (std::vector<float>{2, 3, 3, 0, 4}));
  EXPECT_EQ(column(log.action_features, "item.new").number, (std::vector<float>{0, 1, 0, 0, 0}));
  EXPECT_EQ(column(log.context, "user.age").number, (std::vector<float>{30, 31}));
  goal.data.action = "";
  EXPECT_EQ(vw_log(text, goal).actions, (std::vector<std::string>{"1", "2", "3"}));
}

TEST(VwText, NamesActionsByTheirTags) {
  const DecisionLog log = vw_log("shared | s\n'x| a\n1:1:0.5 'y| b\n", vw_goal());
  EXPECT_EQ(log.actions, (std::vector<std::string>{"x", "y"}));
  EXPECT_TRUE(log.id.empty());
}

TEST(VwText, MultipliesNumbersByTheirNamespacesWeightAndAddsRepeatedOnes) {
  const DecisionLog log = vw_log("1:1:0.5 |n:0.5 a:3 b city=Rome |m a a a:2 |n:2 c\n2:1:0.5 |\n", vw_goal());
  EXPECT_EQ(names(log.context), (std::vector<std::string>{"n.a", "n.b", "n.city", "m.a", "n.c"}));
  EXPECT_EQ(column(log.context, "n.a").number[0], 1.5f);
  EXPECT_EQ(column(log.context, "n.b").number[0], .5f);
  EXPECT_EQ(column(log.context, "n.city").levels[column(log.context, "n.city").code[0]], "Rome");
  EXPECT_EQ(column(log.context, "m.a").number, (std::vector<float>{4, 0}));
  EXPECT_EQ(column(log.context, "n.c").number[0], 2);
}

TEST(VwText, FindsUnitsTimesAndSegmentsAmongItsFeatures) {
  Goal goal = vw_goal();
  goal.data.unit = "who.user";
  goal.data.time = "who.time";
  goal.data.context = {"x.*"};
  goal.segments = {"who.group"};
  const DecisionLog log = vw_log(
      "1:1:0.5 |who user:17 time:1536248597000001 group=b |x a:1\n"
      "2:1:0.5 |who user:17 time:2018-09-06T15:43:18Z group=c |x a:2\n",
      goal);
  EXPECT_EQ(log.unit[0], log.unit[1]);
  EXPECT_EQ(log.time_us, (std::vector<std::int64_t>{1536248597000001, 1536248598000000}));
  EXPECT_EQ(log.segment("who.group")->levels, (std::vector<std::string>{"b", "c"}));
  EXPECT_EQ(names(log.context), (std::vector<std::string>{"x.a"}));
}

struct BadCase {
  const char *text, *message;
};

TEST(BadVwLine, IsRefusedWithPlaceFoundAndExpected) {
  const BadCase cases[] = {
      {"1:2 | a",
       "label: found \"1:2\", without a probability, expected action:cost:probability, a blank and a bar"},
      {"1:x:0.5 | a", "label's cost: found \"x\", expected a finite number"},
      {"1:inf:0.5 | a", "label's cost: found \"inf\", expected a finite number"},
      {"1:1:0 | a", "label's probability: found \"0\", expected a number in (0, 1]"},
      {"1:1:1.5 | a", "label's probability: found \"1.5\", expected a number in (0, 1]"},
      {"1:1:nan | a", "label's probability: found \"nan\", expected a number in (0, 1]"},
      {"1:1: | a", "label's probability: found \"\", expected a number in (0, 1]"},
      {"-1:1:1 | a", "label: found \"-1:1:1\", expected action:cost:probability, a blank and a bar"},
      {"1:1:0.5 a",
       "row: found \"1:1:0.5 a\", without a bar, expected action:cost:probability, a blank and a bar"},
      {"1:1:0.5| a",
       "label: found no action with a cost and a probability, expected action:cost:probability, a blank and a "
       "bar"},
      {"| a",
       "label: found no action with a cost and a probability, expected action:cost:probability, a blank and a "
       "bar"},
      {"1:1:0.5 2:1:0.5 | a", "label: found a second action with a cost, expected one, the chosen action"},
      {"1:1:0.5 2 | a", "label: found several actions, expected only the chosen one as in line 1"},
      {"shared | a", "row: found \"shared\", expected a line a decision: no line before has it"},
      {"1:1:0.5 | a:", "\"a\": found nothing behind the colon, expected a number or a text"},
      {"1:1:0.5 | a:inf", "\"a\": found \"inf\", expected a finite number or a text"},
      {"1:1:0.5 | a:1e39", "a: found 1e39, expected a number of at most 3.4e38"},
      {"1:1:0.5 | a=b:2", "\"a=b:2\": found a text with a weight, expected key=text, of weight 1"},
      {"1:1:0.5 | a=b a=c", "a: found a second value, expected every feature once"},
      {"1:1:0.5 |n:x a", "namespace's weight: found \"x\", expected a finite number"},
      {"1:1:0.5 | a\xff", "text: found bytes that are not UTF-8 in \"1:1:0.5 | a\\xff\", expected UTF-8"},
  };
  for (const BadCase& bad : cases) {
    const std::string message = refusal([&] { vw_log(std::string("1:1:0.5 | a\n") + bad.text, vw_goal()); });
    EXPECT_EQ(message.substr(0, message.find('\n')), std::string("log.vw:2: ") + bad.message) << bad.text;
  }
}

TEST(BadVwBlock, IsRefusedWithPlaceFoundAndExpected) {
  const BadCase cases[] = {
      {"| a\n| b",
       "label: found no action with a cost and a probability, expected action:cost:probability, a blank and a "
       "bar"},
      {"shared | s", "row: found no actions, expected a line an action behind \"shared\""},
      {"shared | s\n0:1:0.5 | a\nshared | s\n| b",
       "row: found \"shared\" behind other lines, expected it as the first line of a block"},
      {"shared 0:1:0.5 | s\n0:1:0.5 | a", "label: found one beside \"shared\", expected none"},
      {"0:1:0.5 | a\n0:1:0.5 | b", "label: found a second action with a cost, expected one, the chosen action"},
      {"0:1:0.5 0 | a\n| b", "label: found several on a line, expected one, on the chosen action's line"},
      {"0:1:0.5 | a",
       "label's probability: found 0.5 for the only action, expected 1 (is an empty line between "
       "decisions, and only there?)"},
  };
  for (const BadCase& bad : cases) {
    const std::string message =
        refusal([&] { vw_log(std::string("shared | s\n0:1:0.5 | a\n| b\n\n") + bad.text, vw_goal()); });
    EXPECT_EQ(message.substr(0, message.find('\n')), std::string("log.vw:5: ") + bad.message) << bad.text;
  }
}

TEST(BadVwLine, IsCountedAndLeftOutWhereTheGoalAllowsIt) {
  Goal goal = vw_goal();
  goal.data.reject_up_to = 0.5;
  LoadReport report;
  EXPECT_EQ(vw_log("1:1:0.5 | a\n1:1:7 | b\n2:1:0.5 | a:2\n", goal, &report).size(), 2u);
  EXPECT_EQ(report.rows_read, 3u);
  EXPECT_EQ(report.rejected, 1u);
  EXPECT_EQ(report.rejections[0], "log.vw:2: label's probability: found \"7\", expected a number in (0, 1]");
}

TEST(VwText, OfOtherProblemsIsRefusedByName) {
  const BadCase cases[] = {
      {"ccb shared | a\nccb action | b\nccb slot 0:1:0.5 | c\n",
       "log.vw:1: label: found conditional contextual bandits, several slots a decision, expected contextual "
       "bandits: one action chosen of a list, action:cost:probability"},
      {"\nslates shared 0.8 | a\nslates action 0 | b\n",
       "log.vw:2: label: found slates, one action for each of several slots, expected contextual bandits: one "
       "action chosen of a list, action:cost:probability"},
      {"ca 1.5:-1:0.5 | a\n",
       "log.vw:1: label: found continuous actions, expected contextual bandits: one action chosen of a list, "
       "action:cost:probability"},
  };
  Goal goal = vw_goal();
  goal.data.reject_up_to = 0.9;
  for (const BadCase& bad : cases) EXPECT_EQ(refusal([&] { vw_log(bad.text, goal); }), bad.message);
  const std::string later = refusal([&] { vw_log("1:1:0.5 | a\nccb shared | b\n", vw_goal()); });
  EXPECT_NE(later.find("log.vw:2: label: found \"ccb\": conditional contextual bandits"), std::string::npos)
      << later;
}

TEST(VwText, TakesActionsByPlaceWhereTheGoalSaysSo) {
  const std::string text = "shared | s\n0:1:0.5 't| a\n't| b\n";
  EXPECT_NE(refusal([&] { vw_log(text, vw_goal()); }).find("action = \"#\""), std::string::npos);
  Goal goal = vw_goal();
  goal.data.action = "#";
  EXPECT_EQ(vw_log(text, goal).actions, (std::vector<std::string>{"1", "2"}));
}

TEST(VwText, HoldsAtMost4096FeaturesWhereverTheyStand) {
  std::string text;
  for (int i = 0; i < 500; ++i) {
    text += "1:1:0.5 |";
    for (int w = 0; w < 10; ++w) text += " w" + std::to_string(10 * i + w);
    text += "\n";
  }
  Goal goal = vw_goal();
  goal.data.reject_up_to = 0.9;
  for (const std::size_t bytes : {std::size_t{500}, std::size_t{10000}, SIZE_MAX})
    EXPECT_EQ(
        refusal([&] {
          vw_text_log_from(TextSource::from_memory(text, "log.vw"), goal, nullptr,
                           {.threads = 2, .block_bytes = bytes});
        }),
        "log.vw: features: found more than 4096 different ones, expected fewer (context = [...] below [data] "
        "names those that are needed; words of texts are no columns)");
  goal.data.context = {"w1*"};
  EXPECT_EQ(vw_log(text, goal).size(), 500u);
}

TEST(VwText, NeedsAGoalFileAndNoGuesses) {
  const TemporaryFile text("log.txt", "1:1:0.5 | a\n"), dsjson("log.json", R"({"c":{"_multi":[]}})");
  EXPECT_NE(refusal([&] { inspect_log(text.path()); }).find("format: found VW text, expected a goal file"),
            std::string::npos);
  EXPECT_NE(refusal([&] { inspect_log(dsjson.path()); }).find("format: found dsjson, expected a goal file"),
            std::string::npos);
}

TEST(VwText, MayNotContradictTheGoal) {
  Goal goal = vw_goal();
  goal.data.propensity_number = 0.5;
  EXPECT_EQ(vw_log("1:1:0.5 | a\n2:1:0.5 | a\n", goal).logged, (std::vector<float>{.5, .5, .5, .5}));
  EXPECT_NE(refusal([&] {
              vw_log("1:1:0.5 | a\n2:1:0.4 | a\n", goal);
            }).find("log.vw:2: label's probability: found 0.4, expected 0.5 (within 0.001)"),
            std::string::npos);
  goal.data.propensity_number.reset();
  goal.data.propensity_column = "p";
  EXPECT_NE(refusal([&] { vw_log("1:1:0.5 | a\n", goal); }).find("goal: data.propensity: found \"p\""),
            std::string::npos);
}

}  // namespace
}  // namespace plumb
