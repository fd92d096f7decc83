// Exact best-of-n. The probability that the best of n has rank at most k is C(k, n) / C(N, n); it is carried
// from rank to rank by C(k - 1, n) / C(k, n) = (k - n) / k from the top down, so no binomial coefficient is
// formed.
#include "plumb/pool.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "pressure/pool_weights.h"

namespace plumb {
namespace {

// Candidates by ascending proxy, with the ends of runs of equal proxies; made once a prompt for all n.
struct Ranked {
  std::vector<std::size_t> order;
  std::vector<std::size_t> end;  // rank of a run's last candidate, 1-based
};

Ranked rank(std::span<const double> proxy) {
  Ranked out;
  out.order.resize(proxy.size());
  std::iota(out.order.begin(), out.order.end(), std::size_t{0});
  std::stable_sort(out.order.begin(), out.order.end(),
                   [&](std::size_t a, std::size_t b) { return proxy[a] < proxy[b]; });
  for (std::size_t k = 0; k < out.order.size(); ++k) {
    if (k == 0 || proxy[out.order[k]] != proxy[out.order[k - 1]]) out.end.push_back(0);
    out.end.back() = k + 1;
  }
  return out;
}

// Calls use(run, probability of the run) for every run that can hold the best of n, from the top down.
template <class Use>
void for_each_run(const Ranked& ranked, std::size_t n, Use use) {
  double at_most = 1;  // P(rank of the best <= k), k = the end of the run
  for (std::size_t run = ranked.end.size(); run-- > 0;) {
    const std::size_t below = run > 0 ? ranked.end[run - 1] : 0;
    double below_at_most = below < n ? 0 : at_most;
    for (std::size_t k = ranked.end[run]; k > below && below_at_most > 0; --k)
      below_at_most *= static_cast<double>(k - n) / static_cast<double>(k);
    use(run, at_most - below_at_most);
    at_most = below_at_most;
    if (!(at_most > 0)) return;
  }
}

void check_n(std::size_t n, std::size_t candidates) {
  if (n < 1 || n > candidates)
    refuse("best of n", "n", fmt::format("{}", n), fmt::format("1 to {}, the candidates", candidates));
}

}  // namespace

Matrix best_of_n_weights(std::span<const double> proxy, std::span<const std::size_t> numbers) {
  const Ranked ranked = rank(proxy);
  Matrix out(numbers.size(), proxy.size());
  for (std::size_t j = 0; j < numbers.size(); ++j) {
    for_each_run(ranked, numbers[j], [&](std::size_t run, double p) {
      const std::size_t first = run > 0 ? ranked.end[run - 1] : 0;
      for (std::size_t k = first; k < ranked.end[run]; ++k)
        out(j, ranked.order[k]) = p / static_cast<double>(ranked.end[run] - first);
    });
  }
  return out;
}

std::vector<double> best_of_n_probabilities(std::span<const double> proxy, std::size_t n) {
  check_n(n, proxy.size());
  return best_of_n_weights(proxy, {&n, 1}).data;
}

BestOfN best_of_n(std::span<const double> proxy, std::span<const double> goal, std::size_t n) {
  if (goal.size() != proxy.size())
    refuse("best of n", "goals", fmt::format("{}", goal.size()), fmt::format("{}", proxy.size()));
  const std::vector<double> weight = best_of_n_probabilities(proxy, n);
  BestOfN out;
  for (std::size_t c = 0; c < weight.size(); ++c) {
    out.proxy += weight[c] * proxy[c];
    out.goal += weight[c] * goal[c];
    if (weight[c] > 0) out.kl += weight[c] * std::log(weight[c] * static_cast<double>(weight.size()));
  }
  out.kl = n == 1 ? 0 : std::max(0.0, out.kl);
  return out;
}

}  // namespace plumb
