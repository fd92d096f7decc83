#include "reward/preferred_values.h"

#include <fmt/format.h>

#include <cmath>

#include "plumb/regression.h"
#include "reward/preference_support.h"

namespace plumb {
std::vector<double> spread(const Eigen::VectorXd& coef, const ComparedPairs& comparisons, std::size_t width) {
  std::vector<double> out(width, 0.0);
  for (std::size_t k = 0; k < comparisons.column.size(); ++k) {
    out[comparisons.column[k]] = coef[static_cast<Eigen::Index>(k + 1)];
  }
  return out;
}

double mean_doubt(const Pairs& pairs, const Eigen::VectorXd& coef) {
  const Eigen::VectorXd log_odds = pairs.design * coef;
  double sum = 0;
  for (Eigen::Index r = 0; r < log_odds.size(); ++r)
    sum += pairs.weight[r] * sigmoid(log_odds[r]) * sigmoid(-log_odds[r]);
  return sum / pairs.weight.sum();
}

PairFit estimate_values(PreferenceModel& model, const ComparedPairs& comparisons, const Feedback& feedback,
                        std::size_t width, int threads) {
  PairFit estimate;
  for (std::size_t v = 0; v < kVariants; ++v) {
    // What judges rows of a training fold was not learnt with: the comparisons of that fold alone.
    const Pairs judge = pairs_in(comparisons.pairs, v < kTrainingFolds ? 1u << v : kEveryFold & ~kTraining);
    if (judge.size() == 0) {
      refuse(feedback.source, "feedback",
             fmt::format("{} comparisons, none in one of {} folds", comparisons.pairs.size(), kFolds),
             "comparisons of enough people for every fold to hold some");
    }
    const double weak = kWeakPenalty * curvature_scale(judge);
    estimate = fit_pairs_unbiased(judge, weak, threads, {model.lapse});
    model.support.push_back(comparison_support(judge, estimate, weak, comparisons.column, width));
    const PairMatrix influence = pair_influence(judge, estimate);
    model.estimate.push_back(spread(estimate.coef, comparisons, width));
    Matrix by_bucket(kBuckets, width);
    for (std::size_t b = 0; b < kBuckets; ++b) {
      for (std::size_t k = 0; k < comparisons.column.size(); ++k) {
        by_bucket(b, comparisons.column[k]) =
            influence(static_cast<Eigen::Index>(b), static_cast<Eigen::Index>(k + 1));
      }
    }
    model.influence.push_back(std::move(by_bucket));
  }
  return estimate;
}

PreferenceModel at_lapse(const PreferenceModel& model, const Feedback& feedback, const FeatureMap& map,
                         std::uint64_t split_seed, double lapse, int threads) {
  PLUMB_ASSERT(lapse >= 0 && lapse < 1);
  PreferenceModel out = model;
  out.lapse = lapse;
  out.estimate.clear();
  out.influence.clear();
  out.support.clear();
  estimate_values(out, compared_pairs(feedback, map, split_seed), feedback, map.width(), threads);
  return out;
}

double most_lapse(const Feedback& feedback, const FeatureMap& map, std::uint64_t split_seed, double wanted,
                  int threads) {
  constexpr double kStep = 0.02, kRefuted = 10.83;  // chi-squared of one degree at .001
  const Pairs judge = pairs_in(compared_pairs(feedback, map, split_seed).pairs, kEveryFold & ~kTraining);
  if (judge.size() == 0) return 0;
  const double weak = kWeakPenalty * curvature_scale(judge);
  const auto fitted = [&](double lapse) {
    const PairFit fit = fit_pairs_unbiased(judge, weak, threads, {lapse});
    const Eigen::VectorXd log_odds = judge.design * fit.coef;
    double likelihood = 0;
    for (Eigen::Index r = 0; r < log_odds.size(); ++r) {
      const double p = fit.link.chance(log_odds[r]);
      likelihood += judge.weight[r] * std::log(judge.answer[r] > 0.5 ? p : 1 - p);
    }
    return std::pair(likelihood, mean_doubt(judge, fit.coef));
  };
  const double plain = fitted(0).first;
  for (double lapse = wanted; lapse > 0; lapse -= kStep) {
    const auto [likelihood, doubt] = fitted(lapse);
    if (2 * (plain - likelihood) <= kRefuted && doubt >= kLeastDoubt / 2) return lapse;
  }
  return 0;
}

}  // namespace plumb
