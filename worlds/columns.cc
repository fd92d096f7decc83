// Selection by the goal file, by the log reader's rules; the tests compare a log in memory with one that was
// read.
#include "worlds/columns.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace plumb {

namespace {

// Segments of numbers: a level a value up to here, bands between quartiles beyond.
constexpr std::size_t kSegmentLevels = 32;

bool covers(const std::string& pattern, const std::string& name) {
  if (pattern.ends_with('*')) return name.starts_with(pattern.substr(0, pattern.size() - 1));
  return pattern == name;
}

// Levels in order of first appearance.
FeatureColumn category(const WorldColumn& raw) {
  constexpr std::uint32_t kUnseen = std::numeric_limits<std::uint32_t>::max();
  FeatureColumn column;
  column.name = raw.name;
  column.is_category = true;
  column.code.reserve(raw.code.size());
  std::vector<std::uint32_t> code_of(raw.names.size(), kUnseen);
  for (const std::uint32_t value : raw.code) {
    if (code_of[value] == kUnseen) {
      code_of[value] = static_cast<std::uint32_t>(column.levels.size());
      column.levels.push_back(raw.names[value]);
    }
    column.code.push_back(code_of[value]);
  }
  return column;
}

FeatureColumn as_feature(const WorldColumn& raw) {
  if (raw.is_category) return category(raw);
  FeatureColumn column;
  column.name = raw.name;
  column.number.assign(raw.number.begin(), raw.number.end());
  return column;
}

std::string text_of(float value) {
  return value == std::trunc(value) ? fmt::format("{}", static_cast<std::int64_t>(value))
                                    : fmt::format("{}", value);
}

FeatureColumn as_segment(const WorldColumn& raw) {
  FeatureColumn column = as_feature(raw);
  if (column.is_category) return column;
  std::vector<float> sorted = column.number;
  std::sort(sorted.begin(), sorted.end());
  std::vector<float> level(sorted);  // lower ends of the levels
  level.erase(std::unique(level.begin(), level.end()), level.end());
  if (level.size() <= kSegmentLevels) {
    for (const float value : level) column.levels.push_back(text_of(value));
  } else {
    level = {sorted.front()};
    for (std::size_t q = 1; q <= 3; ++q) {
      const float cut = sorted[sorted.size() * q / 4];
      if (cut > level.back()) level.push_back(cut);
    }
    for (std::size_t b = 0; b < level.size(); ++b) {
      const bool last = b + 1 == level.size();
      column.levels.push_back(fmt::format("[{}, {}{}", text_of(level[b]),
                                          text_of(last ? sorted.back() : level[b + 1]), last ? "]" : ")"));
    }
  }
  column.is_category = true;
  for (const float value : column.number) {
    const auto above = std::upper_bound(level.begin(), level.end(), value);
    column.code.push_back(static_cast<std::uint32_t>(above - level.begin()) - 1);
  }
  column.number.clear();
  return column;
}

template <class Named>
std::vector<std::string> names_of(const std::vector<Named>& columns) {
  std::vector<std::string> names;
  for (const auto& column : columns) names.push_back(column.name);
  return names;
}

std::size_t position(const std::string& name, std::span<const std::string> known, const std::string& where,
                     const std::string& what) {
  const auto at = std::find(known.begin(), known.end(), name);
  if (at == known.end()) refuse(where, what, name, fmt::format("one of {}", fmt::join(known, ", ")));
  return static_cast<std::size_t>(at - known.begin());
}

OutcomeColumn observe(const DecisionLog& log, const OutcomeSpec& spec, const WorldOutcome& raw,
                      std::int64_t as_of) {
  OutcomeColumn column;
  column.name = spec.name;
  column.kind = spec.kind;
  column.value.resize(log.size());
  column.state.resize(log.size());
  for (std::size_t i = 0; i < log.size(); ++i) {
    const bool absent = std::isnan(raw.value[i]);
    if (!log.time_us.empty() && log.time_us[i] + spec.observed_after_us.value_or(0) > as_of) {
      column.state[i] = State::kImmature;
      ++column.immature_count;
    } else if (absent && !spec.absent_is_zero) {
      column.state[i] = State::kMissing;
      ++column.missing_count;
    } else {
      column.value[i] = absent ? 0 : raw.value[i];
      column.zero_filled_count += absent;
      ++column.observed_count;
      column.nonzero_count += column.value[i] != 0;
    }
  }
  if (spec.asked_column || spec.asked_rate) {
    column.asked.assign(log.size(), spec.asked_column ? raw.asked : *spec.asked_rate);
  } else {
    column.asked_known = column.missing_count == 0;
  }
  return column;
}

}  // namespace

void select_context(DecisionLog& log, const Goal& goal, FileKind kind,
                    const std::vector<WorldColumn>& columns) {
  const std::vector<std::string> names = names_of(columns);
  std::vector<std::string> patterns = goal.data.context;
  if (patterns.empty() && kind == FileKind::kJsonLines) patterns = {"*"};
  std::vector<std::size_t> chosen;
  for (const auto& pattern : patterns) {
    bool any = false;
    for (std::size_t c = 0; c < columns.size(); ++c) {
      if (!covers(pattern, names[c])) continue;
      any = true;
      if (std::find(chosen.begin(), chosen.end(), c) == chosen.end()) chosen.push_back(c);
    }
    if (!any) position(pattern, names, log.source, "data.context");  // throws
  }
  if (kind == FileKind::kJsonLines) std::sort(chosen.begin(), chosen.end());
  for (const std::size_t c : chosen) log.context.push_back(as_feature(columns[c]));
  for (const auto& segment : goal.all_segments()) {
    log.segments.push_back(as_segment(columns[position(segment, names, log.source, "segment")]));
  }
}

void select_outcomes(DecisionLog& log, const Goal& goal, const std::vector<WorldOutcome>& outcomes) {
  const std::vector<std::string> names = names_of(outcomes);
  std::int64_t as_of = 0;
  if (!goal.data.as_of.empty()) {
    as_of = parse_time_us(goal.data.as_of, goal.path.empty() ? "goal" : goal.path, "data.as_of");
  } else if (!log.time_us.empty()) {
    as_of = *std::max_element(log.time_us.begin(), log.time_us.end());
  }
  for (const OutcomeSpec& spec : goal.outcomes) {
    if (spec.kind == OutcomeKind::kPreference || !spec.model.empty()) continue;  // stands in no log
    const std::string what = "outcome." + spec.name;
    const WorldOutcome& raw =
        outcomes[position(spec.column.empty() ? spec.name : spec.column, names, log.source, what)];
    if (spec.asked_column) {
      const std::vector<std::string> asked = {raw.asked_column};
      position(*spec.asked_column, asked, log.source, what + ".asked");
    }
    log.outcomes.push_back(observe(log, spec, raw, as_of));
    if (log.outcomes.back().observed_count == 0) {
      refuse(log.source, what, fmt::format("no value in {} rows", log.size()), "a value in at least one row");
    }
  }
}

std::vector<std::size_t> outcome_positions(std::span<const std::string> wanted,
                                           std::span<const std::string> known, const std::string& world) {
  std::vector<std::size_t> positions;
  for (const auto& name : wanted) positions.push_back(position(name, known, world, "outcome"));
  return positions;
}

}  // namespace plumb
