// Decision logs in CSV and TSV: a row a decision, columns named by the goal file.
#include <fmt/core.h>

#include <algorithm>
#include <limits>

#include "data/csv.h"
#include "data/log_builder.h"
#include "data/readers.h"
#include "data/row_reader.h"

namespace plumb {

namespace {

constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();

// Where every field of a RowDraft stands.
struct Mapping {
  std::size_t id = kNone, unit = kNone, time = kNone, version = kNone, action = kNone, propensity = kNone;
  std::vector<std::size_t> propensities;  // of every arm, in the arms' order
  std::vector<std::size_t> context, segments, outcomes, asked;
  std::vector<std::uint64_t> column_hash;  // of every column's name
};

std::size_t optional_column(const CsvTable& table, const std::string& name, std::string_view what) {
  return name.empty() ? kNone : table.column(name, what);
}

std::vector<std::string> context_names(const CsvTable& table, const std::vector<std::string>& patterns) {
  std::vector<std::string> names;
  for (const std::string& pattern : patterns) {
    bool any = false;
    for (const std::string& column : table.columns()) {
      if (!matches(pattern, column)) continue;
      any = true;
      if (std::find(names.begin(), names.end(), column) == names.end()) names.push_back(column);
    }
    if (!any) table.column(pattern, "data.context");  // throws, with the nearest name
  }
  return names;
}

// "mu_*": a column an arm, named by what the star stands for; a name without a star has none to name.
std::vector<std::string> map_propensities(const CsvTable& table, const std::string& pattern, Mapping& map) {
  std::vector<std::pair<std::string, std::size_t>> arms;
  const std::string prefix = pattern.substr(0, pattern.size() - 1);
  for (std::size_t c = 0; c < table.columns().size(); ++c) {
    const std::string& column = table.columns()[c];
    if (pattern.ends_with('*') && column.starts_with(prefix) && column.size() > prefix.size())
      arms.emplace_back(column.substr(prefix.size()), c);
  }
  if (arms.empty()) table.column(pattern, "data.propensities");
  std::sort(arms.begin(), arms.end());
  std::vector<std::string> names;
  for (const auto& [name, column] : arms) {
    names.push_back(name);
    map.propensities.push_back(column);
  }
  return names;
}

Mapping map_columns(const CsvTable& table, const Goal& goal, LogBuilder& builder) {
  const DataSpec& data = goal.data;
  Mapping map;
  for (const std::string& name : table.columns()) map.column_hash.push_back(hash_bytes(name));
  map.id = optional_column(table, data.id, "data.id");
  map.unit = optional_column(table, data.unit, "data.unit");
  map.time = optional_column(table, data.time, "data.time");
  map.version = optional_column(table, data.version, "data.version");
  map.action = table.column(data.action.empty() ? "action" : data.action, "data.action");
  if (data.propensity_number) {
    builder.set_fixed_arms({});
  } else if (!data.propensity_by_arm.empty()) {
    std::vector<std::string> arms;
    for (const auto& [arm, p] : data.propensity_by_arm) arms.push_back(arm);
    builder.set_fixed_arms(arms);
  } else {
    builder.set_fixed_arms(data.propensities.empty() ? std::vector<std::string>{}
                                                     : map_propensities(table, data.propensities, map));
    map.propensity = optional_column(table, data.propensity_column, "data.propensity");
    if (map.propensity == kNone && map.propensities.empty())
      map.propensity = table.column("propensity", "data.propensity");
  }
  auto context = context_names(table, data.context);
  std::erase_if(context, [&](const std::string& name) { return !builder.keeps_context(name); });
  builder.set_context(context);
  for (const std::string& name : context) map.context.push_back(table.column(name, "data.context"));
  for (const std::string& name : goal.all_segments()) map.segments.push_back(table.column(name, "segment"));
  for (const std::string& name : builder.asked_columns()) map.asked.push_back(table.column(name, "asked"));
  for (const OutcomeSpec& spec : goal.outcomes) {
    const std::string& name = spec.column.empty() ? spec.name : spec.column;
    // An outcome that is not a column here may come late, in a file of its own.
    const bool elsewhere = !data.outcome_files.empty() && !table.has(name);
    map.outcomes.push_back(elsewhere ? kNone : table.column(name, "outcome." + spec.name));
  }
  return map;
}

std::optional<std::string_view> name_at(const CsvTable& table, std::size_t column) {
  if (column == kNone) return std::nullopt;
  const std::string_view text = table.field(column);
  if (text.empty()) throw BadRow{table.columns()[column], "nothing", "a text or an integer"};
  return text;
}

void read_row(const CsvTable& table, const Mapping& map, const Goal& goal, const LogBuilder& builder,
              RowDraft& row) {
  table.check_row();
  row.line = table.record().line();
  row.raw = table.record().raw();
  // A sum, so the order of columns does not matter.
  row.fingerprint = 0;
  for (std::size_t c = 0; c < table.columns().size() && builder.fingerprints(); ++c)
    row.fingerprint += hash_bytes(table.field(c), map.column_hash[c]);
  row.id = name_at(table, map.id);
  row.unit = name_at(table, map.unit);
  row.version = name_at(table, map.version);
  row.chosen_name = *name_at(table, map.action);
  if (map.time != kNone)
    row.time_us = LogBuilder::checked_time(csv_cell(table.field(map.time)), table.columns()[map.time]);
  for (std::size_t a = 0; a < map.propensities.size(); ++a) {
    const std::size_t column = map.propensities[a];
    row.propensities[a] =
        LogBuilder::checked_probability(csv_cell(table.field(column)), table.columns()[column]);
  }
  if (map.propensity != kNone) {
    row.propensity =
        LogBuilder::checked_propensity(csv_cell(table.field(map.propensity)), table.columns()[map.propensity]);
  } else if (const auto declared = builder.declared_propensity(row.chosen_name)) {
    row.propensity = *declared;
  } else {
    row.propensity = builder.propensity_of_arm(row.chosen_name, row.propensities);
  }
  for (std::size_t c = 0; c < map.context.size(); ++c) {
    row.context[c] = csv_cell(table.field(map.context[c]));
    ColumnBuilder::check(row.context[c], table.columns()[map.context[c]], /*allow_absent=*/true);
  }
  for (std::size_t s = 0; s < map.segments.size(); ++s) {
    row.segments[s] = csv_cell(table.field(map.segments[s]));
    ColumnBuilder::check(row.segments[s], table.columns()[map.segments[s]], /*allow_absent=*/true);
  }
  for (std::size_t a = 0; a < map.asked.size(); ++a)
    row.asked[a] =
        LogBuilder::checked_asked(csv_cell(table.field(map.asked[a])), table.columns()[map.asked[a]]);
  for (std::size_t j = 0; j < map.outcomes.size(); ++j) {
    const bool absent = map.outcomes[j] == kNone || table.field(map.outcomes[j]).empty();
    row.outcomes[j] = absent ? std::numeric_limits<double>::quiet_NaN()
                             : checked_outcome(csv_cell(table.field(map.outcomes[j])), goal.outcomes[j]);
  }
}

class CsvRows final : public RowReader {
 public:
  CsvRows(const Goal& goal, LogBuilder& builder, CsvTable table, Mapping map, bool block)
      : goal_(goal), builder_(builder), table_(std::move(table)), map_(std::move(map)), block_(block) {
    row_.propensities.resize(map_.propensities.size());
    row_.context.resize(map_.context.size());
    row_.segments.resize(map_.segments.size());
    row_.asked.resize(map_.asked.size());
    row_.outcomes.resize(map_.outcomes.size());
  }
  void start(TextBlock block) override { table_ = CsvTable(table_, block); }
  std::optional<TextBlock> rest() const override { return table_.rest(); }
  bool step() override {
    if (!next()) return false;
    builder_.count_row();
    try {
      read_row(table_, map_, goal_, builder_, row_);
      builder_.add(row_);
    } catch (const BadRow& bad) {
      builder_.bad(table_.record().line(), bad);
    }
    return true;
  }
  std::unique_ptr<RowReader> fork(LogBuilder& builder) const override {
    return std::make_unique<CsvRows>(goal_, builder, table_, map_, /*block=*/true);
  }
  void absorb(const RowReader&) override {}
  void finish(const std::string&) override {}

