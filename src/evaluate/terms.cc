#include "evaluate/terms.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace plumb {

PolicyTerms policy_terms(const DecisionLog& log, const OutcomeModels& models, std::span<const float> base,
                         std::span<const float> probabilities, bool is_logging, bool all_estimators,
                         int threads) {
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
        for (std::size_t row = first; row < last; ++row)
          direct += static_cast<double>(probabilities[row]) * q[row];
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

SubsetSums subset_sums(const PolicyTerms& terms, const std::vector<std::uint8_t>& mask) {
  SubsetSums out;
  for (std::size_t i = 0; i < mask.size(); ++i) {
    if (!mask[i]) continue;
    const double w = terms.weight[i];
    out.count += 1;
    out.weight += w;
    out.weight_squares += w * w;
    out.max_weight = std::max(out.max_weight, w);
    out.kl += terms.kl[i];
    out.chi2 += terms.chi2[i];
  }
  return out;
}

double effective_events(const PolicyTerms& terms, const OutcomeColumn& column,
                        const std::vector<std::uint8_t>& mask) {
  double sum = 0, squares = 0;
  for (std::size_t i = 0; i < mask.size(); ++i) {
    if (!mask[i] || column.state[i] != State::kObserved || column.value[i] == 0) continue;
    sum += terms.weight[i];
    squares += terms.weight[i] * terms.weight[i];
  }
  return squares > 0 ? sum * sum / squares : 0;
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
  const double variance = sums.weight_squares / sums.count - out.mean_weight * out.mean_weight;
  const double error = std::sqrt(std::max(0.0, variance) / sums.count);
  if (!std::isfinite(sums.chi2)) {
    out.reason = "the policy takes actions that the logging policy never takes";
  } else if (out.ess < kLeastEss) {
    out.reason = fmt::format("the effective sample size is {:.1f} of {:.0f} decisions, {:.0f} are needed",
                             out.ess, sums.count, kLeastEss);
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

}  // namespace plumb
