// The curve of keeping the best share of a list. Candidates that tie in the proxy at the cut are kept in equal
// parts, so the curve is exact: the mean over all orders of the ties.
#include "pressure/pool_flat.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

namespace plumb {
namespace {

constexpr std::array kFractions = {0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1, 0.05, 0.02, 0.01};
constexpr std::size_t kResamples = 999;

// Candidates in runs of equal proxies, the highest proxy first.
struct Runs {
  std::vector<std::uint32_t> of;  // by candidate
  std::size_t count = 0;
};

Runs runs_of(std::span<const double> proxy) {
  std::vector<std::uint32_t> order(proxy.size());
  std::iota(order.begin(), order.end(), 0u);
  std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return proxy[a] > proxy[b]; });
  Runs out;
  out.of.resize(proxy.size());
  for (std::size_t k = 0; k < order.size(); ++k) {
    out.count += k == 0 || proxy[order[k]] != proxy[order[k - 1]];
    out.of[order[k]] = static_cast<std::uint32_t>(out.count - 1);
  }
  return out;
}

// Sums of a list or of a resample of it, by run.
struct Sums {
  std::vector<double> size, proxy, goal;
  explicit Sums(std::size_t runs) : size(runs, 0.0), proxy(runs, 0.0), goal(runs, 0.0) {}
  void clear() {
    for (auto* sums : {&size, &proxy, &goal}) std::fill(sums->begin(), sums->end(), 0.0);
  }
};

// What is kept of `n` candidates; fractions descending. REQUIRES: the sums hold n candidates.
std::vector<KeptBest> kept(const Sums& sums, std::size_t n, std::span<const double> fractions) {
  std::vector<KeptBest> out(fractions.size());
  for (std::size_t f = 0; f < fractions.size(); ++f) {
    const double all = static_cast<double>(n), most = fractions[f] * all;
    double left = most;
    KeptBest& best = out[f];
    for (std::size_t run = 0; run < sums.size.size() && left > 0; ++run) {
      if (sums.size[run] == 0) continue;
      const double taken = std::min(left, sums.size[run]), share = taken / sums.size[run];
      best.proxy += share * sums.proxy[run] / most;
      best.goal += share * sums.goal[run] / most;
      best.kl += taken / most * std::log(all * share / most);
      left -= taken;
    }
    best.kl = std::max(0.0, best.kl);
  }
  return out;
}

// Values of every resample, of proxy and goal at every fraction, less those of keeping all.
class Resamples {
 public:
  Resamples(const Pool& pool, const Runs& runs, std::span<const double> fractions, const Rng& rng, int threads)
      : width_(2 * fractions.size()), value_(kResamples * width_) {
    const std::size_t n = pool.candidate.size();
    parallel_blocks(kResamples, threads, [&](std::size_t b) {
      Sums sums(runs.count);
      Rng draws = rng.stream("resample", b);
      double proxy = 0, goal = 0;
      for (std::size_t k = 0; k < n; ++k) {
        const auto i = static_cast<std::size_t>(draws.below(n));
        sums.size[runs.of[i]] += 1;
        sums.proxy[runs.of[i]] += pool.proxy[i];
        sums.goal[runs.of[i]] += pool.goal[i];
        proxy += pool.proxy[i];
        goal += pool.goal[i];
      }
      const std::vector<KeptBest> best = kept(sums, n, fractions);
      for (std::size_t f = 0; f < best.size(); ++f) {
        value_[b * width_ + 2 * f] = best[f].proxy - proxy / static_cast<double>(n);
        value_[b * width_ + 2 * f + 1] = best[f].goal - goal / static_cast<double>(n);
      }
    });
  }
  std::size_t width() const { return width_; }
  double at(std::size_t resample, std::size_t column) const { return value_[resample * width_ + column]; }

 private:
  std::size_t width_;
  std::vector<double> value_;
};

// Simultaneous limits of quantities whose resampled values `at` gives.
struct Band {
  std::vector<double> standard_error;
  double critical = 0;
};

