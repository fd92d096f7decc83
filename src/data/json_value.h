// Cells from simdjson's values; included by what reads JSON lines only.
#pragma once

#include <simdjson.h>

#include "data/rows.h"
#include "data/text_source.h"

namespace plumb {

// Numbers, texts and booleans (0, 1); null is absent, nested values are kOther.
inline Cell json_cell(simdjson::dom::element value) {
  using simdjson::dom::element_type;
  Cell cell;
  switch (value.type()) {
    case element_type::DOUBLE:
      cell.kind = Cell::Kind::kNumber;
      cell.number = value.get_double().value_unsafe();
      break;
    case element_type::INT64:
      cell.kind = Cell::Kind::kNumber;
      cell.integer = true;
      cell.whole = value.get_int64().value_unsafe();
      cell.number = static_cast<double>(cell.whole);
      break;
    case element_type::UINT64:
      cell.kind = Cell::Kind::kNumber;
      cell.number = static_cast<double>(value.get_uint64().value_unsafe());
      break;
    case element_type::BOOL:
      cell.kind = Cell::Kind::kNumber;
      cell.number = value.get_bool().value_unsafe() ? 1 : 0;
      break;
    case element_type::STRING:
      cell.kind = Cell::Kind::kText;
      cell.text = value.get_string().value_unsafe();
      break;
    case element_type::NULL_VALUE:
      break;
    case element_type::ARRAY:
    case element_type::OBJECT:
      cell.kind = Cell::Kind::kOther;
      break;
  }
  return cell;
}

// The object of one line of a padded text; throws BadRow. It lives until the parser's next line.
simdjson::dom::object parse_json_line(simdjson::dom::parser& parser, std::string_view line);

}  // namespace plumb
