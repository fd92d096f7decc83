#include "audit/carried.h"

#include <algorithm>
#include <cmath>

#include "stats/cross_fitted.h"

namespace plumb {
namespace {

// The proxy stands in the design this many times larger than everything else, so the penalty hardly touches
// it: an index that shrinks what a visit is worth would show a bias that the proxy has not.
constexpr float kProxyScale = 10;
constexpr float kFarthest = 3;  // standard deviations: hinges and products go no further, outliers lever less
constexpr std::size_t kContextKnots = 4, kProxyKnots = 5, kMostProducts = 6;
constexpr std::size_t kMostTerms = 240, kRowsAColumn = 40;
constexpr std::uint64_t kFoldSeed = 0x63617272696564u;  // "carried"
constexpr std::size_t kAssignments = 2;

float near(float x) { return std::clamp(x, -kFarthest, kFarthest); }

// Inner quantiles of what varies; none where there are two values or fewer, which a line joins.
std::vector<float> knots_of(std::vector<float> values, std::size_t count) {
  std::sort(values.begin(), values.end());
  std::vector<float> distinct;
  for (const float v : values) {
    if (distinct.empty() || v != distinct.back()) distinct.push_back(v);
    if (distinct.size() > 2) break;
  }
  std::vector<float> out;
  if (distinct.size() <= 2) return out;
  for (std::size_t k = 1; k <= count; ++k) {
    const float knot = near(values[k * (values.size() - 1) / (count + 1)]);
    if (knot > values.front() && knot < values.back() && (out.empty() || knot > out.back()))
      out.push_back(knot);
  }
  return out;
}

struct Standard {
  double mean = 0, scale = 1;
  float of(double value) const { return static_cast<float>((value - mean) / scale); }
};

Standard standard_of(const std::vector<double>& value, const std::vector<std::uint8_t>& use) {
  Standard out;
  double n = 0, sum = 0, squares = 0;
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (!use[i]) continue;
    n += 1;
    sum += value[i];
  }
  out.mean = n > 0 ? sum / n : 0;
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (use[i]) squares += (value[i] - out.mean) * (value[i] - out.mean);
  }
  if (squares > 0) out.scale = std::sqrt(squares / n);
  return out;
}

// Which terms stand in the design: of the context first its encoded columns, then hinges, then products; of the
// proxy itself, then hinges.
struct Terms {
  std::size_t linear = 0, context = 0, proxy = 0;      // counts: context includes linear
  std::size_t crossed_context = 0, crossed_proxy = 0;  // the first so many of each are crossed
  std::size_t width() const { return 1 + context + proxy + crossed_context * crossed_proxy; }
};

Terms terms_within(std::size_t linear, std::size_t more, std::size_t proxy, std::size_t most) {
  const Terms choices[] = {{linear, linear + more, proxy, linear + more, proxy},
                           {linear, linear + more, proxy, linear, proxy},
                           {linear, linear + more, proxy, linear, 1},
                           {linear, linear, 1, linear, 1}};
  for (const Terms& terms : choices) {
    if (terms.width() <= most) return terms;
  }
  return choices[3];
}

}  // namespace

