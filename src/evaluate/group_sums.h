// What up to four policies have summed over one subset, side by side: PassSums by lane.
#pragma once

#include "base/quad.h"
#include "evaluate/pass.h"

namespace plumb {

struct GroupSums {
  GroupSums(std::size_t outcomes, std::size_t width);
  void add(const GroupSums& later);
  PassSums of_lane(std::size_t lane) const;

  std::size_t width;
  CacheLineVector<double> bucket;  // kBuckets x width x kQuad
  Quad weight_squares{}, plain_squares{}, max_weight{}, kl{}, chi2{};
  std::array<bool, kQuad> beyond{};
  struct Observed {
    Quad sum{}, squares{}, largest{}, event_sum{}, event_squares{};
  };
  std::vector<Observed> observed;
};

}  // namespace plumb
