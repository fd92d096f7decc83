// From the error of a learnt outcome's parameters to sums by unit bucket.
#include <cmath>

#include "plumb/learnt.h"

namespace plumb {
namespace {

constexpr std::size_t kBlock = 2048;

// What one block of decisions adds: by group the sum of weight times slope, and the common factor's.
struct Shift {
  std::vector<std::vector<double>> by_group;
  double common = 0, missed = 0;
};

}  // namespace

std::vector<double> learnt_error(const LearntOutcome& learnt, std::span<const double> weight,
                                 const std::vector<std::uint8_t>& mask, int threads, LearntPart which) {
  const bool whole = which == LearntPart::kValue && !learnt.held.empty();
  const OutcomeColumn& column = learnt.column;
  const std::size_t n = column.value.size(), p = learnt.width, groups = learnt.influence.size(),
                    blocks = (n + kBlock - 1) / kBlock;
  PLUMB_ASSERT(weight.size() == n && mask.size() == n);
  std::vector<Shift> part(blocks);
  parallel_blocks(blocks, threads, [&](std::size_t block) {
    Shift& out = part[block];
    out.by_group.assign(groups, std::vector<double>(p, 0.0));
    for (std::size_t i = block * kBlock; i < std::min(n, (block + 1) * kBlock); ++i) {
      if (!mask[i] || weight[i] == 0 || column.state[i] != State::kObserved) continue;
      double w = weight[i] / (column.asked.empty() ? 1.0 : column.asked[i]);
      if (whole) {
        out.missed += w * learnt.missed[i];
        w *= 1 - static_cast<double>(learnt.held[i]);
      }
      std::vector<double>& to = out.by_group[learnt.group[i]];
      const float* slope = learnt.slope.data() + i * p;
      for (std::size_t k = 0; k < p; ++k) to[k] += w * static_cast<double>(slope[k]);
      if (!learnt.common.empty()) out.common += w * static_cast<double>(learnt.common[i]);
    }
  });
  Shift total{std::vector<std::vector<double>>(groups, std::vector<double>(p, 0.0)), 0, 0};
  for (const Shift& one : part) {
    for (std::size_t g = 0; g < groups; ++g) {
      for (std::size_t k = 0; k < p; ++k) total.by_group[g][k] += one.by_group[g][k];
    }
    total.common += one.common;
    total.missed += one.missed;
  }
  std::vector<double> out(kBuckets, 0.0);
  for (std::size_t g = 0; g < groups; ++g) {
    for (std::size_t b = 0; b < kBuckets; ++b) {
      const std::span<const double> row = learnt.influence[g].row(b);
      double sum = 0;
      for (std::size_t k = 0; k < p; ++k) sum += row[k] * total.by_group[g][k];
      out[b] += sum;
    }
  }
  // What was missed stands over the share that is seen, which is estimated too.
  for (std::size_t b = 0; whole && b < kBuckets; ++b) out[b] -= total.missed * learnt.seen_influence[b];
  // One factor for all: spread over the buckets with alternating signs, so that it moves no value, and its
  // square (and its product between contrasts) is what a single normal factor would give.
  const double share = total.common / std::sqrt(static_cast<double>(kBuckets));
  for (std::size_t b = 0; b < kBuckets; ++b) out[b] += b % 2 == 0 ? share : -share;
  return out;
}

}  // namespace plumb
