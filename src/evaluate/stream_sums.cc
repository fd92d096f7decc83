#include "evaluate/stream_sums.h"

#include <algorithm>
#include <cmath>

namespace plumb {

void StreamSums::add(const DecisionLog& block, const PolicyTerms& terms,
                     const std::vector<std::uint32_t>& bucket, const std::vector<std::uint8_t>& use) {
  const std::size_t n = block.size();
  for (std::size_t i = 0; i < n; ++i) {
    if (!use.empty() && !use[i]) continue;
    const double w = terms.weight[i];
    weight[bucket[i]] += w;
    count[bucket[i]] += 1;
    decisions += 1;
    weights += w;
    weight_squares += w * w;
    max_weight = std::max(max_weight, w);
    kl += terms.kl[i];
    chi2 += terms.chi2[i];
  }
  for (std::size_t j = 0; j < outcome.size(); ++j) {
    Outcome& to = outcome[j];
    const OutcomeColumn& column = block.outcomes[j];
    for (std::size_t i = 0; i < n; ++i) {
      if ((!use.empty() && !use[i]) || column.state[i] == State::kImmature) continue;
      const std::uint32_t b = bucket[i];
      to.dr[b] += terms.dr[j * n + i];
      to.ips[b] += terms.ips[j * n + i];
      to.observed_weight[b] += terms.observed_weight[j * n + i];
      to.count[b] += 1;
      if (column.state[i] != State::kObserved) continue;
      const double plain = terms.weight[i], w = terms.observed_weight[j * n + i];
      to.sum += w;
      to.squares += w * w;
      to.largest = std::max(to.largest, w);
      if (column.value[i] == 0) continue;
      to.event_sum += plain;
      to.event_squares += plain * plain;
    }
  }
}

void StreamSums::add(const StreamSums& later) {
  const auto add_all = [](std::vector<double>& to, const std::vector<double>& from) {
    for (std::size_t b = 0; b < to.size(); ++b) to[b] += from[b];
  };
  add_all(weight, later.weight);
  add_all(count, later.count);
  decisions += later.decisions;
  weights += later.weights;
  weight_squares += later.weight_squares;
  max_weight = std::max(max_weight, later.max_weight);
  kl += later.kl;
  chi2 += later.chi2;
  for (std::size_t j = 0; j < outcome.size(); ++j) {
    Outcome& to = outcome[j];
    const Outcome& from = later.outcome[j];
    add_all(to.dr, from.dr);
    add_all(to.ips, from.ips);
    add_all(to.observed_weight, from.observed_weight);
    add_all(to.count, from.count);
    to.sum += from.sum;
    to.squares += from.squares;
    to.largest = std::max(to.largest, from.largest);
    to.event_sum += from.event_sum;
    to.event_squares += from.event_squares;
  }
}

SubsetSums StreamSums::totals() const {
  SubsetSums out;
  out.count = decisions;
  out.weight = weights;
  out.weight_squares = weight_squares;
  out.max_weight = max_weight;
  out.kl = kl;
  out.chi2 = chi2;
  if (decisions == 0) return out;
  const double mean = weights / decisions;
  double squares = 0, error = 0;
  for (std::size_t b = 0; b < kBuckets; ++b) {
    squares += weight[b] * weight[b];
    error += (weight[b] - mean * count[b]) * (weight[b] - mean * count[b]);
  }
  out.weight_error = std::sqrt(error) / decisions;
  out.effective_units = squares > 0 ? weights * weights / squares : 0;
  return out;
}

ObservedSums StreamSums::observed(std::size_t j) const {
  const Outcome& o = outcome[j];
  ObservedSums out;
  out.ess = o.squares > 0 ? o.sum * o.sum / o.squares : 0;
  out.largest_share = o.sum > 0 ? o.largest / o.sum : 0;
  out.events = o.event_squares > 0 ? o.event_sum * o.event_sum / o.event_squares : 0;
  return out;
}

}  // namespace plumb
