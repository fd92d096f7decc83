// Cells without a value, from the file to the features of models.
#include <cmath>

#include "plumb/features.h"
#include "tests/data/logs_equal.h"
#include "tests/data/small_logs.h"

namespace plumb {
namespace {

Goal age_goal() {
  Goal goal = csv_goal();
  goal.data.context = {"age"};
  goal.segments = {"age"};
  return goal;
}

constexpr const char* kHoled = "arm,p,age,region,spend\na,.5,1,n,1\nb,.5,,n,1\na,.5,4,n,1\n";

TEST(MissingCells, OfANumberLeaveItANumberAndAreSaidFirst) {
  LoadReport report;
  const DecisionLog log = csv_log(kHoled, age_goal(), &report);
  ASSERT_FALSE(log.context[0].is_category);
  EXPECT_EQ(log.context[0].number[0], 1);
  EXPECT_TRUE(std::isnan(log.context[0].number[1]));
  EXPECT_EQ(log.segments[0].levels, (std::vector<std::string>{"1", "4", "missing"}));
  EXPECT_EQ(report.notes[0],
            "Column \"age\" is a number and missing in 1 of 3 rows: its mean stands in, with a column that "
            "says where.");
  // Nothing but empty cells is no number.
  EXPECT_TRUE(csv_log("arm,p,age,region,spend\na,.5,,n,1\n", age_goal()).context[0].is_category);
}

// Words for no value are holes where all else is numbers, and words where there are words.
TEST(MissingCells, MayBeWrittenAsWords) {
  for (const std::string word : {"NA", "None", "null", "n/a"}) {
    for (const bool first : {false, true}) {
      const std::string rows = first ? word + ",n,1\nb,.5,1,n,1\n" : "1,n,1\nb,.5," + word + ",n,1\n";
      const DecisionLog log = csv_log("arm,p,age,region,spend\na,.5," + rows + "a,.5,4,n,1\n", age_goal());
      ASSERT_FALSE(log.context[0].is_category) << word;
      EXPECT_EQ(log.context[0].number[2], 4) << word;
      EXPECT_TRUE(std::isnan(log.context[0].number[first ? 0 : 1])) << word;
    }
  }
  EXPECT_TRUE(csv_log("arm,p,age,region,spend\na,.5,1,n,1\nb,.5,NA,n,1\na,.5,old,n,1\n", age_goal())
                  .context[0]
                  .is_category);
}

TEST(MissingCells, DoNotDependOnBlocksOrOnWhereTheFirstTextStands) {
  std::string numbers = "arm,p,age,region,spend\n", texts = numbers;
  for (int i = 0; i < 200; ++i) {
    const std::string age = i % 7 == 3 ? "" : std::to_string(i % 5);
    numbers += "a,.5," + age + ",n,1\n";
    texts += "a,.5," + (i == 150 ? "old" : age) + ",n,1\n";
  }
  for (const std::string& text : {numbers, texts}) {
    const TextSource source = TextSource::from_memory(text, "log.csv");
    const DecisionLog want = csv_log_from(source, age_goal(), nullptr, {.block_bytes = SIZE_MAX});
    expect_equal_logs(csv_log_from(source, age_goal(), nullptr, {.threads = 2, .block_bytes = 300}), want);
  }
}

TEST(MissingCells, OfJsonLinesAreNull) {
  const auto row = [](const char* age) {
    return R"({"actions":[{"id":"a"}],"chosen":"a","propensity":1,"context":{"age":)" + std::string(age) +
           R"(},"outcomes":{"click":0}})" + "\n";
  };
  const DecisionLog log = jsonl_log(row("null") + row("2") + row("3"), jsonl_goal());
  ASSERT_FALSE(log.context[0].is_category);
  EXPECT_TRUE(std::isnan(log.context[0].number[0]));
  EXPECT_EQ(log.context[0].number[2], 3);
}

TEST(MissingCells, HaveOneDigestAndNoSumHoldsThem) {
  const DecisionLog log = csv_log(kHoled, age_goal()), again = csv_log(kHoled, age_goal());
  EXPECT_EQ(log.row_digest, again.row_digest);
  const FeatureMap map = make_feature_map(log, {1, 1, 1});
  ASSERT_EQ(map.context.size(), 2u);
  EXPECT_DOUBLE_EQ(map.context[0].mean, 2.5);
  EXPECT_DOUBLE_EQ(map.context[0].scale, 1.5);
  const BoundFeatures features(map, log);
  std::vector<float> c(map.context_width);
  ASSERT_EQ(c.size(), 2u);
  features.context(0, c);
  EXPECT_EQ(c, (std::vector<float>{-1, 0}));
  features.context(1, c);
  EXPECT_EQ(c, (std::vector<float>{0, 1}));
  // A map of a log without gaps meets one with gaps, and the other way round.
  const DecisionLog whole = csv_log("arm,p,age,region,spend\na,.5,1,n,1\nb,.5,2,n,1\na,.5,4,n,1\n", age_goal());
  BoundFeatures(map, whole).context(1, c);
  EXPECT_EQ(c[1], 0);
  const FeatureMap plain = make_feature_map(whole, {1, 1, 1});
  ASSERT_EQ(plain.context_width, 1u);
  BoundFeatures(plain, log).context(1, std::span(c).first(1));
  EXPECT_EQ(c[0], 0);
}

TEST(MissingCells, OfTablesMeetThoseOfTheLog) {
  const DecisionLog log = csv_log(kHoled, age_goal());
  const TextSource table = TextSource::from_memory(
      "age,action,probability\n1,a,1\n1,b,0\n4,a,1\n4,b,0\n,a,0.25\n,b,0.75\n", "table.csv");
  EXPECT_EQ(policy_table_from(table, log), (std::vector<float>{1, 0, .25f, .75f, 1, 0}));
}

}  // namespace
}  // namespace plumb
