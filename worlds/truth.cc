#include "worlds/truth.h"

#include <fmt/format.h>

#include <cmath>

namespace plumb {

Truth average_truth(const DecisionLog& log, const Matrix& expected, const PolicyProbabilities& policy,
                    std::span<const std::string> outcomes) {
  PLUMB_ASSERT(expected.rows == log.action.size() && expected.cols == outcomes.size());
  const std::size_t n = log.size();
  std::vector<double> sum(outcomes.size()), squares(outcomes.size()), probability, value(outcomes.size());
  double kl = 0;
  for (std::size_t i = 0; i < n; ++i) {
    probability.assign(log.offered(i), 0.0);
    policy(log, i, probability);
    double total = 0;
    value.assign(outcomes.size(), 0.0);
    for (std::size_t s = 0; s < probability.size(); ++s) {
      const double p = probability[s];
      const std::size_t row = static_cast<std::size_t>(log.offset[i]) + s;
      if (!(p >= 0 && p <= 1 + 1e-6)) {
        refuse("true value of a policy", "probability", fmt::format("{}", p), "a number in [0, 1]");
      }
      total += p;
      if (p == 0) continue;
      if (!log.logged.empty()) kl += p * std::log(p / static_cast<double>(log.logged[row]));
      for (std::size_t j = 0; j < value.size(); ++j) value[j] += p * expected(row, j);
    }
    if (std::abs(total - 1) > 1e-6) {
      refuse("true value of a policy", "sum of probabilities", fmt::format("{}", total), "1");
    }
    for (std::size_t j = 0; j < value.size(); ++j) {
      sum[j] += value[j];
      squares[j] += value[j] * value[j];
    }
  }
  Truth truth;
  truth.outcome.assign(outcomes.begin(), outcomes.end());
  const double count = static_cast<double>(n);
  truth.kl_from_logging = kl / count;
  for (std::size_t j = 0; j < value.size(); ++j) {
    const double mean = sum[j] / count;
    truth.value.push_back(mean);
    truth.standard_error.push_back(std::sqrt(std::max(0.0, squares[j] / count - mean * mean) / count));
  }
  return truth;
}

std::uint64_t truth_seed(std::uint64_t seed) {
  return hash_combine(hash_bytes("contexts that no log holds"), seed);
}

}  // namespace plumb
