#include "plumb/policy.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "plumb/origin.h"

namespace plumb {

std::string_view name_of(PolicyKind kind) {
  switch (kind) {
    case PolicyKind::kReference:
      return "reference";
    case PolicyKind::kConstant:
      return "constant";
    case PolicyKind::kUniform:
      return "uniform";
    case PolicyKind::kTable:
      return "table";
    case PolicyKind::kTree:
      return "tree";
    case PolicyKind::kSoftmax:
      return "softmax";
    case PolicyKind::kPriced:
      return "priced";
  }
  return "";
}

const TrainedOn& Policy::trained_on() const {
  static const TrainedOn kNothing;
  return kNothing;
}

std::vector<float> probabilities_of(const Policy& policy, const DecisionLog& log, int threads) {
  constexpr std::size_t kBlock = 8192;
  std::vector<float> p(log.action.size());
  parallel_blocks((log.size() + kBlock - 1) / kBlock, threads, [&](std::size_t block) {
    const std::size_t begin = block * kBlock, end = std::min(log.size(), begin + kBlock);
    const std::size_t first = log.offset[begin];
    policy.probabilities(log, begin, end, {p.data() + first, log.offset[end] - first});
  });
  return p;
}

std::vector<std::uint32_t> sample(const Policy& policy, const DecisionLog& log, const Rng& rng) {
  std::vector<float> p(log.action.size());
  policy.probabilities(log, 0, log.size(), p);
  std::vector<std::uint32_t> out(log.size());
  for (std::size_t i = 0; i < log.size(); ++i) {
    double u = rng.stream("sample", i).uniform();
    const std::size_t k = log.offered(i);
    std::size_t slot = 0, last = 0;
    for (; slot < k; ++slot) {
      const double share = p[log.offset[i] + slot];
      if (share > 0) last = slot;
      if (u < share) break;
      u -= share;
    }
    out[i] = static_cast<std::uint32_t>(slot < k ? slot : last);  // rounding may leave a crumb at the end
  }
  return out;
}

void tilt(std::span<const float> base, std::span<const float> score, std::span<float> p) {
  float largest = -INFINITY;
  for (std::size_t a = 0; a < base.size(); ++a) {
    if (base[a] > 0) largest = std::max(largest, score[a]);
  }
  float total = 0;
  for (std::size_t a = 0; a < base.size(); ++a) {
    p[a] = base[a] > 0 ? base[a] * std::exp(score[a] - largest) : 0.0f;
    total += p[a];
  }
  for (std::size_t a = 0; a < base.size(); ++a) p[a] /= total;
}

std::uint64_t policy_content(const Policy& policy, const DecisionLog& log) {
  std::vector<float> p(log.action.size());
  policy.probabilities(log, 0, log.size(), p);
  std::uint64_t h = log.size();
  for (const float x : p) h = hash_combine(h, std::bit_cast<std::uint32_t>(x));
  return h;
}

std::vector<std::uint64_t> sketch_rows(const DecisionLog& log, const std::vector<std::uint8_t>& use) {
  std::vector<std::uint64_t> rows;
  for (std::size_t i = 0; i < log.row_fingerprint.size(); ++i) {
    if (use[i]) rows.push_back(log.row_fingerprint[i]);
  }
  std::sort(rows.begin(), rows.end());
  std::vector<std::uint64_t> out;
  for (std::size_t k = 0; k < rows.size() && out.size() < kSketchRows; ++k) {
    const bool again = (k > 0 && rows[k - 1] == rows[k]) || (k + 1 < rows.size() && rows[k + 1] == rows[k]);
    if (!again) out.push_back(rows[k]);
  }
  return out;
}

Overlap training_overlap(const Policy& policy, const DecisionLog& log) {
  return training_overlap_of(policy.trained_on(), log);
}

Overlap training_overlap_of(const TrainedOn& trained, const DecisionLog& log) {
  Overlap out;
  out.seen.assign(log.size(), 0);
  if (trained.empty()) return out;
  for (std::size_t i = 0; i < log.size(); ++i) {
    out.seen[i] = (trained.folds >> fold_of(log.unit[i], trained.split_seed)) & 1;
  }
  const std::vector<std::uint64_t> here = bucket_digests(log, out.seen);
  for (std::size_t b = 0; b < kBuckets; ++b) {
    if (trained.bucket_digest[b] == 0 || here[b] == 0) continue;
    ++out.buckets_compared;
    out.buckets_matched += trained.bucket_digest[b] == here[b];
  }
  if (!trained.sketch.empty() && !log.row_fingerprint.empty()) {
    std::vector<std::uint64_t> rows = log.row_fingerprint;
    std::sort(rows.begin(), rows.end());
    out.rows_compared = trained.sketch.size();
    for (const std::uint64_t row : trained.sketch)
      out.rows_matched += std::binary_search(rows.begin(), rows.end(), row);
  }
  const bool sketched = out.rows_compared > 0 && static_cast<double>(out.rows_matched) >=
                                                     kSketchShare * static_cast<double>(out.rows_compared);
  out.trained_here = out.buckets_matched > 0 || sketched;
  if (out.buckets_matched == 0 && sketched) out.seen.assign(log.size(), 1);
  return out;
}

}  // namespace plumb
