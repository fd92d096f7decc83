// plumb/stats.h: from sums over units to intervals. Everything that plumb states about a policy is a ratio of
// two sums over decisions (a mean is a sum over a count; SNIPS a weighted sum over the weights), or a linear
// combination of such ratios: a Contrast. All contrasts of a run share one set of sums by unit bucket, hence
// one joint covariance, so intervals can be simultaneous over everything that was looked at.
//
//   Moments moments;                                  // numerator and denominator sums, 4,096 unit buckets
//   Contrast gain{"gain", {{policy, 1}, {reference, -1}}};
//   Estimates e = estimate(moments, {&gain, 1});      // value, standard error, skewness, influence by bucket
//   MaxT max_t = max_t_distribution(e, Rng(seed), threads);
//   Interval i = normal_interval(e.value[0], e.standard_error[0], max_t.critical(0.05), 0.95);
//
// Guarantees (measured in bench/quality/coverage): units are the clusters, so outcomes of one unit may depend
// on each other in any way; intervals of differences cover at their level once about a thousand units and a
// hundred non-zero outcomes are in; nothing here covers what happens when propensities are wrong.
#pragma once

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "plumb/base.h"

namespace plumb {

double normal_quantile(double p);  // p in (0, 1)
double normal_cdf(double z);
double chi_squared_tail(double statistic, double degrees);  // P(X > statistic)

struct Interval {
  double lower = 0, upper = 0, level = 0;
};

// Sums by unit bucket. A column is a ratio of two of them: numerator over denominator; columns may share sums
// (all policies share the count of decisions). A unit's decisions all fall in one bucket, so bucket sums are
// independent. Mergeable: merging two adds their sums.
class Moments {
 public:
  std::size_t add_sums();  // kBuckets zeros; returns their number
  std::size_t add_column(std::size_t numerator_sums, std::size_t denominator_sums);
  std::span<double> sums(std::size_t id) { return sums_[id]; }
  std::size_t columns() const { return columns_.size(); }
  std::span<double> numerator_sums(std::size_t column) { return sums_[columns_[column].first]; }
  std::span<double> denominator_sums(std::size_t column) { return sums_[columns_[column].second]; }
  std::span<const double> numerator(std::size_t column) const { return sums_[columns_[column].first]; }
  std::span<const double> denominator(std::size_t column) const { return sums_[columns_[column].second]; }
  // REQUIRES: the same configuration, else Error{kInternal}: a merge of different ones is refused.
  void merge(const Moments& other);

 private:
  std::vector<std::vector<double>> sums_;
  std::vector<std::pair<std::size_t, std::size_t>> columns_;
};

// A linear combination of columns' ratios: sum over terms of weight * ratio(column).
struct Contrast {
  std::string id;
  std::vector<std::pair<std::size_t, double>> terms;  // column, weight
};

// Value, standard error and skewness of every contrast. Influence of bucket b on a ratio R = N/D is (N_b - R
// D_b)/D; it is 0 where the bucket holds nothing that the column uses. Variance is G/(G-1) times the sum of
// squares over the G buckets that are used (linearization; cluster-robust).
//
// Probabilities of policies are floats, so two policies that are the same differ in their last digits. A
// contrast of two terms or more of which nothing but rounding is left (its error is below kRoundingShare of its
// terms' errors, and its value is no larger than such a share could make it; or neither is more than the
// rounding of floats of the values' size) is exactly 0 with a standard error of exactly 0: equal(k). What
// compares policies says that they are the same, and no family counts them.
struct Estimates {
  std::vector<double> value, standard_error;
  std::vector<double> skewness;  // third standardized cumulant of the estimate: sum s^3/(sum s^2)^1.5
  Matrix influence;              // buckets x contrasts
  // The root of the summed squares of the terms' errors, and the sum of the terms' sizes: what rounding is
  // measured by.
  std::vector<double> terms_error, terms_size;
  // On how many buckets the error rests, effectively: (sum s^2)^2 / sum s^4; 0 where there is no error.
  std::vector<double> effective;
  bool equal(std::size_t k) const { return value[k] == 0 && standard_error[k] == 0; }
};
inline constexpr double kRoundingShare = 1e-5;
Estimates estimate(const Moments& moments, std::span<const Contrast> contrasts);

// Distribution of the largest |t| over contrasts under the multiplier bootstrap with Rademacher multipliers a
// bucket (Chernozhukov, Chetverikov, Kato 2013). What takes part in a family:
//   no standard error   a contrast without chance in it (equal policies above all) takes no part;
//   a few buckets       one whose error rests on fewer than kLeastEffective buckets leaves the bootstrap, whose
//                       signs would make of it what they like, and counts by Bonferroni instead;
//   all others          the bootstrap.
//
// Guarantees: critical(alpha) lies between the normal quantile for one contrast and Bonferroni's for all of
// them, so that no contrast, however near to degenerate, can widen the family beyond what its number explains;
// p_value lies between the p-value of one and `family` times it. Both are on the normal scale: where units are
// few, the interval puts the t quantile of the same tail in the place of the critical value. Adding a contrast
// of equal policies changes nothing, not even the draws.
struct MaxT {
  std::vector<double> sorted;  // the maxima over those in the bootstrap, ascending
  std::size_t family = 0;      // how many contrasts took part
  std::size_t few = 0;         // of these, those that rest on a few buckets
  // The value that |t| exceeds anywhere with probability alpha. REQUIRES: alpha in (0, 1).
  double critical(double alpha) const;
  // Adjusted two-sided p-value of one |t|.
  double p_value(double t) const;
};
inline constexpr double kLeastEffective = 30;
inline constexpr std::size_t kReplicates = 8192;
MaxT max_t_distribution(const Estimates& estimates, std::span<const std::size_t> family, const Rng& rng,
                        int threads);
MaxT max_t_distribution(const Estimates& estimates, const Rng& rng, int threads);  // over all contrasts
// The same over combinations of contrasts: terms of `combined` index the estimates. All pairs of many policies
// cost no more than the policies themselves. combine() gives the combinations' own values and errors, without
// influences.
Estimates combine(const Estimates& estimates, std::span<const Contrast> combined);
MaxT max_t_distribution(const Estimates& estimates, std::span<const Contrast> combined, const Rng& rng,
                        int threads);

// value -+ critical * standard_error, for differences.
Interval normal_interval(double value, double standard_error, double critical, double level);
// For levels of skewed outcomes: Hall's monotone cubic transformation of the studentized mean (Hall 1992, JRSS
// B 54), skewness as in Estimates.
Interval hall_interval(double value, double standard_error, double skewness, double critical, double level);

// Which hypotheses Holm's step-down procedure rejects at family-wise level alpha.
std::vector<bool> holm(std::span<const double> p_values, double alpha);

// How many further decisions would bring the half-width critical * se, that n decisions gave, down to
// `distance`, spreads staying as they are. 0 where it is there already; at most 1e12 (an effect of nothing
// needs everything).
std::uint64_t decisions_needed(double n, double critical_times_se, double distance);

}  // namespace plumb
