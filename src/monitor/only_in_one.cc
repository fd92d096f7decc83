// Arms and levels that only one of the two logs has: no model knows them, and no comparison shows them.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "monitor/families.h"

namespace plumb {
namespace {

constexpr double kWorthNaming = 0.05;  // share of a log's decisions
constexpr std::size_t kLeastRows = 20, kMostNamed = 5;

// By name, in how many decisions.
using Count = std::map<std::string, std::size_t>;

std::string listed(std::vector<std::pair<std::size_t, std::string>> names, std::size_t n, const char* of) {
  std::sort(names.begin(), names.end(), [](const auto& a, const auto& b) {
    return a.first != b.first ? a.first > b.first : a.second < b.second;
  });
  std::string out;
  for (std::size_t k = 0; k < std::min(names.size(), kMostNamed); ++k) {
    out += fmt::format("{}{} ({} of {} decisions of the {} log)", k == 0 ? "" : ", ", names[k].second,
                       names[k].first, n, of);
  }
  if (names.size() > kMostNamed) out += fmt::format(" and {} more", names.size() - kMostNamed);
  return out;
}

// What stands in `here` and never in `there`.
std::vector<std::pair<std::size_t, std::string>> alone(const Count& here, const Count& there, std::size_t n,
                                                       double least_share) {
  std::vector<std::pair<std::size_t, std::string>> out;
  for (const auto& [name, count] : here) {
    if (there.count(name) > 0 || count < kLeastRows) continue;
    if (static_cast<double>(count) < least_share * static_cast<double>(n)) continue;
    out.emplace_back(count, name.empty() ? "(empty)" : name);
  }
  return out;
}

Count chosen_in(const DecisionLog& log) {
  std::vector<std::size_t> count(log.actions.size(), 0);
  for (std::size_t i = 0; i < log.size(); ++i) ++count[log.chosen_action(i)];
  Count out;
  for (std::size_t a = 0; a < count.size(); ++a)
    if (count[a] > 0) out[log.actions[a]] = count[a];
  return out;
}

Count levels_of(const FeatureColumn& column) {
  std::vector<std::size_t> count(column.levels.size(), 0);
  for (const std::uint32_t code : column.code) ++count[code];
  Count out;
  for (std::size_t k = 0; k < count.size(); ++k)
    if (count[k] > 0) out[column.levels[k]] = count[k];
  return out;
}

}  // namespace

std::vector<Finding> only_in_one(const DecisionLog& first, const DecisionLog& later) {
  std::vector<Finding> out;
  const Count before = chosen_in(first), after = chosen_in(later);
  // Of many actions, as of items that are offered for a day, single ones say nothing.
  const bool few = std::max(before.size(), after.size()) <= 50;
  const auto fresh = alone(after, before, later.size(), few ? 0 : kWorthNaming),
             lost = alone(before, after, first.size(), few ? 0 : kWorthNaming);
  if (!fresh.empty())
    out.push_back({"arms", Severity::kWarning,
                   fmt::format("actions that the certificate's log never took: {}",
                               listed(fresh, later.size(), "later"))});
  if (!lost.empty())
    out.push_back(
        {"arms", Severity::kWarning,
         fmt::format("actions that the later log never takes: {}", listed(lost, first.size(), "first"))});
  std::set<std::string> told;  // a segment may be a context
  for (const auto columns : {&DecisionLog::context, &DecisionLog::segments}) {
    for (const FeatureColumn& here : later.*columns) {
      const auto& before_columns = first.*columns;
      const auto there = std::find_if(before_columns.begin(), before_columns.end(),
                                      [&](const FeatureColumn& c) { return c.name == here.name; });
      if (!here.is_category || there == before_columns.end() || !there->is_category) continue;
      if (!told.insert(here.name).second) continue;
      const Count now = levels_of(here), then = levels_of(*there);
      const auto new_levels = alone(now, then, later.size(), kWorthNaming),
                 gone = alone(then, now, first.size(), kWorthNaming);
      if (!new_levels.empty())
        out.push_back({"levels", Severity::kWarning,
                       fmt::format("{} has levels that the certificate's log never had: {}", here.name,
                                   listed(new_levels, later.size(), "later"))});
      if (!gone.empty())
        out.push_back({"levels", Severity::kWarning,
                       fmt::format("{} has lost levels: {}", here.name, listed(gone, first.size(), "first"))});
    }
  }
  return out;
}

}  // namespace plumb
