// Krippendorff's alpha by counts of each value within a unit. With n_uc the count of value c in unit u, m_u a
// unit's values, n_c and n the totals over units that have two values or more:
//   D_o = 1/n sum_u 1/(m_u - 1) sum_cd n_uc n_ud delta(c, d),    D_e = 1/(n (n - 1)) sum_cd n_c n_d delta(c,
//   d).
// Ordinal distance is the squared difference of mid-ranks among all values, so once values are replaced by
// mid-ranks it is the interval case, where sum_cd n_c n_d (x_c - x_d)^2 = 2 (n sum x^2 - (sum x)^2).
#include "plumb/agreement.h"

#include <algorithm>
#include <cmath>

#include "stats/percentile.h"

namespace plumb {
namespace {

constexpr double kMostUndefined = 0.05;  // share of replicates without an alpha at which there is no interval
constexpr std::size_t kBlock = 16;       // replicates a block

struct Counts {                // of the units that count
  std::vector<double> values;  // distinct, ascending
  std::vector<std::uint64_t> offset = {0};
  std::vector<std::uint32_t> value;  // index of a value, ascending within a unit
  std::vector<double> count;
  std::vector<double> size;  // m_u
};

struct Disagreement {
  double observed = 0, expected = 0;
  bool defined() const { return expected > 0; }
  double alpha() const { return 1 - observed / expected; }
};

Counts count_values(const RatedUnits& units) {
  Counts out;
  std::vector<double> sorted;
  for (std::size_t u = 0; u < units.size(); ++u)
    if (units.offset[u + 1] - units.offset[u] >= 2)
      for (std::uint64_t k = units.offset[u]; k < units.offset[u + 1]; ++k)
        out.values.push_back(units.value[k]);
  std::sort(out.values.begin(), out.values.end());
  out.values.erase(std::unique(out.values.begin(), out.values.end()), out.values.end());
  for (std::size_t u = 0; u < units.size(); ++u) {
    if (units.offset[u + 1] - units.offset[u] < 2) continue;
    sorted.assign(units.value.begin() + static_cast<std::ptrdiff_t>(units.offset[u]),
                  units.value.begin() + static_cast<std::ptrdiff_t>(units.offset[u + 1]));
    std::sort(sorted.begin(), sorted.end());
    for (std::size_t k = 0; k < sorted.size(); ++k) {
      if (k > 0 && sorted[k] == sorted[k - 1]) {
        out.count.back() += 1;
        continue;
      }
      out.value.push_back(static_cast<std::uint32_t>(
          std::lower_bound(out.values.begin(), out.values.end(), sorted[k]) - out.values.begin()));
      out.count.push_back(1);
    }
    out.offset.push_back(out.value.size());
    out.size.push_back(static_cast<double>(sorted.size()));
  }
  return out;
}

// The disagreement of units taken `times[u]` times each. `total` and `place` are scratch of values' length.
Disagreement disagreement(const Counts& counts, Scale scale, const std::vector<std::uint32_t>& times,
                          std::vector<double>* total, std::vector<double>* place) {
  total->assign(counts.values.size(), 0);
  double n = 0;
  for (std::size_t u = 0; u < counts.size.size(); ++u) {
    if (times[u] == 0) continue;
    n += times[u] * counts.size[u];
    for (std::uint64_t k = counts.offset[u]; k < counts.offset[u + 1]; ++k)
      (*total)[counts.value[k]] += times[u] * counts.count[k];
  }
  if (n < 2) return {};

  // Where each value stands: itself about the mean, or its mid-rank about the middle.
  if (scale != Scale::kNominal) {
    place->resize(counts.values.size());
    double before = 0, mean = 0;
    for (std::size_t c = 0; c < counts.values.size(); ++c) {
      (*place)[c] = scale == Scale::kOrdinal ? before + (*total)[c] / 2 : counts.values[c];
      before += (*total)[c];
      mean += (*total)[c] * (*place)[c] / n;
    }
    for (double& p : *place) p -= mean;
  }
  // Sum over ordered pairs of values of their distance, for counts of values: (index of value, count) by entry.
  const auto pairs = [&](std::size_t entries, const auto& index, const auto& count, double size) {
    double sum = 0, squares = 0;
    for (std::size_t k = 0; k < entries; ++k) {
      const double c = count(k);
      if (scale == Scale::kNominal) {
        squares += c * c;
      } else {
        const double p = (*place)[index(k)];
        sum += c * p;
        squares += c * p * p;
      }
    }
    return scale == Scale::kNominal ? size * size - squares : 2 * (size * squares - sum * sum);
  };
  double observed = 0;
  for (std::size_t u = 0; u < counts.size.size(); ++u) {
    const std::uint64_t from = counts.offset[u], entries = counts.offset[u + 1] - from;
    if (times[u] == 0 || entries < 2) continue;  // all values of the unit are the same
    observed += times[u] / (counts.size[u] - 1) *
                pairs(
                    entries, [&](std::size_t k) { return counts.value[from + k]; },
                    [&](std::size_t k) { return counts.count[from + k]; }, counts.size[u]);
  }
  Disagreement out;
  out.observed = observed / n;
  const auto distinct =
      static_cast<std::size_t>(std::count_if(total->begin(), total->end(), [](double c) { return c > 0; }));
  if (distinct >= 2)
    out.expected =
        pairs(
            total->size(), [](std::size_t k) { return k; }, [&](std::size_t k) { return (*total)[k]; }, n) /
        (n * (n - 1));
  return out;
}

}  // namespace

void RatedUnits::add(std::span<const double> values) {
  value.insert(value.end(), values.begin(), values.end());
  offset.push_back(value.size());
}

RatedUnits rated_units(MatrixView table) {
  RatedUnits out;
  std::vector<double> present;
  for (std::size_t u = 0; u < table.rows; ++u) {
    present.clear();
    for (const double x : table.row(u))
      if (!std::isnan(x)) present.push_back(x);
    out.add(present);
  }
  return out;
}

Agreement krippendorff_alpha(const RatedUnits& units, Scale scale, const AgreementOptions& options,
                             const Rng& rng) {
  const char* const where = "krippendorff_alpha";
  if (!(options.level > 0 && options.level < 1))
    refuse(where, "level", std::to_string(options.level), "between 0 and 1");
  if (options.replicates < 0) refuse(where, "replicates", std::to_string(options.replicates), "0 or more");
  PLUMB_ASSERT(!units.offset.empty() && units.offset.front() == 0 &&
               units.offset.back() == units.value.size() &&
               std::is_sorted(units.offset.begin(), units.offset.end()));
  for (std::size_t k = 0; k < units.value.size(); ++k)
    if (!std::isfinite(units.value[k]))
      refuse(where, "value " + std::to_string(k), std::to_string(units.value[k]), "a finite number");

  const Counts counts = count_values(units);
  Agreement out;
  out.units = counts.size.size();
  for (const double m : counts.size) out.values += static_cast<std::uint64_t>(m);
  if (out.units == 0) {
    out.why = "no unit was judged twice";
    return out;
  }
  std::vector<double> total, place;
  const Disagreement whole =
      disagreement(counts, scale, std::vector<std::uint32_t>(counts.size.size(), 1), &total, &place);
  if (!whole.defined()) {
    out.why = "all values are the same, so agreement by chance is perfect too";
    return out;
  }
  out.known = true;
  out.alpha = whole.alpha();
  out.observed = whole.observed;
  out.expected = whole.expected;

  const auto replicates = static_cast<std::size_t>(options.replicates);
  std::vector<double> alpha(replicates, std::nan(""));
  parallel_blocks((replicates + kBlock - 1) / kBlock, options.threads, [&](std::size_t block) {
    std::vector<std::uint32_t> times;
    std::vector<double> block_total, block_place;
    for (std::size_t k = block * kBlock; k < std::min(replicates, (block + 1) * kBlock); ++k) {
      Rng draw = rng.stream("unit", k);
      times.assign(counts.size.size(), 0);
      for (std::size_t u = 0; u < times.size(); ++u) ++times[draw.below(times.size())];
      const Disagreement d = disagreement(counts, scale, times, &block_total, &block_place);
      if (d.defined()) alpha[k] = d.alpha();
    }
  });
  std::erase_if(alpha, [](double a) { return std::isnan(a); });
  if (replicates == 0 ||
      static_cast<double>(alpha.size()) < (1 - kMostUndefined) * static_cast<double>(replicates))
    return out;
  out.interval_known = true;
  out.interval = percentile_interval(alpha, options.level);
  return out;
}

}  // namespace plumb
