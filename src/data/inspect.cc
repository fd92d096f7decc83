// The head of a log, column by column.
#include "plumb/inspect.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <unordered_set>

#include "data/cell_words.h"
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
      words_.emplace_back();
    }
    return entry->second;
  }

  void add(std::size_t column, const Cell& cell) {
    ColumnSketch& sketch = sketches_[column];
    if (cell.absent()) return;
    ++sketch.present;
    if (cell.kind == Cell::Kind::kText && std::isnan(cell.number)) {
      words_[column].missing += is_missing_cell(cell.text);
      words_[column].truth += boolean_word(cell.text).has_value();
    }
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

  std::vector<ColumnSketch> take() {
    for (std::size_t c = 0; c < sketches_.size(); ++c) read_words(sketches_[c], words_[c]);
    return std::move(sketches_);
  }

 private:
  struct Words {
    std::uint64_t missing = 0, truth = 0;
  };
  // Words for no value, true and false are what they say where the column holds nothing else but numbers; they
  // stay among the levels, since an action may be called so.
  static void read_words(ColumnSketch& sketch, const Words& words) {
    if (words.missing + words.truth == 0 || sketch.numbers + words.truth == 0) return;
    if (sketch.numbers + words.missing + words.truth != sketch.present) return;
    const bool zero_one = sketch.integers && sketch.lower >= 0 && sketch.upper <= 1;
    if (words.truth > 0 && sketch.numbers > 0 && !zero_one) return;
    sketch.present -= words.missing;
    if (words.truth == 0) return;
    sketch.numbers += words.truth;
    sketch.lower = 0;
    sketch.upper = 1;
  }

  std::map<std::pair<std::string, std::string>, std::size_t> number_;
  std::vector<ColumnSketch> sketches_;
  std::vector<std::unordered_set<std::string>> seen_;
  std::vector<Words> words_;
};

void inspect_csv(const TextSource& source, LogSketch& sketch, BadRows& bad) {
  CsvTable table(source.text(), source.name());
  if (sketch.decimal != '.') table.set_decimal(sketch.decimal);
  sketch.decimal = table.dialect().decimal;
  for (std::size_t c = 0; c < table.dialect().unclear.size() && c < table.columns().size(); ++c) {
    const std::string& cell = table.dialect().unclear[c];
    if (!cell.empty())
      refuse(table.header(), table.columns()[c],
             fmt::format("cells such as {}: a comma before decimals or between thousands", shown(cell)),
             "--decimal , (in a goal file decimal = \",\" below [data]) where it stands before decimals, else "
             "numbers without commas");
  }
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
    for (std::size_t c = 0; c < table.columns().size(); ++c) columns.add(c, table.cell(c));
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

LogSketch inspect_log(const std::string& path, char decimal) {
  const TextSource source = TextSource::read(path);
  LogSketch sketch;
  sketch.decimal = decimal;
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
