// A scanner of RFC 4180. Unquoted fields, nearly all of them, are found by looking at each byte once and are
// never copied.
#include "data/csv.h"

#include <fmt/core.h>

#include <algorithm>

#include "data/column_mapping.h"
#include "data/text_source.h"
#include "plumb/base.h"

namespace plumb {

CsvReader::CsvReader(std::optional<TextBlock> rows, char separator, std::string name)
    : separator_(separator), name_(std::move(name)), more_(rows.has_value()) {
  if (!rows) return;
  text_ = rows->text;
  next_line_ = rows->first_line;
}

std::optional<TextBlock> CsvReader::rest() const {
  if (!more_) return std::nullopt;
  return TextBlock{text_.substr(at_), next_line_};
}

// The field whose opening quote stands at *at; *at is moved behind the closing one.
std::string_view CsvReader::quoted_field(std::size_t* at) {
  const std::size_t start = *at + 1;
  std::size_t end = start;
  bool doubled = false;
  while (true) {
    end = text_.find('"', end);
    if (end == std::string_view::npos)
      refuse(fmt::format("{}:{}", name_, line_), "quote", "no closing quote before the end of the file",
             "every quoted field closed");
    if (end + 1 >= text_.size() || text_[end + 1] != '"') break;
    doubled = true;
    end += 2;
  }
  const std::string_view inside = text_.substr(start, end - start);
  next_line_ += static_cast<std::uint64_t>(std::count(inside.begin(), inside.end(), '\n'));
  *at = end + 1;
  if (!doubled) return inside;
  std::string& out = undoubled_.emplace_back();
  for (std::size_t i = 0; i < inside.size(); ++i) {
    out += inside[i];
    if (inside[i] == '"') ++i;
  }
  return out;
}

bool CsvReader::next() {
  if (!more_) return false;
  fields_.clear();
  stray_quote_ = false;
  line_ = next_line_;
  const std::size_t record = at_;
  std::size_t at = at_;
  while (true) {
    if (at < text_.size() && text_[at] == '"') {
      fields_.push_back(quoted_field(&at));
      // Behind a closing quote only a separator or the end of the line may stand.
      while (at < text_.size() && text_[at] != separator_ && text_[at] != '\n') {
        if (text_[at] != '\r' || (at + 1 < text_.size() && text_[at + 1] != '\n')) stray_quote_ = true;
        ++at;
      }
    } else {
      const std::size_t start = at;
      while (at < text_.size() && text_[at] != separator_ && text_[at] != '\n') {
        if (text_[at] == '"') stray_quote_ = true;
        ++at;
      }
      std::size_t end = at;
      if (end > start && text_[end - 1] == '\r' && (at == text_.size() || text_[at] == '\n')) --end;
      fields_.push_back(text_.substr(start, end - start));
    }
    if (at < text_.size() && text_[at] == separator_) {
      ++at;
      continue;
    }
    break;
  }
  std::size_t end = at;
  if (end > record && text_[end - 1] == '\r') --end;
  raw_ = text_.substr(record, end - record);
  more_ = at < text_.size();
  at_ = at + 1;
  ++next_line_;
  return true;
}

CsvTable::CsvTable(std::string_view text, const std::string& name, CsvDialect dialect)
    : name_(name),
      dialect_(std::move(dialect)),
      reader_(rows_of(text), dialect_.separator, name),
      utf8_(is_utf8(text)) {
  if (text.find_first_not_of("\r\n \t") == std::string_view::npos)
    refuse(name, "file", text.empty() ? "an empty file" : "only white space", "a header and at least one row");
  reader_.next();
  if (!utf8_ && !is_utf8(reader_.raw())) refuse(name + ":1", "header", shown(reader_.raw()), "UTF-8");
  if (reader_.stray_quote())
    refuse(name + ":1", "header", "a quote inside a field", "quotes around whole fields");
  for (const std::string_view field : reader_.fields()) columns_.emplace_back(field);
  std::vector<std::string> sorted = columns_;
  std::sort(sorted.begin(), sorted.end());
  const auto twice = std::adjacent_find(sorted.begin(), sorted.end());
  if (twice != sorted.end())
    refuse(name + ":1", "header", "column " + shown(*twice) + " twice", "every column once");
}

CsvTable::CsvTable(const CsvTable& first, TextBlock rows)
    : name_(first.name_),
      dialect_(first.dialect_),
      reader_(rows, dialect_.separator, name_),
      utf8_(is_utf8(rows.text)),
      columns_(first.columns_) {}

std::size_t CsvTable::column(std::string_view name, std::string_view what) const {
  return column_place(columns_, header(), name, what);
}

bool CsvTable::next() { return reader_.next(); }

void CsvTable::set_decimal(char decimal) {
  dialect_.decimal = decimal;
  dialect_.told_by.clear();
  dialect_.unclear.clear();
}

void CsvTable::check_row() const {
  const auto& fields = reader_.fields();
  if (!utf8_ && !is_utf8(reader_.raw()))
    throw BadRow{"text", "bytes that are not UTF-8 in " + shown(reader_.raw()), "UTF-8"};
  if (reader_.stray_quote())
    throw BadRow{"quote", "a quote inside a field", "quotes around whole fields, doubled inside"};
  if (fields.size() == columns_.size()) return;
  if (fields.size() == 1 && fields[0].empty())
    throw BadRow{"row", "an empty line", fmt::format("{} fields", columns_.size())};
  throw BadRow{"row", fmt::format("{} fields", fields.size()),
               fmt::format("{} as in the header", columns_.size())};
}

}  // namespace plumb
