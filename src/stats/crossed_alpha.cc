// Krippendorff's alpha with an error over people and units. With n values, d_ij the distance of two values, t_u
// = S_u / (m_u - 1) a unit's sum over ordered pairs over its values less one, T = sum_u t_u and P the sum of d
// over all ordered pairs, alpha = 1 - (n - 1) T / P. Leaving out value k changes t_u by nu_k = t_u - (S_u - 2
// d_k.) / (m_u - 2), which sums to t_u over the unit's values (half of t_u for each of two), and P by 2 D_k.
#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>

#include "plumb/agreement.h"
#include "stats/two_way.h"

namespace plumb {
namespace {

constexpr std::size_t kLeast = 10;  // clusters

}  // namespace

Agreement crossed_alpha(const RatedUnits& units, std::span<const std::uint64_t> person, Scale scale,
                        double level) {
  PLUMB_ASSERT(person.empty() || person.size() == units.value.size());
  Agreement out = krippendorff_alpha(units, scale, {level, 0, 1}, Rng(1));
  if (!out.known || !(out.observed > 0)) return out;

  // Values that count, each as the number of its distinct value.
  std::vector<std::uint32_t> code;
  std::vector<std::uint64_t> who, unit, offset{0};
  std::vector<double> distinct, value;
  for (std::size_t u = 0; u < units.size(); ++u) {
    if (units.offset[u + 1] - units.offset[u] < 2) continue;
    for (std::uint64_t k = units.offset[u]; k < units.offset[u + 1]; ++k) {
      value.push_back(units.value[k]);
      unit.push_back(u);
      if (!person.empty()) who.push_back(person[k]);
    }
    offset.push_back(value.size());
  }
  distinct = value;
  std::sort(distinct.begin(), distinct.end());
  distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
  std::vector<double> total(distinct.size(), 0), place(distinct.size());
  for (const double x : value) {
    code.push_back(
        static_cast<std::uint32_t>(std::lower_bound(distinct.begin(), distinct.end(), x) - distinct.begin()));
    total[code.back()] += 1;
  }
  const auto n = static_cast<double>(value.size());
  double before = 0, mean = 0, square = 0;
  for (std::size_t c = 0; c < distinct.size(); ++c) {
    place[c] = scale == Scale::kOrdinal ? before + total[c] / 2 : distinct[c];
    before += total[c];
    mean += total[c] * place[c] / n;
  }
  for (std::size_t c = 0; c < distinct.size(); ++c) {
    place[c] -= mean;
    square += total[c] * place[c] * place[c];
  }
  const bool nominal = scale == Scale::kNominal;
  std::vector<double> all(distinct.size());  // D of each distinct value
  double pairs = 0;
  for (std::size_t c = 0; c < distinct.size(); ++c) {
    all[c] = nominal ? n - total[c] : n * place[c] * place[c] + square;
    pairs += total[c] * all[c];
  }

  // The influence on log((n - 1) T / P): 1 / (n - 1) + nu / T - 2 D / P.
  std::vector<double> nu(value.size()), count(distinct.size(), 0), influence(value.size());
  double sum = 0;
  for (std::size_t u = 0; u + 1 < offset.size(); ++u) {
    const std::uint64_t from = offset[u], to = offset[u + 1];
    const auto m = static_cast<double>(to - from);
    double s1 = 0, s2 = 0, s = 0;
    for (std::uint64_t k = from; k < to; ++k) {
      count[code[k]] += 1;
      s1 += place[code[k]];
      s2 += place[code[k]] * place[code[k]];
    }
    const auto own = [&](std::uint64_t k) {
      const double x = place[code[k]];
      return nominal ? m - count[code[k]] : m * x * x - 2 * x * s1 + s2;
    };
    for (std::uint64_t k = from; k < to; ++k) s += own(k);
    const double t = s / (m - 1);
    for (std::uint64_t k = from; k < to; ++k) nu[k] = m == 2 ? t / 2 : t - (s - 2 * own(k)) / (m - 2);
    for (std::uint64_t k = from; k < to; ++k) count[code[k]] = 0;
    sum += t;
  }
  for (std::size_t k = 0; k < value.size(); ++k) influence[k] = 1 / n + nu[k] / sum - 2 * all[code[k]] / pairs;

  const stats::TwoWay v = stats::two_way_variance(influence, who, unit);
  if (v.item_clusters < kLeast || (!person.empty() && v.person_clusters < kLeast) || !(v.variance > 0))
    return out;
  double least = stats::count_clusters(unit, {}).effective;
  if (!who.empty()) least = std::min(least, stats::count_clusters(who, {}).effective);
  const double t = boost::math::quantile(boost::math::students_t(std::max(1.0, least - 1)), (1 + level) / 2);
  const double reach = std::exp(t * std::sqrt(v.variance));
  out.interval_known = true;
  out.interval = {1 - (1 - out.alpha) * reach, 1 - (1 - out.alpha) / reach, level};
  return out;
}

}  // namespace plumb
