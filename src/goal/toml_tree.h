// A TOML document as plain values with line numbers, members in file order. Only toml_tree.cc sees the TOML
// library.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace plumb {

struct TomlMember;

struct TomlValue {
  enum class Kind { kText, kNumber, kBoolean, kTime, kArray, kTable };
  Kind kind = Kind::kTable;
  int line = 1;                     // 1-based
  std::string text;                 // kText; kTime as ISO 8601
  double number = 0;                // kNumber, may be infinite or NaN: TOML allows both; kBoolean as 0 or 1
  std::vector<TomlValue> items;     // kArray
  std::vector<TomlMember> members;  // kTable, sorted by place in the file

  const TomlMember* member(std::string_view key) const;  // nullptr where there is none, or this is no table
  const TomlValue* at(std::string_view key) const;
};

struct TomlMember {
  std::string key;
  int line = 1;  // of the key
  TomlValue value;
};

// What stands there, for messages: `-0.3`, `"none"`, `true`, `an array`, `a table`.
std::string describe(const TomlValue& value);
// A word in double quotes, for messages.
std::string quoted(std::string_view word);

// Throws Error{kInput} "goal.toml:3: TOML: found ..., expected ..." for bytes that are not UTF-8 and for bad
// syntax.
TomlValue parse_toml(std::string_view text, const std::string& path);

}  // namespace plumb
