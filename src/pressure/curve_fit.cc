// The two forms, fitted by generalized least squares, and where they turn. A form is R(d) = a f(d) - b g(d)
// with f(d) = d and g(d) = d^2 or d log d; its slope a - b h(d) has h rising in d, so the peak solves h(d) = a
// / b.
#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <string>

#include "plumb/over_optimization.h"

namespace plumb {
namespace {

double bend(CurveForm form, double d) {
  if (form == CurveForm::kBestOfN) return d * d;
  return d > 0 ? d * std::log(d) : 0;
}
double bend_slope(CurveForm form, double d) { return form == CurveForm::kBestOfN ? 2 * d : 1 + std::log(d); }
// d at which bend_slope is `ratio`; pressures are not negative.
double turning_point(CurveForm form, double ratio) {
  return form == CurveForm::kBestOfN ? std::max(0.0, ratio / 2) : std::exp(ratio - 1);
}

void check(bool holds, const char* what, double found, const char* expected) {
  if (!holds) refuse("curve", what, std::to_string(found), expected);
}

}  // namespace

double CurveFit::at(double d) const { return a * d - b * bend(form, d); }
double CurveFit::at_error(double d) const {
  const double g = bend(form, d);
  return std::sqrt(std::max(0.0, d * d * var_a - 2 * d * g * cov_ab + g * g * var_b));
}
double CurveFit::slope(double d) const { return a - b * bend_slope(form, d); }
double CurveFit::slope_error(double d) const {
  const double h = bend_slope(form, d);
  return std::sqrt(std::max(0.0, var_a - 2 * h * cov_ab + h * h * var_b));
}

CurveFit fit_form(CurveForm form, std::span<const double> d, std::span<const double> value,
                  const Matrix& covariance) {
  const std::size_t k = d.size();
  check(k >= 2, "points", static_cast<double>(k), "two or more");
  check(value.size() == k, "values", static_cast<double>(value.size()), "one a pressure");
  check(covariance.rows == k && covariance.cols == k, "covariance rows", static_cast<double>(covariance.rows),
        "a row and a column a pressure");
  bool distinct = false;
  for (std::size_t i = 0; i < k; ++i) {
    check(std::isfinite(d[i]) && d[i] > 0, "pressure", d[i], "a finite number above 0");
    check(std::isfinite(value[i]), "value", value[i], "a finite number");
    distinct |= d[i] != d[0];
    for (std::size_t j = 0; j < k; ++j)
      check(std::isfinite(covariance(i, j)) && covariance(i, j) == covariance(j, i), "covariance",
            covariance(i, j), "a symmetric matrix of finite numbers");
  }
  check(distinct, "pressures", d[0], "two distinct ones or more");
  const auto n = static_cast<Eigen::Index>(k);
  Eigen::MatrixXd design(n, 2), noise(n, n);
  Eigen::VectorXd y(n);
  for (std::size_t i = 0; i < k; ++i) {
    const auto row = static_cast<Eigen::Index>(i);
    design(row, 0) = d[i];
    design(row, 1) = -bend(form, d[i]);
    y(row) = value[i];
    for (std::size_t j = 0; j < k; ++j) noise(row, static_cast<Eigen::Index>(j)) = covariance(i, j);
  }
  const Eigen::LLT<Eigen::MatrixXd> cholesky(noise);
  if (cholesky.info() != Eigen::Success)
    refuse("curve", "covariance", "one that is not positive definite", "a positive definite matrix");
  const Eigen::MatrixXd white = cholesky.matrixL().solve(design);
  const Eigen::VectorXd target = cholesky.matrixL().solve(y);
  const Eigen::ColPivHouseholderQR<Eigen::MatrixXd> qr(white);
  const Eigen::Vector2d solution = qr.solve(target);
  const Eigen::Matrix2d variance = (white.transpose() * white).inverse();

  CurveFit fit;
  fit.form = form;
  fit.a = solution(0);
  fit.b = solution(1);
  fit.chi2 = (target - white * solution).squaredNorm();
  fit.degrees = static_cast<double>(k) - 2;
  fit.lack_of_fit = fit.degrees > 0 ? chi_squared_tail(fit.chi2, fit.degrees) : 1;
  const double inflate = fit.lack_of_fit < kMisfit ? std::max(1.0, fit.chi2 / fit.degrees) : 1;
  fit.var_a = inflate * variance(0, 0);
  fit.cov_ab = inflate * variance(0, 1);
  fit.var_b = inflate * variance(1, 1);
  return fit;
}

PredictedPeak predicted_peak(const CurveFit& fit, double level) {
  check(level > 0 && level < 1, "level", level, "a number in (0, 1)");
  const double z = normal_quantile((1 + level) / 2);
  PredictedPeak out;
  out.level = level;
  // Ratios r = a / b with (a - r b)^2 <= z^2 Var(a - r b): bb r^2 - 2 ab r + aa <= 0.
  const double aa = fit.a * fit.a - z * z * fit.var_a;
  const double ab = fit.a * fit.b - z * z * fit.cov_ab;
  const double bb = fit.b * fit.b - z * z * fit.var_b;
  const double root = std::sqrt(std::max(0.0, ab * ab - aa * bb));
  if (fit.b > 0 && bb > 0) {
    out.shown = true;
    out.d = turning_point(fit.form, fit.a / fit.b);
    out.gain = fit.at(out.d);
    out.lower = turning_point(fit.form, (ab - root) / bb);
    out.upper = turning_point(fit.form, (ab + root) / bb);
    return out;
  }
  // No turn is shown. Where the curve is shown to rise at first, b / a has an interval and its upper end, the
  // sharpest turn that the data allow, is the least pressure at which the peak may lie.
  if (fit.a > 0 && aa > 0) {
    const double sharpest = (ab + root) / aa;
    out.lower = sharpest > 0 ? turning_point(fit.form, 1 / sharpest) : std::numeric_limits<double>::infinity();
  }
  return out;
}

}  // namespace plumb
