// When lines are compared with shapes: as long as that pays. Logs whose lines are all different are parsed, and
// only now and then asked whether they have become alike.
#include "data/json_row.h"

#include <algorithm>

#include "data/json_value.h"

namespace plumb {

namespace {

constexpr std::size_t kShapes = 4;
// Two lines that match pay for one that does not; so many that do not are borne before shapes are left alone,
// for a while that doubles.
constexpr int kMostCredit = 32, kMiss = 2;
constexpr std::uint64_t kFirstRest = 64, kLongestRest = 4096;

JsonNode::Type type_of(simdjson::dom::element value) {
  using simdjson::dom::element_type;
  switch (value.type()) {
    case element_type::NULL_VALUE:
      return JsonNode::Type::kNull;
    case element_type::BOOL:
      return JsonNode::Type::kBool;
    case element_type::STRING:
      return JsonNode::Type::kText;
    case element_type::ARRAY:
      return JsonNode::Type::kArray;
    case element_type::OBJECT:
      return JsonNode::Type::kObject;
    default:
      return JsonNode::Type::kNumber;
  }
}

}  // namespace

// simdjson's document as nodes.
struct JsonRow::Parser {
  JsonNode& read(std::string_view line) {
    const simdjson::dom::object object = parse_json_line(parser, line);
    nodes.assign(1, {});
    add_members(object);
    return nodes[0];
  }

  // Into the node that was made last.
  void add_members(simdjson::dom::object object) {
    const std::size_t at = nodes.size() - 1;
    nodes[at].type = JsonNode::Type::kObject;
    nodes[at].cell.kind = Cell::Kind::kOther;
    for (const auto& [key, value] : object) add(value, key);
    nodes[at].size = static_cast<std::uint32_t>(nodes.size() - at);
  }

  void add(simdjson::dom::element value, std::string_view key) {
    const std::size_t at = nodes.size();
    JsonNode& node = nodes.emplace_back();
    node.key = key;
    node.type = type_of(value);
    node.cell = json_cell(value);
    if (node.is_object()) {
      add_members(simdjson::dom::object(value));
    } else if (node.is_array()) {
      for (const simdjson::dom::element nested : simdjson::dom::array(value)) add(nested, {});
      nodes[at].size = static_cast<std::uint32_t>(nodes.size() - at);
    }
  }

  simdjson::dom::parser parser;
  std::vector<JsonNode> nodes;
};

JsonRow::JsonRow(bool shapes) : parser_(std::make_unique<Parser>()), shapes_wanted_(shapes) {}
JsonRow::~JsonRow() = default;

// The nodes of a line whose shape is known; null where none is.
JsonNode* JsonRow::match(std::string_view line) {
  for (std::size_t s = 0; s < shapes_.size(); ++s) {
    JsonNode* const found = shapes_[s].match(line);
    if (found == nullptr) continue;
    if (s > 0)
      std::rotate(shapes_.begin(), shapes_.begin() + static_cast<std::ptrdiff_t>(s),
                  shapes_.begin() + static_cast<std::ptrdiff_t>(s) + 1);
    return found;
  }
  return nullptr;
}

JsonNode& JsonRow::read(std::string_view line) {
  const bool compare = shapes_wanted_ && rest_ == 0;
  if (compare) {
    if (JsonNode* const found = match(line)) {
      ++matched_;
      credit_ = std::min(credit_ + 1, kMostCredit);
      longest_rest_ = credit_ == kMostCredit ? kFirstRest : longest_rest_;
      return *found;
    }
  }
  JsonNode& root = parser_->read(line);
  if (!compare) {
    rest_ -= rest_ > 0;
    return root;
  }
  // A line may be of a known shape and have a value that is left to the parser.
  if (auto shape = JsonShape::of(line, {&root, root.size});
      shape &&
      std::none_of(shapes_.begin(), shapes_.end(), [&](const JsonShape& s) { return s.same(*shape); })) {
    if (shapes_.size() == kShapes) shapes_.pop_back();
    shapes_.insert(shapes_.begin(), std::move(*shape));
  }
  credit_ -= kMiss;
  if (credit_ < -kMostCredit) {
    credit_ = 0;
    longest_rest_ = std::clamp(2 * longest_rest_, kFirstRest, kLongestRest);
    rest_ = longest_rest_;
  }
  return root;
}

}  // namespace plumb
