// What lines of a log have in common: everything but their values. Rows of one log are mostly written by one
// program, the same keys in the same order with the same white space; such a line is known to be valid JSON,
// and what it says, once its bytes between the values are those of a line that was parsed.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "data/json_node.h"

namespace plumb {

class JsonShape {
 public:
  // The shape of a line that was parsed as these nodes; nothing where it is not worth having (a very long
  // line).
  static std::optional<JsonShape> of(std::string_view line, std::span<const JsonNode> nodes);

  // The nodes of a line of this shape, with its values: the same as parsing it gives. Null where the line is of
  // another shape or has a value that is left to the parser (escaped text, whole numbers beyond 64 bits, what
  // is not valid). Views live as long as the line; the nodes until the next call. REQUIRES:
  // TextSource::kPadding readable bytes follow the line.
  JsonNode* match(std::string_view line);
  bool same(const JsonShape& other) const {
    return text_ == other.text_ && steps_ == other.steps_ && tail_ == other.tail_;
  }

 private:
  // The bytes up to a value, which is one of the nodes.
  struct Step {
    std::uint32_t length = 0, node = 0;
    bool operator==(const Step&) const = default;
  };
  std::vector<char> text_;  // of all steps and of what follows the last value, then of the keys; padded
  std::vector<Step> steps_;
  std::uint32_t tail_ = 0;  // bytes behind the last value
  std::vector<JsonNode> nodes_;
};

}  // namespace plumb
