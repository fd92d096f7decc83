// Where in a table every part of a decision stands: what the goal's [data] names, found among the columns.
// Tables of text (CSV) and of typed columns (Arrow) share it.
#pragma once

#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "data/log_builder.h"

namespace plumb {

// Places of the columns of a table; kNone: there is none.
struct ColumnMapping {
  static constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();
  std::size_t id = kNone, unit = kNone, time = kNone, version = kNone, action = kNone, propensity = kNone;
  std::vector<std::size_t> propensities;  // of every arm, in the arms' order
  std::vector<std::size_t> context, segments, outcomes, asked;
  std::vector<std::uint64_t> column_hash;  // of every column's name
  struct Unnamed {
    std::size_t place = 0;
    std::uint32_t column = 0;  // of the builder
  };
  std::vector<Unnamed> unnamed;  // columns that the goal does not name

  // A draft with a place for every value that fill_row fills.
  RowDraft draft() const;
};

// The place of a column. Throws Error{kInput} with the nearest name where there is none; `where` is the place
// of the header, `what` says who asks.
std::size_t column_place(const std::vector<std::string>& columns, std::string_view where, std::string_view name,
                         std::string_view what);

// Finds all that the goal names, and tells the builder its arms and its context. Throws Error{kInput} as above.
ColumnMapping map_columns(const std::vector<std::string>& columns, const std::string& where, const Goal& goal,
                          LogBuilder& builder);

// Fills what a row says of its decision, all but line, raw and fingerprint. A Row gives the value in a column
// as the role needs it: cell(c), feature(c) for context and segments, time(c), and name(c), its text. All may
// throw BadRow, as this does where a value cannot be used. What stands in columns that the goal does not name
// refuses no row: values that no column can hold are absent there.
template <class Row>
void fill_row(const ColumnMapping& map, const std::vector<std::string>& columns, const Goal& goal,
              const LogBuilder& builder, const Row& from, RowDraft& row) {
  constexpr std::size_t kNone = ColumnMapping::kNone;
  const auto name_at = [&](std::size_t c) -> std::optional<std::string_view> {
    if (c == kNone) return std::nullopt;
    const std::string_view text = from.name(c);
    if (text.empty()) throw BadRow{columns[c], "nothing", "a text or an integer"};
    return text;
  };
  row.words.clear();
  row.id = name_at(map.id);
  row.unit = name_at(map.unit);
  row.version = name_at(map.version);
  row.chosen_name = *name_at(map.action);
  if (map.time != kNone) row.time_us = LogBuilder::checked_time(from.time(map.time), columns[map.time]);
  for (std::size_t a = 0; a < map.propensities.size(); ++a) {
    const std::size_t c = map.propensities[a];
    row.propensities[a] = LogBuilder::checked_probability(from.cell(c), columns[c]);
  }
  if (map.propensity != kNone) {
    row.propensity = LogBuilder::checked_propensity(from.cell(map.propensity), columns[map.propensity]);
  } else if (const auto declared = builder.declared_propensity(row.chosen_name)) {
    row.propensity = *declared;
  } else {
    row.propensity = builder.propensity_of_arm(row.chosen_name, row.propensities);
  }
  for (std::size_t j = 0; j < map.context.size(); ++j) {
    row.context[j] = from.feature(map.context[j]);
    ColumnBuilder::check(row.context[j], columns[map.context[j]], /*allow_absent=*/true);
  }
  for (std::size_t s = 0; s < map.segments.size(); ++s) {
    row.segments[s] = from.feature(map.segments[s]);
    ColumnBuilder::check(row.segments[s], columns[map.segments[s]], /*allow_absent=*/true);
  }
  for (std::size_t a = 0; a < map.asked.size(); ++a)
    row.asked[a] = LogBuilder::checked_asked(from.cell(map.asked[a]), columns[map.asked[a]]);
  for (std::size_t j = 0; j < map.outcomes.size(); ++j) {
    row.outcomes[j] = std::numeric_limits<double>::quiet_NaN();
    if (map.outcomes[j] == kNone) continue;
    row.outcomes[j] =
        read_outcome(from.cell(map.outcomes[j]), goal.outcomes[j], static_cast<std::uint32_t>(j), row.words);
  }
  row.unnamed.clear();
  for (const auto& [place, column] : map.unnamed) {
    const Cell value = from.cell(place);
    if (ColumnBuilder::takes(value)) row.unnamed.push_back({column, 0, value});
  }
}

}  // namespace plumb
