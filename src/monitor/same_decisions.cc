#include "monitor/same_decisions.h"

#include <algorithm>
#include <set>

namespace plumb {
namespace {

constexpr double kAgrees = 0.2;

enum class Says { kSame, kOther, kNothing };

Says said_by(const FieldPairs& pairs, bool may_be_flipped) {
  const std::size_t n = pairs.size();
  double differ = 0, by_chance = 0;
  std::set<std::uint64_t> values[2];
  for (std::size_t k = 0; k < n; ++k) {
    differ += pairs[k].first != pairs[k].second;
    // Each row of the first log against three others of the later one: less noise than one.
    for (const std::size_t step : {1, 2, 3})
      by_chance += (pairs[k].first != pairs[(k + step) % n].second) / 3.0;
    if (values[0].size() < 3) values[0].insert(pairs[k].first);
    if (values[1].size() < 3) values[1].insert(pairs[k].second);
  }
  const auto agrees = [](double unlike, double expected) { return unlike <= kAgrees * expected; };
  const auto all = static_cast<double>(n);
  const bool tells = by_chance >= kLeastTelling, flips = may_be_flipped && values[0].size() == 2 &&
                                                         values[1].size() == 2 &&
                                                         all - by_chance >= kLeastTelling;
  if (tells && agrees(differ, by_chance)) return Says::kSame;
  if (flips && agrees(all - differ, all - by_chance)) return Says::kSame;
  return tells ? Says::kOther : Says::kNothing;
}

}  // namespace

Again same_decisions(const FieldPairs& action, const std::vector<FieldPairs>& outcomes) {
  const Says by_action = said_by(action, false);
  bool any = false, same = false;
  for (const FieldPairs& outcome : outcomes) {
    const Says by_outcome = said_by(outcome, true);
    any |= by_outcome != Says::kNothing;
    same |= by_outcome == Says::kSame;
  }
  if (by_action == Says::kOther || (any && !same)) return Again::kOtherDecisions;
  if (by_action == Says::kNothing && !any) return Again::kCannotTell;
  return Again::kSameDecisions;
}

}  // namespace plumb
