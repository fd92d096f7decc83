#include "data/columns.h"

#include "tests/data/small_logs.h"

namespace plumb {
namespace {

FeatureColumn segment_of(std::vector<float> values) {
  return to_segment(FeatureColumn{"x", false, std::move(values), {}, {}});
}

TEST(Column, IsANumberOnlyWhereEveryValueIs) {
  Goal goal = csv_goal();
  goal.data.context = {"age"};
  const auto age = [&](const std::string& a, const std::string& b, const std::string& c,
                       LoadReport* report = nullptr) {
    return csv_log("arm,p,age,region,spend\na,.5," + a + ",n,1\na,.5," + b + ",n,1\na,.5," + c + ",n,1\n", goal,
                   report)
        .context[0];
  };
  EXPECT_FALSE(age("1", "-2.5e1", "007").is_category);
  LoadReport report;
  const FeatureColumn mixed = age("007", "7", "old", &report);
  EXPECT_TRUE(mixed.is_category);
  // Digits that came before the first text are kept as they were written.
  EXPECT_EQ(mixed.levels, (std::vector<std::string>{"007", "7", "old"}));
  EXPECT_NE(
      report.notes[0].find("Column \"age\" is a category: \"old\" in line 4 is no number, as 2 before it are."),
      std::string::npos);
  EXPECT_EQ(age("1", "", "old").levels, (std::vector<std::string>{"1", "old", ""}));
  EXPECT_TRUE(age("1", "inf", "1").is_category);
}

// Between quotes a number is a text: read as a category, and said so.
TEST(Column, OfNumbersThatAreWrittenAsTextIsNoted) {
  Goal goal = csv_goal();
  goal.data.context = {"age"};
  const auto notes = [&](const std::string& a, const std::string& b) {
    LoadReport report;
    const auto row = [](const std::string& age) {
      return R"({"context":{"age":)" + age +
             R"(},"actions":[{"id":"a"},{"id":"b"}],"arm":"a","p":0.5,"region":"n","outcomes":{"spend":1}})" +
             "\n";
    };
    const DecisionLog log = jsonl_log(row(a) + row(b) + row(a), goal, &report);
    std::string all = log.context[0].is_category ? "category: " : "number: ";
    for (const std::string& note : report.notes) all += note;
    return all;
  };
  const std::string said =
      "category: Column \"age\" is a category of 2 levels: its values are numbers that are written as text, as "
      "\"1.5\" is; without quotes they are read as numbers.";
  EXPECT_TRUE(notes("\"1.5\"", "\"2\"").starts_with(said)) << notes("\"1.5\"", "\"2\"");
  EXPECT_TRUE(notes("\"1.5\"", "2").starts_with(said)) << "also where some stand without quotes";
  EXPECT_TRUE(notes("1.5", "2").starts_with("number: ")) << notes("1.5", "2");
  for (const char* word : {"\"old\"", "\"inf\"", "\"2 years\""})
    EXPECT_EQ(notes("\"1.5\"", word).find("written as text"), std::string::npos) << word;
}

TEST(Outcome, OfNumbersThatAreWrittenAsTextIsNoted) {
  LoadReport report;
  const auto row = [](const std::string& click) {
    return R"({"actions":[{"id":"a"},{"id":"b"}],"chosen":"a","propensity":0.5,"outcomes":{"click":)" + click +
           "}}\n";
  };
  const DecisionLog log =
      jsonl_log(row("\"1\"") + row("0") + row("\"0\"") + row("\"yes\""), jsonl_goal(), &report);
  EXPECT_EQ(log.outcomes[0].value, (std::vector<double>{1, 0, 0, 1}));
  const std::string said = "Outcome click: 2 numbers stand between quotes, such as \"1\", read as numbers.";
  EXPECT_NE(std::find(report.notes.begin(), report.notes.end(), said), report.notes.end());
}

TEST(Segment, OfFewNumbersHasTheirValuesInAscendingOrder) {
  const FeatureColumn segment = segment_of({1, 0, 1, 2.5, 0});
  EXPECT_TRUE(segment.is_category);
  EXPECT_EQ(segment.levels, (std::vector<std::string>{"0", "1", "2.5"}));
  EXPECT_EQ(segment.code, (std::vector<std::uint32_t>{1, 0, 1, 2, 0}));
}

TEST(Segment, OfManyNumbersHasQuartileBands) {
  std::vector<float> values;
  for (int i = 0; i < 100; ++i) values.push_back(static_cast<float>((i * 37) % 100));
  const FeatureColumn segment = segment_of(values);
  EXPECT_EQ(segment.levels, (std::vector<std::string>{"[0, 25)", "[25, 50)", "[50, 75)", "[75, 99]"}));
  std::vector<int> count(4, 0);
  for (std::size_t i = 0; i < values.size(); ++i) {
    ++count[segment.code[i]];
    EXPECT_EQ(segment.code[i], static_cast<std::uint32_t>(values[i] / 25));
  }
  EXPECT_EQ(count, (std::vector<int>{25, 25, 25, 25}));
}

TEST(Segment, HasFewerBandsWhereQuartilesAreEqual) {
  std::vector<float> values(60, 0.0f);  // more than half are zero
  for (int i = 1; i <= 40; ++i) values.push_back(static_cast<float>(i));
  EXPECT_EQ(segment_of(values).levels, (std::vector<std::string>{"[0, 16)", "[16, 40]"}));
}

TEST(Segment, TakesExactly32NumbersAsTheyAre) {
  std::vector<float> values;
  for (int i = 0; i < 32; ++i) values.push_back(static_cast<float>(i));
  EXPECT_EQ(segment_of(values).levels.size(), 32u);
  values.push_back(32);
  EXPECT_EQ(segment_of(values).levels.size(), 4u);
}

}  // namespace
}  // namespace plumb
