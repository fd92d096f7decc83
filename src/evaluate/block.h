// What a block of decisions brings to every policy alike, laid out so that loops over decisions are loops over
// neighbours in memory.
#pragma once

#include <vector>

#include "evaluate/pass.h"

namespace plumb {

inline constexpr std::size_t kDecisionBlock = 8192;  // at most, asked of a policy at a time
inline constexpr std::size_t kMostRows = 32768;      // of a block that has more than a strip
inline constexpr std::size_t kStrip = 256;           // summed at a time: its terms stay in the first cache

// Stands for 1/0 and -log 0 of a base that never takes an action: the smallest positive float, or its square,
// times this is still beyond kBeyond, and no finite divergence is (1/float is below 1e46).
inline constexpr double kNever = 1e300, kBeyond = 1e200;

// Which of a strip's decisions are in a subset: all, or those listed (by position in the strip).
struct StripMembers {
  bool all = false;
  std::vector<std::uint16_t> some;
};

struct DecisionBlock {
  explicit DecisionBlock(const PassInput& input);
  void load(std::size_t begin, std::size_t end);

  // Offered actions of every decision where the block's all have as many, else 0. Then arrays over rows hold
  // action a of the block's decision i at a * (end - begin) + i; else row by row as the log has them.
  std::size_t offered = 0;
  std::size_t begin = 0, end = 0, first_row = 0;
  std::vector<double> log_base, inverse_base;  // -kNever and kNever where the base is 0
  std::vector<std::vector<float>> q;           // by outcome
  std::vector<std::uint32_t> chosen;           // row within the block
  std::vector<double> rows_weight;             // r
  std::vector<double> scale;                   // r / propensity
  struct Outcome {
    std::vector<double> live;         // r, 0 where immature
    std::vector<double> residual;     // o/s (y - q of the chosen action)
    std::vector<double> value, seen;  // o/s y and o/s
    std::vector<double> event;        // 1 where observed and not 0
    std::vector<double> direct;       // q of the chosen action
  };
  std::vector<Outcome> outcomes;
  std::vector<std::vector<StripMembers>> members;  // by strip and subset

 private:
  const PassInput& input_;
  std::vector<const OutcomeColumn*> columns_;
};

}  // namespace plumb
