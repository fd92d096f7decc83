// Decision logs in CSV and TSV: a row a decision, columns named by the goal file.
#include "data/column_mapping.h"
#include "data/csv.h"
#include "data/log_builder.h"
#include "data/readers.h"

namespace plumb {

namespace {

using Mapping = ColumnMapping;

Mapping map_columns(const CsvTable& table, const Goal& goal, LogBuilder& builder) {
  return map_columns(table.columns(), table.header(), goal, builder);
}

struct CsvCells {
  const CsvTable& table;
  Cell cell(std::size_t c) const { return csv_cell(table.field(c)); }
  Cell feature(std::size_t c) const { return cell(c); }
  Cell time(std::size_t c) const { return cell(c); }
  std::string_view name(std::size_t c) const { return table.field(c); }
};

void read_row(const CsvTable& table, const Mapping& map, const Goal& goal, const LogBuilder& builder,
              RowDraft& row) {
  table.check_row();
  row.line = table.record().line();
  row.raw = table.record().raw();
  // A sum, so the order of columns does not matter.
  row.fingerprint = 0;
  for (std::size_t c = 0; c < table.columns().size(); ++c)
    row.fingerprint += hash_bytes(table.field(c), map.column_hash[c]);
  fill_row(map, table.columns(), goal, builder, CsvCells{table}, row);
}

}  // namespace

DecisionLog csv_log_from(const TextSource& source, const Goal& goal, LoadReport* report) {
  CsvTable table(source.text(), source.name());
  LogBuilder builder(source.name(), goal, /*keep_text=*/true);
  const Mapping map = map_columns(table, goal, builder);
  RowDraft row;
  row.propensities.resize(map.propensities.size());
  row.context.resize(map.context.size());
  row.segments.resize(map.segments.size());
  row.asked.resize(map.asked.size());
  row.outcomes.resize(map.outcomes.size());
  while (table.next()) {
    builder.count_row();
    try {
      read_row(table, map, goal, builder, row);
      builder.add(row);
    } catch (const BadRow& bad) {
      builder.bad(table.record().line(), bad);
    }
  }
  if (report != nullptr) report->bytes = source.file_bytes();
  return builder.finish(report);
}

}  // namespace plumb
