// Columns that know too much, and columns that look like a unit's name.
#include <fmt/core.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <unordered_set>

#include "data/checks.h"

namespace plumb {

namespace {

constexpr double kLeak = .98;
constexpr std::size_t kFewRows = 50;  // correlations of fewer rows are large by chance

// Pairs (feature, outcome) of the decisions where both are observed; `row` maps decisions to the column's rows.
template <class Row>
double association(const DecisionLog& log, const FeatureColumn& column, const OutcomeColumn& outcome, Row row) {
  const auto seen = [&](std::size_t i) {
    return outcome.state[i] == State::kObserved && (column.is_category || !std::isnan(column.number[row(i)]));
  };
  double n = 0, sum_x = 0, sum_y = 0;
  for (std::size_t i = 0; i < log.size(); ++i) {
    if (!seen(i)) continue;
    ++n;
    sum_y += outcome.value[i];
    if (!column.is_category) sum_x += column.number[row(i)];
  }
  if (n < kFewRows) return 0;
  const double mean_x = sum_x / n, mean_y = sum_y / n;
  double xx = 0, xy = 0, yy = 0;
  // By level: sums of the outcome around its mean, and counts.
  std::vector<double> level_sum(column.levels.size(), 0), level_count(column.levels.size(), 0);
  for (std::size_t i = 0; i < log.size(); ++i) {
    if (!seen(i)) continue;
    const double y = outcome.value[i] - mean_y;
    yy += y * y;
    if (column.is_category) {
      level_sum[column.code[row(i)]] += y;
      ++level_count[column.code[row(i)]];
    } else {
      const double x = column.number[row(i)] - mean_x;
      xx += x * x;
      xy += x * y;
    }
  }
  if (yy == 0) return 0;
  if (!column.is_category) return xx == 0 ? 0 : std::abs(xy) / std::sqrt(xx * yy);
  double between = 0, used = 0;
  for (std::size_t l = 0; l < level_sum.size(); ++l) {
    if (level_count[l] == 0) continue;
    between += level_sum[l] * level_sum[l] / level_count[l];
    ++used;
  }
  // With a level for nearly every row the levels explain everything and say nothing.
  return used * 20 > n ? 0 : std::sqrt(between / yy);
}

bool sounds_like_a_unit(std::string name) {
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  for (const char* word : {"user", "customer", "reader", "session", "visitor", "member", "person", "account",
                           "subscriber", "client"})
    if (name.find(word) != std::string::npos) return true;
  return name == "id" || name.ends_with("_id") || name == "unit";
}

}  // namespace

void find_leaks(const DecisionLog& log, std::vector<Finding>& out) {
  const auto check = [&](const FeatureColumn& column, const auto& row) {
    for (const OutcomeColumn& outcome : log.outcomes) {
      const double r = association(log, column, outcome, row);
      if (r > kLeak)
        out.push_back(
            {"leak", Severity::kCap,
             fmt::format(
                 "Column {} says {} beforehand (correlation {:.4f}): it cannot have been known when choosing.",
                 column.name, outcome.name, r)});
    }
  };
  for (const FeatureColumn& column : log.context) check(column, [](std::size_t i) { return i; });
  for (const FeatureColumn& column : log.action_features)
    check(column, [&](std::size_t i) { return log.chosen_row(i); });
}

void find_unnamed_units(const DecisionLog& log, const Goal& goal, std::vector<Finding>& out) {
  if (log.unit_named || !goal.data.unit.empty()) return;
  for (const FeatureColumn& column : log.context) {
    std::size_t distinct = column.levels.size();
    if (!column.is_category) {
      if (!sounds_like_a_unit(column.name)) continue;
      std::unordered_set<float> values;
      for (const float value : column.number)
        if (!std::isnan(value)) values.insert(value);
      distinct = values.size();
    }
    // Many names, most of them more than once: ten levels are a category, a level a row is a unit of one
    // decision.
    const bool many = distinct * 50 > log.size() && distinct > 20, repeats = distinct * 10 < log.size() * 9;
    if (many && repeats)
      out.push_back({"unit", Severity::kWarning,
                     fmt::format("Column {} has {} values in {} decisions and looks like the name of a unit "
                                 "that repeats, but the "
                                 "goal file names no unit: intervals may be too narrow.",
                                 column.name, distinct, log.size())});
  }
}

}  // namespace plumb
