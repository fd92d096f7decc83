// The preference model from feedback: one design of comparisons, six fits.
#include "plumb/preferred.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "plumb/regression.h"
#include "reward/compared_pairs.h"
#include "reward/copied_votes.h"
#include "reward/pairwise.h"
#include "reward/preferred_values.h"

namespace plumb {
namespace {

double mean_loss(const Pairs& pairs, const Eigen::VectorXd& coef) {
  return pairs.weight.dot(pair_losses(pairs, coef)) / pairs.weight.sum();
}

// The penalty, relative to the mean curvature, that does best on the last training fold after learning on the
// others; from strong to weak with warm starts, ties to the stronger.
double choose_penalty(const Pairs& pairs, int threads) {
  const Pairs fit = pairs_in(pairs, kTraining & ~(1u << (kTrainingFolds - 1))),
              judge = pairs_in(pairs, 1u << (kTrainingFolds - 1));
  double best = 1, least = INFINITY;
  if (fit.size() == 0 || judge.size() == 0) return best;
  const double scale = curvature_scale(fit);
  Eigen::VectorXd coef;
  for (int power = 4; power >= -10; --power) {
    const double relative = std::pow(10.0, power / 2.0);
    coef = fit_pairs(fit, relative * scale, coef, threads).coef;
    const double loss = mean_loss(judge, coef);
    if (loss >= least) continue;
    least = loss;
    best = relative;
  }
  return best;
}

// A mean over comparisons with its standard error, clustered on buckets.
std::pair<double, double> clustered_mean(const Pairs& pairs, const Eigen::VectorXd& value) {
  const double mean = pairs.weight.dot(value) / pairs.weight.sum();
  std::vector<double> sums(kBuckets, 0.0);
  for (Eigen::Index r = 0; r < value.size(); ++r) {
    sums[pairs.bucket[static_cast<std::size_t>(r)]] += pairs.weight[r] * (value[r] - mean);
  }
  double squares = 0;
  for (const double s : sums) squares += s * s;
  return {mean, std::sqrt(squares) / pairs.weight.sum()};
}

std::size_t units_of(const Pairs& pairs) {
  std::vector<std::uint32_t> buckets = pairs.bucket;
  std::sort(buckets.begin(), buckets.end());
  return static_cast<std::size_t>(std::unique(buckets.begin(), buckets.end()) - buckets.begin());
}

double bucket_error(const PairMatrix& influence, Eigen::Index column) { return influence.col(column).norm(); }

PreferenceQuality quality_of(const Pairs& judge, const Eigen::VectorXd& learnt, const PairFit& estimate,
                             const PairMatrix& influence, int threads) {
  PreferenceQuality out;
  out.comparisons = judge.size();
  out.units = units_of(judge);
  Pairs along = judge;  // one column: the predicted log-odds without the position
  const Eigen::VectorXd predicted = judge.design * learnt;
  along.design = PairMatrix::Ones(judge.design.rows(), 2);
  along.design.col(1) = predicted.array() - learnt[0];
  Eigen::VectorXd right(predicted.size());
  for (Eigen::Index r = 0; r < predicted.size(); ++r) {
    right[r] = predicted[r] == 0 ? 0.5 : (predicted[r] > 0) == (judge.answer[r] > 0.5) ? 1 : 0;
  }
  std::tie(out.accuracy, out.accuracy_error) = clustered_mean(judge, right);
  std::tie(out.log_loss, out.log_loss_error) = clustered_mean(judge, pair_losses(judge, learnt));
  const PairFit calibration = fit_pairs(along, kWeakPenalty * curvature_scale(along), {}, threads);
  out.slope = calibration.coef[1];
  out.slope_error = bucket_error(pair_influence(along, calibration), 1);
  out.position = estimate.coef[0];
  out.position_error = bucket_error(influence, 0);
  return out;
}

// Every comparison is predicted by the variant that did not learn from its unit; raters are units unless the
// feedback names others.
std::vector<RaterAgreement> rater_agreements(const Feedback& feedback, const std::vector<Judged>& judged,
                                             const ComparedPairs& comparisons, const PreferenceModel& model) {
  std::vector<double> count(feedback.rater.size(), 0.0), agree(feedback.rater.size(), 0.0);
  for (std::size_t r = 0; r < judged.size(); ++r) {
    if (judged[r].rater == kNoRater) continue;
    const std::uint8_t fold = comparisons.pairs.fold[r];
    const auto& coef = model.learnt[fold < kTrainingFolds ? fold : static_cast<std::size_t>(kTrainingFolds)];
    double predicted = 0;
    for (std::size_t k = 0; k < comparisons.column.size(); ++k) {
      predicted += coef[comparisons.column[k]] *
                   comparisons.pairs.design(static_cast<Eigen::Index>(r), static_cast<Eigen::Index>(k + 1));
    }
    const double answer = judged[r].answer;
    count[judged[r].rater] += 1;
    agree[judged[r].rater] += predicted == 0 ? 0.5 : (predicted > 0) == (answer > 0.5) ? 1 : 0;
  }
  std::vector<RaterAgreement> out;
  for (std::size_t r = 0; r < count.size(); ++r) {
    if (count[r] < static_cast<double>(kLeastOfARater)) continue;
    const double share = agree[r] / count[r];
    out.push_back({feedback.rater[r], static_cast<std::uint64_t>(count[r]), share,
                   std::sqrt(share * (1 - share) / count[r])});
  }
  return out;
}

// Actions with a column of their own that hardly a comparison of the certification half holds.
std::vector<std::pair<std::string, std::uint64_t>> hardly_compared_in(const Feedback& feedback,
                                                                      const std::vector<Judged>& judged,
                                                                      const FeatureMap& map,
                                                                      std::uint64_t split_seed) {
  std::map<std::string_view, std::uint64_t> count;
  for (const Judged& j : judged) {
    if (fold_of(j.unit, split_seed) < kTrainingFolds) continue;
    for (const std::uint32_t item : {j.first, j.second}) ++count[feedback.item[item]];
  }
  std::vector<std::pair<std::string, std::uint64_t>> out;
  for (const std::string& id : map.ids)
    if (static_cast<double>(count[id]) < kLeastEffectiveAnswers) out.emplace_back(id, count[id]);
  return out;
}

void find_caps(PreferenceModel& model, const Pairs& training, const Pairs& certification, std::size_t columns,
               double doubt) {
  const std::size_t least = std::max(kLeastComparisons, kComparisonsAColumn * columns);
  for (const Pairs* half : {&training, &certification}) {
    if (units_of(*half) >= kLeastPeople) continue;
    model.caps.push_back(
        fmt::format("the comparisons of one half come from {} people or units, {} are needed to say "
                    "how far people differ",
                    units_of(*half), kLeastPeople));
    break;
  }
  if (doubt < kLeastDoubt) {
    model.caps.push_back(
        "people (or whatever answered) almost never contradict the features, so how much more one thing is "
        "liked than "
        "another cannot be told");
  } else if (!model.quality.calibrated()) {
    model.caps.push_back(
        fmt::format("people's preferences do not follow the features as the model has it: log-odds higher by 1 "
                    "came out higher by "
                    "{:.2f} (standard error {:.2f}) on people whom it did not learn from",
                    model.quality.slope, model.quality.slope_error));
  }
  // Weights, so that a ranking of m counts as m / 2 comparisons.
  if (training.weight.sum() < static_cast<double>(kLeastComparisons) ||
      certification.weight.sum() < static_cast<double>(least)) {
    model.caps.push_back(
        fmt::format("the feedback holds {} comparisons to learn from and {} to certify with, {} and {} are "
                    "needed ({} features "
                    "of the options vary)",
                    training.size(), certification.size(), kLeastComparisons, least, columns));
  }
  const PreferenceQuality& q = model.quality;
  if (q.comparisons > 0 && !(q.log_loss + 1.645 * q.log_loss_error < std::log(2.0))) {
    model.caps.push_back(
        fmt::format("the features do not tell what people prefer: on {} comparisons that it did not see the "
                    "model is right in "
                    "{:.1f} %",
                    q.comparisons, 100 * q.accuracy));
  }
}

}  // namespace

std::vector<std::uint64_t> feedback_digests(const Feedback& feedback, std::uint64_t split_seed,
                                            std::uint32_t folds) {
  std::vector<std::uint64_t> out;
  for (const Judged& j : all_pairs(feedback)) {
    if (!(folds >> fold_of(j.unit, split_seed) & 1u)) continue;
    std::uint64_t digest = hash_bytes(feedback.item[j.first], 11);
    digest = hash_combine(digest, hash_bytes(feedback.item[j.second], 12));
    digest = hash_combine(digest, hash_bytes(feedback.prompt[feedback.item_prompt[j.first]], 13));
    digest = hash_combine(digest, static_cast<std::uint64_t>(2 * j.answer));
    out.push_back(hash_combine(digest, j.unit));
  }
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

PreferenceModel fit_preference(const Feedback& feedback, const FeatureMap& map, std::uint64_t split_seed,
                               int threads) {
  if (!feedback.rating.empty() || !feedback.up.empty()) {
    refuse(feedback.source, "feedback",
           fmt::format("{} ratings and {} thumbs", feedback.rating.size(), feedback.up.size()),
           "comparisons and rankings of actions: ratings and thumbs are on no scale that decisions share");
  }
  const std::vector<Judged> everything = all_pairs(feedback), judged = decided_pairs(feedback);
  if (judged.empty())
    refuse(feedback.source, "feedback",
           everything.empty() ? "no comparison"
                              : fmt::format("{} comparisons, all of them ties", everything.size()),
           "at least one that was decided, to learn from");
  const ComparedPairs comparisons = compare(feedback, judged, map, split_seed);
  const Pairs& all = comparisons.pairs;
  PreferenceModel model;
  model.comparisons = judged.size();
  model.ties = everything.size() - judged.size();
  std::vector<std::uint8_t> compared(feedback.rater.size(), 0);  // others answered check items alone
  for (const Judged& j : everything)
    if (j.rater != kNoRater) compared[j.rater] = 1;
  model.raters = static_cast<std::uint64_t>(std::count(compared.begin(), compared.end(), 1));
  model.training_digest = feedback_digests(feedback, split_seed, kTraining);
  if (model.training_digest.size() > kSketchComparisons) model.training_digest.resize(kSketchComparisons);
  const Pairs training = pairs_in(all, kTraining), certification = pairs_in(all, kEveryFold & ~kTraining);
  if (training.size() == 0 || certification.size() == 0) {
    refuse(feedback.source, "feedback", fmt::format("{} comparisons, all in one half", judged.size()),
           "comparisons of enough people for both halves to hold some");
  }
  const double penalty = choose_penalty(all, threads);
  Eigen::VectorXd whole;
  for (std::size_t v = 0; v < kVariants; ++v) {
    const std::uint32_t folds = v < kTrainingFolds ? kTraining & ~(1u << v) : kTraining;
    const Pairs seen = pairs_in(all, folds);
    if (seen.size() == 0) {
      refuse(feedback.source, "feedback", fmt::format("{} comparisons in one fold", training.size()),
             "comparisons of enough people for every fold to hold some");
    }
    whole = fit_pairs(seen, penalty * curvature_scale(seen), {}, threads).coef;
    model.learnt.push_back(spread(whole, comparisons, map.width()));
  }
  const PairFit estimate = estimate_values(model, comparisons, feedback, map.width(), threads);
  model.quality = quality_of(certification, whole, estimate, pair_influence(certification, estimate), threads);
  for (const Judged& j : everything)
    model.quality.ties += j.answer == 0.5 && fold_of(j.unit, split_seed) >= kTrainingFolds;
  model.hardly_compared = hardly_compared_in(feedback, judged, map, split_seed);
  model.rater = rater_agreements(feedback, judged, comparisons, model);
  for (const std::string& cap : {unnamed_cap(feedback), copied_cap(feedback, judged, comparisons, model)})
    if (!cap.empty()) model.caps.push_back(cap);
  find_caps(model, training, certification, comparisons.column.size(),
            mean_doubt(certification, estimate.coef));
  return model;
}

}  // namespace plumb
