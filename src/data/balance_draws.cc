// Choices as draws: which arms there are, with which probabilities each was drawn, and what was one draw.
#include <algorithm>
#include <cmath>
#include <numeric>
#include <unordered_map>

#include "data/balance.h"
#include "data/implied.h"

namespace plumb {

namespace {

constexpr std::size_t kMostArms = 64, kMostMasses = std::size_t{1} << 26;
constexpr double kFewExpected = 20;  // choices that make an action an arm of its own
constexpr double kFarInErrors = 4;

// Which arm every offered action is, a byte a row of log.action.
struct Labels {
  std::vector<std::string> arms;
  std::vector<std::uint8_t> of_row;
};

double share(const DecisionLog& log, std::uint64_t row, std::size_t i) {
  return log.logged.empty() ? 1.0 / static_cast<double>(log.offered(i)) : static_cast<double>(log.logged[row]);
}

// The actions that are chosen most, each an arm; where they make less than half of the choices (items that come
// and go), an arm is a place among the offered instead.
Labels label_actions(const DecisionLog& log) {
  const std::size_t n = log.size(), most = std::clamp<std::size_t>(kMostMasses / n, 2, kMostArms);
  std::vector<double> expected(log.actions.size(), 0);
  for (std::size_t i = 0; i < n; ++i)
    for (std::uint64_t row = log.offset[i]; row < log.offset[i + 1]; ++row)
      expected[log.action[row]] += share(log, row, i);
  std::vector<std::uint32_t> order(expected.size());
  std::iota(order.begin(), order.end(), 0u);
  std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return expected[a] > expected[b]; });
  std::size_t kept = order.size();
  if (kept > most || (!log.fixed_actions && kept > 2)) {
    kept = 0;
    while (kept + 1 < std::min(most, order.size()) && expected[order[kept]] >= kFewExpected) ++kept;
  }
  double covered = 0;
  for (std::size_t k = 0; k < kept; ++k) covered += expected[order[k]];
  Labels out;
  out.of_row.resize(log.action.size());
  if (2 * covered < static_cast<double>(n)) {
    std::size_t places = 1;
    for (std::size_t i = 0; i < n; ++i) places = std::max(places, log.offered(i));
    places = std::min(places, most);
    for (std::size_t a = 0; a < places; ++a) out.arms.push_back("place " + std::to_string(a + 1));
    for (std::size_t i = 0; i < n; ++i)
      for (std::uint64_t row = log.offset[i]; row < log.offset[i + 1]; ++row)
        out.of_row[row] = static_cast<std::uint8_t>(std::min<std::uint64_t>(row - log.offset[i], places - 1));
    return out;
  }
  std::vector<std::uint8_t> place(expected.size(), static_cast<std::uint8_t>(kept));
  // In the log's order, so that of two arms the same one is shown in every log.
  std::sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(kept));
  for (std::size_t k = 0; k < kept; ++k) {
    place[order[k]] = static_cast<std::uint8_t>(k);
    out.arms.push_back(log.actions[order[k]]);
  }
  if (kept < order.size()) out.arms.push_back("another action");
  for (std::size_t row = 0; row < log.action.size(); ++row) out.of_row[row] = place[log.action[row]];
  return out;
}

// Probabilities of all actions where the log states only those of the chosen ones, but no others are possible:
// two actions, or an arm that always has the same and all together 1. Empty: unknown.
std::vector<float> implied(const DecisionLog& log) {
  constexpr double kSum = 1e-3;
  const std::size_t n = log.size();
  if (std::vector<float> two = implied_probabilities(log); !two.empty()) return two;
  if (!log.fixed_actions) return {};
  const std::size_t k = log.offered(0);
  std::vector<float> out(log.action.size());
  std::vector<double> of_arm(k, 0);
  for (std::size_t i = 0; i < n; ++i) {
    double& p = of_arm[log.chosen[i]];
    if (p != 0 && std::abs(p - log.propensity[i]) > 1e-9) return {};
    p = log.propensity[i];
  }
  const double sum = std::accumulate(of_arm.begin(), of_arm.end(), 0.0);
  if (std::abs(sum - 1) > kSum || std::count(of_arm.begin(), of_arm.end(), 0.0) > 0) return {};
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t a = 0; a < k; ++a) out[log.offset[i] + a] = static_cast<float>(of_arm[a] / sum);
  return out;
}