template <class At>
Band band_of(std::span<const double> value, double level, const At& at) {
  Band out;
  out.standard_error.resize(value.size());
  for (std::size_t c = 0; c < value.size(); ++c) {
    double mean = 0, squares = 0;
    for (std::size_t b = 0; b < kResamples; ++b) mean += at(b, c) / static_cast<double>(kResamples);
    for (std::size_t b = 0; b < kResamples; ++b) squares += (at(b, c) - mean) * (at(b, c) - mean);
    out.standard_error[c] = std::sqrt(squares / static_cast<double>(kResamples - 1));
    // What is the same in every resample differs by rounding alone.
    if (out.standard_error[c] <= 1e-12 * std::abs(value[c])) out.standard_error[c] = 0;
  }
  std::vector<double> largest(kResamples, 0.0);
  for (std::size_t b = 0; b < kResamples; ++b)
    for (std::size_t c = 0; c < value.size(); ++c)
      if (out.standard_error[c] > 0)
        largest[b] = std::max(largest[b], std::abs(at(b, c) - value[c]) / out.standard_error[c]);
  std::sort(largest.begin(), largest.end());
  const auto place = static_cast<std::size_t>(std::ceil(level * static_cast<double>(kResamples + 1))) - 1;
  out.critical = std::max(normal_quantile(0.5 + level / 2), largest[std::min(place, kResamples - 1)]);
  return out;
}

std::string percent(double fraction) { return fmt::format("{:g} %", 100 * fraction); }

std::string describe(const PoolAudit& audit) {
  const std::string size = fmt::format("one list of {} candidates", audit.candidates);
  if (audit.inconclusive)
    return fmt::format("inconclusive: {}; keeping nine tenths leaves fewer than {} out or in", size,
                       kLeastKept);
  const std::string peak = audit.peak_fraction == 1
                               ? std::string("no part of the list has a higher goal than all of it")
                               : fmt::format("the goal is highest with the best {} kept (KL {:.3g} nats)",
                                             percent(audit.peak_fraction), audit.peak.kl);
  const std::string set =
      fmt::format("parts from {} to {} cannot be told from the highest{}", percent(audit.peak_fraction_upper),
                  percent(audit.peak_fraction_lower), audit.peak.censored ? "; the peak may lie beyond" : "");
  if (audit.harm)
    return fmt::format(
        "harm: with the best {} kept (KL {:.3g} nats) and fewer the proxy is up and the goal down; {}; {} ({})",
        percent(audit.harm_fraction), audit.harm_kl, peak, set, size);
  return fmt::format("no harm is shown down to the best {}{}; {}; {} ({})",
                     percent(audit.points.back().fraction),
                     audit.proxy_rises ? "" : ", nor that the proxy rises", peak, set, size);
}

// Parts whose goal is not simultaneously below the highest; keeping all is one of them.
void find_peak(PoolAudit& audit, const Resamples& resamples) {
  const auto goal_at = [&](std::size_t k) { return k == 0 ? 0.0 : audit.points[k - 1].goal; };
  const auto resampled = [&](std::size_t b, std::size_t k) {
    return k == 0 ? 0.0 : resamples.at(b, 2 * k - 1);
  };
  const std::size_t count = audit.points.size() + 1;
  std::size_t best = 0;
  for (std::size_t k = 1; k < count; ++k)
    if (goal_at(k) > goal_at(best)) best = k;
  std::vector<double> below(count);
  for (std::size_t k = 0; k < count; ++k) below[k] = goal_at(k) - goal_at(best);
  const Band band = band_of(below, audit.level,
                            [&](std::size_t b, std::size_t k) { return resampled(b, k) - resampled(b, best); });
  const auto fraction_of = [&](std::size_t k) { return k == 0 ? 1.0 : audit.points[k - 1].fraction; };
  const auto kl_of = [&](std::size_t k) { return k == 0 ? 0.0 : audit.points[k - 1].kl; };
  audit.peak_fraction = audit.peak_fraction_lower = audit.peak_fraction_upper = fraction_of(best);
  audit.peak.kl = audit.peak.kl_lower = audit.peak.kl_upper = kl_of(best);
  for (std::size_t k = 0; k < count; ++k) {
    if (k != best && below[k] + band.critical * band.standard_error[k] < 0) continue;
    audit.peak_fraction_lower = std::min(audit.peak_fraction_lower, fraction_of(k));
    audit.peak_fraction_upper = std::max(audit.peak_fraction_upper, fraction_of(k));
    audit.peak.kl_lower = std::min(audit.peak.kl_lower, kl_of(k));
    audit.peak.kl_upper = std::max(audit.peak.kl_upper, kl_of(k));
  }
  audit.peak.censored = audit.peak_fraction_lower <= audit.points.back().fraction;
}

}  // namespace

