// Names of the goal file, found among a table's columns.
#include "data/column_mapping.h"

#include <algorithm>

namespace plumb {

namespace {

struct Header {
  const std::vector<std::string>& columns;
  const std::string& where;
  std::size_t column(std::string_view name, std::string_view what) const {
    return column_place(columns, where, name, what);
  }
  std::size_t optional_column(const std::string& name, std::string_view what) const {
    return name.empty() ? ColumnMapping::kNone : column(name, what);
  }
};

std::vector<std::string> context_names(const Header& header, const std::vector<std::string>& patterns) {
  std::vector<std::string> names;
  for (const std::string& pattern : patterns) {
    bool any = false;
    for (const std::string& column : header.columns) {
      if (!matches(pattern, column)) continue;
      any = true;
      if (std::find(names.begin(), names.end(), column) == names.end()) names.push_back(column);
    }
    if (!any) header.column(pattern, "data.context");  // throws, with the nearest name
  }
  return names;
}

// "mu_*": a column an arm, named by what the star stands for; a name without a star has none to name.
std::vector<std::string> map_propensities(const Header& header, const std::string& pattern,
                                          ColumnMapping& map) {
  std::vector<std::pair<std::string, std::size_t>> arms;
  const std::string prefix = pattern.substr(0, pattern.size() - 1);
  for (std::size_t c = 0; c < header.columns.size(); ++c) {
    const std::string& column = header.columns[c];
    if (pattern.ends_with('*') && column.starts_with(prefix) && column.size() > prefix.size())
      arms.emplace_back(column.substr(prefix.size()), c);
  }
  if (arms.empty()) header.column(pattern, "data.propensities");
  std::sort(arms.begin(), arms.end());
  std::vector<std::string> names;
  for (const auto& [name, column] : arms) {
    names.push_back(name);
    map.propensities.push_back(column);
  }
  return names;
}

// What no role of the goal stands in, but for columns that are known to be made after the choice.
void map_unnamed(const std::vector<std::string>& columns, const DataSpec& data, LogBuilder& builder,
                 ColumnMapping& map) {
  if (!builder.unnamed_wanted()) return;
  std::vector<std::uint8_t> named(columns.size(), 0);
  const auto name_place = [&](std::size_t place) {
    if (place != ColumnMapping::kNone) named[place] = 1;
  };
  for (const std::size_t place : {map.id, map.unit, map.time, map.version, map.action, map.propensity})
    name_place(place);
  for (const auto* places : {&map.propensities, &map.context, &map.segments, &map.outcomes, &map.asked})
    for (const std::size_t place : *places) name_place(place);
  for (std::size_t c = 0; c < columns.size(); ++c) {
    const auto after = [&](const std::string& pattern) { return matches(pattern, columns[c]); };
    if (named[c] || std::any_of(data.after_action.begin(), data.after_action.end(), after)) continue;
    if (const auto column = builder.unnamed_column(columns[c])) map.unnamed.push_back({c, *column});
  }
}

}  // namespace

RowDraft ColumnMapping::draft() const {
  RowDraft row;
  row.propensities.resize(propensities.size());
  row.context.resize(context.size());
  row.segments.resize(segments.size());
  row.asked.resize(asked.size());
  row.outcomes.resize(outcomes.size());
  return row;
}

std::size_t column_place(const std::vector<std::string>& columns, std::string_view where, std::string_view name,
                         std::string_view what) {
  const auto found = std::find(columns.begin(), columns.end(), name);
  if (found == columns.end())
    refuse(where, what, "no column " + shown(name), "column " + expected_name(name, columns));
  return static_cast<std::size_t>(found - columns.begin());
}

ColumnMapping map_columns(const std::vector<std::string>& columns, const std::string& where, const Goal& goal,
                          LogBuilder& builder) {
  const DataSpec& data = goal.data;
  const Header header{columns, where};
  ColumnMapping map;
  for (const std::string& name : columns) map.column_hash.push_back(hash_bytes(name));
  map.id = header.optional_column(data.id, "data.id");
  map.unit = header.optional_column(data.unit, "data.unit");
  map.time = header.optional_column(data.time, "data.time");
  map.version = header.optional_column(data.version, "data.version");
  map.action = header.column(data.action.empty() ? "action" : data.action, "data.action");
  if (data.propensity_number) {
    builder.set_fixed_arms({});
  } else if (!data.propensity_by_arm.empty()) {
    std::vector<std::string> arms;
    for (const auto& [arm, p] : data.propensity_by_arm) arms.push_back(arm);
    builder.set_fixed_arms(arms);
  } else {
    builder.set_fixed_arms(data.propensities.empty() ? std::vector<std::string>{}
                                                     : map_propensities(header, data.propensities, map));
    map.propensity = header.optional_column(data.propensity_column, "data.propensity");
    if (map.propensity == ColumnMapping::kNone && map.propensities.empty())
      map.propensity = header.column("propensity", "data.propensity");
  }
  auto context = context_names(header, data.context);
  std::erase_if(context, [&](const std::string& name) { return !builder.keeps_context(name); });
  builder.set_context(context);
  for (const std::string& name : context) map.context.push_back(header.column(name, "data.context"));
  for (const std::string& name : goal.all_segments()) map.segments.push_back(header.column(name, "segment"));
  for (const std::string& name : builder.asked_columns()) map.asked.push_back(header.column(name, "asked"));
  for (const OutcomeSpec& spec : goal.outcomes) {
    const std::string& name = spec.column.empty() ? spec.name : spec.column;
    // An outcome that is not a column here may come late, in a file of its own.
    const bool elsewhere =
        !data.outcome_files.empty() && std::find(columns.begin(), columns.end(), name) == columns.end();
    map.outcomes.push_back(elsewhere ? ColumnMapping::kNone : header.column(name, "outcome." + spec.name));
  }
  map_unnamed(columns, data, builder, map);
  return map;
}

}  // namespace plumb
