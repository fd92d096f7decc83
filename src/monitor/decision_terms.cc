#include "monitor/decision_terms.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace plumb {

DecisionTerms decision_terms(const DecisionLog& log, const OutcomeModels& models, std::span<const float> base,
                             bool base_is_estimate, std::span<const float> probabilities, bool is_logging,
                             int threads) {
  constexpr std::size_t kBlock = 2048;
  const std::size_t n = log.size(), outcomes = models.outcome.size();
  DecisionTerms out;
  out.weight.resize(n);
  out.chi2.resize(n);
  out.direct.resize(outcomes * n);
  out.residual.resize(outcomes * n);
  std::vector<const OutcomeColumn*> columns;
  for (const auto& name : models.outcome) columns.push_back(&log.outcome(name));
  parallel_blocks((n + kBlock - 1) / kBlock, threads, [&](std::size_t block) {
    for (std::size_t i = block * kBlock; i < std::min(n, (block + 1) * kBlock); ++i) {
      const std::size_t first = log.offset[i], last = log.offset[i + 1], chosen = log.chosen_row(i);
      double chi2 = 0;
      for (std::size_t row = first; row < last; ++row) {
        const double pi = probabilities[row], mu = base[row];
        // An estimate of 0 is one that is too small for single precision: it does not say never.
        const double least = base_is_estimate ? std::numeric_limits<float>::min() : 0.0;
        if (pi > 0)
          chi2 += mu > 0 || least > 0 ? pi * pi / std::max(mu, least) : std::numeric_limits<double>::infinity();
      }
      out.chi2[i] = is_logging ? 1 : chi2;
      out.weight[i] = is_logging ? 1 : static_cast<double>(probabilities[chosen]) / log.propensity[i];
      for (std::size_t j = 0; j < outcomes; ++j) {
        const OutcomeColumn& column = *columns[j];
        if (column.state[i] == State::kImmature) continue;
        const std::vector<float>& q = models.q[j];
        double direct = 0;
        if (is_logging && base_is_estimate) {
          direct = q[chosen];
        } else {
          for (std::size_t row = first; row < last; ++row)
            direct += static_cast<double>(probabilities[row]) * static_cast<double>(q[row]);
        }
        out.direct[j * n + i] = direct;
        if (column.state[i] != State::kObserved) continue;
        const double share = out.weight[i] / (column.asked.empty() ? 1.0 : column.asked[i]);
        out.residual[j * n + i] = share * (column.value[i] - static_cast<double>(q[chosen]));
      }
    }
  });
  return out;
}

Support support_on(const DecisionTerms& terms, const std::vector<std::uint8_t>& mask,
                   std::span<const std::uint32_t> bucket) {
  SubsetSums sums;
  std::vector<double> weight(kBuckets, 0.0), count(kBuckets, 0.0);
  for (std::size_t i = 0; i < mask.size(); ++i) {
    if (!mask[i]) continue;
    const double w = terms.weight[i];
    sums.count += 1;
    sums.weight += w;
    sums.weight_squares += w * w;
    sums.max_weight = std::max(sums.max_weight, w);
    sums.beyond = sums.beyond || !std::isfinite(terms.chi2[i]);
    weight[bucket[i]] += w;
    count[bucket[i]] += 1;
  }
  sums.rows_weight = sums.count;
  sums.plain_squares = sums.weight_squares;
  if (sums.count == 0) return support_of(sums);
  const double mean = sums.weight / sums.count;
  double squares = 0, error = 0;
  for (std::size_t b = 0; b < kBuckets; ++b) {
    squares += weight[b] * weight[b];
    error += (weight[b] - mean * count[b]) * (weight[b] - mean * count[b]);
  }
  sums.weight_error = std::sqrt(error) / sums.count;
  sums.effective_units = squares > 0 ? sums.weight * sums.weight / squares : 0;
  return support_of(sums);
}

}  // namespace plumb
