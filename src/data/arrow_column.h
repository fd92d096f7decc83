// One column of Arrow's C data interface: its type, its buffers checked, its values by row.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "data/rows.h"
#include "plumb/arrow.h"

namespace plumb {

enum class ArrowKind : std::uint8_t { kNull, kBoolean, kInteger, kFloat, kText, kDate, kTime };

// What a format string says. Integers and floats: `width` bytes; text: bytes of an offset; times: 8, dates 4
// or 8.
struct ArrowType {
  ArrowKind kind = ArrowKind::kNull;
  int width = 0;
  bool is_signed = true;                // integers
  std::int64_t us = 1, divided_by = 1;  // dates and times: value * us / divided_by is microseconds
  bool is_number() const {
    return kind == ArrowKind::kBoolean || kind == ArrowKind::kInteger || kind == ArrowKind::kFloat;
  }
};

// A column's name and type; of a dictionary, the type of its values and of its codes.
struct ArrowField {
  std::string name;
  ArrowType type;
  std::optional<ArrowType> codes;
};

// Throws Error{kInput}: "where: column: found, expected", also for released or contradictory structs.
ArrowField arrow_field(const ArrowSchema& schema, const std::string& where, std::int64_t number);

// Checks that hold for an array of any type. Throws Error{kInput}.
void check_arrow_array(const ArrowArray& array, std::int64_t buffers, std::int64_t children,
                       const std::string& where, const std::string& column);

// Whether a row of the array is null, by its validity bitmap; counts them. Throws Error{kInput} where the count
// is not the array's own.
class ArrowValidity {
 public:
  ArrowValidity() = default;
  ArrowValidity(const ArrowArray& array, const std::string& where, const std::string& column);
  bool is_null(std::int64_t row) const {
    const std::int64_t bit = offset_ + row;
    return bits_ != nullptr && !(bits_[bit >> 3] >> (bit & 7) & 1);
  }

 private:
  const std::uint8_t* bits_ = nullptr;
  std::int64_t offset_ = 0;
};

// A value as it stands. `cell.text` of a number or time is empty until somebody prints it.
struct ArrowValue {
  Cell cell;                            // null: absent; times: kText, as other roles take them
  std::optional<std::int64_t> time_us;  // dates and times within the range of the calendar that is printed
};

// The values of one type in one array. Rows count from the array's offset. REQUIRES of the buffers:
// plumb/arrow.h.
class ArrowValues {
 public:
  ArrowValues(const ArrowType& type, const ArrowArray& array, const std::string& where,
              const std::string& column);
  bool is_null(std::int64_t row) const { return type_.kind == ArrowKind::kNull || validity_.is_null(row); }
  std::int64_t length() const { return length_; }
  // REQUIRES: not null. The integer; booleans 0 or 1; dates and times as they are counted.
  std::int64_t integer(std::int64_t row) const;
  double number(std::int64_t row) const;
  std::string_view text(std::int64_t row) const;
  const ArrowType& type() const { return type_; }

 private:
  void check_offsets(const std::string& where, const std::string& column) const;
  std::int64_t text_offset(std::int64_t at) const;
  ArrowType type_;
  std::int64_t offset_ = 0, length_ = 0;
  ArrowValidity validity_;
  const char *values_ = nullptr, *bytes_ = nullptr;
};

// A column of one batch.
class ArrowColumn {
 public:
  // REQUIRES: field outlives this.
  ArrowColumn(const ArrowField& field, const ArrowArray& array, const std::string& where);
  std::int64_t length() const { return codes_ ? codes_->length() : values_.length(); }
  bool is_null(std::int64_t row) const {
    return codes_ ? codes_->is_null(row) || values_.is_null(codes_->integer(row)) : values_.is_null(row);
  }
  const ArrowField& field() const { return *field_; }
  // The value, and what it prints as, appended to `printed` (text: as it is).
  ArrowValue read(std::int64_t row, std::string* printed) const;

 private:
  const ArrowField* field_;
  std::optional<ArrowValues> codes_;
  ArrowValues values_;
};

}  // namespace plumb
