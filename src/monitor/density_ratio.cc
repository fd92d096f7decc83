// A logistic regression of "is it a later one" on the context, the mean features of what is offered (their
// products included) and how much is offered. Odds are densities' ratio times that of the counts (Bickel,
// Brueckner, Scheffer 2009).
#include "monitor/density_ratio.h"

#include <cmath>

#include "plumb/regression.h"

namespace plumb {
namespace {

// Learnt from at most this many numbers of design, every k-th decision.
constexpr std::size_t kMostNumbers = std::size_t{16} << 20;

class Describe {
 public:
  Describe(const FeatureMap& map, const DecisionLog& both)
      : features_(map, both), both_(both), b_(map.extended_width) {}
  std::size_t width() const { return 2 + features_.map().context_width + features_.map().extended_width; }
  void operator()(std::size_t i, std::span<float> out) {
    const FeatureMap& map = features_.map();
    out[0] = 1;
    features_.context(i, out.subspan(1, map.context_width));
    const auto mean = out.subspan(1 + map.context_width, map.extended_width);
    std::fill(mean.begin(), mean.end(), 0.0f);
    const float share = 1.0f / static_cast<float>(both_.offered(i));
    for (std::size_t row = both_.offset[i]; row < both_.offset[i + 1]; ++row) {
      features_.action(row, b_);
      for (std::size_t k = 0; k < b_.size(); ++k) mean[k] += share * b_[k];
    }
    out.back() = std::log(static_cast<float>(both_.offered(i)));
  }

 private:
  BoundFeatures features_;
  const DecisionLog& both_;
  std::vector<float> b_;
};

}  // namespace

DensityRatio density_ratio(const DecisionLog& both, std::size_t first_count, const FeatureMap& map,
                           const std::vector<std::uint8_t>& fold, int threads) {
  Describe describe(map, both);
  const std::size_t width = describe.width(), n = both.size();
  std::size_t usable = 0;
  for (const std::uint8_t f : fold) usable += f < kTrainingFolds;
  const std::size_t stride = std::max<std::size_t>(1, usable * width / kMostNumbers);
  std::vector<float> x;
  std::vector<double> is_later;
  std::vector<std::uint8_t> row_fold;
  std::size_t seen = 0;
  double firsts = 0, laters = 0;
  for (std::size_t i = 0; i < n; ++i) {
    if (fold[i] >= kTrainingFolds || seen++ % stride != 0) continue;
    x.resize(x.size() + width);
    describe(i, {x.data() + x.size() - width, width});
    is_later.push_back(i < first_count ? 0 : 1);
    row_fold.push_back(fold[i]);
    (i < first_count ? firsts : laters) += 1;
  }
  const std::size_t rows = is_later.size();
  // Columns on one scale, since they are penalized alike; one that never varies says nothing.
  std::vector<double> mean(width, 0.0), scale(width, 1.0);
  for (std::size_t k = 1; k < width; ++k) {
    double sum = 0, squares = 0;
    for (std::size_t r = 0; r < rows; ++r) sum += x[r * width + k];
    mean[k] = sum / static_cast<double>(rows);
    for (std::size_t r = 0; r < rows; ++r) squares += std::pow(x[r * width + k] - mean[k], 2);
    const double spread = std::sqrt(squares / static_cast<double>(rows));
    scale[k] = spread > 1e-6 * (1 + std::abs(mean[k])) ? 1 / spread : 0;
  }
  const auto standardize = [&](std::span<float> row) {
    for (std::size_t k = 1; k < width; ++k) row[k] = static_cast<float>((row[k] - mean[k]) * scale[k]);
  };
  for (std::size_t r = 0; r < rows; ++r) standardize({x.data() + r * width, width});
  std::vector<std::uint32_t> all(rows);
  for (std::size_t r = 0; r < rows; ++r) all[r] = static_cast<std::uint32_t>(r);
  const LinearFit fit =
      logistic({x.data(), rows, width}, is_later, all, row_fold, (1u << kTrainingFolds) - 1, threads);

  DensityRatio out;
  out.score.resize(n);
  out.ratio.resize(n);
  const double odds_of_counts = std::log(laters / firsts);
  constexpr std::size_t kBlock = 2048;
  parallel_blocks((n + kBlock - 1) / kBlock, threads, [&](std::size_t block) {
    Describe mine(map, both);
    std::vector<float> row(width);
    for (std::size_t i = block * kBlock; i < std::min(n, (block + 1) * kBlock); ++i) {
      mine(i, row);
      standardize(row);
      double score = 0;
      for (std::size_t k = 0; k < width; ++k) score += fit.coef[k] * row[k];
      out.score[i] = score;
      out.ratio[i] = std::exp(score - odds_of_counts);
    }
  });
  return out;
}

}  // namespace plumb
