// What lines of a log have in common: everything but their values. Rows of one log are mostly written by one
// program, the same keys in the same order with the same white space; such a line is known to be valid JSON,
// and what it says, once its bytes between the values are those of a line that was parsed.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "data/json_node.h"

namespace plumb {

class JsonShape {
 public:
  // The shape of a line that was parsed as these nodes; nothing where it is not worth having (a very long
  // line).
  static std::optional<JsonShape> of(std::string_view line, std::span<const JsonNode> nodes);
  JsonShape(JsonShape&&) noexcept = default;
  JsonShape& operator=(JsonShape&&) noexcept = default;
  JsonShape(const JsonShape&) = delete;  // nodes view bytes of their shape

  // The nodes of a line of this shape, with its values: the same as parsing it gives. Null where the line is of
  // another shape or has a value that is left to the parser (escaped text, whole numbers beyond 64 bits, what
  // is not valid). Views live as long as the line; the nodes until the next call. REQUIRES:
  // TextSource::kPadding readable bytes follow the line.
  JsonNode* match(std::string_view line);
  bool same(const JsonShape& other) const;  // bytes around values, and what kind of values

 private:
  JsonShape() = default;
  // The bytes up to a value, which is one of the nodes.
  struct Step {
    std::uint32_t length = 0, node = 0;
    bool operator==(const Step&) const = default;
  };
  struct Steps {
    std::vector<char> text;  // of all steps and of what follows the last value; padded
    std::vector<Step> steps;
    std::uint32_t tail = 0;  // bytes behind the last value
    bool operator==(const Steps&) const = default;
  };
  bool run(const Steps& steps, std::string_view line, bool note);
  void learn_constants();
  void leave_out_constants();
  void count_misfit();

  Steps all_;
  std::vector<char> keys_;
  std::vector<JsonNode> nodes_;

  // Values that stay the same from line to line (what is offered, mostly) are bytes like those around them: of
  // `few_`, which is tried first. By value: the bytes it had in the lines looked at, and whether they differed.
  Steps few_;
  struct Value {
    std::string bytes;
    bool varies = false, suspect = false;
  };
  std::vector<Value> values_;
  std::vector<std::string_view> noted_;                    // of the line in hand
  std::vector<std::pair<std::uint32_t, Cell>> constants_;  // of few_: nodes and what they hold
  int learnt_lines_ = 0, misfits_ = 0;
  bool has_few_ = false, nodes_differ_ = false;
};

}  // namespace plumb
