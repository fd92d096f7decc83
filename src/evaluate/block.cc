#include "evaluate/block.h"

#include <algorithm>
#include <cmath>

#include "base/log_of.h"

namespace plumb {

DecisionBlock::DecisionBlock(const PassInput& input) : input_(input) {
  for (const std::string& name : input.models.outcome) columns_.push_back(&input.log.outcome(name));
  for (auto* column : {&rows_weight, &scale}) column->resize(kDecisionBlock);
  chosen.resize(kDecisionBlock);
  outcomes.resize(columns_.size());
  for (Outcome& outcome : outcomes) {
    for (auto* column :
         {&outcome.live, &outcome.residual, &outcome.value, &outcome.seen, &outcome.event, &outcome.direct})
      column->resize(kDecisionBlock);
  }
  q.resize(columns_.size());
  members.assign(kDecisionBlock / kStrip, std::vector<StripMembers>(input.subsets.size()));
}

void DecisionBlock::load(std::size_t from, std::size_t to) {
  const DecisionLog& log = input_.log;
  begin = from;
  end = to;
  first_row = log.offset[from];
  const std::size_t n = end - begin, rows = log.offset[end] - first_row;
  offered = log.offered(begin);
  for (std::size_t i = begin; i < end; ++i) offered = log.offered(i) == offered ? offered : 0;
  if (log_base.size() < rows) {
    log_base.resize(rows);
    inverse_base.resize(rows);
    for (auto& column : q) column.resize(rows);
  }
  const auto lay_out = [&](const float* source, auto* target) {
    if (offered == 0) std::copy_n(source, rows, target);
    for (std::size_t a = 0; a < offered; ++a) {
      for (std::size_t i = 0; i < n; ++i) target[a * n + i] = source[i * offered + a];
    }
  };
  lay_out(input_.base.data() + first_row, inverse_base.data());
  for (std::size_t j = 0; j < q.size(); ++j) lay_out(input_.models.q[j].data() + first_row, q[j].data());
  for (std::size_t i = 0; i < n; ++i) {
    chosen[i] = static_cast<std::uint32_t>(log.offset[begin + i] - first_row) + log.chosen[begin + i];
    rows_weight[i] = log.weight.empty() ? 1.0 : static_cast<double>(log.weight[begin + i]);
    scale[i] = rows_weight[i] / log.propensity[begin + i];
  }
  for (std::size_t k = 0; k < rows; ++k) {
    const double mu = inverse_base[k], logarithm = log_of(mu), inverse = 1 / mu;
    log_base[k] = mu > 0 ? logarithm : -kNever;
    inverse_base[k] = mu > 0 ? inverse : kNever;
  }

  for (std::size_t j = 0; j < outcomes.size(); ++j) {
    const OutcomeColumn& column = *columns_[j];
    const std::vector<float>& models = input_.models.q[j];
    Outcome& out = outcomes[j];
    for (std::size_t i = 0; i < n; ++i) {
      const State state = column.state[begin + i];
      const double y = column.value[begin + i], fitted = models[first_row + chosen[i]];
      const double seen = state != State::kObserved ? 0.0
                          : column.asked.empty()    ? 1.0
                                                    : 1 / column.asked[begin + i];
      out.live[i] = state == State::kImmature ? 0.0 : rows_weight[i];
      out.residual[i] = seen * (y - fitted);
      out.value[i] = seen * y;
      out.seen[i] = seen;
      out.event[i] = seen > 0 && y != 0 ? 1 : 0;
      out.direct[i] = fitted;
    }
  }

  for (std::size_t strip = 0; strip * kStrip < n; ++strip) {
    const std::size_t first = strip * kStrip, count = std::min(kStrip, n - first);
    for (std::size_t s = 0; s < input_.subsets.size(); ++s) {
      const std::uint8_t* mask = input_.subsets[s].mask.data() + begin + first;
      StripMembers& in = members[strip][s];
      in.some.clear();
      in.all = std::all_of(mask, mask + count, [](std::uint8_t m) { return m != 0; });
      for (std::size_t i = 0; !in.all && i < count; ++i) {
        if (mask[i] != 0) in.some.push_back(static_cast<std::uint16_t>(i));
      }
    }
  }
}

}  // namespace plumb
