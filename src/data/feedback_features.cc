// Feature columns that grow by a row a prompt or a row an item.
#include "data/feedback_features.h"

#include <fmt/core.h>

#include <algorithm>
#include <bit>

namespace plumb {

void FeatureSet::start_record() {
  if (fixed_) return;
  names_.clear();
  name_hashes_.clear();
  made_ = false;
}

std::size_t FeatureSet::column(std::size_t position, std::string_view key) {
  if (position < names_.size() && names_[position] == key) return position;
  const auto found = std::find(names_.begin(), names_.end(), key);
  if (found != names_.end()) return static_cast<std::size_t>(found - names_.begin());
  if (made_)
    throw BadRow{group_, "a new key " + shown(key),
                 fixed_ ? fmt::format("the same keys as in line {}", line_) : "the same keys for every option"};
  names_.emplace_back(key);
  name_hashes_.push_back(hash_bytes(key));
  return names_.size() - 1;
}

void FeatureSet::arrange(std::span<const std::pair<std::string_view, Cell>> fields, std::vector<Cell>* cells) {
  const std::size_t start = cells->size();
  cells->resize(start + std::max(names_.size(), made_ ? 0 : fields.size()));
  std::size_t position = 0;
  for (const auto& [key, cell] : fields) {
    const std::string what = group_ + "." + std::string(key);
    Cell& into = (*cells)[start + column(position++, key)];
    if (!into.absent()) throw BadRow{what, "a second value", "every key once"};
    ColumnBuilder::check(cell, what, /*allow_absent=*/false);
    into = cell;
  }
  made_ = true;
  for (std::size_t c = 0; c < names_.size(); ++c)
    if ((*cells)[start + c].absent())
      throw BadRow{
          group_, "no " + shown(names_[c]),
          fixed_ ? fmt::format("the same keys as in line {}", line_) : "the same keys for every option"};
}

void FeatureSet::missing(std::string_view name) const {
  throw BadRow{
      group_, "none for " + shown(name),
      fixed_ ? fmt::format("the {} keys of line {}", names_.size(), line_) : "the same keys for every option"};
}

std::uint64_t FeatureSet::digest(std::span<const Cell> cells) const {
  std::uint64_t h = 0;
  for (std::size_t c = 0; c < cells.size(); ++c) {
    const Cell& cell = cells[c];
    // Numbers as the column holds them, -0 as 0: what is equal there has one digest.
    const std::uint64_t value =
        cell.kind == Cell::Kind::kNumber
            ? hash_combine(1, std::bit_cast<std::uint32_t>(static_cast<float>(cell.number) + 0.0f))
            : hash_combine(2, hash_bytes(cell.text));
    h = hash_combine(h, hash_combine(name_hashes_[c], value));
  }
  return h;
}

void FeatureSet::add(std::span<const Cell> cells, std::uint64_t line) {
  if (!fixed_) {
    fixed_ = made_ = true;
    line_ = line;
    for (const std::string& name : names_) columns_.emplace_back(name, /*keep_text=*/false);
  }
  for (std::size_t c = 0; c < columns_.size(); ++c) columns_[c].add(cells[c], line);
}

std::vector<FeatureColumn> FeatureSet::finish(std::vector<std::string>* notes) {
  std::vector<FeatureColumn> out;
  for (ColumnBuilder& column : columns_) {
    std::string note;
    out.push_back(column.finish(&note));
    if (!note.empty()) notes->push_back(note);
  }
  return out;
}

}  // namespace plumb
