#include <algorithm>
#include <cmath>
#include <numeric>

#include "plumb/stats.h"
#include "stats/rounding.h"

namespace plumb {
namespace {

// Replicates are drawn in blocks of fixed size, each with its own stream, so the maxima do not depend on
// threads.
constexpr std::size_t kBlock = 128;
constexpr std::size_t kWords = kBuckets / 64;  // of random signs, a bit a bucket
constexpr std::size_t kLanes = 8;              // parts that are summed together
constexpr std::size_t kNibbles = kBuckets / 4;

// The sums over four buckets under each of their sixteen sign patterns, for kLanes parts: a replicate then adds
// a thousand table rows instead of four thousand signed numbers.
struct SignedSums {
  std::vector<float> row = std::vector<float>(kNibbles * 16 * kLanes, 0.0f);
  void sum(std::span<const std::uint64_t> bits, float* out) const {
    float total[kLanes] = {};
    for (std::size_t nibble = 0; nibble < kNibbles; ++nibble) {
      const std::size_t pattern = (bits[nibble / 16] >> (4 * (nibble % 16))) & 15;
      const float* add = row.data() + (nibble * 16 + pattern) * kLanes;
      for (std::size_t lane = 0; lane < kLanes; ++lane) total[lane] += add[lane];
    }
    std::copy(total, total + kLanes, out);
  }
};

// One table for every kLanes parts, in order; influences divided by `unit`.
std::vector<SignedSums> signed_sums(const Matrix& influence, const std::vector<double>& unit) {
  PLUMB_ASSERT(influence.rows == kBuckets);
  std::vector<SignedSums> out((influence.cols + kLanes - 1) / kLanes);
  for (std::size_t part = 0; part < influence.cols; ++part) {
    std::vector<float>& row = out[part / kLanes].row;
    for (std::size_t nibble = 0; nibble < kNibbles; ++nibble) {
      for (std::size_t pattern = 0; pattern < 16; ++pattern) {
        double sum = 0;
        for (std::size_t k = 0; k < 4; ++k) {
          const double s = influence(4 * nibble + k, part) / unit[part];
          if (std::isfinite(s)) sum += (pattern >> k) & 1 ? s : -s;
        }
        row[(nibble * 16 + pattern) * kLanes + part % kLanes] = static_cast<float>(sum);
      }
    }
  }
  return out;
}

bool has_error(double value, double se) {
  // One term alone is compared with nothing: what has no chance in it but its rounding.
  return std::isfinite(se) && se > 1e-12 * std::abs(value);
}

}  // namespace

Estimates combine(const Estimates& estimates, std::span<const Contrast> combined) {
  const std::size_t buckets = estimates.influence.rows, parts = estimates.value.size(), m = combined.size();
  PLUMB_ASSERT(estimates.terms_error.size() == parts && estimates.terms_size.size() == parts);
  Estimates out;
  for (auto* column :
       {&out.value, &out.standard_error, &out.skewness, &out.terms_error, &out.terms_size, &out.effective})
    column->resize(m);
  // The small-sample factor is the one that the parts carry: the largest of them.
  std::vector<double> squares(parts, 0.0), influence(buckets);
  for (std::size_t b = 0; b < buckets; ++b) {
    for (std::size_t k = 0; k < parts; ++k) squares[k] += estimates.influence(b, k) * estimates.influence(b, k);
  }
  for (std::size_t k = 0; k < m; ++k) {
    double factor = 1, terms_squares = 0;
    for (const auto& [part, weight] : combined[k].terms) {
      out.value[k] += weight * estimates.value[part];
      out.terms_size[k] += std::abs(weight) * estimates.terms_size[part];
      const double se = estimates.standard_error[part], error = weight * estimates.terms_error[part];
      terms_squares += error * error;
      if (squares[part] > 0) factor = std::max(factor, se * se / squares[part]);
    }
    out.terms_error[k] = std::sqrt(terms_squares);
    for (std::size_t b = 0; b < buckets; ++b) {
      double s = 0;
      for (const auto& [part, weight] : combined[k].terms) s += weight * estimates.influence(b, part);
      influence[b] = s;
    }
    stats::sum_up(out, k, influence, factor, combined[k].terms.size() > 1);
  }
  return out;
}

MaxT max_t_distribution(const Estimates& estimates, std::span<const Contrast> combined, const Rng& rng,
                        int threads) {
  const std::size_t parts = estimates.influence.cols;
  const Estimates own = combine(estimates, combined);
  std::vector<std::size_t> members;  // of the bootstrap
  MaxT out;
  for (std::size_t k = 0; k < combined.size(); ++k) {
    if (!has_error(own.value[k], own.standard_error[k])) continue;
    ++out.family;
    if (own.effective[k] < kLeastEffective) {
      ++out.few;
    } else {
      members.push_back(k);
    }
  }
  if (members.size() <= 1) return out;

  // Parts are scaled to unit error so that float carries them whatever their units.
  std::vector<double> unit(parts);
  for (std::size_t c = 0; c < parts; ++c) {
    const double se = estimates.standard_error[c];
    unit[c] = se > 0 && std::isfinite(se) ? se : 1;
  }
  const std::vector<SignedSums> tables = signed_sums(estimates.influence, unit);
  out.sorted.resize(kReplicates);
  parallel_blocks(kReplicates / kBlock, threads, [&](std::size_t block) {
    Rng draws = rng.stream("multiplier", block);
    std::vector<std::uint64_t> bits(kBlock * kWords);
    for (std::uint64_t& word : bits) word = draws.bits();
    std::vector<float> z(kBlock * tables.size() * kLanes);
    for (std::size_t t = 0; t < tables.size(); ++t) {
      for (std::size_t r = 0; r < kBlock; ++r) {
        tables[t].sum({bits.data() + r * kWords, kWords}, z.data() + (r * tables.size() + t) * kLanes);
      }
    }
    for (std::size_t r = 0; r < kBlock; ++r) {
      const float* row = z.data() + r * tables.size() * kLanes;
      double largest = 0;
      for (const std::size_t k : members) {
        double t = 0;
        for (const auto& [part, weight] : combined[k].terms) t += weight * unit[part] * row[part];
        largest = std::max(largest, std::abs(t) / own.standard_error[k]);
      }
      out.sorted[block * kBlock + r] = largest;
    }
  });
  std::sort(out.sorted.begin(), out.sorted.end());
  return out;
}

MaxT max_t_distribution(const Estimates& estimates, std::span<const std::size_t> family, const Rng& rng,
                        int threads) {
  std::vector<Contrast> same;
  for (const std::size_t k : family) same.push_back({"", {{k, 1.0}}});
  return max_t_distribution(estimates, same, rng, threads);
}

MaxT max_t_distribution(const Estimates& estimates, const Rng& rng, int threads) {
  std::vector<std::size_t> all(estimates.value.size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  return max_t_distribution(estimates, all, rng, threads);
}

double MaxT::critical(double alpha) const {
  PLUMB_ASSERT(alpha > 0 && alpha < 1);
  const double one = normal_quantile(1 - alpha / 2);
  if (family <= 1) return one;
  const double all = normal_quantile(1 - alpha / (2 * static_cast<double>(family)));
  const double replicates = static_cast<double>(sorted.size());
  // A level finer than the replicates can show falls back on Bonferroni, and so does a bootstrap of one.
  if (alpha * replicates < 20) return all;
  if (few == 0) {
    const auto index = static_cast<std::size_t>(std::ceil((1 - alpha) * replicates)) - 1;
    return std::clamp(sorted[std::min(index, sorted.size() - 1)], one, all);
  }
  // The least value at which the bootstrap's share above it and Bonferroni's for the others are alpha together.
  double low = one, high = all;
  for (int step = 0; step < 60; ++step) {
    const double middle = 0.5 * (low + high);
    (p_value(middle) > alpha ? low : high) = middle;
  }
  return high;
}

double MaxT::p_value(double t) const {
  const double size = std::abs(t);
  const double one = 2 * (1 - normal_cdf(size)),
               all = static_cast<double>(std::max<std::size_t>(1, family)) * one;
  if (sorted.empty()) return std::min(1.0, all);
  const auto above = static_cast<double>(sorted.end() - std::lower_bound(sorted.begin(), sorted.end(), size));
  const double together =
      (above + 1) / (static_cast<double>(sorted.size()) + 1) + static_cast<double>(few) * one;
  return std::min({1.0, std::max(one, together), std::max(one, all)});
}

}  // namespace plumb
