// Lines that have the shape of a line before are not parsed: what is read of them, and what is refused, is what
// parsing every line gives.
#include <fmt/core.h>

#include <bit>

#include "data/json_row.h"
#include "tests/data/logs_equal.h"
#include "tests/data/small_logs.h"

namespace plumb {
namespace {

// Everything that is known of a line, or why it is refused.
std::string told(JsonRow& row, const std::string& line) {
  const TextSource padded = TextSource::from_memory(line, "line");
  std::string out;
  try {
    JsonNode& root = row.read(padded.text());
    for (std::uint32_t n = 0; n < root.size; ++n) {
      const JsonNode& node = (&root)[n];
      const Cell& cell = node.cell;
      out += fmt::format("{}|{}|{}|{}|{:x}|{}|{}|{}|{}\n", node.key, static_cast<int>(node.type), node.size,
                         static_cast<int>(cell.kind),
                         std::isnan(cell.number) ? 1 : std::bit_cast<std::uint64_t>(cell.number), cell.text,
                         cell.text.data() != nullptr, cell.integer, cell.whole);
    }
  } catch (const BadRow& bad) {
    out = bad.what + ": " + bad.found + ": " + bad.expected;
  }
  return out;
}

std::vector<std::string> number_texts(Rng& rng) {
  std::vector<std::string> out = {"0",
                                  "-0",
                                  "-0.0",
                                  "0.0",
                                  "1.5e3",
                                  "-2E-5",
                                  "1e400",
                                  "1e-400",
                                  "00",
                                  "01",
                                  "-",
                                  "-01",
                                  ".5",
                                  "1.",
                                  "1.e2",
                                  "1e",
                                  "1e+",
                                  "+1",
                                  "123456",
                                  "1234567",
                                  "12345678",
                                  "123456.123456",
                                  "1234567.1234567",
                                  "0.1234567890123456789",
                                  "999999999999999999",
                                  "9223372036854775807",
                                  "9223372036854775808",
                                  "-9223372036854775808",
                                  "-9223372036854775809",
                                  "18446744073709551615",
                                  "18446744073709551616",
                                  "1.7976931348623157e308",
                                  "4.9e-324",
                                  "2.2250738585072011e-308",
                                  "9007199254740993.0",
                                  "0.1e1",
                                  "1.0",
                                  "true",
                                  "false",
                                  "null",
                                  "tru",
                                  "nul",
                                  "NaN",
                                  "1 ",
                                  " 1",
                                  "1x",
                                  "1.2.3",
                                  "--1"};
  for (int i = 0; i < 4000; ++i) {
    std::string text = rng.below(3) == 0 ? "-" : "";
    const auto digits = [&](std::uint64_t most) {
      for (std::uint64_t d = rng.below(most) + 1; d > 0; --d) text += static_cast<char>('0' + rng.below(10));
    };
    digits(i % 2 ? 5 : 22);
    if (rng.below(3) > 0) {
      text += '.';
      digits(i % 3 ? 5 : 25);
    }
    if (rng.below(8) == 0) {
      text += rng.below(2) ? "e-" : "E";
      digits(3);
    }
    out.push_back(text);
  }
  return out;
}

TEST(JsonShape, ReadsNumbersAsTheParserDoes) {
  Rng rng(1);
  JsonRow fast, slow(/*shapes=*/false);
  for (const std::string& number : number_texts(rng)) {
    const std::string line = R"({"a":)" + number + R"(,"b":[)" + number + "]}";
    told(fast, R"({"a":1,"b":[2.5]})");
    ASSERT_EQ(told(fast, line), told(slow, line)) << line;
  }
  EXPECT_GT(fast.matched(), 4000u);
  EXPECT_EQ(slow.matched(), 0u);
}

TEST(JsonShape, ReadsTextsAsTheParserDoes) {
  JsonRow fast, slow(/*shapes=*/false);
  std::vector<std::string> texts = {"",
                                    "a",
                                    "\\\"",
                                    "\\u00e9",
                                    "\xc3\xa9",
                                    "\xc3",
                                    "\xff",
                                    "\\",
                                    "\\x",
                                    "\x7f",
                                    "a\tb",
                                    "a\x01"
                                    "b",
                                    "\\ud83d\\ude00",
                                    "\\ud83d",
                                    "{\"a\":1}",
                                    "a, b: [c]",
                                    "\xed\xa0\x80",
                                    "a\"b"};
  for (std::size_t n = 0; n < 40; ++n) {
    for (const char* last : {"x", "\\n", "\xe2\x82\xac", "\xe2\x82", "\x1f", "\""})
      texts.push_back(std::string(n, 'x') + last);
    texts.push_back(std::string(n, 'y') + std::string(1, '\0'));
  }
  for (const std::string& text : texts) {
    const std::string line = R"({"a":")" + text + R"(","k":{"b":")" + text + R"("}})";
    told(fast, R"({"a":"","k":{"b":"c"}})");
    ASSERT_EQ(told(fast, line), told(slow, line)) << line;
  }
  EXPECT_GT(fast.matched(), 100u);
}

const char* const kLines[] = {
    R"({"id":"d1","n":1,"flag":true,"none":null,"list":[1,2.5,"x"],"in":{"a":1,"b":"t"}})",
    R"({"id":"d2","n":-2.25,"flag":false,"none":null,"list":[0,7,"yy"],"in":{"a":12.75,"b":""}})",
    R"({"id":"d3","n":3,"flag":true,"none":1,"list":[1,2.5,"x"],"in":{"a":1,"b":"t"}})",
    R"({"n":1,"id":"d4","flag":true,"none":null,"list":[1,2.5,"x"],"in":{"a":1,"b":"t"}})",
    R"({"id":"d5","id":"d5","n":1,"flag":true,"none":null,"list":[],"in":{}})",
    R"({"i\u0064":"d6","n":1,"flag":true,"none":null,"list":[1,2.5,"x"],"in":{"a":1,"b":"t"}})",
    R"({"i\u0064":"d\u0037","n":1,"flag":true,"none":null,"list":[1,2.5,"x"],"in":{"a":1,"b":"t"}})",
    R"({"id":"d8","n":"1","flag":1,"none":null,"list":[[1],{"c":2},"x"],"in":{"a":{"a":1},"b":"t"}})",
    R"( { "id" : "d9" , "n" : 1 , "list" : [ 1 , 2 ] } )",
    R"({"id":"d:\"x\":,","n":1,"flag":true,"none":null,"list":[1,2.5,"x"],"in":{"a":1,"b":"t"}})",
    R"({"\u00e4":"d9","ä":1})",
    R"([{"id":"d1"}])",
    R"({"id":"d1","n":1,"flag":true,"none":null,"list":[1,2.5,"x"],"in":{"a":1,"b":"t"}}})",
    R"({"id":"d1","n":1,"flag":true,"none":null,"list":[1,2.5,"x"],"in":{"a":1,"b":"t"})",
    R"({})",
    "",
};

