// Private to reward: from parameters of a fit to a reward model.
#pragma once

#include <span>
#include <vector>

#include "reward/text_problem.h"

namespace plumb::text {

inline constexpr std::size_t kMostMembers = 256;
// Throws Error{kInput} where an ensemble of so many members would be too small or too large.
void check_members(const ItemRows& rows, std::size_t members);

inline constexpr double kGap = 1e-8;  // how near the minimum a fit ends, a unit of weight

// One member: raw weights with length treated as options.length says, and the centre. `rows` are those that the
// length's share is taken out of and that scores are centred on.
struct Member {
  std::vector<double> weight;
  double center = 0;
};
Member make_member(const ItemRows& design, std::span<const std::uint32_t> rows, std::vector<double> raw,
                   LengthUse length);

// An empty model of the design's schema.
TextReward schema_of(const ItemRows& design, const TextRewardOptions& options);
void set_members(TextReward& model, const std::vector<Member>& members);
// Mean of the fitted rewards over the active rows.
double mean_reward(const Problem& problem, std::span<const double> x);
// Tie parameter, and thresholds and the thumbs' intercept for centred scores.
void set_nuisance(TextReward& model, const Problem& problem, std::span<const double> x);
// Diagonal Laplace posterior around x.
void set_laplace(TextReward& model, const Problem& problem, const ItemRows& design, std::span<const double> x,
                 double penalty);
// Second derivatives of the summed loss in d of every comparison and in r of every rating and thumb, at x.
struct Curvatures {
  std::vector<double> pair, rating, thumb;
};
Curvatures curvatures_at(const Problem& problem, std::span<const double> x);

// The penalty (absolute a unit of weight) that options choose, and its held-out loss.
struct Choice {
  double penalty = 0, loss = 0;
};
Choice choose_penalty(const ItemRows& rows, const Judged& judged, const TextRewardOptions& options,
                      int threads);

}  // namespace plumb::text
