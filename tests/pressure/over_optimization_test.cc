// Curve fits against closed forms, intervals against their definition and by simulation, constrained policies
// against their optimality conditions.
#include "plumb/over_optimization.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace plumb {
namespace {

const std::vector<double> kD = {0.2, 0.4, 0.6, 0.8, 1.0, 1.2, 1.4, 1.6, 1.8, 2.0};

double truth(CurveForm form, double a, double b, double d) {
  return form == CurveForm::kBestOfN ? d * (a - b * d) : d * (a - b * std::log(d));
}
Matrix independent(std::size_t k, double variance) {
  Matrix out(k, k);
  for (std::size_t i = 0; i < k; ++i) out(i, i) = variance;
  return out;
}
std::vector<double> noisy(CurveForm form, double a, double b, double error, Rng& rng) {
  std::vector<double> out;
  for (const double d : kD) out.push_back(truth(form, a, b, d) + error * rng.normal());
  return out;
}

TEST(CurveFit, RecoversExactCurvesAndTheirPeaks) {
  for (const CurveForm form : {CurveForm::kBestOfN, CurveForm::kReinforcement}) {
    const double a = 1.3, b = form == CurveForm::kBestOfN ? 0.5 : 0.9;
    std::vector<double> value;
    for (const double d : kD) value.push_back(truth(form, a, b, d));
    const CurveFit fit = fit_form(form, kD, value, independent(kD.size(), 1e-6));
    EXPECT_NEAR(fit.a, a, 1e-12);
    EXPECT_NEAR(fit.b, b, 1e-12);
    EXPECT_NEAR(fit.chi2, 0, 1e-12);
    const PredictedPeak peak = predicted_peak(fit, 0.8);
    ASSERT_TRUE(peak.shown);
    const double at = form == CurveForm::kBestOfN ? a / (2 * b) : std::exp(a / b - 1);
    EXPECT_NEAR(peak.d, at, 1e-12);
    // a^2 / (4 b) and b exp(a / b - 1), by putting the peak into the form.
    EXPECT_NEAR(peak.gain, form == CurveForm::kBestOfN ? a * a / (4 * b) : b * at, 1e-12);
    EXPECT_NEAR(fit.slope(at), 0, 1e-12);
  }
}

TEST(CurveFit, IsGeneralizedLeastSquares) {
  // Three correlated points; the inverse of the covariance by the adjugate.
  const std::vector<double> d = {0.5, 1.0, 2.0}, y = {0.7, 1.0, 0.4};
  Matrix v(3, 3);
  const double entries[3][3] = {{2.0, 0.5, 0.3}, {0.5, 1.0, 0.2}, {0.3, 0.2, 1.5}};
  for (std::size_t i = 0; i < 3; ++i) {
    for (std::size_t j = 0; j < 3; ++j) v(i, j) = entries[i][j];
  }
  double inverse[3][3];
  double determinant = 0;
  for (int j = 0; j < 3; ++j)
    determinant += entries[0][j] * (entries[1][(j + 1) % 3] * entries[2][(j + 2) % 3] -
                                    entries[1][(j + 2) % 3] * entries[2][(j + 1) % 3]);
  for (int i = 0; i < 3; ++i) {
    for (int j = 0; j < 3; ++j)
      inverse[j][i] = (entries[(i + 1) % 3][(j + 1) % 3] * entries[(i + 2) % 3][(j + 2) % 3] -
                       entries[(i + 1) % 3][(j + 2) % 3] * entries[(i + 2) % 3][(j + 1) % 3]) /
                      determinant;
  }
  double ff = 0, fg = 0, gg = 0, fy = 0, gy = 0;
  for (int i = 0; i < 3; ++i) {
    for (int j = 0; j < 3; ++j) {
      const double fi = d[i], gi = -d[i] * d[i], fj = d[j], gj = -d[j] * d[j];
      ff += fi * inverse[i][j] * fj;
      fg += fi * inverse[i][j] * gj;
      gg += gi * inverse[i][j] * gj;
      fy += fi * inverse[i][j] * y[j];
      gy += gi * inverse[i][j] * y[j];
    }
  }
  const double det = ff * gg - fg * fg;
  const CurveFit fit = fit_form(CurveForm::kBestOfN, d, y, v);
  EXPECT_NEAR(fit.a, (gg * fy - fg * gy) / det, 1e-12);
  EXPECT_NEAR(fit.b, (ff * gy - fg * fy) / det, 1e-12);
  EXPECT_NEAR(fit.var_a, gg / det, 1e-12);
  EXPECT_NEAR(fit.cov_ab, -fg / det, 1e-12);
  EXPECT_NEAR(fit.var_b, ff / det, 1e-12);
}

TEST(PredictedPeak, HasFiellersEnds) {
  Rng rng(5);
  for (const CurveForm form : {CurveForm::kBestOfN, CurveForm::kReinforcement}) {
    const CurveFit fit = fit_form(form, kD, noisy(form, 1.2, 0.6, 0.1, rng), independent(kD.size(), 0.01));
    const PredictedPeak peak = predicted_peak(fit, 0.9);
    ASSERT_TRUE(peak.shown);
    const double z = normal_quantile(0.95);
    EXPECT_NEAR(fit.slope(peak.lower), z * fit.slope_error(peak.lower), 1e-9);
    EXPECT_NEAR(fit.slope(peak.upper), -z * fit.slope_error(peak.upper), 1e-9);
    EXPECT_LT(peak.lower, peak.d);
    EXPECT_GT(peak.upper, peak.d);
  }
}

TEST(PredictedPeak, CoversAtItsLevel) {
  const int runs = 1000;
  for (const CurveForm form : {CurveForm::kBestOfN, CurveForm::kReinforcement}) {
    const double a = 1.4, b = form == CurveForm::kBestOfN ? 0.55 : 1.1;
    const double at = form == CurveForm::kBestOfN ? a / (2 * b) : std::exp(a / b - 1);
    int covered = 0, averaged = 0, shown = 0;
    for (int run = 0; run < runs; ++run) {
      Rng rng = Rng(11).stream(form == CurveForm::kBestOfN ? "best" : "reinforcement", run);
      const std::vector<double> value = noisy(form, a, b, 0.15, rng);
      const Matrix covariance = independent(kD.size(), 0.0225);
      const PredictedPeak peak = predicted_peak(fit_form(form, kD, value, covariance), 0.8);
      shown += peak.shown;
      covered += peak.lower <= at && at <= peak.upper;
      const FittedCurve both = fit_curve(kD, value, covariance, 0.8);
      averaged += both.peak.lower <= at && at <= both.peak.upper;
    }
    const double tolerance = 3 * std::sqrt(0.8 * 0.2 / runs);
    EXPECT_GT(shown, runs * 0.99);
    EXPECT_NEAR(covered, 0.8 * runs, tolerance * runs) << static_cast<int>(form);
    // The average does not know the form, and is wider for it.
    EXPECT_GT(averaged, (0.8 - tolerance) * runs) << static_cast<int>(form);
  }
}

TEST(PredictedPeak, IsInconclusiveWhereTheCurveIsNotShownToTurn) {
  const int runs = 1000;
  int shown = 0, averaged = 0;
  for (int run = 0; run < runs; ++run) {
    Rng rng = Rng(12).stream("straight", run);
    const std::vector<double> value = noisy(CurveForm::kBestOfN, 1.0, 0.0, 0.15, rng);
    const Matrix covariance = independent(kD.size(), 0.0225);
    const PredictedPeak peak = predicted_peak(fit_form(CurveForm::kBestOfN, kD, value, covariance), 0.8);
    shown += peak.shown;
    averaged += fit_curve(kD, value, covariance, 0.8).peak.shown;
    if (peak.shown) continue;
    EXPECT_TRUE(std::isnan(peak.d) && std::isnan(peak.gain));
    EXPECT_EQ(peak.upper, INFINITY);
    EXPECT_GT(peak.lower, 0);
  }
  // b above 0 at one side of an 80 % interval: a tenth.
  EXPECT_NEAR(shown, 0.1 * runs, 3 * std::sqrt(0.09 * runs));
  EXPECT_LT(averaged, 0.1 * runs + 3 * std::sqrt(0.09 * runs));
}

TEST(PredictedPeak, StandsAtTheReferenceWhereTheCurveFallsFromTheStart) {
  std::vector<double> value;
  for (const double d : kD) value.push_back(-0.5 * d - 0.5 * d * d);
  const PredictedPeak peak =
      predicted_peak(fit_form(CurveForm::kBestOfN, kD, value, independent(kD.size(), 1e-4)), 0.8);
  ASSERT_TRUE(peak.shown);
  EXPECT_EQ(peak.d, 0);
  EXPECT_EQ(peak.gain, 0);
  EXPECT_EQ(peak.upper, 0);
}

TEST(FittedCurve, PrefersTheFormThatMadeTheData) {
  for (const CurveForm form : {CurveForm::kBestOfN, CurveForm::kReinforcement}) {
    std::vector<double> value;
    for (const double d : kD) value.push_back(truth(form, 1.3, 0.7, d));
    const FittedCurve curve = fit_curve(kD, value, independent(kD.size(), 1e-5), 0.8);
    EXPECT_GT(curve.fits[static_cast<std::size_t>(form)].weight, 0.999);
    EXPECT_FALSE(curve.misfit);
    const double at = form == CurveForm::kBestOfN ? 1.3 / 1.4 : std::exp(1.3 / 0.7 - 1);
    EXPECT_NEAR(curve.peak.d, at, 1e-3);
    EXPECT_NEAR(curve.probability_falling(at), 0.5, 0.01);
    EXPECT_EQ(curve.probability_falling(2 * at) > 0.99, true);
  }
}

TEST(FittedCurve, EndsAreThoseOfFiellerWhereOneFormHasAllTheWeight) {
  std::vector<double> value;
  for (const double d : kD) value.push_back(truth(CurveForm::kBestOfN, 1.3, 0.7, d));
  const FittedCurve curve = fit_curve(kD, value, independent(kD.size(), 1e-5), 0.8);
  const PredictedPeak alone = predicted_peak(curve.fits[0], 0.8);
  EXPECT_NEAR(curve.peak.lower, alone.lower, 1e-4);
  EXPECT_NEAR(curve.peak.upper, alone.upper, 1e-4);
}

TEST(FittedCurve, DoesNotTakeAStraightFallForATurn) {
  Rng rng(14);
  std::vector<double> value;
  for (const double d : kD) value.push_back(-0.8 * d + 0.05 * rng.normal());
  const FittedCurve curve = fit_curve(kD, value, independent(kD.size(), 0.0025), 0.8);
  EXPECT_FALSE(curve.peak.shown);
  EXPECT_TRUE(std::isnan(curve.peak.d));
  EXPECT_EQ(curve.peak.upper, INFINITY);
  EXPECT_GT(curve.probability_falling(1.0), 0.99);
}

TEST(FittedCurve, SaysWhereNoFormFitsAndWidensItsErrors) {
  std::vector<double> value;
  for (const double d : kD) value.push_back(d < 1.3 ? d : -3.0);  // a cliff
  const Matrix covariance = independent(kD.size(), 0.01);
  const FittedCurve curve = fit_curve(kD, value, covariance, 0.8);
  EXPECT_TRUE(curve.misfit);
  const CurveFit& fit = curve.fits[0];
  double ff = 0, fg = 0, gg = 0;
  for (const double d : kD) {
    ff += d * d / 0.01;
    fg -= d * d * d / 0.01;
    gg += d * d * d * d / 0.01;
  }
  EXPECT_NEAR(fit.var_b, ff / (ff * gg - fg * fg) * fit.chi2 / fit.degrees, 1e-9);
}

TEST(FittedCurve, LackOfFitIsUniformUnderTheForm) {
  int below = 0;
  const int runs = 1000;
  for (int run = 0; run < runs; ++run) {
    Rng rng = Rng(13).stream("fit", run);
    below += fit_form(CurveForm::kBestOfN, kD, noisy(CurveForm::kBestOfN, 1, 0.4, 0.2, rng),
                      independent(kD.size(), 0.04))
                 .lack_of_fit < 0.1;
  }
  EXPECT_NEAR(below, 0.1 * runs, 3 * std::sqrt(0.09 * runs));
}

TEST(FittedCurve, RefusesWhatIsNoCurve) {
  const std::vector<double> one = {1.0}, two = {1.0, 2.0}, same = {1.0, 1.0}, bad = {0.0, 1.0};
  EXPECT_THROW(fit_form(CurveForm::kBestOfN, one, one, independent(1, 1)), Error);
  EXPECT_THROW(fit_form(CurveForm::kBestOfN, same, two, independent(2, 1)), Error);
  EXPECT_THROW(fit_form(CurveForm::kBestOfN, bad, two, independent(2, 1)), Error);
  EXPECT_THROW(fit_form(CurveForm::kBestOfN, two, one, independent(2, 1)), Error);
  EXPECT_THROW(fit_form(CurveForm::kBestOfN, two, two, independent(3, 1)), Error);
  EXPECT_THROW(fit_form(CurveForm::kBestOfN, two, two, independent(2, -1)), Error);
  EXPECT_THROW(fit_form(CurveForm::kBestOfN, two, std::vector<double>{1, NAN}, independent(2, 1)), Error);
  EXPECT_THROW(fit_curve(two, two, independent(2, 1), 1.0), Error);
}

struct TwoRewards {
  std::vector<double> reference;
  std::vector<std::uint64_t> offset = {0, 4, 9, 12};
  Matrix reward{12, 2};
};
TwoRewards two_rewards() {
  TwoRewards out;
  Rng rng(21);
  for (std::size_t i = 0; i + 1 < out.offset.size(); ++i) {
    double total = 0;
    for (std::size_t row = out.offset[i]; row < out.offset[i + 1]; ++row) {
      out.reference.push_back(rng.uniform());
      total += out.reference.back();
      out.reward(row, 0) = rng.normal();
      out.reward(row, 1) = 0.5 * out.reward(row, 0) + 3 * rng.normal();
    }
    for (std::size_t row = out.offset[i]; row < out.offset[i + 1]; ++row) out.reference[row] /= total;
  }
  return out;
}

TEST(ConstrainedTilt, IsTheReferenceTiltedAndMeetsTheOptimalityConditions) {
  const TwoRewards t = two_rewards();
  const double beta = 1.5, infinite = INFINITY;
  const std::vector<double> weight = {1, 1};
  const ConstrainedPolicy open =
      constrained_tilt(t.reference, t.offset, t.reward, weight, std::vector<double>{infinite, infinite}, beta);
  ASSERT_TRUE(open.met);
  EXPECT_EQ(open.multiplier, (std::vector<double>{0, 0}));
  const ConstrainedPolicy base = constrained_tilt(t.reference, t.offset, t.reward, std::vector<double>{0, 0},
                                                  std::vector<double>{infinite, infinite}, beta);
  EXPECT_NEAR(base.kl, 0, 1e-15);
  for (const double part : {0.3, 0.6}) {
    const std::vector<double> cap = {base.value[0] + part * (open.value[0] - base.value[0]),
                                     base.value[1] + 0.5 * (open.value[1] - base.value[1])};
    const ConstrainedPolicy p = constrained_tilt(t.reference, t.offset, t.reward, weight, cap, beta);
    ASSERT_TRUE(p.met);
    EXPECT_LT(p.kl, open.kl);
    for (std::size_t j = 0; j < 2; ++j) {
      EXPECT_GE(p.multiplier[j], 0);
      EXPECT_LE(p.value[j], cap[j] + 1e-8);
      EXPECT_NEAR(p.multiplier[j] * (cap[j] - p.value[j]), 0, 1e-7);  // complementary slackness
    }
    // Stationarity: the policy is the reference times exp(beta (w - m) r) within a decision.
    for (std::size_t i = 0; i + 1 < t.offset.size(); ++i) {
      const std::size_t first = t.offset[i];
      for (std::size_t row = first + 1; row < t.offset[i + 1]; ++row) {
        double score = 0;
        for (std::size_t j = 0; j < 2; ++j)
          score += beta * (weight[j] - p.multiplier[j]) * (t.reward(row, j) - t.reward(first, j));
        EXPECT_NEAR(std::log(p.probability[row] / p.probability[first]),
                    std::log(t.reference[row] / t.reference[first]) + score, 1e-9);
      }
    }
  }
}

TEST(ConstrainedTilt, SaysThatACapCannotBeMet) {
  const TwoRewards t = two_rewards();
  const ConstrainedPolicy p = constrained_tilt(t.reference, t.offset, t.reward, std::vector<double>{1, 1},
                                               std::vector<double>{-100, INFINITY}, 1);
  EXPECT_FALSE(p.met);
}

TEST(ConstrainedTilt, MultipliersOfSmallStepsReachTheDualSolution) {
  const TwoRewards t = two_rewards();
  const std::vector<double> weight = {1, 0}, open = {INFINITY, INFINITY}, cap = {0.2, INFINITY};
  const ConstrainedPolicy p = constrained_tilt(t.reference, t.offset, t.reward, weight, cap, 2);
  ASSERT_GT(p.multiplier[0], 0);
  double m = 0;
  for (int step = 0; step < 4000; ++step) {
    const std::vector<double> left = {1 - m, 0};
    m = multiplier_step(m, constrained_tilt(t.reference, t.offset, t.reward, left, open, 2).value[0], 0.2,
                        0.05);
  }
  EXPECT_NEAR(m, p.multiplier[0], 1e-6);
  EXPECT_EQ(multiplier_step(0.1, 0, 1, 1), 0);
}

TEST(ConstrainedTilt, RefusesWrongShapes) {
  const TwoRewards t = two_rewards();
  const std::vector<double> two = {1, 1}, one = {1};
  EXPECT_THROW(constrained_tilt(t.reference, t.offset, t.reward, one, two, 1), Error);
  EXPECT_THROW(constrained_tilt(t.reference, t.offset, t.reward, two, one, 1), Error);
  EXPECT_THROW(constrained_tilt(t.reference, t.offset, t.reward, two, two, 0), Error);
  EXPECT_THROW(constrained_tilt(t.reference, std::vector<std::uint64_t>{0, 5}, t.reward, two, two, 1), Error);
  EXPECT_THROW(constrained_tilt(std::vector<double>(12, 1.0), t.offset, t.reward, two, two, 1), Error);
}

// The most pairs by trying everything.
std::size_t most_pairs(const std::vector<double>& a, const std::vector<double>& b, double caliper,
                       std::size_t i, unsigned used) {
  if (i == a.size()) return 0;
  std::size_t best = most_pairs(a, b, caliper, i + 1, used);
  for (std::size_t j = 0; j < b.size(); ++j) {
    if ((used >> j) & 1 || std::abs(a[i] - b[j]) > caliper) continue;
    best = std::max(best, 1 + most_pairs(a, b, caliper, i + 1, used | 1u << j));
  }
  return best;
}

TEST(MatchedPairs, AreAsManyAsPossibleAndWithinTheCaliper) {
  for (std::uint64_t run = 0; run < 200; ++run) {
    Rng rng = Rng(31).stream("pairs", run);
    std::vector<double> a(5), b(6);
    for (double& x : a) x = rng.normal();
    for (double& x : b) x = rng.normal() + 0.5;
    const auto pairs = matched_pairs(a, b, 0.3);
    EXPECT_EQ(pairs.size(), most_pairs(a, b, 0.3, 0, 0));
    unsigned left = 0, right = 0;
    for (const auto& [i, j] : pairs) {
      EXPECT_LE(std::abs(a[i] - b[j]), 0.3);
      EXPECT_FALSE((left >> i) & 1 || (right >> j) & 1);
      left |= 1u << i;
      right |= 1u << j;
    }
  }
  EXPECT_THROW(matched_pairs(std::vector<double>{NAN}, std::vector<double>{1}, 1), Error);
  EXPECT_THROW(matched_pairs(std::vector<double>{1}, std::vector<double>{1}, -1), Error);
}

}  // namespace
}  // namespace plumb
