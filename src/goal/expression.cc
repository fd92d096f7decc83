// A recursive-descent parser for sums of weighted names. One pass, no backtracking.
#include "goal/expression.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

namespace plumb {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || static_cast<unsigned char>(c) > 127;
}
bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

class Parser {
 public:
  Parser(std::string_view text, std::string_view where, std::string_view what)
      : text_(text), where_(where), what_(what) {}

  std::vector<Term> sum() {
    std::vector<Term> terms;
    double sign = next_sign().value_or(1.0);
    while (true) {
      skip_spaces();
      const std::size_t start = position_;
      Term term = next_term();
      term.weight *= sign;
      for (const Term& earlier : terms) {
        if (earlier.outcome == term.outcome) {
          fail(start, fmt::format("the outcome {} a second time", term.outcome), "each outcome once");
        }
      }
      terms.push_back(term);
      skip_spaces();
      if (position_ == text_.size()) return terms;
      const std::optional<double> next = next_sign();
      if (!next) fail_here("+, - or the end");
      sign = *next;
    }
  }

 private:
  Term next_term() {
    Term term;
    const std::size_t start = position_;
    if (at_number()) {
      term.weight = number();
      if (!accept('*')) fail_here("* and an outcome after the weight");
      term.outcome = name();
    } else {
      term.outcome = name();
      if (accept('*')) term.weight = number();
    }
    if (term.weight == 0) fail(start, "the weight 0", "a weight other than 0");
    return term;
  }

  bool at_number() const {
    if (position_ == text_.size()) return false;
    const char c = text_[position_];
    return is_digit(c) || (c == '.' && position_ + 1 < text_.size() && is_digit(text_[position_ + 1]));
  }

  double number() {
    skip_spaces();
    if (!at_number()) fail_here("a number");
    double value = 0;
    const char* begin = text_.data() + position_;
    const auto [end, error] = std::from_chars(begin, text_.data() + text_.size(), value);
    if (error != std::errc() || !std::isfinite(value)) fail_here("a number that a double can hold");
    position_ += static_cast<std::size_t>(end - begin);
    return value;
  }

  std::string name() {
    skip_spaces();
    if (position_ == text_.size() || !is_letter(text_[position_]))
      fail_here("an outcome, or a number * an outcome");
    const std::size_t start = position_;
    while (position_ < text_.size() && (is_letter(text_[position_]) || is_digit(text_[position_]))) ++position_;
    return std::string(text_.substr(start, position_ - start));
  }

  std::optional<double> next_sign() {
    if (accept('+')) return 1.0;
    if (accept('-')) return -1.0;
    return std::nullopt;
  }

  bool accept(char c) {
    skip_spaces();
    if (position_ == text_.size() || text_[position_] != c) return false;
    ++position_;
    return true;
  }

  void skip_spaces() {
    while (position_ < text_.size() && is_space(text_[position_])) ++position_;
  }

  [[noreturn]] void fail(std::size_t at, const std::string& found, std::string_view expected) const {
    refuse(where_, what_, fmt::format("{} at character {} of \"{}\"", found, at + 1, text_), expected);
  }
  [[noreturn]] void fail_here(std::string_view expected) const {
    if (position_ == text_.size()) fail(position_, "the end", expected);
    fail(position_, fmt::format("\"{}\"", text_.substr(position_, 1)), expected);
  }

  std::string_view text_, where_, what_;
  std::size_t position_ = 0;
};

}  // namespace

std::vector<Term> parse_maximize(std::string_view text, std::string_view where, std::string_view what) {
  return Parser(text, where, what).sum();
}

bool is_outcome_name(std::string_view name) {
  if (name.empty() || !is_letter(name[0])) return false;
  for (const char c : name) {
    if (!is_letter(c) && !is_digit(c)) return false;
  }
  return true;
}

}  // namespace plumb
