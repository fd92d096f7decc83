// Decision logs from Arrow's C data interface: a row a decision, columns named by the goal file.
#include <fmt/core.h>

#include <algorithm>
#include <deque>

#include "data/arrow_column.h"
#include "data/column_mapping.h"
#include "data/text_source.h"

namespace plumb {

namespace {

// The columns of one batch; rows are the struct's, from its own offset on.
struct Batch {
  std::int64_t rows = 0, offset = 0;
  ArrowValidity validity;
  std::vector<ArrowColumn> columns;
};

std::vector<ArrowField> fields_of(const ArrowSchema& schema, const std::string& name) {
  if (schema.release == nullptr) refuse(name, "schema", "a released schema", "a schema that is still held");
  if (schema.format == nullptr || std::string_view(schema.format) != "+s" || schema.dictionary != nullptr)
    refuse(name, "schema", schema.format == nullptr ? "NULL for its type" : "type " + shown(schema.format),
           "\"+s\", a struct whose children are the columns");
  if (schema.n_children <= 0 || schema.children == nullptr)
    refuse(name, "schema", fmt::format("{} columns", schema.children == nullptr ? 0 : schema.n_children),
           "at least one");
  std::vector<ArrowField> fields;
  for (std::int64_t c = 0; c < schema.n_children; ++c) {
    if (schema.children[c] == nullptr)
      refuse(name, fmt::format("column {}", c + 1), "NULL for its type", "a type");
    fields.push_back(arrow_field(*schema.children[c], name, c + 1));
  }
  std::vector<std::string> names;
  for (const ArrowField& field : fields) names.push_back(field.name);
  std::sort(names.begin(), names.end());
  const auto twice = std::adjacent_find(names.begin(), names.end());
  if (twice != names.end()) refuse(name, "schema", "column " + shown(*twice) + " twice", "every column once");
  return fields;
}

Batch batch_of(const std::vector<ArrowField>& fields, const ArrowArray& array, const std::string& name) {
  check_arrow_array(array, 1, static_cast<std::int64_t>(fields.size()), name, "batch");
  if (array.dictionary != nullptr) refuse(name, "batch", "a dictionary", "none, by its type");
  Batch batch{array.length, array.offset, ArrowValidity(array, name, "batch"), {}};
  for (std::size_t c = 0; c < fields.size(); ++c) {
    if (array.children[c] == nullptr) refuse(name, fields[c].name, "NULL for its array", "an array");
    batch.columns.emplace_back(fields[c], *array.children[c], name);
    if (batch.columns.back().length() < batch.offset + batch.rows)
      refuse(name, fields[c].name, fmt::format("{} rows", batch.columns.back().length()),
             fmt::format("{}, as the batch has", batch.offset + batch.rows));
  }
  return batch;
}

// One row of a batch: values, and the row as a record of CSV.
class ArrowRow {
 public:
  ArrowRow(const std::vector<std::string>& names, const std::vector<ArrowField>& fields)
      : names_(names), fields_(fields), values_(names.size()) {}

  // Throws BadRow.
  void read(const Batch& batch, std::int64_t row) {
    if (batch.validity.is_null(row)) throw BadRow{"row", "null", "a row of values"};
    raw_.clear();
    printed_.clear();
    ends_.clear();
    for (std::size_t c = 0; c < values_.size(); ++c) {
      const std::size_t from = printed_.size();
      values_[c] = batch.columns[c].read(batch.offset + row, &printed_);
      ends_.push_back(printed_.size());
      if (c > 0) raw_.push_back(',');
      append_field(std::string_view(printed_).substr(from));
    }
    // Views only now: the string grows no more.
    for (std::size_t c = 0; c < values_.size(); ++c) {
      const std::size_t from = c == 0 ? 0 : ends_[c - 1];
      Cell& cell = values_[c].cell;
      cell.text = std::string_view(printed_).substr(from, ends_[c] - from);
      if (fields_[c].type.kind == ArrowKind::kText && !is_utf8(cell.text))
        throw BadRow{names_[c], "bytes that are not UTF-8 in " + shown(cell.text), "UTF-8"};
    }
  }
  std::string_view raw() const { return raw_; }
  // A sum, so the order of columns does not matter: the same as of a row of CSV.
  std::uint64_t fingerprint(const std::vector<std::uint64_t>& column_hash) const {
    std::uint64_t sum = 0;
    for (std::size_t c = 0; c < values_.size(); ++c) sum += hash_bytes(values_[c].cell.text, column_hash[c]);
    return sum;
  }