void order_by_unit(const DecisionLog& log, Draws& draws) {
  const std::size_t n = log.size();
  std::unordered_map<std::uint64_t, std::uint32_t> number;
  number.reserve(n);
  std::vector<std::uint32_t> of(n), count;
  for (std::size_t i = 0; i < n; ++i) {
    of[i] = number.try_emplace(log.unit[i], static_cast<std::uint32_t>(number.size())).first->second;
    if (of[i] == count.size()) count.push_back(0);
    ++count[of[i]];
  }
  if (count.size() == n) return;
  draws.begin.assign(count.size() + 1, 0);
  for (std::size_t u = 0; u < count.size(); ++u) draws.begin[u + 1] = draws.begin[u] + count[u];
  std::vector<std::uint32_t> at(draws.begin.begin(), draws.begin.end() - 1);
  draws.order.resize(n);
  for (std::size_t i = 0; i < n; ++i) draws.order[at[of[i]]++] = static_cast<std::uint32_t>(i);
}

}  // namespace

Draws draws_of(const DecisionLog& log, bool one_arm_a_unit) {
  Draws out;
  const std::size_t n = log.size();
  if (log.actions.size() < 2) {
    out.why_not = "there is one action only";
    return out;
  }
  Labels labels = label_actions(log);
  out.arms = std::move(labels.arms);
  const std::size_t arms = out.arms.size();
  for (std::size_t i = 0; i < n; ++i) out.chosen.push_back(labels.of_row[log.chosen_row(i)]);
  if (log.unit_named) order_by_unit(log, out);
  const std::vector<float> own = log.logged.empty() ? implied(log) : std::vector<float>{};
  const std::vector<float>& mu = log.logged.empty() ? own : log.logged;
  if (!mu.empty()) {
    out.mass.assign(n * arms, 0.0f);
    for (std::size_t i = 0; i < n; ++i)
      for (std::uint64_t row = log.offset[i]; row < log.offset[i + 1]; ++row)
        out.mass[i * arms + labels.of_row[row]] += mu[row];
  } else if (!log.fixed_actions) {
    out.why_not =
        "the probabilities of the actions that were not chosen are not known, and what is offered varies";
  }
  out.normal = out.mass.empty() || !log.weight.empty();
  if (out.begin.empty() || out.mass.empty()) return out;
  // Rows of one unit, one after the other: do they have the same arm more often than draws of their own would?
  double pairs = 0, same = 0, expected = 0, variance = 0;
  for (std::size_t u = 0; u + 1 < out.begin.size(); ++u) {
    for (std::uint32_t at = out.begin[u] + 1; at < out.begin[u + 1]; ++at) {
      const std::size_t i = out.order[at - 1], j = out.order[at];
      double e = 0;
      for (std::size_t a = 0; a < arms; ++a)
        e += static_cast<double>(out.mass[i * arms + a]) * static_cast<double>(out.mass[j * arms + a]);
      ++pairs, same += out.chosen[i] == out.chosen[j], expected += e, variance += e * (1 - e);
    }
  }
  const double chance = kFarInErrors * std::sqrt(std::max(variance, 0.0)) + 1e-6 * pairs;
  const bool alike = std::abs(same - expected) > chance;
  out.by_unit = (alike || one_arm_a_unit) && same == pairs && !out.normal;
  out.normal = out.normal || (alike && !out.by_unit);
  if (!out.by_unit && !out.normal) out.order.clear(), out.begin.clear();
  return out;
}

}  // namespace plumb
