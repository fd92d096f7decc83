// plumb/balance.h: whether the stated probabilities are those with which the log's actions were chosen, column
// by column.
//
// Where an action was drawn with the stated probabilities, nothing that was known before the draw can say more
// of it than they do: in every level of every column the arm must be chosen as often as the probabilities of
// the rows in that level add up to. A column that breaks this was made after the choice (the action moved it),
// or the probabilities are wrong (the column decided, too). No log can tell these apart, so nothing here tries.
//
// The test. Every column becomes levels: categories their 511 most frequent values and the rest as one; numbers
// 16 bands between quantiles, missing cells a level of their own. For an arm a and a level l, T_la is the
// number of decisions in l that chose a minus what the probabilities expect; T_la less its share of the arm's
// own total is divided by its standard deviation, corrected for skewness (Cornish, Fisher). A column is as far
// off as its worst level of at least variance 10, its trend (numbers: sum of T_la by rank) or all its levels
// together (sum of squares, by Wilson and Hilferty's cube root). The statistic is the largest over columns and
// arms. It is held against the same statistic of logs whose actions are drawn anew from the stated
// probabilities, 599 at most: the log fails where at most 2 of them are as far off, at an error rate of exactly
// 3 in 600 a log (Monte Carlo test; the third that is as far off ends the drawing, Besag and Clifford 1991).
// Columns that fail are left out and the others are tested again (step down, Westfall and Young 1993). Far
// beyond any doubt (Bonferroni at 1e-7 and twice as far as 16 drawn logs) nothing more is drawn.
//
// One draw is a decision; a unit, where units have several decisions and always the same arm. Where an action
// can not be drawn anew (probabilities of other actions unknown, rows that stand for several, units whose rows
// are alike but not the same) sums of weights 1/p - 1 by level, clustered by unit, are held against a normal
// distribution with Bonferroni's correction at the same level: rarely chosen levels (fewer than 100 effective
// choices) are pooled, and numbers enter by rank.
//
// What it refuses to do: to say which of the two it is, and to leave a failing column out silently.
//
// Deterministic, the same for any number of threads. Thread safe.
#pragma once

#include <string>
#include <vector>

#include "plumb/data.h"

namespace plumb {

inline constexpr double kBalanceError = .005;            // false alarms a log
inline constexpr std::size_t kMostUnnamedColumns = 64;   // of a file are kept for the test, the first ones
inline constexpr std::size_t kMostUnnamedLevels = 4096;  // a column of more texts is left out

// One column that fails, and where it is farthest off: `arm` was chosen in `seen` of the decisions whose column
// is `level`, where the stated probabilities expect `expected`. `by_weight`: the probabilities of other actions
// are unknown; `seen` is the sum of weights 1/p of these decisions, `expected` how many decisions have the
// level.
struct BalanceFailure {
  std::string column;  // empty: the choices as a whole
  bool named = true;   // by the goal: context or segment
  std::string arm, level;
  double seen = 0, expected = 0;
  bool by_weight = false;
  double z = 0;  // as far off as this, on the scale of a standard normal
};

struct BalanceTest {
  std::vector<std::string> tested;  // columns, the goal's first
  std::size_t unnamed = 0;          // how many of them the goal does not name
  std::vector<std::string>
      outcomes;          // columns that the goal does not name, left out since named like an outcome
  std::size_t arms = 0;  // that were compared; 0: nothing could be tested, see why_not
  bool by_unit = false;  // a unit was one draw
  bool redrawn = false;  // else by weights, with normal limits
  double p = 1;          // of the largest, simultaneous; an upper bound
  double largest = 0;
  std::string why_not;
  std::vector<BalanceFailure> failures;  // the farthest first
  bool fails(const std::string& column) const;
};

// Tests the log's context, segments and unnamed columns; `goal.data.after_action` and ids (a value for nearly
// every row) are left out. REQUIRES: the log is not empty.
BalanceTest test_balance(const DecisionLog& log, const Goal& goal, int threads = 1);

}  // namespace plumb
