#include "evaluate/group_sums.h"

namespace plumb {

GroupSums::GroupSums(std::size_t outcomes, std::size_t pass_width)
    : width(pass_width), bucket(kBuckets * pass_width * kQuad, 0.0), observed(outcomes) {}

void GroupSums::add(const GroupSums& later) {
  for (std::size_t k = 0; k < bucket.size(); ++k) bucket[k] += later.bucket[k];
  weight_squares += later.weight_squares;
  plain_squares += later.plain_squares;
  max_weight = larger(max_weight, later.max_weight);
  kl += later.kl;
  chi2 += later.chi2;
  for (std::size_t l = 0; l < kQuad; ++l) beyond[l] = beyond[l] || later.beyond[l];
  for (std::size_t j = 0; j < observed.size(); ++j) {
    Observed& a = observed[j];
    const Observed& b = later.observed[j];
    a.sum += b.sum;
    a.squares += b.squares;
    a.largest = larger(a.largest, b.largest);
    a.event_sum += b.event_sum;
    a.event_squares += b.event_squares;
  }
}

PassSums GroupSums::of_lane(std::size_t lane) const {
  PassSums out;
  out.bucket.resize(kBuckets * width);
  for (std::size_t k = 0; k < out.bucket.size(); ++k) out.bucket[k] = bucket[kQuad * k + lane];
  out.weight_squares = weight_squares[lane];
  out.plain_squares = plain_squares[lane];
  out.max_weight = max_weight[lane];
  out.kl = kl[lane];
  out.chi2 = chi2[lane];
  out.beyond = beyond[lane];
  for (const Observed& seen : observed)
    out.observed.push_back({seen.sum[lane], seen.squares[lane], seen.largest[lane], seen.event_sum[lane],
                            seen.event_squares[lane]});
  return out;
}

}  // namespace plumb
