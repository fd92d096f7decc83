// One comparison's log-probability as a function of the difference d and the tie parameter t, with its
// derivatives. Concave in (d, t) for every model, so sums of it over linear functions of parameters have one
// maximum.
#pragma once

#include <array>
#include <cmath>

#include "plumb/preference.h"

namespace plumb {

// Derivatives by d and t; curvatures are minus the second derivatives.
struct VoteTerms {
  double log_p = 0, by_d = 0, by_t = 0, curve_dd = 0, curve_dt = 0, curve_tt = 0;
};

// log(1 + e^x) and 1 / (1 + e^-x) from one exponential.
struct SoftStep {
  explicit SoftStep(double x) {
    const double e = std::exp(-std::abs(x));
    value = (x >= 0 ? 1.0 : e) / (1 + e);
    complement = (x >= 0 ? e : 1.0) / (1 + e);
    log_value = std::min(x, 0.0) - std::log1p(e);
  }
  double value, complement, log_value;  // sigmoid(x), sigmoid(-x), log sigmoid(x)
};

inline VoteTerms plain_terms(double d, Answer answer) {
  const SoftStep step(d);
  VoteTerms out;
  out.curve_dd = step.value * step.complement;
  switch (answer) {
    case Answer::kFirst:
      out.log_p = step.log_value;
      out.by_d = step.complement;
      break;
    case Answer::kSecond:
      out.log_p = step.log_value - d;
      out.by_d = -step.value;
      break;
    case Answer::kTie:
      out.log_p = step.log_value - d / 2;
      out.by_d = (step.complement - step.value) / 2;
      break;
  }
  return out;
}

// First, second, tie under Davidson's model; the largest exponent is taken out, so nothing overflows.
inline std::array<double, 3> davidson_probabilities(double d, double t, double* log_sum) {
  const double top = std::max(std::abs(d) / 2, t);
  const double first = std::exp(d / 2 - top), second = std::exp(-d / 2 - top), tie = std::exp(t - top);
  const double sum = first + second + tie;
  *log_sum = top + std::log(sum);
  return {first / sum, second / sum, tie / sum};
}

inline VoteTerms davidson_terms(double d, double t, Answer answer) {
  double log_sum = 0;
  const auto [first, second, tie] = davidson_probabilities(d, t, &log_sum);
  // The model is an exponential family in (d, t) with statistics (1/2, 0), (-1/2, 0), (0, 1): derivatives are
  // statistic minus mean, curvatures the covariance.
  const double mean_d = (first - second) / 2;
  VoteTerms out;
  out.curve_dd = (first + second) / 4 - mean_d * mean_d;
  out.curve_dt = -mean_d * tie;
  out.curve_tt = tie * (first + second);
  out.by_d = -mean_d;
  out.by_t = -tie;
  switch (answer) {
    case Answer::kFirst:
      out.log_p = d / 2 - log_sum;
      out.by_d += 0.5;
      break;
    case Answer::kSecond:
      out.log_p = -d / 2 - log_sum;
      out.by_d -= 0.5;
      break;
    case Answer::kTie:
      out.log_p = t - log_sum;
      out.by_t += 1;
      break;
  }
  return out;
}

// With p = P(first), q = P(second): P(tie) = (e^2t - 1) p q. REQUIRES: t >= 0, and > 0 for a tie.
inline VoteTerms rao_kupper_terms(double d, double t, Answer answer) {
  const SoftStep p(d - t), q(-d - t);
  const double p_curve = p.value * p.complement, q_curve = q.value * q.complement;
  VoteTerms out;
  if (answer != Answer::kSecond) {
    out.log_p += p.log_value;
    out.by_d += p.complement;
    out.by_t -= p.complement;
    out.curve_dd += p_curve;
    out.curve_dt -= p_curve;
    out.curve_tt += p_curve;
  }
  if (answer != Answer::kFirst) {
    out.log_p += q.log_value;
    out.by_d -= q.complement;
    out.by_t -= q.complement;
    out.curve_dd += q_curve;
    out.curve_dt += q_curve;
    out.curve_tt += q_curve;
  }
  if (answer == Answer::kTie) {
    const double rest = -std::expm1(-2 * t);  // 1 - e^-2t
    out.log_p += 2 * t + std::log(rest);
    out.by_t += 2 / rest;
    out.curve_tt += 4 * (1 - rest) / (rest * rest);
  }
  return out;
}

inline VoteTerms vote_terms(Ties ties, double d, double t, Answer answer) {
  if (ties == Ties::kDavidson) return davidson_terms(d, t, answer);
  if (ties == Ties::kRaoKupper) return rao_kupper_terms(d, t, answer);
  return plain_terms(d, answer);
}

inline std::array<double, 3> vote_probabilities(Ties ties, double d, double t) {
  double log_sum = 0;
  if (ties == Ties::kDavidson) return davidson_probabilities(d, t, &log_sum);
  if (ties == Ties::kRaoKupper) {
    const SoftStep p(d - t), q(-d - t);
    return {p.value, q.value, std::expm1(2 * t) * p.value * q.value};
  }
  const SoftStep p(d);
  return {p.value, p.complement, 0.0};
}

}  // namespace plumb
