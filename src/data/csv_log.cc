// Decision logs in CSV and TSV: a row a decision, columns named by the goal file.
#include <fmt/core.h>

#include "data/column_mapping.h"
#include "data/csv.h"
#include "data/log_builder.h"
#include "data/readers.h"
#include "data/row_reader.h"

namespace plumb {

namespace {

using Mapping = ColumnMapping;

// A column that is made of words only because nobody said how its numbers are written.
void refuse_unclear(const CsvTable& table, const std::vector<std::size_t>& columns) {
  for (const std::size_t c : columns) {
    const std::string cell = c < table.dialect().unclear.size() ? table.dialect().unclear[c] : "";
    if (!cell.empty())
      refuse(table.header(), table.columns()[c],
             fmt::format("cells such as {}: a comma before decimals or between thousands", shown(cell)),
             "decimal = \",\" below [data] where it stands before decimals, else numbers without commas");
  }
}

// Finds the goal's columns, and settles how numbers are read.
Mapping map_columns(CsvTable& table, const Goal& goal, LogBuilder& builder) {
  if (goal.data.decimal != '.') table.set_decimal(goal.data.decimal);
  if (!table.dialect().told_by.empty())
    builder.note(
        fmt::format("Numbers are read with a decimal comma: semicolons separate the cells, and {} can be "
                    "read in no other way.",
                    shown(table.dialect().told_by)));
  Mapping map = map_columns(table.columns(), table.header(), goal, builder);
  refuse_unclear(table, map.context);
  refuse_unclear(table, map.segments);
  return map;
}

struct CsvCells {
  const CsvTable& table;
  Cell cell(std::size_t c) const { return table.cell(c); }
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
  for (std::size_t c = 0; c < table.columns().size() && builder.fingerprints(); ++c)
    row.fingerprint += hash_bytes(table.field(c), map.column_hash[c]);
  fill_row(map, table.columns(), goal, builder, CsvCells{table}, row);
}

class CsvRows final : public RowReader {
 public:
  CsvRows(const Goal& goal, LogBuilder& builder, CsvTable table, Mapping map, bool block)
      : goal_(goal),
        builder_(builder),
        table_(std::move(table)),
        map_(std::move(map)),
        block_(block),
        row_(map_.draft()) {}
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

std::unique_ptr<RowReader> make_csv_reader(const Goal& goal, LogBuilder& builder, const CsvDialect& dialect,
                                           std::string_view beginning, std::optional<TextBlock>* rows,
                                           const std::string& name) {
  CsvTable table(beginning, name, dialect);
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
