// Lists of words, and what to do about cells that are nearly numbers.
#include "data/cell_words.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>

namespace plumb {

namespace {

constexpr std::array<std::string_view, 9> kMissing = {"",     "NA",   "N/A",  "n/a", "#N/A",
                                                      "<NA>", "None", "null", "NULL"};
constexpr std::array<std::string_view, 6> kTrue = {"True", "true", "TRUE", "Yes", "yes", "YES"};
constexpr std::array<std::string_view, 6> kFalse = {"False", "false", "FALSE", "No", "no", "NO"};

template <std::size_t N>
bool is_among(const std::array<std::string_view, N>& words, std::string_view text) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// The number at the start of a text: digits with points, commas and blanks among them.
std::string_view number_at_start(std::string_view text) {
  std::size_t end = text.starts_with('-') ? 1 : 0;
  const std::size_t first = end;
  while (end < text.size() && (is_digit(text[end]) || text[end] == '.' || text[end] == ',')) ++end;
  return end > first && is_digit(text[first]) ? text.substr(0, end) : std::string_view();
}

}  // namespace

bool is_missing_cell(std::string_view text) {
  return text.size() <= 4 && (is_among(kMissing, text) || text == "Null");
}

bool is_missing_cell(const Cell& cell) {
  return cell.absent() || (cell.kind == Cell::Kind::kText && is_missing_cell(cell.text));
}

std::optional<double> boolean_word(std::string_view text) {
  if (is_among(kTrue, text)) return 1.0;
  if (is_among(kFalse, text)) return 0.0;
  return std::nullopt;
}

std::string number_expected(const Cell& cell, std::string_view expected, char decimal) {
  const std::string plain(expected);
  if (cell.kind != Cell::Kind::kText || !std::isnan(cell.number)) return plain;
  const std::string_view text = cell.text, number = number_at_start(text);
  if (boolean_word(text))
    return plain + " (True and False, yes and no are read where the outcome's kind is \"binary\")";
  if (number.empty()) return plain;
  if (number.size() < text.size())
    return fmt::format("{} alone, without {}", plain, shown(text.substr(number.size())));
  if (decimal == ',')
    return plain + " as decimal = \",\" reads it: a comma before the decimals, no points between thousands";
  if (number.find(',') != std::string_view::npos)
    return plain +
           " with a decimal point (where the comma stands before the decimals, write decimal = \",\" below "
           "[data]; commas between thousands must go)";
  return plain;
}

void WordCount::add_missing(std::string_view word) {
  if (missing++ == 0) missing_word = word;
}

void WordCount::add_truth(std::string_view word) {
  if (truth++ == 0) truth_word = word;
}

void WordCount::add_quoted(std::string_view word) {
  if (quoted++ == 0) quoted_word = word;
}

void WordCount::append(const WordCount& later) {
  if (missing == 0) missing_word = later.missing_word;
  if (truth == 0) truth_word = later.truth_word;
  if (quoted == 0) quoted_word = later.quoted_word;
  quoted += later.quoted;
  missing += later.missing;
  truth += later.truth;
}

std::vector<std::string> word_notes(std::string_view name, const WordCount& count) {
  std::vector<std::string> out;
  if (count.missing > 0)
    out.push_back(fmt::format("Outcome {}: {} with a word such as {}, read as no value.", name,
                              count.missing == 1 ? "1 cell" : fmt::format("{} cells", count.missing),
                              shown(count.missing_word)));
  if (count.truth > 0)
    out.push_back(fmt::format("Outcome {}: {} with a word such as {}, read as 1 (true, yes) or 0 (false, no).",
                              name, count.truth == 1 ? "1 cell" : fmt::format("{} cells", count.truth),
                              shown(count.truth_word)));
  if (count.quoted > 0)
    out.push_back(
        fmt::format("Outcome {}: {} between quotes, such as {}, read as {}.", name,
                    count.quoted == 1 ? "1 number stands" : fmt::format("{} numbers stand", count.quoted),
                    shown(count.quoted_word), count.quoted == 1 ? "a number" : "numbers"));
  return out;
}

}  // namespace plumb
