// Another system's policy, as a table of probabilities. Decisions and table rows meet in a hash of the key
// columns' values; texts by their bytes, numbers as the float that the log holds.
#include <fmt/core.h>

#include <algorithm>
#include <bit>
#include <unordered_map>

#include "data/csv.h"
#include "data/flat_rows.h"
#include "data/log_builder.h"
#include "data/readers.h"

namespace plumb {

namespace {

constexpr double kSumTolerance = 1e-6;

struct Entry {
  std::uint64_t key = 0, line = 0;
  std::uint32_t action = 0;  // of the log; Interner::kNone where the log has no such action
  double probability = 0;
};

class Keys {
 public:
  explicit Keys(const DecisionLog& log) : log_(log) {}
  // The columns that a row of the table is found by: "id", or every other field that names a column of the log.
  void choose(std::span<const FlatField> fields) {
    for (const FlatField& field : fields) {
      if (!field.group.empty() || field.key == "action" || field.key == "probability") continue;
      if (field.key == "id") {
        by_id_ = true;
        columns_.clear();
        return;
      }
      const FeatureColumn* column = find(field.key);
      if (column == nullptr)
        throw BadRow{"key", "column " + shown(field.key),
                     "id, action, probability or a context or segment column of the log"};
      columns_.push_back(column);
    }
    if (columns_.empty()) throw BadRow{"key", "no key", "the column id, or context columns of the log"};
  }
  bool chosen() const { return by_id_ || !columns_.empty(); }

  std::uint64_t of_row(std::span<const FlatField> fields) const {
    if (by_id_) return hash_bytes(LogBuilder::checked_name(value(fields, "id"), "id", &scratch_));
    std::uint64_t h = 0;
    for (const FeatureColumn* column : columns_) {
      const Cell cell = value(fields, column->name);
      ColumnBuilder::check(cell, column->name, /*allow_absent=*/cell.text.data() != nullptr);
      if (!column->is_category && !cell.absent() && std::isnan(cell.number))
        throw BadRow{column->name, shown(cell), "a number, as in the log"};
      h = hash_combine(h,
                       column->is_category ? hash_bytes(print(cell)) : bits(static_cast<float>(cell.number)));
    }
    return h;
  }
  std::uint64_t of_decision(std::size_t i) const {
    if (by_id_) return hash_bytes(log_.id.empty() ? std::to_string(i + 1) : log_.id[i]);
    std::uint64_t h = 0;
    for (const FeatureColumn* column : columns_)
      h = hash_combine(
          h, column->is_category ? hash_bytes(column->levels[column->code[i]]) : bits(column->number[i]));
    return h;
  }
  // How messages name a decision.
  std::string name(std::size_t i) const {
    return log_.id.empty() ? fmt::format("decision {}", i + 1) : "decision " + shown(log_.id[i]);
  }

