#include "plumb/policy.h"

#include <cmath>

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
    case PolicyKind::kSoftmax:
      return "softmax";
  }
  return "";
}

const TrainedOn& Policy::trained_on() const {
  static const TrainedOn kNothing;
  return kNothing;
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

Overlap training_overlap(const Policy& policy, const DecisionLog& log) {
  Overlap out;
  out.seen.assign(log.size(), 0);
  const TrainedOn& trained = policy.trained_on();
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
  out.trained_here = out.buckets_matched > 0;
  return out;
}

}  // namespace plumb
