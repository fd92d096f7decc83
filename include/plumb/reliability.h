// plumb/reliability.h: how predictions stand to what came, on rows that the model did not see.
//
//   Reliability r = reliability(predicted, came, weight, bucket, /*binary=*/false, 0.95);
//   r.slope.value;      // 1 where calibrated
//   r.bins[9].came;     // what came, with its interval, where most was predicted
//
// Intervals are clustered on unit buckets and normal, each at its own level (pointwise). They are of the
// predictions as they are: that another sample would have given another model is not in them.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "plumb/stats.h"

namespace plumb {

struct Estimated {
  double value = 0, standard_error = 0;
  Interval interval;
};

struct Reliability {
  std::uint64_t rows = 0, units = 0;  // units: buckets that hold a row
  bool known = false;   // else fewer than kLeastReliabilityRows rows or kLeastReliabilityUnits units
  Estimated r_squared;  // share of the variance explained; can be negative
  // Least squares of what came on the prediction: 1 and 0 where calibrated. `has_slope` is false where
  // predictions do not move.
  bool has_slope = false;
  Estimated slope, intercept;
  bool binary = false;
  Estimated log_loss;            // binary: nats a row, predictions kept within [1e-6, 1 - 1e-6]
  double constant_log_loss = 0;  // of the overall share, for comparison
  // By tenths of the prediction, ascending; equal predictions stand together, so there may be fewer.
  struct Bin {
    std::uint64_t rows = 0;
    double predicted = 0;  // mean
    Estimated came;
  };
  std::vector<Bin> bins;
};
inline constexpr std::uint64_t kLeastReliabilityRows = 100, kLeastReliabilityUnits = 30;

// One entry a row: prediction, what came (0 or 1 where binary), weight (> 0) and unit bucket (< kBuckets).
// REQUIRES: equal sizes, level in (0, 1). Standard errors are clustered linearizations (for slope and intercept
// the sandwich of White 1980 by cluster), times G/(G - 1) for G buckets. Deterministic.
Reliability reliability(std::span<const double> predicted, std::span<const double> came,
                        std::span<const double> weight, std::span<const std::uint32_t> bucket, bool binary,
                        double level);

}  // namespace plumb
