// Balance by drawing the actions anew. What is expected of every cell (a level of a column, an arm) and its
// variance are sums over decisions; counts of a drawn log are held against them as those of the log itself are,
// so the comparison is exact whatever the approximations in the scale of z.
#include <algorithm>
#include <array>
#include <cmath>

#include "data/balance.h"
#include "plumb/stats.h"

namespace plumb {

namespace {

constexpr std::size_t kMostDraws = 599, kExceeding = 3;  // (2 + 1) / (599 + 1) = kBalanceError
constexpr std::size_t kBatch = 8, kFewDraws = 16;
constexpr double kLeastVariance = 10;  // of a level that is looked at by itself
constexpr double kNoDoubt = 1e-7, kFarther = 1.5;
constexpr std::uint64_t kSeed = 0x62616c616e6365;  // the test is the same whatever the run's seed

// What a column's cells hold under the stated probabilities; cell (level, arm) at level * arms + arm.
struct Expected {
  std::size_t levels = 0;
  std::vector<double> rows;             // by level
  std::vector<double> value, variance;  // by cell
  std::vector<double> total;            // by arm: sum of variance
  std::vector<double> trend_variance;   // by arm: of the sum by centered rank; empty for categories
  std::vector<double> center;           // by arm: the mean rank, weighed by variance
};

struct Farthest {
  double z = 0;
  std::size_t arm = 0, level = 0;
};

// Draws of one row each: every row adds its own mean and variance to its cells.
void add_rows(const Draws& draws, const CodedColumn& column, Expected& out) {
  const std::size_t arms = draws.arms.size();
  for (std::size_t i = 0; i < draws.size(); ++i) {
    const float* const mass = draws.mass.data() + i * arms;
    double* const value = out.value.data() + column.code[i] * arms;
    double* const variance = out.variance.data() + column.code[i] * arms;
    for (std::size_t a = 0; a < arms; ++a) {
      const double m = static_cast<double>(mass[a]);
      value[a] += m;
      variance[a] += m * (1 - m);
    }
  }
}

// Draws of a unit: its rows in a level are chosen together or not at all.
void add_units(const Draws& draws, const CodedColumn& column, Expected& out) {
  const std::size_t arms = draws.arms.size();
  std::vector<double> sum(out.levels * arms, 0), by_rank(arms);
  // The root of m (1 - m) a row: their sum squared is the variance where all have one mass.
  const auto row = [&](std::size_t i, std::uint16_t level) {
    for (std::size_t a = 0; a < arms; ++a) {
      const double m = static_cast<double>(draws.mass[i * arms + a]);
      out.value[level * arms + a] += m;
      sum[level * arms + a] += std::sqrt(std::max(0.0, m * (1 - m)));
    }
  };
  for_each_unit(draws, column, row, [&](const std::vector<std::uint16_t>& met) {
    std::fill(by_rank.begin(), by_rank.end(), 0.0);
    for (const std::uint16_t level : met) {
      for (std::size_t a = 0; a < arms; ++a) {
        double& s = sum[level * arms + a];
        out.variance[level * arms + a] += s * s;
        if (!column.rank.empty()) by_rank[a] += s * column.rank[level];
        s = 0;
      }
    }
    if (column.rank.empty()) return;
    for (std::size_t a = 0; a < arms; ++a) out.trend_variance[a] += by_rank[a] * by_rank[a];
  });
}

Expected expected_of(const Draws& draws, const CodedColumn& column) {
  const std::size_t arms = draws.arms.size();
  Expected out;
  out.levels = column.levels.size();
  out.rows.assign(out.levels, 0);
  out.value.assign(out.levels * arms, 0);
  out.variance = out.value;
  for (const std::uint16_t code : column.code) ++out.rows[code];
  if (!column.rank.empty()) out.trend_variance.assign(arms, 0);
  if (draws.by_unit) {
    add_units(draws, column, out);
  } else {
    add_rows(draws, column, out);
  }
  out.total.assign(arms, 0);
  out.center.assign(arms, 0);
  for (std::size_t a = 0; a < arms; ++a) {
    for (std::size_t l = 0; l < out.levels; ++l) out.total[a] += out.variance[l * arms + a];
    if (column.rank.empty() || out.total[a] <= 0) continue;
    for (std::size_t l = 0; l < out.levels; ++l)
      out.center[a] += column.rank[l] * out.variance[l * arms + a] / out.total[a];
    double own = 0;
    for (std::size_t l = 0; l < out.levels; ++l) {
      const double r = column.rank[l] - out.center[a];
      own += r * r * out.variance[l * arms + a];
    }
    // Units whose rows lie in several levels: at least what their sums by rank have, less the mean's part.
    if (draws.by_unit)
      own = std::max(own, out.trend_variance[a] - out.center[a] * out.center[a] * out.total[a]);
    out.trend_variance[a] = own;
  }
  return out;
}

// Cornish and Fisher's first correction, continued as a line where it would turn back.
double less_skewed(double z, double skewness) {
  const double turn = 1.5;
  const double bent = std::abs(skewness) < 1e-9 ? z : std::min(skewness * z, turn) / skewness;
  return bent - skewness * (bent * bent - 1) / 6 + (z - bent) * (1 - turn / 3);
}

// How far off a column's counts are: |z| of its worst level, trend or all levels together. `count`: of a cell.
template <class Count>
Farthest farthest(const Expected& e, const CodedColumn& column, std::size_t arms, const Count& count) {
  Farthest out;
  const bool whole = e.levels == 1;  // the choices as a whole have no total to be compared with
  for (std::size_t a = arms == 2 ? 1 : 0; a < arms; ++a) {
    if (e.total[a] < kLeastVariance) continue;
    double total = 0;
    for (std::size_t l = 0; l < e.levels; ++l) total += count(l * arms + a) - e.value[l * arms + a];
    double squares = 0, mean = 0, spread = 0, trend = 0, worst = 0;
    std::size_t used = 0, worst_level = 0;
    for (std::size_t l = 0; l < e.levels; ++l) {
      const double variance = e.variance[l * arms + a];
      if (variance <= 1e-9) continue;
      const double part = whole ? 0 : variance / e.total[a];
      const double off = count(l * arms + a) - e.value[l * arms + a] - part * total;
      const double left = variance * (1 - part);
      if (left <= 1e-9) continue;
      ++used;
      squares += off * off / (left + 1);
      mean += left / (left + 1);
      spread += (2 * left * left + left) / ((left + 1) * (left + 1));
      if (!column.rank.empty()) trend += off * (column.rank[l] - e.center[a]);
      const double raw = off / std::sqrt(left);
      if (std::abs(raw) > worst) worst = std::abs(raw), worst_level = l;
      if (left < kLeastVariance) continue;
      const double skewness = (1 - 2 * e.value[l * arms + a] / e.rows[l]) / std::sqrt(left);
      const double z = std::abs(less_skewed(raw, skewness));
      if (z > out.z) out = {z, a, l};
    }
    if (used < 2) continue;
    const double freedom = 2 * mean * mean / spread;
    const double together =
        (std::cbrt(squares / mean) - (1 - 2 / (9 * freedom))) / std::sqrt(2 / (9 * freedom));
    const double by_rank =
        column.rank.empty() || e.trend_variance[a] <= 0 ? 0 : std::abs(trend) / std::sqrt(e.trend_variance[a]);
    if (std::max(together, by_rank) > out.z) out = {std::max(together, by_rank), a, worst_level};
  }
  return out;
}

// The arm of every row in redraw r.
std::vector<std::uint8_t> draw_again(const Draws& draws, std::size_t r) {
  const std::size_t arms = draws.arms.size();
  Rng rng = Rng(kSeed).stream("redraw", r);
  std::vector<std::uint8_t> out(draws.size());
  const auto arm_at = [&](std::size_t i, double u) {
    const float* const mass = draws.mass.data() + i * arms;
    std::size_t a = 0;
    for (double below = static_cast<double>(mass[0]); a + 1 < arms && u >= below;)
      below += static_cast<double>(mass[++a]);
    while (a > 0 && mass[a] <= 0) --a;  // rounding in the sum of the masses
    return static_cast<std::uint8_t>(a);
  };
  if (!draws.by_unit) {
    for (std::size_t i = 0; i < draws.size(); ++i) out[i] = arm_at(i, rng.uniform());
    return out;
  }
  for (std::size_t g = 0; g + 1 < draws.begin.size(); ++g) {
    const double u = rng.uniform();
    for (std::uint32_t at = draws.begin[g]; at < draws.begin[g + 1]; ++at)
      out[draws.order[at]] = arm_at(draws.order[at], u);
  }
  return out;
}

// How far off every column is in logs that were drawn anew, as many as were asked for so far.
class Redrawn {
 public:
  Redrawn(const Draws& draws, const std::vector<CodedColumn>& columns, const std::vector<Expected>& expected,
          int threads)
      : draws_(draws), columns_(columns), expected_(expected), threads_(threads) {}

