// The balance of every column, tested and told.
#include "data/balance.h"

#include <fmt/format.h>

#include <algorithm>

#include "data/checks.h"
#include "data/rows.h"
#include "stats/event_limits.h"

namespace plumb {

namespace {

constexpr double kUnlikely = .01;
constexpr std::size_t kMostShown = 5;

// `a, b and 3 more`.
std::string listed(const std::vector<std::string>& names) {
  std::string out;
  for (std::size_t k = 0; k < std::min(names.size(), kMostShown); ++k) out += (k ? ", " : "") + names[k];
  if (names.size() > kMostShown) out += fmt::format(" and {} more", names.size() - kMostShown);
  return out;
}

std::string quoted(const std::vector<std::string>& names) {
  std::string out;
  for (std::size_t k = 0; k < names.size(); ++k) out += (k ? ", " : "") + shown(names[k]);
  return out;
}

std::string how_far(const BalanceFailure& f) {
  const std::string where = f.column.empty() ? "" : fmt::format(" with {} = {}", f.column, f.level);
  return f.by_weight ? fmt::format("the weights 1/p of {}{} add up to {:.0f}, expected {:.0f} (z {:.1f})",
                                   f.arm, where, f.seen, f.expected, f.z)
                     : fmt::format("{} was chosen in {:.0f} decisions{}, expected {:.1f} (z {:.1f})", f.arm,
                                   f.seen, where, f.expected, f.z);
}

std::string failure_sentence(const BalanceTest& test) {
  std::vector<std::string> columns, unnamed, how;
  for (const BalanceFailure& f : test.failures) {
    if (how.size() < kMostShown) how.push_back(how_far(f));
    if (f.column.empty()) continue;
    columns.push_back(f.column);
    if (!f.named) unnamed.push_back(f.column);
  }
  const std::string numbers = fmt::format("{}; all columns and arms at once p {}", fmt::join(how, "; "),
                                          test.p < 1e-6 ? "below 1e-06" : fmt::format("{:.2g}", test.p));
  if (columns.empty())
    return fmt::format("The choices as a whole do not fit the stated probabilities: {}.", numbers);
  const bool one = columns.size() == 1;
  return fmt::format(
      "{} {} {} out of balance with what was chosen, under the stated probabilities: {}. Either {} made after "
      "the choice, or {} helped to decide it and the probabilities are wrong; the log cannot tell which. If "
      "made "
      "after it, say so in the goal file, data.after_action = [{}]; else state the probabilities that were "
      "used{}.",
      one ? "Column" : "Columns", listed(columns), one ? "is" : "are", numbers, one ? "it was" : "they were",
      one ? "it" : "they", quoted(columns),
      unnamed.empty() ? "" : fmt::format(" (the goal does not name {})", listed(unnamed)));
}

std::string passed_sentence(const BalanceTest& test) {
  std::string left_out;
  if (!test.outcomes.empty())
    left_out = fmt::format(" Left out, since named like outcomes: {}.", listed(test.outcomes));
  const std::string of_arms = fmt::format("{} {}", test.arms, test.arms == 1 ? "arm" : "arms");
  if (test.tested.empty())
    return fmt::format("No column could be held against the choices of {}.{}", of_arms, left_out);
  const std::string columns = fmt::format(
      "{} {} ({}{})", test.tested.size(), test.tested.size() == 1 ? "column" : "columns", listed(test.tested),
      test.unnamed == 0 ? "" : fmt::format("; {} of them not named by the goal", test.unnamed));
  const std::string how =
      test.redrawn ? (test.by_unit ? "units' actions drawn anew" : "actions drawn anew") : "sums of weights";
  return fmt::format("{}: {} against {}, all at once ({}; the farthest p {:.2g}).{}",
                     test.p < kUnlikely ? "Unlikely under the stated probabilities, though short of a failure"
                                        : "In balance under the stated probabilities",
                     columns, of_arms, how, test.p, left_out);
}

}  // namespace

bool BalanceTest::fails(const std::string& column) const {
  return std::any_of(failures.begin(), failures.end(),
                     [&](const BalanceFailure& failure) { return failure.column == column; });
}

BalanceTest test_balance(const DecisionLog& log, const Goal& goal, int threads) {
  BalanceTest out;
  const Draws draws = draws_of(log, goal.data.estimand == Estimand::kDeployed);
  out.why_not = draws.why_not;
  if (!out.why_not.empty()) return out;
  const std::vector<CodedColumn> columns = coded_columns(log, goal, threads, &out);
  out.by_unit = draws.by_unit;
  if (draws.normal) {
    // Sums of weights are held against a normal distribution, which those of heavy tails do not have.
    constexpr double kHeavy = 0.4;
    std::vector<double> weight;
    for (const double p : log.propensity) weight.push_back(1 / p);
    if (tail_index(weight) > kHeavy) {
      out.why_not =
          "a few choices that hardly ever happen carry most of the weight, and only the chosen action's "
          "probability is stated";
      return out;
    }
    test_by_weights(log, draws, columns, threads, &out);
  } else {
    test_by_redrawing(draws, columns, threads, &out);
  }
  std::stable_sort(out.failures.begin(), out.failures.end(),
                   [](const BalanceFailure& a, const BalanceFailure& b) { return a.z > b.z; });
  return out;
}

void find_imbalance(const DecisionLog& log, const Goal& goal, int threads, std::vector<Finding>& out) {
  const BalanceTest test = test_balance(log, goal, threads);
  if (!test.failures.empty()) {
    out.push_back({"balance", Severity::kCap, failure_sentence(test)});
  } else if (test.arms == 0) {
    out.push_back(
        {"balance", Severity::kInfo,
         fmt::format("Whether columns are in balance with the choices cannot be tested: {}.", test.why_not)});
  } else {
    out.push_back({"balance", Severity::kInfo, passed_sentence(test)});
  }
}

}  // namespace plumb
