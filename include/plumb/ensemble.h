// plumb/ensemble.h: how sure a reward model is, and objectives that take it into account.
//
// An ensemble is a TextReward with several members: fits to resampled judgements, or draws from the posterior.
// Members share features and length treatment, and each is centred on the fitted rows, so their scores compare.
// A single fit has a diagonal Laplace posterior instead. Either way a score has a standard error. It says how
// much the score would move with other judgements of the same kind; it says nothing of what people on the whole
// get wrong, and far from the fitted texts it is too small (ensembles mitigate over-optimization and do not end
// it: Eisenstein et al. 2023).
//
//   TextReward five = bootstrap_members(rows, judged, options, 5, Rng(1), threads);
//   RewardScores s = score(five, rows, threads);
//   std::vector<double> cautious = combine_members(s, MemberRule::kWorstCase);
#pragma once

#include <string_view>
#include <vector>

#include "plumb/base.h"
#include "plumb/text_reward.h"

namespace plumb {

// `members` fits, each to judgements resampled by whole groups, with replacement (as many draws as there are
// groups; Efron, Tibshirani 1993); the penalty is options.penalties' choice, made once on all judgements, and
// the same a unit of weight for all. Member m draws from rng.stream("bootstrap", m), so the first five of eight
// members are those of five. The spread shows what other groups would have said; not the penalty's bias.
// REQUIRES: 2 <= members <= 256, columns times members at most kMostWeights, at least two groups; else
// Error{kInput}.
TextReward bootstrap_members(const ItemRows& rows, const Judged& judged, const TextRewardOptions& options,
                             std::size_t members, const Rng& rng, int threads);

// `members` draws from the Laplace posterior N(w, H^-1), H the curvature of the penalized loss at the fit w:
// exact draws, without ever forming H (perturb and maximize: Papandreou, Yuille 2010), each by conjugate
// gradients to a relative residual of 1e-6. Judgements count as independent, as the likelihood has them. The
// tie parameter, thresholds and the standardization are held at the fit; the centering term has no part in H.
// Streams "laplace", m. REQUIRES: as above.
TextReward laplace_members(const ItemRows& rows, const Judged& judged, const TextRewardOptions& options,
                           std::size_t members, const Rng& rng, int threads);

// A model with one member, the average of the weights (WARM, Rame et al. 2024). Members are linear here, so its
// scores are the means of theirs. It carries no uncertainty.
TextReward average_weights(const TextReward& ensemble);
// The same for models fitted apart. REQUIRES: one member each, the same features, numbers and length use.
TextReward average_weights(std::span<const TextReward> models);

// n scores. With members, `mean` is their mean and `standard_error` their standard deviation (m - 1); with one
// member the standard error is that of the diagonal Laplace posterior, of the score against the fitted rows'
// mean; empty where the model has neither (an average).
struct RewardScores {
  std::vector<double> mean, standard_error;
  Matrix members;  // n x members
};
// REQUIRES: rows with the model's features and numbers, else Error{kInput}.
RewardScores score(const TextReward& model, const ItemRows& rows, int threads);
// The same of texts; the model must have no named numbers.
RewardScores score(const TextReward& model, std::span<const std::string> texts, int threads);
// Means alone, straight from the bytes: no rows are made. Equal to score().mean up to the rounding of sums.
std::vector<double> score_means(const TextReward& model, std::span<const std::string_view> texts, int threads);

// r_first - r_second of pairs of rows with its standard error; what both have in common cancels.
struct RewardDifferences {
  std::vector<double> mean, standard_error;
};
RewardDifferences score_differences(const TextReward& model, const ItemRows& rows,
                                    std::span<const std::uint32_t> first,
                                    std::span<const std::uint32_t> second);

// How members become one number (Coste et al. 2023): kMean; kWorstCase, min over members; kUncertaintyWeighted,
// enum class MemberRule
enum class MemberRule : std::uint8_t { kMean, kWorstCase, kUncertaintyWeighted };
std::string_view name_of(MemberRule rule);
std::vector<double> combine_members(const RewardScores& scores, MemberRule rule, double c = 1);

}  // namespace plumb