  // REQUIRES: r < kMostDraws.
  const std::vector<double>& operator[](std::size_t r) {
    while (r >= z_.size()) draw_batch();
    return z_[r];
  }

 private:
  void draw_batch() {
    const std::size_t first = z_.size(), arms = draws_.arms.size();
    std::array<std::vector<std::uint8_t>, kBatch> drawn;
    parallel_blocks(kBatch, threads_, [&](std::size_t b) { drawn[b] = draw_again(draws_, first + b); });
    z_.resize(first + kBatch, std::vector<double>(columns_.size()));
    parallel_blocks(columns_.size(), threads_, [&](std::size_t c) {
      const CodedColumn& column = columns_[c];
      std::vector<std::uint32_t> count(expected_[c].levels * arms * kBatch, 0);
      for (std::size_t i = 0; i < draws_.size(); ++i) {
        const std::size_t cell = column.code[i] * arms;
        for (std::size_t b = 0; b < kBatch; ++b) ++count[(cell + drawn[b][i]) * kBatch + b];
      }
      for (std::size_t b = 0; b < kBatch; ++b)
        z_[first + b][c] = farthest(expected_[c], column, arms, [&](std::size_t cell) {
                             return static_cast<double>(count[cell * kBatch + b]);
                           }).z;
    });
  }
  const Draws& draws_;
  const std::vector<CodedColumn>& columns_;
  const std::vector<Expected>& expected_;
  int threads_;
  std::vector<std::vector<double>> z_;  // by redraw and column
};

double largest_of(const std::vector<double>& z, const std::vector<std::uint8_t>& in) {
  double out = 0;
  for (std::size_t c = 0; c < z.size(); ++c)
    if (in[c]) out = std::max(out, z[c]);
  return out;
}

// What the columns that are still in are compared with: as far off as that is a failure. None fails where
// nothing does.
struct Limit {
  bool failed = false;
  double z = 0, p = 1;
};
Limit limit_of(Redrawn& redrawn, double largest, const std::vector<std::uint8_t>& in, std::size_t comparisons) {
  const double tests = 2 * static_cast<double>(std::max<std::size_t>(comparisons, 1));
  std::vector<double> drawn;
  std::size_t exceeding = 0;
  while (drawn.size() < kMostDraws) {
    if (drawn.size() == kFewDraws && exceeding == 0 && largest > -normal_quantile(kNoDoubt / tests) &&
        largest > kFarther * *std::max_element(drawn.begin(), drawn.end()))
      return {true,
              std::max(-normal_quantile(kBalanceError / tests), *std::max_element(drawn.begin(), drawn.end())),
              kNoDoubt};
    drawn.push_back(largest_of(redrawn[drawn.size()], in));
    exceeding += drawn.back() >= largest;
    const double p = static_cast<double>(exceeding + 1) / static_cast<double>(drawn.size() + 1);
    if (exceeding == kExceeding) return {false, 0, p};
  }
  std::nth_element(drawn.begin(), drawn.begin() + kExceeding - 1, drawn.end(), std::greater<>());
  return {true, drawn[kExceeding - 1],
          static_cast<double>(exceeding + 1) / static_cast<double>(kMostDraws + 1)};
}

}  // namespace

void test_by_redrawing(const Draws& draws, const std::vector<CodedColumn>& columns, int threads,
                       BalanceTest* test) {
  const std::size_t arms = draws.arms.size();
  std::vector<Expected> expected(columns.size());
  std::vector<Farthest> seen(columns.size());
  std::vector<std::vector<double>> count(columns.size());
  parallel_blocks(columns.size(), threads, [&](std::size_t c) {
    expected[c] = expected_of(draws, columns[c]);
    count[c].assign(expected[c].levels * arms, 0);
    for (std::size_t i = 0; i < draws.size(); ++i) ++count[c][columns[c].code[i] * arms + draws.chosen[i]];
    seen[c] = farthest(expected[c], columns[c], arms, [&](std::size_t cell) { return count[c][cell]; });
  });
  for (std::size_t a = 0; a < arms; ++a) test->arms += expected[0].total[a] >= kLeastVariance;
  if (test->arms == 0) {
    test->why_not = "hardly anything was left to chance";
    return;
  }
  std::vector<double> z;
  std::size_t comparisons = 0;
  for (std::size_t c = 0; c < columns.size(); ++c) {
    z.push_back(seen[c].z);
    for (const double variance : expected[c].variance) comparisons += variance >= kLeastVariance;
    comparisons += 2 * arms;
  }
  test->redrawn = true;
  std::vector<std::uint8_t> in(columns.size(), 1);
  Redrawn redrawn(draws, columns, expected, threads);
  for (bool first = true;; first = false) {
    const double largest = largest_of(z, in);
    const Limit limit = limit_of(redrawn, largest, in, comparisons);
    if (first) test->largest = largest, test->p = limit.p;
    if (!limit.failed) break;
    for (std::size_t c = 0; c < columns.size(); ++c) {
      if (!in[c] || z[c] < limit.z) continue;
      in[c] = 0;
      const std::size_t cell = seen[c].level * arms + seen[c].arm;
      BalanceFailure failure;
      failure.column = columns[c].name;
      failure.named = columns[c].named;
      failure.arm = draws.arms[seen[c].arm];
      failure.level = columns[c].levels[seen[c].level];
      failure.seen = count[c][cell];
      failure.expected = expected[c].value[cell];
      failure.z = z[c];
      test->failures.push_back(std::move(failure));
    }
  }
}

}  // namespace plumb
