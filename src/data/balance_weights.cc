// Balance where choices cannot be drawn anew: sums of weights by level, clustered by unit, against a normal
// distribution. Variances are those of the null hypothesis: a level in which an arm was chosen too seldom must
// not look sure of it.
#include <algorithm>
#include <cmath>

#include "data/balance.h"
#include "plumb/stats.h"

namespace plumb {

namespace {

constexpr double kFewChoices = 100;  // effective ones, by their weights; levels with fewer are pooled

// Of every decision, how much more than expected it says that the arm is chosen: mean 0 whatever is known
// before the choice.
std::vector<double> residuals(const DecisionLog& log, const Draws& draws, std::size_t arm) {
  const std::size_t n = log.size(), arms = draws.arms.size();
  std::vector<double> out(n);
  for (std::size_t i = 0; i < n; ++i) {
    const double is = draws.chosen[i] == arm ? 1 : 0;
    const double stands_for = log.weight.empty() ? 1.0 : static_cast<double>(log.weight[i]);
    out[i] = draws.mass.empty() ? stands_for * (is / log.propensity[i] - 1)
                                : stands_for * (is - static_cast<double>(draws.mass[i * arms + arm]));
  }
  return out;
}

// The sum of residuals of the rows of a set, squares of units' sums, and the choices that it rests on: weights
// of rows that chose the arm, and their squares.
struct Sum {
  double rows = 0, value = 0, square = 0, weight = 0, weight_square = 0;
  double effective() const { return weight_square > 0 ? weight * weight / weight_square : 0; }
};

// By level: sums over units.
std::vector<Sum> sums_of(const Draws& draws, const CodedColumn& column, std::size_t arm,
                         const std::vector<double>& residual, const std::vector<double>& factor) {
  std::vector<Sum> out(column.levels.size());
  const auto add = [&](std::uint16_t level, double x) {
    out[level].value += x;
    out[level].square += x * x;
  };
  for (std::size_t i = 0; i < residual.size(); ++i) {
    Sum& level = out[column.code[i]];
    ++level.rows;
    if (draws.chosen[i] != arm) continue;
    level.weight += residual[i];
    level.weight_square += residual[i] * residual[i];
  }
  const auto of = [&](std::size_t i) { return residual[i] * (factor.empty() ? 1.0 : factor[column.code[i]]); };
  if (draws.begin.empty()) {
    for (std::size_t i = 0; i < residual.size(); ++i) add(column.code[i], of(i));
    return out;
  }
  std::vector<double> sum(out.size(), 0);
  for_each_unit(
      draws, column, [&](std::size_t i, std::uint16_t level) { sum[level] += of(i); },
      [&](const std::vector<std::uint16_t>& met) {
        for (const std::uint16_t level : met) {
          add(level, sum[level]);
          sum[level] = 0;
        }
      });
  return out;
}

struct Found {
  double z = 0;
  std::size_t arm = 0, level = 0;
  std::size_t tests = 0;
};

// The worst level, rare ones together, and the trend by rank. `all`: of the constant column.
Found worst_of(const Draws& draws, const CodedColumn& column, const std::vector<double>& residual,
               std::size_t arm, const Sum& all) {
  Found out;
  out.arm = arm;
  const auto look = [&](const Sum& sum, std::size_t level) {
    if (sum.effective() < kFewChoices || sum.square <= 0) return;
    ++out.tests;
    // Squares are of what was seen; under the null hypothesis they are in proportion to the rows.
    const double square = std::max(sum.square, all.square * sum.rows / all.rows);
    const double part = column.levels.size() == 1 ? 0 : sum.rows / all.rows;
    const double z = std::abs(sum.value - part * all.value) / std::sqrt(square);
    if (z > out.z) out.z = z, out.level = level;
  };
  std::vector<Sum> sums = sums_of(draws, column, arm, residual, {});
  Sum rare;
  for (std::size_t l = 0; l < sums.size(); ++l) {
    if (sums[l].effective() >= kFewChoices) {
      look(sums[l], l);
      continue;
    }
    rare.rows += sums[l].rows, rare.value += sums[l].value;
    rare.square += sums[l].square;
    rare.weight += sums[l].weight, rare.weight_square += sums[l].weight_square;
  }
  if (sums.size() > 1) look(rare, sums.size() - 1);
  if (column.rank.empty()) return out;
  double center = 0;
  for (std::size_t l = 0; l < sums.size(); ++l) center += column.rank[l] * sums[l].rows / all.rows;
  std::vector<double> factor;
  for (const double rank : column.rank) factor.push_back(rank - center);
  Sum trend;
  for (const Sum& level : sums_of(draws, column, arm, residual, factor)) {
    trend.value += level.value, trend.square += level.square;
  }
  if (trend.square <= 0) return out;
  ++out.tests;
  const double z = std::abs(trend.value) / std::sqrt(trend.square);
  if (z <= out.z) return out;
  out.z = z;
  for (std::size_t l = 0, far = 0; l < sums.size(); ++l)
    if (std::abs(sums[l].value) > std::abs(sums[far].value)) out.level = far = l;
  return out;
}

}  // namespace

void test_by_weights(const DecisionLog& log, const Draws& draws, const std::vector<CodedColumn>& columns,
                     int threads, BalanceTest* test) {
  const std::size_t arms = draws.arms.size();
  std::vector<Found> found(columns.size());
  double tests = 0;
  for (std::size_t a = arms == 2 && !draws.mass.empty() ? 1 : 0; a < arms; ++a) {
    const std::vector<double> residual = residuals(log, draws, a);
    const Sum all = sums_of(draws, columns[0], a, residual, {})[0];
    if (all.effective() < kFewChoices) continue;
    ++test->arms;
    std::vector<Found> here(columns.size());
    parallel_blocks(columns.size(), threads,
                    [&](std::size_t c) { here[c] = worst_of(draws, columns[c], residual, a, all); });
    for (std::size_t c = 0; c < columns.size(); ++c) {
      tests += static_cast<double>(here[c].tests);
      if (here[c].z > found[c].z) found[c] = here[c];
    }
  }
  if (test->arms == 0) {
    test->why_not = "no arm has 100 effective choices";
    return;
  }
  const double limit = -normal_quantile(kBalanceError / (2 * std::max(tests, 1.0)));
  for (std::size_t c = 0; c < columns.size(); ++c) {
    test->largest = std::max(test->largest, found[c].z);
    if (found[c].z < limit) continue;
    const CodedColumn& column = columns[c];
    BalanceFailure failure;
    failure.column = column.name;
    failure.named = column.named;
    failure.arm = draws.arms[found[c].arm];
    failure.level = column.levels[found[c].level];
    failure.by_weight = draws.mass.empty();
    failure.z = found[c].z;
    for (std::size_t i = 0; i < log.size(); ++i) {
      if (column.code[i] != found[c].level) continue;
      const double is = draws.chosen[i] == found[c].arm ? 1 : 0;
      failure.seen += failure.by_weight ? is / log.propensity[i] : is;
      failure.expected += failure.by_weight ? 1.0 : static_cast<double>(draws.mass[i * arms + found[c].arm]);
    }
    test->failures.push_back(std::move(failure));
  }
  test->p = std::min(1.0, 2 * tests * normal_cdf(-test->largest));
}

}  // namespace plumb
