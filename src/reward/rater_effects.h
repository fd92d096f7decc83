// One rater's three parameters, and the penalized fit of them where utilities are known.
#pragma once

#include <Eigen/Dense>
#include <cstdint>
#include <span>
#include <vector>

#include "plumb/raters.h"

namespace plumb {

// One rater's votes, as columns.
struct OwnVotes {
  std::span<const std::uint32_t> first, second;
  std::span<const Answer> answer;
  std::span<const float> weight;  // empty: all 1
};

// Votes sorted by rater: those of rater r are vote[offset[r]] .. vote[offset[r + 1] - 1], and their columns in
// that order. Votes of nobody are left out.
struct VotesByRater {
  std::vector<std::uint64_t> offset;
  std::vector<std::uint32_t> vote, first, second;
  std::vector<Answer> answer;
  std::vector<float> weight;
  OwnVotes of(std::size_t rater) const;
};
VotesByRater votes_by_rater(const RaterVotes& votes);

// What a rater's votes are seen through: the rest of the model, held fixed.
struct RaterSetting {
  std::span<const double> utility;
  double position = 0, tie = 0;
  Ties ties = Ties::kRefuse;
  // reliability, lean, tie: 1 / sd^2; a parameter that is switched off has on = false and stays at its mean.
  std::array<double, 3> penalty{};
  std::array<bool, 3> on{};
};
inline constexpr std::array<double, 3> kRaterMean = {1, 0, 0};

// Newton's method from `*effects`, which becomes the maximum; returns the inverse curvature there (0 for what
// is off).
Eigen::Matrix3d fit_rater(const OwnVotes& own, const RaterSetting& setting, std::array<double, 3>* effects);

}  // namespace plumb
