// Which of two a rater chose, from the words and codes of a file. Public files write 0 and 1, 1 and 2 with 0 as
// a tie, or 0, 1 and 2 with 1 as a tie: a bare number says nothing until somebody says what it means.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "data/feedback_record.h"

namespace plumb {

// What messages expect of an answer.
inline constexpr const char* kAnswerExpected =
    "\"first\", \"second\" or \"tie\" (a, b, tie); bare codes mean different things in different files and "
    "need "
    "a stated mapping, as in --answer 0=first,1=second,2=tie";

// Meanings, in this order: those that the options state; the words first, second, tie, a and b; the names of
// the two columns themselves, or the numbers that they end in (response_0 and response_1).
class AnswerCodes {
 public:
  // Throws Error{kInput} where a code has two meanings. `name` is the file's.
  AnswerCodes(const FeedbackOptions& options, const RoleMap& roles, const std::string& name);
  // Throws BadRow.
  Answer read(const Cell& cell, std::string_view what);
  // What was read by the columns' names, for the report; empty where nothing was.
  std::string note() const;

 private:
  std::optional<Answer> by_names(const Cell& cell) const;
  std::vector<std::pair<std::string, Answer>> stated_;
  std::string first_, second_;                                   // the names of the two columns
  std::optional<std::pair<std::string, std::string>> numbered_;  // the numbers that they end in
  bool named_ = false;
};

}  // namespace plumb
