// Outcomes: late records joined by id, then the state of every outcome of every decision.
#include <fmt/core.h>

#include <algorithm>

#include "data/checks.h"
#include "data/late_outcomes.h"
#include "data/log_builder.h"

namespace plumb {

namespace {

// One file of late outcomes into `value` (NaN: absent so far).
void join_file(const TextSource& source, const DecisionLog& log, const Goal& goal, const Interner& ids,
               std::int64_t as_of, std::vector<std::vector<double>>& value, LateAccount& joined) {
  const bool needed = needs_late_times(goal);
  joined.records += for_each_late_record(source, goal, as_of, [&](const LateRecord& record) {
    const std::uint32_t row = ids.find(record.id);
    if (!record.later) {
      joined.words += record.words;
      joined.undated += needed && !record.time_us;
    }
    if (record.later || row == Interner::kNone || record.values.empty()) {
      ++(record.later ? joined.later : row == Interner::kNone ? joined.unknown : joined.empty);
      return;
    }
    const std::int64_t decided = log.time_us.empty() ? kNoMoment : log.time_us[row];
    for (const auto& [j, y] : record.values) {
      if (!joined.count(fate_of(record.time_us, decided, goal.outcomes[j]))) continue;
      const double before = value[j][row];
      if (!std::isnan(before) && before != y) refuse_contradiction(goal, j, y, record.id, before);
      if (!std::isnan(before)) ++joined.repeated;
      value[j][row] = y;
    }
  });
}

// Why late values may be there and yet none is.
std::string left_out(const LateAccount& joined) {
  if (joined.before + joined.beyond + joined.later == 0) return "";
  return fmt::format(
      " ({} late records are later than as_of, {} values dated before their own decision, {} later than "
      "observed_after)",
      joined.later, joined.before, joined.beyond);
}

// The latest time in the log, where nobody stated as_of.
std::int64_t as_of_us(const DecisionLog& log, std::int64_t stated) {
  if (stated != kNoMoment || log.time_us.empty()) return stated;
  return *std::max_element(log.time_us.begin(), log.time_us.end());
}

}  // namespace

OutcomeColumn make_outcome_column(const DecisionLog& log, const OutcomeSpec& spec, std::int64_t as_of,
                                  std::vector<double> value, const std::vector<double>* asked) {
  const std::size_t n = log.size();
  OutcomeColumn out;
  out.name = spec.name;
  out.kind = spec.kind;
  out.value = std::move(value);
  out.state.resize(n);
  for (std::size_t i = 0; i < n; ++i) {
    double& y = out.value[i];
    State& state = out.state[i];
    const std::int64_t known_from =
        log.time_us.empty() ? kNoMoment : log.time_us[i] + spec.observed_after_us.value_or(0);
    if (known_from > as_of && as_of != kNoMoment) {
      state = State::kImmature;
      ++out.immature_count;
    } else if (!std::isnan(y) || spec.absent_is_zero) {
      state = State::kObserved;
      if (std::isnan(y)) {
        y = 0;
        ++out.zero_filled_count;
      }
      ++out.observed_count;
      if (y != 0) ++out.nonzero_count;
    } else {
      state = State::kMissing;
      ++out.missing_count;
    }
    if (state != State::kObserved) y = 0;
  }
  if (asked != nullptr) {
    out.asked = *asked;
  } else if (spec.asked_rate) {
    out.asked.assign(n, *spec.asked_rate);
  } else {
    out.asked_known = out.missing_count == 0;
  }
  return out;
}

void join_outcomes(DecisionLog& log, const Goal& goal, const Interner& ids, OutcomeCells cells,
                   std::vector<std::string>* notes) {
  const std::int64_t stated = stated_as_of(goal), as_of = as_of_us(log, stated);
  LateAccount joined;
  for (const std::string& file : goal.data.outcome_files) {
    if (ids.size() == 0) refuse(log.source, "id", "no ids", "an id a decision: late outcomes are joined by it");
    join_file(TextSource::read(find_beside(goal, log.source, file, "data.outcomes")), log, goal, ids, stated,
              cells.value, joined);
  }
  if (!goal.data.outcome_files.empty()) notes->push_back(joined.sentence());
  const std::vector<std::string> used = used_outcomes(goal);
  for (std::size_t j = 0; j < goal.outcomes.size(); ++j) {
    const OutcomeSpec& spec = goal.outcomes[j];
    const auto& value = cells.value[j];
    const bool ever = std::any_of(value.begin(), value.end(), [](double y) { return !std::isnan(y); });
    const std::size_t asked = static_cast<std::size_t>(std::max(cells.asked_of[j], 0));
    OutcomeColumn column = make_outcome_column(log, spec, as_of, std::move(cells.value[j]),
                                               cells.asked_of[j] < 0 ? nullptr : &cells.asked[asked]);
    // A name that no row has is a mistake even where absent means zero; what nothing uses has no say.
    const bool unused = std::find(used.begin(), used.end(), spec.name) == used.end();
    if (unused && (!ever || column.observed_count == 0)) {
      notes->push_back(
          fmt::format("Outcome {} has no value, and nothing in the goal file uses it.", spec.name));
    } else if (!ever || column.observed_count == 0)
      refuse(log.source, "outcome." + spec.name,
             ever ? fmt::format("no value that is old enough ({} immature rows)", column.immature_count)
                  : fmt::format("no value in {} rows{}", log.size(), left_out(joined)),
             "a value in at least one row");
    if (spec.observed_after_us && log.time_us.empty())
      notes->push_back(fmt::format(
          "Outcome {} is observed late, but the log has no times: no row counts as too young.", spec.name));
    if (column.missing_count + column.immature_count > 0)
      notes->push_back(fmt::format("Outcome {}: {} observed, {} missing, {} too young.", spec.name,
                                   column.observed_count, column.missing_count, column.immature_count));
    log.outcomes.push_back(std::move(column));
  }
}

}  // namespace plumb
