// Sums of one policy over one set of rows of a stream, block after block: what a pass over each block brings
// (pass.h), and what the rows themselves count for.
#pragma once

#include <vector>

#include "evaluate/pass.h"

namespace plumb {

struct StreamSums {
  StreamSums(std::size_t outcomes, std::size_t width);
  // Counts the rows of a block that `use` marks; their pass is merged by the caller.
  void count(const DecisionLog& block, std::span<const std::uint16_t> bucket,
             const std::vector<std::uint8_t>& use);
  // The same rows as another policy's.
  void count_as(const StreamSums& other) {
    rows = other.rows;
    by_bucket = other.by_bucket;
    live = other.live;
  }
  void add(const StreamSums& later);
  Support support() const;

  PassSums pass;
  std::size_t width;
  double rows = 0;
  std::vector<double> by_bucket;          // sums of r
  std::vector<std::vector<double>> live;  // by outcome: of those that are not immature
};

}  // namespace plumb
