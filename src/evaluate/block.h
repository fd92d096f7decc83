// What a block of decisions brings to every policy alike, laid out so that loops over decisions are loops over
// neighbours in memory.
#pragma once

#include <vector>

#include "evaluate/pass.h"

namespace plumb {

inline constexpr std::size_t kDecisionBlock = 8192;  // at most, asked of a policy at a time
inline constexpr std::size_t kMostRows = 32768;      // of a block that has more than a strip
inline constexpr std::size_t kStrip = 64;            // summed at a time: its terms stay in the first cache

// Which of a strip's decisions are in a subset: all, or those listed (by position in the strip).
struct StripMembers {
  bool all = false;
  std::vector<std::uint16_t> some;
};

struct DecisionBlock {
  explicit DecisionBlock(const PassInput& input);
  void load(std::size_t begin, std::size_t end);
  std::size_t size() const { return end - begin; }
  std::size_t rows() const { return row[size()]; }

  std::size_t begin = 0, end = 0, first_row = 0;
  std::size_t offered = 0;            // actions of every decision where the block's all have as many, else 0
  std::vector<std::uint32_t> row;     // of decision i: row[i] to row[i + 1], counted from the block's first
  std::vector<std::uint32_t> chosen;  // row within the block
  std::vector<double> rows_weight;    // r
  std::vector<double> scale;          // r / propensity
  struct Outcome {
    std::vector<double> part;         // by row: r q, 0 where immature
    std::vector<double> residual;     // o/s (y - q of the chosen action)
    std::vector<double> value, seen;  // o/s y and o/s
    std::vector<double> event;        // 1 where observed and not 0
    std::vector<std::uint8_t> plain;  // by strip: seen is 1 everywhere
  };
  std::vector<Outcome> outcomes;
  std::vector<std::vector<StripMembers>> members;  // by strip and subset
  struct Never {
    std::uint32_t decision, row;
  };
  std::vector<Never> never;  // rows that the base never takes; none where it is an estimate
  // By row, where divergences are asked: log and inverse of the base; of the smallest positive float where it
  // is 0, so that nothing is infinite where the policy's probability is 0 too.
  std::vector<double> log_base, inverse_base;

 private:
  void load_outcome(std::size_t j);
  void load_members();

  const PassInput& input_;
  std::vector<const OutcomeColumn*> columns_;
};

}  // namespace plumb
