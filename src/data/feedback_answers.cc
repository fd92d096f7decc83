#include "data/feedback_answers.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

namespace plumb {

namespace {

// A code as files write it, alike for 1, "1" and "1.0".
bool is_code(const Cell& cell, std::string_view code) {
  double value = 0;
  const std::optional<double> number = number_in(cell);
  if (number && read_number(code, &value)) return *number == value;
  return cell.kind == Cell::Kind::kText && cell.text == code;
}

std::size_t digits_at_end(std::string_view name) {
  std::size_t digits = 0;
  while (digits < name.size() && name[name.size() - 1 - digits] >= '0' && name[name.size() - 1 - digits] <= '9')
    ++digits;
  return digits;
}

// The numbers that two names end in which are the same before them.
std::optional<std::pair<std::string, std::string>> numbers_of(std::string_view first, std::string_view second) {
  const std::size_t a = digits_at_end(first), b = digits_at_end(second);
  if (a == 0 || b == 0 || a == first.size() || b == second.size()) return std::nullopt;
  if (first.substr(0, first.size() - a) != second.substr(0, second.size() - b)) return std::nullopt;
  return std::pair(std::string(first.substr(first.size() - a)), std::string(second.substr(second.size() - b)));
}

char small(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string small(std::string_view word) {
  std::string out(word);
  for (char& c : out) c = small(c);
  return out;
}

// The single letters that two names end in, behind _, - or a blank, which are the same before them.
std::optional<std::pair<std::string, std::string>> letters_of(std::string_view first, std::string_view second) {
  const std::size_t size = first.size();
  if (size < 3 || second.size() != size || first.substr(0, size - 1) != second.substr(0, size - 1))
    return std::nullopt;
  const auto letter = [](char c) { return small(c) >= 'a' && small(c) <= 'z'; };
  if (std::string_view("_- .").find(first[size - 2]) == std::string_view::npos || !letter(first.back()) ||
      !letter(second.back()))
    return std::nullopt;
  return std::pair(std::string(first.substr(size - 1)), std::string(second.substr(size - 1)));
}

std::optional<Answer> by_words(const Cell& cell) {
  if (cell.kind != Cell::Kind::kText) return std::nullopt;
  const std::string word = small(cell.text);
  if (word == "first" || word == "a") return Answer::kFirst;
  if (word == "second" || word == "b") return Answer::kSecond;
  if (word == "tie" || word == "draw" || word == "equal") return Answer::kTie;
  return std::nullopt;
}

// The item whose name or text the answer is.
std::optional<Answer> by_items(const Cell& cell, std::span<const ThingDraft> items) {
  const std::string word = print(cell);
  if (word.empty()) return std::nullopt;
  const auto is = [&](const ThingDraft& item) { return item.name == word || item.text == word; };
  if (is(items[0]) == is(items[1])) return std::nullopt;
  return is(items[0]) ? Answer::kFirst : Answer::kSecond;
}

// A number that files write as a code: where items are numbers too, nobody can tell which is meant.
bool may_be_a_code(const Cell& cell) {
  constexpr double kLargestCode = 3;
  const std::optional<double> number = number_in(cell);
  return number && std::abs(*number) <= kLargestCode;
}

}  // namespace

AnswerCodes::AnswerCodes(const FeedbackOptions& options, const RoleMap& roles, const std::string& name)
    : stated_(options.answers) {
  for (std::size_t a = 0; a < stated_.size(); ++a)
    for (std::size_t b = 0; b < a; ++b)
      if (is_code(csv_cell(stated_[a].first), stated_[b].first))
        refuse(name, "answers", shown(stated_[a].first) + " twice", "one meaning a code");
  const auto column = [&](Role own, Role text) {
    return roles.mapped(own).empty() && !roles.mapped(text).empty() ? roles.mapped(text) : roles.name(own);
  };
  first_ = column(kFirstRole, kFirstTextRole);
  second_ = column(kSecondRole, kSecondTextRole);
  numbered_ = numbers_of(first_, second_);
  if (!numbered_) numbered_ = letters_of(first_, second_);
}

std::optional<Answer> AnswerCodes::by_names(const Cell& cell) const {
  if (cell.kind == Cell::Kind::kText && cell.text == first_) return Answer::kFirst;
  if (cell.kind == Cell::Kind::kText && cell.text == second_) return Answer::kSecond;
  const auto ends_so = [&](const std::string& ending) {
    return is_code(cell, ending) || (cell.kind == Cell::Kind::kText && small(cell.text) == small(ending));
  };
  if (numbered_ && ends_so(numbered_->first)) return Answer::kFirst;
  if (numbered_ && ends_so(numbered_->second)) return Answer::kSecond;
  return std::nullopt;
}

Answer AnswerCodes::read(const Cell& cell, std::span<const ThingDraft> items, std::string_view what) {
  for (const auto& [code, answer] : stated_)
    if (is_code(cell, code)) return answer;
  const std::optional<Answer> word = by_words(cell), column = by_names(cell), item = by_items(cell, items);
  const auto differ = [](const std::optional<Answer>& a, const std::optional<Answer>& b) {
    return a && b && *a != *b;
  };
  const auto position = [](const std::optional<Answer>& a) {
    return *a == Answer::kFirst ? "first" : *a == Answer::kSecond ? "second" : "tie";
  };
  if (differ(word, column))
    throw BadRow{std::string(what),
                 fmt::format("{}, the {} by the columns' names", shown(cell), position(column)),
                 "a stated mapping of every code, as in --answer A=first,B=second"};
  const std::optional<Answer> meant = column ? column : word;
  // Objects with an id are what write_feedback writes, and its words are positions.
  if (differ(meant, item) && items[0].bare && items[1].bare)
    throw BadRow{std::string(what), fmt::format("{}, which names an item shown as the other", shown(cell)),
                 "other names for items, or a stated mapping, as in --answer a=first,b=second"};
  if (meant) {
    if (!word) named_ = true;
    return *meant;
  }
  if (item && !may_be_a_code(cell)) {
    by_items_ = true;
    return *item;
  }
  throw BadRow{std::string(what), shown(cell), kAnswerExpected};
}

std::string AnswerCodes::note() const {
  std::string out;
  if (named_) {
    const std::string ends =
        numbered_ ? fmt::format(" ({} and {})", numbered_->first, numbered_->second) : std::string();
    out = fmt::format("Answers are read by the names of the columns{}: {} is the first, {} the second.", ends,
                      shown(first_), shown(second_));
  }
  if (by_items_) out += std::string(named_ ? " " : "") + "Answers that name an item are read as that item.";
  return out;
}

}  // namespace plumb
