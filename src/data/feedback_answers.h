// Which of two a rater chose, from the words and codes of a file. Public files write 0 and 1, 1 and 2 with 0 as
// a tie, or 0, 1 and 2 with 1 as a tie: a bare number says nothing until somebody says what it means.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "data/feedback_record.h"

namespace plumb {

// What messages expect of an answer.
inline constexpr const char* kAnswerExpected =
    "\"first\", \"second\" or \"tie\", or a stated mapping of every code, as in --answer "
    "0=first,1=second,2=tie";

// Meanings: those that the options state; else the words first, second, tie (draw, equal), a and b in small or
// capital letters; the names of the two columns themselves, or the numbers or letters that they end in
// (response_0 and response_1, human_ref_A and human_ref_B); the names or texts of the two items, where these
// are words. An answer that two of these understand differently ("a", where the item a stands second), and a
// small number that is one item's name, have no meaning until one is stated.
class AnswerCodes {
 public:
  // Throws Error{kInput} where a code has two meanings. `name` is the file's.
  AnswerCodes(const FeedbackOptions& options, const RoleMap& roles, const std::string& name);
  // Throws BadRow. REQUIRES: two items, the first and the second.
  Answer read(const Cell& cell, std::span<const ThingDraft> items, std::string_view what);
  // How answers were read that are not the words, for the report; empty where all are.
  std::string note() const;

 private:
  std::optional<Answer> by_names(const Cell& cell) const;
  std::vector<std::pair<std::string, Answer>> stated_;
  std::string first_, second_;                                   // the names of the two columns
  std::optional<std::pair<std::string, std::string>> numbered_;  // what they end in
  bool named_ = false, by_items_ = false;
};

}  // namespace plumb
