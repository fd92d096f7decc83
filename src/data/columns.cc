// Typed columns. A column stays a vector of floats until the first value that is no number; then all that came
// before is written out again as text.
#include "data/columns.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "data/cell_words.h"

namespace plumb {

namespace {

// Floats that hold integers print as integers.
std::string print_float(float value) {
  if (value == std::trunc(value) && std::abs(value) < 16777216.0f)
    return fmt::format("{}", static_cast<std::int64_t>(value));
  return fmt::format("{}", value);
}

// The code of missing numbers, a level of its own behind the others where there are any.
std::uint32_t missing_level(const FeatureColumn& column, FeatureColumn& out) {
  const auto code = static_cast<std::uint32_t>(out.levels.size());
  const bool any =
      std::any_of(column.number.begin(), column.number.end(), [](float value) { return std::isnan(value); });
  if (any) out.levels.emplace_back("missing");
  return code;
}

FeatureColumn by_value(const FeatureColumn& column, const std::vector<float>& distinct) {
  FeatureColumn out{column.name, true, {}, {}, {}};
  for (const float value : distinct) out.levels.push_back(print_float(value));
  const std::uint32_t missing = missing_level(column, out);
  out.code.reserve(column.size());
  for (const float value : column.number)
    out.code.push_back(std::isnan(value)
                           ? missing
                           : static_cast<std::uint32_t>(
                                 std::lower_bound(distinct.begin(), distinct.end(), value) - distinct.begin()));
  return out;
}

// Bands between quartiles of all rows; equal quartiles make fewer bands.
FeatureColumn by_quartile(const FeatureColumn& column) {
  std::vector<float> sorted = column.number;
  std::erase_if(sorted, [](float value) { return std::isnan(value); });
  std::sort(sorted.begin(), sorted.end());
  std::vector<float> cuts;
  for (int q = 1; q <= 3; ++q) {
    const float cut = sorted[sorted.size() * static_cast<std::size_t>(q) / 4];
    if (cut > (cuts.empty() ? sorted.front() : cuts.back())) cuts.push_back(cut);
  }
  FeatureColumn out{column.name, true, {}, {}, {}};
  for (std::size_t b = 0; b <= cuts.size(); ++b) {
    const std::string lower = print_float(b == 0 ? sorted.front() : cuts[b - 1]);
    const bool last = b == cuts.size();
    out.levels.push_back(
        fmt::format("[{}, {}{}", lower, print_float(last ? sorted.back() : cuts[b]), last ? "]" : ")"));
  }
  const std::uint32_t missing = missing_level(column, out);
  out.code.reserve(column.size());
  for (const float value : column.number)
    out.code.push_back(
        std::isnan(value)
            ? missing
            : static_cast<std::uint32_t>(std::upper_bound(cuts.begin(), cuts.end(), value) - cuts.begin()));
  return out;
}

}  // namespace

void ColumnBuilder::check(const Cell& cell, std::string_view what, bool allow_absent) {
  if (cell.kind == Cell::Kind::kOther || (cell.kind == Cell::Kind::kAbsent && !allow_absent))
    throw BadRow{std::string(what), shown(cell), "a number, a text or true or false"};
  if (std::abs(cell.number) > static_cast<double>(std::numeric_limits<float>::max()))
    throw BadRow{std::string(what), print(cell), "a number of at most 3.4e38"};
}

// The level here of a number that stands in `from`.
std::uint32_t ColumnBuilder::intern_number(const ColumnBuilder& from, std::size_t row) {
  if (std::isnan(from.number_[row])) return Interner::kNone;
  return keep_text_ ? levels_.intern(from.text_[row]) : levels_.intern(print_float(from.number_[row]));
}

void ColumnBuilder::become_category(std::uint64_t line, std::string first_text) {
  is_category_ = true;
  numbers_before_ = static_cast<std::uint64_t>(
      std::count_if(number_.begin(), number_.end(), [](float value) { return !std::isnan(value); }));
  first_text_line_ = line;
  first_text_ = std::move(first_text);
  code_.reserve(number_.capacity());
  for (std::size_t row = 0; row < number_.size(); ++row) code_.push_back(intern_number(*this, row));
  number_ = {};
  text_ = {};
}

void ColumnBuilder::add_category(const Cell& cell, std::uint64_t line) {
  if (!is_category_) become_category(line, print(cell));
  if (cell.absent()) {
    code_.push_back(Interner::kNone);
  } else if (cell.kind != Cell::Kind::kNumber) {
    code_.push_back(levels_.intern_repeated(cell.text));
  } else {
    code_.push_back(levels_.intern(print_float(static_cast<float>(cell.number))));
  }
}

void ColumnBuilder::append(ColumnBuilder&& later, std::size_t rows) {
  pad(rows);
  if (later.is_category_ && !is_category_) {
    become_category(later.first_text_line_, later.first_text_);
    numbers_before_ += later.numbers_before_;
  }
  if (!is_category_) {
    number_.insert(number_.end(), later.number_.begin(), later.number_.end());
    text_.insert(text_.end(), later.text_.begin(), later.text_.end());
    return;
  }
  if (!later.is_category_) {
    code_.reserve(code_.size() + later.number_.size());
    for (std::size_t row = 0; row < later.number_.size(); ++row) code_.push_back(intern_number(later, row));
    return;
  }
  // Levels are numbered by first appearance, there as here.
  std::vector<std::uint32_t> here(later.levels_.size());
  for (std::uint32_t level = 0; level < here.size(); ++level) here[level] = levels_.take(later.levels_, level);
  code_.reserve(code_.size() + later.code_.size());
  for (const std::uint32_t code : later.code_)
    code_.push_back(code == Interner::kNone ? Interner::kNone : here[code]);
}

// No number is NaN and no code is kNone but those of rows without a value.
void ColumnBuilder::fill_absent() {
  if (sparse_)
    for (float& value : number_)
      if (std::isnan(value)) value = 0;
  std::uint32_t nothing = Interner::kNone;
  for (std::uint32_t& code : code_) {
    if (code != Interner::kNone) continue;
    if (nothing == Interner::kNone) nothing = levels_.intern("");
    code = nothing;
  }
}

// A category none of whose levels is a word: numbers between quotes, in JSON or in a text column of Arrow.
bool ColumnBuilder::holds_numbers_as_text() const {
  std::size_t numbers = 0;
  for (std::uint32_t level = 0; level < levels_.size(); ++level) {
    const std::string_view text = levels_.name(level);
    if (text.empty()) continue;
    double number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(number)) return false;
    ++numbers;
  }
  return numbers > 1;
}

