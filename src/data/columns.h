// Columns that find out their type while they are filled, and segments made of them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "data/rows.h"
#include "plumb/data.h"

namespace plumb {

// One feature column: a number where every value that is there is a finite number, else a category. Values that
// came before the first text are kept as they were written, so that the outcome does not depend on the order of
// rows. A row without a value is missing: NaN in a column of numbers, the level "" in a category. In sparse
// logs a row that does not name a column has 0 there, which is what the format means.
class ColumnBuilder {
 public:
  ColumnBuilder(std::string name, bool keep_text) : name_(std::move(name)), keep_text_(keep_text) {}
  const std::string& name() const { return name_; }

  // Whether a value that is there can be in a feature column.
  static bool takes(const Cell& cell) {
    return (cell.kind == Cell::Kind::kNumber || cell.kind == Cell::Kind::kText) &&
           !(std::abs(cell.number) > static_cast<double>(std::numeric_limits<float>::max()));
  }
  // Throws BadRow where a value cannot be in a feature column: nested, null, beyond a float.
  static void check(const Cell& cell, std::string_view what, bool allow_absent);
  // REQUIRES: check passed. `keep_text`: the views in cells outlive the builder.
  void add(const Cell& cell, std::uint64_t line) {
    if (!is_category_ && (cell.absent() || !std::isnan(cell.number))) {
      number_.push_back(static_cast<float>(cell.number));
      if (keep_text_) text_.push_back(cell.text);
    } else {
      add_category(cell, line);
    }
  }
  // The rows up to `rows` that were not added have no value.
  void pad(std::size_t rows) {
    if (is_category_) {
      if (code_.size() < rows) code_.resize(rows, Interner::kNone);
    } else if (number_.size() < rows) {
      number_.resize(rows, std::numeric_limits<float>::quiet_NaN());
      if (keep_text_) text_.resize(rows);
    }
  }
  // From the first row on a category, or numbers alone (then fits() tells which values may be added).
  void settle(bool is_category) {
    is_category_ = is_category;
    settled_ = true;
  }
  bool fits(const Cell& cell) const {
    return !settled_ || is_category_ || cell.absent() || !std::isnan(cell.number);
  }
  // Rows without a value have 0.
  void become_sparse() { sparse_ = true; }
  std::size_t levels() const { return levels_.size(); }
  std::size_t rows() const { return is_category_ ? code_.size() : number_.size(); }
  ColumnBuilder empty_copy() const {
    ColumnBuilder out(name_, keep_text_);
    out.sparse_ = sparse_;
    if (settled_) out.settle(is_category_);
    return out;
  }
  // The same column in rows further on, behind the `rows` rows that stand here or are absent.
  void append(ColumnBuilder&& later, std::size_t rows);
  bool empty() const { return number_.empty() && code_.empty(); }
  void reserve(std::size_t rows) {
    if (is_category_) code_.reserve(rows);
    if (!is_category_) number_.reserve(rows);
  }
  // Moves the column out. A sentence for the LoadReport where numbers and text are mixed, numbers are written
  // as text, or numbers are missing; else empty.
  FeatureColumn finish(std::string* note);

 private:
  void add_category(const Cell& cell, std::uint64_t line);
  void become_category(std::uint64_t line, std::string first_text);
  std::uint32_t intern_number(const ColumnBuilder& from, std::size_t row);
  void become_number_again();
  void fill_absent();
  bool holds_numbers_as_text() const;
  std::string note_of(std::size_t missing) const;
  std::string name_;
  bool keep_text_, is_category_ = false, settled_ = false, sparse_ = false;
  std::vector<float> number_;
  std::vector<std::string_view> text_;  // of number_, where keep_text_
  std::vector<std::uint32_t> code_;
  Interner levels_;
  std::uint64_t numbers_before_ = 0, first_text_line_ = 0;
  std::string first_text_;
};

// Makes a category of any column: up to kSegmentLevels distinct numbers are levels by their printed value, in
// ascending order; more become bands between quartiles, "[1.2, 3.4)", the last one closed. Missing numbers are
// the level "missing".
inline constexpr std::size_t kSegmentLevels = 32;
FeatureColumn to_segment(FeatureColumn column);

}  // namespace plumb
