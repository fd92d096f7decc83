#include <algorithm>
#include <cmath>

#include "plumb/pressure.h"

namespace plumb {
namespace {

constexpr std::size_t kBlock = 2048;
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
double mean_variance(const DecisionLog& log, std::span<const float> base, std::span<const float> score) {
  const std::size_t blocks = (log.size() + kBlock - 1) / kBlock;
  double total = 0;
  for (std::size_t block = 0; block < blocks; ++block) {
    double sum = 0;
    for (std::size_t i = block * kBlock; i < std::min(log.size(), (block + 1) * kBlock); ++i) {
      double mean = 0, square = 0;
      for (std::size_t row = log.offset[i]; row < log.offset[i + 1]; ++row) {
        mean += static_cast<double>(base[row]) * score[row];
        square += static_cast<double>(base[row]) * score[row] * score[row];
      }
      sum += decisions_of(log, i) * std::max(0.0, square - mean * mean);
    }
    total += sum;
  }
  return total / decisions_in(log);
}

}  // namespace

PressurePath pressure_path(Evaluation& evaluation, const DecisionLog& log, std::span<const float> base,
                           const Signal& signal, std::size_t subset, int threads,
                           const std::function<void(const PathPoint&)>& reached) {
  PressurePath path;
  path.signal = signal.name;
  const double variance = mean_variance(log, base, signal.score);
  double largest = 0;
  for (const float s : signal.score) largest = std::max(largest, std::abs(static_cast<double>(s)));
  // Scores are floats: what varies by less than their rounding is no signal.
  if (!(variance > 1e-11 * largest * largest)) {
    path.end_reason = "the signal does not tell the offered actions apart";
    return path;
  }
  std::vector<float> probabilities(log.action.size());
  double beta = std::sqrt(2 * kFirstKl / variance), last_kl = 0;
  for (std::size_t k = 0; k < kMostPathPoints; ++k, beta *= kBetaStep) {
    std::vector<double> promised((log.size() + kBlock - 1) / kBlock, 0.0);
    parallel_blocks(promised.size(), threads, [&](std::size_t block) {
      std::vector<float> score;
      for (std::size_t i = block * kBlock; i < std::min(log.size(), (block + 1) * kBlock); ++i) {
        const std::size_t first = log.offset[i], n = log.offered(i);
        score.resize(n);
        for (std::size_t a = 0; a < n; ++a) score[a] = static_cast<float>(beta) * signal.score[first + a];
        tilt(base.subspan(first, n), score, {probabilities.data() + first, n});
        const double weight = decisions_of(log, i);
        for (std::size_t row = first; row < first + n; ++row) {
          promised[block] += weight *
                             (static_cast<double>(probabilities[row]) - static_cast<double>(base[row])) *
                             static_cast<double>(signal.score[row]);
        }
      }
    });
    PathPoint point;
    point.beta = beta;
    for (const double sum : promised) point.promised += sum;
    point.promised /= decisions_in(log);
    point.policy = evaluation.add_probabilities(probabilities);
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
    if (k > 0 && point.kl < kSaturation * last_kl) {
      path.end_reason =
          "more pressure changes nothing: the policy takes the signal's best action almost always";
      return path;
    }
    last_kl = point.kl;
    if (reached) reached(point);
    path.points.push_back(std::move(point));
  }
  path.end_reason = "the path was laid no further";
  return path;
}

}  // namespace plumb
