// What the readers of rows share: values of one cell, and rows that cannot be used.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plumb/base.h"

namespace plumb {

// One value of one row. Text views point into the reader's buffer and live as long as the row.
struct Cell {
  enum class Kind : std::uint8_t { kAbsent, kNumber, kText, kOther };  // kOther: nested or null, never a value
  Kind kind = Kind::kAbsent;
  // kNumber: the value. kText from CSV: the value where the text is a finite number, else NaN.
  double number = std::numeric_limits<double>::quiet_NaN();
  std::string_view text;  // CSV: always; JSON: strings only
  bool integer = false;   // kNumber: an integer in the file, exact in `whole`
  char decimal = '.';     // kText: what stands before the decimals where the text is a number
  std::int64_t whole = 0;
  bool absent() const { return kind == Kind::kAbsent; }
};

// A cell of CSV; empty text is absent. `decimal`: '.' or ','.
Cell csv_cell(std::string_view text, char decimal = '.');
// The number that the cell is, as its text is read where it is one (infinities and NaN included).
std::optional<double> number_in(const Cell& cell);
// The cell's value as people write it: text as it is, numbers in their shortest form.
std::string print(const Cell& cell);
std::string print_number(double value);
// In messages: text in quotes, cut short, control characters and bad UTF-8 escaped; "nothing" where absent.
std::string shown(std::string_view text);
std::string shown(const Cell& cell);
// `no "raeder"` with the nearest of the candidates where one is near.
std::string expected_name(std::string_view word, std::span<const std::string> candidates);

// Whole text is a number, as std::from_chars reads it (infinities and NaN included); false otherwise.
bool read_number(std::string_view text, double* value);

// A row that cannot be used, thrown by whoever finds out and caught by the loop over rows.
struct BadRow {
  std::string what, found, expected;
};

// Bad rows of one file: counts all, keeps the first five as "file:line: what: found, expected" (or "name:row
// 17:" and "name:record 17:", where rows have no lines).
class BadRows {
 public:
  explicit BadRows(std::string file) : file_(std::move(file)) {}
  void add(std::uint64_t line, const BadRow& bad);
  // Those of rows further on in the same file.
  void append(const BadRows& later);
  void by_row() { place_ = "row"; }
  void by_record() { place_ = "record"; }
  std::string where(std::uint64_t line) const;
  const char* place() const { return place_; }
  std::uint64_t count() const { return count_; }
  const std::vector<std::string>& first() const { return first_; }
  // Throws Error{kInput} with the first five and the count where more than a share `allowed` of `rows` is bad.
  void refuse_beyond(double allowed, std::uint64_t rows) const;

 private:
  std::string file_;
  const char* place_ = "line";
  std::uint64_t count_ = 0;
  std::vector<std::string> first_;
};

// Names of columns by pattern: exact, or by prefix with a trailing *.
bool matches(std::string_view pattern, std::string_view name);

// Distinct strings, numbered by first appearance.
class Interner {
 public:
  static constexpr std::uint32_t kNone = 0xffffffffu;
  std::uint32_t intern(std::string_view text);
  // The same where few texts come again and again: levels of a column, names of versions.
  std::uint32_t intern_repeated(std::string_view text);
  std::uint32_t find(std::string_view text) const;  // kNone where it was never seen
  // A text looked up once: its code or kNone, and where it belongs. Adding it is free then. REQUIRES of add: no
  // code, and nothing was interned in between.
  struct Place {
    std::uint64_t hash = 0;
    std::size_t slot = 0;
    std::uint32_t code = kNone;
  };
  Place place_of(std::string_view text);
  std::uint32_t add(const Place& place, std::string_view text);
  std::size_t size() const { return names_.size(); }
  const std::string& name(std::uint32_t code) const { return names_[code]; }
  // hash_bytes of every text, by code.
  const std::vector<std::uint64_t>& hashes() const { return hashes_; }
  // A name of another interner: neither hashed nor, where it is new here, copied again.
  std::uint32_t find(const Interner& other, std::uint32_t code) const;
  std::uint32_t take(Interner& other, std::uint32_t code);
  std::vector<std::string> take_names() { return std::move(names_); }
  void reserve(std::size_t texts);

 private:
  std::size_t slot_of(std::string_view text, std::uint64_t hash) const;
  void grow();
  std::vector<std::string> names_;
  std::vector<std::uint64_t> hashes_;  // of names_
  std::vector<std::uint32_t> table_;   // open addressing, code + 1, 0 is free
  // Of intern_repeated: texts of at most 16 bytes that were seen last, each at a place of its own bytes.
  struct Recent {
    std::uint64_t first = 0, last = 0;
    std::size_t size = SIZE_MAX;
    std::uint32_t code = kNone;
  };
  std::vector<Recent> recent_;
};

}  // namespace plumb