TEST(JsonShape, ReadsLinesOfChangingShapesAsTheParserDoes) {
  Rng rng(2);
  JsonRow fast, slow(/*shapes=*/false);
  for (int i = 0; i < 20000; ++i) {
    // Mostly the same few lines, so that shapes are kept.
    const std::uint64_t pick = rng.below(rng.below(4) ? 3 : std::size(kLines));
    const std::string line = kLines[pick];
    ASSERT_EQ(told(fast, line), told(slow, line)) << line;
  }
  EXPECT_GT(fast.matched(), 5000u);
}

TEST(JsonShape, ReadsValuesThatAreLongTheSameAsTheParserDoes) {
  Rng rng(6);
  JsonRow fast, slow(/*shapes=*/false);
  for (int i = 0; i < 20000; ++i) {
    // Constants that change for a while, for ever, or once.
    const std::string line = fmt::format(
        R"({{"id":"d{}","a":{},"b":"{}","c":{},"d":[{{"e":"{}","f":{}}},{{"e":"{}","f":{}}}],"g":"{}"}})", i,
        i < 3000 ? 1 : 2.5, i % 5000 < 200 ? "ab" : "ab\xc3\xa4", i % 977 == 5, i / 4000, -1.5,
        i == 7000 ? "once" : "never", i % 3001 == 9 ? "0" : "-0",
        i < 33        ? "x"
        : i % 700 < 9 ? "\\n"
                      : "y");
    ASSERT_EQ(told(fast, line), told(slow, line)) << line;
    if (i % 500 == 77) {
      std::string damaged = line;
      damaged[rng.below(damaged.size())] = '\x01';
      ASSERT_EQ(told(fast, damaged), told(slow, damaged)) << damaged;
    }
  }
  EXPECT_GT(fast.matched(), 19000u);
}

