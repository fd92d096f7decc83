// One table of the goal file, read key by key: types and ranges are checked here, and every message names file,
// line and key ("goal.toml:12: constraint.at_most: found -0.3, expected a number >= 0").
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "goal/toml_tree.h"

namespace plumb {

// What a message expects where `word` is none of `names`: "click (nearest)", or "one of click, dwell".
std::string expect_one_of(std::string_view word, const std::vector<std::string>& names);

class Section {
 public:
  // A table called `name` in messages ("constraint"; "" for the file itself), whose keys must be among `known`.
  // REQUIRES: `table` outlives this. Throws on a value that is no table, and on the first unknown key.
  Section(std::string path, std::string name, const TomlValue& table, const std::vector<std::string>& known);

  const TomlValue* at(std::string_view key) const { return table_.at(key); }
  std::string where(std::string_view key) const;  // "goal.toml:12": of the key, else of the table
  std::string name(std::string_view key) const;   // "constraint.at_most"
  [[noreturn]] void refuse_value(std::string_view key, std::string_view expected) const;

  // Each: empty where the key is absent, refused where it is of another type.
  std::optional<std::string> text(std::string_view key) const;  // never ""
  // Refused unless finite and `holds`; `expected` says in words what holds.
  std::optional<double> number(std::string_view key, std::string_view expected,
                               const std::function<bool(double)>& holds) const;
  std::vector<std::string> texts(std::string_view key) const;  // no "" and no text twice
  std::optional<std::string> choice(std::string_view key, const std::vector<std::string>& choices) const;
  // As text() and texts(), each a column name or a prefix that ends in *.
  std::optional<std::string> columns(std::string_view key) const;
  std::vector<std::string> column_list(std::string_view key) const;

 private:
  std::string path_, name_;
  const TomlValue& table_;
};

}  // namespace plumb
