// The rows of two logs, held against each other by any of their columns.
#pragma once

#include <string>
#include <vector>

#include "monitor/same_decisions.h"
#include "plumb/origin.h"
#include "policy/origin_cells.h"

namespace plumb {

inline constexpr std::size_t kManyValues = 64;          // a column that may tell rows apart alone
inline constexpr std::uint64_t kSameSalt = 0x73616d65;  // digests are not kept: any number will do
inline constexpr double kLeastPairs = 50;
inline constexpr std::size_t kMostCopies = 2;  // a log may have been written twice
inline constexpr double kTooAlike = 1e-8;      // beyond, two logs agree too closely

// What is compared in one way.
struct Way {
  std::vector<std::size_t> columns;
  bool coarse = false, digits = true, with_action = true;
  std::string by;
};

// A column that both logs have, cell by cell as policy/origin_cells.h has them.
struct ComparedColumn {
  std::string name;
  TraceRole role = TraceRole::kContext;
  std::uint64_t part = kDigits;        // that both logs have alike
  std::vector<std::uint64_t> cell[2];  // by row of the first, of the later log
  std::vector<double> value[2];        // of an outcome; NaN where it holds no number
  double log_values = 0;               // entropy of its cells in the first log, nats
  std::size_t values = 0;
};

// Columns are paired by name, else by what they hold (plumb/origin.h), after both logs were rounded alike.
class Comparison {
 public:
  Comparison(const DecisionLog& first, const std::vector<std::size_t>& first_rows, const DecisionLog& later,
             const std::vector<std::size_t>& later_rows, int threads);
  std::vector<std::uint64_t> keys(const Way& way, int log) const;
  std::vector<Way> ways() const;
  // By rows of the same key.
  Again same(const std::vector<std::uint64_t>& first, const std::vector<std::uint64_t>& later) const;
  bool has_outcome(const Way& way) const;
  bool has_context(const Way& way) const;
  const std::vector<std::uint64_t>& units(int log) const { return log == 0 ? first_.unit : later_.unit; }
  const std::vector<ComparedColumn>& columns() const { return columns_; }
  // Everything there is, by digits.
  Way everything() const;
  // What agrees too closely for two draws; empty where nothing does.
  std::string too_alike(int threads) const;

 private:
  struct Pairs {
    FieldPairs action;
    std::vector<OutcomePairs> outcomes;
  };
  // Of keys that stand at most `most` times in either log, one row each.
  Pairs pairs_of(const std::vector<std::uint64_t>& first, const std::vector<std::uint64_t>& later,
                 std::size_t most) const;

  DecisionLog first_, later_;
  std::vector<ComparedColumn> columns_;
  std::vector<std::uint64_t> action_[2];
};

}  // namespace plumb
