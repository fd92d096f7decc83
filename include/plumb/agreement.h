// plumb/agreement.h: how far raters agree beyond chance, as Krippendorff's alpha.
//
// Units (items, pairs, ...) have values from any number of raters; who gave which does not matter, and missing
// entries are simply not there. alpha = 1 - D_o / D_e: the mean disagreement of two values of one unit over
// that of any two values (Krippendorff 2004, chapter 11). 1 is perfect agreement, 0 chance, below 0 systematic
// disagreement. A low alpha does not say who is wrong; see plumb/raters.h for that.
//
//   RatedUnits units;
//   units.add(std::vector<double>{1, 1, 2});
//   Agreement a = krippendorff_alpha(units, Scale::kOrdinal, {}, Rng(1).stream("alpha"));
//   if (a.known) ... a.alpha, a.interval.lower
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "plumb/base.h"
#include "plumb/stats.h"

namespace plumb {

// What a difference of two values means. kNominal: equal or not; kOrdinal: how many values lie between them;
// kInterval: the squared difference.
enum class Scale { kNominal, kOrdinal, kInterval };

// Values by unit, ragged: those of unit u are value[offset[u]] .. value[offset[u + 1] - 1].
struct RatedUnits {
  std::vector<std::uint64_t> offset = {0};
  std::vector<double> value;
  void add(std::span<const double> values);  // one more unit
  std::size_t size() const { return offset.size() - 1; }
};
// From a table with a row a unit and a column a rater; NaN is a missing entry.
RatedUnits rated_units(MatrixView table);

struct AgreementOptions {
  double level = 0.95;    // of the interval, in (0, 1)
  int replicates = 2000;  // 0: no interval
  int threads = 1;
};

struct Agreement {
  // False: alpha is not defined, `why` says it (nothing is judged twice, or all values are the same).
  bool known = false;
  std::string why;
  double alpha = 0;
  double observed = 0, expected = 0;    // D_o, D_e; for kOrdinal in squared ranks
  std::uint64_t units = 0, values = 0;  // units with two values or more, and their values: all that counts
  // Percentile interval of the bootstrap over units (all of a unit's values stay together). Not known where
  // alpha is undefined in more than 5 % of the replicates; those that are undefined are left out otherwise.
  bool interval_known = false;
  Interval interval;
};

// Throws Error{kInput} for values that are not finite, a level outside (0, 1), replicates < 0. Deterministic:
// replicate k draws from rng.stream("unit", k); the same bytes for any number of threads. One replicate is one
// pass over the values. Coverage of the 95 % interval with 200 units is measured in
// tests/stats/agreement_test.cc; with few units (say 20) it is too short, as percentile intervals are.
Agreement krippendorff_alpha(const RatedUnits& units, Scale scale, const AgreementOptions& options,
                             const Rng& rng);

// Alpha with an interval over new people and new units (or new units alone, where `person` is empty),
// linearized: the influence of each value on log(1 - alpha) with the places of an ordinal scale held, clustered
// by person and by unit (stats/two_way.h), t with the smaller effective number less 1. person[k] gave
// units.value[k]; values of units that were judged once do not count. No interval where alpha is 1, or with
// fewer than 10 clusters of either. O(n log n). Throws as krippendorff_alpha.
Agreement crossed_alpha(const RatedUnits& units, std::span<const std::uint64_t> person, Scale scale,
                        double level);

// How two numbers of each unit go together: Pearson's r and Spearman's rho (Pearson's of mid-ranks), with
// percentile intervals of the bootstrap over units. For reliabilities against what is known of raters from
// elsewhere.
struct Correlation {
  bool known = false;  // false: fewer than 3 units, or one of the columns is constant
  std::uint64_t units = 0;
  double pearson = 0, spearman = 0;
  Interval pearson_interval, spearman_interval;
};
// REQUIRES: x and y of one length. Throws Error{kInput} as krippendorff_alpha, and where replicates is 0.
// Replicate k draws from rng.stream("unit", k), and ranks anew; replicates in which a column is constant are
// left out.
Correlation correlate(std::span<const double> x, std::span<const double> y, const AgreementOptions& options,
                      const Rng& rng);

}  // namespace plumb
