// Exact best-of-n. The probability that the best of n has rank at most k is C(k, n) / C(N, n); it is carried
// from rank to rank by C(k - 1, n) / C(k, n) = (k - n) / k from the top down, so no binomial coefficient is
// formed.
#include "plumb/pool.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "pressure/pool_flat.h"

namespace plumb {
namespace {

constexpr double kGrowth = 1.1;  // of n beyond kDensePoints

// Candidates by ascending proxy, with the ends of runs of equal proxies; made once a prompt for all n.
struct Ranked {
  std::vector<double> goal_sum, proxy_sum;  // by run
  std::vector<std::size_t> end;             // rank of a run's last candidate, 1-based
};

Ranked rank(std::span<const double> proxy, std::span<const double> goal) {
  std::vector<std::size_t> order(proxy.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return proxy[a] < proxy[b]; });
  Ranked out;
  for (std::size_t k = 0; k < order.size(); ++k) {
    if (k == 0 || proxy[order[k]] != proxy[order[k - 1]]) {
      out.goal_sum.push_back(0);
      out.proxy_sum.push_back(0);
      out.end.push_back(0);
    }
    out.goal_sum.back() += goal[order[k]];
    out.proxy_sum.back() += proxy[order[k]];
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

BestOfN expect(const Ranked& ranked, std::size_t n) {
  const auto all = static_cast<double>(ranked.end.back());
  BestOfN out;
  for_each_run(ranked, n, [&](std::size_t run, double p) {
    const auto size = static_cast<double>(ranked.end[run] - (run > 0 ? ranked.end[run - 1] : 0));
    out.goal += p * ranked.goal_sum[run] / size;
    out.proxy += p * ranked.proxy_sum[run] / size;
    if (p > 0) out.kl += p * std::log(p * all / size);
  });
  out.kl = n == 1 ? 0 : std::max(0.0, out.kl);
  return out;
}

void check_n(std::size_t n, std::size_t candidates) {
  if (n < 1 || n > candidates)
    refuse("best of n", "n", fmt::format("{}", n), fmt::format("1 to {}, the candidates", candidates));
}

std::vector<std::size_t> numbers_up_to(std::size_t most) {
  std::vector<std::size_t> out;
  for (std::size_t n = 2; n <= most;) {
    out.push_back(n);
    if (n == most) break;
    n = n < kDensePoints ? n + 1 : static_cast<std::size_t>(std::ceil(static_cast<double>(n) * kGrowth));
    n = std::min(n, most);
  }
  return out;
}

// Student's quantile from the normal's, first order in 1 / degrees (Fisher, Cornish).
double widened(double critical, std::size_t clusters) {
  return critical + (critical * critical * critical + critical) / (4 * static_cast<double>(clusters - 1));
}

std::string describe(const PoolAudit& audit) {
  const std::string size = fmt::format("{} prompts, {} candidates", audit.prompts, audit.candidates);
  if (audit.inconclusive)
    return fmt::format("inconclusive: {}; intervals clustered by prompt need at least {} prompts", size,
                       kLeastPrompts);
  const std::string peak =
      audit.peak_n == 1
          ? std::string("no n has a higher goal than a candidate taken at random")
          : fmt::format("the goal is highest at n = {} (KL {:.3g} nats)", audit.peak_n, audit.peak.kl);
  const std::string set =
      fmt::format("n = {} to {} cannot be told from the highest{}", audit.peak_n_lower, audit.peak_n_upper,
                  audit.peak.censored ? "; the peak may lie beyond the candidates" : "");
  if (audit.harm)
    return fmt::format(
        "harm: from n = {} (KL {:.3g} nats) best-of-n raises the proxy and lowers the goal; {}; {} ({})",
        audit.harm_n, audit.harm_kl, peak, set, size);
  return fmt::format("no harm is shown up to n = {}{}; {}; {} ({})", audit.most_n,
                     audit.proxy_rises ? "" : ", nor that the proxy rises", peak, set, size);
}

// Pressures whose goal is not simultaneously below the highest; position 0 of `goal` is n = 1.
void find_peak(PoolAudit& audit, const Estimates& values, std::span<const std::size_t> goal, const Rng& rng,
               int threads) {
  std::size_t best = 0;
  for (std::size_t k = 1; k < goal.size(); ++k) {
    if (values.value[goal[k]] > values.value[goal[best]]) best = k;
  }
  std::vector<Contrast> below;
  for (std::size_t k = 0; k < goal.size(); ++k) {
    Contrast c{"below the peak", {{goal[k], 1.0}, {goal[best], -1.0}}};
    if (k == best) c.terms = {{goal[k], 0.0}};
    below.push_back(std::move(c));
  }
  const Estimates e = combine(values, below);
  const double critical =
      widened(max_t_distribution(values, below, rng, threads).critical(1 - audit.level), audit.prompts);
  const auto n_of = [&](std::size_t k) { return k == 0 ? 1 : audit.points[k - 1].n; };
  const auto kl_of = [&](std::size_t k) { return k == 0 ? 0.0 : audit.points[k - 1].kl; };
  audit.peak_n = audit.peak_n_lower = audit.peak_n_upper = n_of(best);
  audit.peak.kl = audit.peak.kl_lower = audit.peak.kl_upper = kl_of(best);
  for (std::size_t k = 0; k < goal.size(); ++k) {
    if (k != best && e.value[k] + critical * e.standard_error[k] < 0) continue;
    audit.peak_n_lower = std::min(audit.peak_n_lower, n_of(k));
    audit.peak_n_upper = std::max(audit.peak_n_upper, n_of(k));
    audit.peak.kl_lower = std::min(audit.peak.kl_lower, kl_of(k));
    audit.peak.kl_upper = std::max(audit.peak.kl_upper, kl_of(k));
  }
  audit.peak.censored = audit.peak_n_upper >= audit.most_n;
}

}  // namespace

BestOfN best_of_n(std::span<const double> proxy, std::span<const double> goal, std::size_t n) {
  check_n(n, proxy.size());
  if (goal.size() != proxy.size())
    refuse("best of n", "goals", fmt::format("{}", goal.size()), fmt::format("{}", proxy.size()));
  return expect(rank(proxy, goal), n);
}

std::vector<double> best_of_n_probabilities(std::span<const double> proxy, std::size_t n) {
  check_n(n, proxy.size());
  const Ranked ranked = rank(proxy, proxy);
  std::vector<double> sorted(proxy.begin(), proxy.end()), by_run(ranked.end.size(), 0.0);
  std::sort(sorted.begin(), sorted.end());
  for_each_run(ranked, n, [&](std::size_t run, double p) {
    by_run[run] = p / static_cast<double>(ranked.end[run] - (run > 0 ? ranked.end[run - 1] : 0));
  });
  std::vector<double> out(proxy.size());
  for (std::size_t i = 0; i < proxy.size(); ++i) {
    const auto last = std::upper_bound(sorted.begin(), sorted.end(), proxy[i]) - sorted.begin();
    const auto run = std::lower_bound(ranked.end.begin(), ranked.end.end(), static_cast<std::size_t>(last));
    out[i] = by_run[static_cast<std::size_t>(run - ranked.end.begin())];
  }
  return out;
}

PoolAudit audit_pool(const Pool& pool, double level, const Rng& rng, int threads) {
  if (!(level > 0 && level < 1)) refuse(pool.source, "level", fmt::format("{}", level), "a number in (0, 1)");
  PoolAudit out;
  out.level = level;
  out.prompts = pool.prompt.size();
  out.candidates = pool.candidate.size();
  if (out.prompts == 0) refuse(pool.source, "prompts", "none", "at least one");
  out.most_n = out.candidates;
  for (std::size_t p = 0; p < out.prompts; ++p) {
    const std::size_t size = pool.offset[p + 1] - pool.offset[p];
    if (size < 2)
      refuse(pool.source, fmt::format("candidates of prompt \"{}\"", pool.prompt[p]), fmt::format("{}", size),
             "two or more");
    out.most_n = std::min(out.most_n, size);
  }
  if (out.prompts == 1) return audit_flat_pool(pool, level, rng, threads);
  if (out.prompts < kLeastPrompts) {
    out.inconclusive = true;
    out.sentence = describe(out);
    return out;
  }

  std::vector<std::size_t> numbers = numbers_up_to(out.most_n);
  numbers.insert(numbers.begin(), 1);
  const std::size_t k = numbers.size();
  std::vector<BestOfN> value(out.prompts * k);  // prompt-major
  parallel_blocks(out.prompts, threads, [&](std::size_t p) {
    const std::size_t first = pool.offset[p], size = pool.offset[p + 1] - first;
    // Differences from the first candidate, so that what is the same for all has no rounding to be tested.
    const double proxy = pool.proxy[first], goal = pool.goal[first];
    std::vector<double> proxies(size), goals(size);
    for (std::size_t c = 0; c < size; ++c) {
      proxies[c] = pool.proxy[first + c] - proxy;
      goals[c] = pool.goal[first + c] - goal;
    }
    const Ranked ranked = rank(proxies, goals);
    for (std::size_t j = 0; j < k; ++j) {
      value[p * k + j] = expect(ranked, numbers[j]);
      value[p * k + j].proxy += proxy;
      value[p * k + j].goal += goal;
    }
  });

  // Prompts are the clusters, one bucket each while there are buckets enough.
  Moments moments;
  const std::size_t count = moments.add_sums();
  std::vector<std::size_t> proxy_column(k), goal_column(k);
  std::vector<double> kl(k, 0.0);
  for (std::size_t p = 0; p < out.prompts; ++p) moments.sums(count)[p % kBuckets] += 1;
  for (std::size_t j = 0; j < k; ++j) {
    const std::size_t proxy_sums = moments.add_sums(), goal_sums = moments.add_sums();
    for (std::size_t p = 0; p < out.prompts; ++p) {
      moments.sums(proxy_sums)[p % kBuckets] += value[p * k + j].proxy;
      moments.sums(goal_sums)[p % kBuckets] += value[p * k + j].goal;
      kl[j] += value[p * k + j].kl / static_cast<double>(out.prompts);
    }
    proxy_column[j] = moments.add_column(proxy_sums, count);
    goal_column[j] = moments.add_column(goal_sums, count);
  }
  // Levels of both outcomes at every n; everything else is a combination of them.
  std::vector<Contrast> levels, differences;
  std::vector<std::size_t> goal_level;
  for (std::size_t j = 0; j < k; ++j) {
    levels.push_back({"proxy", {{proxy_column[j], 1.0}}});
    goal_level.push_back(levels.size());
    levels.push_back({"goal", {{goal_column[j], 1.0}}});
    if (j == 0) continue;
    differences.push_back({"proxy gain", {{2 * j, 1.0}, {0, -1.0}}});
    differences.push_back({"goal gain", {{2 * j + 1, 1.0}, {1, -1.0}}});
  }
  const Estimates level_values = estimate(moments, levels), e = combine(level_values, differences);
  out.critical = widened(
      max_t_distribution(level_values, differences, rng.stream("pool curve"), threads).critical(1 - level),
      out.prompts);
  out.reference_proxy = level_values.value[0];
  out.reference_goal = level_values.value[1];
  for (std::size_t j = 1; j < k; ++j) {
    const std::size_t at_proxy = 2 * (j - 1), at_goal = at_proxy + 1;
    PoolPoint point;
    point.n = numbers[j];
    point.kl = kl[j];
    point.proxy = e.value[at_proxy];
    point.goal = e.value[at_goal];
    point.proxy_interval = normal_interval(point.proxy, e.standard_error[at_proxy], out.critical, level);
    point.goal_interval = normal_interval(point.goal, e.standard_error[at_goal], out.critical, level);
    out.proxy_rises |= point.proxy_interval.lower > 0;
    if (!out.harm && point.proxy_interval.lower > 0 && point.goal_interval.upper < 0) {
      out.harm = true;
      out.harm_n = point.n;
      out.harm_kl = point.kl;
    }
    out.points.push_back(point);
  }
  find_peak(out, level_values, goal_level, rng.stream("pool peak"), threads);
  out.sentence = describe(out);
  return out;
}

}  // namespace plumb
