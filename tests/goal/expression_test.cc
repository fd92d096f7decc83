// `maximize`, durations and times.
#include "goal/expression.h"

#include <gtest/gtest.h>

#include <ctime>

namespace plumb {
namespace {

std::string as_text(std::string_view expression) {
  std::string text;
  for (const Term& term : parse_maximize(expression, "goal.toml:4", "goal.maximize")) {
    text += std::to_string(term.weight) + " " + term.outcome + ";";
  }
  return text;
}

template <class Call>
std::string refusal(Call call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  return "accepted";
}

TEST(Maximize, IsAWeightedSumInTheOrderWritten) {
  EXPECT_EQ(as_text("value_90d"), "1.000000 value_90d;");
  EXPECT_EQ(as_text("value_90d + 2.0 * satisfied - 0.5*complaint"),
            "1.000000 value_90d;2.000000 satisfied;-0.500000 complaint;");
  EXPECT_EQ(as_text("-cost"), "-1.000000 cost;");
  EXPECT_EQ(as_text("+ a-b *3"), "1.000000 a;-3.000000 b;");
  EXPECT_EQ(as_text(".5*a+1e1*b"), "0.500000 a;10.000000 b;");
}

TEST(Maximize, IsRefusedWithTheCharacterWhereItGoesWrong) {
  const auto why = [](std::string_view expression) { return refusal([&] { as_text(expression); }); };
  EXPECT_EQ(why("a + * 2"),
            "goal.toml:4: goal.maximize: found \"*\" at character 5 of \"a + * 2\", expected an outcome, or a "
            "number * "
            "an outcome");
  EXPECT_EQ(
      why("a +"),
      "goal.toml:4: goal.maximize: found the end at character 4 of \"a +\", expected an outcome, or a number * "
      "an outcome");
  EXPECT_EQ(
      why("2 a"),
      "goal.toml:4: goal.maximize: found \"a\" at character 3 of \"2 a\", expected * and an outcome after the "
      "weight");
  EXPECT_EQ(why("a b"),
            "goal.toml:4: goal.maximize: found \"b\" at character 3 of \"a b\", expected +, - or the end");
  EXPECT_EQ(why("a + 2*a"),
            "goal.toml:4: goal.maximize: found the outcome a a second time at character 5 of \"a + 2*a\", "
            "expected each "
            "outcome once");
  for (const char* bad : {"", "  ", "1", "1*2", "a*b", "0*a", "1e999*a", "a++b", "--a", "(a)", "a/2", "a*",
                          "nan*a", "max(a,b)", "a;b", "2**a"}) {
    EXPECT_NE(why(bad), "accepted") << bad;
  }
}

TEST(Duration, IsAWholeNumberOfDaysHoursMinutesOrSeconds) {
  const auto read = [](std::string_view text) { return parse_duration_us(text, "g:1", "after"); };
  EXPECT_EQ(read("90d"), 7776000000000);
  EXPECT_EQ(read("12h"), 43200000000);
  EXPECT_EQ(read("30m"), 1800000000);
  EXPECT_EQ(read("45s"), 45000000);
  EXPECT_EQ(read("0d"), 0);
  for (const char* bad :
       {"", "d", "90", "90 d", "-1d", "1.5d", "90days", "1w", "+1d", "99999999999999999999"}) {
    EXPECT_EQ(refusal([&] { read(bad); }),
              std::string("g:1: after: found \"") + bad +
                  "\", expected a duration such as \"90d\", \"12h\", \"30m\" or \"45s\"");
  }
  // A time and a duration must have a sum.
  EXPECT_EQ(read("365250d"), 31557600000000000);
  for (const char* bad : {"365251d", "106751992d", "9999999999999d", "99999999999999999999s"}) {
    EXPECT_EQ(refusal([&] { read(bad); }),
              std::string("g:1: after: found \"") + bad +
                  "\", expected a duration of at most \"365250d\", a thousand years");
  }
}

// The C library's calendar is the oracle.
std::int64_t oracle_us(int year, int month, int day, int hour, int minute, int second) {
  std::tm time{};
  time.tm_year = year - 1900;
  time.tm_mon = month - 1;
  time.tm_mday = day;
  time.tm_hour = hour;
  time.tm_min = minute;
  time.tm_sec = second;
  return static_cast<std::int64_t>(timegm(&time)) * 1000000;
}

TEST(Time, EqualsTheCalendarOfTheCLibrary) {
  const auto read = [](std::string_view text) { return parse_time_us(text, "g:1", "as_of"); };
  EXPECT_EQ(read("1970-01-01"), 0);
  EXPECT_EQ(read("2026-03-01"), oracle_us(2026, 3, 1, 0, 0, 0));
  EXPECT_EQ(read("2024-02-29T23:59:59Z"), oracle_us(2024, 2, 29, 23, 59, 59));
  EXPECT_EQ(read("1969-12-31 23:59"), -60000000);
  EXPECT_EQ(read("2026-03-01T12:30:00.25"), oracle_us(2026, 3, 1, 12, 30, 0) + 250000);
  EXPECT_EQ(read("2026-03-01T12:30:00.000001Z"), oracle_us(2026, 3, 1, 12, 30, 0) + 1);
  EXPECT_EQ(read("2026-03-01T12:30:00+02:00"), oracle_us(2026, 3, 1, 10, 30, 0));
  EXPECT_EQ(read("2026-03-01T12:30:00-0530"), oracle_us(2026, 3, 1, 18, 0, 0));
  EXPECT_EQ(read("0001-01-01"), oracle_us(1, 1, 1, 0, 0, 0));
}

TEST(Time, IsRefusedWhereItIsNone) {
  for (const char* bad :
       {"", "2026", "2026-13-01", "2026-02-29", "2026-3-1", "01.03.2026", "2026-03-01T", "12:00:00",
        "2026-03-01T24:00:00", "2026-03-01T12:60", "2026-03-01T12:00:60", "2026-03-01T12:00:00.1234567",
        "2026-03-01T12:00:00.", "2026-03-01T12:00:00+25:00", "2026-03-01 ", "2026-03-01Z"}) {
    EXPECT_EQ(refusal([&] { parse_time_us(bad, "g:1", "as_of"); }),
              std::string("g:1: as_of: found \"") + bad +
                  "\", expected a UTC date or time, 2026-03-01 or 2026-03-01T12:30:00Z");
  }
}

}  // namespace
}  // namespace plumb
