// Late records, read, and kept by id for one block after the other.
#include "data/late_outcomes.h"

#include <fmt/core.h>

#include <cmath>

#include "data/flat_rows.h"
#include "data/log_builder.h"

namespace plumb {

void refuse_contradiction(const Goal& goal, std::size_t outcome, double value, std::string_view id,
                          double before) {
  throw BadRow{"outcome." + goal.outcomes[outcome].name, fmt::format("{} for id {}", value, shown(id)),
               fmt::format("{} as in an earlier record", before)};
}

std::uint64_t for_each_late_record(const TextSource& source, const Goal& goal, std::int64_t as_of,
                                   const std::function<void(const LateRecord&)>& use) {
  const bool json = format_of(source) == Format::kJsonLines;
  const std::string id_key = goal.data.id.empty() ? "id" : goal.data.id;
  const std::vector<std::string> time_names = late_time_names(goal);
  const bool times_needed = needs_late_times(goal);
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
        std::size_t time_name = time_names.size();  // the best so far
        for (const FlatField& field : fields) {
          if (field.group.empty() && field.key == id_key) id = field.cell;
          for (std::size_t k = 0; field.group.empty() && k < time_name; ++k) {
            if (field.key != time_names[k]) continue;
            time_name = k;
            time = field.cell;
          }
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
        // Without an as_of or a window nothing rests on times: one that cannot be read is none.
        try {
          if (!time.absent()) record.time_us = LogBuilder::checked_time(time, time_names[time_name]);
        } catch (const BadRow&) {
          if (times_needed) throw;
        }
        record.later = as_of != kNoMoment && record.time_us && *record.time_us > as_of;
        use(record);
      },
      goal.data.decimal);
  bad.refuse_beyond(0, rows);
  return rows;
}

LateOutcomes::LateOutcomes(const Goal& goal, const std::string& log, std::int64_t as_of) {
  const bool needed = needs_late_times(goal);
  for (const std::string& file : goal.data.outcome_files) {
    count_ += for_each_late_record(TextSource::read(find_beside(goal, log, file, "data.outcomes")), goal, as_of,
                                   [&](const LateRecord& record) {
                                     if (record.later) {
                                       ++later_;
                                       return;
                                     }
                                     words_ += record.words;
                                     undated_ += needed && !record.time_us;
                                     const std::uint32_t id = ids_.intern(record.id);
                                     if (id == of_.size()) of_.emplace_back();
                                     Records& here = of_[id];
                                     ++here.records;
                                     if (record.values.empty()) ++here.empty;
                                     for (const auto& [j, y] : record.values) {
                                       const auto at = static_cast<std::uint32_t>(values_.size());
                                       values_.push_back({y, record.time_us.value_or(kNoMoment),
                                                          static_cast<std::uint32_t>(j), Interner::kNone});
                                       (here.first == Interner::kNone ? here.first : values_[here.last].next) =
                                           at;
                                       here.last = at;
                                     }
                                   });
  }
}

LateAccount LateOutcomes::account(const std::vector<std::uint8_t>& used, const LateAccount& joined) const {
  LateAccount out = joined;
  out.records = count_;
  out.later = later_;
  out.words = words_;
  out.undated = undated_;
  for (std::size_t id = 0; id < of_.size(); ++id) {
    if (used[id]) {
      out.empty += of_[id].empty;
    } else {
      out.unknown += of_[id].records;
    }
  }
  return out;
}

}  // namespace plumb
