#include <algorithm>
#include <cmath>

#include "plumb/stats.h"
#include "stats/rounding.h"

namespace plumb {

std::size_t Moments::add_sums() {
  sums_.emplace_back(kBuckets, 0.0);
  return sums_.size() - 1;
}

std::size_t Moments::add_column(std::size_t numerator_sums, std::size_t denominator_sums) {
  PLUMB_ASSERT(numerator_sums < sums_.size() && denominator_sums < sums_.size());
  columns_.emplace_back(numerator_sums, denominator_sums);
  return columns_.size() - 1;
}

void Moments::merge(const Moments& other) {
  PLUMB_ASSERT(columns_ == other.columns_ && sums_.size() == other.sums_.size());
  for (std::size_t s = 0; s < sums_.size(); ++s) {
    for (std::size_t b = 0; b < kBuckets; ++b) sums_[s][b] += other.sums_[s][b];
  }
}

Estimates estimate(const Moments& moments, std::span<const Contrast> contrasts) {
  // Ratios of the columns that are asked for; one over nothing is not a number, support is checked before.
  std::vector<double> ratio(moments.columns(), 0.0), total(moments.columns(), 0.0);
  std::vector<bool> known(moments.columns(), false);
  for (const Contrast& contrast : contrasts) {
    for (const auto& [column, weight] : contrast.terms) {
      if (known[column]) continue;
      double numerator = 0;
      for (const double x : moments.numerator(column)) numerator += x;
      for (const double x : moments.denominator(column)) total[column] += x;
      ratio[column] = total[column] != 0 ? numerator / total[column] : std::nan("");
      known[column] = true;
    }
  }

  Estimates out;
  const std::size_t m = contrasts.size();
  out.value.resize(m);
  out.standard_error.resize(m);
  out.skewness.resize(m);
  out.influence = Matrix(kBuckets, m);
  out.terms_error.resize(m);
  out.terms_size.resize(m);
  out.effective.resize(m);
  std::vector<double> influence(kBuckets), touched(kBuckets);
  for (std::size_t k = 0; k < m; ++k) {
    double value = 0, size = 0, terms_squares = 0;
    std::fill(influence.begin(), influence.end(), 0.0);
    std::fill(touched.begin(), touched.end(), 0.0);
    for (const auto& [column, weight] : contrasts[k].terms) {
      value += weight * ratio[column];
      size += std::abs(weight * ratio[column]);
      const auto numerator = moments.numerator(column), denominator = moments.denominator(column);
      const double scale = weight / total[column];
      for (std::size_t b = 0; b < kBuckets; ++b) {
        const double s = scale * (numerator[b] - ratio[column] * denominator[b]);
        influence[b] += s;
        terms_squares += s * s;
        touched[b] += std::abs(denominator[b]);
      }
    }
    double used = 0;
    for (const double t : touched) used += t > 0 ? 1 : 0;
    out.value[k] = value;
    out.terms_size[k] = size;
    const double factor = used > 1 ? used / (used - 1) : 1;
    out.terms_error[k] = std::sqrt(terms_squares * factor);
    stats::sum_up(out, k, influence, factor, contrasts[k].terms.size() > 1);
    for (std::size_t b = 0; b < kBuckets; ++b) out.influence(b, k) = influence[b];
  }
  return out;
}

}  // namespace plumb