 private:
  // -0 is 0, and an empty cell of the table is a missing number of the log.
  static std::uint64_t bits(float value) {
    return std::bit_cast<std::uint32_t>(std::isnan(value) ? std::numeric_limits<float>::quiet_NaN()
                                                          : value + 0.0f);
  }
  static Cell value(std::span<const FlatField> fields, std::string_view key) {
    for (const FlatField& field : fields)
      if (field.group.empty() && field.key == key) return field.cell;
    throw BadRow{std::string(key), "nothing", "a value in every row"};
  }
  const FeatureColumn* find(std::string_view name) const {
    for (const FeatureColumn& column : log_.context)
      if (column.name == name) return &column;
    return log_.segment(name);
  }
  const DecisionLog& log_;
  bool by_id_ = false;
  std::vector<const FeatureColumn*> columns_;
  mutable std::string scratch_;
};

std::vector<Entry> read_entries(const TextSource& source, const DecisionLog& log, Keys& keys) {
  Interner actions;
  for (const std::string& action : log.actions) actions.intern(action);
  std::vector<Entry> entries;
  std::string scratch;
  BadRows bad(source.name());
  const auto add = [&](std::uint64_t key, std::uint64_t line, std::string_view action, double p) {
    const std::uint32_t code = actions.find(action);
    if (code == Interner::kNone && p > 0)
      throw BadRow{"action", fmt::format("{} with probability {}, which was never offered", shown(action), p),
                   expected_name(action, log.actions)};
    entries.push_back({key, line, code, p});
  };
  const std::uint64_t rows =
      for_each_flat_row(source, bad, [&](std::uint64_t line, std::span<const FlatField> fields) {
        if (!keys.chosen()) keys.choose(fields);
        const std::uint64_t key = keys.of_row(fields);
        Cell action, probability;
        bool many = false;
        for (const FlatField& field : fields) {
          if (field.group == "probabilities") {
            many = true;
            add(key, line, field.key, LogBuilder::checked_probability(field.cell, "probabilities"));
          }
          if (field.group.empty() && field.key == "action") action = field.cell;
          if (field.group.empty() && field.key == "probability") probability = field.cell;
        }
        if (many && action.absent() && probability.absent()) return;
        const double p = LogBuilder::checked_probability(probability, "probability");
        add(key, line, LogBuilder::checked_name(action, "action", &scratch), p);
      });
  bad.refuse_beyond(0, rows);
  if (entries.empty()) refuse(source.name(), "rows", "none", "a probability for every decision");
  return entries;
}

}  // namespace

std::vector<float> policy_table_from(const TextSource& source, const DecisionLog& log) {
  Keys keys(log);
  std::vector<Entry> entries = read_entries(source, log, keys);
  std::stable_sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
    return a.key != b.key ? a.key < b.key : a.action < b.action;
  });
  const auto at_line = [&](std::uint64_t line) { return fmt::format("{}:{}", source.name(), line); };
  std::unordered_map<std::uint64_t, std::size_t> start;
  for (std::size_t e = 0; e < entries.size(); ++e) {
    start.try_emplace(entries[e].key, e);
    const bool twice = e > 0 && entries[e].key == entries[e - 1].key &&
                       entries[e].action == entries[e - 1].action && entries[e].action != Interner::kNone;
    if (twice)
      refuse(
          at_line(entries[e].line), "action",
          fmt::format("{} again, first in line {}", shown(log.actions[entries[e].action]), entries[e - 1].line),
          "one probability for a decision and an action");
  }
  std::vector<float> out(log.action.size(), 0.0f);
  constexpr std::size_t kNowhere = static_cast<std::size_t>(-1);
  std::vector<std::size_t> row_of(log.actions.size(), kNowhere);  // of the decision in hand
  for (std::size_t i = 0; i < log.size(); ++i) {
    const auto found = start.find(keys.of_decision(i));
    if (found == start.end())
      refuse(source.name(), keys.name(i), "no row", "a probability for every offered action");
    for (std::uint64_t row = log.offset[i]; row < log.offset[i + 1]; ++row) row_of[log.action[row]] = row;
    double sum = 0;
    for (std::size_t e = found->second; e < entries.size() && entries[e].key == found->first; ++e) {
      const Entry& entry = entries[e];
      if (entry.probability == 0) continue;
      const std::size_t row = row_of[entry.action];
      if (row == kNowhere)
        refuse(at_line(entry.line), keys.name(i),
               fmt::format("probability {} for {}, which was not offered", entry.probability,
                           shown(log.actions[entry.action])),
               "probability for offered actions only");
      out[row] = static_cast<float>(entry.probability);
      sum += entry.probability;
    }
    for (std::uint64_t row = log.offset[i]; row < log.offset[i + 1]; ++row) row_of[log.action[row]] = kNowhere;
    if (std::abs(sum - 1) > kSumTolerance)
      refuse(at_line(entries[found->second].line), keys.name(i),
             fmt::format("probabilities that sum to {}", sum), "1 (within 1e-6)");
  }
  return out;
}

std::vector<float> read_policy_table(const std::string& path, const DecisionLog& log, const Goal&) {
  return policy_table_from(TextSource::read(path), log);
}

}  // namespace plumb
