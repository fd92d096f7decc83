// The fractional multiple-choice knapsack.
//
// From the cheapest action on, a row's actions of rising cost and rising score, less those below the upper
// hull, are upgrades: each costs so much and earns so much more, at a falling rate. Rates of all rows sorted,
// the budget is spent from the best rate down; the last one is spent for a share.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "plumb/budget.h"

namespace plumb {
namespace {

struct Upgrade {
  double rate = 0;  // score a unit of cost
  double cost = 0, score = 0;
};

void check(MatrixView scores, std::span<const double> cost, double budget) {
  if (scores.rows == 0) refuse("budget", "scores", "no rows", "at least one");
  if (scores.cols != cost.size())
    refuse("budget", "cost", fmt::format("{} numbers", cost.size()),
           fmt::format("{}, one an action", scores.cols));
  for (const double c : cost) {
    if (!(c >= 0) || !std::isfinite(c)) refuse("budget", "cost", fmt::format("{}", c), "finite numbers >= 0");
  }
  const double cheapest = *std::min_element(cost.begin(), cost.end());
  if (!(budget >= cheapest) || !std::isfinite(budget))
    refuse("budget", "budget", fmt::format("{}", budget),
           fmt::format("a finite number >= {}, the cost of the cheapest action", cheapest));
}

}  // namespace

Allocation allocate(MatrixView scores, std::span<const double> cost, double budget) {
  check(scores, cost, budget);
  const std::size_t n = scores.rows, k = cost.size();
  std::vector<std::size_t> by_cost(k);
  std::iota(by_cost.begin(), by_cost.end(), std::size_t{0});
  std::stable_sort(by_cost.begin(), by_cost.end(),
                   [&](std::size_t a, std::size_t b) { return cost[a] < cost[b]; });
  std::vector<Upgrade> upgrades;
  std::vector<std::size_t> hull;
  double spent = 0, earned = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const std::span<const double> score = scores.row(i);
    for (const double s : score) {
      if (!std::isfinite(s)) refuse("budget", "scores", fmt::format("{}", s), "finite numbers");
    }
    hull.clear();
    const auto rate = [&](std::size_t from, std::size_t to) {
      return (score[to] - score[from]) / (cost[to] - cost[from]);
    };
    for (const std::size_t a : by_cost) {
      if (!hull.empty() && score[a] <= score[hull.back()]) continue;  // dearer or as dear, and no better
      while (!hull.empty() && cost[hull.back()] == cost[a]) hull.pop_back();
      while (hull.size() > 1 && rate(hull[hull.size() - 2], a) >= rate(hull[hull.size() - 2], hull.back()))
        hull.pop_back();
      hull.push_back(a);
    }
    spent += cost[hull[0]];
    earned += score[hull[0]];
    for (std::size_t h = 1; h < hull.size(); ++h)
      upgrades.push_back(
          {rate(hull[h - 1], hull[h]), cost[hull[h]] - cost[hull[h - 1]], score[hull[h]] - score[hull[h - 1]]});
  }
  std::stable_sort(upgrades.begin(), upgrades.end(),
                   [](const Upgrade& a, const Upgrade& b) { return a.rate > b.rate; });
  const double allowed = budget * static_cast<double>(n);
  Allocation out;
  std::size_t begin = 0, end = 0;
  for (; begin < upgrades.size(); begin = end) {
    // Rows with the same rate are bought together, or for a share: a price cannot tell them apart.
    double group_cost = 0, group_score = 0;
    for (end = begin; end < upgrades.size() && upgrades[end].rate == upgrades[begin].rate; ++end) {
      group_cost += upgrades[end].cost;
      group_score += upgrades[end].score;
    }
    const double share = std::min(1.0, (allowed - spent) / group_cost);
    if (share < 1) {
      out.limited = true;
      out.share_low = std::max(0.0, share);
    }
    spent += (out.limited ? out.share_low : 1) * group_cost;
    earned += (out.limited ? out.share_low : 1) * group_score;
    if (out.limited) break;
  }
  out.cost = spent / static_cast<double>(n);
  out.score = earned / static_cast<double>(n);
  if (!out.limited) return out;  // prices of 0: everyone gets the best
  const double here = upgrades[begin].rate;
  out.price_high = begin > 0 ? 0.5 * (here + upgrades[begin - 1].rate) : 2 * here + 1;
  out.price_low = end < upgrades.size() ? 0.5 * (here + upgrades[end].rate) : 0.5 * here;
  return out;
}

}  // namespace plumb
