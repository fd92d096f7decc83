// plumb/over_optimization.h: when to stop pushing. A proxy reward rises for as long as it is pushed; what
// people want rises with it, then falls. Here the fall is looked for where it can be seen: in fresh comparisons
// of what the policy puts out at checkpoints against what the reference puts out, answered by people or by a
// panel that the proxy was not taught by.
//
//   StopRule rule;
//   for (each checkpoint) {
//     StopDecision now = rule.add(checkpoint_from_votes(kl, wins, ties, losses));
//     if (now.action == StopAction::kStop) break;       // now.keep: the checkpoint to keep; now.sentence: why
//   }
//   auto biases = shared_bias(answers, 0.95);            // what the panel may have in common with the proxy
//   PanelVerdict v = panel_verdict(rule, biases);        // never kGainShown where a bias is suspected
//
// What it cannot do: see a fall that the panel does not see. Answers that lean to a covariate towards which the
// policy drifts are named as a suspected bias, with what to ask next; the absence of a suspicion is no proof,
// and nothing here ever calls a policy safe. Pressure is d, the square root of the KL divergence from the
// reference in nats. Functions are thread-safe and deterministic; a StopRule belongs to one thread.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "plumb/stats.h"

namespace plumb {

// ---------------------------------------------------------------------------------------------- the curve

// The forms of Gao, Schulman, Hilton 2022 (arXiv 2210.10760) for the gain of the goal over the reference:
//   kBestOfN        R(d) = d (a - b d),      highest at d = a / (2 b)
//   kReinforcement  R(d) = d (a - b log d),  highest at d = exp(a / b - 1)
// Both are linear in (a, b), pass through 0 at the reference, and turn where b > 0.
enum class CurveForm { kBestOfN, kReinforcement };

// Where the gain is highest, with its interval: Fieller's set, made of the pressures at which the slope is not
// shown to differ from zero. Where the curve is not shown to turn (b not shown positive) `shown` is false,
// upper is infinity (the peak may lie beyond all data) and d, gain are NaN: inconclusive, never a number.
struct PredictedPeak {
  bool shown = false;
  double d = std::numeric_limits<double>::quiet_NaN(), gain = std::numeric_limits<double>::quiet_NaN();
  double lower = 0, upper = std::numeric_limits<double>::infinity();  // of d; both may lie beyond the data
  double level = 0;
};

struct CurveFit {
  CurveForm form = CurveForm::kBestOfN;
  double a = 0, b = 0;
  double var_a = 0, cov_ab = 0, var_b = 0;
  double chi2 = 0, degrees = 0;  // of the residuals under the stated covariance; degrees = points - 2
  double lack_of_fit = 1;        // P(chi-squared > chi2); 1 where degrees is 0
  double weight = 1;             // Akaike weight among the forms fitted to the same points
  double at(double d) const;     // R(d), R(0) = 0
  double at_error(double d) const;
  double slope(double d) const;  // R'(d), d > 0
  double slope_error(double d) const;
};
inline constexpr double kMisfit = 0.05;  // lack_of_fit below this is a misfit

// Generalized least squares of one form on `value` with its covariance (k x k). A misfit multiplies the
// variances of (a, b) by chi2 / degrees (Birge 1932): an interval that pretends to the stated noise would be
// too short. REQUIRES: two points or more at distinct d > 0, a symmetric positive definite covariance. Throws
// Error{kInput} where an argument is not so.
CurveFit fit_form(CurveForm form, std::span<const double> d, std::span<const double> value,
                  const Matrix& covariance);
// Measured on simulated curves of the form: the interval covers at its level (tests/pressure).
PredictedPeak predicted_peak(const CurveFit& fit, double level);

// Both forms, averaged with Akaike weights proportional to exp(-chi2 / 2) (both have two parameters). The
// probability that the curve falls at d is the weighted mean over forms of the normal probability that the
// slope is negative there, and the averaged peak's interval is where that probability passes (1 -+ level) / 2.
struct FittedCurve {
  std::array<CurveFit, 2> fits;  // kBestOfN, kReinforcement
  PredictedPeak peak;            // of the average
  bool misfit = false;           // no form fits
  double at(double d) const;
  double at_error(double d) const;  // within and between the forms
  double probability_falling(double d) const;
};
FittedCurve fit_curve(std::span<const double> d, std::span<const double> value, const Matrix& covariance,
                      double level);

// ---------------------------------------------------------------------------------------------- the stop rule

// One checkpoint's gain over the reference as fresh answers show it; errors of checkpoints are independent.
struct Checkpoint {
  double d = 0;  // square root of KL, > 0
  double value =
      0;  // of the gain: log-odds that the policy's output wins, or a mean difference of panel scores
  double variance = 0;
  std::uint64_t comparisons = 0;
};
// Log-odds of the win share with half a vote added to either side; a tie is half a win and half a loss, the
// variance is the delta method's. REQUIRES: kl > 0, at least one vote; what is shown first should be drawn by
// coin. Note that a comparison is bounded: a rare catastrophe moves the win share less than the mean utility,
// so give panel scores (value = mean difference, variance = its squared standard error) where catastrophes
// matter.
Checkpoint checkpoint_from_votes(double kl, std::uint64_t wins, std::uint64_t ties, std::uint64_t losses);

enum class StopAction { kContinue, kStop };
struct StopOptions {
  double falling = 0.95;  // stop where the curve falls at the present pressure with this probability
  double level = 0.8;     // of the predicted peak's interval
  std::size_t least_checkpoints = 4;  // before any stop; fewer say nothing about a turn
};
inline constexpr std::size_t kKeepReference = static_cast<std::size_t>(-1);
struct StopDecision {
  StopAction action = StopAction::kContinue;
  std::size_t keep = kKeepReference;  // position of the checkpoint to keep if training ended here
  bool gain_shown = false;            // its gain is above 0 at .95, whichever checkpoint is kept
  bool fitted = false;                // false with fewer than three checkpoints: then curve says nothing
  double probability_falling = 0;     // at the present pressure
  FittedCurve curve;
  std::string sentence;
};

// Fed with checkpoints in order of pressure. Keeps the checkpoint at which the averaged curve is highest; where
// no form fits, the highest of the monotone-up-then-down least-squares curve (unimodal regression). The fit is
// joint over all checkpoints, so one lucky vote count does not win. Stops once the curve is falling with
// probability `falling`; that is looked at after each checkpoint, so it is a rule and not a test at that
// level: how often it stops a path that never turns is measured in bench/quality/preferences.
class StopRule {
 public:
  explicit StopRule(const StopOptions& options = {});  // throws Error{kInput} where an option is out of range
  // REQUIRES: d above the last one's, finite value, variance > 0; else Error{kInput}.
  StopDecision add(const Checkpoint& checkpoint);
  const std::vector<Checkpoint>& checkpoints() const { return checkpoints_; }
  const StopDecision& last() const { return last_; }