 private:
  // Blocks are cut where quotes are balanced. A quote that is none, and blocks may end inside of a field.
  bool next() {
    if (!block_) return table_.next();
    try {
      if (!table_.next()) return false;
    } catch (const Error&) {
      throw NotInBlocks{};
    }
    if (table_.record().stray_quote()) throw NotInBlocks{};
    return true;
  }
  const Goal& goal_;
  LogBuilder& builder_;
  CsvTable table_;
  Mapping map_;
  bool block_;
  RowDraft row_;
};

DecisionLog read_csv(const TextSource& source, const Goal& goal, LoadReport* report,
                     const ReadOptions& options) {
  CsvTable table(source.text(), source.name());
  LogBuilder builder(source.name(), goal, /*keep_text=*/true);
  Mapping map = map_columns(table, goal, builder);
  const std::optional<TextBlock> rows = table.rest();
  CsvRows reader(goal, builder, std::move(table), std::move(map), /*block=*/false);
  read_rows(rows, RowEnd::kRecord, options, reader, builder);
  if (report != nullptr) report->bytes = source.file_bytes();
  return builder.finish(report, options.threads);
}

}  // namespace

std::unique_ptr<RowReader> make_csv_reader(const Goal& goal, LogBuilder& builder, std::string_view beginning,
                                           std::optional<TextBlock>* rows, const std::string& name) {
  CsvTable table(beginning, name);
  Mapping map = map_columns(table, goal, builder);
  *rows = table.rest();
  return std::make_unique<CsvRows>(goal, builder, std::move(table), std::move(map), /*block=*/true);
}

DecisionLog csv_log_from(const TextSource& source, const Goal& goal, LoadReport* report,
                         const ReadOptions& options) {
  try {
    return read_csv(source, goal, report, options);
  } catch (const NotInBlocks&) {
    return read_csv(source, goal, report, {.threads = options.threads, .block_bytes = SIZE_MAX});
  }
}

}  // namespace plumb