CarriedDesign carried_design(const DecisionLog& log, const OutcomeColumn& proxy, const FeatureMap& map,
                             const std::vector<std::uint8_t>& use, std::size_t most_columns, int threads) {
  const std::size_t n = log.size(), c = map.context_width;
  const BoundFeatures features(map, log);
  const Standard standard = standard_of(proxy.value, use);
  std::vector<std::size_t> numbers;  // positions of numbers among the encoded columns
  std::size_t at = 0;
  for (const FeatureMap::Column& column : map.context) {
    if (!column.is_category) numbers.push_back(at);
    at += column.width();
  }
  std::vector<std::vector<float>> seen(numbers.size());
  std::vector<float> row(c), seen_proxy;
  for (std::size_t i = 0; i < n; ++i) {
    if (!use[i]) continue;
    features.context(i, row);
    for (std::size_t k = 0; k < numbers.size(); ++k) seen[k].push_back(row[numbers[k]]);
    seen_proxy.push_back(standard.of(proxy.value[i]));
  }
  std::vector<std::pair<std::size_t, float>> hinges;  // column and knot
  for (std::size_t k = 0; k < numbers.size(); ++k) {
    for (const float knot : knots_of(std::move(seen[k]), kContextKnots)) hinges.emplace_back(numbers[k], knot);
  }
  std::vector<std::pair<std::size_t, std::size_t>> products;
  for (std::size_t a = 0; numbers.size() <= kMostProducts && a < numbers.size(); ++a) {
    for (std::size_t b = 0; b < a; ++b) products.emplace_back(numbers[a], numbers[b]);
  }
  const std::vector<float> proxy_knots = knots_of(std::move(seen_proxy), kProxyKnots);
  const Terms terms = terms_within(c, hinges.size() + products.size(), 1 + proxy_knots.size(), most_columns);

  CarriedDesign out;
  out.width = terms.width();
  out.x.assign(n * out.width, 0.0f);
  constexpr std::size_t kBlock = 2048;
  parallel_blocks((n + kBlock - 1) / kBlock, threads, [&](std::size_t block) {
    std::vector<float> s(terms.proxy);
    for (std::size_t i = block * kBlock; i < std::min(n, (block + 1) * kBlock); ++i) {
      if (!use[i]) continue;
      float* to = out.x.data() + i * out.width;
      to[0] = 1;
      float* z = to + 1;
      features.context(i, {z, c});
      if (terms.context > c) {
        float* more = z + c;
        for (const auto& [column, knot] : hinges) *more++ = std::max(0.0f, near(z[column]) - knot);
        for (const auto& [a, b] : products) *more++ = near(z[a]) * near(z[b]);
      }
      s[0] = standard.of(proxy.value[i]);
      for (std::size_t k = 1; k < terms.proxy; ++k) s[k] = std::max(0.0f, near(s[0]) - proxy_knots[k - 1]);
      float* put = z + terms.context;
      for (std::size_t k = 0; k < terms.proxy; ++k) *put++ = k == 0 ? kProxyScale * s[0] : s[k];
      for (std::size_t k = 0; k < terms.crossed_proxy; ++k) {
        for (std::size_t d = 0; d < terms.crossed_context; ++d) *put++ = s[k] * z[d];
      }
    }
  });
  return out;
}

Carried carried(const DecisionLog& log, const OutcomeColumn& proxy, const FeatureMap& map,
                std::span<const double> y, const std::vector<std::vector<double>>& treatment,
                std::span<const double> weight, const std::vector<std::uint8_t>& use, int threads) {
  const std::size_t n = log.size(), m = treatment.size();
  std::vector<std::uint32_t> rows;
  for (std::size_t i = 0; i < n; ++i) {
    if (use[i]) rows.push_back(static_cast<std::uint32_t>(i));
  }
  // Sums by fold and target stand beside each other: many treatments leave room for fewer columns.
  const auto room = static_cast<std::size_t>(1000 / std::sqrt(static_cast<double>(m + 1)));
  const std::size_t most = std::min({kMostTerms, rows.size() / kRowsAColumn, room});
  const CarriedDesign design = carried_design(log, proxy, map, use, most, threads);
  std::vector<std::span<const double>> targets{y};
  for (const std::vector<double>& t : treatment) targets.emplace_back(t);
  Carried out;
  out.treatments = m;
  out.left.assign(n * m, 0.0);
  std::vector<std::uint8_t> fold(n);
  for (std::size_t assignment = 0; assignment < kAssignments; ++assignment) {
    for (std::size_t i = 0; i < n; ++i)
      fold[i] = static_cast<std::uint8_t>(fold_of(log.unit[i], kFoldSeed + assignment));
    const auto expected =
        stats::cross_fitted({design.x.data(), n, design.width}, targets, rows, fold, kFolds, threads, weight);
    for (const std::uint32_t i : rows) {
      const double missed = (y[i] - expected[0][i]) / static_cast<double>(kAssignments);
      for (std::size_t k = 0; k < m; ++k)
        out.left[i * m + k] += missed * (treatment[k][i] - expected[1 + k][i]);
    }
  }
  return out;
}

}  // namespace plumb
