// What is wrong with a log that reads well: propensities that do not fit the choices, policies that learn on
// the way, outcomes that stand among the features.
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <boost/math/distributions/chi_squared.hpp>
#include <boost/math/distributions/fisher_f.hpp>
#include <chrono>
#include <cmath>
#include <numeric>
#include <unordered_map>
#include <unordered_set>

#include "data/checks.h"
#include "data/late_summary.h"
#include "stats/event_limits.h"

namespace plumb {

namespace {

constexpr double kRareError = .001;         // level of the tests whose failure caps a verdict
constexpr double kUnlikely = .01;           // p values below are not called a fit
constexpr double kUnlikelyInErrors = 2.58;  // the same of a normal
constexpr double kLargeError = .1;          // a mean weight this unsure tells nothing
constexpr double kFarInErrors = 4;          // a mean weight this many standard errors from 1 is wrong
constexpr double kDigits = 1e-5;            // propensities are written with finitely many digits
constexpr std::size_t kFewChosen = 30;      // below, a mean weight has no standard error worth the name
constexpr std::size_t kMostConstants = 64;  // as the comparisons of the certification do

double number(std::uint64_t count) { return static_cast<double>(count); }

std::vector<std::uint64_t> times_chosen(const DecisionLog& log) {
  std::vector<std::uint64_t> count(log.actions.size(), 0);
  for (std::size_t i = 0; i < log.size(); ++i) ++count[log.chosen_action(i)];
  return count;
}

// How many decisions row i stands for.
double decisions_of(const DecisionLog& log, std::size_t i) {
  return log.weight.empty() ? 1.0 : static_cast<double>(log.weight[i]);
}

// Declared shares against counts. Rows that stand for several decisions count as often, but are no more draws
// than they are: the test divides all counts by the design effect, sum r^2 over sum r (Rao, Scott 1981). One
// unit is one draw only where no unit is named or units have one row; with repeats the test counts units by
// their first row.
void sample_ratio(const DecisionLog& log, std::vector<Finding>& out) {
  if (!log.propensity_declared || !log.fixed_actions || log.logged.empty() || log.actions.size() < 2) return;
  const std::size_t k = log.offered(0);
  std::vector<double> expected(k, 0), seen(k, 0);
  std::unordered_set<std::uint64_t> units;
  double n = 0, squares = 0;
  for (std::size_t i = 0; i < log.size(); ++i) {
    if (log.unit_named && !units.insert(log.unit[i]).second) continue;
    const double r = decisions_of(log, i);
    for (std::size_t a = 0; a < k; ++a) expected[a] += r * log.logged[log.offset[i] + a];
    seen[log.chosen[i]] += r;
    n += r;
    squares += r * r;
  }
  const std::string units_word = log.unit_named ? "units" : "decisions";
  std::vector<double> seen_draws = seen, expected_draws = expected;
  for (std::vector<double>* counts : {&seen_draws, &expected_draws}) {
    for (double& count : *counts) count *= n / squares;
  }
  const auto [p, statistic] = sample_ratio_p(seen_draws, expected_draws);
  std::string shares;
  for (std::size_t a = 0; a < std::min<std::size_t>(k, 8); ++a)
    shares +=
        fmt::format("{}{} {:.0f} of {:.1f}", a ? ", " : "", log.actions[log.action[a]], seen[a], expected[a]);
  if (p < kRareError) {
    out.push_back(
        {"sample_ratio", Severity::kCap,
         fmt::format(
             "The counts of {} do not fit the declared propensities (chi-squared {:.1f}, p {:.2g}; seen and "
             "expected: {}).",
             units_word, statistic, p, shares)});
  } else if (p < kUnlikely) {
    out.push_back(
        {"sample_ratio", Severity::kInfo,
         fmt::format("The counts of {:.0f} {} are unlikely under the declared propensities (p {:.2g}; "
                     "seen and expected: {}).",
                     n, units_word, p, shares)});
  } else {
    out.push_back(
        {"sample_ratio", Severity::kInfo,
         fmt::format("The counts of {:.0f} {} fit the declared propensities (p {:.2g}).", n, units_word, p)});
  }
}

struct Mean {
  double value = 0, error = 0;
};

// Mean of a weight a decision, with a standard error that treats units as one (sums over unit buckets).
Mean clustered_mean(const DecisionLog& log, const std::vector<double>& weight) {
  double n = 0;
  Mean mean;
  for (std::size_t i = 0; i < log.size(); ++i) {
    n += decisions_of(log, i);
    mean.value += decisions_of(log, i) * weight[i];
  }
  mean.value /= n;
  std::vector<double> bucket(log.unit_named ? kBuckets : 0, 0);
  double squares = 0;
  for (std::size_t i = 0; i < log.size(); ++i) {
    const double residual = decisions_of(log, i) * (weight[i] - mean.value);
    if (log.unit_named) {
      bucket[bucket_of(log.unit[i])] += residual;
    } else {
      squares += residual * residual;
    }
  }
  for (const double sum : bucket) squares += sum * sum;
  mean.error = std::sqrt(squares) / n;
  return mean;
}

// Weights whose variance may not exist: a mean of them strays further than its own error says.
bool is_heavy(const std::vector<double>& weight) {
  constexpr double kHeavy = 0.4;  // Hill's index; from 1/2 on there is no variance
  std::vector<double> positive;
  for (const double w : weight)
    if (w > 0) positive.push_back(w);
  return tail_index(positive) > kHeavy;
}

void report_weight(const std::string& policy, const std::vector<double>& weight, const Mean& mean,
                   std::vector<Finding>& out) {
  if (std::abs(mean.value - 1) <= kFarInErrors * mean.error + kDigits) return;
  if (is_heavy(weight)) {
    out.push_back({"mean_weight", Severity::kInfo,
                   fmt::format("The importance weights of {} have mean {:.4f}, which cannot be tested: a few "
                               "choices that hardly ever happen carry most of it.",
                               policy, mean.value)});
    return;
  }
  out.push_back(
      {"mean_weight", Severity::kCap,
       fmt::format("The importance weights of {} have mean {:.4f} (standard error {:.4f}), expected 1: the "
                   "propensities do not fit the choices.",
                   policy, mean.value, mean.error)});
}

// E[1{chosen = a} / mu(a)] = 1 for every action that is always offered, and E[(1/k) / mu(chosen)] = 1.
void mean_weight(const DecisionLog& log, std::vector<Finding>& out) {
  const std::size_t found = out.size();
  std::vector<double> weight(log.size());
  if (log.fixed_actions && log.actions.size() <= kMostConstants) {
    const auto count = times_chosen(log);
    for (std::uint32_t a = 0; a < log.actions.size(); ++a) {
      if (count[a] < kFewChosen) continue;
      for (std::size_t i = 0; i < log.size(); ++i)
        weight[i] = log.chosen_action(i) == a ? 1 / log.propensity[i] : 0;
      report_weight("always " + log.actions[a], weight, clustered_mean(log, weight), out);
    }
  }
  if (log.size() >= kFewChosen) {
    for (std::size_t i = 0; i < log.size(); ++i) weight[i] = 1 / (number(log.offered(i)) * log.propensity[i]);
    const Mean mean = clustered_mean(log, weight);
    report_weight("the uniform policy", weight, mean, out);
    if (out.size() > found) return;
    const std::string what =
        fmt::format("mean weight of the uniform policy {:.4f} (standard error {:.4f})", mean.value, mean.error);
    if (std::abs(mean.value - 1) > kUnlikelyInErrors * mean.error + kDigits) {
      out.push_back({"mean_weight", Severity::kInfo,
                     fmt::format("The choices are unlikely under the propensities: {}.", what)});
    } else if (mean.error > kLargeError) {
      out.push_back(
          {"mean_weight", Severity::kInfo,
           fmt::format("Whether the propensities fit on average cannot be tested with so few: {}.", what)});
    } else {
      out.push_back(
          {"mean_weight", Severity::kInfo, fmt::format("The propensities fit the choices: {}.", what)});
    }
  }
}

// The mean of `value` over ten stretches of time must not differ beyond chance (one-way analysis of variance)
// by more than a hundredth of its variance: with very many rows any world drifts a little.
struct Drift {
  double share = 0, p = 1;
};
Drift drift_over_time(const std::vector<double>& value) {
  constexpr std::size_t kStretches = 10;
  const std::size_t n = value.size();
  const double mean = std::accumulate(value.begin(), value.end(), 0.0) / number(n);
  double between = 0, total = 0;
  for (const double v : value) total += (v - mean) * (v - mean);
  for (std::size_t s = 0; s < kStretches; ++s) {
    const std::size_t from = s * n / kStretches, to = (s + 1) * n / kStretches;
    double sum = 0;
    for (std::size_t i = from; i < to; ++i) sum += value[i] - mean;
    between += sum * sum / number(to - from);
  }
  Drift out;
  // Rounding noise of constant propensities is no variance.
  if (total <= 1e-12 * number(n) * (1e-12 + mean * mean)) return out;
  out.share = between / total;
  const double within = std::max(total - between, 0.0);
  const double df1 = kStretches - 1, df2 = number(n - kStretches);
  if (within <= 1e-12 * total) return {1, 0};
  out.p = boost::math::cdf(
      boost::math::complement(boost::math::fisher_f(df1, df2), (between / df1) / (within / df2)));
  return out;
}

void adaptive(const DecisionLog& log, std::vector<Finding>& out) {
  constexpr std::size_t kFewRows = 200;
  constexpr double kShare = .01;
  if (log.propensity_declared) return;
  const std::size_t versions = std::max<std::size_t>(log.policy_version.size(), 1);
  const bool by_action = log.fixed_actions && !log.logged.empty() && log.offered(0) <= kMostConstants;
  for (std::uint32_t version = 0; version < versions; ++version) {
    std::vector<std::size_t> rows;
    for (std::size_t i = 0; i < log.size(); ++i)
      if (log.version.empty() || log.version[i] == version) rows.push_back(i);
    if (rows.size() < kFewRows) continue;
    if (!log.time_us.empty())
      std::stable_sort(rows.begin(), rows.end(),
                       [&](auto a, auto b) { return log.time_us[a] < log.time_us[b]; });
    const std::size_t tests = by_action ? log.offered(0) : 1;
    std::vector<double> value(rows.size());
    for (std::size_t a = 0; a < tests; ++a) {
      for (std::size_t r = 0; r < rows.size(); ++r)
        value[r] = by_action ? log.logged[log.offset[rows[r]] + a]
                             : std::log(log.propensity[rows[r]] * number(log.offered(rows[r])));
      const Drift drift = drift_over_time(value);
      if (drift.p >= kRareError / number(tests) || drift.share < kShare) continue;
      out.push_back(
          {"adaptive", Severity::kCap,
           fmt::format("The propensities{} drift {}within {}: {:.1f} % of their variance is between tenths of "
                       "the log (p "
                       "{:.2g}). The logging policy seems to learn while it logs.",
                       by_action ? " of " + log.actions[log.action[a]] : "",
                       log.time_us.empty() ? "from row to row " : "",
                       log.version.empty() ? "the log" : "policy version " + log.policy_version[version],
                       100 * drift.share, drift.p)});
      break;  // one sentence a version says it
    }
  }
}

void rare_outcomes(const DecisionLog& log, const Goal& goal, std::vector<Finding>& out) {
  constexpr std::uint64_t kFewObserved = 100;
  const std::vector<std::string> used = used_outcomes(goal);
  for (const OutcomeColumn& outcome : log.outcomes) {
    const bool is_used = std::find(used.begin(), used.end(), outcome.name) != used.end();
    const Severity severity = is_used ? Severity::kWarning : Severity::kInfo;
    const double old_enough = number(outcome.observed_count + outcome.missing_count);
    const double share = number(outcome.observed_count) / old_enough;
    if (outcome.observed_count < kFewObserved || share < .001)
      out.push_back({"rarely_observed", severity,
                     fmt::format("{} is observed in {} of {} decisions only.", outcome.name,
                                 outcome.observed_count, log.size())});
    if (outcome.nonzero_count == 0)
      out.push_back({"no_events", severity, fmt::format("{} is 0 wherever it is observed.", outcome.name)});
  }
}

}  // namespace

std::pair<double, double> sample_ratio_p(const std::vector<double>& seen, const std::vector<double>& expected) {
  double statistic = 0;
  int cells = 0;
  for (std::size_t a = 0; a < seen.size(); ++a) {
    if (expected[a] > 0) {
      statistic += (seen[a] - expected[a]) * (seen[a] - expected[a]) / expected[a];
      ++cells;
    }
  }
  if (cells < 2) return {1, statistic};
  const boost::math::chi_squared distribution(cells - 1);
  return {boost::math::cdf(boost::math::complement(distribution, statistic)), statistic};
}

std::vector<Finding> check_log(const DecisionLog& log, const Goal& goal) { return check_log(log, goal, 1); }

std::vector<Finding> check_log(const DecisionLog& log, const Goal& goal, int threads) {
  std::vector<Finding> out;
  if (log.size() == 0) return out;
  sample_ratio(log, out);
  mean_weight(log, out);
  find_imbalance(log, goal, threads, out);
  adaptive(log, out);
  rare_outcomes(log, goal, out);
  find_missing(log, goal, out);
  find_leaks(log, out);
  find_outlying(log, out);
  find_unnamed_units(log, goal, out);
  find_repeats(log, threads, out);
  const LateSummary late = summarize_late(log, goal);
  find_delays(log, goal, late, out);
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  find_times(log, goal, late, std::chrono::duration_cast<std::chrono::microseconds>(now).count(), out);
  return out;
}

}  // namespace plumb
