// How many answers were coins, and what the scale of preferences is then.
#include "plumb/careless.h"

#include <gtest/gtest.h>

#include <cmath>

#include "plumb/regression.h"
#include "reward/pairwise.h"
#include "tests/reward/asked_people.h"

namespace plumb {
namespace {

// `wrong` of n answers to check items, `each` of them by one person.
Feedback checked(std::size_t n, std::size_t wrong, std::size_t each) {
  Feedback f;
  for (std::size_t k = 0; k < n; ++k) {
    f.checks.answer.push_back(k < wrong ? Answer::kSecond : Answer::kFirst);
    f.checks.expected.push_back(Answer::kFirst);
    f.checks.source.rater.push_back(static_cast<std::uint32_t>(k / each));
    if (k % each == 0) f.rater.push_back("r" + std::to_string(k / each));
  }
  return f;
}

TEST(LapseRange, IsTwiceTheShareOfWrongChecksWithItsExactInterval) {
  const LapseRange r = lapse_range(checked(200, 20, 1), {});
  EXPECT_EQ(r.told, LapseRange::Told::kChecks);
  EXPECT_EQ(r.checks, 200u);
  EXPECT_EQ(r.wrong, 20u);
  EXPECT_DOUBLE_EQ(r.point, .2);
  // Clopper and Pearson, 99 %: beta quantiles (20, 181) at .005 and (21, 180) at .995, from scipy.
  EXPECT_NEAR(r.lowest, 2 * 0.0529327, 2e-6);
  EXPECT_NEAR(r.highest, 2 * 0.1669839, 2e-6);
  EXPECT_EQ(lapse_range(checked(200, 0, 1), {}).lowest, 0);
}

TEST(LapseRange, CountsPeopleWhoseAnswersGoTogether) {
  // The same answers by forty people, four of whom give all the wrong ones: a tenth as many.
  const LapseRange alone = lapse_range(checked(400, 40, 1), {}),
                   together = lapse_range(checked(400, 40, 10), {});
  EXPECT_NEAR(alone.effective_checks, 400, 1e-9);
  EXPECT_NEAR(together.effective_checks, 40, 1e-9);
  EXPECT_LT(together.lowest, alone.lowest);
  EXPECT_GT(together.highest, alone.highest);
  // Where all are right nothing shows how a person's go together: people count.
  EXPECT_NEAR(lapse_range(checked(400, 0, 10), {}).effective_checks, 40, 1e-9);
}

TEST(LapseRange, IsWhatWasDeclaredWhereChecksAreFewAndCapsWhereTheyContradict) {
  EXPECT_EQ(lapse_range({}, {}).told, LapseRange::Told::kNothing);
  EXPECT_EQ(lapse_range({}, {}).highest, 0);
  const LapseRange few = lapse_range(checked(99, 9, 1), .2);
  EXPECT_EQ(few.told, LapseRange::Told::kDeclared);
  EXPECT_EQ(few.highest, .2);
  EXPECT_NE(few.sentence.find("99 decided answers to check items are too few"), std::string::npos);
  EXPECT_EQ(lapse_range(checked(200, 20, 1), .2).cap, "");
  EXPECT_NE(lapse_range(checked(200, 60, 1), .2).cap.find("at least 4"), std::string::npos);
  EXPECT_NE(lapse_range(checked(200, 100, 1), {}).cap.find("nothing can be scaled back"), std::string::npos);
}

TEST(LapseRange, IsNotToldByAFewPeopleNorByOthersThanVoted) {
  const LapseRange boss = lapse_range(checked(200, 20, 200), {});
  EXPECT_EQ(boss.told, LapseRange::Told::kNothing);
  EXPECT_NE(boss.sentence.find("one person answered check items, 30 are needed"), std::string::npos)
      << boss.sentence;
  Feedback others = checked(200, 20, 1);
  others.rater.push_back("voter");
  others.comparison.rater.assign(10, 200);
  EXPECT_NE(lapse_range(others, {}).sentence.find("of 200 people who answered them 0 voted"),
            std::string::npos);
  EXPECT_NE(lapse_range(checked(200, 140, 1), {}).cap.find("the wrong way round"), std::string::npos);
  // Few, and yet they refute what was declared.
  EXPECT_NE(lapse_range(checked(99, 40, 1), .05).cap.find("40 of 99"), std::string::npos);
}

// n answers at one difference, `first` of them for the first: the fit has a closed form.
Pairs of_one_difference(std::size_t n, std::size_t first) {
  Pairs out;
  const auto rows = static_cast<Eigen::Index>(2 * n);
  out.design = PairMatrix::Ones(rows, 2);
  out.answer = Eigen::VectorXd::Zero(rows);
  out.weight = Eigen::VectorXd::Ones(rows);
  for (std::size_t k = 0; k < 2 * n; ++k) {
    const auto r = static_cast<Eigen::Index>(k);
    // Half of them turned round, so that the position's effect is 0.
    out.design(r, 1) = k < n ? 1 : -1;
    // Scattered over the buckets: n is prime.
    out.answer[r] = (k % n * 1103 % n < first) == (k < n) ? 1 : 0;
    out.fold.push_back(0);
    out.bucket.push_back(static_cast<std::uint32_t>(k % kBuckets));
  }
  return out;
}

TEST(PairLink, ScalesBackWhatCoinsShrink) {
  constexpr std::size_t n = 4001;
  // 1 in 5 a coin: (1 - .2) s(.5) + .1 = .597967 are for the first, log-odds .397 as answered.
  const auto first = static_cast<std::size_t>(std::lround(n * (.8 * sigmoid(.5) + .1)));
  const Pairs pairs = of_one_difference(n, first);
  EXPECT_NEAR(fit_pairs_unbiased(pairs, 1e-6, 1).coef[1], .397, 1e-3);
  const PairFit back = fit_pairs_unbiased(pairs, 1e-6, 1, {.2});
  EXPECT_NEAR(back.coef[1], .5, 1e-3);
  EXPECT_NEAR(back.coef[0], 0, 1e-6);
  // Its error is that of the share divided by the slope (1 - c) s (1 - s) at .5.
  const double share = static_cast<double>(first) / n;
  const double expected = std::sqrt(share * (1 - share) / (2 * n)) / PairLink{.2}.slope(.5);
  EXPECT_NEAR(pair_influence(pairs, back).col(1).norm(), expected, .1 * expected);
}

TEST(PairLink, WeighsAnswersAsTheLikelihoodDoes) {
  // Two differences, 1 and 3: the maximum of the likelihood of one coefficient, found by trying.
  constexpr std::size_t n = 20000;
  Pairs pairs = of_one_difference(n, 12000);
  for (std::size_t k = 0; k < 2 * n; ++k) {
    const auto r = static_cast<Eigen::Index>(k);
    if (k % 2 == 0) pairs.design(r, 1) *= 3;
    const double chance = PairLink{.3}.chance(.9 * pairs.design(r, 1));
    pairs.answer[r] = static_cast<double>(k / 2 * 1103 % n) < chance * static_cast<double>(n) ? 1 : 0;
  }
  const auto likelihood = [&](double b) {
    double out = 0;
    for (Eigen::Index r = 0; r < pairs.design.rows(); ++r) {
      const double p = PairLink{.2}.chance(b * pairs.design(r, 1));  // another share than made them
      out += std::log(pairs.answer[r] > 0.5 ? p : 1 - p);
    }
    return out;
  };
  double best = 0;
  for (double b = .3; b < 1.2; b += .001)
    if (best == 0 || likelihood(b) > likelihood(best)) best = b;
  pairs.design.col(0).setZero();  // no place
  pairs.design(0, 0) = 1e-6;
  EXPECT_NEAR(fit_pairs_unbiased(pairs, 1e-6, 1, {.2}).coef[1], best, .002);
}

TEST(MostLapse, IsNoMoreThanDecidedAnswersAllow) {
  AskedPeople asked;
  asked.comparisons = 4000;
  const FeatureMap map = fit_outcome_models(asked.log(), {"y"}, 1).map;
  Feedback f = asked.feedback();
  EXPECT_DOUBLE_EQ(most_lapse(f, map, 1, .3, 1), .3);  // log-odds of a half leave room
  Rng rng(9);
  for (std::size_t c = 0; c < f.first.size(); ++c) {
    const bool better = f.item[f.first[c]] < f.item[f.second[c]];  // a over b over c, in 17 of 20
    f.answer[c] = rng.bernoulli(better ? .85 : .15) ? Answer::kFirst : Answer::kSecond;
  }
  const double most = most_lapse(f, map, 1, .5, 1);
  EXPECT_LE(most, .34);  // 1 - c / 2 is .85 where c is .3
  EXPECT_GT(most, .1);
}

}  // namespace
}  // namespace plumb
