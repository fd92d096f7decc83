// One line of JSON as a list of nodes, in the order of the text: a value, then everything inside it. Readers of
// decision logs walk these, whoever made them (json_row.h).
#pragma once

#include <cstdint>
#include <string_view>

#include "data/rows.h"

namespace plumb {

struct JsonNode {
  enum class Type : std::uint8_t { kNull, kBool, kNumber, kText, kArray, kObject };
  static constexpr std::uint32_t kNoName = 0xffffffffu;

  std::string_view key;    // of a member of an object
  Cell cell;               // booleans are 0 or 1; null is absent; nested values are kOther
  std::uint32_t size = 1;  // nodes of this value with everything inside it; they follow one another
  // Room for the reader: what it found this place of the line to stand for. Kept as long as lines look alike,
  // kNoName whenever the node is new. REQUIRES: it depends on the keys, types and order of the line alone.
  std::uint32_t name = kNoName;
  Type type = Type::kNull;

  bool is_object() const { return type == Type::kObject; }
  bool is_array() const { return type == Type::kArray; }
  bool is_nested() const { return is_object() || is_array(); }

  // The values right inside this one.
  class Iterator {
   public:
    explicit Iterator(JsonNode* at) : at_(at) {}
    JsonNode& operator*() const { return *at_; }
    Iterator& operator++() {
      at_ += at_->size;
      return *this;
    }
    bool operator!=(const Iterator& other) const { return at_ != other.at_; }

   private:
    JsonNode* at_;
  };
  struct Children {
    JsonNode *first, *last;
    Iterator begin() const { return Iterator(first); }
    Iterator end() const { return Iterator(last); }
  };
  Children children() { return {this + 1, this + size}; }
};

}  // namespace plumb
