// What people prefer, as an outcome: the model against closed forms, its error against brute force.
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "plumb/evaluate.h"
#include "reward/pairwise.h"
#include "tests/reward/asked_people.h"

namespace plumb {
namespace {

// n1 of n rows with difference +1 answered first, m1 of m rows with -1: two equations, two unknowns.
Pairs two_kinds(std::size_t n, std::size_t n1, std::size_t m, std::size_t m1) {
  Pairs out;
  out.design.resize(static_cast<Eigen::Index>(n + m), 2);
  out.answer.resize(static_cast<Eigen::Index>(n + m));
  out.weight = Eigen::VectorXd::Ones(static_cast<Eigen::Index>(n + m));
  for (std::size_t r = 0; r < n + m; ++r) {
    const auto row = static_cast<Eigen::Index>(r);
    out.design(row, 0) = 1;
    out.design(row, 1) = r < n ? 1 : -1;
    out.answer[row] = r < n ? r < n1 : r - n < m1;
    out.fold.push_back(static_cast<std::uint8_t>(r % kFolds));
    out.bucket.push_back(static_cast<std::uint32_t>(r));
  }
  return out;
}

double logit(double p) { return std::log(p / (1 - p)); }

TEST(PairwiseFit, EqualsTheClosedFormOfTwoKindsOfComparisons) {
  const PairFit fit = fit_pairs(two_kinds(100, 70, 80, 20), 1e-9, {}, 2);
  EXPECT_NEAR(fit.coef[0], (logit(.7) + logit(.25)) / 2, 1e-6);
  EXPECT_NEAR(fit.coef[1], (logit(.7) - logit(.25)) / 2, 1e-6);
}

TEST(PairwiseFit, CountsATieAsHalfOfEach) {
  Pairs ties = two_kinds(100, 60, 100, 40), split = two_kinds(100, 50, 100, 50);
  for (Eigen::Index r = 0; r < 20; ++r) ties.answer[r] = .5;  // 40 first, 20 ties, 40 second
  EXPECT_NEAR(ties.answer.head(100).sum(), 50, 1e-12);
  for (Eigen::Index r = 0; r < 100; ++r) ties.answer[100 + r] = split.answer[100 + r];
  EXPECT_NEAR((fit_pairs(ties, 1e-9, {}, 1).coef - fit_pairs(split, 1e-9, {}, 1).coef).norm(), 0, 1e-9);
}

TEST(PairwiseFit, StaysFiniteWhereEveryAnswerIsTheSame) {
  const PairFit fit = fit_pairs(two_kinds(50, 50, 50, 0), .1, {}, 1);
  EXPECT_TRUE(fit.coef.allFinite());
  EXPECT_GT(fit.coef[1], 1);
}

// Firth's penalty on a saturated model adds half an answer to either side of each kind (Firth 1993,
// section 3.1).
TEST(PairwiseFit, WithoutBiasEqualsHalfAnAnswerAddedToEachSide) {
  const PairFit fit = fit_pairs_unbiased(two_kinds(20, 17, 16, 3), 1e-9, 2);
  const double p = 17.5 / 21, q = 3.5 / 17;
  EXPECT_NEAR(fit.coef[0], (logit(p) + logit(q)) / 2, 1e-6);
  EXPECT_NEAR(fit.coef[1], (logit(p) - logit(q)) / 2, 1e-6);
  EXPECT_NEAR(fit.hat.sum(), 2, 1e-6);
  const PairFit separated = fit_pairs_unbiased(two_kinds(20, 20, 16, 0), 1e-9, 1);
  EXPECT_NEAR(separated.coef[1], (logit(20.5 / 21) - logit(.5 / 17)) / 2, 1e-5);
}

TEST(PairwiseInfluence, GivesTheVarianceOfTheClosedForm) {
  const Pairs pairs = two_kinds(100, 70, 80, 20);
  const PairFit fit = fit_pairs(pairs, 1e-9, {}, 1);
  const PairMatrix influence = pair_influence(pairs, fit);
  // theta = (logit p - logit q) / 2, each logit with variance 1 / (n p (1 - p)).
  const double variance = (1 / (100 * .7 * .3) + 1 / (80 * .25 * .75)) / 4;
  EXPECT_NEAR(influence.col(1).squaredNorm(), variance * 180 / 179, 1e-6);
  EXPECT_NEAR(influence.col(1).sum(), 0, 1e-9);
}

TEST(PairwiseInfluence, PredictsWhatLeavingOutABucketDoes) {
  Pairs pairs = two_kinds(300, 200, 300, 120);
  for (std::size_t r = 0; r < pairs.size(); ++r) pairs.bucket[r] = static_cast<std::uint32_t>(r / 10);
  const PairFit fit = fit_pairs(pairs, 1e-6, {}, 1);
  const PairMatrix influence = pair_influence(pairs, fit);
  for (const std::uint32_t bucket : {0u, 21u, 59u}) {
    Pairs without = pairs;
    for (std::size_t r = 0; r < pairs.size(); ++r) {
      if (pairs.bucket[r] == bucket) without.weight[static_cast<Eigen::Index>(r)] = 0;
    }
    const double moved = fit.coef[1] - fit_pairs(without, 1e-6, {}, 1).coef[1];
    EXPECT_NEAR(moved, influence(bucket, 1), .12 * std::abs(moved) + 1e-4);
  }
}

TEST(Preference, RecoversWhatPeopleLikeFromTheirComparisons) {
  AskedPeople people;
  people.comparisons = 20000;
  const AskedPeople::Run run = people.run();
  const std::size_t j = run.models.preference_index();
  double error = 0, spread = 0;
  for (std::size_t i = 0; i < run.log.size(); ++i) {
    const double x = static_cast<double>(run.log.context[0].number[i]);
    const double mean =
        (AskedPeople::utility(0, x) + AskedPeople::utility(1, x) + AskedPeople::utility(2, x)) / 3;
    for (std::size_t a = 0; a < 3; ++a) {
      const double truth = AskedPeople::utility(a, x) - mean;
      error += std::pow(static_cast<double>(run.models.q[j][3 * i + a]) - truth, 2);
      spread += truth * truth;
    }
  }
  EXPECT_LT(error, .02 * spread);
  EXPECT_NEAR(run.model->quality.slope, 1, 4 * run.model->quality.slope_error);
  EXPECT_GT(run.model->quality.accuracy, .55);
  EXPECT_TRUE(run.model->caps.empty());
}

TEST(Preference, FindsThatTheFirstShownIsPreferredForItsPlace) {
  AskedPeople people;
  people.comparisons = 10000;
  people.position = .7;
  const PreferenceQuality q = people.run().model->quality;
  EXPECT_NEAR(q.position, .7, 4 * q.position_error);
  EXPECT_LT(q.position_error, .1);
}

TEST(Preference, ErrorOfAPolicysValueIsThatOfTheComparisonsThatItStandsOn) {
  // With contexts that hardly matter to the value of action b, what remains is the error of the coefficients.
  AskedPeople people;
  people.decisions = 4000;
  people.comparisons = 1600;
  const AskedPeople::Run run = people.run();
  Evaluation evaluation(run.log, run.models, 1);
  std::vector<std::uint8_t> certification(run.log.size());
  for (std::size_t i = 0; i < run.log.size(); ++i) certification[i] = !run.log.in_training(i);
  const std::size_t rows = evaluation.add_subset({"certification half", certification});
  const std::size_t reference = evaluation.add_policy(LoggingPolicy(run.log, 1));
  const std::size_t b = evaluation.add_policy(*constant_policy("b"));
  const std::size_t j = run.models.preference_index();
  const Contrast gain{"gain",
                      {{evaluation.column(b, j, rows), 1}, {evaluation.column(reference, j, rows), -1}}};
  const Estimates e = evaluation.estimate({&gain, 1});
  // By hand: the gradient of the gain in the coefficients, through their sandwich covariance, and the contexts'
  // part.
  const auto shift = design_shift(
      run.log, run.models.map,
      [&] {
        std::vector<float> p(run.log.action.size(), 0.0f);
        for (std::size_t i = 0; i < run.log.size(); ++i) p[3 * i + 1] = 1;
        return p;
      }(),
      run.log.logged, certification, 1);
  const double n = static_cast<double>(std::accumulate(certification.begin(), certification.end(), 0));
  double value = 0, variance = 0, contexts = 0;
  for (std::size_t k = 0; k < shift[kTrainingFolds].size(); ++k)
    value += shift[kTrainingFolds][k] * run.model->estimate[kTrainingFolds][k] / n;
  for (std::size_t bucket = 0; bucket < kBuckets; ++bucket) {
    double moved = 0;
    for (std::size_t k = 0; k < shift[kTrainingFolds].size(); ++k)
      moved += shift[kTrainingFolds][k] * run.model->influence[kTrainingFolds](bucket, k) / n;
    variance += moved * moved;
  }
  for (std::size_t i = 0; i < run.log.size(); ++i) {
    if (certification[i])
      contexts += std::pow((static_cast<double>(run.models.q[j][3 * i + 1]) - value) / n, 2);
  }
  EXPECT_NEAR(e.value[0], value, 1e-6);
  EXPECT_NEAR(e.standard_error[0], std::sqrt(variance + contexts), .05 * e.standard_error[0]);
  EXPECT_GT(variance, contexts);
}

TEST(Preference, ShowsARaterWhoAnswersAgainstEveryone) {
  AskedPeople people;
  people.comparisons = 6000;
  Feedback f = people.feedback();
  f.rater = {"one", "two", "contrary", "rare"};
  for (std::size_t c = 0; c < f.first.size(); ++c) {
    const auto rater = static_cast<std::uint32_t>(c < 10 ? 3 : c % 3);
    f.comparison.rater[c] = rater;
    if (rater == 2) f.answer[c] = f.answer[c] == Answer::kFirst ? Answer::kSecond : Answer::kFirst;
  }
  const PreferenceModel model = fit_preference(f, fit_outcome_models(people.log(), {"y"}, 1).map, 1, 1);
  ASSERT_EQ(model.rater.size(), 3u);  // "rare" gave too few
  EXPECT_GT(model.rater[0].share - 4 * model.rater[0].standard_error, .5);
  EXPECT_LT(model.rater[2].share + 4 * model.rater[2].standard_error, .5);
  EXPECT_EQ(model.rater[2].name, "contrary");
}

TEST(Preference, IsTheSameForAnyNumberOfThreads) {
  AskedPeople people;
  const AskedPeople::Run one = people.run(1), seven = people.run(7);
  EXPECT_EQ(one.model->learnt, seven.model->learnt);
  EXPECT_EQ(one.model->estimate, seven.model->estimate);
  EXPECT_EQ(one.models.q, seven.models.q);
}

TEST(Preference, CapsTheVerdictWherePeopleAreTooFewOrCannotBeTold) {
  AskedPeople few;
  few.comparisons = 300;
  ASSERT_EQ(few.run().model->caps.size(), 1u);
  EXPECT_NE(few.run().model->caps[0].find("are needed"), std::string::npos);
  AskedPeople coin;
  Feedback noise = coin.feedback();
  Rng rng(3);
  for (Answer& answer : noise.answer) answer = rng.bernoulli(.5) ? Answer::kFirst : Answer::kSecond;
  const DecisionLog log = coin.log();
  const PreferenceModel model = fit_preference(noise, fit_outcome_models(log, {"y"}, 1).map, 1, 1);
  ASSERT_EQ(model.caps.size(), 1u);
  EXPECT_NE(model.caps[0].find("do not tell what people prefer"), std::string::npos);
}

TEST(Preference, CapsTheVerdictWhereAnswersHaveNoDoubtOrCrowdsAreAFewPeople) {
  AskedPeople sure;
  sure.comparisons = 4000;
  Feedback rule = sure.feedback();
  for (std::size_t c = 0; c < rule.first.size(); ++c) {
    const auto x = static_cast<double>(rule.context[0].number[rule.item_prompt[rule.first[c]]]);
    const auto liking = [&](std::uint32_t item) {
      return AskedPeople::utility(rule.item[item] == "a" ? 0 : rule.item[item] == "b" ? 1 : 2, x);
    };
    rule.answer[c] = liking(rule.first[c]) > liking(rule.second[c]) ? Answer::kFirst : Answer::kSecond;
  }
  const FeatureMap map = fit_outcome_models(sure.log(), {"y"}, 1).map;
  const PreferenceModel certain = fit_preference(rule, map, 1, 1);
  ASSERT_FALSE(certain.caps.empty());
  EXPECT_NE(certain.caps[0].find("cannot be told"), std::string::npos) << certain.caps[0];
  Feedback panel = sure.feedback();
  for (std::size_t c = 0; c < panel.first.size(); ++c) panel.comparison.unit[c] = hash_combine(c % 40, 9);
  const PreferenceModel few = fit_preference(panel, map, 1, 1);
  ASSERT_EQ(few.caps.size(), 1u);
  EXPECT_NE(few.caps[0].find("people or units"), std::string::npos) << few.caps[0];
}

TEST(Preference, RefusesRatingsAndFeedbackWithoutTheLogsFeatures) {
  AskedPeople people;
  const FeatureMap map = fit_outcome_models(people.log(), {"y"}, 1).map;
  Feedback rated = people.feedback();
  rated.rated = {0};
  rated.rating = {4};
  EXPECT_THROW(fit_preference(rated, map, 1, 1), Error);
  Feedback bare = people.feedback();
  bare.context.clear();
  EXPECT_THROW(fit_preference(bare, map, 1, 1), Error);
}

}  // namespace
}  // namespace plumb