KeptBest keep_best(std::span<const double> proxy, std::span<const double> goal, double fraction) {
  if (proxy.empty() || goal.size() != proxy.size())
    refuse("keep best", "goals", fmt::format("{}", goal.size()), fmt::format("{}, at least one", proxy.size()));
  if (!(fraction > 0 && fraction <= 1))
    refuse("keep best", "fraction", fmt::format("{}", fraction), "a share in (0, 1]");
  const Runs runs = runs_of(proxy);
  Sums sums(runs.count);
  for (std::size_t i = 0; i < proxy.size(); ++i) {
    sums.size[runs.of[i]] += 1;
    sums.proxy[runs.of[i]] += proxy[i];
    sums.goal[runs.of[i]] += goal[i];
  }
  return kept(sums, proxy.size(), std::span(&fraction, 1))[0];
}

PoolAudit audit_flat_pool(const Pool& given, double level, const Rng& rng, int threads) {
  // Differences from the first candidate, so that what is the same for all has no rounding to be tested.
  Pool pool = given;
  for (std::size_t i = 0; i < pool.proxy.size(); ++i) {
    pool.proxy[i] = given.proxy[i] - given.proxy[0];
    pool.goal[i] = given.goal[i] - given.goal[0];
  }
  PoolAudit out;
  out.level = level;
  out.flat = true;
  out.prompts = 1;
  const std::size_t n = out.candidates = out.most_n = pool.candidate.size();
  std::vector<double> fractions;
  for (const double f : kFractions) {
    // As many must be kept, and left out, as make a mean of them a mean.
    if (f * static_cast<double>(n) < kLeastKept || (1 - f) * static_cast<double>(n) < kLeastKept) continue;
    fractions.push_back(f);
  }
  if (fractions.empty()) {
    out.inconclusive = true;
    out.sentence = describe(out);
    return out;
  }
  const KeptBest all = keep_best(pool.proxy, pool.goal, 1);
  out.reference_proxy = all.proxy + given.proxy[0];
  out.reference_goal = all.goal + given.goal[0];
  std::vector<double> value;
  for (const double fraction : fractions) {
    const KeptBest best = keep_best(pool.proxy, pool.goal, fraction);
    PoolPoint point;
    point.fraction = fraction;
    point.kl = best.kl;
    point.proxy = best.proxy - all.proxy;
    point.goal = best.goal - all.goal;
    value.push_back(point.proxy);
    value.push_back(point.goal);
    out.points.push_back(point);
  }
  const Runs runs = runs_of(pool.proxy);
  const Resamples resamples(pool, runs, fractions, rng.stream("flat pool"), threads);
  const Band band = band_of(value, level, [&](std::size_t b, std::size_t c) { return resamples.at(b, c); });
  out.critical = band.critical;
  for (std::size_t k = 0; k < out.points.size(); ++k) {
    PoolPoint& point = out.points[k];
    point.proxy_interval = normal_interval(point.proxy, band.standard_error[2 * k], band.critical, level);
    point.goal_interval = normal_interval(point.goal, band.standard_error[2 * k + 1], band.critical, level);
    out.proxy_rises |= point.proxy_interval.lower > 0;
    if (!out.harm && point.proxy_interval.lower > 0 && point.goal_interval.upper < 0) {
      out.harm = true;
      out.harm_fraction = point.fraction;
      out.harm_kl = point.kl;
    }
  }
  find_peak(out, resamples);
  out.sentence = describe(out);
  return out;
}

}  // namespace plumb
