// What people compared, as pairs of options and as rows of differences between their designs.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "plumb/features.h"
#include "plumb/feedback.h"
#include "reward/pairwise.h"

namespace plumb {

// One comparison, or one pair of a ranking.
struct Judged {
  std::uint32_t first, second;
  double answer, weight;  // 1: the first, .5: a tie
  std::uint64_t unit;
  std::uint32_t rater;
};
std::vector<Judged> all_pairs(const Feedback& feedback);
// Why copies of votes cannot be told from votes of other people: judgements of nobody named on few questions.
// Then every one of them counts as another person's. Empty where there is no such reason.
std::string unnamed_cap(const Feedback& feedback);
// Those that were decided. Under Davidson's ties (1970) a decided answer has the odds of Bradley-Terry whatever
// the share of ties is, and ties alone say nothing of who is liked more: the likelihood given that an answer
// was decided.
std::vector<Judged> decided_pairs(const Feedback& feedback);

// Differences of designs without columns that are zero throughout; `column` says which are left.
struct ComparedPairs {
  Pairs pairs;
  std::vector<std::size_t> column;
  std::vector<std::uint32_t> first, second;  // items, by row
};
ComparedPairs compare(const Feedback& feedback, const std::vector<Judged>& judged, const FeatureMap& map,
                      std::uint64_t split_seed);
inline ComparedPairs compared_pairs(const Feedback& feedback, const FeatureMap& map, std::uint64_t split_seed) {
  return compare(feedback, decided_pairs(feedback), map, split_seed);
}

}  // namespace plumb
