// docs/goal.md against the table of keys that the parser reads by.
#include "goal/keys.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>

#include "plumb/goal.h"

namespace plumb {
namespace {

std::string documentation() {
  std::ifstream in(std::string(PLUMB_SOURCE_DIR) + "/docs/goal.md");
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

std::string title_of(std::string_view table) {
  if (table == "outcome") return "## [outcome.NAME]\n";
  if (table == "constraint") return "## [[constraint]]\n";
  return "## [" + std::string(table) + "]\n";
}

TEST(GoalKeys, AreAllDocumentedWithTypeDefaultMeaningAndExample) {
  const std::string text = documentation();
  ASSERT_NE(text, "");
  std::size_t at = 0, keys = 0;
  std::string_view table;
  for (const GoalKey& key : goal_keys()) {
    if (key.table != table) {
      table = key.table;
      at = text.find(title_of(table), at);
      ASSERT_NE(at, std::string::npos) << title_of(table);
    }
    const std::string row = "| `" + std::string(key.key) + "` | " + std::string(key.takes) + " | " +
                            std::string(key.fallback) + " | ";
    const std::size_t found = text.find(row, at), end = text.find('\n', found);
    ASSERT_NE(found, std::string::npos) << "docs/goal.md has no row that begins with " << row;
    const std::string rest = text.substr(found + row.size(), end - found - row.size());
    const std::size_t example = rest.find(" | `" + std::string(key.key) + " = ");
    EXPECT_GT(example, 12u) << "a meaning stands in " << rest;
    EXPECT_NE(example, std::string::npos) << "an example stands in " << rest;
    at = found;
    ++keys;
  }
  // And no row of a key that there is not.
  std::size_t rows = 0;
  for (std::size_t i = text.find("\n| `"); i != std::string::npos; i = text.find("\n| `", i + 1)) ++rows;
  EXPECT_EQ(rows, keys);
}

TEST(GoalKeys, AreThoseThatTheParserTakes) {
  for (const GoalKey& key : goal_keys()) {
    std::string head = "[" + std::string(key.table) + "]\n";
    if (key.table == "outcome") head = "[outcome.y]\n";
    if (key.table == "constraint") head = "[[constraint]]\n";
    const auto message = [&](const std::string& name) -> std::string {
      std::string text = key.table == "goal" ? "" : "[goal]\nmaximize = 'y'\n";
      text += key.table == "outcome" ? "" : "[outcome.y]\nkind = 'number'\n";
      try {
        parse_goal(text + head + name + " = true\n");  // no key takes a boolean
      } catch (const Error& error) {
        return error.what();
      }
      return "accepted";
    };
    EXPECT_EQ(message(std::string(key.key)).find("unknown key"), std::string::npos)
        << key.table << "." << key.key;
    EXPECT_NE(message(std::string(key.key) + "_x").find("unknown key"), std::string::npos);
  }
}

TEST(GoalKeys, StandInAnExampleThatIsAGoal) {
  const std::string text = documentation();
  const std::size_t begin = text.find("```toml\n") + 8, end = text.find("```\n", begin);
  const Goal goal = parse_goal(text.substr(begin, end - begin), "docs/goal.md");
  EXPECT_EQ(goal.name, "mailing");
  EXPECT_EQ(goal.constraints.size(), 1u);
}

}  // namespace
}  // namespace plumb
