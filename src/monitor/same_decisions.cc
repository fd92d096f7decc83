#include "monitor/same_decisions.h"

#include <algorithm>
#include <cmath>
#include <numeric>
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

// Places in ascending order, equal values at their middle place.
std::vector<double> places(const std::vector<double>& values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return values[a] < values[b]; });
  std::vector<double> out(values.size());
  for (std::size_t from = 0, to = 0; from < order.size(); from = to) {
    while (to < order.size() && values[order[to]] == values[order[from]]) ++to;
    for (std::size_t k = from; k < to; ++k) out[order[k]] = 0.5 * static_cast<double>(from + to - 1);
  }
  return out;
}

// REQUIRES: the values are told apart by enough pairs (said_by).
bool in_one_order(const std::vector<std::pair<double, double>>& pairs) {
  std::vector<double> first, later;
  for (const auto& [a, b] : pairs) {
    if (std::isnan(a) || std::isnan(b)) continue;
    first.push_back(a);
    later.push_back(b);
  }
  if (static_cast<double>(first.size()) < kLeastTelling) return false;
  first = places(first);
  later = places(later);
  const double middle = 0.5 * (static_cast<double>(first.size()) - 1);
  double both = 0, squares[2] = {0, 0};
  for (std::size_t k = 0; k < first.size(); ++k) {
    both += (first[k] - middle) * (later[k] - middle);
    squares[0] += (first[k] - middle) * (first[k] - middle);
    squares[1] += (later[k] - middle) * (later[k] - middle);
  }
  return both * both > kSameOrder * kSameOrder * squares[0] * squares[1];
}

}  // namespace

Again same_decisions(const FieldPairs& action, const std::vector<OutcomePairs>& outcomes) {
  const Says by_action = said_by(action, false);
  bool any = false, same = false;
  for (const OutcomePairs& outcome : outcomes) {
    Says by_outcome = said_by(outcome.cells, true);
    if (by_outcome == Says::kOther && in_one_order(outcome.values)) by_outcome = Says::kSame;
    any |= by_outcome != Says::kNothing;
    same |= by_outcome == Says::kSame;
  }
  if (by_action == Says::kOther || (any && !same)) return Again::kOtherDecisions;
  if (by_action == Says::kNothing && !any) return Again::kCannotTell;
  return Again::kSameDecisions;
}

}  // namespace plumb
