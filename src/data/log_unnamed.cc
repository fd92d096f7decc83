// Columns that the goal does not name. They are kept for check_log, which asks whether they had a say in what
// was chosen; nothing else reads them, no digest holds them, and they never refuse a row. Memory is bounded:
// the first kMostUnnamedColumns of a file, none of more than kMostUnnamedLevels texts.
#include <algorithm>

#include "data/log_builder.h"
#include "plumb/balance.h"

namespace plumb {

std::optional<std::uint32_t> LogBuilder::unnamed_column(std::string_view name) {
  const auto found = std::find_if(unnamed_.begin(), unnamed_.end(),
                                  [&](const UnnamedColumn& c) { return c.column.name() == name; });
  const auto place = static_cast<std::uint32_t>(found - unnamed_.begin());
  if (found != unnamed_.end()) return place;
  if (!unnamed_wanted_ || unnamed_.size() == kMostUnnamedColumns) return std::nullopt;
  unnamed_.push_back({ColumnBuilder(std::string(name), keep_text_)});
  return place;
}

// Behind the row's other values: it is the last one.
void LogBuilder::add_unnamed(const RowDraft& row) {
  for (const auto& [column, slot, cell] : row.unnamed) {
    UnnamedColumn& to = unnamed_[column];
    if (to.given_up || to.column.rows() == log_.size()) continue;  // a key that stands twice: the first
    to.column.pad(log_.size() - 1);
    to.column.add(cell, row.line);
    if (to.column.levels() <= kMostUnnamedLevels) continue;
    to.given_up = true;
    to.column = ColumnBuilder(to.column.name(), keep_text_);
  }
}

void LogBuilder::append_unnamed(LogBuilder& later, std::size_t rows) {
  for (UnnamedColumn& from : later.unnamed_) {
    const auto place = unnamed_column(from.column.name());
    if (!place) continue;
    UnnamedColumn& to = unnamed_[*place];
    to.given_up = to.given_up || from.given_up;
    if (!to.given_up) {
      to.column.append(std::move(from.column), rows);
      to.given_up = to.column.levels() > kMostUnnamedLevels;
    }
    if (to.given_up) to.column = ColumnBuilder(to.column.name(), keep_text_);
  }
}

void LogBuilder::finish_unnamed() {
  std::string note;
  for (UnnamedColumn& unnamed : unnamed_) {
    if (unnamed.given_up) continue;
    unnamed.column.pad(log_.size());
    log_.unnamed.push_back(unnamed.column.finish(&note));
  }
  unnamed_.clear();
}

}  // namespace plumb
