// The column cache: what comes out is what went in, and what does not match is not used.
#include "data/column_cache.h"

#include <fmt/core.h>

#include "tests/data/small_logs.h"

namespace plumb {
namespace {

std::string text_of(int rows) {
  std::string text;
  for (int i = 0; i < rows; ++i)
    text += fmt::format(
        R"({{"id":"d{}","policy":"v{}","context":{{"age":{},"city":"{}"}},"actions":[{{"id":"a"}},{{"id":"b{}"}}],)"
        R"("chosen":"a","propensities":[0.25,0.75],"outcomes":{{"click":{}}}}})"
        "\n",
        i, i / 9, i, "xyz"[i % 3], i % 5, i % 2);
  return text;
}

TEST(ColumnCache, GivesBackTheLogAndItsReport) {
  Goal goal = jsonl_goal();
  goal.segments = {"age"};
  const TemporaryFile file("log.jsonl", text_of(50));
  LoadReport report;
  const DecisionLog log = read_log(file.path(), goal, &report);
  const std::uint64_t key = cache_key(file.path(), goal, 1);
  EXPECT_EQ(key, cache_key(file.path(), goal, 3));
  const TemporaryFile cache("log.jsonl.plumb-columns", "");
  EXPECT_EQ(cache.path(), cache_path(file.path()));
  write_column_cache(cache.path(), log, report, key, 2);
  const CacheRead found = read_column_cache(cache.path(), key, 2);
  ASSERT_TRUE(found.log) << found.why_not;
  // Bytes tell all fields at once.
  EXPECT_EQ(column_cache_bytes(*found.log, found.report, key, 1), column_cache_bytes(log, report, key, 1));
  EXPECT_EQ(found.log->row_digest, log.row_digest);
  EXPECT_EQ(found.log->id, log.id);
  EXPECT_EQ(found.log->context[1].levels, log.context[1].levels);
  EXPECT_EQ(found.report.notes, report.notes);
}

TEST(ColumnCache, BelongsToTheBytesOfTheLogAndToWhatTheGoalReads) {
  Goal goal = jsonl_goal();
  const TemporaryFile file("log.jsonl", text_of(50)), late("late.csv", "id,click\nd1,1\n");
  const std::uint64_t key = cache_key(file.path(), goal, 1);
  Goal other = goal;
  other.minimum_effect = 3;  // nothing that reading asks for
  EXPECT_EQ(cache_key(file.path(), other, 1), key);
  other.data.context = {"age"};
  EXPECT_NE(cache_key(file.path(), other, 1), key);
  other = goal;
  other.outcomes[0].absent_is_zero = true;
  EXPECT_NE(cache_key(file.path(), other, 1), key);
  other = goal;
  other.data.outcome_files = {late.path()};
  const std::uint64_t with_late = cache_key(file.path(), other, 1);
  EXPECT_NE(with_late, key);
  { std::ofstream(late.path(), std::ios::app) << "d2,1\n"; }
  EXPECT_NE(cache_key(file.path(), other, 1), with_late);
  { std::ofstream(file.path(), std::ios::app) << "\n"; }
  EXPECT_NE(cache_key(file.path(), goal, 1), key);
}

TEST(ColumnCache, IsNotUsedWhereAByteIsWrong) {
  Goal goal = jsonl_goal();
  LoadReport report;
  const DecisionLog log = jsonl_log(text_of(9), goal, &report);
  const std::string bytes = column_cache_bytes(log, report, 7, 1);
  EXPECT_TRUE(parse_column_cache(bytes, 7, 1).log);
  EXPECT_NE(parse_column_cache(bytes, 8, 1).why_not.find("others than it was written for"), std::string::npos);
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    std::string wrong = bytes;
    wrong[at] = static_cast<char>(wrong[at] ^ 4);
    ASSERT_FALSE(parse_column_cache(wrong, 7, 1).log) << at;
    ASSERT_FALSE(parse_column_cache(std::string_view(bytes).substr(0, at), 7, 1).log) << at;
  }
  EXPECT_FALSE(parse_column_cache(bytes + "x", 7, 1).log);
  EXPECT_EQ(read_column_cache("/nowhere/at/all", 7, 1).why_not, "");
}

}  // namespace
}  // namespace plumb
