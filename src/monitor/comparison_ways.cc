// The ways of comparing. Whatever became of some of the columns, one of the sets should be left whole.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "monitor/comparison.h"

namespace plumb {
namespace {

constexpr std::size_t kSubsets = 48;  // random sets of columns

}  // namespace

// All of the context, with outcomes, with what nobody named; each without one column; halves; columns of many
// values alone; random sets that should tell rows apart, as half of the columns may be other ones.
std::vector<Way> Comparison::ways() const {
  std::vector<Way> out;
  std::set<std::vector<std::size_t>> there;
  const auto add = [&](const std::vector<std::size_t>& set, const std::string& by, bool coarsely = false) {
    if (set.empty() || !there.insert(set).second) return;
    const bool other =
        std::any_of(set.begin(), set.end(), [&](std::size_t c) { return columns_[c].part != kDigits; });
    out.push_back({set, false, true, true, by});
    if (other) out.push_back({set, false, false, true, by + ", put to one scale"});
    if (coarsely && set.size() > 1) out.push_back({set, true, false, true, by + ", coarsely"});
  };
  std::vector<std::size_t> context, asked, all = everything().columns;
  for (const std::size_t c : all) {
    if (columns_[c].role == TraceRole::kContext) context.push_back(c);
    if (columns_[c].role != TraceRole::kOther) asked.push_back(c);
  }
  add(context, "all context columns and the action", true);
  add(asked, "all context columns, outcomes and the action", true);
  if (all.size() > asked.size()) add(all, "all columns that both have");
  if (!context.empty()) {
    out.push_back({context, false, true, false, "all context columns"});
    if (context.size() > 1) out.push_back({context, true, false, false, "all context columns, coarsely"});
  }
  for (const auto* set : {&context, &asked}) {
    for (const std::size_t without : *set) {
      std::vector<std::size_t> rest;
      for (const std::size_t c : *set)
        if (c != without) rest.push_back(c);
      add(rest, fmt::format("{}columns without {}", set == &context ? "context " : "", columns_[without].name));
    }
    for (const bool later_half : {false, true}) {
      const auto middle = set->begin() + static_cast<std::ptrdiff_t>((set->size() + 1) / 2);
      if (set->size() > 3)
        add({later_half ? middle : set->begin(), later_half ? set->end() : middle}, "half of the columns");
    }
  }
  for (const std::size_t c : asked)
    if (columns_[c].values >= kManyValues) add({c}, "the action and " + columns_[c].name);
  if (asked.size() > 3) {
    const Rng root(kSameSalt);
    // About a row a cell, the action's among them: fewer columns are more often all of the same half.
    const double enough = std::log(static_cast<double>(first_.size()) / 2);
    for (std::size_t k = 0; k < kSubsets; ++k) {
      Rng rng = root.stream("columns", k);
      std::vector<std::size_t> left = asked, set;
      double values = 0;
      while (values < enough && !left.empty()) {
        const std::size_t at = rng.below(left.size());
        values += columns_[left[at]].log_values;
        set.push_back(left[at]);
        left.erase(left.begin() + static_cast<std::ptrdiff_t>(at));
      }
      std::sort(set.begin(), set.end());
      if (4 * set.size() <= 3 * asked.size()) add(set, fmt::format("{} of the columns", set.size()));
    }
  }
  return out;
}

}  // namespace plumb
