#include "evaluate/block.h"

#include <algorithm>
#include <limits>

#include "base/log_of.h"

namespace plumb {
namespace {

// Looks at all of them: without a way out the compiler makes vector instructions of it.
template <class Is>
bool any_of(std::size_t n, const Is& is) {
  bool any = false;
  for (std::size_t i = 0; i < n; ++i) any |= is(i);
  return any;
}

}  // namespace

DecisionBlock::DecisionBlock(const PassInput& input) : input_(input) {
  for (const std::string& name : input.models.outcome) columns_.push_back(&input.log.outcome(name));
  row.resize(kDecisionBlock + 1);
  chosen.resize(kDecisionBlock);
  for (auto* column : {&rows_weight, &scale}) column->resize(kDecisionBlock);
  outcomes.resize(columns_.size());
  for (Outcome& outcome : outcomes) {
    for (auto* column : {&outcome.residual, &outcome.value, &outcome.seen, &outcome.event})
      column->resize(kDecisionBlock);
    outcome.plain.resize(kDecisionBlock / kStrip);
  }
  members.assign(kDecisionBlock / kStrip, std::vector<StripMembers>(input.subsets.size()));
}

void DecisionBlock::load(std::size_t from, std::size_t to) {
  const DecisionLog& log = input_.log;
  begin = from;
  end = to;
  first_row = log.offset[from];
  const std::size_t n = size();
  for (std::size_t i = 0; i <= n; ++i) row[i] = static_cast<std::uint32_t>(log.offset[begin + i] - first_row);
  offered = row[1];
  for (std::size_t i = 0; i < n; ++i) offered = row[i + 1] - row[i] == offered ? offered : 0;
  for (std::size_t i = 0; i < n; ++i) chosen[i] = row[i] + log.chosen[begin + i];
  for (std::size_t i = 0; i < n; ++i)
    rows_weight[i] = log.weight.empty() ? 1.0 : static_cast<double>(log.weight[begin + i]);
  const double* propensity = log.propensity.data() + begin;
  for (std::size_t i = 0; i < n; ++i) scale[i] = rows_weight[i] / propensity[i];

  const float* base = input_.base.data() + first_row;
  never.clear();
  // An estimate says that something is rare, however small it comes out; never that it does not happen.
  if (!input_.base_is_estimate && any_of(rows(), [&](std::size_t k) { return base[k] <= 0; })) {
    for (std::uint32_t i = 0; i < n; ++i) {
      for (std::uint32_t k = row[i]; k < row[i + 1]; ++k)
        if (base[k] <= 0) never.push_back({i, k});
    }
  }
  if (input_.divergences) {
    log_base.resize(rows());
    inverse_base.resize(rows());
    constexpr double kLeast = std::numeric_limits<float>::denorm_min();
    for (std::size_t k = 0; k < rows(); ++k) {
      const double mu = std::max(static_cast<double>(base[k]), kLeast);
      log_base[k] = log_of(mu);
      inverse_base[k] = 1 / mu;
    }
  }
  for (std::size_t j = 0; j < outcomes.size(); ++j) load_outcome(j);
  load_members();
}

void DecisionBlock::load_outcome(std::size_t j) {
  const std::size_t n = size();
  const OutcomeColumn& column = *columns_[j];
  const float* q = input_.models.q[j].data() + first_row;
  const State* state = column.state.data() + begin;
  const double* y = column.value.data() + begin;
  Outcome& out = outcomes[j];
  if (out.part.size() < rows()) out.part.resize(rows());
  const bool weighted = !input_.log.weight.empty();
  if (!weighted && !any_of(n, [&](std::size_t i) { return state[i] == State::kImmature; })) {
    std::copy_n(q, rows(), out.part.begin());
  } else {
    for (std::size_t i = 0; i < n; ++i) {
      const double live = state[i] == State::kImmature ? 0.0 : rows_weight[i];
      for (std::size_t k = row[i]; k < row[i + 1]; ++k) out.part[k] = live * static_cast<double>(q[k]);
    }
  }
  for (std::size_t i = 0; i < n; ++i) out.seen[i] = state[i] == State::kObserved ? 1.0 : 0.0;
  if (!column.asked.empty()) {
    const auto* asked = column.asked.data() + begin;
    for (std::size_t i = 0; i < n; ++i) out.seen[i] = out.seen[i] > 0 ? 1 / asked[i] : 0.0;
  }
  for (std::size_t i = 0; i < n; ++i) out.event[i] = (out.seen[i] > 0) & (y[i] != 0) ? 1.0 : 0.0;
  for (std::size_t i = 0; i < n; ++i) out.value[i] = out.seen[i] * y[i];
  for (std::size_t i = 0; i < n; ++i)
    out.residual[i] = out.seen[i] * (y[i] - static_cast<double>(q[chosen[i]]));
  for (std::size_t first = 0; first < n; first += kStrip) {
    const double* seen = out.seen.data() + first;
    out.plain[first / kStrip] =
        !any_of(std::min(kStrip, n - first), [&](std::size_t i) { return seen[i] != 1; });
  }
}

void DecisionBlock::load_members() {
  const std::size_t n = size();
  for (std::size_t first = 0; first < n; first += kStrip) {
    const std::size_t count = std::min(kStrip, n - first);
    for (std::size_t s = 0; s < input_.subsets.size(); ++s) {
      const std::uint8_t* mask = input_.subsets[s].mask.data() + begin + first;
      StripMembers& in = members[first / kStrip][s];
      in.some.clear();
      in.all = !any_of(count, [&](std::size_t i) { return mask[i] == 0; });
      for (std::size_t i = 0; !in.all && i < count; ++i) {
        if (mask[i] != 0) in.some.push_back(static_cast<std::uint16_t>(i));
      }
    }
  }
}

}  // namespace plumb
