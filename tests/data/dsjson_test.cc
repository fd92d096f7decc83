// Vowpal Wabbit's dsjson: every key, and everything in it that must be refused.
#include <algorithm>
#include <cmath>

#include "tests/data/small_logs.h"

namespace plumb {
namespace {

DecisionLog dsjson_log(std::string_view text, const Goal& goal, LoadReport* report = nullptr) {
  return dsjson_log_from(TextSource::from_memory(text, "log.dsjson"), goal, report);
}

// Reward, click and dwell; everything else as the format has it.
Goal dsjson_goal() {
  Goal goal;
  goal.maximize = {{1.0, "reward"}};
  goal.outcomes = {outcome_spec("reward", OutcomeKind::kNumber)};
  return goal;
}

// A row of three articles; parts of it are replaced by the tests.
const std::string kLabel = R"("_label_cost":-1.5,"_label_probability":0.5,"_label_Action":2,"_labelIndex":1)";
const std::string kRanking = R"("a":[2,3,1],"p":[0.5,0.3,0.2])";
const std::string kActions = R"("_multi":[{"_tag":"sport","Article":{"length":120,"topic":"ball"}},)"
                             R"({"_tag":"news","Article":{"length":80,"topic":"vote"}},)"
                             R"({"_tag":"art","Article":{"length":200,"topic":"ball"}}])";
const std::string kShared =
    R"("User":{"age":30,"city":"Berlin","_secret":"x","Device":{"os":"iOS"}},"vip":true)";

std::string row(const std::string& label, const std::string& ranking, const std::string& more = "",
                const std::string& shared = kShared, const std::string& actions = kActions) {
  return "{" + label + (label.empty() ? "" : ",") + ranking + (ranking.empty() ? "" : ",") + R"("c":{)" +
         shared + (shared.empty() ? "" : ",") + actions + "}" + (more.empty() ? "" : ",") + more + "}\n";
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

std::vector<std::string> texts(const FeatureColumn& column) {
  std::vector<std::string> out;
  for (const std::uint32_t code : column.code) out.push_back(column.levels[code]);
  return out;
}

bool says(const LoadReport& report, std::string_view part) {
  return std::any_of(report.notes.begin(), report.notes.end(),
                     [&](const std::string& note) { return note.find(part) != std::string::npos; });
}

TEST(Dsjson, HoldsTheSameLogAsJsonLinesWithTheSameNames) {
  Goal goal = dsjson_goal();
  goal.outcomes.push_back(outcome_spec("click", OutcomeKind::kBinary));
  const std::string dsjson =
      row(kLabel, kRanking,
          R"("EventId":"e1","Timestamp":"2018-09-06T15:43:17.1234567Z","VWState":{"m":"v1"},"Version":"1",)"
          R"("o":[{"v":{"click":1},"EventId":"e1"}])") +
      row(R"("_label_cost":0,"_label_probability":0.2,"_label_Action":3,"_labelIndex":2)",
          R"("a":[3,2,1],"p":[0.2,0.3,0.5])",
          R"("EventId":"e2","Timestamp":"2018-09-06T15:43:18Z","VWState":{"m":"v2"},)"
          R"("_o":[{"v":{"click":0}}])");
  const std::string shared =
      R"("context":{"User.age":30,"User.city":"Berlin","User.Device.os":"iOS","vip":1},)"
      R"("actions":[{"id":"sport","features":{"Article.length":120,"Article.topic":"ball"}},)"
      R"({"id":"news","features":{"Article.length":80,"Article.topic":"vote"}},)"
      R"({"id":"art","features":{"Article.length":200,"Article.topic":"ball"}}])";
  const std::string native =
      R"({"id":"e1","time_us":1536248597123456,"policy":"v1","chosen":"news","propensity":0.5,)"
      R"("propensities":[0.2,0.5,0.3],"outcomes":{"reward":1.5,"click":1},)" +
      shared + "}\n" +
      R"({"id":"e2","time_us":1536248598000000,"policy":"v2","chosen":"art","propensity":0.2,)"
      R"("propensities":[0.5,0.3,0.2],"outcomes":{"reward":0,"click":0},)" +
      shared + "}\n";
  const DecisionLog got = dsjson_log(dsjson, goal), want = jsonl_log(native, goal);
  EXPECT_EQ(got.id, want.id);
  EXPECT_EQ(got.time_us, want.time_us);
  EXPECT_EQ(got.policy_version, want.policy_version);
  EXPECT_EQ(got.actions, want.actions);
  EXPECT_EQ(got.chosen, want.chosen);
  EXPECT_EQ(got.propensity, want.propensity);
  EXPECT_EQ(got.logged, want.logged);
  EXPECT_EQ(names(got.context), names(want.context));
  EXPECT_EQ(names(got.action_features), names(want.action_features));
  EXPECT_EQ(got.outcome("reward").value, want.outcome("reward").value);
  EXPECT_FALSE(std::signbit(got.outcome("reward").value[1]));
  // All columns, row by row.
  EXPECT_EQ(got.row_digest, want.row_digest);
}

TEST(Dsjson, GivesEveryActionItsOwnProbabilityNotThatOfItsRank) {
  const DecisionLog log = dsjson_log(row(kLabel, kRanking), dsjson_goal());
  EXPECT_EQ(log.actions, (std::vector<std::string>{"sport", "news", "art"}));
  EXPECT_EQ(log.logged, (std::vector<float>{.2f, .5f, .3f}));
  EXPECT_EQ(log.chosen[0], 1u);
  EXPECT_EQ(log.propensity[0], .5);
}

TEST(Dsjson, NeedsNoRankingWhereTheLabelSaysAll) {
  const DecisionLog log = dsjson_log(row(kLabel, ""), dsjson_goal());
  EXPECT_EQ(log.chosen[0], 1u);
  EXPECT_EQ(log.propensity[0], .5);
  EXPECT_TRUE(log.logged.empty());
  const DecisionLog ranked = dsjson_log(row(R"("_label_cost":1)", kRanking), dsjson_goal());
  EXPECT_EQ(ranked.chosen[0], 1u);
  EXPECT_EQ(ranked.outcome("reward").value[0], -1);
}

TEST(Dsjson, NamesActionsByTagByFeatureOrByPlace) {
  Goal goal = dsjson_goal();
  const std::string by_id =
      R"("_multi":[{"i":{"id":"a7"},"x":1},{"i":{"id":8},"x":2},{"i":{"id":"a9"},"x":3}])";
  EXPECT_EQ(dsjson_log(row(kLabel, kRanking, "", kShared, by_id), goal).actions,
            (std::vector<std::string>{"1", "2", "3"}));
  goal.data.action = "i.id";
  const DecisionLog log = dsjson_log(row(kLabel, kRanking, "", kShared, by_id), goal);
  EXPECT_EQ(log.actions, (std::vector<std::string>{"a7", "8", "a9"}));
  EXPECT_EQ(names(log.action_features), (std::vector<std::string>{"x"}));  // a name is no feature
  EXPECT_NE(refusal([&] {
              dsjson_log(row(kLabel, kRanking), goal);
            }).find("log.dsjson:1: i.id: found nothing, expected a text or an integer"),
            std::string::npos);
}

TEST(Dsjson, ReadsWhatARowDoesNotNameAsZeroOrNothing) {
  const std::string two = R"("_multi":[{"x":1},{"x":2}])", ranking = R"("a":[1,2],"p":[0.5,0.5])";
  const std::string first = row("", ranking, R"("_label_cost":1)", R"("age":30,"old":true)", two);
  const std::string second = row("", ranking, R"("_label_cost":2)", R"("age":31,"city":"Rome","gone":null)",
                                 R"("_multi":[{"y":"red"},{"x":2}])");
  for (const bool swapped : {false, true}) {
    const DecisionLog log = dsjson_log(swapped ? second + first : first + second, dsjson_goal());
    const std::size_t one = swapped ? 1 : 0, other = 1 - one;
    EXPECT_EQ(log.context.size(), 3u);
    EXPECT_EQ(column(log.context, "age").number[one], 30);
    EXPECT_EQ(column(log.context, "old").number[one], 1);
    EXPECT_EQ(column(log.context, "old").number[other], 0);
    EXPECT_EQ(texts(column(log.context, "city"))[one], "");
    EXPECT_EQ(texts(column(log.context, "city"))[other], "Rome");
    const auto at = [&](std::size_t i) { return static_cast<std::ptrdiff_t>(log.offset[i]); };
    const auto& x = column(log.action_features, "x").number;
    EXPECT_EQ(std::vector<float>(x.begin() + at(one), x.begin() + at(one) + 2), (std::vector<float>{1, 2}));
    EXPECT_EQ(std::vector<float>(x.begin() + at(other), x.begin() + at(other) + 2), (std::vector<float>{0, 2}));
    EXPECT_EQ(texts(column(log.action_features, "y"))[log.offset[other]], "red");
    EXPECT_EQ(texts(column(log.action_features, "y"))[log.offset[one]], "");
  }
}

TEST(Dsjson, DoesNotDependOnTheOrderOfKeys) {
  const std::string two = R"("_multi":[{"x":1,"y":2},{"y":3,"x":4}])", ranking = R"("a":[1,2],"p":[0.5,0.5])";
  const std::string cost = R"("_label_cost":1)";
  const std::string first = row(cost, ranking, "", R"("u":{"a":1,"b":2,"c":3},"d":4)", two);
  const std::string other =
      "{" + ranking + R"(,"c":{)" + two + R"(,"d":4,"u":{"c":3,"a":1,"b":2}},)" + cost + "}\n";
  const DecisionLog log = dsjson_log(first + other + first, dsjson_goal());
  for (const FeatureColumn& one : log.context) EXPECT_EQ(one.number, std::vector<float>(3, one.number[0]));
  EXPECT_EQ(names(log.context), (std::vector<std::string>{"u.a", "u.b", "u.c", "d"}));
  EXPECT_EQ(column(log.action_features, "x").number, (std::vector<float>{1, 4, 1, 4, 1, 4}));
  EXPECT_EQ(column(log.action_features, "y").number, (std::vector<float>{2, 3, 2, 3, 2, 3}));
}

TEST(Dsjson, HasAtMost4096DifferentFeatures) {
  std::string text, last;
  for (int i = 0; i < 4097; ++i)
    text += last = row(kLabel, kRanking, "", "\"f" + std::to_string(i) + "\":1", R"("_multi":[{},{},{}])");
  EXPECT_NE(refusal([&] {
              dsjson_log(text, dsjson_goal());
            }).find("log.dsjson: features: found more than 4096 different ones, expected fewer"),
            std::string::npos);
  // Of the log, not of the rows that came late: no share of bad rows lets them pass, whatever the blocks.
  Goal goal = dsjson_goal();
  goal.data.reject_up_to = 0.99;
  for (const std::size_t bytes : {std::size_t{1000}, std::size_t{100000}, SIZE_MAX})
    EXPECT_NE(refusal([&] {
                dsjson_log_from(TextSource::from_memory(text, "log.dsjson"), goal, nullptr,
                                {.threads = 2, .block_bytes = bytes});
              }).find("log.dsjson: features: found more than 4096 different ones"),
              std::string::npos)
        << bytes;
  goal.data.context = {"f7"};
  EXPECT_EQ(dsjson_log(text, goal).context.size(), 1u);
}

TEST(Dsjson, TakesActionsByPlaceWhereTheGoalSaysSo) {
  const std::string actions = R"("_multi":[{"_tag":"x","f":1},{"_tag":"x","f":2},{"_tag":"y","f":3}])";
  const std::string text = row(kLabel, kRanking, "", kShared, actions);
  const std::string message = refusal([&] { dsjson_log(text, dsjson_goal()); });
  EXPECT_NE(message.find(
                "actions: found \"x\" twice, expected every offered action once (action = \"#\" below [data] "
                "takes actions by their place)"),
            std::string::npos)
      << message;
  Goal goal = dsjson_goal();
  goal.data.action = "#";
  const DecisionLog log = dsjson_log(text, goal);
  EXPECT_EQ(log.actions, (std::vector<std::string>{"1", "2", "3"}));
  EXPECT_EQ(log.chosen[0], 1u);
  EXPECT_EQ(column(log.action_features, "f").number, (std::vector<float>{1, 2, 3}));
}

TEST(Dsjson, LeavesOutObservationsWithoutTheirDecisionAndMarksOfTheService) {
  const std::string dangling =
      R"({"RewardValue":1.0,"EnqueuedTimeUtc":"2018-09-22T01:48:38.423Z","EventId":"e9","Observations":[{"v":1.0}]})"
      "\n";
  const std::string mark = "[CHECKPOINT INFO LINE]\n", decision = row(kLabel, kRanking);
  LoadReport report;
  const DecisionLog log = dsjson_log(dangling + decision + mark + dangling + decision, dsjson_goal(), &report);
  EXPECT_EQ(log.size(), 2u);
  EXPECT_EQ(report.rows_read, 2u);
  EXPECT_TRUE(says(report, "2 rows are left out: an observation whose decision is not in the log"));
  EXPECT_TRUE(says(report, "1 row is left out: a mark of the service"));
  EXPECT_EQ(refusal([&] { dsjson_log(dangling + mark, dsjson_goal()); }),
            "log.dsjson: rows: found none but 1 row with an observation whose decision is not in the log, 1 "
            "row with a "
            "mark of the service, expected at least one decision");
  // A decision that lost its context is no observation.
  EXPECT_NE(refusal([&] {
              dsjson_log("{" + kLabel + ",\"o\":[{\"v\":1}]}\n" + decision, dsjson_goal());
            }).find("log.dsjson:1: c: found nothing"),
            std::string::npos);
  EXPECT_NE(refusal([&] {
              dsjson_log("{\"EventId\":\"e1\"}\n" + decision, dsjson_goal());
            }).find(":1: c: found nothing"),
            std::string::npos);
  EXPECT_EQ(log_format_of(TextSource::from_memory(dangling + decision, "log.txt")), LogFormat::kDsjson);
  EXPECT_EQ(log_format_of(TextSource::from_memory(mark + decision, "log.txt")), LogFormat::kDsjson);
}

TEST(Dsjson, NestsNamespacesAndListsAndPassesOverHiddenNames) {
  LoadReport report;
  const DecisionLog log =
      dsjson_log(row(kLabel, kRanking, "",
                     R"("g":{"deep":{"er":1.5}},"list":[3,4],"objects":[{"b":"x"},{"c":2}],"_g":{"h":1},)"
                     R"("w":{"_text":"the quick fox","n":1})"),
                 dsjson_goal(), &report);
  EXPECT_EQ(names(log.context),
            (std::vector<std::string>{"g.deep.er", "list.0", "list.1", "objects.b", "objects.c", "w.n"}));
  EXPECT_EQ(column(log.context, "list.1").number[0], 4);
  EXPECT_TRUE(says(report, "1 running texts (_text) are left out"));
}

TEST(Dsjson, FindsWhatTheGoalNamesWhereverItStands) {
  Goal goal = dsjson_goal();
  goal.data.id = "User._secret";
  goal.data.unit = "User.city";
  goal.data.context = {"User.a*", "vip"};
  goal.segments = {"User.Device.os"};
  const DecisionLog log = dsjson_log(row(kLabel, kRanking, R"("EventId":"e1")"), goal);
  EXPECT_EQ(log.id, (std::vector<std::string>{"x"}));
  EXPECT_TRUE(log.unit_named);
  EXPECT_EQ(names(log.context), (std::vector<std::string>{"User.age", "vip"}));
  EXPECT_EQ(log.segment("User.Device.os")->levels, (std::vector<std::string>{"iOS"}));
  goal.data.context = {"User.aje"};
  EXPECT_EQ(
      refusal([&] { dsjson_log(row(kLabel, kRanking), goal); }),
      "log.dsjson: data.context: found no feature \"User.aje\", expected \"User.age\" (the nearest name)");
  goal.data.context = {"User"};  // a namespace is no feature
  EXPECT_NE(refusal([&] { dsjson_log(row(kLabel, kRanking), goal); }).find("no feature \"User\""),
            std::string::npos);
  goal.data.context = {};
  goal.segments = {"User.Device.oz"};
  EXPECT_NE(refusal([&] {
              dsjson_log(row(kLabel, kRanking), goal);
            }).find("log.dsjson:1: segment: found no feature \"User.Device.oz\", expected \"User.Device.os\""),
            std::string::npos);
}

TEST(Dsjson, TakesOutcomesFromTheCostAndFromObservations) {
  Goal goal = dsjson_goal();
  goal.outcomes = {outcome_spec("reward", OutcomeKind::kNumber), outcome_spec("paid", OutcomeKind::kNumber),
                   outcome_spec("first", OutcomeKind::kNumber), outcome_spec("dwell", OutcomeKind::kAmount),
                   outcome_spec("mark", OutcomeKind::kNumber)};
  goal.outcomes[1].column = "cost";
  goal.outcomes[2].column = "_original_label_cost";
  goal.outcomes[4].column = "v";
  const DecisionLog log =
      dsjson_log(row(kLabel, kRanking, R"("_original_label_cost":-2,"o":[{"v":{"dwell":12.5}},{"v":7}])") +
                     row(kLabel, kRanking, R"("_original_label_cost":-3,"o":[])"),
                 goal);
  EXPECT_EQ(log.outcome("reward").value, (std::vector<double>{1.5, 1.5}));
  EXPECT_EQ(log.outcome("paid").value, (std::vector<double>{-1.5, -1.5}));
  EXPECT_EQ(log.outcome("first").value, (std::vector<double>{-2, -3}));
  EXPECT_EQ(log.outcome("dwell").value[0], 12.5);
  EXPECT_EQ(log.outcome("mark").value[0], 7);
  EXPECT_EQ(log.outcome("dwell").state[1], State::kMissing);
}

TEST(Dsjson, LeavesOutWhatIsNotToLearnFromAndSaysSo) {
  LoadReport report;
  const std::string text = row(kLabel, kRanking) + row(kLabel, kRanking, R"("_skipLearn":true)") +
                           row(kLabel, kRanking, R"("_skipLearn":false)") +
                           row(kLabel, kRanking, R"("DeferredAction":true)") +
                           row(kLabel, kRanking, R"("_deferred":true,"o":[{"ActionTaken":false}])") +
                           row(kLabel, kRanking, R"("DeferredAction":true,"o":[{"ActionTaken":true}])");
  const DecisionLog log = dsjson_log(text, dsjson_goal(), &report);
  EXPECT_EQ(log.size(), 3u);
  EXPECT_EQ(report.rows_read, 3u);
  EXPECT_TRUE(says(report, "1 row is left out: the log says not to learn from them (_skipLearn)"));
  EXPECT_TRUE(says(report, "2 rows are left out: a deferred action that was never taken"));
}

TEST(Dsjson, TakesTheLastOfRepeatedProbabilities) {
  const std::string twice = R"("a":[2,3,1],"p":[0.4,0.3,0.3],"p":[0.5,0.3,0.2])";
  EXPECT_EQ(dsjson_log(row(kLabel, twice), dsjson_goal()).propensity[0], .5);
  EXPECT_NE(refusal([&] {
              dsjson_log(row(kLabel, R"("a":[2,3,1],"a":[2,3,1],"p":[0.5,0.3,0.2])"), dsjson_goal());
            }).find("a: found a second value"),
            std::string::npos);
}

TEST(Dsjson, WeighsRowsThatWereDroppedAtSeveralRates) {
  const std::string half = row(kLabel, kRanking, R"("pdrop":0.5)"), whole = row(kLabel, kRanking);
  LoadReport report;
  EXPECT_TRUE(dsjson_log(half + half, dsjson_goal(), &report).weight.empty());
  EXPECT_TRUE(says(report, "dropped at random at the rate 0.5: all count alike"));
  EXPECT_TRUE(dsjson_log(row(kLabel, kRanking, R"("pdrop":0.0)") + whole, dsjson_goal()).weight.empty());
  EXPECT_EQ(dsjson_log(whole + half + whole + row(kLabel, kRanking, R"("pdrop":0.75)"), dsjson_goal(), &report)
                .weight,
            (std::vector<float>{1, 2, 1, 4}));
  EXPECT_TRUE(says(report, "at rates from 0 to 0.75"));
}

TEST(Dsjson, MayNotContradictThePropensityThatTheGoalDeclares) {
  Goal goal = dsjson_goal();
  goal.data.propensity_number = 0.5;
  const DecisionLog log = dsjson_log(row(kLabel, kRanking), goal);
  EXPECT_TRUE(log.propensity_declared);
  goal.data.propensity_number = 0.25;
  EXPECT_NE(refusal([&] {
              dsjson_log(row(kLabel, kRanking), goal);
            }).find("log.dsjson:1: p: found 0.5 for the chosen action, expected 0.25 (within 0.001)"),
            std::string::npos);
  goal.data.propensity_number.reset();
  goal.data.propensity_column = "mu";
  EXPECT_EQ(refusal([&] { dsjson_log(row(kLabel, kRanking), goal); }),
            "goal: data.propensity: found \"mu\", expected \"p\" or nothing: dsjson names its own");
}

TEST(LogFormat, IsToldByTheNameAndElseByTheFirstLine) {
  const auto format = [](std::string_view text, const char* name) {
    return log_format_of(TextSource::from_memory(text, name));
  };
  const std::string dsjson = row(kLabel, kRanking), bare = row("", kRanking);
  EXPECT_EQ(format(dsjson, "log.json"), LogFormat::kDsjson);
  EXPECT_EQ(format(dsjson, "log.jsonl"), LogFormat::kDsjson);
  EXPECT_EQ(format(bare, "log"), LogFormat::kDsjson);
  EXPECT_EQ(format(gzip(dsjson), "log.gz"), LogFormat::kDsjson);
  EXPECT_EQ(format("{}", "log.dsjson.gz"), LogFormat::kDsjson);
  EXPECT_EQ(format(R"({"id":"d1","context":{},"actions":[]})", "log.json"), LogFormat::kJsonLines);
  EXPECT_EQ(format(R"({"c":1})", "log.jsonl"), LogFormat::kJsonLines);
  EXPECT_EQ(format("{\n", "log.jsonl"), LogFormat::kJsonLines);
  EXPECT_EQ(format("1:2:0.4 | a b", "log.txt"), LogFormat::kVwText);
  EXPECT_EQ(format("shared |u a\n| b", "log"), LogFormat::kVwText);
  EXPECT_EQ(format("| a\n0:1:0.5 | b", "log"), LogFormat::kVwText);
  EXPECT_EQ(format("a,b\n1,2", "log.vw.gz"), LogFormat::kVwText);
  for (const char* line : {"1 2:-1:0.5 3 | f", " | a b", "|ns a:1", "'tag | a", "1 | a", "0:0.5:0.25 't|n a",
                           "1:1:0.5 t|n a", "1 2 3|a", "ccb shared | a", "ccb action | a",
                           "slates shared 1.5 | a", "ca 1.5:-1:0.5 | a", "1:2 2:1 | a", "-1 2.5 | a"})
    EXPECT_EQ(format(line, "log"), LogFormat::kVwText) << line;
  for (const char* line : {"id|action|reward", "action,p|x", "a b|c", "x |y", "a;1|2", "arm p|q"})
    EXPECT_EQ(format(line, "log"), LogFormat::kCsv) << line;
  EXPECT_EQ(format("1:2:0.4 | a b", "log.csv"), LogFormat::kCsv);
  EXPECT_EQ(format("arm,p|q\na,1", "log"), LogFormat::kCsv);
  EXPECT_EQ(format("arm|x,p\na,1", "log"), LogFormat::kCsv);
}

struct BadCase {
  std::string row, message;
};

TEST(BadDsjsonRow, IsRefusedWithPlaceFoundAndExpected) {
  const BadCase cases[] = {
      {row(R"("_label_Action":1)", kRanking),
       "_label_Action: found 1, expected 2, the chosen action (a[0] where there is a ranking)"},
      {row(R"("_labelIndex":2)", kRanking),
       "_labelIndex: found 2, expected 1, the chosen action (a[0] where there is a ranking)"},
      {row(R"("_label_Action":1,"_labelIndex":1)", ""),
       "_labelIndex: found 1, expected 0, the chosen action (a[0] where there is a ranking)"},
      {row(R"("_label_probability":0.3)", kRanking), "_label_probability: found 0.3, expected 0.5, as p[0] is"},
      {row(R"("_label_probability":0)", kRanking), "_label_probability: found 0, expected a number in (0, 1]"},
      {row(R"("_label_Action":2.5)", kRanking), "_label_Action: found 2.5, expected an integer"},
      {row(R"("_label_Action":-9223372036854775808)", ""),
       "_label_Action: found -9223372036854775808, expected an action from 1 to 3"},
      {row(R"("_label_Action":4)", ""), "_label_Action: found 4, expected an action from 1 to 3"},
      {row("", ""),
       "a: found nothing, and no _label_Action, expected the actions' numbers, the chosen one first"},
      {row(R"("_label_Action":2)", ""),
       "p: found nothing, and no _label_probability, expected the probabilities of the actions"},
      {row("", R"("a":[2,3],"p":[0.5,0.5])"), "a: found 2 actions, expected 3, as c._multi has"},
      {row("", R"("a":[2,2,1],"p":[0.5,0.3,0.2])"), "a: found 2 twice, expected every action once"},
      {row("", R"("a":[2,0,1],"p":[0.5,0.3,0.2])"), "a: found 0, expected an action from 1 to 3"},
      {row("", R"("a":[2,3,"x"],"p":[0.5,0.3,0.2])"), "a: found \"x\", expected an integer"},
      {row("", R"("a":2)"), "a: found no list, expected the actions' numbers, the chosen one first"},
      {row("", R"("a":[2,3,1],"p":[0.5,0.5])"), "p: found 2 probabilities, expected 3, as a has"},
      {row(R"("_label_Action":2)", R"("p":[0.2,0.5,0.3])"),
       "p: found 3 probabilities, expected the ranking a that they belong to"},
      {row("", R"("a":[2,3,1],"p":[0.5,0.25,0.125])"),
       "propensities: found a sum of 0.875, expected 1 (within 1e-6)"},
      {row("", R"("a":[2,3,1],"p":[0,0.5,0.5])"),
       "p: found 0 for the chosen action, expected a number in (0, 1]"},
      {row("", R"("a":[2,3,1],"p":[1.5,-0.2,-0.3])"), "p: found 1.5, expected a number in [0, 1]"},
      {row("", R"("a":[2,3,1],"p":[0.5,null,0.5])"), "p: found nothing, expected a number in [0, 1]"},
      {row(R"("_label_cost":"high")", kRanking), "_label_cost: found \"high\", expected a number"},
      {row(R"("_label_cost":1,"_label_cost":1)", kRanking),
       "_label_cost: found a second value, expected every key once"},
      {row(kLabel, kRanking, R"("pdrop":1)"), "pdrop: found 1, expected a number in [0, 1)"},
      {row(kLabel, kRanking, R"("_skipLearn":1)"), "_skipLearn: found 1, expected true or false"},
      {row(kLabel, kRanking, R"("o":5)"), "o: found 5, expected a list of observations"},
      {row(kLabel, kRanking, R"("o":[5])"), "o: found 5, expected observations as objects"},
      {row(kLabel, kRanking, R"("EventId":"e1","o":[{"v":1,"EventId":"e2"}])"),
       "o.EventId: found \"e2\", expected \"e1\" as the decision's"},
      {row(kLabel, kRanking, R"("Timestamp":"yesterday")"),
       "time: found \"yesterday\", expected microseconds since 1970 or an ISO 8601 time"},
      {row(kLabel, kRanking, R"("EventId":"")"), "id: found \"\", expected a text or an integer"},
      {row(kLabel, kRanking, R"("_outcomes":[])"),
       "_outcomes: found a decision about several slots (ccb, conditional contextual bandits: actions for "
       "several "
       "slots out of one list), expected one action chosen of a list"},
      {row(kLabel, kRanking, R"("_outcomes":[])", kShared,
           R"("_multi":[{"_slot_id":0,"x":1},{"_slot_id":1,"x":2}])"),
       "_outcomes: found a decision about several slots (slates: one action for each slot), expected one "
       "action "
       "chosen of a list"},
      {row(kLabel, kRanking, R"("_label_ca":{"action":1.5})"),
       "_label_ca: found a decision about a continuous action (VW's --cats), expected one action chosen of a "
       "list"},
      {row(kLabel, kRanking, "", R"("_slots":[])"),
       "c._slots: found a decision about several slots (ccb, conditional contextual bandits: actions for "
       "several "
       "slots out of one list), expected one action chosen of a list"},
      {row(kLabel, kRanking, "", R"("User":{"age":30},"User":{"age":31})"),
       "User.age: found a second value, expected every feature once"},
      {row(kLabel, kRanking, "", R"("age":1e39)"), "age: found 1e+39, expected a number of at most 3.4e38"},
      {row(kLabel, kRanking, "", kShared, R"("_multi":[])"),
       "c._multi: found an empty list, expected at least one offered action"},
      {row(kLabel, kRanking, "", kShared, R"("_multi":[1])"),
       "c._multi: found an action that is no object, expected an object an action"},
      {row(kLabel, kRanking, "", kShared, R"("_multi":{})"),
       "c._multi: found no list, expected a list of objects, one an action"},
      {row(kLabel, kRanking, "", kShared, R"("x":1)"),
       "c._multi: found nothing, expected a list of objects, one an action"},
      {row(kLabel, kRanking, "", kShared, R"("_multi":[{"_tag":"x"},{"_tag":"y"},{"_tag":"x"}])"),
       "actions: found \"x\" twice, expected every offered action once (action = \"#\" below [data] takes "
       "actions by their place)"},
      {row(kLabel, kRanking, "", kShared, R"("_multi":[{"_tag":"x"},{"_tag":"y"},{"z":1}])"),
       "_tag: found nothing, expected a text or an integer"},
      {"{" + kLabel + "," + kRanking + "}\n",
       "c: found nothing, expected an object: the context and its actions"},
      {"[]\n", "JSON: found \"[]\", expected one JSON object a line"},
      {"\n" + row(kLabel, kRanking), "row: found an empty line, expected one JSON object a line"},
  };
  for (const BadCase& bad : cases) {
    const std::string message =
        refusal([&] { dsjson_log(row(kLabel, kRanking, R"("x":0)") + bad.row, dsjson_goal()); });
    EXPECT_EQ(message.substr(0, message.find('\n')), "log.dsjson:2: " + bad.message) << bad.row;
  }
}

TEST(BadDsjsonRow, LeavesNoTraceInTheLog) {
  Goal goal = dsjson_goal();
  goal.data.reject_up_to = 0.5;
  LoadReport report;
  const std::string bad = row(R"("_label_Action":1)", kRanking, "", R"("new":1)",
                              R"("_multi":[{"_tag":"q","u":1},{"_tag":"r"},{"_tag":"s"}])");
  const DecisionLog log = dsjson_log(bad + row(kLabel, kRanking), goal, &report);
  EXPECT_EQ(report.rejected, 1u);
  EXPECT_EQ(log.actions, (std::vector<std::string>{"sport", "news", "art"}));
  EXPECT_EQ(names(log.context), (std::vector<std::string>{"User.age", "User.city", "User.Device.os", "vip"}));
  EXPECT_EQ(names(log.action_features), (std::vector<std::string>{"Article.length", "Article.topic"}));
  EXPECT_EQ(log.row_digest, dsjson_log(row(kLabel, kRanking), goal).row_digest);
}

TEST(BadDsjsonRow, MayNotRepeatAnIdOrObserveTwice) {
  const std::string one = row(kLabel, kRanking, R"("EventId":"e1")");
  EXPECT_NE(refusal([&] {
              dsjson_log(one + one, dsjson_goal());
            }).find("log.dsjson:2: id: found \"e1\" again, first in line 1, expected every id once"),
            std::string::npos);
  Goal goal = dsjson_goal();
  goal.outcomes[0].column = "v";
  EXPECT_NE(refusal([&] {
              dsjson_log(row(kLabel, kRanking, R"("o":[{"v":1},{"v":1}])"), goal);
            }).find("o.v: found a second observation, expected one a decision"),
            std::string::npos);
}

TEST(EmptyDsjson, IsRefused) {
  EXPECT_EQ(refusal([] { dsjson_log(" \n", dsjson_goal()); }),
            "log.dsjson: file: found only white space, expected one JSON object a line");
  EXPECT_EQ(refusal([] { dsjson_log(row(kLabel, kRanking, R"("_skipLearn":true)"), dsjson_goal()); }),
            "log.dsjson: rows: found none but 1 row that the log says not to learn from (_skipLearn), expected "
            "at least "
            "one decision");
}

}  // namespace
}  // namespace plumb
