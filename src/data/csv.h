// CSV and TSV: RFC 4180, one record at a time.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "data/csv_dialect.h"
#include "data/rows.h"
#include "data/text_source.h"

namespace plumb {

// Reads records. A field may be quoted; a quoted field may hold separators, line ends and doubled quotes. Lines
// end with "\n" or "\r\n". Empty lines at the end of the text are left out. Fields are views of the text, or of
// strings that the reader keeps (where quotes had to be undoubled): they live as long as text and reader.
class CsvReader {
 public:
  CsvReader(std::string_view text, char separator, std::string name)
      : CsvReader(rows_of(text), separator, std::move(name)) {}
  CsvReader(std::optional<TextBlock> rows, char separator, std::string name);
  // False at the end. Throws Error{kInput} where a quote is never closed: no row behind it can be told.
  bool next();

  const std::vector<std::string_view>& fields() const { return fields_; }
  std::string_view raw() const { return raw_; }  // the record as it stands, without its line end
  std::uint64_t line() const { return line_; }   // where the record starts, 1-based
  std::optional<TextBlock> rest() const;         // behind the record
  bool stray_quote() const {
    return stray_quote_;
  }  // a quote where RFC 4180 allows none; the fields are unusable

 private:
  std::string_view quoted_field(std::size_t* at);
  std::string_view text_, raw_;
  char separator_;
  std::string name_;
  std::size_t at_ = 0;
  std::uint64_t line_ = 0, next_line_ = 1;
  bool stray_quote_ = false, more_ = false;
  std::vector<std::string_view> fields_;
  std::deque<std::string> undoubled_;
};

// A CSV file with its header read. Throws Error{kInput} where the file or its header is empty, or not UTF-8, or
// names a column twice.
class CsvTable {
 public:
  CsvTable(std::string_view text, const std::string& name) : CsvTable(text, name, csv_dialect(text)) {}
  // The same of a file whose dialect is known.
  CsvTable(std::string_view text, const std::string& name, CsvDialect dialect);
  // Rows further on in the same file.
  CsvTable(const CsvTable& first, TextBlock rows);
  const std::vector<std::string>& columns() const { return columns_; }
  // The index of a column. Throws Error{kInput} with the nearest name where there is none; `what` says who
  // asks.
  std::size_t column(std::string_view name, std::string_view what) const;
  std::string header() const { return name_ + ":1"; }  // its place, for messages
  // The next record, false at the end. Throws BadRow where its fields do not fit the header or are not UTF-8.
  bool next();
  void check_row() const;
  std::optional<TextBlock> rest() const { return reader_.rest(); }
  const CsvReader& record() const { return reader_; }
  std::string_view field(std::size_t column) const { return reader_.fields()[column]; }
  Cell cell(std::size_t column) const { return csv_cell(field(column), dialect_.decimal); }
  const CsvDialect& dialect() const { return dialect_; }
  // What a goal file says of the numbers counts more than what the file tells.
  void set_decimal(char decimal);

 private:
  std::string name_;
  CsvDialect dialect_;
  CsvReader reader_;
  bool utf8_;
  std::vector<std::string> columns_;
};

}  // namespace plumb
