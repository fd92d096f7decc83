#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "base/exp_of.h"
#include "plumb/pressure.h"

namespace plumb {
namespace {

constexpr std::size_t kBlock = 2048;
constexpr std::size_t kStrip = 256, kStripsOfBlock = 16;
constexpr float kLeastExponent = -87;  // exp of it is 1.6e-38, the least that a float holds
constexpr float kLeastBase = 1e-20f;
constexpr std::size_t kTogether = 8;  // points of a pass over the log; those beyond the path's end are in vain
constexpr std::size_t kManyRows = std::size_t{1} << 24;
constexpr double kFirstKl = 0.005;    // nats, of the first point
constexpr double kBetaStep = 1.3;     // from point to point: KL grows by about 1.7
constexpr double kSaturation = 1.02;  // KL that grows by less than this from point to point has nowhere to go

double decisions_of(const DecisionLog& log, std::size_t i) {
  return log.weight.empty() ? 1.0 : static_cast<double>(log.weight[i]);
}

double decisions_in(const DecisionLog& log) {
  if (log.weight.empty()) return static_cast<double>(log.size());
  double sum = 0;
  for (const float weight : log.weight) sum += weight;
  return sum;
}

// Mean over decisions of the variance of the score under the base: KL is half of that times beta squared at
// first.
double mean_variance(const DecisionLog& log, std::span<const float> base, std::span<const float> score,
                     int threads) {
  std::vector<double> sums((log.size() + kBlock - 1) / kBlock, 0.0);
  parallel_blocks(sums.size(), threads, [&](std::size_t block) {
    double sum = 0;
    for (std::size_t i = block * kBlock; i < std::min(log.size(), (block + 1) * kBlock); ++i) {
      double mean = 0, square = 0;
      for (std::size_t row = log.offset[i]; row < log.offset[i + 1]; ++row) {
        mean += static_cast<double>(base[row]) * score[row];
        square += static_cast<double>(base[row]) * score[row] * score[row];
      }
      sum += decisions_of(log, i) * std::max(0.0, square - mean * mean);
    }
    sums[block] = sum;
  });
  return std::accumulate(sums.begin(), sums.end(), 0.0) / decisions_in(log);
}

// Tilts a strip of decisions by any pressure. Score and base lie action by action where all of the strip's
// decisions offer as many, so that neighbours in memory are neighbours among decisions.
class TiltedStrip {
 public:
  void load(const DecisionLog& log, std::span<const float> base, std::span<const float> score,
            std::size_t begin, std::size_t end) {
    begin_ = begin;
    n_ = end - begin;
    first_ = log.offset[begin];
    rows_ = log.offset[end] - first_;
    k_ = log.offered(begin);
    for (std::size_t i = begin; i < end; ++i) k_ = log.offered(i) == k_ ? k_ : 0;
    // Beside a base as small as the least exponential, what is floored would weigh: tilt() has no floor.
    for (std::size_t row = first_; row < first_ + rows_; ++row)
      if (base[row] > 0 && base[row] < kLeastBase) k_ = 0;
    if (k_ == 0) return;
    for (auto* column : {&base_, &below_, &score_, &p_}) column->resize(rows_);
    most_.assign(n_, -INFINITY);
    total_.resize(n_);
    for (std::size_t a = 0; a < k_; ++a) {
      for (std::size_t i = 0; i < n_; ++i) {
        const float b = base[first_ + i * k_ + a], s = score[first_ + i * k_ + a];
        base_[a * n_ + i] = b;
        score_[a * n_ + i] = s;
        most_[i] = std::max(most_[i], b > 0 ? s : -INFINITY);
      }
    }
    // What the base never takes may score above everything that it takes.
    for (std::size_t a = 0; a < k_; ++a) {
      for (std::size_t i = 0; i < n_; ++i) below_[a * n_ + i] = std::min(score_[a * n_ + i] - most_[i], 0.0f);
    }
  }

