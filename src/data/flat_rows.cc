// Small files, row by row.
#include "data/flat_rows.h"

#include <algorithm>

#include "data/csv.h"
#include "data/json_value.h"

namespace plumb {

namespace {

std::uint64_t json_rows(const TextSource& source, BadRows& bad,
                        const std::function<void(std::uint64_t, std::span<const FlatField>)>& use) {
  simdjson::dom::parser parser;
  std::vector<FlatField> fields;
  std::uint64_t rows = 0;
  for (LineReader lines(source.text()); lines.next(); ++rows) {
    try {
      fields.clear();
      for (const auto& [key, value] : parse_json_line(parser, lines.line())) {
        if (value.is_object()) {
          for (const auto& [inner, nested] : simdjson::dom::object(value))
            fields.push_back({key, inner, json_cell(nested)});
        } else {
          fields.push_back({{}, key, json_cell(value)});
        }
      }
      use(lines.number(), fields);
    } catch (const BadRow& row) {
      bad.add(lines.number(), row);
    }
  }
  return rows;
}

std::uint64_t csv_rows(const TextSource& source, BadRows& bad,
                       const std::function<void(std::uint64_t, std::span<const FlatField>)>& use,
                       char decimal) {
  CsvTable table(source.text(), source.name());
  if (decimal != '.') table.set_decimal(decimal);
  std::vector<FlatField> fields(table.columns().size());
  std::uint64_t rows = 0;
  for (; table.next(); ++rows) {
    try {
      table.check_row();
      for (std::size_t c = 0; c < fields.size(); ++c) fields[c] = {{}, table.columns()[c], table.cell(c)};
      use(table.record().line(), fields);
    } catch (const BadRow& row) {
      bad.add(table.record().line(), row);
    }
  }
  return rows;
}

}  // namespace

Format format_of(const TextSource& source) {
  const std::string_view text = source.text();
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos)
    refuse(source.name(), "file", text.empty() ? "an empty file" : "only white space",
           "rows of CSV or JSON lines");
  std::string_view name = source.name();
  if (name.ends_with(".gz")) name.remove_suffix(3);
  if (name.ends_with(".csv") || name.ends_with(".tsv")) return Format::kCsv;
  if (name.ends_with(".jsonl") || name.ends_with(".ndjson")) return Format::kJsonLines;
  return text[first] == '{' ? Format::kJsonLines : Format::kCsv;
}

simdjson::dom::object parse_json_line(simdjson::dom::parser& parser, std::string_view line) {
  const char* expected = "one JSON object a line";
  if (line.find_first_not_of(" \t\r") == std::string_view::npos) throw BadRow{"row", "an empty line", expected};
  simdjson::dom::element value;
  const auto error = parser.parse(line.data(), line.size(), /*realloc_if_needed=*/false).get(value);
  if (error == simdjson::UTF8_ERROR)
    throw BadRow{"text", "bytes that are not UTF-8 in " + shown(line), "UTF-8"};
  if (error) {
    // simdjson says why, never where; the usual reason is worth looking for.
    for (const char* word : {"NaN", "Infinity", "nan", "inf"})
      if (line.find(std::string(":") + word) != std::string_view::npos ||
          line.find(std::string(": ") + word) != std::string_view::npos ||
          line.find(std::string(":-") + word) != std::string_view::npos ||
          line.find(std::string(": -") + word) != std::string_view::npos)
        throw BadRow{"JSON", std::string(word) + " as a value",
                     "finite numbers: JSON has no infinity and no NaN"};
    if (error == simdjson::NUMBER_ERROR)
      throw BadRow{"JSON", "a number that is malformed or beyond a double", "finite numbers"};
    throw BadRow{"JSON", shown(line) + " (" + simdjson::error_message(error) + ")", expected};
  }
  simdjson::dom::object object;
  if (value.get(object)) throw BadRow{"JSON", shown(line), expected};
  return object;
}

std::uint64_t for_each_flat_row(const TextSource& source, BadRows& bad,
                                const std::function<void(std::uint64_t, std::span<const FlatField>)>& use,
                                char decimal) {
  return format_of(source) == Format::kCsv ? csv_rows(source, bad, use, decimal) : json_rows(source, bad, use);
}

}  // namespace plumb
