// JSON text cut into records: lines, or the elements of an array. Elements are found by their brackets and
// quotes alone, so that one that is not JSON is refused by itself, with its line.
#include <algorithm>

#include "data/feedback_readers.h"
#include "data/rows.h"

namespace plumb {

namespace {

constexpr std::string_view kSpace = " \t\r\n";

// Behind the closing quote of the string that opens at `at`; npos where it never closes.
std::size_t skip_string(std::string_view text, std::size_t at) {
  while (true) {
    at = text.find('"', at + 1);
    if (at == std::string_view::npos) return at;
    std::size_t slashes = 0;
    while (text[at - 1 - slashes] == '\\') ++slashes;
    if (slashes % 2 == 0) return at + 1;
  }
}

// What a value may touch.
bool is_edge(char c) { return kSpace.find(c) != std::string_view::npos || c == ',' || c == ':'; }

}  // namespace

JsonRecords::JsonRecords(std::string_view text, bool array, std::string name)
    : text_(text), array_(array), name_(std::move(name)), lines_(array ? std::string_view() : text) {}

std::uint64_t JsonRecords::line_at(std::size_t at) {
  lines_before_ +=
      static_cast<std::uint64_t>(std::count(text_.begin() + static_cast<std::ptrdiff_t>(counted_),
                                            text_.begin() + static_cast<std::ptrdiff_t>(at), '\n'));
  counted_ = at;
  return lines_before_;
}

bool JsonRecords::next() {
  if (!array_) {
    if (!lines_.next()) return false;
    ++number_;
    record_ = lines_.line();
    line_ = lines_.number();
    return true;
  }
  if (ended_) return false;
  const bool first = at_ == 0;
  if (first) at_ = text_.find('[') + 1;
  const std::size_t start = text_.find_first_not_of(kSpace, at_);
  if (start == std::string_view::npos)
    refuse(name_ + ":" + std::to_string(line_at(text_.size())), "JSON", "the end of the file in a list",
           "a list that is closed by ]");
  if (first && text_[start] == ']') {
    at_ = start;
    next_element();
    return false;
  }
  at_ = start;
  line_ = line_at(start);
  ++number_;
  next_element();
  record_ = text_.substr(start, record_.size());
  return true;
}

// Moves behind the value at `at_` and the comma or bracket that follows it.
void JsonRecords::next_element() {
  const std::size_t start = at_;
  std::size_t depth = 0, at = at_;
  while (true) {
    at = text_.find_first_of("\"{}[],", at);
    if (at == std::string_view::npos)
      refuse(name_ + ":" + std::to_string(line_at(start)), "JSON",
             "the end of the file in record " + std::to_string(number_),
             "a list of objects that is closed by ]");
    const char c = text_[at];
    if (c == '"') {
      const std::size_t end = skip_string(text_, at);
      at = end == std::string_view::npos ? text_.size() : end;
      continue;
    }
    if (c == '{' || c == '[') ++depth;
    if (depth == 0 && (c == ',' || c == ']')) break;
    if (c == '}' || c == ']') depth = depth > 0 ? depth - 1 : 0;
    ++at;
  }
  std::size_t end = at;
  while (end > start && kSpace.find(text_[end - 1]) != std::string_view::npos) --end;
  record_ = text_.substr(start, end - start);
  at_ = at + 1;
  if (text_[at] == ',') return;
  ended_ = true;
  const std::size_t behind = text_.find_first_not_of(kSpace, at_);
  if (behind != std::string_view::npos)
    refuse(name_ + ":" + std::to_string(line_at(behind)), "JSON", shown(text_.substr(behind, 61)),
           "nothing behind the list");
}

bool has_bare_nan(std::string_view json, std::string* out) {
  bool found = false;
  std::size_t copied = 0;
  if (out != nullptr) out->clear();
  for (std::size_t at = 0; (at = json.find_first_of("\"N", at)) != std::string_view::npos;) {
    if (json[at] == '"') {
      at = skip_string(json, at);
      if (at == std::string_view::npos) break;
      continue;
    }
    const std::size_t end = at + 3;
    const bool alone = json.substr(at, 3) == "NaN" && at > 0 &&
                       (is_edge(json[at - 1]) || json[at - 1] == '[') && end < json.size() &&
                       (is_edge(json[end]) || json[end] == ']' || json[end] == '}');
    if (!alone) {
      ++at;
      continue;
    }
    found = true;
    if (out == nullptr) return true;
    out->append(json.substr(copied, at - copied)).append("null");
    copied = at = end;
  }
  if (out != nullptr && found) out->append(json.substr(copied));
  return found;
}

}  // namespace plumb
