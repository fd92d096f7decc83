// Whatever cannot be used ends with status 2, the place, what was found and what was expected, and leaves
// nothing.
#include <zlib.h>

#include "tests/cli/command.h"

namespace plumb {
namespace {

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(at, text.npos) << from;
  return at == text.npos ? text : text.replace(at, from.size(), to);
}

// `text` with field `column` of its row 3 (line 4 of the file) replaced.
std::string with_field(const std::string& text, int column, const std::string& value) {
  std::size_t at = 0;
  for (int line = 1; line < 4; ++line) at = text.find('\n', at) + 1;
  for (int c = 0; c < column; ++c) at = text.find(',', at) + 1;
  return text.substr(0, at) + value + text.substr(text.find_first_of(",\n", at));
}

std::string without_values(const std::string& text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at), comma = text.rfind(',', end);
    out += at == 0 ? text.substr(0, end + 1) : text.substr(at, comma + 1 - at) + "\n";
    at = end + 1;
  }
  return out;
}

class BadInput : public ::testing::Test {
 protected:
  void refused(const std::string& goal_text, const std::string& log_text, const std::string& place,
               const std::string& found, const std::string& expected, const std::string& log_name = "log.csv") {
    const Folder folder;
    folder.write("goal.toml", goal_text);
    if (!log_name.empty()) folder.write(log_name, log_text);
    const auto before = folder.names();
    for (const char* verb : {"align", "check"}) {
      const Result result = folder.plumb({verb, "goal.toml", "--out", "run"});
      EXPECT_EQ(result.status, 2) << verb << " " << found << "\n" << result.err;
      EXPECT_EQ(result.out, "") << verb;
      EXPECT_TRUE(result.err.starts_with("plumb: ")) << result.err;
      EXPECT_TRUE(contains(result.err, place)) << place << "\n" << result.err;
      EXPECT_TRUE(contains(result.err, "found " + found)) << found << "\n" << result.err;
      EXPECT_TRUE(contains(result.err, "expected " + expected)) << expected << "\n" << result.err;
      EXPECT_EQ(folder.names(), before);
    }
  }
  const std::string goal = mailing_goal(), log = mailing(0.5);
  enum { kId, kCustomer, kMail, kPropensity, kAge, kClick, kSpend };
};

TEST_F(BadInput, Files) {
  const Folder folder;
  const Result missing = folder.plumb({"align", "goal.toml"});
  EXPECT_EQ(missing.status, 2);
  EXPECT_EQ(missing.err, "plumb: goal.toml: goal file: found nothing, expected a file\n");
  refused(goal, "", "goal.toml: data.log", "no file at", "the decision log", "");
  refused("", log, "goal.toml: goal", "an empty file", "a [goal] table");
  refused(goal, "", "log.csv: file", "an empty file", "");
  refused(goal, log.substr(0, log.find('\n') + 1), "log.csv", "", "");
}

TEST_F(BadInput, ATruncatedGzip) {
  const Folder folder;
  gzFile file = gzopen((folder / "log.csv.gz").c_str(), "wb");
  ASSERT_EQ(gzwrite(file, log.data(), static_cast<unsigned>(log.size())), static_cast<int>(log.size()));
  gzclose(file);
  const std::string whole = folder.read("log.csv.gz");
  refused(replaced(goal, "log.csv", "log.csv.gz"), whole.substr(0, whole.size() / 2), "log.csv.gz:", "", "",
          "log.csv.gz");
}

TEST_F(BadInput, Rows) {
  refused(goal, with_field(log, kAge, "\xff"), "log.csv:4: text", "bytes that are not UTF-8", "UTF-8");
  for (const std::string value : {"0", "1.2", "NaN", "nan", "", "inf", "-0.5", "often"})
    refused(goal, with_field(log, kPropensity, value), "log.csv:4: p", value.empty() ? "nothing" : "", "");
  refused(goal, with_field(log, kId, "d0"), "log.csv:4: id", "", "");
  refused(goal, with_field(log, kSpend, "inf"), "log.csv:4: outcome.spend", "inf", "");
  refused(goal, without_values(log), "spend", "", "");
}

TEST_F(BadInput, AnActionThatWasNotOffered) {
  const std::string arms = replaced(goal, "\"p\"", "{ a = 0.34, b = 0.33, none = 0.33 }");
  refused(arms, with_field(log, kMail, "c"), "log.csv:4: ", "\"c\"", "");
  const std::string line =
      R"({"actions":[{"id":"a"},{"id":"b"}],"chosen":"c","propensity":0.5,"outcomes":{"spend":1,"click":0}})";
  std::string native = replaced(goal, "log.csv", "log.jsonl");
  for (const char* key : {"id = \"id\"\n", "unit = \"customer\"\n", "action = \"mail\"\n",
                          "propensity = \"p\"\n", "context = [\"age\"]\n"})
    native = replaced(native, key, "");
  refused(native, line + "\n", "log.jsonl:1: chosen", "\"c\", which was not offered", "", "log.jsonl");
}

TEST_F(BadInput, Goals) {
  refused(replaced(goal, "\"age\"", "\"agee\""), log, "log.csv:1: data.context", "no column \"agee\"",
          "column \"age\" (the nearest name)");
  refused(replaced(goal, "\"spend\"", "\"spend +\""), log, "goal.toml:3: goal.maximize", "", "");
  refused(replaced(goal, "[proxies]", "[[constraint]]\noutcome = \"complaint\"\nat_most = 0.1\n[proxies]"), log,
          "constraint.outcome", "the unknown outcome \"complaint\"", "");
  refused(replaced(goal, "minimum_effect", "minimum_efect"), log, "goal.toml:4: ", "", "minimum_effect");
  refused(replaced(goal, "candidates", "candidates = 1 #"), log, "goal.toml:12: proxies.candidates", "", "");
}

TEST_F(BadInput, PolicyTables) {
  const Folder folder;
  folder.write("goal.toml", goal);
  folder.write("log.csv", log);
  std::string table = "id,action,probability\n";
  for (int i = 0; i < 900; ++i)
    for (const char* line : {",a,0.25\n", ",b,0.5\n", ",none,0.25\n"}) table += "d" + std::to_string(i) + line;
  folder.write("table.csv", table);
  const Result good = folder.plumb({"evaluate", "goal.toml", "table.csv", "--not-trained-here"});
  EXPECT_EQ(good.status, 0) << good.err;
  const auto refuse_table = [&](const std::string& text, const std::string& message) {
    folder.write("bad.csv", text);
    const Result result = folder.plumb({"evaluate", "goal.toml", "bad.csv", "--not-trained-here"});
    EXPECT_EQ(result.status, 2) << message;
    EXPECT_EQ(result.out, "");
    EXPECT_TRUE(contains(result.err, "bad.csv")) << result.err;
    EXPECT_TRUE(contains(result.err, message)) << result.err;
  };
  refuse_table(replaced(table, "d7,b,0.5", "d7,b,0.6"), "1.1");
  refuse_table(replaced(table, "d7,a,0.25\nd7,b,0.5\nd7,none,0.25\n", ""), "d7");
  refuse_table(replaced(table, "d7,b,0.5", "d7,c,0.5"), "\"c\"");
  EXPECT_EQ(folder.plumb({"evaluate", "goal.toml", "nowhere.csv"}).status, 2);
  folder.write("junk.safetensors", "no tensors");
  EXPECT_EQ(folder.plumb({"gate", "goal.toml", "junk.safetensors"}).status, 2);
}

}  // namespace
}  // namespace plumb