TEST(JsonShape, RefusesDamagedLinesAsTheParserDoes) {
  Rng rng(3);
  JsonRow fast, slow(/*shapes=*/false);
  const std::string bytes(
      "\"\\{}[]:,0129.-+eEtfn \t\r\x01\x7f\x80\xc3\xe2\xff"
      "ax\0",
      36);
  for (int i = 0; i < 60000; ++i) {
    std::string line = kLines[rng.below(2)];
    ASSERT_EQ(told(fast, line), told(slow, line)) << line;
    for (std::uint64_t k = rng.below(2) + 1; k > 0; --k) {
      const std::size_t at = rng.below(line.size());
      const char byte = bytes[rng.below(bytes.size())];
      switch (rng.below(3)) {
        case 0:
          line[at] = byte;
          break;
        case 1:
          line.insert(at, 1, byte);
          break;
        default:
          line.erase(at, rng.below(3) + 1);
      }
      if (line.empty()) line = "{";
    }
    ASSERT_EQ(told(fast, line), told(slow, line)) << line;
  }
  EXPECT_GT(fast.matched(), 20000u);
}

// White space before the first key, a different amount in every line: no line has the shape of another.
std::string without_shapes(const std::vector<std::string>& lines) {
  std::string out;
  std::size_t spaces = 0;
  for (const std::string& line : lines)
    out += "{" + std::string(spaces++, ' ') + (line.empty() ? "" : line.substr(1)) + "\n";
  return out;
}

std::string joined(const std::vector<std::string>& lines) {
  std::string out;
  for (const std::string& line : lines) out += line + "\n";
  return out;
}

using Read = std::function<DecisionLog(const TextSource&, const Goal&, LoadReport*, const ReadOptions&)>;

void expect_same_without_shapes(const Read& read, const std::vector<std::string>& lines, const Goal& goal) {
  LoadReport report, want_report;
  const DecisionLog log = read(TextSource::from_memory(joined(lines), "log"), goal, &report, {});
  const DecisionLog want = read(TextSource::from_memory(without_shapes(lines), "log"), goal, &want_report, {});
  expect_equal_decisions(log, want);
  EXPECT_EQ(log.actions, want.actions);
  EXPECT_EQ(log.row_digest, want.row_digest);
  EXPECT_EQ(report.rejected, want_report.rejected);
  EXPECT_EQ(report.rejections, want_report.rejections);
  EXPECT_EQ(report.notes, want_report.notes);
  EXPECT_GT(log.size(), lines.size() / 3);
}

std::vector<std::string> drawn(const std::vector<std::string>& forms, std::size_t count, std::uint64_t seed) {
  Rng rng(seed);
  std::vector<std::string> out;
  for (std::size_t i = 0; i < count; ++i) {
    std::string line = forms[rng.below(3) ? rng.below(2) : rng.below(forms.size())];
    for (std::size_t at = line.find('@'); at != std::string::npos; at = line.find('@', at))
      line.replace(at, 1, fmt::format("{}", i));
    for (std::size_t at = line.find('#'); at != std::string::npos; at = line.find('#', at))
      line.replace(at, 1,
                   rng.below(2) ? fmt::format("{}", rng.below(50)) : fmt::format("{:.3f}", rng.uniform()));
    out.push_back(line);
  }
  return out;
}

