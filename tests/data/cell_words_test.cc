// Words in cells of outcomes, decimal commas, and what a file must say for itself before it is believed.
#include "data/cell_words.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "data/csv_dialect.h"
#include "plumb/inspect.h"
#include "plumb/stream.h"
#include "tests/data/small_logs.h"

namespace plumb {
namespace {

Goal two_outcomes() {
  Goal goal;
  goal.maximize = {{1.0, "spend"}};
  goal.outcomes = {outcome_spec("spend", OutcomeKind::kNumber), outcome_spec("visit", OutcomeKind::kBinary)};
  goal.data.action = "arm";
  goal.data.propensity_number = 0.5;
  return goal;
}

bool says(const std::vector<std::string>& notes, std::string_view part) {
  return std::any_of(notes.begin(), notes.end(),
                     [&](const std::string& note) { return note.find(part) != std::string::npos; });
}

TEST(CellWords, AreReadExactlyAsTheyAreWritten) {
  for (const char* word : {"", "NA", "N/A", "n/a", "#N/A", "<NA>", "None", "null", "Null", "NULL"})
    EXPECT_TRUE(is_missing_cell(std::string_view(word))) << word;
  for (const char* word : {"none", "na", "-", "0", "NaN", "nan", "no", "NAN", "Namibia", " NA"})
    EXPECT_FALSE(is_missing_cell(std::string_view(word))) << word;
  for (const char* word : {"True", "true", "TRUE", "yes", "Yes", "YES"})
    EXPECT_EQ(boolean_word(word), 1.0) << word;
  for (const char* word : {"False", "false", "FALSE", "no", "No", "NO"})
    EXPECT_EQ(boolean_word(word), 0.0) << word;
  for (const char* word : {"1", "y", "t", "", "tRUE"}) EXPECT_FALSE(boolean_word(word)) << word;
}

TEST(CellWords, AreMissingAndTrueAndFalseInOutcomesAndSayThatTheyWere) {
  LoadReport report;
  const DecisionLog log =
      csv_log("arm,spend,visit\na,NA,True\nb,2.5,no\na,None,FALSE\nb,,N/A\na,1,1\n", two_outcomes(), &report);
  const OutcomeColumn &spend = log.outcome("spend"), &visit = log.outcome("visit");
  EXPECT_EQ(spend.observed_count, 2u);
  EXPECT_EQ(spend.missing_count, 3u);
  EXPECT_EQ(spend.value, (std::vector<double>{0, 2.5, 0, 0, 1}));
  EXPECT_EQ(visit.value, (std::vector<double>{1, 0, 0, 0, 1}));
  EXPECT_EQ(visit.missing_count, 1u);
  EXPECT_TRUE(says(report.notes, "Outcome spend: 2 cells with a word such as \"NA\", read as no value."));
  EXPECT_TRUE(says(report.notes, "Outcome visit: 3 cells with a word such as \"True\""));
}

// An action called None or no, a country called NA: words where words are.
TEST(CellWords, StayWordsWhereTheColumnIsWords) {
  Goal goal = two_outcomes();
  goal.data.context = {"country"};
  goal.segments = {"country"};
  const DecisionLog log = csv_log("arm,country,spend,visit\nNone,NA,1,0\nno,DE,2,1\nNone,None,3,0\n", goal);
  EXPECT_EQ(log.actions, (std::vector<std::string>{"None", "no"}));
  EXPECT_EQ(log.context[0].levels, (std::vector<std::string>{"NA", "DE", "None"}));
  EXPECT_EQ(log.segment("country")->levels, (std::vector<std::string>{"NA", "DE", "None"}));
}

TEST(CellWords, ThatAreNoNumbersAreRefusedWithTheWayOut) {
  const auto message = [](const std::string& spend, const std::string& visit = "1") {
    return refusal([&] { csv_log("arm,spend,visit\na,1,0\nb," + spend + "," + visit + "\n", two_outcomes()); });
  };
  EXPECT_NE(message("True").find("kind is \"binary\""), std::string::npos) << message("True");
  EXPECT_NE(message("6.07 EUR").find("a number alone, without \" EUR\""), std::string::npos)
      << message("6.07 EUR");
  EXPECT_NE(message("\"6,07\"").find("decimal = \",\" below [data]"), std::string::npos) << message("\"6,07\"");
  EXPECT_NE(message("nan").find("expected a finite number"), std::string::npos) << message("nan");
  EXPECT_NE(message("none").find("found \"none\", expected a number"), std::string::npos) << message("none");
  EXPECT_NE(message("1", "t").find("expected 0 or 1"), std::string::npos) << message("1", "t");
  EXPECT_NE(message("1", "2").find("expected 0 or 1"), std::string::npos) << message("1", "2");
}

TEST(CellWords, OfLateOutcomesAreNoValueEither) {
  Goal goal = two_outcomes();
  goal.data.id = "id";
  const TemporaryFile late("late.csv", "id,spend\n1,NA\n2,2.5\n3,null\n");
  goal.data.outcome_files = {late.path()};
  LoadReport report;
  const DecisionLog log = csv_log("id,arm,visit\n1,a,yes\n2,b,no\n3,b,no\n", goal, &report);
  EXPECT_EQ(log.outcome("spend").observed_count, 1u);
  EXPECT_EQ(log.outcome("spend").missing_count, 2u);
  EXPECT_TRUE(says(report.notes, "2 cells hold words"));
}

TEST(CellWords, OfAJsonOutcomeAreReadTheSame) {
  Goal goal = jsonl_goal();
  const std::string row = R"("context":{},"actions":[{"id":"a"},{"id":"b"}],"chosen":"a","propensity":0.5,)";
  LoadReport report;
  const DecisionLog log =
      jsonl_log("{" + row + R"("outcomes":{"click":"NA"}})" + "\n{" + row + R"("outcomes":{"click":"yes"}})" +
                    "\n{" + row + R"("outcomes":{"click":true}})",
                goal, &report);
  EXPECT_EQ(log.outcome("click").value, (std::vector<double>{0, 1, 1}));
  EXPECT_EQ(log.outcome("click").missing_count, 1u);
  EXPECT_TRUE(says(report.notes, "\"NA\""));
}

TEST(DecimalComma, IsToldByAFileOnlyWhereNothingElseCanBeMeant) {
  struct Case {
    const char* text;
    char separator, decimal;
    bool unclear;
  };
  const Case cases[] = {
      {"a;b\nx;0,5\ny;1,234\n", ';', ',', false},    // 0,5 can be nothing else
      {"a;b\nx;1,25\n", ';', ',', false},            // no thousands have two digits
      {"a;b\nx;1,2e-05\n", ';', ',', false},         // nor an exponent
      {"a;b\nx;1234,567\n", ';', ',', false},        // nor four digits before the comma
      {"a;b\nx;1,234\ny;12,345\n", ';', '.', true},  // both readings are possible
      {"a;b\nx;1,234,567\n", ';', '.', true},        // thousands for certain, but no number as it stands
      {"a;b;c\nx;0,5;1.5\n", ';', '.', true},        // points in another column
      {"a;b\nx;0,5\ny;1.5\n", ';', '.', true},       // in the same one
      {"a;b\nx;0,5\ny;one\n", ';', '.', false},      // a column of words
      {"a;b\nNA;0,5\n", ';', ',', false},            // a word for no value is none
      {"a,b\nx,\"0,5\"\n", ',', '.', true},          // commas separate
      {"a\tb\nx\t0,5\n", '\t', '.', true},           // tabs do
      {"\"a;b\",c\n1,2\n", ',', '.', false},         // a semicolon in quotes
      {"\"a,b\";c\n1;2,5\n", ';', ',', false},       // a comma in quotes
      {"a;b,c\n1;2\n", ',', '.', false},
      {"a;b\tc\n1\t2\n", '\t', '.', false},
      {"", ',', '.', false},
  };
  for (const Case& c : cases) {
    const CsvDialect dialect = csv_dialect(c.text);
    EXPECT_EQ(dialect.separator, c.separator) << c.text;
    EXPECT_EQ(dialect.decimal, c.decimal) << c.text;
    EXPECT_EQ(std::any_of(dialect.unclear.begin(), dialect.unclear.end(),
                          [](const std::string& cell) { return !cell.empty(); }),
              c.unclear)
        << c.text;
  }
}

TEST(DecimalComma, ReadsNumbersAsTheyAreMeant) {
  LoadReport report;
  Goal goal = two_outcomes();
  goal.data.context = {"age"};
  const std::string text = "arm;age;spend;visit\na;30,5;6,07;1\nb;41;-2;0\na;-1,5e2;NA;True\n";
  const DecisionLog told = csv_log(text, goal, &report);
  EXPECT_EQ(told.outcome("spend").value, (std::vector<double>{6.07, -2, 0}));
  EXPECT_EQ(told.context[0].number, (std::vector<float>{30.5f, 41, -150}));
  EXPECT_TRUE(says(report.notes, "\"30,5\" can be read in no other way"));
  goal.data.decimal = ',';
  LoadReport stated;
  EXPECT_EQ(csv_log(text, goal, &stated).row_digest, told.row_digest);
  EXPECT_FALSE(says(stated.notes, "in no other way"));
  // A point between thousands is no number, and says so.
  const std::string message = refusal([&] { csv_log("arm;age;spend;visit\na;1;1.234,5;1\n", goal); });
  EXPECT_NE(message.find("decimal = \",\" reads it"), std::string::npos) << message;
  EXPECT_NE(refusal([&] { csv_log("arm;age;spend;visit\na;1;1.5;1\n", goal); }).find("spend"),
            std::string::npos);
}

TEST(DecimalComma, IsNotGuessed) {
  Goal goal = two_outcomes();
  const std::string text = "arm;age;spend;visit\na;3,500;6,069;1\nb;4,125;7,125;0\n";
  const std::string outcome = refusal([&] { csv_log(text, goal); });
  EXPECT_NE(outcome.find("log.csv:2: outcome.spend: found \"6,069\""), std::string::npos) << outcome;
  EXPECT_NE(outcome.find("decimal = \",\" below [data]"), std::string::npos) << outcome;
  // In a context it would be a category of as many levels as rows.
  goal.data.context = {"age"};
  const std::string context = refusal([&] { csv_log(text, goal); });
  EXPECT_NE(context.find("log.csv:1: age: found cells such as \"3,500\""), std::string::npos) << context;
  goal.data.decimal = ',';
  EXPECT_EQ(csv_log(text, goal).outcome("spend").value, (std::vector<double>{6.069, 7.125}));
  EXPECT_EQ(csv_log(text, goal).context[0].number, (std::vector<float>{3.5f, 4.125f}));
}

TEST(DecimalComma, AndWordsAreTheSameInBlocksAndStreams) {
  std::string text = "arm;age;spend;visit\n";
  for (int i = 0; i < 4000; ++i)
    text += fmt::format("{};{},5;{};{}\n", "ab"[i % 2], i % 90,
                        i % 7 == 0 ? "NA" : fmt::format("{},25", i % 13), i % 5 == 0 ? "True" : "False");
  Goal goal = two_outcomes();
  goal.data.context = {"age"};
  const TemporaryFile file("log.csv", text);
  LoadReport whole;
  const DecisionLog log = read_log(file.path(), goal, &whole);
  for (const std::size_t bytes : {std::size_t{300}, std::size_t{7000}}) {
    for (const int threads : {1, 3}) {
      LoadReport report;
      const DecisionLog here = csv_log_from(TextSource::read(file.path()), goal, &report,
                                            {.threads = threads, .block_bytes = bytes});
      EXPECT_EQ(here.row_digest, log.row_digest);
      EXPECT_EQ(report.notes, whole.notes);
      StreamOptions options;
      options.threads = threads;
      options.block_bytes = bytes;
      std::vector<double> spend;
      std::vector<float> age;
      const LoadReport streamed = stream_log(file.path(), goal, options, [&](const DecisionLog& block) {
        return [&, values = block.outcome("spend").value, ages = block.context[0].number] {
          spend.insert(spend.end(), values.begin(), values.end());
          age.insert(age.end(), ages.begin(), ages.end());
        };
      });
      EXPECT_EQ(spend, log.outcome("spend").value);
      EXPECT_EQ(age, log.context[0].number);
      for (const char* part : {"Outcome spend: 572 cells", "Outcome visit: 4000 cells", "in no other way"}) {
        EXPECT_TRUE(says(streamed.notes, part)) << part;
        EXPECT_TRUE(says(whole.notes, part)) << part;
      }
    }
  }
}

TEST(InspectLog, ReadsWordsAndCommasAsTheGoalFileWill) {
  const TemporaryFile file("log.csv",
                           "arm;user;clicked;spend\nNone;u1;True;0,5\nmail;u2;False;NA\nNone;u3;True;12,25\n");
  const LogSketch sketch = inspect_log(file.path());
  EXPECT_EQ(sketch.decimal, ',');
  EXPECT_TRUE(sketch.column("clicked")->numeric());
  EXPECT_TRUE(sketch.column("spend")->numeric());
  EXPECT_EQ(sketch.column("spend")->present, 2u);
  EXPECT_EQ(sketch.column("arm")->levels, (std::vector<std::string>{"None", "mail"}));
  LogRoles given;
  given.propensity_number = 0.5;
  given.outcomes = {"spend", "clicked"};
  const std::string text = goal_text(sketch, guess_roles(sketch, given), file.path(), "log");
  const Goal goal = parse_goal(text);
  EXPECT_EQ(goal.data.decimal, ',');
  EXPECT_EQ(goal.outcome("clicked")->kind, OutcomeKind::kBinary);
  LoadReport report;
  EXPECT_EQ(read_log(file.path(), goal, &report).outcome("spend").value, (std::vector<double>{0.5, 0, 12.25}));

  const TemporaryFile unclear("semi.csv", "arm;user;spend\na;u1;6,069\nb;u2;7,125\n");
  const std::string message = refusal([&] { inspect_log(unclear.path()); });
  EXPECT_NE(message.find("spend: found cells such as \"6,069\""), std::string::npos) << message;
  EXPECT_NE(message.find("--decimal ,"), std::string::npos) << message;
  EXPECT_EQ(inspect_log(unclear.path(), ',').column("spend")->upper, 7.125);
}

}  // namespace
}  // namespace plumb
