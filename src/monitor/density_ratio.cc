// A logistic regression of "is it a later one" on the context, the mean features of what is offered (their
// products included) and how much is offered. Odds are densities' ratio times that of the counts (Bickel,
// Brueckner, Scheffer 2009).
#include "monitor/density_ratio.h"

#include <Eigen/Cholesky>
#include <Eigen/Core>
#include <cmath>

#include "plumb/regression.h"

namespace plumb {
namespace {

// Learnt from at most this many numbers of design, every k-th decision.
constexpr std::size_t kMostNumbers = std::size_t{16} << 20;
constexpr std::size_t kRowsAColumn = 20;  // fewer, and the penalty stays as chosen
constexpr double kLeastPenalty = 1;       // as much as a prior of variance 1 on standardized columns
constexpr int kMostSteps = 50;            // of Newton's method, from a fit that is close
constexpr double kSmallDecrement = 1e-8;  // twice what a step gains: 1e-4 standard errors

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

// The regression, as its error needs it.
struct DensityRatio::Fit {
  const DecisionLog& both;
  const FeatureMap map;
  std::size_t first_count;
  std::vector<double> mean, scale;  // of the columns, by which rows are standardized
  std::vector<float> x;             // of the rows learnt from, standardized
  std::vector<double> slip;         // of each: whether it is a later one, minus the probability
  std::vector<std::uint32_t> bucket;
  Eigen::LDLT<Eigen::MatrixXd> curvature;

