// The readers of feedback, from text in memory: what read_feedback calls.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "data/text_source.h"
#include "plumb/feedback.h"

namespace plumb {

// All throw as read_feedback does. `report` may be null.
Feedback json_feedback_from(const TextSource& source, const FeedbackOptions& options, FeedbackReport* report);
Feedback csv_feedback_from(const TextSource& source, const FeedbackOptions& options, FeedbackReport* report);

// The elements of a JSON array, or the lines of a text, one record at a time.
class JsonRecords {
 public:
  // `array`: the text is one array; else a record a line. `name` is the file's.
  JsonRecords(std::string_view text, bool array, std::string name);
  // False after the last. Throws Error{kInput} where the array itself is broken: no record behind that place
  // can be told.
  bool next();
  std::string_view record() const { return record_; }
  std::uint64_t line() const { return line_; }      // where the record starts
  std::uint64_t number() const { return number_; }  // of the record, 1-based

 private:
  void next_element();
  std::uint64_t line_at(std::size_t at);
  std::string_view text_, record_;
  bool array_, ended_ = false;
  std::string name_;
  LineReader lines_;
  std::size_t at_ = 0, counted_ = 0;
  std::uint64_t line_ = 0, number_ = 0, lines_before_ = 1;
};

// Whether a bare NaN stands in JSON text, outside strings; where `out` is given it becomes the text with null
// in the place of each.
bool has_bare_nan(std::string_view json, std::string* out);

}  // namespace plumb
