// The one file that sees the TOML library: text to plain values with their lines.
#include "goal/toml_tree.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <sstream>
#include <tuple>

#include "goal/ascii_toml.h"
#include "plumb/base.h"

// toml++ 3.3 asserts things that malformed text breaks (a line of only "[", say), though it reports the error
// properly right behind. So the assertions are off in debug builds, and in release builds are not handed to the
// optimizer as promises; which needs the header's own implementation, not that of the system's shared library.
#undef NDEBUG
#undef TOML_HEADER_ONLY
#undef TOML_SHARED_LIB
#define TOML_HEADER_ONLY 1
#define TOML_ASSERT(expression) static_assert(true)
#include <toml++/toml.h>

namespace plumb {

namespace {

int line_of(const toml::source_region& region) { return std::max(1, static_cast<int>(region.begin.line)); }

template <class T>
std::string iso_text(const T& time) {
  std::ostringstream out;
  out << time;
  return out.str();
}

// `line` stands in where the parser gave a value no place of its own (tables that only dotted keys imply).
TomlValue convert(const toml::node& node, int line) {
  TomlValue value;
  value.line = node.source().begin ? line_of(node.source()) : line;
  if (const auto* text = node.as_string()) {
    value.kind = TomlValue::Kind::kText;
    value.text = text->get();
  } else if (const auto* whole = node.as_integer()) {
    value.kind = TomlValue::Kind::kNumber;
    value.number = static_cast<double>(whole->get());
  } else if (const auto* real = node.as_floating_point()) {
    value.kind = TomlValue::Kind::kNumber;
    value.number = real->get();
  } else if (const auto* truth = node.as_boolean()) {
    value.kind = TomlValue::Kind::kBoolean;
    value.number = truth->get() ? 1 : 0;
  } else if (const auto* date = node.as_date()) {
    value.kind = TomlValue::Kind::kTime;
    value.text = iso_text(date->get());
  } else if (const auto* date_time = node.as_date_time()) {
    value.kind = TomlValue::Kind::kTime;
    value.text = iso_text(date_time->get());
  } else if (const auto* time = node.as_time()) {
    value.kind = TomlValue::Kind::kTime;
    value.text = iso_text(time->get());
  } else if (const auto* array = node.as_array()) {
    value.kind = TomlValue::Kind::kArray;
    for (const toml::node& item : *array) value.items.push_back(convert(item, value.line));
  } else if (const auto* table = node.as_table()) {
    value.kind = TomlValue::Kind::kTable;
    struct Place {
      std::uint32_t line, column;
      const toml::key* key;
      const toml::node* node;
    };
    std::vector<Place> places;
    for (auto&& [key, member] : *table) {
      places.push_back({key.source().begin.line, key.source().begin.column, &key, &member});
    }
    std::sort(places.begin(), places.end(), [](const Place& a, const Place& b) {
      return std::tuple(a.line, a.column, a.key->str()) < std::tuple(b.line, b.column, b.key->str());
    });
    for (const Place& place : places) {
      const int key_line = line_of(place.key->source());
      value.members.push_back({std::string(place.key->str()), key_line, convert(*place.node, key_line)});
    }
  }
  return value;
}

// Length of the UTF-8 sequence that starts at `at`, 0 where the bytes are none (RFC 3629: no overlong forms, no
// surrogates, nothing above U+10FFFF).
std::size_t sequence_length(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : static_cast<unsigned char>(0);
  };
  const auto continues = [&](std::size_t i) { return (byte(i) & 0xC0) == 0x80; };
  const unsigned lead = byte(at), next = byte(at + 1);
  if (lead < 0x80) return 1;
  if (lead < 0xC2 || lead > 0xF4 || !continues(at + 1)) return 0;
  if (lead < 0xE0) return 2;
  if ((lead == 0xE0 && next < 0xA0) || (lead == 0xED && next > 0x9F) || !continues(at + 2)) return 0;
  if (lead < 0xF0) return 3;
  if ((lead == 0xF0 && next < 0x90) || (lead == 0xF4 && next > 0x8F) || !continues(at + 3)) return 0;
  return 4;
}

void check_utf8(std::string_view text, const std::string& path) {
  int line = 1;
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = sequence_length(text, i);
    if (length == 0) {
      refuse(fmt::format("{}:{}", path, line), "text",
             fmt::format("the byte 0x{:02x}, which is not UTF-8", static_cast<unsigned char>(text[i])),
             "a file in UTF-8");
    }
    if (text[i] == '\n') ++line;
    i += length;
  }
}

}  // namespace

const TomlMember* TomlValue::member(std::string_view key) const {
  for (const TomlMember& candidate : members) {
    if (candidate.key == key) return &candidate;
  }
  return nullptr;
}

const TomlValue* TomlValue::at(std::string_view key) const {
  const TomlMember* found = member(key);
  return found == nullptr ? nullptr : &found->value;
}

std::string quoted(std::string_view word) { return fmt::format("\"{}\"", word); }

std::string describe(const TomlValue& value) {
  switch (value.kind) {
    case TomlValue::Kind::kText:
      return quoted(value.text);
    case TomlValue::Kind::kNumber:
      return fmt::format("{}", value.number);
    case TomlValue::Kind::kBoolean:
      return value.number != 0 ? "true" : "false";
    case TomlValue::Kind::kTime:
      return value.text;
    case TomlValue::Kind::kArray:
      return "an array";
    case TomlValue::Kind::kTable:
      return "a table";
  }
  return "a value";
}

TomlValue parse_toml(std::string_view text, const std::string& path) {
  check_utf8(text, path);
  const std::string ascii = ascii_toml(text, path);
  try {
    const toml::table table = toml::parse(std::string_view(ascii), std::string_view(path));
    return convert(table, 1);
  } catch (const toml::parse_error& error) {
    refuse(fmt::format("{}:{}", path, line_of(error.source())), "TOML", error.description(), "valid TOML");
  }
}

}  // namespace plumb
