// Reading one table key by key. Nothing is converted silently: a number is not a text, a text is not a number.
#include "goal/section.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "plumb/base.h"

namespace plumb {

namespace {

bool is_column_pattern(std::string_view text) {
  const std::size_t star = text.find('*');
  return star == std::string_view::npos || star + 1 == text.size();
}

constexpr std::string_view kColumnPattern = "a column name, or a prefix that ends in *";

}  // namespace

std::string expect_one_of(std::string_view word, const std::vector<std::string>& names) {
  const std::string nearest = nearest_name(word, names);
  if (!nearest.empty()) return nearest + " (nearest)";
  if (names.empty()) return "none: nothing is declared";
  if (names.size() == 1) return names[0];
  return fmt::format("one of {}", fmt::join(names, ", "));
}

Section::Section(std::string path, std::string name, const TomlValue& table,
                 const std::vector<std::string>& known)
    : path_(std::move(path)), name_(std::move(name)), table_(table) {
  if (table.kind != TomlValue::Kind::kTable) {
    refuse(fmt::format("{}:{}", path_, table.line), name_, describe(table), "a table");
  }
  for (const TomlMember& member : table.members) {
    if (std::find(known.begin(), known.end(), member.key) == known.end()) {
      refuse(where(member.key), this->name(member.key), "an unknown key", expect_one_of(member.key, known));
    }
  }
}

std::string Section::where(std::string_view key) const {
  const TomlMember* member = table_.member(key);
  return fmt::format("{}:{}", path_, member != nullptr ? member->line : table_.line);
}

std::string Section::name(std::string_view key) const {
  return name_.empty() ? std::string(key) : fmt::format("{}.{}", name_, key);
}

void Section::refuse_value(std::string_view key, std::string_view expected) const {
  const TomlValue* value = at(key);
  refuse(where(key), name(key), value != nullptr ? describe(*value) : "nothing", expected);
}

std::optional<std::string> Section::text(std::string_view key) const {
  const TomlValue* value = at(key);
  if (value == nullptr) return std::nullopt;
  if (value->kind != TomlValue::Kind::kText || value->text.empty()) {
    refuse_value(key, "a text in quotes that is not empty");
  }
  return value->text;
}

std::optional<double> Section::number(std::string_view key, std::string_view expected,
                                      const std::function<bool(double)>& holds) const {
  const TomlValue* value = at(key);
  if (value == nullptr) return std::nullopt;
  const bool is_number = value->kind == TomlValue::Kind::kNumber && std::isfinite(value->number);
  if (!is_number || !holds(value->number)) refuse_value(key, expected);
  return value->number == 0 ? 0.0 : value->number;  // -0.0 and 0.0 mean the same and hash the same
}

std::vector<std::string> Section::texts(std::string_view key) const {
  std::vector<std::string> result;
  const TomlValue* value = at(key);
  if (value == nullptr) return result;
  if (value->kind != TomlValue::Kind::kArray) refuse_value(key, "an array of texts, [\"a\", \"b\"]");
  std::set<std::string> seen;
  for (const TomlValue& item : value->items) {
    const std::string place = fmt::format("{}:{}", path_, item.line);
    if (item.kind != TomlValue::Kind::kText || item.text.empty()) {
      refuse(place, name(key), describe(item), "a text in quotes that is not empty");
    }
    if (!seen.insert(item.text).second)
      refuse(place, name(key), quoted(item.text) + " twice", "each name once");
    result.push_back(item.text);
  }
  return result;
}

std::optional<std::string> Section::choice(std::string_view key,
                                           const std::vector<std::string>& choices) const {
  const std::optional<std::string> word = text(key);
  if (word && std::find(choices.begin(), choices.end(), *word) == choices.end()) {
    refuse_value(key, expect_one_of(*word, choices));
  }
  return word;
}

std::optional<std::string> Section::columns(std::string_view key) const {
  const std::optional<std::string> word = text(key);
  if (word && !is_column_pattern(*word)) refuse_value(key, kColumnPattern);
  return word;
}

std::vector<std::string> Section::column_list(std::string_view key) const {
  const std::vector<std::string> words = texts(key);
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (is_column_pattern(words[i])) continue;
    refuse(fmt::format("{}:{}", path_, at(key)->items[i].line), name(key), quoted(words[i]), kColumnPattern);
  }
  return words;
}

}  // namespace plumb
