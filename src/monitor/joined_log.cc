#include "monitor/joined_log.h"

#include <algorithm>

namespace plumb {
namespace {

template <class T>
void append(std::vector<T>& to, const std::vector<T>& from) {
  to.insert(to.end(), from.begin(), from.end());
}

// Position of each of `names` in `all`, which grows by those that are not there.
std::vector<std::uint32_t> codes_in(std::vector<std::string>& all, const std::vector<std::string>& names) {
  std::vector<std::pair<std::string, std::uint32_t>> known;
  for (std::size_t k = 0; k < all.size(); ++k) known.emplace_back(all[k], static_cast<std::uint32_t>(k));
  std::sort(known.begin(), known.end());
  std::vector<std::uint32_t> out;
  for (const std::string& name : names) {
    const auto at = std::lower_bound(known.begin(), known.end(), std::pair(name, std::uint32_t{0}));
    if (at != known.end() && at->first == name) {
      out.push_back(at->second);
    } else {
      out.push_back(static_cast<std::uint32_t>(all.size()));
      all.push_back(name);
    }
  }
  return out;
}

void join_columns(std::vector<FeatureColumn>& to, const DecisionLog& later,
                  const std::vector<FeatureColumn>& from, const char* what) {
  const auto named = [](const std::vector<FeatureColumn>& columns, const std::string& name) {
    return std::find_if(columns.begin(), columns.end(), [&](const auto& c) { return c.name == name; });
  };
  for (const FeatureColumn& column : from) {
    if (named(to, column.name) == to.end())
      refuse(later.source, column.name, std::string("a new ") + what,
             "the columns of the certificate's log, and no others");
  }
  for (FeatureColumn& column : to) {
    const auto found = named(from, column.name);
    if (found == from.end()) {
      refuse(later.source, column.name, std::string("no such ") + what, "the columns of the certificate's log");
    }
    if (found->is_category != column.is_category) {
      refuse(later.source, column.name, found->is_category ? "categories" : "numbers",
             column.is_category ? "categories, as in the certificate's log"
                                : "numbers, as in the certificate's log");
    }
    if (!column.is_category) {
      append(column.number, found->number);
      continue;
    }
    const std::vector<std::uint32_t> code = codes_in(column.levels, found->levels);
    for (const std::uint32_t c : found->code) column.code.push_back(code[c]);
  }
}

void join_outcome(OutcomeColumn& to, const OutcomeColumn& from) {
  if (!to.asked.empty() || !from.asked.empty()) {
    to.asked.resize(to.value.size(), 1.0);
    append(to.asked, from.asked);
    to.asked.resize(to.value.size() + from.value.size(), 1.0);
  }
  append(to.value, from.value);
  append(to.state, from.state);
  to.asked_known = to.asked_known && from.asked_known;
  to.observed_count += from.observed_count;
  to.missing_count += from.missing_count;
  to.immature_count += from.immature_count;
  to.nonzero_count += from.nonzero_count;
  to.zero_filled_count += from.zero_filled_count;
}

}  // namespace

DecisionLog joined_log(const DecisionLog& first, const DecisionLog& later) {
  DecisionLog out;
  out.source = first.source;
  out.unit_named = first.unit_named && later.unit_named;
  out.unit = first.unit;
  append(out.unit, later.unit);
  out.actions = first.actions;
  const std::vector<std::uint32_t> action = codes_in(out.actions, later.actions);
  out.fixed_actions = first.fixed_actions && later.fixed_actions && first.actions == later.actions;
  out.offset = first.offset;
  for (std::size_t i = 0; i < later.size(); ++i)
    out.offset.push_back(first.offset.back() + later.offset[i + 1]);
  out.action = first.action;
  for (const std::uint32_t a : later.action) out.action.push_back(action[a]);
  out.chosen = first.chosen;
  append(out.chosen, later.chosen);
  out.propensity = first.propensity;
  append(out.propensity, later.propensity);
  out.propensity_declared = first.propensity_declared && later.propensity_declared;
  if (!first.logged.empty() && !later.logged.empty()) {
    out.logged = first.logged;
    append(out.logged, later.logged);
  }
  out.context = first.context;
  join_columns(out.context, later, later.context, "context column");
  out.action_features = first.action_features;
  join_columns(out.action_features, later, later.action_features, "feature of the actions");
  out.outcomes = first.outcomes;
  for (OutcomeColumn& outcome : out.outcomes) join_outcome(outcome, later.outcome(outcome.name));
  out.fold = first.fold;
  out.fold.resize(out.size(), kTrainingFolds);
  return out;
}

}  // namespace plumb
