// Format strings of Arrow's C data interface.
#include <fmt/core.h>

#include <string_view>

#include "data/arrow_column.h"
#include "data/text_source.h"

namespace plumb {

namespace {

constexpr const char* kReadable =
    "integers, float32, float64, boolean, UTF-8 text (also by dictionary), a timestamp, a date or null: "
    "convert the "
    "column or leave it out";

std::optional<ArrowType> type_of(std::string_view format) {
  if (format.starts_with("ts") && format.size() >= 4 && format[3] == ':') {
    switch (format[2]) {
      case 's':
        return ArrowType{ArrowKind::kTime, 8, true, 1'000'000, 1};
      case 'm':
        return ArrowType{ArrowKind::kTime, 8, true, 1'000, 1};
      case 'u':
        return ArrowType{ArrowKind::kTime, 8, true, 1, 1};
      case 'n':
        return ArrowType{ArrowKind::kTime, 8, true, 1, 1'000};
      default:
        return std::nullopt;
    }
  }
  if (format == "tdD") return ArrowType{ArrowKind::kDate, 4, true, 86'400'000'000, 1};
  if (format == "tdm") return ArrowType{ArrowKind::kDate, 8, true, 1'000, 1};
  if (format.size() != 1) return std::nullopt;
  const std::size_t integer = std::string_view("cCsSiIlL").find(format[0]);
  if (integer != std::string_view::npos)
    return ArrowType{ArrowKind::kInteger, 1 << (integer / 2), integer % 2 == 0};
  switch (format[0]) {
    case 'n':
      return ArrowType{ArrowKind::kNull};
    case 'b':
      return ArrowType{ArrowKind::kBoolean};
    case 'f':
      return ArrowType{ArrowKind::kFloat, 4};
    case 'g':
      return ArrowType{ArrowKind::kFloat, 8};
    case 'u':
      return ArrowType{ArrowKind::kText, 4};
    case 'U':
      return ArrowType{ArrowKind::kText, 8};
    default:
      return std::nullopt;
  }
}

ArrowType readable(const ArrowSchema& schema, const std::string& where, const std::string& column) {
  if (schema.release == nullptr) refuse(where, column, "a released type", "a type that is still held");
  if (schema.format == nullptr) refuse(where, column, "NULL for its type", "a format string");
  const std::string_view format = schema.format;
  if (schema.n_children != 0 || format.starts_with('+'))
    refuse(where, column, "the nested type " + shown(format), kReadable);
  if (format == "e") refuse(where, column, "float16", kReadable);
  const auto type = type_of(format);
  if (!type) refuse(where, column, "type " + shown(format), kReadable);
  return *type;
}

}  // namespace

ArrowField arrow_field(const ArrowSchema& schema, const std::string& where, std::int64_t number) {
  ArrowField field;
  if (schema.name != nullptr && schema.release != nullptr) field.name = schema.name;
  const std::string place = field.name.empty() ? fmt::format("column {}", number) : field.name;
  if (!is_utf8(field.name))
    refuse(where, fmt::format("column {}", number), shown(field.name), "a name in UTF-8");
  field.type = readable(schema, where, place);
  if (schema.dictionary == nullptr) return field;
  field.codes = field.type;
  field.type = readable(*schema.dictionary, where, place);
  if (field.codes->kind != ArrowKind::kInteger || field.type.kind != ArrowKind::kText ||
      schema.dictionary->dictionary != nullptr)
    refuse(where, place,
           fmt::format("a dictionary of {} by {}", shown(schema.dictionary->format), shown(schema.format)),
           "a dictionary of UTF-8 text by integers");
  return field;
}

}  // namespace plumb
