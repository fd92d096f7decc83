// Averaging the two forms: the probability that the slope is negative is a distribution function of the peak,
// and its quantiles are the averaged peak's interval. For one form alone they are Fieller's ends.
#include <algorithm>
#include <cmath>

#include "plumb/over_optimization.h"

namespace plumb {
namespace {

constexpr int kSteps = 400;  // of the search for the first pressure at which a probability is passed

double falling(const std::array<CurveFit, 2>& fits, double d) {
  double sum = 0;
  for (const CurveFit& fit : fits) {
    const double error = fit.slope_error(d);
    const double z = error > 0 ? -fit.slope(d) / error : (fit.slope(d) < 0 ? INFINITY : -INFINITY);
    sum += fit.weight * normal_cdf(z);
  }
  return sum;
}

// The probability that each form turns at all: that b > 0.
double turns(const std::array<CurveFit, 2>& fits) {
  double sum = 0;
  for (const CurveFit& fit : fits) sum += fit.weight * normal_cdf(fit.b / std::sqrt(fit.var_b));
  return sum;
}

// The pressure at which `falling` passes p: the first on a logarithmic grid, then bisected; infinity where it
// is never passed within a thousand times the data's pressures.
double quantile(const std::array<CurveFit, 2>& fits, double p, double least, double most) {
  double before = least * 1e-3;
  if (falling(fits, before) >= p) return 0;
  const double factor = std::pow(most * 1e3 / before, 1.0 / kSteps);
  for (int k = 0; k < kSteps; ++k) {
    const double here = before * factor;
    if (falling(fits, here) >= p) {
      double low = before, high = here;
      for (int step = 0; step < 60; ++step) {
        const double middle = (low + high) / 2;
        (falling(fits, middle) >= p ? high : low) = middle;
      }
      return high;
    }
    before = here;
  }
  return INFINITY;
}

}  // namespace

double FittedCurve::at(double d) const {
  return fits[0].weight * fits[0].at(d) + fits[1].weight * fits[1].at(d);
}

double FittedCurve::at_error(double d) const {
  const double mean = at(d);
  double variance = 0;
  for (const CurveFit& fit : fits) {
    const double error = fit.at_error(d), off = fit.at(d) - mean;
    variance += fit.weight * (error * error + off * off);
  }
  return std::sqrt(variance);
}

double FittedCurve::probability_falling(double d) const { return falling(fits, d); }

FittedCurve fit_curve(std::span<const double> d, std::span<const double> value, const Matrix& covariance,
                      double level) {
  FittedCurve out;
  out.fits = {fit_form(CurveForm::kBestOfN, d, value, covariance),
              fit_form(CurveForm::kReinforcement, d, value, covariance)};
  const double least = std::min(out.fits[0].chi2, out.fits[1].chi2);
  double total = 0;
  for (CurveFit& fit : out.fits) total += fit.weight = std::exp((least - fit.chi2) / 2);
  for (CurveFit& fit : out.fits) fit.weight /= total;
  out.misfit = std::max(out.fits[0].lack_of_fit, out.fits[1].lack_of_fit) < kMisfit;

  if (!(level > 0 && level < 1)) refuse("curve", "level", std::to_string(level), "a number in (0, 1)");
  const double nearest = *std::min_element(d.begin(), d.end()),
               farthest = *std::max_element(d.begin(), d.end());
  out.peak.level = level;
  out.peak.lower = quantile(out.fits, (1 - level) / 2, nearest, farthest);
  const double upper = quantile(out.fits, (1 + level) / 2, nearest, farthest);
  // Where b is not shown positive the probability may pass the level and come back: no turn is shown then.
  if (std::isfinite(upper) && turns(out.fits) > (1 + level) / 2) {
    out.peak.shown = true;
    out.peak.upper = upper;
    out.peak.d = quantile(out.fits, 0.5, nearest, farthest);
    out.peak.gain = out.at(out.peak.d);
  }
  return out;
}

}  // namespace plumb
