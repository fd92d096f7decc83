// What one vote tells: integrals of the logistic function against a Gaussian.
//
// The logistic function and its entropy are analytic for |Im f| < pi, so the trapezoid rule with step h errs by
// exp(-2 pi^2 / h) from them and by exp(-2 (pi s / h)^2) from the Gaussian (Trefethen, Weideman 2014). Below
// kNarrow the step follows the Gaussian's standard deviation s; above, it is fixed, the integrands' values are
// tabulated, and the Gaussian's weights come by recurrence.
#include <array>
#include <cmath>
#include <numbers>

#include "plumb/active.h"

namespace plumb {
namespace {

constexpr double kNarrow = 0.6;
constexpr double kInverseSqrtTwoPi = 0.3989422804014327;

// --- narrow Gaussians: nodes at m + s j / kPerDeviation, |j| <= kSide
constexpr int kSide = 10;
constexpr double kPerDeviation = 1.3;
constexpr double kTiny = 0.1;  // standard deviation below which differences of entropies lose digits

std::array<double, kSide + 1> narrow_weights() {
  std::array<double, kSide + 1> out{};
  for (int j = 0; j <= kSide; ++j) {
    const double z = j / kPerDeviation;
    out[static_cast<std::size_t>(j)] = kInverseSqrtTwoPi / kPerDeviation * std::exp(-z * z / 2);
  }
  return out;
}

// q ((1 + t) log(1 + t) - t) with p = q (1 + t), a term of KL(p || q): its first order is gone before rounding
// can leave anything of it, so that small variances keep their digits.
double divergence_term(double q, double p) {
  const double t = (p - q) / q;
  if (std::abs(t) < 1e-4) return q * t * t * (0.5 - t / 6 + t * t / 12);
  return q * ((1 + t) * std::log1p(t) - t);
}

VoteInformation narrow(double m, double s) {
  static const std::array<double, kSide + 1> weight = narrow_weights();
  const double at = -std::abs(m);  // by symmetry; exp(at) cannot overflow
  std::array<double, 2 * kSide + 1> odds{}, first{}, second{};
  VoteInformation out;
  double small = 0, large = 0;  // E p and E (1 - p), kept apart: 1 - E p has no digits where votes are sure
  const double ratio = std::exp(s / kPerDeviation);
  double next = std::exp(at - s * kSide / kPerDeviation);
  for (int j = -kSide; j <= kSide; ++j, next *= ratio) {
    const auto k = static_cast<std::size_t>(j + kSide);
    odds[k] = next;
    const double w = weight[static_cast<std::size_t>(std::abs(j))];
    second[k] = 1 / (1 + next);
    first[k] = next * second[k];
    small += w * first[k];
    large += w * second[k];
    out.curvature += w * first[k] * second[k];
  }
  for (int j = -kSide; j <= kSide; ++j) {
    const auto k = static_cast<std::size_t>(j + kSide);
    const double w = weight[static_cast<std::size_t>(std::abs(j))];
    // -H(p) = p log-odds - log(1 + odds); beside a tiny information it would leave only rounding.
    if (s < kTiny && small > 0)
      out.nats += w * (divergence_term(small, first[k]) + divergence_term(large, second[k]));
    else
      out.nats += w * (-std::log1p(odds[k]) + first[k] * (at + s * j / kPerDeviation));
  }
  if (s >= kTiny && small > 0) out.nats -= small * std::log(small) + large * std::log1p(-small);
  out.nats = std::max(out.nats, 0.0);
  out.probability = m > 0 ? large : small;
  return out;
}

// --- wide Gaussians: nodes at kStep k, |k| <= kReach; beyond, the integrands are below 1e-16
constexpr double kStep = 0.4;
constexpr int kReach = 105;
// Any slope would do: sigmoid(f) - Phi(c f) decays on both sides, and E Phi(c f) is known.
constexpr double kProbit = 0.5;

struct Tables {
  // At f = kStep k, k >= 0: entropy of the vote and p (1 - p), which are even; sigmoid - Phi, which is odd.
  std::array<double, kReach + 1> entropy{}, curvature{}, difference{};
  Tables() {
    for (int k = 0; k <= kReach; ++k) {
      const auto i = static_cast<std::size_t>(k);
      const double f = kStep * k, first = sigmoid(f), second = sigmoid(-f);
      entropy[i] = log1p_exp(-f) + f * second;
      curvature[i] = first * second;
      difference[i] = 0.5 * std::erfc(kProbit * f / std::numbers::sqrt2) - second;
    }
  }
};

double binary_entropy(double p) {
  if (!(p > 0 && p < 1)) return 0;
  return -p * std::log(p) - (1 - p) * std::log1p(-p);
}

VoteInformation wide(double m, double s) {
  static const Tables tables;
  const double at = -std::abs(m);  // by symmetry; P(first) is then the small one, which has digits
  double entropy = 0, curvature = 0, difference = 0;
  const auto add = [&](int k, double w) {
    const auto i = static_cast<std::size_t>(std::abs(k));
    entropy += w * tables.entropy[i];
    curvature += w * tables.curvature[i];
    difference += w * (k < 0 ? -tables.difference[i] : tables.difference[i]);
  };
  // exp(-z^2 / 2) at equally spaced z: each factor is the one before times the constant `ratio`.
  const int start = static_cast<int>(std::lround(std::max(at / kStep, -static_cast<double>(kReach))));
  const double z = (kStep * start - at) / s, d = kStep / s, ratio = std::exp(-d * d),
               peak = std::exp(-z * z / 2);
  add(start, peak);
  for (const int side : {1, -1}) {
    double w = peak, factor = std::exp(-side * z * d - d * d / 2);
    for (int k = start + side; std::abs(k) <= kReach; k += side) {
      w *= factor;
      factor *= ratio;
      if (w < 1e-18 && factor < 1) break;
      add(k, w);
    }
  }
  const double scale = kInverseSqrtTwoPi * kStep / s;
  const double probit = 0.5 * std::erfc(-kProbit * at / std::sqrt(2 * (1 + kProbit * kProbit * s * s)));
  VoteInformation out;
  const double small = probit + scale * difference;
  out.probability = m > 0 ? 1 - small : small;
  out.curvature = scale * curvature;
  out.nats = std::max(0.0, binary_entropy(small) - scale * entropy);
  return out;
}

}  // namespace

VoteInformation vote_information(double mean, double variance) {
  PLUMB_ASSERT(std::isfinite(mean) && variance >= 0 && std::isfinite(variance));
  const double s = std::sqrt(variance);
  if (s == 0) return {0, sigmoid(mean) * sigmoid(-mean), sigmoid(mean)};
  return s < kNarrow ? narrow(mean, s) : wide(mean, s);
}

double determinant_gain(double curvature, double variance) {
  PLUMB_ASSERT(curvature >= 0 && variance >= 0);
  return 0.5 * std::log1p(curvature * variance);
}

}  // namespace plumb
