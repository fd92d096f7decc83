// What single values of a judgement must satisfy, the same in CSV and in JSON.
#include <fmt/core.h>

#include <algorithm>
#include <charconv>

#include "data/cell_words.h"
#include "data/feedback_record.h"
#include "data/log_builder.h"

namespace plumb {

namespace {

// As in decision logs: exact as doubles, and written times can be read again.
constexpr std::int64_t kFarthestUs = 9'000'000'000'000'000;

double number_in(const Cell& cell, std::string_view what, const char* expected) {
  double value = cell.number;
  const bool is_number =
      cell.kind == Cell::Kind::kNumber || (cell.text.data() != nullptr && read_number(cell.text, &value));
  if (!is_number || !std::isfinite(value)) throw BadRow{std::string(what), shown(cell), expected};
  return value;
}

}  // namespace

void RecordDraft::clear() {
  id.reset();
  rater.reset();
  time_us.reset();
  unit.reset();
  weight.reset();
  prompt = {};
  items.clear();
  prompt_cells.clear();
  cells.clear();
  rank.clear();
  order_known = true;
  placed = false;
  expected = Answer::kTie;
}

std::string_view checked_text(std::string_view text, std::string_view what) {
  if (text.size() > kLongestText)
    throw BadRow{std::string(what), fmt::format("a text of {} bytes", text.size()),
                 fmt::format("at most {} bytes", kLongestText)};
  if (text.find_first_not_of(" \t\r\n") == std::string_view::npos)
    throw BadRow{std::string(what), text.empty() ? "an empty text" : "only white space",
                 "a text that says something"};
  return text;
}

std::string_view checked_name_of(const Cell& cell, std::string_view what, std::string* scratch) {
  if (cell.kind == Cell::Kind::kText && !cell.text.empty()) return checked_text(cell.text, what);
  // 2^53: doubles are whole numbers without doubt up to here. JSON's true and false are not `integer`.
  const bool whole = cell.kind == Cell::Kind::kNumber &&
                     (cell.integer || (cell.number == std::trunc(cell.number) && std::abs(cell.number) < 9e15));
  if (!whole) throw BadRow{std::string(what), shown(cell), "a text or a whole number"};
  *scratch = print(cell);
  return *scratch;
}

bool checked_shown_order(const Cell& cell, std::string_view what) {
  if (cell.kind == Cell::Kind::kText && cell.text == "known") return true;
  if (cell.kind == Cell::Kind::kText && cell.text == "unknown") return false;
  throw BadRow{std::string(what), shown(cell), "known or unknown"};
}

Answer checked_expected(Answer answer, std::string_view what) {
  if (answer == Answer::kTie)
    throw BadRow{std::string(what), "a tie", "the one of the two that a check item has as its right answer"};
  return answer;
}

bool names_nobody(const Cell& cell) {
  static constexpr std::string_view kNobody[] = {"nan",  "NaN",  "NAN",  "NA",   "N/A",  "n/a",  "<NA>",
                                                 "<na>", "None", "none", "NONE", "null", "NULL", "Null"};
  if (cell.kind == Cell::Kind::kNumber) return std::isnan(cell.number);
  if (cell.kind != Cell::Kind::kText) return cell.absent();
  const std::size_t start = cell.text.find_first_not_of(" \t\r\n");
  if (start == std::string_view::npos) return true;
  const std::string_view word = cell.text.substr(start, cell.text.find_last_not_of(" \t\r\n") + 1 - start);
  return std::find(std::begin(kNobody), std::end(kNobody), word) != std::end(kNobody);
}

std::string nobody_note(std::uint64_t records) {
  return fmt::format("{} {} nan, NA, None or nothing for a rater, which is read as nobody, not as a person.",
                     records, records == 1 ? "record has" : "records have");
}

std::int64_t checked_time_of(const Cell& cell, std::string_view what) {
  std::int64_t time = 0;
  if (cell.kind == Cell::Kind::kText && cell.text.ends_with(" UTC")) {
    const std::string zoned = std::string(cell.text.substr(0, cell.text.size() - 4)) + "Z";
    Cell changed = cell;
    changed.text = zoned;
    try {
      time = LogBuilder::checked_time(changed, what);
    } catch (BadRow& bad) {
      throw BadRow{bad.what, shown(cell), bad.expected};
    }
  } else {
    time = LogBuilder::checked_time(cell, what);
  }
  if (time > kFarthestUs || time < -kFarthestUs)
    throw BadRow{std::string(what), shown(cell), "a time before the year 2255"};
  return time;
}

std::uint64_t checked_unit_hash(const Cell& cell, std::string_view what) {
  std::uint64_t value = 0;
  if (cell.kind == Cell::Kind::kText && cell.text.size() == 16) {
    const char* end = cell.text.data() + 16;
    if (std::from_chars(cell.text.data(), end, value, 16).ptr == end) return value;
  }
  throw BadRow{std::string(what), shown(cell), "sixteen hexadecimal digits"};
}

float checked_weight(const Cell& cell, std::string_view what) {
  const char* expected = "a number above 0 (1 / the probability of having been asked)";
  const double value = number_in(cell, what, expected);
  const auto weight = static_cast<float>(std::min(value, 1e39));
  if (!(weight > 0) || !std::isfinite(weight)) throw BadRow{std::string(what), shown(cell), expected};
  return weight;
}

double checked_rating(const Cell& cell, std::string_view what) {
  return number_in(cell, what, kRatingExpected);
}

bool checked_up(const Cell& cell, std::string_view what) {
  const auto truth = cell.kind == Cell::Kind::kText ? boolean_word(cell.text) : std::nullopt;
  if (truth) return *truth == 1;
  if (cell.number == 1) return true;
  if (cell.number == 0) return false;
  throw BadRow{std::string(what), shown(cell),
               "true or false (1, 0, yes, no); grades are ratings: --column rating=" + std::string(what)};
}

}  // namespace plumb
