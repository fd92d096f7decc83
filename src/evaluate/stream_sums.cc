#include "evaluate/stream_sums.h"

#include <numeric>

namespace plumb {

namespace {

void add_all(std::vector<double>& to, const std::vector<double>& from) {
  for (std::size_t b = 0; b < to.size(); ++b) to[b] += from[b];
}

}  // namespace

StreamSums::StreamSums(std::size_t outcomes, std::size_t pass_width)
    : width(pass_width), by_bucket(kBuckets, 0.0), live(outcomes, std::vector<double>(kBuckets, 0.0)) {
  pass.bucket.assign(kBuckets * width, 0.0);
  pass.observed.resize(outcomes);
}

void StreamSums::count(const DecisionLog& block, std::span<const std::uint16_t> bucket,
                       const std::vector<std::uint8_t>& use) {
  for (std::size_t i = 0; i < block.size(); ++i) {
    if (!use[i]) continue;
    const double r = block.weight.empty() ? 1.0 : static_cast<double>(block.weight[i]);
    rows += 1;
    by_bucket[bucket[i]] += r;
    for (std::size_t j = 0; j < live.size(); ++j)
      if (block.outcomes[j].state[i] != State::kImmature) live[j][bucket[i]] += r;
  }
}

void StreamSums::add(const StreamSums& later) {
  merge(pass, later.pass);
  rows += later.rows;
  add_all(by_bucket, later.by_bucket);
  for (std::size_t j = 0; j < live.size(); ++j) add_all(live[j], later.live[j]);
}

Support StreamSums::support() const {
  const double weight = std::accumulate(by_bucket.begin(), by_bucket.end(), 0.0);
  return support_of(subset_sums(pass, width, by_bucket, rows, weight));
}

}  // namespace plumb