  Cell cell(std::size_t c) const { return values_[c].cell; }
  Cell feature(std::size_t c) const {
    const Cell& cell = values_[c].cell;
    if (cell.kind != Cell::Kind::kNumber) return cell;
    if (!std::isfinite(cell.number)) throw BadRow{names_[c], shown(cell), "a finite number, or null"};
    ColumnBuilder::check(cell, names_[c], /*allow_absent=*/true);
    return cell;
  }
  Cell time(std::size_t c) const {
    Cell cell = values_[c].cell;
    if (const auto us = values_[c].time_us) {
      cell.kind = Cell::Kind::kNumber;
      cell.integer = true;
      cell.whole = *us;
      cell.number = static_cast<double>(*us);
    }
    return cell;
  }
  std::string_view name(std::size_t c) const {
    const Cell& cell = values_[c].cell;
    if (fields_[c].type.kind == ArrowKind::kFloat && !cell.absent())
      throw BadRow{names_[c], shown(cell) + ", a float", "a text or an integer"};
    return cell.text;
  }

 private:
  void append_field(std::string_view text) {
    if (text.find_first_of(",\"\r\n") == std::string_view::npos) {
      raw_.append(text);
      return;
    }
    raw_.push_back('"');
    for (const char byte : text) {
      if (byte == '"') raw_.push_back('"');
      raw_.push_back(byte);
    }
    raw_.push_back('"');
  }
  const std::vector<std::string>& names_;
  const std::vector<ArrowField>& fields_;
  std::vector<ArrowValue> values_;
  std::vector<std::size_t> ends_;
  std::string printed_, raw_;
};

DecisionLog log_of(const std::vector<ArrowField>& fields, const std::vector<Batch>& batches, const Goal& goal,
                   const std::string& name, LoadReport* report) {
  std::vector<std::string> names;
  for (const ArrowField& field : fields) names.push_back(field.name);
  const Goal held = goal.without_preference();  // what people prefer stands in no log
  LogBuilder builder(name, held, /*keep_text=*/false);
  builder.by_row();
  const ColumnMapping map = map_columns(names, name, held, builder);
  ArrowRow values(names, fields);
  RowDraft row = map.draft();
  for (const Batch& batch : batches) {
    for (std::int64_t r = 0; r < batch.rows; ++r) {
      builder.count_row();
      ++row.line;
      try {
        values.read(batch, r);
        row.raw = values.raw();
        row.fingerprint = values.fingerprint(map.column_hash);
        fill_row(map, names, held, builder, values, row);
        builder.add(row);
      } catch (const BadRow& bad) {
        builder.bad(row.line, bad);
      }
    }
  }
  return builder.finish(report);
}

// A struct that the stream gave out: ours to release, unless it is released already.
template <class Struct>
struct Held {
  Struct value{};
  Held() = default;
  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;
  ~Held() {
    if (value.release != nullptr) value.release(&value);
  }
};

void check_stream(int status, ArrowArrayStream& stream, const std::string& name, const char* expected) {
  if (status == 0) return;
  const char* message = stream.get_last_error == nullptr ? nullptr : stream.get_last_error(&stream);
  refuse(name, "stream", fmt::format("error {}{}", status, message == nullptr ? "" : " " + shown(message)),
         expected);
}

}  // namespace

DecisionLog read_arrow(const ArrowSchema& schema, const ArrowArray& batch, const Goal& goal,
                       const std::string& name, LoadReport* report) {
  const std::vector<ArrowField> fields = fields_of(schema, name);
  std::vector<Batch> batches;
  batches.push_back(batch_of(fields, batch, name));
  return log_of(fields, batches, goal, name, report);
}

DecisionLog read_arrow(ArrowArrayStream& stream, const Goal& goal, const std::string& name,
                       LoadReport* report) {
  if (stream.release == nullptr || stream.get_schema == nullptr || stream.get_next == nullptr)
    refuse(name, "stream", "a released stream", "a stream that is still held");
  Held<ArrowSchema> schema;
  check_stream(stream.get_schema(&stream, &schema.value), stream, name, "the schema");
  const std::vector<ArrowField> fields = fields_of(schema.value, name);
  std::deque<Held<ArrowArray>> arrays;
  std::vector<Batch> batches;
  while (true) {
    ArrowArray& array = arrays.emplace_back().value;
    check_stream(stream.get_next(&stream, &array), stream, name, "the next batch");
    if (array.release == nullptr) break;
    batches.push_back(batch_of(fields, array, name));
  }
  return log_of(fields, batches, goal, name, report);
}

}  // namespace plumb
