// Rows that agree, as decisions: linked ones by what was decided and came of it, all of them by their counts.
#include <fmt/format.h>

#include <algorithm>

#include "monitor/comparison.h"
#include "monitor/too_alike.h"

namespace plumb {

Again Comparison::same(const std::vector<std::uint64_t>& first, const std::vector<std::uint64_t>& later) const {
  // Rows that stand once make the surest pairs; a log that was written twice has none.
  Pairs pairs = pairs_of(first, later, 1);
  if (static_cast<double>(pairs.action.size()) < kLeastPairs) pairs = pairs_of(first, later, kMostCopies);
  if (pairs.action.empty()) return Again::kCannotTell;
  return same_decisions(pairs.action, pairs.outcomes);
}

Comparison::Pairs Comparison::pairs_of(const std::vector<std::uint64_t>& first,
                                       const std::vector<std::uint64_t>& later, std::size_t most) const {
  const std::vector<std::uint64_t>* keys[2] = {&first, &later};
  std::vector<std::pair<std::uint64_t, std::size_t>> few[2];
  for (const int log : {0, 1}) {
    std::vector<std::pair<std::uint64_t, std::size_t>> order;
    for (std::size_t r = 0; r < keys[log]->size(); ++r)
      order.emplace_back(salted((*keys[log])[r], kSameSalt), r);
    std::sort(order.begin(), order.end());
    for (std::size_t from = 0, to = 0; from < order.size(); from = to) {
      while (to < order.size() && order[to].first == order[from].first) ++to;
      if (to - from <= most) few[log].push_back(order[from]);
    }
  }
  Pairs out;
  std::vector<const ComparedColumn*> fields;
  for (const ComparedColumn& column : columns_)
    if (column.role == TraceRole::kOutcome && column.part == kDigits) fields.push_back(&column);
  out.outcomes.resize(fields.size());
  for (std::size_t i = 0, j = 0; i < few[0].size() && j < few[1].size();) {
    if (few[0][i].first != few[1][j].first) {
      few[0][i].first < few[1][j].first ? ++i : ++j;
      continue;
    }
    const std::size_t a = few[0][i++].second, b = few[1][j++].second;
    out.action.emplace_back(action_[0][a], action_[1][b]);
    for (std::size_t f = 0; f < fields.size(); ++f) {
      const ComparedColumn& column = *fields[f];
      out.outcomes[f].cells.emplace_back(column.cell[0][a] >> kDigits, column.cell[1][b] >> kDigits);
      out.outcomes[f].values.emplace_back(column.value[0][a], column.value[1][b]);
    }
  }
  return out;
}

// What was decided and came of it, given nothing or one column of the context, by all outcomes and by each.
std::string Comparison::too_alike(int threads) const {
  std::vector<std::size_t> given{columns_.size()}, outcomes;
  for (std::size_t c = 0; c < columns_.size(); ++c) {
    if (columns_[c].role == TraceRole::kContext) given.push_back(c);
    if (columns_[c].role == TraceRole::kOutcome) outcomes.push_back(c);
  }
  std::vector<std::pair<std::size_t, Way>> tests;
  for (const std::size_t c : given) {
    tests.push_back({c, {outcomes, false, true, true, "all outcomes"}});
    for (const std::size_t j : outcomes)
      if (outcomes.size() > 1) tests.push_back({c, {{j}, false, true, true, columns_[j].name}});
  }
  std::vector<double> chance(tests.size(), 1.0);
  parallel_blocks(tests.size(), threads, [&](std::size_t k) {
    const auto& [c, cells] = tests[k];
    Way stratum;
    stratum.with_action = false;
    if (c < columns_.size()) {
      stratum.columns = {c};
      stratum.coarse = columns_[c].values >= kManyValues;
      stratum.digits = false;
    }
    chance[k] = chance_of_agreement(keys(stratum, 0), keys(cells, 0), keys(stratum, 1), keys(cells, 1));
  });
  for (std::size_t k = 0; k < tests.size(); ++k) {
    if (chance[k] >= kTooAlike) continue;
    const std::size_t c = tests[k].first;
    return fmt::format("{}{}, by action", tests[k].second.by,
                       c < columns_.size() ? fmt::format(" given {}", columns_[c].name) : "");
  }
  return {};
}

}  // namespace plumb
