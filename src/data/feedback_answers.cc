#include "data/feedback_answers.h"

#include <fmt/core.h>

#include <algorithm>

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
}

std::optional<Answer> AnswerCodes::by_names(const Cell& cell) const {
  if (cell.kind == Cell::Kind::kText && cell.text == first_) return Answer::kFirst;
  if (cell.kind == Cell::Kind::kText && cell.text == second_) return Answer::kSecond;
  if (numbered_ && is_code(cell, numbered_->first)) return Answer::kFirst;
  if (numbered_ && is_code(cell, numbered_->second)) return Answer::kSecond;
  return std::nullopt;
}

Answer AnswerCodes::read(const Cell& cell, std::string_view what) {
  for (const auto& [code, answer] : stated_)
    if (is_code(cell, code)) return answer;
  if (cell.kind == Cell::Kind::kText) {
    if (cell.text == "first" || cell.text == "a") return Answer::kFirst;
    if (cell.text == "second" || cell.text == "b") return Answer::kSecond;
    if (cell.text == "tie") return Answer::kTie;
  }
  if (const std::optional<Answer> answer = by_names(cell)) {
    named_ = true;
    return *answer;
  }
  throw BadRow{std::string(what), shown(cell), kAnswerExpected};
}

std::string AnswerCodes::note() const {
  if (!named_) return "";
  const std::string numbers =
      numbered_ ? fmt::format(" ({} and {})", numbered_->first, numbered_->second) : std::string();
  return fmt::format("Answers are read by the names of the columns{}: {} is the first, {} the second.", numbers,
                     shown(first_), shown(second_));
}

}  // namespace plumb
