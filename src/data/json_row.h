// Lines of decision logs as nodes. Every line is valid JSON and UTF-8 to the last byte, or refused: it is
// parsed whole (simdjson), or has the shape of a line that was, and then only its values are read.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "data/json_shape.h"

namespace plumb {

class JsonRow {
 public:
  // `shapes`: false parses every line, the reference that shapes are tested against.
  explicit JsonRow(bool shapes = true);
  ~JsonRow();
  // The object of one line; throws BadRow. It lives until the next line, as the line does. REQUIRES:
  // TextSource::kPadding readable bytes follow the line.
  JsonNode& read(std::string_view line);
  std::uint64_t matched() const { return matched_; }  // lines whose shape was known

 private:
  struct Parser;
  JsonNode* match(std::string_view line);
  std::unique_ptr<Parser> parser_;
  std::vector<JsonShape> shapes_;  // the latest first
  bool shapes_wanted_;
  int credit_ = 0;
  std::uint64_t rest_ = 0, longest_rest_ = 0, matched_ = 0;
};

}  // namespace plumb
