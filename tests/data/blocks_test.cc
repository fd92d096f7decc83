// Logs are read in blocks on several threads: whatever the blocks and the threads, what is read, refused and
// told is what reading row by row gives.
#include <fmt/core.h>

#include "base/pipeline.h"
#include "data/row_reader.h"
#include "tests/data/small_logs.h"

namespace plumb {
namespace {

using Read = std::function<DecisionLog(const TextSource&, const Goal&, LoadReport*, const ReadOptions&)>;

// Everything that a log and its report say, or the message that refuses it.
std::string told(const Read& read, const std::string& text, const Goal& goal, const ReadOptions& options) {
  LoadReport report;
  DecisionLog log;
  try {
    log = read(TextSource::from_memory(text, "log"), goal, &report, options);
  } catch (const Error& error) {
    return error.what();
  }
  std::string out =
      fmt::format("{} {} {} {}\n", report.bytes, report.rows_read, report.decisions, report.rejected);
  for (const auto* lines : {&report.rejections, &report.notes, &log.id, &log.actions, &log.policy_version})
    for (const std::string& line : *lines) out += line + "\n";
  const auto list = [&](const char* name, const auto& values) {
    out += name;
    for (const auto value : values) out += fmt::format(" {}", value);
    out += "\n";
  };
  list("unit", log.unit);
  list("time", log.time_us);
  list("offset", log.offset);
  list("action", log.action);
  list("chosen", log.chosen);
  list("propensity", log.propensity);
  list("logged", log.logged);
  list("version", log.version);
  list("digest", log.row_digest);
  list("fingerprint", log.row_fingerprint);
  out += fmt::format("{} {}\n", log.fixed_actions, log.unit_named);
  for (const auto* columns : {&log.context, &log.action_features, &log.segments}) {
    for (const FeatureColumn& column : *columns) {
      out += column.name + "\n";
      for (const std::string& level : column.levels) out += level + "\n";
      list("code", column.code);
      list("number", column.number);
    }
  }
  for (const OutcomeColumn& outcome : log.outcomes) {
    list(outcome.name.c_str(), outcome.value);
    list("asked", outcome.asked);
    for (const State state : outcome.state) out += fmt::format("{}", static_cast<int>(state));
  }
  return out;
}

void expect_same_in_blocks(const Read& read, const std::string& text, const Goal& goal,
                           const std::string& must_hold = "") {
  const std::string whole = told(read, text, goal, {.threads = 1, .block_bytes = SIZE_MAX});
  EXPECT_NE(whole.find(must_hold), std::string::npos) << whole.substr(0, 2000);
  for (const std::size_t bytes : {1, 90, 1000, 5000})
    for (const int threads : {1, 4})
      ASSERT_EQ(whole, told(read, text, goal, {.threads = threads, .block_bytes = bytes}))
          << bytes << " bytes, " << threads << " threads";
}

TEST(Blocks, OfCsvAreAsTheWhole) {
  Goal goal = csv_goal();
  goal.data.id = "id";
  goal.data.reject_up_to = 0.5;
  goal.data.context.push_back("zip");
  Rng rng(1);
  std::string text = "id,arm,p,age,region,zip,spend,note\n";
  for (int i = 0; i < 400; ++i) {
    // Ids that stand twice, near and far; a column whose first text comes late, behind spellings that count.
    const int id = i % 37 == 5 ? i / 2 : i;
    const std::string zip = i < 250 ? fmt::format("0{}", 10 + i % 7)
                            : i % 3 ? "none"
                                    : fmt::format("0{}", i % 9);
    text += fmt::format("{},{},{},{},{},{},{},\"a \"\"note\"\",\nof two lines\"\n", id, "abc"[rng.below(3)],
                        i % 53 == 7 ? "2" : "0.25", i % 41, i % 2 ? "north" : "\"south, west\"", zip, i % 5);
  }
  expect_same_in_blocks(csv_log_from, text, goal, "again, first in line");
}

TEST(Blocks, OfCsvWithAStrayQuoteAreReadAsOne) {
  Goal goal = csv_goal();
  goal.data.reject_up_to = 0.5;
  std::string text = "arm,p,age,region,spend\n";
  for (int i = 0; i < 200; ++i)
    text += fmt::format("a,0.5,{},{},1\n", i, i == 90 ? "so\"uth" : i == 120 ? "\"no\nrth\"" : "east");
  expect_same_in_blocks(csv_log_from, text, goal, "a quote inside a field");
  expect_same_in_blocks(csv_log_from, text + "a,0.5,1,\"east,1\n", goal, "no closing quote");
}

TEST(Blocks, OfCsvKeepEmptyLinesAsBadRows) {
  Goal goal = csv_goal();
  goal.data.reject_up_to = 0.5;
  std::string text = "arm,p,age,region,spend\n";
  for (int i = 0; i < 100; ++i)
    text += fmt::format("{},0.5,1,east,1\n{}", i % 2 ? "a" : "b", i % 11 ? "" : "\n\n");
  expect_same_in_blocks(csv_log_from, text + "\n\n", goal, "an empty line");
}

TEST(Blocks, OfJsonLinesAreAsTheWhole) {
  Goal goal = jsonl_goal();
  goal.data.reject_up_to = 0.9;
  std::string text = "\n{}\n";  // the first rows are none
  for (int i = 0; i < 300; ++i) {
    const int id = i % 31 == 4 ? i - 3 : i % 67 == 9 ? 1 : i;
    // Another key, other actions offered, a text behind numbers, a missing unit.
    text += fmt::format(
        R"({{"id":{},"unit":"u{}","policy":"v{}","context":{{"age":{},"city":{}{}}},"actions":[{{"id":"a{}"}},{{"id":"b"}}],)"
        R"("chosen":"b","propensity":{},"outcomes":{{"click":{}}}}})",
        id, i / 3, i / 100, i,
        i < 150 ? "7"
        : i % 2 ? "\"Rome\""
                : "8.5",
        i % 43 == 3 ? ",\"new\":1" : "", i < 200 ? 1 : i % 4, i % 29 == 2 ? "1.5" : "0.5", i % 2);
    text += i % 59 == 8 ? "x\n" : "\n";
  }
  expect_same_in_blocks(jsonl_log_from, text, goal, "is a category");
  goal.data.reject_up_to = 0;
  expect_same_in_blocks(jsonl_log_from, text, goal, "expected none");
}

TEST(Blocks, OfDsjsonAreAsTheWhole) {
  Goal goal;
  goal.maximize = {{1.0, "reward"}};
  goal.outcomes = {outcome_spec("reward", OutcomeKind::kNumber)};
  goal.data.reject_up_to = 0.9;
  goal.data.context = {"User.*"};
  std::string text;
  for (int i = 0; i < 300; ++i) {
    // Features that come late and are seldom there, rows to leave out, labels that contradict the ranking.
    text += fmt::format(
        R"({{"_label_cost":{},"_label_probability":0.5,"_label_Action":{},"_labelIndex":1,"EventId":"e{}",{}"a":[2,1],"p":[0.5,0.5],)"
        R"("c":{{"User":{{"age":{}{}}},"_multi":[{{"_tag":"x","f":{{"k{}":1}}}},{{"_tag":"y","g":"z"}}]}}}})",
        -i % 3, i % 23 == 2 ? 1 : 2, i % 47 == 5 ? i - 30 : i, i % 17 == 3 ? "\"_skipLearn\":true," : "", i,
        i > 200 && i % 5 == 0 ? ",\"late\":\"yes\"" : "", i / 60);
    text += "\n";
  }
  expect_same_in_blocks(dsjson_log_from, text, goal, "_skipLearn");
  goal.data.context = {"User.age", "User.late", "Shop.*"};
  expect_same_in_blocks(dsjson_log_from, text, goal, "no feature \"Shop.*\"");
}

TEST(Blocks, OfVwTextAreAsTheWhole) {
  Goal goal;
  goal.maximize = {{1.0, "reward"}};
  goal.outcomes = {outcome_spec("reward", OutcomeKind::kNumber)};
  goal.data.reject_up_to = 0.9;
  std::string one, several;
  for (int i = 0; i < 200; ++i) {
    one += fmt::format("{}:{}:{} 'd{}|user age:{} city={}{}\n", 1 + i % 3, -i % 4, i % 19 == 2 ? "3" : "0.25",
                       i % 29 == 7 ? i - 5 : i, i, i % 2 ? "Rome" : "Berlin", i > 150 ? " late:2" : "");
    several += fmt::format("shared 'd{} |user age:{}\n{}|a x:1\n{}|a y:{}\n{}\n", i, i,
                           i % 2 ? "0:-1:0.5 " : "", i % 2 ? "" : "0:1:0.5 ", i, i % 7 ? "" : " \n");
  }
  expect_same_in_blocks(vw_text_log_from, one, goal, "d199");
  expect_same_in_blocks(vw_text_log_from, several, goal, "d199");
}

TEST(Blocks, WhoseFirstRowHasNoFeatureAreAsTheWhole) {
  Goal goal;
  goal.maximize = {{1.0, "reward"}};
  goal.outcomes = {outcome_spec("reward", OutcomeKind::kNumber)};
  std::string text = "1:-1:0.5 |\n";
  for (int i = 0; i < 200; ++i) text += fmt::format("{}:{}:0.5 |user age:{}\n", 1 + i % 2, -i % 4, i);
  expect_same_in_blocks(vw_text_log_from, text, goal, "user.age");
}

TEST(Blocks, EndWhereRowsEnd) {
  const auto cut = [](std::string_view text, RowEnd end, std::size_t bytes) {
    std::string out;
    RowBlocks blocks(rows_of(text), end, bytes);
    while (const auto block = blocks.next()) out += fmt::format("{}:{}|", block->first_line, block->text);
    return out;
  };
  EXPECT_EQ(cut("ab\ncd\n\nef\n\n", RowEnd::kLine, 1), "1:ab|2:cd|3:|4:ef|");
  EXPECT_EQ(cut("ab\ncd\n\nef\n\n", RowEnd::kLine, 4), "1:ab\ncd|3:\nef|");
  EXPECT_EQ(cut("ab\ncd\n \nef\ngh\n", RowEnd::kEmptyLine, 1), "1:ab\ncd\n |4:ef\ngh|");
  EXPECT_EQ(cut("a,\"b\nc\"\"\"\nd\n", RowEnd::kRecord, 1), "1:a,\"b\nc\"\"\"|3:d|");
  EXPECT_EQ(cut("\n\r\n", RowEnd::kLine, 1), "");
}

TEST(InOrder, FoldsInTheOrderOfThePiecesOnAnyNumberOfThreads) {
  for (const int threads : {1, 2, 7}) {
    int made = 0;
    std::vector<int> folded;
    in_order<int, int>(
        threads, [&] { return made < 500 ? std::optional(made++) : std::nullopt; },
        [](int&& piece) {
          if (piece % 5 == 0) std::this_thread::yield();
          return 3 * piece;
        },
        [&](int&& result) { folded.push_back(result); });
    ASSERT_EQ(folded.size(), 500u);
    for (int i = 0; i < 500; ++i) ASSERT_EQ(folded[static_cast<std::size_t>(i)], 3 * i);
  }
}

TEST(InOrder, RethrowsTheFirstFailureAndFoldsWhatStandsBefore) {
  for (const int threads : {1, 4}) {
    for (const int where : {0, 1, 2}) {  // in produce, work, fold
      int made = 0, folded = 0;
      try {
        in_order<int, int>(
            threads,
            [&]() -> std::optional<int> {
              if (where == 0 && made == 60) throw Error(Code::kInput, "60");
              return made++;
            },
            [&](int&& piece) {
              if (where == 1 && piece >= 60) throw Error(Code::kInput, fmt::format("{}", piece));
              return piece;
            },
            [&](int&& result) {
              if (where == 2 && result == 60) throw Error(Code::kInput, "60");
              ++folded;
            });
        FAIL();
      } catch (const Error& error) {
        EXPECT_STREQ(error.what(), "60");
      }
      EXPECT_EQ(folded, 60);
    }
  }
}

}  // namespace
}  // namespace plumb
