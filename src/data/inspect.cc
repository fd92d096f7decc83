// The head of a log, column by column.
#include "plumb/inspect.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <unordered_set>

#include "data/csv.h"
#include "data/flat_rows.h"
#include "data/json_value.h"
#include "data/readers.h"

namespace plumb {

namespace {

// Columns by name and group, made when they are first seen.
class Columns {
 public:
  std::size_t at(std::string_view group, std::string_view name) {
    const auto [entry, is_new] = number_.try_emplace({std::string(group), std::string(name)}, sketches_.size());
    if (is_new) {
      sketches_.emplace_back();
      sketches_.back().group = group;
      sketches_.back().name = name;
      seen_.emplace_back();
    }
    return entry->second;
  }

  void add(std::size_t column, const Cell& cell) {
    ColumnSketch& sketch = sketches_[column];
    if (cell.absent()) return;
    ++sketch.present;
    if (cell.kind == Cell::Kind::kOther) {
      ++sketch.nested;
      return;
    }
    // Text of CSV carries its number where it is one; a text of JSON lines never does.
    if (!std::isnan(cell.number)) {
      sketch.lower = sketch.numbers == 0 ? cell.number : std::min(sketch.lower, cell.number);
      sketch.upper = sketch.numbers == 0 ? cell.number : std::max(sketch.upper, cell.number);
      sketch.integers = sketch.integers && cell.number == std::trunc(cell.number);
      ++sketch.numbers;
    }
    if (sketch.more_levels) return;
    const auto [level, is_new] = seen_[column].insert(print(cell));
    if (!is_new) return;
    if (sketch.levels.size() == kInspectedLevels) {
      sketch.more_levels = true;
    } else {
      sketch.levels.push_back(*level);
    }
  }

  std::vector<ColumnSketch> take() { return std::move(sketches_); }

 private:
  std::map<std::pair<std::string, std::string>, std::size_t> number_;
  std::vector<ColumnSketch> sketches_;
  std::vector<std::unordered_set<std::string>> seen_;
};

void inspect_csv(const TextSource& source, LogSketch& sketch, BadRows& bad) {
  CsvTable table(source.text(), source.name());
  Columns columns;
  for (const std::string& name : table.columns()) columns.at("", name);
  while (table.next()) {
    if (sketch.rows == kInspectedRows) {
      sketch.whole = false;
      break;
    }
    try {
      table.check_row();
    } catch (const BadRow& row) {
      bad.add(table.record().line(), row);
      continue;
    }
    ++sketch.rows;
    for (std::size_t c = 0; c < table.columns().size(); ++c) columns.add(c, csv_cell(table.field(c)));
  }
  sketch.columns = columns.take();
}

void inspect_json_lines(const TextSource& source, LogSketch& sketch, BadRows& bad) {
  Columns columns;
  simdjson::dom::parser parser;
  for (LineReader lines(source.text()); lines.next();) {
    if (sketch.rows == kInspectedRows) {
      sketch.whole = false;
      break;
    }
    try {
      for (const auto& [key, value] : parse_json_line(parser, lines.line())) {
        if ((key == "context" || key == "outcomes") && value.is_object()) {
          for (const auto& [inner, nested] : simdjson::dom::object(value))
            columns.add(columns.at(key, inner), json_cell(nested));
        } else {
          columns.add(columns.at("", key), json_cell(value));
        }
      }
      ++sketch.rows;
    } catch (const BadRow& row) {
      bad.add(lines.number(), row);
    }
  }
  sketch.columns = columns.take();
}

}  // namespace

const ColumnSketch* LogSketch::column(const std::string& name) const {
  for (const ColumnSketch& sketch : columns)
    if (sketch.name == name) return &sketch;
  return nullptr;
}

LogSketch inspect_log(const std::string& path) {
  const TextSource source = TextSource::read(path);
  LogSketch sketch;
  sketch.source = path;
  const LogFormat format = log_format_of(source);
  if (format == LogFormat::kDsjson || format == LogFormat::kVwText)
    refuse(path, "format", format == LogFormat::kDsjson ? "dsjson" : "VW text",
           "a goal file that names it (its keys are known, so nothing is left to guess: docs/formats.md)");
  sketch.json_lines = format == LogFormat::kJsonLines;
  BadRows bad(path);
  if (sketch.json_lines) {
    inspect_json_lines(source, sketch, bad);
  } else {
    inspect_csv(source, sketch, bad);
  }
  if (sketch.rows == 0) {
    bad.refuse_beyond(0, bad.count());
    refuse(path, "file", "a header and no row", "at least one row");
  }
  return sketch;
}

}  // namespace plumb
