// Times in logs and late files: what counts, what is left out and said, what caps.
#include <fmt/format.h>

#include <algorithm>

#include "data/checks.h"
#include "data/far_times.h"
#include "data/late_summary.h"
#include "data/late_times.h"
#include "tests/data/small_logs.h"

namespace plumb {
namespace {

constexpr double kDays = 86400e6;
constexpr std::int64_t kStart = 1704067200000000;  // 2024-01-01

std::int64_t at_day(double day) { return kStart + static_cast<std::int64_t>(day * kDays); }

// Decisions and late records, a line each; `delay` gives the days after which decision i has its record, below
// zero for none.
struct Files {
  int rows = 600;
  double days = 60;
  std::string time_name = "time";
  std::function<double(int)> delay = [](int i) { return i % 4 == 0 ? .1 + i % 7 : -1; };
  std::string log = "id,time,arm,p\n", late;
  void decide(const std::string& id, double day) {
    log += fmt::format("{},{},{},.5\n", id, at_day(day), "ab"[id.back() % 2]);
  }
  void write() {
    if (late.empty()) late = "id," + time_name + ",y\n";
    for (int i = 0; i < rows; ++i) {
      const double day = days * i / rows;
      decide("d" + std::to_string(i), day);
      if (delay(i) >= 0) late += fmt::format("d{},{},1\n", i, at_day(day + delay(i)));
    }
  }
};

struct Checked {
  DecisionLog log;
  LoadReport report;
  std::vector<Finding> found;
  // The findings of this name; their greatest severity.
  std::optional<Severity> severity(const std::string& check) const {
    std::optional<Severity> out;
    for (const Finding& f : found)
      if (f.check == check) out = out ? std::max(*out, f.severity) : f.severity;
    return out;
  }
  std::string sentences(const std::string& check) const {
    std::string out;
    for (const Finding& f : found)
      if (f.check == check) out += f.sentence + "\n";
    return out;
  }
};

Goal goal_with(const std::string& more) {
  return parse_goal(
      "goal.maximize = \"y\"\noutcome.y.kind = \"binary\"\ndata.id = \"id\"\ndata.time = \"time\"\n"
      "data.action = \"arm\"\ndata.propensity = \"p\"\n" +
      more);
}

Checked checked(const Files& files, std::string more, std::int64_t now = at_day(1e5)) {
  const TemporaryFile log_file("log.csv", files.log);
  std::optional<TemporaryFile> late_file;
  if (!files.late.empty()) {
    late_file.emplace("late.csv", files.late);
    more += "data.outcomes = [\"late.csv\"]\n";
  }
  const Goal goal = goal_with(more);
  Checked out;
  out.log = read_log(log_file.path(), goal, &out.report);
  const LateSummary late = summarize_late(out.log, goal);
  find_delays(out.log, goal, late, out.found);
  find_times(out.log, goal, late, now, out.found);
  return out;
}

const std::string kZero = "outcome.y.absent = \"zero\"\n", kWeek = "outcome.y.observed_after = \"8d\"\n";

TEST(Fate, OfARecordIsItsTimeAgainstTheDecisions) {
  OutcomeSpec spec = outcome_spec("y", OutcomeKind::kBinary);
  const std::int64_t noon = at_day(3.5), second = 1000000;
  EXPECT_EQ(fate_of(std::nullopt, noon, spec), Fate::kUsed);
  EXPECT_EQ(fate_of(noon, kNoMoment, spec), Fate::kUsed);
  EXPECT_EQ(fate_of(noon, noon, spec), Fate::kUsed);
  EXPECT_EQ(fate_of(noon - 60 * second, noon, spec), Fate::kAtOnce);
  EXPECT_EQ(fate_of(noon - 61 * second, noon, spec), Fate::kBefore);
  EXPECT_EQ(fate_of(at_day(3), noon, spec), Fate::kUsed);  // a date without a time
  EXPECT_EQ(fate_of(at_day(2), noon, spec), Fate::kBefore);
  EXPECT_EQ(fate_of(-kDayUs, -kDayUs / 2, spec), Fate::kUsed);  // before 1970
  EXPECT_EQ(fate_of(at_day(900), noon, spec), Fate::kUsed);
  spec.observed_after_us = kDayUs;
  EXPECT_EQ(fate_of(at_day(4.5), noon, spec), Fate::kUsed);
  EXPECT_EQ(fate_of(at_day(4.5) + 1, noon, spec), Fate::kBeyond);
}

TEST(Times, OfDecisionsAfterAsOfAreCountedWhateverTheOutcome) {
  Files files;
  files.write();
  for (const std::string& more : {std::string(), kZero, kWeek, kZero + kWeek}) {
    const Checked c = checked(files, more + "data.as_of = \"2024-01-31T00:00:00Z\"\n");
    EXPECT_NE(c.sentences("as_of").find("299 of 600 decisions are later than as_of"), std::string::npos);
    const OutcomeColumn& y = c.log.outcome("y");
    for (std::size_t i = 301; i < 600; ++i) EXPECT_EQ(y.state[i], State::kImmature);
    EXPECT_EQ(y.state[220], State::kObserved);
  }
  // In the log's own column too.
  Files own;
  own.log = "id,time,arm,p,y\n";
  for (int i = 0; i < 40; ++i)
    own.log += fmt::format("d{},{},{},.5,{}\n", i, at_day(i), "ab"[i % 2], i / 2 % 2);
  const Checked c = checked(own, "data.as_of = \"2024-01-11\"\n");
  EXPECT_EQ(c.log.outcome("y").immature_count, 29u);
  EXPECT_NE(c.sentences("as_of").find("29 of 40"), std::string::npos);
}

TEST(Times, OfRecordsBeforeTheirDecisionLeaveThemOutAndCapWhereTheyAreMany) {
  for (const auto& [every, severity] : {std::pair(2, Severity::kCap), std::pair(300, Severity::kWarning)}) {
    Files files;
    files.delay = [every = every](int i) { return i == 0 || i > 599 ? 0 : i % every == 1 ? -5 : .5; };
    files.rows = 598;
    files.late = "id,time,y\n";
    std::string early;
    for (int i = 1; i < 598; ++i)
      if (i % every == 1) early += fmt::format("d{},{},1\n", i, at_day(files.days * i / files.rows - 5));
    files.late += early;
    files.write();
    const Checked c = checked(files, kZero + kWeek);
    EXPECT_EQ(c.severity("late_before"), severity) << c.sentences("late_before");
    const auto early_rows = std::count(early.begin(), early.end(), '\n');
    EXPECT_NE(c.sentences("late_before").find(fmt::format("{} of {} late values", early_rows, 598)),
              std::string::npos)
        << c.sentences("late_before");
    EXPECT_EQ(c.log.outcome("y").value[1], 0);
  }
  // Two clocks that differ by seconds, and dates without times: none is earlier.
  Files files;
  files.delay = [](int i) { return i % 2 ? -.00002 : .5; };
  files.write();
  std::string late = "id,time,y\n";
  for (int i = 0; i < files.rows; ++i) {
    const std::int64_t decided = at_day(files.days * i / files.rows);
    late += fmt::format("d{},{},1\n", i, i % 3 ? decided - 2000000 : decided - decided % kDayUs);
  }
  files.late = late;
  const Checked c = checked(files, kZero + kWeek);
  EXPECT_EQ(c.severity("late_before"), Severity::kInfo) << c.sentences("late_before");
  EXPECT_EQ(c.log.outcome("y").missing_count, 0u);
  EXPECT_EQ(c.log.outcome("y").nonzero_count, c.log.outcome("y").observed_count);
}

TEST(Times, BeyondTheWindowLeaveRecordsOutOfOldDecisionsToo) {
  Files files;
  files.delay = [](int i) { return i % 2 ? 2 : 20; };
  files.write();
  const Checked c = checked(files, kZero + kWeek);
  const OutcomeColumn& y = c.log.outcome("y");
  EXPECT_EQ(y.value[0], 0);
  EXPECT_EQ(y.value[1], 1);
  EXPECT_EQ(c.severity("observed_after"), Severity::kWarning);
  EXPECT_NE(
      c.sentences("observed_after").find("300 of 600 dated late values of y (50 %) came later than 8 days"),
      std::string::npos)
      << c.sentences("observed_after");
  EXPECT_EQ(c.severity("late_outcomes"), std::nullopt);
}

TEST(Times, UnderAnotherNameAreFoundOrNamed) {
  for (const char* name : {"time_us", "timestamp", "date"}) {
    Files files;
    files.time_name = name;
    files.delay = [](int) { return 5.0; };
    files.write();
    const Checked c = checked(files, kWeek + "data.as_of = \"2024-03-20\"\n");
    EXPECT_EQ(c.severity("late_times"), std::nullopt) << name;
    EXPECT_EQ(c.report.notes[0].find("no time"), std::string::npos) << c.report.notes[0];
  }
  Files files;
  files.time_name = "came";
  files.write();
  const Checked c = checked(files, kZero + kWeek);
  EXPECT_EQ(c.severity("late_times"), Severity::kCap);
  EXPECT_NE(c.sentences("late_times").find("(its columns: id, came, y); times seem to stand in came"),
            std::string::npos)
      << c.sentences("late_times");
  // The log's column and not the first that looks like it.
  Files both;
  both.late = "id,date,time,y\nd0,2030-01-01,2024-01-03,1\n";
  both.delay = [](int) { return -1.0; };
  both.write();
  EXPECT_EQ(checked(both, kZero + kWeek).log.outcome("y").value[0], 1);
}

TEST(Times, ThatLateRecordsLackAreSaidAndCapWhereRecordsAfterAsOfMayCount) {
  Files files;
  files.late = "id,y\n";
  files.delay = [](int) { return -1.0; };
  for (int i = 0; i < 600; i += 4) files.late += fmt::format("d{},1\n", i);
  files.write();
  EXPECT_EQ(checked(files, kZero + kWeek).severity("late_times"), Severity::kWarning);
  EXPECT_EQ(checked(files, kZero + kWeek + "data.as_of = \"2024-03-20\"\n").severity("late_times"),
            Severity::kWarning);
  EXPECT_EQ(checked(files, kZero + kWeek + "data.as_of = \"2024-02-01\"\n").severity("late_times"),
            Severity::kCap);
  EXPECT_EQ(checked(files, kZero).severity("late_times"), std::nullopt);  // nothing rests on them
  EXPECT_EQ(checked(files, kZero).severity("late_outcomes"), Severity::kCap);
}

TEST(Times, ThatCannotBeReadAreRefusedWhereSomethingRestsOnThem) {
  Files files;
  files.late = "id,timestamp,y\nd0,yesterday,1\n";
  files.write();
  EXPECT_NE(refusal([&] { checked(files, kZero + kWeek); }).find("late.csv:2: timestamp: found \"yesterday\""),
            std::string::npos);
  EXPECT_EQ(checked(files, "").log.outcome("y").value[0], 1);
}

// One decision of a mistyped year: whoever was too young counts as old enough, and has no record yet.
TEST(AsOf, ThatIsFarFromEverythingElseCapsUntilItIsStated) {
  Files files;
  files.delay = [](int i) { return i % 3 == 0 && i < 520 ? 6 : -1; };
  files.write();
  files.decide("typo", 3653);
  const Checked c = checked(files, kZero + kWeek);
  EXPECT_EQ(c.severity("as_of"), Severity::kCap);
  // The last record came on day 57.8, the last decision on day 59.9.
  EXPECT_NE(c.sentences("as_of").find("whose latest time, 2034-01-01T00:00:00Z, lies 3.59e+03 days"),
            std::string::npos)
      << c.sentences("as_of");
  const Checked stated = checked(files, kZero + kWeek + "data.as_of = \"2024-03-01\"\n");
  EXPECT_EQ(stated.severity("as_of"), Severity::kWarning);
  EXPECT_NE(stated.sentences("as_of").find("1 of 601 decisions are later than as_of"), std::string::npos);
  // Nothing depends on it without a window.
  EXPECT_EQ(checked(files, "").severity("as_of"), std::nullopt);
}

// One decision in fifty with a wrong year: the block lies apart as one would.
TEST(AsOf, ThatABlockOfWrongYearsMakesIsFar) {
  Files files;
  files.write();
  for (int i = 0; i < 12; ++i) files.decide("w" + std::to_string(i), 366 + 5 * i);
  EXPECT_EQ(checked(files, kZero + kWeek).severity("as_of"), Severity::kCap);
}

// Stated far beyond everything dated: said where outcomes are complete, doubted where the young have fewer.
TEST(AsOf, StatedFarBeyondEverythingIsSaidAndDoubtedWhereTheYoungHaveFewerEvents) {
  const std::string late = "data.as_of = \"2034-03-01\"\n";
  Files complete;
  complete.write();
  const Checked said = checked(complete, kZero + kWeek + late);
  EXPECT_EQ(said.severity("as_of"), Severity::kWarning);
  EXPECT_NE(said.sentences("as_of").find("after everything dated, which spans"), std::string::npos);
  Files cut;  // records up to the last decision only
  cut.rows = 6000;
  cut.delay = [](int i) { return i % 4 == 0 && i / 100. + 6.5 < 60 ? 6.5 : -1; };
  cut.write();
  EXPECT_EQ(checked(cut, kZero + kWeek + late).severity("as_of"), Severity::kCap);
}

// Seconds since 1970 would be read as microseconds, which makes every decision old.
TEST(AsOf, AgainstTimesThatAreReadIn1970Caps) {
  for (const char* time : {"1704067200", "1704067200000", "20240101"}) {
    Files files;
    for (int i = 0; i < 40; ++i) files.log += fmt::format("d{},{},{},.5\n", i, time, "ab"[i % 2]);
    files.late = "id,time,y\n";
    for (int i = 0; i < 40; i += 4) files.late += fmt::format("d{},{},1\n", i, time);
    const Checked c = checked(files, kZero + kWeek + "data.as_of = \"2024-03-01\"\n");
    EXPECT_EQ(c.severity("as_of"), Severity::kCap) << time;
    EXPECT_NE(c.sentences("as_of").find("microseconds since 1970"), std::string::npos) << time;
  }
}

TEST(AsOf, IsTheSameUnderAnyClockButForAHint) {
  Files files;
  files.write();
  files.decide("typo", 3653);
  for (const bool far : {true, false}) {
    Files these = files;
    if (!far) these.log.resize(these.log.rfind("typo"));
    const std::string more = kZero + kWeek;
    const Checked past = checked(these, more, at_day(-1e4)), now = checked(these, more, at_day(100)),
                  future = checked(these, more, at_day(1e4));
    const auto capped = [](const Checked& c) {
      return std::count_if(c.found.begin(), c.found.end(),
                           [](const Finding& f) { return f.severity == Severity::kCap; });
    };
    EXPECT_EQ(capped(past), far);
    EXPECT_EQ(capped(now), far);
    EXPECT_EQ(capped(future), far);
    EXPECT_NE(past.sentences("as_of").find("in the future"), std::string::npos);
    EXPECT_EQ(future.sentences("as_of").find("in the future"), std::string::npos);
  }
}

// A decision 20 days after the others: a straggler where records go on or the young have as many, a mistyped
// month where they have none.
TEST(AsOf, OfAStragglerIsFineUnlessTheYoungHaveTooFew) {
  const auto with = [](const std::function<double(int)>& delay, double day) {
    Files files;
    files.delay = delay;
    files.rows = 2000;
    files.write();
    files.decide("last", day);
    return checked(files, kZero + kWeek).severity("as_of");
  };
  const auto to_the_end = [](int i) { return i % 4 == 0 ? .1 + i / 4 % 8 : -1; };
  EXPECT_EQ(with(to_the_end, 80), std::nullopt);
  EXPECT_EQ(with(to_the_end, 97), std::nullopt);
  // Records stop with the log.
  const auto cut = [&](int i) { return i * 60. / 2000 + to_the_end(i) > 60 ? -1 : to_the_end(i); };
  EXPECT_EQ(with(cut, 60.1), std::nullopt);
  EXPECT_EQ(with(cut, 80), Severity::kCap);
  EXPECT_EQ(with(cut, 425), Severity::kCap);
}

TEST(FarLatest, IsOneGapThatIsWiderThanTheOthers) {
  std::vector<std::int64_t> times;
  for (int i = 0; i < 500; ++i) times.push_back(at_day(i / 10. + i / 50 * 2));  // weekends, so to speak
  EXPECT_FALSE(far_latest(times, {}));
  std::vector<std::int64_t> more = times;
  more.push_back(times.back() + kDayUs * 400);
  const std::optional<FarLatest> far = far_latest(more, {});
  ASSERT_TRUE(far);
  EXPECT_TRUE(far->far);
  EXPECT_EQ(far->before, times.back());
  EXPECT_EQ(far->decisions, 1u);
  // One that was mistyped to the past makes the span no longer.
  more.insert(more.begin(), at_day(-4000));
  EXPECT_TRUE(far_latest(more, {})->far);
  // Records that go on tell that somebody looked.
  std::vector<std::int64_t> records;
  for (int i = 0; i < 50; ++i) records.push_back(times.back() + kDayUs * 8 * (i + 1));
  EXPECT_FALSE(far_latest(more, records));
  EXPECT_FALSE(far_latest({1, 2, 900000}, {}));  // too few to tell
}

TEST(Zeros, InTheLogsOwnColumnCapWhereNothingSaysWhenTheyAreKnown) {
  for (const bool filled : {false, true}) {
    for (const bool timed : {false, true}) {
      Files own;
      own.log = timed ? "id,time,arm,p,y\n" : "id,day,arm,p,y\n";
      for (int i = 0; i < 400; ++i)
        own.log += fmt::format("d{},{},{},.5,{}\n", i, at_day(i / 5.), "ab"[i % 2],
                               i % 5 == 0 ? "1"
                               : filled   ? ""
                                          : "0");
      const auto severity = [&](const std::string& more) {
        const TemporaryFile file("log.csv", own.log);
        const Goal goal = parse_goal(
            "goal.maximize = \"y\"\noutcome.y.kind = \"binary\"\ndata.id = \"id\"\ndata.action = \"arm\"\n"
            "data.propensity = \"p\"\n" +
            std::string(timed ? "data.time = \"time\"\n" : "") + more);
        Checked c;
        c.log = read_log(file.path(), goal, nullptr);
        find_delays(c.log, goal, summarize_late(c.log, goal), c.found);
        return c.severity("late_outcomes");
      };
      EXPECT_EQ(severity(kZero), filled && timed ? std::optional(Severity::kCap) : std::nullopt);
      EXPECT_EQ(severity(kZero + kWeek), std::nullopt);
      EXPECT_EQ(severity(kZero + "outcome.y.observed_after = \"0s\"\n"), std::nullopt);
    }
  }
}

// An outcome that nothing uses stops nothing.
TEST(Zeros, OfWhatNothingUsesAreAWarning) {
  Files files;
  files.late = "id,time,y,other\n";
  files.delay = [](int) { return -1.0; };
  for (int i = 0; i < 600; i += 2)
    files.late += fmt::format("d{},{},1,{}\n", i, at_day(i / 10. + 1), i % 4 ? "" : "1");
  files.write();
  const Checked c =
      checked(files, kZero + kWeek + "outcome.other.kind = \"binary\"\noutcome.other.absent = \"zero\"\n");
  EXPECT_EQ(c.severity("late_outcomes"), Severity::kWarning) << c.sentences("late_outcomes");
}

}  // namespace
}  // namespace plumb
