// The audit of a pool: the curve with its joint band, the peak and what cannot be told from it, harm.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "plumb/pool.h"
#include "pressure/pool_curve.h"
#include "pressure/pool_flat.h"
#include "stats/event_limits.h"

namespace plumb {
namespace {

std::string describe(const PoolAudit& audit) {
  const std::string size = fmt::format("{} prompts, {} candidates", audit.prompts, audit.candidates);
  if (audit.inconclusive && audit.why_not.empty())
    return fmt::format("inconclusive: {}; intervals clustered by prompt need at least {} prompts", size,
                       kLeastPrompts);
  if (audit.inconclusive) return fmt::format("inconclusive: {} ({})", audit.why_not, size);
  const std::string peak =
      audit.peak_n == 1
          ? std::string("no n has a higher goal than a candidate taken at random")
          : fmt::format("the goal is highest at n = {} (KL {:.3g} nats)", audit.peak_n, audit.peak.kl);
  std::string set =
      fmt::format("n = {} to {} cannot be told from the highest{}", audit.peak_n_lower, audit.peak_n_upper,
                  !audit.peak.censored    ? ""
                  : audit.why_not.empty() ? "; the peak may lie beyond the candidates"
                                          : "; the peak may lie beyond");
  if (!audit.why_not.empty())
    set += fmt::format("; from n = {} on there is no number: {}", audit.points.back().n + 1, audit.why_not);
  if (audit.harm)
    return fmt::format(
        "harm: from n = {} (KL {:.3g} nats) best-of-n raises the proxy and lowers the goal; {}; {} ({})",
        audit.harm_n, audit.harm_kl, peak, set, size);
  return fmt::format("no harm is shown up to n = {}{}; {}; {} ({})", audit.points.back().n,
                     audit.proxy_rises ? "" : ", nor that the proxy rises", peak, set, size);
}

// Proxy (2 j) and goal (2 j + 1) at every number, prompts in buckets.
Estimates levels_of(const std::vector<BestOfN>& value, std::size_t prompts, std::size_t numbers) {
  Moments moments;
  const std::size_t count = moments.add_sums();
  for (std::size_t p = 0; p < prompts; ++p) moments.sums(count)[p % kBuckets] += 1;
  std::vector<Contrast> levels;
  for (std::size_t j = 0; j < numbers; ++j) {
    const std::size_t proxy_sums = moments.add_sums(), goal_sums = moments.add_sums();
    for (std::size_t p = 0; p < prompts; ++p) {
      moments.sums(proxy_sums)[p % kBuckets] += value[p * numbers + j].proxy;
      moments.sums(goal_sums)[p % kBuckets] += value[p * numbers + j].goal;
    }
    levels.push_back({"proxy", {{moments.add_column(proxy_sums, count), 1.0}}});
    levels.push_back({"goal", {{moments.add_column(goal_sums, count), 1.0}}});
  }
  return estimate(moments, levels);
}

// Numbers whose goal is not simultaneously below the highest; numbers[0] is 1.
void find_peak(PoolAudit& audit, const Pool& pool, const Estimates& levels,
               std::span<const std::size_t> numbers, const Rng& rng, int threads) {
  const auto goal_at = [&](std::size_t k) { return levels.value[2 * k + 1]; };
  std::size_t best = 0;
  for (std::size_t k = 1; k < numbers.size(); ++k)
    if (goal_at(k) > goal_at(best)) best = k;
  std::vector<Contrast> below;
  for (std::size_t k = 0; k < numbers.size(); ++k) {
    Contrast c{"below the peak", {{2 * k + 1, 1.0}, {2 * best + 1, -1.0}}};
    if (k == best) c.terms = {{2 * k + 1, 0.0}};
    below.push_back(std::move(c));
  }
  const double critical = max_t_distribution(levels, below, rng, threads).critical(1 - audit.level);
  const std::vector<ContrastParts> parts = pool_goal_parts(pool, numbers, best, threads);
  const auto kl_of = [&](std::size_t k) { return k == 0 ? 0.0 : audit.points[k - 1].kl; };
  audit.peak_n = audit.peak_n_lower = audit.peak_n_upper = numbers[best];
  audit.peak.kl = audit.peak.kl_lower = audit.peak.kl_upper = kl_of(best);
  for (std::size_t k = 0; k < numbers.size(); ++k) {
    const bool known = parts[k].why_not.empty();
    if (k != best && known && interval_of(parts[k], critical, audit.level).upper < 0) continue;
    audit.peak_n_lower = std::min(audit.peak_n_lower, numbers[k]);
    audit.peak_n_upper = std::max(audit.peak_n_upper, numbers[k]);
    audit.peak.kl_lower = std::min(audit.peak.kl_lower, kl_of(k));
    audit.peak.kl_upper = std::max(audit.peak.kl_upper, kl_of(k));
  }
  audit.peak.censored = audit.peak_n_upper >= numbers.back();
}

void check(const Pool& pool, double level) {
  if (!(level > 0 && level < 1)) refuse(pool.source, "level", fmt::format("{}", level), "a number in (0, 1)");
  if (pool.prompt.empty()) refuse(pool.source, "prompts", "none", "at least one");
  for (std::size_t p = 0; p < pool.prompt.size(); ++p) {
    const std::size_t size = pool.offset[p + 1] - pool.offset[p];
    if (size < 2)
      refuse(pool.source, fmt::format("candidates of prompt \"{}\"", pool.prompt[p]), fmt::format("{}", size),
             "two or more");
  }
}

}  // namespace

PoolAudit audit_pool(const Pool& pool, double level, const Rng& rng, int threads) {
  check(pool, level);
  if (pool.prompt.size() == 1) return audit_flat_pool(pool, level, rng, threads);
  PoolAudit out;
  out.level = level;
  out.prompts = pool.prompt.size();
  out.candidates = out.most_n = pool.candidate.size();
  for (std::size_t p = 0; p < out.prompts; ++p)
    out.most_n = std::min<std::size_t>(out.most_n, pool.offset[p + 1] - pool.offset[p]);
  out.inconclusive = out.prompts < kLeastPrompts;
  std::vector<std::size_t> numbers = numbers_up_to(out.most_n);
  std::vector<ContrastParts> goal;
  if (!out.inconclusive) {
    goal = pool_goal_parts(pool, numbers, 0, threads);
    for (std::size_t j = 1; j < numbers.size() && out.why_not.empty(); ++j) {
      out.why_not = goal[j].why_not;
      if (!out.why_not.empty()) numbers.resize(j);
    }
    out.inconclusive = numbers.size() == 1;
  }
  if (out.inconclusive) {
    out.sentence = describe(out);
    return out;
  }

  const std::vector<BestOfN> value = pool_values(pool, numbers, threads);
  const Estimates levels = levels_of(value, out.prompts, numbers.size());
  // Either outcome has half of what the band may miss. What goals do by chance the permutations know, also
  // where few prompts decide.
  const double each = (1 - level) / 2;
  std::vector<Contrast> gains;
  for (std::size_t j = 1; j < numbers.size(); ++j) gains.push_back({"proxy gain", {{2 * j, 1.0}, {0, -1.0}}});
  const Estimates proxy = combine(levels, gains);
  const double proxy_critical =
      t_critical(max_t_distribution(levels, gains, rng.stream("pool curve"), threads).critical(each),
                 static_cast<double>(out.prompts - 1));
  const PoolPermutations chance = permuted(pool, numbers, rng.stream("pool permutation"), threads);
  out.critical = chance.critical(each, numbers.size());
  out.reference_proxy = levels.value[0];
  out.reference_goal = levels.value[1];
  for (std::size_t j = 1; j < numbers.size(); ++j) {
    PoolPoint point;
    point.n = numbers[j];
    for (std::size_t p = 0; p < out.prompts; ++p)
      point.kl += value[p * numbers.size() + j].kl / static_cast<double>(out.prompts);
    point.proxy = proxy.value[j - 1];
    point.goal = goal[j].value;
    point.proxy_interval = normal_interval(point.proxy, proxy.standard_error[j - 1], proxy_critical, level);
    point.goal_interval = interval_of(goal[j], out.critical, level);
    out.proxy_rises |= point.proxy_interval.lower > 0;
    if (out.harm_n == 0 && point.proxy_interval.lower > 0 && point.goal_interval.upper < 0) {
      out.harm_n = point.n;
      out.harm_kl = point.kl;
    }
    out.points.push_back(point);
  }
  // The interval holds where prompts are many; the permutation whatever their number.
  out.harm = out.harm_n > 0 && chance.fall <= each;
  if (!out.harm) out.harm_n = 0, out.harm_kl = 0;
  find_peak(out, pool, levels, numbers, rng.stream("pool peak"), threads);
  out.sentence = describe(out);
  return out;
}

}  // namespace plumb
