// Which keys of JSON lines are columns: those of the context, those of action features.
#pragma once

#include <fmt/core.h>

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "data/json_node.h"
#include "data/log_builder.h"
#include "data/rows.h"

namespace plumb {

// The numbers of keys: kept in the line's nodes, else guessed from where they stood in the line before.
class KeyPlan {
 public:
  std::uint32_t number(std::size_t position, JsonNode& node) {
    if (node.name == JsonNode::kNoName) node.name = number_of(position, node.key);
    return node.name;
  }

 private:
  std::uint32_t number_of(std::size_t position, std::string_view key) {
    if (position < guess_.size() && names_.name(guess_[position]) == key) return guess_[position];
    if (position >= guess_.size()) guess_.resize(position + 1, 0);
    return guess_[position] = names_.intern(key);
  }
  Interner names_;
  std::vector<std::uint32_t> guess_;
};

// The columns of context or of action features: all objects must have the same keys. Until fixed, the object in
// hand makes them.
class JsonlSchema {
 public:
  using Keeps = bool (LogBuilder::*)(std::string_view) const;
  JsonlSchema(std::string group, std::vector<std::string> patterns, const LogBuilder& builder, Keeps keeps)
      : group_(std::move(group)), patterns_(std::move(patterns)), builder_(&builder), keeps_(keeps) {}
  // The same columns for another block's builder.
  JsonlSchema for_builder(const LogBuilder& builder) const {
    JsonlSchema out = *this;
    out.builder_ = &builder;
    return out;
  }
  const std::vector<std::string>& names() const { return names_; }
  // Numbers of keys stay.
  void forget() {
    names_.clear();
    column_.clear();
  }
  void fix(std::uint64_t line) {
    fixed_ = true;
    line_ = line;
  }
  // The number of a member's key; its column, or -1 where no pattern wants it. Throws BadRow for a column that
  // came after the fixing.
  std::uint32_t number(std::size_t position, JsonNode& member) { return plan_.number(position, member); }
  int column(std::uint32_t number, std::string_view key) {
    if (number < column_.size() && column_[number] >= -1) return column_[number];
    if (number >= column_.size()) column_.resize(number + 1, kUnknown);
    if (column_[number] == kUnknown) column_[number] = resolve(key);
    if (column_[number] == kNew)
      throw BadRow{group_, "a new key " + shown(key), fmt::format("the same keys as in line {}", line_)};
    return column_[number];
  }
  std::string what(std::string_view key) const { return group_ + "." + std::string(key); }
  [[noreturn]] void missing(std::span<const Cell> cells) const {
    std::size_t at = 0;
    while (at < cells.size() && !cells[at].absent()) ++at;
    throw BadRow{group_, at < cells.size() ? "no " + shown(names_[at]) : "no keys",
                 fmt::format("a value for each of the {} keys of line {}", names_.size(), line_)};
  }
  // Checks and sets a value, refusing a second one. null is a missing value.
  void set(Cell& into, const JsonNode& node, std::string_view key) const {
    if (node.type == JsonNode::Type::kNull) return;
    const Cell& cell = node.cell;
    if (!into.absent()) throw BadRow{what(key), "a second value", "every key once"};
    if (!ColumnBuilder::takes(cell)) ColumnBuilder::check(cell, what(key), /*allow_absent=*/false);
    into = cell;
  }
  bool fixed() const { return fixed_; }

 private:
  static constexpr int kNew = -2, kUnknown = -3;
  int resolve(std::string_view key) {
    const bool wanted = patterns_.empty() || std::any_of(patterns_.begin(), patterns_.end(),
                                                         [&](const std::string& p) { return matches(p, key); });
    if (!wanted || !(builder_->*keeps_)(key)) return -1;
    if (fixed_) return kNew;
    names_.emplace_back(key);
    return static_cast<int>(names_.size()) - 1;
  }
  std::string group_;
  std::vector<std::string> patterns_, names_;
  const LogBuilder* builder_;
  Keeps keeps_;
  KeyPlan plan_;
  std::vector<int> column_;
  bool fixed_ = false;
  std::uint64_t line_ = 0;
};

}  // namespace plumb
