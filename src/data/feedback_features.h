// The feature columns of prompts or of items, a row each: all have the same keys, which the first fixes.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "data/columns.h"
#include "data/rows.h"

namespace plumb {

class FeatureSet {
 public:
  explicit FeatureSet(std::string group) : group_(std::move(group)) {}

  // Before a record: what a refused one left behind is forgotten, until the keys are fixed.
  void start_record();
  // Appends the cells of one object in the columns' order. Until the keys are fixed, the record's first object
  // makes them. Throws BadRow.
  void arrange(std::span<const std::pair<std::string_view, Cell>> fields, std::vector<Cell>* cells);
  std::size_t width() const { return names_.size(); }
  // Throws BadRow: a new prompt or item came without the features that the others have.
  [[noreturn]] void missing(std::string_view name) const;
  // Of names and values, as the columns hold them.
  std::uint64_t digest(std::span<const Cell> cells) const;

  // Takes a row; the keys are fixed from here on. REQUIRES: cells are what arrange() gave, or there are no
  // keys.
  void add(std::span<const Cell> cells, std::uint64_t line);
  std::vector<FeatureColumn> finish(std::vector<std::string>* notes);

 private:
  std::size_t column(std::size_t position, std::string_view key);
  std::string group_;
  std::vector<std::string> names_;
  std::vector<std::uint64_t> name_hashes_;
  std::vector<ColumnBuilder> columns_;
  bool made_ = false, fixed_ = false;
  std::uint64_t line_ = 0;  // that fixed the keys
};

}  // namespace plumb