  std::size_t width() const { return mean.size(); }
  void standardize(std::span<float> row) const {
    for (std::size_t k = 1; k < width(); ++k) row[k] = static_cast<float>((row[k] - mean[k]) * scale[k]);
  }
  double at(const Eigen::VectorXd& coef, const std::vector<double>& is_later, double penalty,
            Eigen::VectorXd* score);
  // Returns the coefficients.
  std::vector<double> learn(const LinearFit& fit, const std::vector<double>& is_later);
};

// Penalized loss, score and curvature at `coef`; slips are left at it.
double DensityRatio::Fit::at(const Eigen::VectorXd& coef, const std::vector<double>& is_later, double penalty,
                             Eigen::VectorXd* score) {
  const auto p = static_cast<Eigen::Index>(width());
  Eigen::MatrixXd hessian = Eigen::MatrixXd::Zero(p, p);
  *score = Eigen::VectorXd::Zero(p);
  double loss = 0;
  slip.resize(is_later.size());
  for (std::size_t r = 0; r < is_later.size(); ++r) {
    const Eigen::VectorXd row = Eigen::Map<const Eigen::VectorXf>(x.data() + r * width(), p).cast<double>();
    const double log_odds = row.dot(coef), probability = 1 / (1 + std::exp(-log_odds));
    loss += log1p_exp(log_odds) - is_later[r] * log_odds;
    slip[r] = is_later[r] - probability;
    *score += slip[r] * row;
    hessian.selfadjointView<Eigen::Lower>().rankUpdate(row, probability * (1 - probability));
  }
  // A column that never varies has no curvature and no coefficient: any number on its diagonal will do.
  for (Eigen::Index k = 1; k < p; ++k) {
    hessian(k, k) += std::max(penalty, 1e-9 * static_cast<double>(is_later.size()));
    (*score)(k) -= penalty * coef(k);
    loss += penalty / 2 * coef(k) * coef(k);
  }
  curvature.compute(hessian.selfadjointView<Eigen::Lower>());
  return loss;
}

// From the fit whose penalty held-out loss chose to the one with hardly any. Held-out loss gives up some of the
// ratio's tilt for less noise, and a ratio that tilts too little carries the first log not far enough: a bias
// of a third of a standard error in the tests' world of squares. Noise is in the intervals (error_of), bias is
// not. Where columns are many for the rows, or no minimum is reached, the chosen penalty stays.
std::vector<double> DensityRatio::Fit::learn(const LinearFit& fit, const std::vector<double>& is_later) {
  const Eigen::VectorXd chosen =
      Eigen::Map<const Eigen::VectorXd>(fit.coef.data(), static_cast<Eigen::Index>(width()));
  Eigen::VectorXd coef = chosen, score;
  const double penalty = std::min(fit.penalty, kLeastPenalty);
  bool reached = false;
  if (is_later.size() >= kRowsAColumn * width()) {
    double loss = at(coef, is_later, penalty, &score);
    for (int step = 0; step < kMostSteps && !reached; ++step) {
      const Eigen::VectorXd newton = curvature.solve(score);
      reached = newton.dot(score) < kSmallDecrement;
      Eigen::VectorXd next_score;
      double share = 1, next = at(coef + newton, is_later, penalty, &next_score);
      while (!(next <= loss) && share > 1e-6) {
        share /= 2;
        next = at(coef + share * newton, is_later, penalty, &next_score);
      }
      if (!(next <= loss)) break;
      coef += share * newton;
      loss = next;
      score = next_score;
    }
  }
  if (!reached) {
    coef = chosen;
    at(coef, is_later, fit.penalty, &score);
  }
  return {coef.data(), coef.data() + coef.size()};
}

std::vector<std::vector<double>> DensityRatio::error_of(std::span<const Carried> means, int threads) const {
  constexpr std::size_t kBlock = 2048;
  const auto p = static_cast<Eigen::Index>(fit->width()), count = static_cast<Eigen::Index>(means.size());
  const std::size_t blocks = (fit->first_count + kBlock - 1) / kBlock;
  std::vector<Eigen::MatrixXd> part(blocks);
  parallel_blocks(blocks, threads, [&](std::size_t block) {
    Describe describe(fit->map, fit->both);
    std::vector<float> row(fit->width());
    part[block] = Eigen::MatrixXd::Zero(p, count);
    for (std::size_t i = block * kBlock; i < std::min(fit->first_count, (block + 1) * kBlock); ++i) {
      bool described = false;
      for (Eigen::Index k = 0; k < count; ++k) {
        const Carried& one = means[static_cast<std::size_t>(k)];
        if (!one.counts(i)) continue;
        if (!described) {
          describe(i, row);
          fit->standardize(row);
          described = true;
        }
        part[block].col(k) += ratio[i] * (one.value(i) - one.mean) *
                              Eigen::Map<const Eigen::VectorXf>(row.data(), p).cast<double>();
      }
    }
  });
  Eigen::MatrixXd gradient = Eigen::MatrixXd::Zero(p, count);
  for (const Eigen::MatrixXd& one : part) gradient += one;
  const Eigen::MatrixXd direction = fit->curvature.solve(gradient);

  std::vector<std::vector<double>> out(means.size(), std::vector<double>(kBuckets, 0.0));
  const std::size_t rows = fit->slip.size();
  for (std::size_t k = 0; k < out.size(); ++k) {
    std::vector<double> of_row(rows);
    double sum = 0;
    for (std::size_t r = 0; r < rows; ++r) {
      const Eigen::Map<const Eigen::VectorXf> x(fit->x.data() + r * fit->width(), p);
      of_row[r] = fit->slip[r] * x.cast<double>().dot(direction.col(static_cast<Eigen::Index>(k)));
      sum += of_row[r];
    }
    // The sum is not quite 0 where coefficients are penalized: the mean itself must not move.
    for (std::size_t r = 0; r < rows; ++r)
      out[k][fit->bucket[r]] += of_row[r] - sum / static_cast<double>(rows);
  }
  return out;
}

DensityRatio density_ratio(const DecisionLog& both, std::size_t first_count, const FeatureMap& map,
                           const std::vector<std::uint8_t>& fold, std::span<const std::uint32_t> bucket,
                           int threads) {
  Describe describe(map, both);
  const std::size_t width = describe.width(), n = both.size();
  std::size_t usable = 0;
  for (const std::uint8_t f : fold) usable += f < kTrainingFolds;
  const std::size_t stride = std::max<std::size_t>(1, usable * width / kMostNumbers);
  DensityRatio out;
  const auto kept =
      std::make_shared<DensityRatio::Fit>(DensityRatio::Fit{both, map, first_count, {}, {}, {}, {}, {}, {}});
  std::vector<float>& x = kept->x;
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
    kept->bucket.push_back(bucket[i]);
    (i < first_count ? firsts : laters) += 1;
  }
  const std::size_t rows = is_later.size();
  // Columns on one scale, since they are penalized alike; one that never varies says nothing.
  kept->mean.assign(width, 0.0);
  kept->scale.assign(width, 1.0);
  std::vector<double>&mean = kept->mean, &scale = kept->scale;
  for (std::size_t k = 1; k < width; ++k) {
    double sum = 0, squares = 0;
    for (std::size_t r = 0; r < rows; ++r) sum += x[r * width + k];
    mean[k] = sum / static_cast<double>(rows);
    for (std::size_t r = 0; r < rows; ++r) squares += std::pow(x[r * width + k] - mean[k], 2);
    const double spread = std::sqrt(squares / static_cast<double>(rows));
    scale[k] = spread > 1e-6 * (1 + std::abs(mean[k])) ? 1 / spread : 0;
  }
  for (std::size_t r = 0; r < rows; ++r) kept->standardize({x.data() + r * width, width});
  std::vector<std::uint32_t> all(rows);
  for (std::size_t r = 0; r < rows; ++r) all[r] = static_cast<std::uint32_t>(r);
  const LinearFit fit =
      logistic({x.data(), rows, width}, is_later, all, row_fold, (1u << kTrainingFolds) - 1, threads);
  const std::vector<double> coef = kept->learn(fit, is_later);

  out.fit = kept;
  out.score.resize(n);
  out.ratio.resize(n);
  const double odds_of_counts = std::log(laters / firsts);
  constexpr std::size_t kBlock = 2048;
  parallel_blocks((n + kBlock - 1) / kBlock, threads, [&](std::size_t block) {
    Describe mine(map, both);
    std::vector<float> row(width);
    for (std::size_t i = block * kBlock; i < std::min(n, (block + 1) * kBlock); ++i) {
      mine(i, row);
      kept->standardize(row);
      double score = 0;
      for (std::size_t k = 0; k < width; ++k) score += coef[k] * row[k];
      out.score[i] = score;
      out.ratio[i] = std::exp(score - odds_of_counts);
    }
  });
  return out;
}

}  // namespace plumb
