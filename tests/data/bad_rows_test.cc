// Everything that must be refused, with the place, what was found and what was expected.
#include "tests/data/small_logs.h"

namespace plumb {
namespace {

std::string csv_with(const std::string& row) {
  return "arm,p,age,region,spend\na,0.5,30,north,1.5\n" + row + "\n";
}

struct BadCase {
  const char *row, *message;
};

TEST(BadCsvRow, IsRefusedWithPlaceFoundAndExpected) {
  const BadCase cases[] = {
      {"a,0,30,n,1", "log.csv:3: p: found 0, expected a number in (0, 1]"},
      {"a,1.2,30,n,1", "log.csv:3: p: found 1.2, expected a number in (0, 1]"},
      {"a,nan,30,n,1", "log.csv:3: p: found nan, expected a number in (0, 1]"},
      {"a,,30,n,1", "log.csv:3: p: found nothing, expected a number in (0, 1]"},
      {"a,half,30,n,1", "log.csv:3: p: found \"half\", expected a number in (0, 1]"},
      {",0.5,30,n,1", "log.csv:3: arm: found nothing, expected a text or an integer"},
      {"a,0.5,30,n,inf", "log.csv:3: outcome.spend: found inf, expected a finite number"},
      {"a,0.5,30,n,1e999", "log.csv:3: outcome.spend: found 1e999, expected a finite number"},
      {"a,0.5,30,n,-1", "log.csv:3: outcome.spend: found -1, expected a number >= 0"},
      {"a,0.5,30,n,much", "log.csv:3: outcome.spend: found \"much\", expected a number"},
      {"a,0.5,1e39,n,1", "log.csv:3: age: found 1e39, expected a number of at most 3.4e38"},
      {"a,0.5,30,n", "log.csv:3: row: found 4 fields, expected 5 as in the header"},
      {"a,0.5,30,n\"x\",1",
       "log.csv:3: quote: found a quote inside a field, expected quotes around whole fields, doubled inside"},
      {"\na,0.5,30,n,1", "log.csv:3: row: found an empty line, expected 5 fields"},
      {"a,0.5,30,n\xff,1",
       "log.csv:3: text: found bytes that are not UTF-8 in \"a,0.5,30,n\\xff,1\", expected UTF-8"},
  };
  for (const BadCase& bad : cases) {
    const std::string message = refusal([&] { csv_log(csv_with(bad.row), csv_goal()); });
    EXPECT_EQ(message.substr(0, message.find('\n')), bad.message);
  }
}

TEST(BadCsvRow, IsRefusedByTheKindAndRangeOfItsOutcome) {
  Goal goal = csv_goal();
  goal.outcomes[0].kind = OutcomeKind::kBinary;
  EXPECT_NE(refusal([&] {
              csv_log(csv_with("a,0.5,30,n,1"), goal);
            }).find("log.csv:2: outcome.spend: found 1.5, expected 0 or 1"),
            std::string::npos);
  goal.outcomes[0].kind = OutcomeKind::kNumber;
  goal.outcomes[0].range_upper = 1;
  EXPECT_NE(refusal([&] {
              csv_log(csv_with("a,0.5,30,n,1"), goal);
            }).find("found 1.5, expected a number in [-inf, 1]"),
            std::string::npos);
}

TEST(BadRows, AreCountedAndTheFirstFiveShown) {
  std::string text = "arm,p,age,region,spend\n";
  for (int i = 0; i < 20; ++i) text += i % 2 ? "a,0.5,30,n,1\n" : "a,7,30,n,1\n";
  const std::string message = refusal([&] { csv_log(text, csv_goal()); });
  EXPECT_EQ(std::count(message.begin(), message.end(), '\n'), 5) << message;
  EXPECT_NE(message.find("log.csv:10: p: found 7"), std::string::npos) << message;
  EXPECT_EQ(message.find("log.csv:12:"), std::string::npos) << message;
  EXPECT_TRUE(message.ends_with("log.csv: found 10 bad of 20 rows, expected none")) << message;
}

TEST(BadRows, AreLeftOutAndAccountedForWhereTheGoalAllowsThem) {
  const std::string text = csv_with("a,7,30,n,1\nb,0.5,31,s,2\nb,0.5,31,s,3");
  Goal goal = csv_goal();
  goal.data.reject_up_to = 0.25;
  LoadReport report;
  EXPECT_EQ(csv_log(text, goal, &report).outcome("spend").value, (std::vector<double>{1.5, 2, 3}));
  EXPECT_EQ(report.rows_read, 4u);
  EXPECT_EQ(report.decisions, 3u);
  EXPECT_EQ(report.rejected, 1u);
  ASSERT_EQ(report.rejections.size(), 1u);
  EXPECT_EQ(report.rejections[0], "log.csv:3: p: found 7, expected a number in (0, 1]");
  goal.data.reject_up_to = 0.24;
  EXPECT_NE(
      refusal([&] { csv_log(text, goal); }).find("found 1 bad of 4 rows, expected at most a share of 0.24"),
      std::string::npos);
}

TEST(TwoRowsWithOneId, AreRefusedNamingBothLines) {
  Goal goal = csv_goal();
  goal.data.id = "id";
  EXPECT_NE(refusal([&] {
              csv_log("id,arm,p,age,region,spend\nx,a,.5,1,n,1\ny,a,.5,1,n,1\nx,a,.5,1,n,1\n", goal);
            }).find("log.csv:4: id: found \"x\" again, first in line 2, expected every id once"),
            std::string::npos);
  EXPECT_NE(refusal([&] {
              jsonl_log(
                  "{\"id\":7,\"actions\":[{\"id\":\"a\"}],\"chosen\":\"a\",\"propensity\":1,\"outcomes\":{"
                  "\"click\":1}}\n"
                  "{\"id\":7,\"actions\":[{\"id\":\"a\"}],\"chosen\":\"a\",\"propensity\":1,\"outcomes\":{"
                  "\"click\":0}}\n",
                  jsonl_goal());
            }).find("log.jsonl:2: id: found \"7\" again, first in line 1"),
            std::string::npos);
}

TEST(EmptyInput, IsRefused) {
  EXPECT_EQ(refusal([] { csv_log("", csv_goal()); }),
            "log.csv: file: found an empty file, expected a header and at least one row");
  EXPECT_EQ(refusal([] { csv_log("arm,p,age,region,spend\n", csv_goal()); }),
            "log.csv: rows: found no rows, expected at least one decision");
  EXPECT_EQ(refusal([] { jsonl_log("\n", jsonl_goal()); }),
            "log.jsonl: file: found only white space, expected one JSON object a line");
  const TemporaryFile empty("empty.csv", "");
  EXPECT_EQ(refusal([&] { read_log(empty.path(), csv_goal(), nullptr); }),
            empty.path() + ": file: found an empty file, expected rows of CSV or JSON lines");
  EXPECT_NE(refusal([] { read_log("/nowhere/log.csv", csv_goal(), nullptr); }, Code::kEnvironment)
                .find("found no such file"),
            std::string::npos);
}

TEST(AnOutcomeMissingEverywhere, IsRefused) {
  EXPECT_EQ(refusal([] { csv_log("arm,p,age,region,spend\na,0.5,30,n,\nb,0.5,30,n,\n", csv_goal()); }),
            "log.csv: outcome.spend: found no value in 2 rows, expected a value in at least one row");
  EXPECT_NE(
      refusal([] {
        jsonl_log(
            "{\"actions\":[{\"id\":\"a\"}],\"chosen\":\"a\",\"propensity\":1,\"outcomes\":{\"clik\":1}}\n",
            jsonl_goal());
      }).find("outcome.click: found no value in 1 rows"),
      std::string::npos);
}

TEST(Header, NamesEveryColumnOnce) {
  EXPECT_EQ(refusal([] { csv_log("arm,p,age,age,spend\na,0.5,30,n,\n", csv_goal()); }),
            "log.csv:1: header: found column \"age\" twice, expected every column once");
}

}  // namespace
}  // namespace plumb
