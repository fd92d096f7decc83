#include "evaluate/terms.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace plumb {

PolicyTerms policy_terms(const DecisionLog& log, const OutcomeModels& models, std::span<const float> base,
                         bool base_is_estimate, std::span<const float> probabilities, bool is_logging,
                         bool all_estimators, int threads) {
  const std::size_t n = log.size(), outcomes = models.outcome.size();
  PolicyTerms out;
  out.dr.resize(outcomes * n);
  out.weight.resize(n);
  out.kl.resize(n);
  out.chi2.resize(n);
  if (all_estimators) {
    out.ips.resize(outcomes * n);
    out.observed_weight.resize(outcomes * n);
  }
  std::vector<const OutcomeColumn*> columns;
  for (const auto& name : models.outcome) columns.push_back(&log.outcome(name));

  parallel_blocks((n + kDecisionBlock - 1) / kDecisionBlock, threads, [&](std::size_t block) {
    const std::size_t end = std::min(n, (block + 1) * kDecisionBlock);
    for (std::size_t i = block * kDecisionBlock; i < end; ++i) {
      const std::size_t first = log.offset[i], last = log.offset[i + 1], chosen = log.chosen_row(i);
      double kl = 0, chi2 = 0;
      for (std::size_t row = first; row < last; ++row) {
        const double pi = probabilities[row], mu = base[row];
        if (pi <= 0) continue;
        // An action that the logging policy never takes is out of support: both divergences are infinite.
        kl += mu > 0 ? pi * std::log(pi / mu) : std::numeric_limits<double>::infinity();
        chi2 += mu > 0 ? pi * pi / mu : std::numeric_limits<double>::infinity();
      }
      out.kl[i] = is_logging ? 0 : std::max(0.0, kl);
      out.chi2[i] = is_logging ? 1 : chi2;
      const double weight = is_logging ? 1 : static_cast<double>(probabilities[chosen]) / log.propensity[i];
      out.weight[i] = weight;
      for (std::size_t j = 0; j < outcomes; ++j) {
        const OutcomeColumn& column = *columns[j];
        if (column.state[i] == State::kImmature) continue;
        const std::vector<float>& q = models.q[j];
        double direct = 0;
        if (is_logging && base_is_estimate) {
          // What it earned is in the log; a model of its probabilities would add an error that no interval
          // holds.
          direct = q[chosen];
        } else {
          for (std::size_t row = first; row < last; ++row)
            direct += static_cast<double>(probabilities[row]) * q[row];
        }
        double term = direct;
        if (column.state[i] == State::kObserved) {
          const double share = weight / (column.asked.empty() ? 1.0 : column.asked[i]);
          term += share * (column.value[i] - q[chosen]);
          if (all_estimators) {
            out.ips[j * n + i] = share * column.value[i];
            out.observed_weight[j * n + i] = share;
          }
        }
        out.dr[j * n + i] = term;
      }
    }
  });
  return out;
}

SubsetSums subset_sums(const PolicyTerms& terms, const std::vector<std::uint8_t>& mask,
                       const std::vector<std::uint32_t>& bucket) {
  SubsetSums out;
  std::vector<double> weight(kBuckets, 0.0), count(kBuckets, 0.0);
  for (std::size_t i = 0; i < mask.size(); ++i) {
    if (!mask[i]) continue;
    const double w = terms.weight[i];
    out.count += 1;
    out.weight += w;
    out.weight_squares += w * w;
    out.max_weight = std::max(out.max_weight, w);
    out.kl += terms.kl[i];
    out.chi2 += terms.chi2[i];
    weight[bucket[i]] += w;
    count[bucket[i]] += 1;
  }
  if (out.count == 0) return out;
  const double mean = out.weight / out.count;
  double squares = 0, error = 0;
  for (std::size_t b = 0; b < kBuckets; ++b) {
    squares += weight[b] * weight[b];
    error += (weight[b] - mean * count[b]) * (weight[b] - mean * count[b]);
  }
  out.weight_error = std::sqrt(error) / out.count;
  out.effective_units = squares > 0 ? out.weight * out.weight / squares : 0;
  return out;
}

ObservedSums observed_sums(const PolicyTerms& terms, const OutcomeColumn& column,
                           const std::vector<std::uint8_t>& mask) {
  double sum = 0, squares = 0, largest = 0, event_sum = 0, event_squares = 0;
  for (std::size_t i = 0; i < mask.size(); ++i) {
    if (!mask[i] || column.state[i] != State::kObserved) continue;
    const double plain = terms.weight[i], w = plain / (column.asked.empty() ? 1.0 : column.asked[i]);
    sum += w;
    squares += w * w;
    largest = std::max(largest, w);
    if (column.value[i] == 0) continue;
    event_sum += plain;
    event_squares += plain * plain;
  }
  ObservedSums out;
  out.ess = squares > 0 ? sum * sum / squares : 0;
  out.largest_share = sum > 0 ? largest / sum : 0;
  out.events = event_squares > 0 ? event_sum * event_sum / event_squares : 0;
  return out;
}

Support support_of(const SubsetSums& sums) {
  Support out;
  out.count = sums.count;
  out.max_weight = sums.max_weight;
  if (sums.count == 0 || sums.weight == 0) {
    out.reason = "no decision of the log is one that the policy would take";
    return out;
  }
  out.ess = sums.weight * sums.weight / sums.weight_squares;
  out.mean_weight = sums.weight / sums.count;
  out.chi2 = sums.weight_squares / sums.count - 1;
  const double error = sums.weight_error;
  if (!std::isfinite(sums.chi2)) {
    out.reason = "the policy takes actions that the logging policy never takes";
  } else if (out.ess < kLeastEss) {
    out.reason = fmt::format("the effective sample size is {:.1f} of {:.0f} decisions, {:.0f} are needed",
                             out.ess, sums.count, kLeastEss);
  } else if (sums.effective_units < kLeastUnits) {
    out.reason = fmt::format("the decisions come from {:.1f} effective units, {:.0f} are needed",
                             sums.effective_units, kLeastUnits);
  } else if (sums.max_weight > kLargestShare * sums.weight) {
    out.reason =
        fmt::format("one decision carries {:.0f} % of all weight", 100 * sums.max_weight / sums.weight);
  } else if (std::abs(out.mean_weight - 1) > kMeanWeightErrors * error + 1e-3) {
    out.reason = fmt::format(
        "the mean weight is {:.3f} instead of 1 (standard error {:.3f}): the propensities are wrong",
        out.mean_weight, error);
  } else {
    out.sufficient = true;
  }
  return out;
}

void limit_to_observed(Support& support, const std::string& outcome, const ObservedSums& observed) {
  if (!support.sufficient) return;
  support.ess = std::min(support.ess, observed.ess);
  if (observed.ess < kLeastEss) {
    support.sufficient = false;
    support.reason = fmt::format("{} is observed in {:.1f} effective decisions, {:.0f} are needed", outcome,
                                 observed.ess, kLeastEss);
  } else if (observed.largest_share > kLargestShare) {
    support.sufficient = false;
    support.reason = fmt::format("one observed value of {} carries {:.0f} % of all weight", outcome,
                                 100 * observed.largest_share);
  }
}

}  // namespace plumb
