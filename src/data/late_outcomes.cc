// Late records, read and joined: into all rows of a log at once, or kept by id for one block after the other.
#include "data/late_outcomes.h"

#include <fmt/core.h>

#include <cmath>

#include "data/flat_rows.h"
#include "data/log_builder.h"

namespace plumb {

std::string LateAccount::sentence() const {
  std::string out = fmt::format(
      "Of {} late outcome records {} have an id that the log does not hold and {} no outcome of the goal; "
      "the "
      "others hold {} values, {} of which repeat what was known and count once.",
      records, unknown, empty, values, repeated);
  if (words > 0)
    out += fmt::format(" {} cells hold words: NA and the like are no value, true and false 1 and 0.", words);
  if (later > 0) out += fmt::format(" {} records are later than as_of and left out.", later);
  return out;
}

void refuse_contradiction(const Goal& goal, std::size_t outcome, double value, std::string_view id,
                          double before) {
  throw BadRow{"outcome." + goal.outcomes[outcome].name, fmt::format("{} for id {}", value, shown(id)),
               fmt::format("{} as in an earlier record", before)};
}

std::uint64_t for_each_late_record(const TextSource& source, const Goal& goal, std::int64_t as_of,
                                   const std::function<void(const LateRecord&)>& use) {
  const bool json = format_of(source) == Format::kJsonLines;
  const std::string id_key = goal.data.id.empty() ? "id" : goal.data.id;
  const std::string time_key = goal.data.time.empty() ? "time_us" : goal.data.time;
  BadRows bad(source.name());
  std::vector<std::pair<std::size_t, double>> found;
  std::vector<WordCell> words;
  std::string scratch;
  const std::uint64_t rows = for_each_flat_row(
      source, bad,
      [&](std::uint64_t, std::span<const FlatField> fields) {
        found.clear();
        words.clear();
        Cell id, time;
        for (const FlatField& field : fields) {
          if (field.group.empty() && field.key == id_key) id = field.cell;
          if (field.group.empty() && field.key == time_key) time = field.cell;
          if (field.cell.absent() || field.group != (json ? "outcomes" : "")) continue;
          for (std::size_t j = 0; j < goal.outcomes.size(); ++j) {
            const OutcomeSpec& spec = goal.outcomes[j];
            if ((spec.column.empty() ? spec.name : spec.column) != field.key) continue;
            const double y = read_outcome(field.cell, spec, static_cast<std::uint32_t>(j), words);
            if (!std::isnan(y)) found.emplace_back(j, y);
          }
        }
        LateRecord record{LogBuilder::checked_name(id, id_key, &scratch), found, words.size(), false,
                          std::nullopt};
        // Without an as_of nothing is asked of times: one that cannot be read is none.
        try {
          if (!time.absent()) record.time_us = LogBuilder::checked_time(time, time_key);
        } catch (const BadRow&) {
          if (as_of != kNoTime) throw;
        }
        record.later = as_of != kNoTime && record.time_us && *record.time_us > as_of;
        use(record);
      },
      goal.data.decimal);
  bad.refuse_beyond(0, rows);
  return rows;
}

LateOutcomes::LateOutcomes(const Goal& goal, const std::string& log, std::int64_t as_of)
    : value_(goal.outcomes.size()) {
  for (const std::string& file : goal.data.outcome_files) {
    count_ += for_each_late_record(TextSource::read(find_beside(goal, log, file, "data.outcomes")), goal, as_of,
                                   [&](const LateRecord& record) {
                                     if (record.later) {
                                       ++later_;
                                       return;
                                     }
                                     words_ += record.words;
                                     const std::uint32_t id = ids_.intern(record.id);
                                     if (id == records_.size()) {
                                       records_.emplace_back();
                                       for (auto& value : value_) value.push_back(std::nan(""));
                                     }
                                     Records& here = records_[id];
                                     ++here.records;
                                     if (record.values.empty()) ++here.empty;
                                     for (const auto& [j, y] : record.values) {
                                       double& before = value_[j][id];
                                       if (!std::isnan(before) && before != y)
                                         refuse_contradiction(goal, j, y, record.id, before);
                                       ++here.values;
                                       if (!std::isnan(before)) ++here.repeated;
                                       before = y;
                                     }
                                   });
  }
}

LateAccount LateOutcomes::account(const std::vector<std::uint8_t>& used, std::uint64_t repeated) const {
  LateAccount out;
  out.records = count_;
  out.later = later_;
  out.words = words_;
  out.repeated = repeated;
  for (std::size_t id = 0; id < records_.size(); ++id) {
    if (!used[id]) {
      out.unknown += records_[id].records;
      continue;
    }
    out.empty += records_[id].empty;
    out.values += records_[id].values;
    out.repeated += records_[id].repeated;
  }
  return out;
}

}  // namespace plumb
