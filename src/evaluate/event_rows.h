// Outcomes that are mostly one value, the rows on which they are not, and the rows on which policies' weights
// are kept so that any two of them can be compared there.
#pragma once

#include <limits>
#include <span>
#include <vector>

#include "plumb/data.h"

namespace plumb {

struct EventRows {
  struct Outcome {
    // More than half of the observed values are `origin`, and none lies on its other side: y' = sign (y -
    // origin)
    // >= 0 is an event where it is not 0.
    bool countable = false;
    bool amounts = false;  // events differ so much in size that a count of them says little
    double origin = 0, sign = 1;
    double large = 1;  // of y', what one more is taken to be: sum y'^2 / sum y', their mean by share of the sum
    double share = 0;  // of the observed rows that are events
    double tail_sigma =
        0;  // of a lognormal as heavy as the events, or as distances from the median where it is not countable
    // An outcome farther than `outlying` from `middle` (the origin, or the median) is no part of the tail of
    // the others; infinite where they are too few to tell.
    double middle = 0, outlying = std::numeric_limits<double>::infinity();
    std::vector<std::uint32_t> event;  // positions in `row`, units together
  };
  std::vector<Outcome> outcomes;
  std::vector<std::uint32_t>
      row;  // ascending: events of countable outcomes, outlying ones, and a sample of units
  std::vector<std::uint32_t> sample;  // positions in `row`, units together
};

// All rows are the sample where there are at most this many.
inline constexpr std::size_t kWholeSample = std::size_t{1} << 17;

// What a column's observed values are like; `event` stays empty.
EventRows::Outcome describe_outcome(const OutcomeColumn& column);

EventRows event_rows(const DecisionLog& log, const std::vector<std::string>& outcomes);

// The value above which a share `above` of the sum of non-negative numbers lies, rounded up by at most 1/16 and
// never beyond the largest: a histogram over the numbers' own binary digits, so that many of them cost one
// visit each.
class WeightedQuantile {
 public:
  void add(double value);
  double above(double share) const;  // 0 where nothing was added
  double total() const { return total_; }

 private:
  std::vector<double> bin_ = std::vector<double>(std::size_t{1} << 12, 0.0);
  double total_ = 0, largest_ = 0;
};

}  // namespace plumb
