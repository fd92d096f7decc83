// Columns of Arrow's C data interface: the same log as the same decisions in CSV.
#include <limits>

#include "data/csv.h"
#include "data/rows.h"
#include "tests/data/arrow_arrays.h"
#include "tests/data/logs_equal.h"
#include "tests/data/small_logs.h"

namespace plumb {
namespace {

DecisionLog arrow_log(const Made& batch, const Goal& goal, LoadReport* report = nullptr) {
  return read_arrow(batch->schema, batch->array, goal, "log.csv", report);
}

// The goal of CSV's tests with all that [data] can name.
Goal full_goal() {
  Goal goal = csv_goal();
  goal.outcomes[0].column = "money";
  goal.outcomes.push_back(outcome_spec("click", OutcomeKind::kBinary));
  goal.outcomes[1].asked_column = "asked";
  goal.data.id = "id";
  goal.data.unit = "unit";
  goal.data.time = "time";
  goal.data.version = "version";
  goal.data.propensity_column = "";
  goal.data.propensities = "mu_*";
  goal.data.context = {"x_*", "gap", "flag"};
  goal.segments = {"region", "flag"};
  return goal;
}

constexpr const char* kFullCsv =
    "id,unit,time,version,arm,mu_b,mu_a,x_int,x_float,gap,flag,region,money,click,asked,note\n"
    "d1,7,2024-05-01T12:30:00Z,v1,b,0.75,0.25,-30,0.1,,1,north,1.5,1,0.5,\n"
    "d2,18446744073709551615,2024-05-01T12:30:01.25Z,v1,a,0.5,0.5,41,2,0.5,0,\"so, uth\",0,,0.5,\n"
    "d3,8,1969-12-31T23:59:59.999999Z,v2,b,0.125,0.875,22,1e-07,123456789,1,north,12.25,0,1,\n";

// Each column in a type of its own.
Made full_batch(std::size_t skipped) {
  const std::int64_t time[] = {1714566600000000, 1714566601250000, -1};
  return made_batch({
      made_texts("id", {"d1", "d2", "d3"}, skipped),
      made_numbers<std::uint64_t>("unit", "L", {7, std::numeric_limits<std::uint64_t>::max(), 8}, skipped),
      made_numbers<std::int64_t>("time", "tsu:UTC", {time[0], time[1], time[2]}, skipped),
      made_dictionary<std::uint8_t>("version", "C", {"v1", "v1", "v2"}, skipped),
      made_texts<std::int64_t>("arm", {"b", "a", "b"}, skipped),
      made_numbers<double>("mu_b", "g", {.75, .5, .125}, skipped),
      made_numbers<double>("mu_a", "g", {.25, .5, .875}, skipped),
      made_numbers<std::int8_t>("x_int", "c", {-30, 41, 22}, skipped),
      made_numbers<float>("x_float", "f", {.1f, 2.f, 1e-7f}, skipped),
      made_numbers<double>("gap", "g", {std::nullopt, .5, 123456789.}, skipped),
      made_booleans("flag", {true, false, true}, skipped),
      made_dictionary<std::int16_t>("region", "s", {"north", "so, uth", "north"}, skipped),
      made_numbers<float>("money", "f", {1.5f, 0.f, 12.25f}, skipped),
      made_booleans("click", {true, std::nullopt, false}, skipped),
      made_numbers<double>("asked", "g", {.5, .5, 1.}, skipped),
      made_nulls("note", 3),
  });
}

TEST(Arrow, HoldsTheSameLogAsCsvInEveryTypeWithNullsAndOffsets) {
  const DecisionLog want = csv_log(kFullCsv, full_goal());
  for (const std::size_t skipped : {0u, 1u, 2u, 7u, 8u, 13u}) {
    SCOPED_TRACE(skipped);
    LoadReport report;
    expect_equal_logs(arrow_log(full_batch(skipped), full_goal(), &report), want);
    EXPECT_EQ(report.rows_read, 3u);
    EXPECT_EQ(report.decisions, 3u);
    ASSERT_FALSE(report.notes.empty());
    EXPECT_EQ(
        report.notes[0],
        "Column \"gap\" is a number and missing in 1 of 3 rows: its mean stands in, with a column that says "
        "where.");
  }
}

TEST(Arrow, TellsUnitsByTheRowsTextWhereNothingNamesThem) {
  Goal goal = full_goal();
  goal.data.id = goal.data.unit = "";
  expect_equal_logs(arrow_log(full_batch(3), goal), csv_log(kFullCsv, goal));
}

// n rows of every integer type and both floats, propensities declared.
template <class T>
void expect_numbers(const char* format, std::initializer_list<T> values, const char* csv_cells) {
  SCOPED_TRACE(format);
  Goal goal = csv_goal();
  goal.data.propensity_column = "";
  goal.data.propensity_number = 0.5;
  goal.data.context = {"x"};
  goal.segments = {"x"};
  goal.outcomes = {outcome_spec("x", OutcomeKind::kNumber)};
  goal.data.id = "x";
  if (format[0] == 'f' || format[0] == 'g') goal.data.id = "";
  Maybe<T> x;
  Maybe<std::string> arms;
  std::string csv = "arm,x\n", cells = csv_cells;
  std::size_t at = 0;
  for (const T value : values) {
    x.push_back(value);
    arms.push_back(x.size() % 2 ? "a" : "b");
    const std::size_t end = cells.find(' ', at);
    csv += *arms.back() + "," + cells.substr(at, end - at) + "\n";
    at = end + 1;
  }
  const Made batch = made_batch({made_texts("arm", arms, 5), made_numbers<T>("x", format, x, 5)});
  expect_equal_logs(arrow_log(batch, goal), csv_log(csv, goal));
}

TEST(Arrow, ReadsTheEndsOfEveryNumericType) {
  expect_numbers<std::int8_t>("c", {-128, 0, 127}, "-128 0 127");
  expect_numbers<std::uint8_t>("C", {0, 255}, "0 255");
  expect_numbers<std::int16_t>("s", {-32768, 32767}, "-32768 32767");
  expect_numbers<std::uint16_t>("S", {0, 65535}, "0 65535");
  expect_numbers<std::int32_t>("i", {-2147483647 - 1, 2147483647}, "-2147483648 2147483647");
  expect_numbers<std::uint32_t>("I", {0, 4294967295u}, "0 4294967295");
  expect_numbers<std::int64_t>(
      "l",
      {std::numeric_limits<std::int64_t>::min(), 9007199254740993, std::numeric_limits<std::int64_t>::max()},
      "-9223372036854775808 9007199254740993 9223372036854775807");
  expect_numbers<std::uint64_t>("L", {0, 9223372036854775808u, 18446744073709551615u},
                                "0 9223372036854775808 18446744073709551615");
  expect_numbers<float>("f", {-0.5f, 16777216.f, 0.25f}, "-0.5 16777216 0.25");
  expect_numbers<double>("g", {0.1, -3.0, 1e-300, 1e22, 2.0 / 3}, "0.1 -3 1e-300 1e+22 0.6666666666666666");
}

TEST(Arrow, CountsTimesOfEveryUnitInMicroseconds) {
  Goal goal = csv_goal();
  goal.data.context = {};
  goal.data.time = "at";
  goal.segments = {"at"};
  const auto times = [&](const Made& at) {
    return arrow_log(made_batch({made_texts("arm", {"a", "b"}), made_numbers<double>("p", "g", {.5, .5}), at,
                                 made_numbers<double>("spend", "g", {1., 2.})}),
                     goal);
  };
  const std::vector<std::int64_t> seconds = {1714566600000000, -1000000};
  EXPECT_EQ(times(made_numbers<std::int64_t>("at", "tss:", {1714566600, -1})).time_us, seconds);
  EXPECT_EQ(times(made_numbers<std::int64_t>("at", "tsm:", {1714566600000, -1000})).time_us, seconds);
  EXPECT_EQ(times(made_numbers<std::int64_t>("at", "tsu:", {1714566600000000, -1000000})).time_us, seconds);
  EXPECT_EQ(times(made_numbers<std::int64_t>("at", "tsn:", {1714566600000000999, -999999001})).time_us,
            seconds);
  // An instant, whatever the zone.
  EXPECT_EQ(times(made_numbers<std::int64_t>("at", "tss:Europe/Berlin", {1714566600, -1})).time_us, seconds);
  EXPECT_EQ(times(made_numbers<std::int64_t>("at", "l", {1714566600000000, -1000000})).time_us, seconds);
  EXPECT_EQ(times(made_texts("at", {"2024-05-01T12:30:00Z", "1969-12-31T23:59:59Z"})).time_us, seconds);
  const std::vector<std::int64_t> days = {1714521600000000, -86400000000};
  const DecisionLog by_day = times(made_numbers<std::int32_t>("at", "tdD", {19844, -1}));
  EXPECT_EQ(by_day.time_us, days);
  EXPECT_EQ(by_day.segments[0].levels, (std::vector<std::string>{"2024-05-01", "1969-12-31"}));
  EXPECT_EQ(times(made_numbers<std::int64_t>("at", "tdm", {1714521600000, -86400000})).time_us, days);
  EXPECT_EQ(times(made_numbers<std::int64_t>("at", "tsm:", {1714566600120, -1})).segments[0].levels,
            (std::vector<std::string>{"2024-05-01T12:30:00.12Z", "1969-12-31T23:59:59.999Z"}));
  for (const std::int64_t far :
       {std::numeric_limits<std::int64_t>::max(), std::numeric_limits<std::int64_t>::min()})
    EXPECT_NE(refusal([&] {
                times(made_numbers<std::int64_t>("at", "tss:", {0, far}));
              }).find("log.csv:row 2: at: found " + std::to_string(far) + ", expected microseconds"),
              std::string::npos);
}

TEST(Arrow, KeepsTextThatReadsAsANumberAText) {
  Goal goal = csv_goal();
  goal.data.context = {"zip"};
  goal.segments = {};
  const DecisionLog log =
      arrow_log(made_batch({made_texts("arm", {"a", "b"}), made_texts("p", {"0.5", "0.25"}),
                            made_texts("zip", {"02139", "10115"}), made_texts("spend", {"1", "2.5"})}),
                goal);
  EXPECT_EQ(log.context[0].levels, (std::vector<std::string>{"02139", "10115"}));
  EXPECT_EQ(log.propensity, (std::vector<double>{.5, .25}));
  EXPECT_EQ(log.outcome("spend").value, (std::vector<double>{1, 2.5}));
}

// Three rows, the struct's own offset and the columns' offsets together.
Made three_rows(std::size_t skipped, std::size_t of_struct) {
  Maybe<std::string> arm = {"a", "b", "a"}, region = {"n", "s", "n"};
  Maybe<double> p = {.5, .25, .5}, spend = {1., 0., 2.};
  Maybe<std::int32_t> age = {30, 41, 22};
  for (std::size_t row = 0; row < of_struct; ++row) {
    arm.insert(arm.begin(), std::nullopt);
    region.insert(region.begin(), std::nullopt);
    p.insert(p.begin(), std::nullopt);
    spend.insert(spend.begin(), std::nullopt);
    age.insert(age.begin(), std::nullopt);
  }
  return made_batch({made_texts("arm", arm, skipped), made_numbers<double>("p", "g", p, skipped),
                     made_numbers<std::int32_t>("age", "i", age, skipped),
                     made_texts("region", region, skipped), made_numbers<double>("spend", "g", spend, skipped)},
                    of_struct);
}
constexpr const char* kThreeRows = "arm,p,age,region,spend\na,0.5,30,n,1\nb,0.25,41,s,0\na,0.5,22,n,2\n";

TEST(Arrow, LeavesOutTheRowsBeforeTheOffsetOfTheStruct) {
  const DecisionLog want = csv_log(kThreeRows, csv_goal());
  for (const std::size_t skipped : {0u, 3u})
    for (const std::size_t of_struct : {0u, 1u, 9u})
      expect_equal_logs(arrow_log(three_rows(skipped, of_struct), csv_goal()), want);
}

TEST(ArrowStream, GivesOneLogHoweverItsRowsAreSplit) {
  Made whole = three_rows(0, 0);
  whole->array.length = 1;  // the first row, then an empty batch, then two more
  Made none = three_rows(0, 0);
  none->array.length = 0;
  Made rest = three_rows(2, 0);
  rest->array.offset = 1;
  rest->array.length = 2;
  MadeStream made({whole, none, rest});
  LoadReport report;
  const DecisionLog log = read_arrow(made.stream, csv_goal(), "log.csv", &report);
  expect_equal_logs(log, csv_log(kThreeRows, csv_goal()));
  EXPECT_EQ(report.rows_read, 3u);
  EXPECT_EQ(made.released, 4);  // the schema and three batches
  EXPECT_NE(made.stream.release, nullptr);
}

TEST(ArrowStream, IsRefusedWithItsOwnMessageAndReleasesWhatItGave) {
  MadeStream made({three_rows(0, 0)}, 5);
  EXPECT_EQ(refusal([&] { read_arrow(made.stream, csv_goal(), "orders", nullptr); }),
            "orders: stream: found error 5 \"the disk is gone\", expected the next batch");
  EXPECT_EQ(made.released, 2);
  made.stream.release(&made.stream);
  EXPECT_NE(refusal([&] {
              read_arrow(made.stream, csv_goal(), "orders", nullptr);
            }).find("orders: stream: found a released stream"),
            std::string::npos);
}

TEST(Arrow, HoldsHillstromAsCsvDoes) {
  const std::string path = data_folder() + "/hillstrom/hillstrom.csv.gz";
  if (data_folder().empty() || !std::filesystem::exists(path))
    GTEST_SKIP() << "no hillstrom.csv.gz (PLUMB_DATA)";
  const Goal goal = read_goal(std::string(PLUMB_SOURCE_DIR) + "/examples/hillstrom/goal.toml");
  const DecisionLog want = read_log(path, goal, nullptr);
  // Built from the file's own cells: numbers where every cell is one.
  const TextSource source = TextSource::read(path);
  CsvTable table(source.text(), "hillstrom");
  std::vector<Maybe<std::string>> cells(table.columns().size());
  while (table.next())
    for (std::size_t c = 0; c < cells.size(); ++c) cells[c].emplace_back(std::string(table.field(c)));
  std::vector<Made> columns;
  for (std::size_t c = 0; c < cells.size(); ++c) {
    const std::string& name = table.columns()[c];
    Maybe<double> numbers;
    for (const auto& cell : cells[c]) {
      double value = 0;
      if (!read_number(*cell, &value)) break;
      numbers.emplace_back(value);
    }
    if (numbers.size() == cells[c].size()) {
      columns.push_back(made_numbers<double>(name, "g", numbers, c));
    } else if (c % 2 == 0) {
      columns.push_back(made_texts(name, cells[c], c));
    } else {
      columns.push_back(made_dictionary<std::int8_t>(name, "c", cells[c], c));
    }
  }
  const Made batch = made_batch(columns);
  const DecisionLog got = read_arrow(batch->schema, batch->array, goal, path, nullptr);
  EXPECT_EQ(got.size(), 64000u);
  expect_equal_logs(got, want);
}

}  // namespace
}  // namespace plumb