TEST(JsonShape, LogsOfJsonLinesAreAsParsedLineByLine) {
  Goal goal = jsonl_goal();
  goal.data.reject_up_to = 0.9;
  const std::string head =
      R"({"id":"d@","context":{"age":#,"city":"c#"},"actions":[{"id":"a","features":{"cost":#}},)";
  const std::string tail =
      R"({"id":"b","features":{"cost":#}}],"chosen":"b","propensity":0.5,"outcomes":{"click":1}})";
  expect_same_without_shapes(
      jsonl_log_from,
      drawn(
          {head + tail,
           R"({"context":{"city":"c#","age":#},"id":"d@","actions":[{"features":{"cost":#},"id":"a"},)" + tail,
           R"({"id":"d@","context":{"age":#},"actions":[{"id":"a","features":{"cost":#}},)" + tail,
           R"({"id":"d@","context":{"age":#,"city":"x","new":1},"actions":[{"id":"a","features":{"cost":#}},)" +
               tail,
           R"({"id":"d@","context":{"age":#,"city":"x","age":1},"actions":[{"id":"a","features":{"cost":#}},)" +
               tail,
           R"({"id":"d@","context":{"\u0061ge":#,"city":"\u0062"},"actions":[{"id":"a","features":{"cost":#}},)" +
               tail,
           R"({"id":"d@","context":{"age":{"x":#},"city":"c"},"actions":[{"id":"a","features":{"cost":#}},)" +
               tail,
           R"({"id":"d@","context":{"age":null,"city":"c"},"actions":[{"id":"a","features":{"cost":#}},)" +
               tail,
           R"({"id":"d@","context":{"age":"old","city":3},"actions":[{"id":"a","features":{"cost":#}},)" + tail,
           R"({"id":"d@","context":{"age":1,"city":"c"},"actions":[{"id":"b","features":{"cost":#}},)" + tail,
           R"({"id":@,"context":[1],"actions":[{"id":"a","features":{"cost":#}},)" + tail,
           R"({"id":"d1","id":2,"context":{"age":1,"city":"c"},"actions":[{"id":"a","features":{"cost":#}},)" +
               tail,
           head + "{}" + tail, head},
          900, 4),
      goal);
}

TEST(JsonShape, LogsOfDsjsonAreAsParsedLineByLine) {
  Goal goal;
  OutcomeSpec reward;
  reward.name = "reward";
  reward.kind = OutcomeKind::kAmount;
  goal.outcomes = {reward};
  goal.maximize = {{1.0, "reward"}};
  goal.data.reject_up_to = 0.9;
  const std::string head =
      R"({"_label_cost":-#,"_label_probability":0.5,"_label_Action":1,"_labelIndex":0,"EventId":"d@",)";
  const std::string multi =
      R"("_multi":[{"_tag":"x","I":{"cost":#,"kind":"k#"}},{"_tag":"y","I":{"cost":#}}]},)";
  const std::string tail = R"("a":[1,2],"p":[0.5,0.5],"VWState":{"m":"v#"}})";
  expect_same_without_shapes(
      dsjson_log_from,
      drawn({head + R"("c":{"U":{"age":#,"city":"c#"},)" + multi + tail,
             head + R"("Timestamp":"2026-03-01T10:00:00.0000000Z","c":{"U":{"age":#,"city":"c#"},)" + multi +
                 tail,
             head + R"("c":{"U":{"city":"c#","age":#},)" + multi + tail,
             head + R"("c":{"U":{"age":#,"new":{"deep":[#,{"er":#},"t"]}},)" + multi + tail,
             head + R"("c":{"U":{"age":#,"age":#},)" + multi + tail,
             head + R"("c":{"U":[{"age":#},{"city":"c"}],"_text":"words",)" + multi + tail,
             head + R"("c":{"U":{"\u0061ge":#,"city":"\u0062"},)" + multi + tail,
             head + R"("c":{"U":{"age":null,"city":7},)" + multi + tail,
             head + R"("c":{"U":{"age":"old","city":true},)" + multi + tail, head + R"("c":{)" + multi + tail,
             head + R"("_skipLearn":true,"c":{"U":{"age":#}},)" + multi + tail,
             head + R"("_skipLearn":false,"c":{"U":{"age":#},)" + multi + tail,
             head + R"("c":{"U":{"age":1e300},)" + multi + tail,
             head + R"("c":{"U":{"age":1},)" + multi + R"("a":[2,1],"p":[0.5,0.5]})",
             head + R"("c":{"U":{"age":1},"_multi":[{"_tag":"x"},{"_tag":"x"}]},)" + tail,
             head + R"("c":{"U":{"age":1},"_multi":[{"_tag":"x"}]},)" + tail, head, "{}"},
            900, 5),
      goal);
}

}  // namespace
}  // namespace plumb
