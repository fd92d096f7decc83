// Streams: blocks put together are the log in memory; what only a whole log could tell is refused.
#include "plumb/stream.h"

#include <fmt/core.h>

#include <cmath>
#include <mutex>

#include "tests/data/small_logs.h"

namespace plumb {
namespace {

// One line a decision: everything by name, since every block has codes of its own.
void describe(const DecisionLog& log, std::vector<std::string>& rows) {
  const auto cell = [](const FeatureColumn& c, std::size_t row) {
    return c.name + "=" + (c.is_category ? c.levels[c.code[row]] : fmt::format("{}", c.number[row]));
  };
  for (std::size_t i = 0; i < log.size(); ++i) {
    std::string out = fmt::format("{} {} {} {}", log.id.empty() ? "" : log.id[i], log.unit[i],
                                  log.propensity[i], log.actions[log.chosen_action(i)]);
    for (auto row = log.offset[i]; row < log.offset[i + 1]; ++row) {
      out += " " + log.actions[log.action[row]];
      if (!log.logged.empty()) out += fmt::format(" {}", log.logged[row]);
      for (const FeatureColumn& c : log.action_features) out += " " + cell(c, row);
    }
    for (const FeatureColumn& c : log.context) out += " " + cell(c, i);
    for (const OutcomeColumn& c : log.outcomes)
      out += fmt::format(" {}={} {}", c.name, c.value[i], static_cast<int>(c.state[i]));
    rows.push_back(out);
  }
}

struct Streamed {
  std::vector<std::string> rows;
  LoadReport report;
};

Streamed stream(const std::string& path, const Goal& goal, std::size_t bytes, int threads,
                std::optional<ColumnNames> columns = std::nullopt) {
  Streamed out;
  StreamOptions options;
  options.threads = threads;
  options.block_bytes = bytes;
  options.columns = std::move(columns);
  out.report = stream_log(path, goal, options, [&](const DecisionLog& block) {
    auto rows = std::make_shared<std::vector<std::string>>();
    describe(block, *rows);
    return [&out, rows] { out.rows.insert(out.rows.end(), rows->begin(), rows->end()); };
  });
  return out;
}

void expect_streams_as_in_memory(const std::string& name, const std::string& text, const Goal& goal) {
  const TemporaryFile plain(name, text), packed(name + ".gz", gzip(text));
  LoadReport report;
  std::vector<std::string> rows;
  describe(read_log(plain.path(), goal, &report), rows);
  for (const std::string& path : {plain.path(), packed.path()}) {
    for (const std::size_t bytes : {2000, 9000, 1 << 20}) {
      for (const int threads : {1, 3}) {
        const Streamed here = stream(path, goal, bytes, threads);
        ASSERT_EQ(here.rows, rows) << path << " " << bytes;
        EXPECT_EQ(here.report.rows_read, report.rows_read);
        EXPECT_EQ(here.report.decisions, report.decisions);
        EXPECT_EQ(here.report.rejected, report.rejected);
      }
    }
  }
}

std::string csv_text() {
  std::string text = "\xef\xbb\xbfid,arm,p,age,region,spend\n";
  for (int i = 0; i < 400; ++i)
    text += fmt::format("i{},{},0.5,{},\"{}\n{}\",{}\n", i % 91 == 7 ? i / 2 : i, "ab"[i % 2],
                        i % 7 == 3 ? "x" : "1", i % 3, i, i % 4);
  return text + "\n\n";
}

TEST(Stream, OfCsvIsTheLogInMemory) {
  Goal goal = csv_goal();
  goal.segments.clear();
  goal.data.id = "id";
  goal.data.reject_up_to = 0.1;
  expect_streams_as_in_memory("log.csv", csv_text(), goal);
}

std::string json_text(int rows, bool late = false) {
  std::string text;
  for (int i = 0; i < rows; ++i)
    text += fmt::format(
        R"({{"id":"d{}","unit":"u{}","context":{{"age":{},"city":"{}"}},"actions":[{{"id":"a{}","features":{{"f":{}}}}},{{"id":"b","features":{{"f":0}}}}],)"
        R"("chosen":"b","propensities":[0.25,0.75],"outcomes":{{{}}}}})"
        "\n",
        i % 101 == 9 ? i - 5 : i, i / 2, i, "xyz"[i % 3], i % 5, i % 4,
        late ? "" : fmt::format("\"click\":{}", i % 2));
  return text;
}

TEST(Stream, OfJsonLinesIsTheLogInMemory) {
  Goal goal = jsonl_goal();
  goal.data.reject_up_to = 0.1;
  expect_streams_as_in_memory("log.jsonl", json_text(300), goal);
}

TEST(Stream, OfDsjsonIsTheLogInMemory) {
  Goal goal;
  goal.maximize = {{1.0, "reward"}};
  goal.outcomes = {outcome_spec("reward", OutcomeKind::kNumber)};
  std::string text;
  for (int i = 0; i < 300; ++i)
    text += fmt::format(
        R"({{"_label_cost":{},"_label_probability":0.5,"_label_Action":2,"EventId":"e{}","a":[2,1],"p":[0.5,0.5],)"
        R"("c":{{"User":{{"age":{}{}}},"_multi":[{{"_tag":"x","f":{{"k":{}}}}},{{"_tag":"y","g":"z"}}]}}}})"
        "\n",
        -i % 3, i, i, i % 50 ? "" : ",\"seldom\":2", i);
  expect_streams_as_in_memory("log.dsjson", text, goal);
}

TEST(Stream, OfVwTextIsTheLogInMemory) {
  Goal goal;
  goal.maximize = {{1.0, "reward"}};
  goal.outcomes = {outcome_spec("reward", OutcomeKind::kNumber)};
  std::string text;
  for (int i = 0; i < 300; ++i)
    text += fmt::format("shared 'd{} |user age:{}\n{}|a x:1\n{}|a y:{}\n\n", i, i, i % 2 ? "0:-1:0.5 " : "",
                        i % 2 ? "" : "0:1:0.5 ", i);
  expect_streams_as_in_memory("log.vw", text, goal);
}

TEST(Stream, JoinsLateOutcomesByIdAndKnowsAges) {
  Goal goal = jsonl_goal();
  goal.outcomes[0].observed_after_us = 100;
  goal.data.as_of = "1970-01-01T00:00:00.000200Z";
  std::string text, late;
  for (int i = 0; i < 200; ++i) {
    text += fmt::format(
        R"({{"id":"d{}","time_us":{},"actions":[{{"id":"a"}},{{"id":"b"}}],"chosen":"b","propensity":0.5}})"
        "\n",
        i, i);
    if (i % 3) late += fmt::format("{{\"id\":\"d{}\",\"outcomes\":{{\"click\":{}}}}}\n", 199 - i, i % 2);
  }
  late += "{\"id\":\"nobody\",\"outcomes\":{\"click\":1}}\n" + late.substr(0, late.find('\n') + 1);
  const TemporaryFile outcomes("late.jsonl", late);
  goal.data.outcome_files = {outcomes.path()};
  expect_streams_as_in_memory("log.jsonl", text, goal);
  const TemporaryFile file("log2.jsonl", text);
  LoadReport report;
  read_log(file.path(), goal, &report);
  const Streamed here = stream(file.path(), goal, 2000, 2);
  EXPECT_NE(std::find(here.report.notes.begin(), here.report.notes.end(), report.notes[0]),
            here.report.notes.end())
      << report.notes[0];

  goal.data.as_of = "";
  EXPECT_NE(refusal([&] { stream(file.path(), goal, 2000, 2); }).find("data.as_of: found nothing"),
            std::string::npos);
}

// Records of every fate, some of which a decision's time alone tells, and decisions after as_of.
TEST(Stream, JudgesLateRecordsByTheirTimesAsInMemory) {
  Goal goal = jsonl_goal();
  constexpr std::int64_t kHour = 3600000000;
  goal.outcomes[0].observed_after_us = 10 * kHour;
  goal.outcomes[0].absent_is_zero = true;
  goal.data.as_of = "1970-01-08";
  std::string text, late;
  for (int i = 0; i < 200; ++i) {
    text += fmt::format(
        R"({{"id":"d{}","time_us":{},"actions":[{{"id":"a"}},{{"id":"b"}}],"chosen":"b","propensity":0.5}})"
        "\n",
        i, i * kHour);
    const std::int64_t after[] = {-30 * kHour, -30000000, kHour, 9 * kHour, 11 * kHour, 100 * kHour};
    // The same decision has records within the window and beyond it that differ.
    late += fmt::format("{{\"id\":\"d{}\",\"time_us\":{},\"outcomes\":{{\"click\":1}}}}\n", i,
                        i * kHour + after[i % 6]);
    if (i % 6 == 2)
      late +=
          fmt::format("{{\"id\":\"d{}\",\"time_us\":{},\"outcomes\":{{\"click\":0}}}}\n", i, (i + 12) * kHour);
    if (i % 6 == 3) late += fmt::format("{{\"id\":\"d{}\",\"outcomes\":{{\"click\":1}}}}\n", i);
  }
  const TemporaryFile outcomes("late.jsonl", late), file("log3.jsonl", text);
  goal.data.outcome_files = {outcomes.path()};
  expect_streams_as_in_memory("log.jsonl", text, goal);
  LoadReport report;
  read_log(file.path(), goal, &report);
  const std::vector<std::string> notes = stream(file.path(), goal, 2000, 2).report.notes;
  EXPECT_NE(std::find(notes.begin(), notes.end(), report.notes[0]), notes.end()) << report.notes[0];
  for (const char* said : {"dated before their own decision", "up to a minute before", "later than as_of",
                           "than observed_after", "have no time"})
    EXPECT_NE(report.notes[0].find(said), std::string::npos) << report.notes[0];
  EXPECT_NE(std::find(notes.begin(), notes.end(), "31 decisions are later than as_of and left out."),
            notes.end());

  const TemporaryFile more("more.jsonl",
                           "{\"id\":\"d8\",\"time_us\":32400000000,\"outcomes\":{\"click\":0}}\n");
  goal.data.outcome_files.push_back(more.path());
  EXPECT_NE(refusal([&] {
              stream(file.path(), goal, 2000, 2);
            }).find("log3.jsonl:9: outcome.click: found 1, expected 0 as in the late record of id \"d8\""),
            std::string::npos);
}

TEST(Stream, KeepsOnlyTheColumnsThatAreAskedFor) {
  Goal goal = jsonl_goal();
  goal.data.reject_up_to = 0.1;
  const TemporaryFile file("log.jsonl", json_text(120));
  const Streamed some = stream(file.path(), goal, 2000, 2, ColumnNames{{"city"}, {}});
  EXPECT_NE(some.rows[0].find("city=x"), std::string::npos);
  EXPECT_EQ(some.rows[0].find("age="), std::string::npos);
  EXPECT_EQ(some.rows[0].find("f="), std::string::npos);
  EXPECT_NE(stream(file.path(), goal, 2000, 2).rows[0].find("f="), std::string::npos);
}

TEST(Stream, RefusesWhatItsFirstBlockDidNotTell) {
  Goal goal = csv_goal();
  goal.segments.clear();
  std::string text = "arm,p,age,region,spend\n", row = "a,0.5,1,x,1\nb,0.5,2,x,1\n";
  for (int i = 0; i < 50; ++i) text += row;
  const TemporaryFile types("types.csv", text + "a,0.5,old,x,1\n"), arms("arms.csv", text + "c,0.5,1,x,1\n"),
      quote("quote.csv", text + "a,0.5,1,x\"y,1\n"), twice("twice.jsonl", json_text(300));
  EXPECT_EQ(refusal([&] {
              stream(types.path(), goal, 200, 2);
            }).find(types.path() + ":102: age: found \"old\", expected a number"),
            0u);
  EXPECT_NE(refusal([&] { stream(arms.path(), goal, 200, 2); }).find(":102: action: found \"c\""),
            std::string::npos);
  EXPECT_NE(refusal([&] { stream(quote.path(), goal, 200, 2); }).find("a quote inside a field"),
            std::string::npos);
  EXPECT_NE(refusal([&] { stream(twice.path(), jsonl_goal(), 2000, 2); }).find(":10: id: found \"d4\" again"),
            std::string::npos);
  goal.data.estimand = Estimand::kDeployed;
  EXPECT_NE(refusal([&] { stream(types.path(), goal, 200, 2); }).find("data.estimand"), std::string::npos);
}

TEST(Stream, RefusesWhatALogInMemoryIsRefusedFor) {
  Goal goal = csv_goal();
  goal.segments.clear();
  goal.outcomes[0].absent_is_zero = true;
  std::string text = "arm,p,age,region,spend\n";
  for (int i = 0; i < 60; ++i) text += "a,0.5,1,x,\nb,0.5,2,x,\n";
  std::string bad = text;
  bad += "a,0.5,1,\xff,1\n";
  const TemporaryFile empty("empty.csv", "arm,p,age,region,spend\n"),
      unusable("bad.csv", "arm,p,age,region,spend\na,2,1,x,1\n"), absent("absent.csv", text),
      bytes("bytes.csv", bad);
  for (const TemporaryFile* file : {&empty, &unusable, &absent, &bytes}) {
    EXPECT_EQ(refusal([&] { stream(file->path(), goal, 200, 2); }),
              refusal([&] { read_log(file->path(), goal, nullptr); }))
        << file->path();
  }
}

TEST(Stream, TellsWhatItLeftOut) {
  Goal goal;
  goal.maximize = {{1.0, "reward"}};
  goal.outcomes = {outcome_spec("reward", OutcomeKind::kNumber)};
  std::string text;
  for (int i = 0; i < 100; ++i)
    text += fmt::format(
        R"({{"_label_cost":{},"_label_probability":0.5,"_label_Action":2,"EventId":"e{}",{}"a":[2,1],"p":[0.5,0.5],"c":{{"_multi":[{{"_tag":"x"}},{{"_tag":"y"}}]}}}})"
        "\n",
        -i, i, i % 4 ? "" : "\"_skipLearn\":true,");
  const TemporaryFile file("log.dsjson", text);
  LoadReport report;
  read_log(file.path(), goal, &report);
  const Streamed here = stream(file.path(), goal, 2000, 2);
  EXPECT_NE(std::find(here.report.notes.begin(), here.report.notes.end(), report.notes[0]),
            here.report.notes.end())
      << report.notes[0];
}

TEST(Stream, RefusesDamagedGzipWithItsPlace) {
  std::string packed = gzip(json_text(400));
  const TemporaryFile cut("cut.jsonl.gz", packed.substr(0, packed.size() / 2)),
      more("more.jsonl.gz", packed + "junk");
  Goal goal = jsonl_goal();
  goal.data.reject_up_to = 0.1;
  EXPECT_NE(refusal([&] { stream(cut.path(), goal, 2000, 2); }).find("the end of the file after"),
            std::string::npos);
  EXPECT_NE(refusal([&] { stream(more.path(), goal, 2000, 2); }).find("other bytes behind the stream"),
            std::string::npos);
  const TemporaryFile two("two.jsonl.gz", gzip(json_text(9)) + gzip("{}\n"));
  EXPECT_EQ(stream(two.path(), goal, 2000, 1).report.rejected, 1u);
}

}  // namespace
}  // namespace plumb
