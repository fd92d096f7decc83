// Transactions: a header and a row a purchase, in CSV or in columns set apart by blanks.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numeric>
#include <optional>
#include <unordered_map>

#include "data/csv.h"
#include "data/rows.h"
#include "data/text_source.h"
#include "plumb/goal.h"
#include "plumb/lifetime_value.h"

namespace plumb {
namespace {

std::vector<std::string_view> words(std::string_view line) {
  std::vector<std::string_view> out;
  while (true) {
    const std::size_t begin = line.find_first_not_of(" \t");
    if (begin == std::string_view::npos) return out;
    const std::size_t end = std::min(line.find_first_of(" \t", begin), line.size());
    out.push_back(line.substr(begin, end - begin));
    line.remove_prefix(end);
  }
}

// Rows of either form.
class RowReader {
 public:
  RowReader(std::string_view text, const std::string& name) : name_(name), lines_(text), csv_(is_csv(text)) {
    if (csv_) {
      table_.emplace(text, name);
      columns_ = table_->columns();
      return;
    }
    if (!lines_.next()) refuse(name, "file", "an empty file", "a header and at least one row");
    if (!is_utf8(text)) refuse(name, "file", "bytes that are not UTF-8", "UTF-8");
    for (const std::string_view word : words(lines_.line())) columns_.emplace_back(word);
    if (columns_.empty()) refuse(name + ":1", "header", "an empty line", "names of columns");
  }
  const std::vector<std::string>& columns() const { return columns_; }
  bool next() {
    if (csv_) {
      if (!table_->next()) return false;
      try {
        table_->check_row();
      } catch (const BadRow& bad) {
        refuse(where(), bad.what, bad.found, bad.expected);
      }
      fields_ = table_->record().fields();
      return true;
    }
    if (!lines_.next()) return false;
    fields_ = words(lines_.line());
    if (fields_.size() != columns_.size())
      refuse(where(), "row", fmt::format("{} fields", fields_.size()),
             fmt::format("{} as in the header", columns_.size()));
    return true;
  }
  std::string_view field(std::size_t column) const { return fields_[column]; }
  char decimal() const { return csv_ ? table_->dialect().decimal : '.'; }
  std::string where() const {
    return fmt::format("{}:{}", name_, csv_ ? table_->record().line() : lines_.number());
  }

 private:
  static bool is_csv(std::string_view text) {
    return text.substr(0, text.find('\n')).find_first_of(",\t;") != std::string_view::npos;
  }
  std::string name_;
  LineReader lines_;
  bool csv_;
  std::optional<CsvTable> table_;
  std::vector<std::string> columns_;
  std::vector<std::string_view> fields_;
};

std::int64_t time_of(std::string_view text, const std::string& where) {
  const bool digits =
      text.size() == 8 && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (!digits) return parse_time_us(text, where, "date");
  return parse_time_us(fmt::format("{}-{}-{}", text.substr(0, 4), text.substr(4, 2), text.substr(6, 2)), where,
                       "date");
}

double amount_of(std::string_view text, char decimal, const std::string& where) {
  const Cell cell = csv_cell(text, decimal);
  if (!(cell.number >= 0)) refuse(where, "amount", fmt::format("\"{}\"", text), "a finite number >= 0");
  return cell.number;
}

// The column that is named, or the only one whose name is among `known`; columns.size() where there is none.
std::size_t column_of(const std::vector<std::string>& columns, const std::string& wanted,
                      std::initializer_list<std::string_view> known, const std::string& where,
                      const char* what) {
  const auto named = [&](std::string_view name) {
    return static_cast<std::size_t>(std::find(columns.begin(), columns.end(), name) - columns.begin());
  };
  if (!wanted.empty()) {
    const std::size_t found = named(wanted);
    if (found == columns.size()) {
      const std::string nearest = nearest_name(wanted, columns);
      refuse(where, what, "no column \"" + wanted + "\"",
             nearest.empty() ? "the name of a column" : "the name of a column, perhaps " + nearest);
    }
    return found;
  }
  std::size_t out = columns.size();
  for (const std::string_view name : known) {
    const std::size_t found = named(name);
    if (found == columns.size()) continue;
    if (out < columns.size())
      refuse(where, what, fmt::format("columns \"{}\" and \"{}\"", columns[out], columns[found]),
             "the one that is meant, by name");
    out = found;
  }
  return out;
}

}  // namespace

Transactions parse_transactions(std::string_view text, const std::string& name,
                                const TransactionColumns& columns) {
  RowReader rows(text, name);
  const std::string head = name + ":1";
  const auto& names = rows.columns();
  const std::size_t customer =
      column_of(names, columns.customer, {"customer", "customer_id", "id", "unit", "user"}, head, "customer");
  const std::size_t date = column_of(names, columns.date, {"date", "time", "timestamp", "day"}, head, "date");
  const std::size_t amount = column_of(
      names, columns.amount, {"amount", "dollar_value", "value", "spend", "revenue", "price"}, head, "amount");
  const std::string have = fmt::format("columns {}", fmt::join(names, ", "));
  if (customer == names.size()) refuse(head, "customer", have, "a column that names the customer");
  if (date == names.size()) refuse(head, "date", have, "a column with the date");
  const std::pair<const char*, std::size_t> used[] = {
      {"customer", customer}, {"date", date}, {"amount", amount}};
  for (const auto& [what, column] : used) {
    for (const auto& [other, another] : used) {
      if (what != other && column == another && column < names.size())
        refuse(head, what, fmt::format("column \"{}\", which is taken for the {}", names[column], other),
               "a column each, named in the goal file where their names do not tell");
    }
  }
  Transactions out;
  out.source = name;
  std::unordered_map<std::string, std::uint32_t> known;
  while (rows.next()) {
    const std::string where = rows.where();
    const std::string_view who = rows.field(customer);
    if (who.empty()) refuse(where, "customer", "an empty field", "the customer's name");
    const auto [entry, added] =
        known.emplace(std::string(who), static_cast<std::uint32_t>(out.customer.size()));
    if (added) out.customer.emplace_back(who);
    out.who.push_back(entry->second);
    out.time_us.push_back(time_of(rows.field(date), where));
    if (amount < names.size()) out.amount.push_back(amount_of(rows.field(amount), rows.decimal(), where));
  }
  if (out.who.empty()) refuse(name, "file", "a header only", "a row a transaction");
  return out;
}

Transactions read_transactions(const std::string& path, const TransactionColumns& columns) {
  const TextSource source = TextSource::read(path);
  return parse_transactions(source.text(), path, columns);
}

}  // namespace plumb
