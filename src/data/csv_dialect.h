// How a file of CSV is written: what separates its cells, and what stands before the decimals of its numbers.
// Told by its header and its first rows; what they leave open stays open.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace plumb {

struct CsvDialect {
  // A header with a semicolon or a tab and no comma outside of quotes says so.
  char separator = ',';
  // ',' where cells are separated by semicolons, and some can be read no other way (0,5 or 12,25, but not
  // 1,234), and no column has numbers with a point.
  char decimal = '.';
  std::string told_by;  // the cell that told; empty: decimal is as it was
  // By column: a cell of a column that would be numbers with decimal = ',' and is none without; empty: no such.
  std::vector<std::string> unclear;
};

// Looked at: rows within the first kDialectBytes. REQUIRES: `text` is the file from its start on, at least that
// much of it where there is as much.
inline constexpr std::size_t kDialectBytes = std::size_t{1} << 16;
CsvDialect csv_dialect(std::string_view text);

// The number that `text` is with a decimal comma: "-3,5", "7" and "1,5e-05", but nothing with a point.
bool read_comma_number(std::string_view text, double* value);

}  // namespace plumb