std::string ColumnBuilder::note_of(std::size_t missing) const {
  if (is_category_ && holds_numbers_as_text())
    return fmt::format(
        "Column {} is a category of {} levels: its values are numbers that are written as text, as {} is; "
        "without quotes they are read as numbers.",
        shown(name_), levels_.size(), shown(levels_.name(levels_.name(0).empty() ? 1 : 0)));
  if (is_category_)
    return numbers_before_ == 0
               ? ""
               : fmt::format("Column {} is a category: {} in line {} is no number, as {} before it {}.",
                             shown(name_), shown(first_text_), first_text_line_, numbers_before_,
                             numbers_before_ == 1 ? "is" : "are");
  return missing == 0 ? ""
                      : fmt::format(
                            "Column {} is a number and missing in {} of {} rows: its mean stands in, "
                            "with a column that says where.",
                            shown(name_), missing, number_.size());
}

// A column whose only words are those for no value ("NA") is one of numbers with holes.
void ColumnBuilder::become_number_again() {
  std::vector<float> value;
  std::size_t numbers = 0, words = 0;
  for (std::uint32_t level = 0; level < levels_.size(); ++level) {
    const std::string_view text = levels_.name(level);
    float number = std::numeric_limits<float>::quiet_NaN();
    if (is_missing_cell(text)) {
      ++words;
    } else {
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
      if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(number)) return;
      ++numbers;
    }
    value.push_back(number);
  }
  if (numbers == 0 || words == 0) return;
  is_category_ = false;
  number_.clear();
  number_.reserve(code_.size());
  for (const std::uint32_t code : code_)
    number_.push_back(code == Interner::kNone ? std::numeric_limits<float>::quiet_NaN() : value[code]);
  code_ = {};
}

FeatureColumn ColumnBuilder::finish(std::string* note) {
  if (is_category_ && !settled_ && !sparse_) become_number_again();
  const auto missing = static_cast<std::size_t>(
      std::count_if(number_.begin(), number_.end(), [](float value) { return std::isnan(value); }));
  // Nothing at all is no number.
  if (!is_category_ && !settled_ && !sparse_ && missing > 0 && missing == number_.size())
    become_category(0, "");
  fill_absent();
  *note = note_of(sparse_ ? 0 : missing);
  FeatureColumn out;
  out.name = name_;
  out.is_category = is_category_;
  out.number = std::move(number_);
  out.code = std::move(code_);
  text_ = {};
  if (is_category_) out.levels = levels_.take_names();
  return out;
}

FeatureColumn to_segment(FeatureColumn column) {
  if (column.is_category) return column;
  std::vector<float> distinct;
  for (const float value : column.number) {
    if (std::isnan(value)) continue;
    const auto at = std::lower_bound(distinct.begin(), distinct.end(), value);
    if (at != distinct.end() && *at == value) continue;
    if (distinct.size() == kSegmentLevels) return by_quartile(column);
    distinct.insert(at, value);
  }
  return by_value(column, distinct);
}

}  // namespace plumb