  // Probabilities into `out`, a float a row of the log; returns sum over decisions of weight * the rise of the
  // score.
  double tilt_by(const DecisionLog& log, std::span<const float> base, std::span<const float> score, float beta,
                 std::span<float> out) {
    double rise = 0;
    if (k_ == 0) {
      std::vector<float> scaled;
      for (std::size_t i = begin_; i < begin_ + n_; ++i) {
        const std::size_t first = log.offset[i], n = log.offered(i);
        scaled.resize(n);
        for (std::size_t a = 0; a < n; ++a) scaled[a] = beta * score[first + a];
        tilt(base.subspan(first, n), scaled, out.subspan(first, n));
        double sum = 0;
        for (std::size_t row = first; row < first + n; ++row)
          sum += (static_cast<double>(out[row]) - static_cast<double>(base[row])) *
                 static_cast<double>(score[row]);
        rise += decisions_of(log, i) * sum;
      }
      return rise;
    }
    const std::size_t n = n_;
    float* __restrict total = total_.data();
    std::fill_n(total, n, 0.0f);
    for (std::size_t a = 0; a < k_; ++a) {
      const float* __restrict b = base_.data() + a * n, * __restrict below = below_.data() + a * n;
      float* __restrict p = p_.data() + a * n;
      // Apart from the exponential: a bound in its loop would tempt the compiler to branch around it.
      for (std::size_t i = 0; i < n; ++i) p[i] = std::max(beta * below[i], kLeastExponent);
      for (std::size_t i = 0; i < n; ++i) {
        p[i] = b[i] * exp_of(p[i]);
        total[i] += p[i];
      }
    }
    std::array<double, kStrip> sum;
    std::fill_n(sum.begin(), n, 0.0);
    for (std::size_t a = 0; a < k_; ++a) {
      const float* __restrict b = base_.data() + a * n, * __restrict s = score_.data() + a * n;
      float* __restrict p = p_.data() + a * n;
      for (std::size_t i = 0; i < n; ++i) {
        p[i] /= total[i];
        sum[i] += (static_cast<double>(p[i]) - static_cast<double>(b[i])) * static_cast<double>(s[i]);
      }
    }
    float* to = out.data() + first_;
    for (std::size_t a = 0; a < k_; ++a) {
      for (std::size_t i = 0; i < n; ++i) to[i * k_ + a] = p_[a * n + i];
    }
    for (std::size_t i = 0; !log.weight.empty() && i < n; ++i)
      sum[i] *= static_cast<double>(log.weight[begin_ + i]);
    std::array<double, 8> lane{};
    for (std::size_t i = 0; i < n; ++i) lane[i % 8] += sum[i];
    return std::accumulate(lane.begin(), lane.end(), 0.0);
  }

 private:
  std::size_t begin_ = 0, n_ = 0, first_ = 0, rows_ = 0, k_ = 0;
  std::vector<float> base_, below_, score_, p_, most_, total_;
};

}  // namespace

PressurePath pressure_path(Evaluation& evaluation, const DecisionLog& log, std::span<const float> base,
                           const Signal& signal, std::size_t subset, int threads,
                           const std::function<void(const PathPoint&)>& reached) {
  PressurePath path;
  path.signal = signal.name;
  const double variance = mean_variance(log, base, signal.score, threads);
  double largest = 0;
  for (const float s : signal.score) largest = std::max(largest, std::abs(static_cast<double>(s)));
  // Scores are floats: what varies by less than their rounding is no signal.
  if (!(variance > 1e-11 * largest * largest)) {
    path.end_reason = "the signal does not tell the offered actions apart";
    return path;
  }
  const std::size_t strips = (log.size() + kStrip - 1) / kStrip;
  // Of a large log fewer at a time: each takes a float a row.
  const std::size_t together = log.action.size() > kManyRows ? kTogether / 2 : kTogether;
  std::vector<std::vector<float>> probabilities(together, std::vector<float>(log.action.size()));
  double beta = std::sqrt(2 * kFirstKl / variance), last_kl = 0;
  for (std::size_t done = 0; done < kMostPathPoints; done += together) {
    const std::size_t count = std::min(together, kMostPathPoints - done);
    std::vector<double> betas;
    for (std::size_t k = 0; k < count; ++k, beta *= kBetaStep) betas.push_back(beta);
    std::vector<double> promised(strips * count, 0.0);
    parallel_blocks((strips + kStripsOfBlock - 1) / kStripsOfBlock, threads, [&](std::size_t block) {
      TiltedStrip strip;
      for (std::size_t s = block * kStripsOfBlock; s < std::min(strips, (block + 1) * kStripsOfBlock); ++s) {
        strip.load(log, base, signal.score, s * kStrip, std::min(log.size(), (s + 1) * kStrip));
        for (std::size_t k = 0; k < count; ++k)
          promised[s * count + k] =
              strip.tilt_by(log, base, signal.score, static_cast<float>(betas[k]), probabilities[k]);
      }
    });
    const std::vector<std::span<const float>> points(
        probabilities.begin(), probabilities.begin() + static_cast<std::ptrdiff_t>(count));
    const std::vector<std::size_t> numbers = evaluation.add_probabilities_many(points);
    for (std::size_t k = 0; k < count; ++k) {
      PathPoint point;
      point.beta = betas[k];
      for (std::size_t s = 0; s < strips; ++s) point.promised += promised[s * count + k];
      point.promised /= decisions_in(log);
      point.policy = numbers[k];
      point.kl = evaluation.kl(point.policy, subset);
      point.chi2 = evaluation.chi2(point.policy, subset);
      point.support = evaluation.support(point.policy, subset);
      const double share = point.support.count > 0 ? point.support.ess / point.support.count : 0;
      if (!point.support.sufficient || share < kLeastEssShare) {
        path.end_of_support = true;
        path.end_reason = !point.support.sufficient
                              ? point.support.reason
                              : "fewer than a tenth of the decisions would count effectively";
        return path;
      }
      if (done + k > 0 && point.kl < kSaturation * last_kl) {
        path.end_reason =
            "more pressure changes nothing: the policy takes the signal's best action almost always";
        return path;
      }
      last_kl = point.kl;
      if (reached) reached(point);
      path.points.push_back(std::move(point));
    }
  }
  path.end_reason = "the path was laid no further";
  return path;
}

}  // namespace plumb
