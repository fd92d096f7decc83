// Reliability: R2, log loss, calibration line and tenths, each a ratio of sums by unit bucket.
#include "plumb/reliability.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace plumb {
namespace {

constexpr std::size_t kBins = 10;
constexpr double kSurest = 1e-6;  // a prediction of 0 or 1 would cost infinitely much

class Ratios {
 public:
  Ratios(std::span<const double> weight, std::span<const std::uint32_t> bucket, double level)
      : weight_(weight), bucket_(bucket), level_(level) {}
  // sum w a / sum w b over the listed rows.
  template <class A, class B>
  Estimated ratio(std::span<const std::uint32_t> rows, A a, B b) const {
    std::vector<double> up(kBuckets, 0.0), down(kBuckets, 0.0), count(kBuckets, 0.0);
    for (const std::uint32_t r : rows) {
      up[bucket_[r]] += weight_[r] * a(r);
      down[bucket_[r]] += weight_[r] * b(r);
      count[bucket_[r]] += 1;
    }
    const double over = std::accumulate(down.begin(), down.end(), 0.0);
    const double value = std::accumulate(up.begin(), up.end(), 0.0) / over;
    std::vector<double> influence(kBuckets);
    for (std::size_t k = 0; k < kBuckets; ++k) influence[k] = (up[k] - value * down[k]) / over;
    return with_error(value, influence, count);
  }
  Estimated with_error(double value, const std::vector<double>& influence,
                       const std::vector<double>& count) const {
    double squares = 0, used = 0;
    for (std::size_t k = 0; k < kBuckets; ++k) {
      squares += influence[k] * influence[k];
      used += count[k] > 0;
    }
    Estimated out;
    out.value = value;
    out.standard_error = std::sqrt(squares * (used > 1 ? used / (used - 1) : 1));
    out.interval = normal_interval(value, out.standard_error, normal_quantile(0.5 + level_ / 2), level_);
    return out;
  }

 private:
  std::span<const double> weight_;
  std::span<const std::uint32_t> bucket_;
  double level_;
};

// Slope and intercept, predictions centred so that the two equations are far from singular.
void fit_line(std::span<const double> predicted, std::span<const double> came, std::span<const double> weight,
              std::span<const std::uint32_t> bucket, const Ratios& ratios, Reliability& out) {
  double n = 0, p_mean = 0, y_mean = 0;
  for (std::size_t r = 0; r < came.size(); ++r) {
    n += weight[r];
    p_mean += weight[r] * predicted[r];
    y_mean += weight[r] * came[r];
  }
  p_mean /= n;
  y_mean /= n;
  double spread = 0, scale = 0, both = 0;
  for (std::size_t r = 0; r < came.size(); ++r) {
    const double d = predicted[r] - p_mean;
    spread += weight[r] * d * d;
    scale += weight[r] * predicted[r] * predicted[r];
    both += weight[r] * d * (came[r] - y_mean);
  }
  out.has_slope = spread > 1e-12 * (scale + 1e-300);
  if (!out.has_slope) return;
  const double slope = both / spread;
  std::vector<double> by_slope(kBuckets, 0.0), by_intercept(kBuckets, 0.0), count(kBuckets, 0.0);
  for (std::size_t r = 0; r < came.size(); ++r) {
    const double d = predicted[r] - p_mean, left = came[r] - y_mean - slope * d;
    const double on_slope = weight[r] * d * left / spread;
    by_slope[bucket[r]] += on_slope;
    by_intercept[bucket[r]] += weight[r] * left / n - p_mean * on_slope;
    count[bucket[r]] += 1;
  }
  out.slope = ratios.with_error(slope, by_slope, count);
  out.intercept = ratios.with_error(y_mean - slope * p_mean, by_intercept, count);
}

}  // namespace

Reliability reliability(std::span<const double> predicted, std::span<const double> came,
                        std::span<const double> weight, std::span<const std::uint32_t> bucket, bool binary,
                        double level) {
  PLUMB_ASSERT(predicted.size() == came.size() && weight.size() == came.size() && bucket.size() == came.size());
  Reliability out;
  out.rows = came.size();
  out.binary = binary;
  std::vector<std::uint32_t> buckets(bucket.begin(), bucket.end());
  std::sort(buckets.begin(), buckets.end());
  out.units = static_cast<std::uint64_t>(std::unique(buckets.begin(), buckets.end()) - buckets.begin());
  out.known = out.rows >= kLeastReliabilityRows && out.units >= kLeastReliabilityUnits;
  if (!out.known) return out;
  const Ratios ratios(weight, bucket, level);
  std::vector<std::uint32_t> rows(came.size());
  std::iota(rows.begin(), rows.end(), 0u);
  const auto one = [](std::uint32_t) { return 1.0; };
  const auto y = [&](std::uint32_t r) { return came[r]; };
  const double mean = ratios.ratio(rows, y, one).value;
  const auto error = [&](std::uint32_t r) { return (came[r] - predicted[r]) * (came[r] - predicted[r]); };
  const auto spread = [&](std::uint32_t r) { return (came[r] - mean) * (came[r] - mean); };
  out.r_squared = ratios.ratio(
      rows, [&](std::uint32_t r) { return spread(r) - error(r); }, spread);
  fit_line(predicted, came, weight, bucket, ratios, out);
  if (binary) {
    out.log_loss = ratios.ratio(
        rows,
        [&](std::uint32_t r) {
          const double p = std::clamp(predicted[r], kSurest, 1 - kSurest);
          return -came[r] * std::log(p) - (1 - came[r]) * std::log1p(-p);
        },
        one);
    const double p = std::clamp(mean, kSurest, 1 - kSurest);
    out.constant_log_loss = -mean * std::log(p) - (1 - mean) * std::log1p(-p);
  }
  std::stable_sort(rows.begin(), rows.end(),
                   [&](std::uint32_t a, std::uint32_t b) { return predicted[a] < predicted[b]; });
  for (std::size_t k = 0, begin = 0; k < kBins; ++k) {
    std::size_t end = rows.size() * (k + 1) / kBins;
    while (end > begin && end < rows.size() && predicted[rows[end]] == predicted[rows[end - 1]]) ++end;
    if (end <= begin) continue;
    const std::span<const std::uint32_t> part(rows.data() + begin, end - begin);
    Reliability::Bin bin;
    bin.rows = part.size();
    bin.predicted = ratios
                        .ratio(
                            part, [&](std::uint32_t r) { return predicted[r]; }, one)
                        .value;
    bin.came = ratios.ratio(part, y, one);
    out.bins.push_back(bin);
    begin = end;
  }
  return out;
}

}  // namespace plumb
