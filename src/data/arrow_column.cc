// Buffers of other programs. Invariant: whatever is read by a length, an offset or a code was checked before,
// so that only buffers shorter than they must be could lead out of them. Values are copied bytewise: the
// interface recommends alignment and does not promise it.
#include "data/arrow_column.h"

#include <fmt/core.h>

#include <algorithm>
#include <bit>
#include <cstring>

#include "data/arrow_print.h"

namespace plumb {

namespace {

// No array is longer: sums and products of lengths and widths stay far from overflow.
constexpr std::int64_t kLongest = std::int64_t{1} << 48;

template <class T>
T value_at(const char* values, std::int64_t at) {
  T value;
  std::memcpy(&value, values + at * static_cast<std::int64_t>(sizeof(T)), sizeof(T));
  return value;
}

const ArrowArray& dictionary_of(const ArrowArray& array, const std::string& where, const std::string& column) {
  if (array.dictionary == nullptr)
    refuse(where, column, "codes without a dictionary", "an array with the dictionary that its type names");
  return *array.dictionary;
}

}  // namespace

void check_arrow_array(const ArrowArray& array, std::int64_t buffers, std::int64_t children,
                       const std::string& where, const std::string& column) {
  if (array.release == nullptr) refuse(where, column, "a released array", "an array that is still held");
  const auto count = [&](const char* what, std::int64_t value, std::int64_t most) {
    if (value < 0 || value > most)
      refuse(where, column, fmt::format("{} {}", what, value), fmt::format("0 to {}", most));
  };
  count("length", array.length, kLongest);
  count("offset", array.offset, kLongest);
  if (array.null_count != -1) count("null_count", array.null_count, array.length);
  if (array.n_buffers != buffers)
    refuse(where, column, fmt::format("{} buffers", array.n_buffers), fmt::format("{}, by its type", buffers));
  if (array.n_children != children)
    refuse(where, column, fmt::format("{} children", array.n_children),
           fmt::format("{}, by its type", children));
  if ((buffers > 0 && array.buffers == nullptr) || (children > 0 && array.children == nullptr))
    refuse(where, column, "NULL for the list of its buffers or children", "a pointer to them");
}

ArrowValidity::ArrowValidity(const ArrowArray& array, const std::string& where, const std::string& column)
    : bits_(static_cast<const std::uint8_t*>(array.buffers[0])), offset_(array.offset) {
  if (array.null_count == -1) return;
  std::int64_t nulls = 0;
  for (std::int64_t row = 0; row < array.length && bits_ != nullptr; ++row) nulls += is_null(row);
  if (array.null_count != nulls)
    refuse(where, column, fmt::format("null_count {} where the bitmap has {}", array.null_count, nulls),
           "the same count, or -1");
}

ArrowValues::ArrowValues(const ArrowType& type, const ArrowArray& array, const std::string& where,
                         const std::string& column)
    : type_(type), offset_(array.offset), length_(array.length) {
  const bool text = type.kind == ArrowKind::kText;
  check_arrow_array(array, type.kind == ArrowKind::kNull ? 0 : (text ? 3 : 2), 0, where, column);
  if (type.kind == ArrowKind::kNull) return;
  validity_ = ArrowValidity(array, where, column);
  values_ = static_cast<const char*>(array.buffers[1]);
  if (values_ == nullptr && length_ > 0)
    refuse(where, column, fmt::format("NULL for the values of {} rows", length_), "a pointer to them");
  if (!text) return;
  bytes_ = static_cast<const char*>(array.buffers[2]);
  check_offsets(where, column);
}

void ArrowValues::check_offsets(const std::string& where, const std::string& column) const {
  if (length_ == 0) return;
  std::int64_t before = text_offset(offset_);
  for (std::int64_t at = offset_; at <= offset_ + length_; ++at) {
    const std::int64_t next = text_offset(at);
    if (next < before || next < 0 || next > kLongest)
      refuse(where, column, fmt::format("text offset {} behind {}", next, before),
             "offsets from 0 on that never fall");
    before = next;
  }
  if (bytes_ == nullptr && before > text_offset(offset_))
    refuse(where, column, "NULL for the bytes of its texts", "a pointer to them");
}

std::int64_t ArrowValues::text_offset(std::int64_t at) const {
  return type_.width == 4 ? value_at<std::int32_t>(values_, at) : value_at<std::int64_t>(values_, at);
}

std::string_view ArrowValues::text(std::int64_t row) const {
  const std::int64_t from = text_offset(offset_ + row), to = text_offset(offset_ + row + 1);
  if (from == to) return "";
  return {bytes_ + from, static_cast<std::size_t>(to - from)};
}

std::int64_t ArrowValues::integer(std::int64_t row) const {
  const std::int64_t at = offset_ + row;
  if (type_.kind == ArrowKind::kBoolean) return static_cast<std::uint8_t>(values_[at >> 3]) >> (at & 7) & 1;
  switch (type_.width) {
    case 1:
      return type_.is_signed ? value_at<std::int8_t>(values_, at) : value_at<std::uint8_t>(values_, at);
    case 2:
      return type_.is_signed ? value_at<std::int16_t>(values_, at) : value_at<std::uint16_t>(values_, at);
    case 4:
      return type_.is_signed ? value_at<std::int32_t>(values_, at)
                             : static_cast<std::int64_t>(value_at<std::uint32_t>(values_, at));
    default:
      return value_at<std::int64_t>(values_, at);  // unsigned: its bits
  }
}

double ArrowValues::number(std::int64_t row) const {
  if (type_.kind == ArrowKind::kFloat)
    return type_.width == 4 ? static_cast<double>(value_at<float>(values_, offset_ + row))
                            : value_at<double>(values_, offset_ + row);
  const std::int64_t whole = integer(row);
  return type_.is_signed ? static_cast<double>(whole) : static_cast<double>(static_cast<std::uint64_t>(whole));
}

ArrowColumn::ArrowColumn(const ArrowField& field, const ArrowArray& array, const std::string& where)
    : field_(&field),
      codes_(field.codes ? std::optional(ArrowValues(*field.codes, array, where, field.name)) : std::nullopt),
      values_(field.type, field.codes ? dictionary_of(array, where, field.name) : array, where, field.name) {
  if (!field.codes) {
    if (array.dictionary != nullptr) refuse(where, field.name, "a dictionary", "none, by its type");
    return;
  }
  for (std::int64_t row = 0; row < codes_->length(); ++row) {
    if (codes_->is_null(row)) continue;
    const std::int64_t code = codes_->integer(row);
    if (code < 0 || code >= values_.length())
      refuse(where, field.name, fmt::format("code {} in row {}", code, row + 1),
             fmt::format("a place in a dictionary of {}", values_.length()));
  }
}

ArrowValue ArrowColumn::read(std::int64_t row, std::string* printed) const {
  ArrowValue value;
  value.cell.text = "";
  if (is_null(row)) return value;
  if (codes_) row = codes_->integer(row);
  const ArrowType& type = values_.type();
  Cell& cell = value.cell;
  switch (type.kind) {
    case ArrowKind::kNull:
      break;
    case ArrowKind::kText:
      cell.kind = Cell::Kind::kText;
      cell.text = values_.text(row);
      printed->append(cell.text);
      break;
    case ArrowKind::kFloat:
      cell.kind = Cell::Kind::kNumber;
      cell.number = values_.number(row);
      print_arrow_float(cell.number, type.width, printed);
      break;
    case ArrowKind::kBoolean:
    case ArrowKind::kInteger:
      cell.kind = Cell::Kind::kNumber;
      cell.number = values_.number(row);
      cell.whole = values_.integer(row);
      // An unsigned number beyond int64 has no place in `whole`.
      cell.integer = type.is_signed || cell.whole >= 0;
      print_arrow_integer(cell.whole, type.is_signed, printed);
      break;
    case ArrowKind::kDate:
    case ArrowKind::kTime:
      cell.kind = Cell::Kind::kText;
      value.time_us = print_arrow_time(values_.integer(row), type, printed);
      break;
  }
  return value;
}

}  // namespace plumb