 private:
  StopOptions options_;
  std::vector<Checkpoint> checkpoints_;
  StopDecision last_;
};

// ---------------------------------------------------------------------------------------------- the panel's
// bias

// A suspected bias's covariate, or a control: for each answer the policy's output minus the reference's
// (length, flattery), or for position +1 where the policy's output was shown first, -1 where second.
struct PanelCovariate {
  std::string name;
  std::vector<double> difference;
};
struct PanelAnswers {
  std::vector<double> won;                // 1 the policy's output, 0 the reference's, 0.5 a tie
  std::vector<std::uint32_t> checkpoint;  // positions 0, 1, ..., in order of pressure
  std::vector<std::uint64_t> unit;        // clusters: the rater; empty: every answer its own
  std::vector<PanelCovariate> suspected;
  // What answers may rightly depend on: whatever else is known of the outputs, with squares (item's minus
  // other's) where people need not like it linearly. A control that cannot bend makes an honest panel lean:
  // with the proxy's linear score as the one control 26 of 100 honest panels of the extremal world were
  // suspected, with features and their squares none (bench/quality/preferences).
  std::vector<PanelCovariate> controls;
};

// Which way the panel leans. `loading`: log-odds of winning a unit of the covariate among answers of the same
// checkpoint, given the controls and the other covariates (logistic regression with a constant a checkpoint;
// the error is the larger of the model's and the one clustered by unit). `drift`: mean of the covariate at the
// last checkpoint. Their product is what the lean adds to the panel's preference for the policy there.
struct BiasFinding {
  std::string name;
  double loading = 0, loading_error = 0, drift = 0, drift_error = 0;
  double part = 0;  // loading * drift, log-odds
  Interval part_interval;
  double share = 0;    // part / what the panel prefers the policy by; NaN where that is not positive
  double matched = 0;  // preference for the policy at equal covariates, log-odds, last checkpoint
  Interval matched_interval;
  bool leans = false;      // the loading is shown (Holm over the covariates)
  bool suspected = false;  // loading and drift are shown, to the policy's advantage
  std::string sentence;    // with what to ask next where suspected
};
// Too few answers for the regression (fewer than 10 a coefficient) or an outcome that never varies: one
// finding a covariate, with leans = suspected = false, NaN numbers and a sentence that says inconclusive.
// Throws Error{kInput} where lengths differ or a number is not finite. Suspicion has two parts, both tested at
// 1 - level with Holm's correction over the covariates, so where the panel does not lean at all a covariate is
// suspected with probability of about (1 - level) / 2 at most (a lean against the policy is not suspected of
// helping it).
std::vector<BiasFinding> shared_bias(const PanelAnswers& answers, double level);

// What may be said. kBiasSuspected outranks a gain that was shown: the panel cannot be the judge of it.
enum class PanelVerdict { kGainShown, kInconclusive, kBiasSuspected };
PanelVerdict panel_verdict(const StopDecision& decision, std::span<const BiasFinding> findings);

// Pairs (policy output, reference output) that differ by at most `caliper` in a covariate: what to ask next
// where it is suspected. As many pairs as possible, each output at most once (on a line the sorted greedy
// matching is largest); ascending in the covariate.
std::vector<std::pair<std::uint32_t, std::uint32_t>> matched_pairs(std::span<const double> policy,
                                                                   std::span<const double> reference,
                                                                   double caliper);

// ---------------------------------------------------------------------------------------------- several
// rewards

// Each reward is pushed to its own peak and no further (Moskovitz et al. 2023, arXiv 2310.04373): the policy
// that
//   maximizes  sum_j weight_j E[r_j] - KL / beta   subject to   E[r_j] <= cap_j  for every j,
// cap_j being the value of reward j at its predicted peak. It is the reference times
// exp(beta sum_j (weight_j - multiplier_j) r_j), multiplier_j >= 0 where the cap binds; found through the dual,
// which is convex, one multiplier at a time.
struct ConstrainedPolicy {
  std::vector<double> probability;  // a row of `reward`
  std::vector<double> multiplier;   // one a reward
  std::vector<double> value;        // E[r_j], mean over decisions
  double kl = 0;                    // mean over decisions, nats
  bool met = false;                 // every cap holds to 1e-6 of the reward's spread
};
// reference: a probability a row; offset: rows offset[i] .. offset[i + 1] - 1 are decision i's; reward: rows x
// k; cap +infinity: none. Throws Error{kInput} where shapes disagree or beta is not positive. A cap below what
// any policy can reach leaves met = false.
ConstrainedPolicy constrained_tilt(std::span<const double> reference, std::span<const std::uint64_t> offset,
                                   const Matrix& reward, std::span<const double> weight,
                                   std::span<const double> cap, double beta);
// For trainers that see only batches: one step of ascent in the multiplier, max(0, m + rate (value - cap)).
double multiplier_step(double multiplier, double value, double cap, double rate);

}  // namespace plumb
