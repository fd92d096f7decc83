// Losses in the rewards. d = r_first - r_second; L(x) = log(1 + exp(-x)) = -log s(x).
#include "reward/text_likelihood.h"

#include <cmath>

#include "plumb/regression.h"

namespace plumb::text {
namespace {

// votes * L(d - margin) for the chosen, seen from `sign` d.
void add_chosen(double votes, double sign, double d, double margin, PairLoss& out) {
  const double x = sign * d - margin, p = sigmoid(-x);
  out.value += votes * log1p_exp(-x);
  out.slope -= votes * sign * p;
  out.curvature += votes * p * (1 - p);
}

// Davidson: weights exp(d/2), exp(-d/2), nu; symmetric in the two sides.
PairLoss davidson(double d, double first, double second, double tie, double log_nu) {
  const double top = std::max(std::abs(d) / 2, log_nu);
  const double a = std::exp(d / 2 - top), b = std::exp(-d / 2 - top), t = std::exp(log_nu - top);
  const double sum = a + b + t, log_sum = top + std::log(sum), votes = first + second + tie;
  const double pa = a / sum, pb = b / sum, pt = t / sum;
  PairLoss out;
  out.value = votes * log_sum - (first - second) * d / 2 - tie * log_nu;
  out.slope = votes * (pa - pb) / 2 - (first - second) / 2;
  out.tie_slope = votes * pt - tie;
  out.curvature = votes * ((pa + pb) - (pa - pb) * (pa - pb)) / 4;
  return out;
}

// Rao, Kupper: P(first) = s(d - t), P(second) = s(-d - t), P(tie) = (e^{2t} - 1) s(d - t) s(-d - t).
PairLoss rao_kupper(double d, double first, double second, double tie, double log_t) {
  const double t = std::exp(log_t);
  const double x = d - t, y = -d - t, p = sigmoid(-x), q = sigmoid(-y);
  PairLoss out;
  const double up = first + tie, down = second + tie;
  out.value = up * log1p_exp(-x) + down * log1p_exp(-y) - tie * std::log(std::expm1(2 * t));
  out.slope = -up * p + down * q;
  out.curvature = up * p * (1 - p) + down * q * (1 - q);
  out.tie_slope = (up * p + down * q - tie * 2 / -std::expm1(-2 * t)) * t;
  return out;
}

double at(const std::vector<double>& values, std::size_t k) { return values.empty() ? 1.0 : values[k]; }

}  // namespace

PairLoss pair_loss(double d, double first, double second, double tie, Ties ties, double log_tie,
                   double margin) {
  if (ties == Ties::kDavidson) return davidson(d, first, second, tie, log_tie);
  if (ties == Ties::kRaoKupper) return rao_kupper(d, first, second, tie, log_tie);
  PairLoss out;
  add_chosen(first + tie / 2, 1, d, margin, out);
  add_chosen(second + tie / 2, -1, d, margin, out);
  return out;
}

Nuisance::Nuisance(const Judged& judged, Ties ties) {
  for (const double t : judged.tie_votes)
    has_tie_ |= static_cast<std::size_t>((ties == Ties::kDavidson || ties == Ties::kRaoKupper) && t > 0);
  steps_ = judged.rated.empty() ? 0 : judged.levels - 1;
  has_thumbs_ = judged.thumbed.empty() ? 0 : 1;
}

std::vector<double> Nuisance::start() const {
  std::vector<double> out(size(), 0.0);
  if (has_tie_) out[tie_at()] = std::log(0.5);
  if (steps_ > 0) out[thresholds_at()] = -0.5 * static_cast<double>(steps_ - 1);
  return out;
}

std::vector<double> Nuisance::thresholds(std::span<const double> nuisance) const {
  std::vector<double> out(steps_);
  for (std::size_t k = 0; k < steps_; ++k) {
    const double x = nuisance[thresholds_at() + k];
    out[k] = k == 0 ? x : out[k - 1] + std::exp(x);
  }
  return out;
}

namespace {

double comparisons(const Judged& j, const Multipliers& m, const TextRewardOptions& options,
                   const Nuisance& layout, std::span<const double> reward, std::span<const double> nuisance,
                   std::span<double> slope, std::span<double> nuisance_slope) {
  // Without a tie among the votes there is nothing to fit, and both models of ties are Bradley-Terry.
  const Ties ties = layout.has_tie() ? options.ties : Ties::kHalf;
  const double log_tie = layout.has_tie() ? nuisance[layout.tie_at()] : 0;
  double sum = 0, tie_slope = 0;
  for (std::size_t k = 0; k < j.first.size(); ++k) {
    const double multiplier = at(m.pair, k);
    if (multiplier == 0) continue;
    const double a = j.first_votes[k] * multiplier, b = j.second_votes[k] * multiplier,
                 t = j.tie_votes[k] * multiplier;
    const double ra = reward[j.first[k]], rb = reward[j.second[k]];
    const PairLoss loss = pair_loss(ra - rb, a, b, t, ties, log_tie, options.margin);
    const double pull = options.centering * (a + b + t) * (ra + rb);
    sum += loss.value + pull * (ra + rb);
    tie_slope += loss.tie_slope;
    if (!slope.empty()) {
      slope[j.first[k]] += loss.slope + 2 * pull;
      slope[j.second[k]] += -loss.slope + 2 * pull;
    }
  }
  if (layout.has_tie() && !nuisance_slope.empty()) nuisance_slope[layout.tie_at()] += tie_slope;
  return sum;
}

// Cumulative logit (McCullagh 1980): P(level <= k) = s(threshold_k - r).
double ratings(const Judged& j, const Multipliers& m, const Nuisance& layout, std::span<const double> reward,
               std::span<const double> nuisance, std::span<double> slope, std::span<double> nuisance_slope) {
  if (j.rated.empty()) return 0;
  const std::vector<double> threshold = layout.thresholds(nuisance);
  const std::size_t steps = threshold.size();
  std::vector<double> threshold_slope(steps, 0.0);
  double sum = 0;
  for (std::size_t i = 0; i < j.rated.size(); ++i) {
    const double weight = j.rating_weight[i] * at(m.rating, i);
    if (weight == 0) continue;
    const double r = reward[j.rated[i]];
    const std::size_t k = j.level[i];
    // -log(s(u) - s(l)) = L(u) + L(-l) - log(1 - e^{l - u}), u and l the thresholds around the level.
    double value = 0, in_upper = 0, in_lower = 0;
    if (k < steps) {
      const double u = threshold[k] - r;
      value += log1p_exp(-u);
      in_upper -= sigmoid(-u);
    }
    if (k > 0) {
      const double l = threshold[k - 1] - r;
      value += log1p_exp(l);
      in_lower += sigmoid(l);
    }
    if (k > 0 && k < steps) {
      const double gap = threshold[k] - threshold[k - 1];
      value -= std::log(-std::expm1(-gap));
      in_upper -= 1 / std::expm1(gap);
      in_lower += 1 / std::expm1(gap);
    }
    sum += weight * value;
    if (!slope.empty()) slope[j.rated[i]] -= weight * (in_upper + in_lower);
    if (k < steps) threshold_slope[k] += weight * in_upper;
    if (k > 0) threshold_slope[k - 1] += weight * in_lower;
  }
  if (!nuisance_slope.empty()) {
    double above = 0;  // a step moves every threshold from its own on
    for (std::size_t k = steps; k-- > 0;) {
      above += threshold_slope[k];
      const std::size_t at_k = layout.thresholds_at() + k;
      nuisance_slope[at_k] += k == 0 ? above : above * std::exp(nuisance[at_k]);
    }
  }
  return sum;
}

double thumbs(const Judged& j, const Multipliers& m, const Nuisance& layout, std::span<const double> reward,
              std::span<const double> nuisance, std::span<double> slope, std::span<double> nuisance_slope) {
  double sum = 0;
  for (std::size_t i = 0; i < j.thumbed.size(); ++i) {
    const double weight = j.thumb_weight[i] * at(m.thumb, i);
    if (weight == 0) continue;
    const double x = reward[j.thumbed[i]] + nuisance[layout.thumb_at()];
    const double residual = weight * (sigmoid(x) - (j.up[i] ? 1 : 0));
    sum += weight * log1p_exp(j.up[i] ? -x : x);
    if (!slope.empty()) slope[j.thumbed[i]] += residual;
    if (!nuisance_slope.empty()) nuisance_slope[layout.thumb_at()] += residual;
  }
  return sum;
}

}  // namespace

double summed_loss(const Judged& judged, const Multipliers& multipliers, const TextRewardOptions& options,
                   const Nuisance& layout, std::span<const double> reward, std::span<const double> nuisance,
                   std::span<double> reward_slope, std::span<double> nuisance_slope) {
  return comparisons(judged, multipliers, options, layout, reward, nuisance, reward_slope, nuisance_slope) +
         ratings(judged, multipliers, layout, reward, nuisance, reward_slope, nuisance_slope) +
         thumbs(judged, multipliers, layout, reward, nuisance, reward_slope, nuisance_slope);
}

double summed_weight(const Judged& j, const Multipliers& m) {
  double sum = 0;
  for (std::size_t k = 0; k < j.first.size(); ++k) {
    sum += (j.first_votes[k] + j.second_votes[k] + j.tie_votes[k]) * at(m.pair, k);
  }
  for (std::size_t i = 0; i < j.rated.size(); ++i) sum += j.rating_weight[i] * at(m.rating, i);
  for (std::size_t i = 0; i < j.thumbed.size(); ++i) sum += j.thumb_weight[i] * at(m.thumb, i);
  return sum;
}

}  // namespace plumb::text
