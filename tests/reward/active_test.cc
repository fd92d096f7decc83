// Active selection: the information of a vote against integration by brute force, rank-one steps against
// inverses, the probabilities and the weights by enumeration.
#include "plumb/active.h"

#include <gtest/gtest.h>

#include <Eigen/Dense>
#include <cmath>
#include <functional>
#include <numeric>
#include <string>

#include "plumb/preference.h"

namespace plumb {
namespace {

constexpr double kLog2 = 0.6931471805599453;

// ---------------------------------------------------------------------------------------------- one vote

// Simpson's rule on 40,000 intervals over 14 standard deviations on each side, in long double.
struct Integrals {
  long double probability = 0, entropy = 0, curvature = 0;
};
Integrals integrate(double m, double variance) {
  const long double s = std::sqrt(static_cast<long double>(variance)), low = m - 14 * s, width = 28 * s;
  constexpr int kIntervals = 40'000;
  Integrals out;
  for (int k = 0; k <= kIntervals; ++k) {
    const long double f = low + width * k / kIntervals, z = (f - m) / s;
    const long double simpson = (k == 0 || k == kIntervals) ? 1 : k % 2 == 1 ? 4 : 2;
    const long double w = simpson * width / kIntervals / 3 * std::exp(-z * z / 2) / (s * std::sqrt(2 * M_PIl));
    const long double p = 1 / (1 + std::exp(-f)), q = 1 / (1 + std::exp(f));
    out.probability += w * p;
    out.entropy -= w * ((p > 0 ? p * std::log(p) : 0) + (q > 0 ? q * std::log(q) : 0));
    out.curvature += w * p * q;
  }
  return out;
}

TEST(VoteInformation, EqualsIntegrationByBruteForce) {
  for (const double variance : {0.01, 0.3, 0.35, 0.37, 1.0, 4.0, 30.0, 1000.0, 1e5}) {
    for (const double mean : {0.0, 0.4, -1.7, 5.0, -12.0, 60.0}) {
      const Integrals truth = integrate(mean, variance);
      const VoteInformation found = vote_information(mean, variance);
      const long double p = truth.probability;
      const long double entropy = -p * std::log(p) - (p < 1 ? (1 - p) * std::log1p(-p) : 0);
      const std::string at = "mean " + std::to_string(mean) + ", variance " + std::to_string(variance);
      EXPECT_NEAR(found.probability, static_cast<double>(p), 1e-9) << at;
      EXPECT_NEAR(found.curvature, static_cast<double>(truth.curvature), 1e-9) << at;
      EXPECT_NEAR(found.nats, static_cast<double>(entropy - truth.entropy), 1e-9) << at;
    }
  }
}

TEST(VoteInformation, HasItsLimits) {
  EXPECT_EQ(vote_information(0.7, 0).nats, 0);
  EXPECT_EQ(vote_information(0.7, 0).probability, sigmoid(0.7));
  EXPECT_EQ(vote_information(0.7, 0).curvature, sigmoid(0.7) * sigmoid(-0.7));
  // A vote on what nothing is known of tells nearly a bit; the rest is lost in ties, 2 integral of the entropy.
  EXPECT_NEAR(vote_information(0, 1e8).nats, kLog2, 1e-3);
  EXPECT_LT(vote_information(0, 1e8).nats, kLog2);
  // Small variances keep their digits: the information is curvature * variance / 2 to first order.
  for (const double variance : {1e-4, 1e-8, 1e-12}) {
    const double expected = sigmoid(1.3) * sigmoid(-1.3) * variance / 2;
    EXPECT_NEAR(vote_information(1.3, variance).nats / expected, 1, 1e-6 + variance) << variance;
    EXPECT_NEAR(determinant_gain(sigmoid(1.3) * sigmoid(-1.3), variance) / expected, 1, 1e-6 + variance);
  }
  EXPECT_GT(vote_information(-40, 1e-2).nats, 0);
}

TEST(VoteInformation, IsTheSameForTheSwappedPairAndGrowsWithTheVariance) {
  for (const double mean : {0.0, 0.8, 3.0}) {
    double before = -1;
    for (double variance = 1e-3; variance < 200; variance *= 1.1) {
      const VoteInformation a = vote_information(mean, variance), b = vote_information(-mean, variance);
      EXPECT_NEAR(a.nats, b.nats, 1e-12);
      EXPECT_NEAR(a.probability + b.probability, 1, 1e-9);
      EXPECT_GT(a.nats, before) << mean << " " << variance;
      before = a.nats;
    }
  }
}

// ---------------------------------------------------------------------------------------------- posteriors

PairPool all_pairs(std::uint32_t items) {
  PairPool pool;
  for (std::uint32_t i = 0; i < items; ++i) {
    for (std::uint32_t j = i + 1; j < items; ++j) {
      pool.first.push_back(i);
      pool.second.push_back(j);
    }
  }
  return pool;
}

// Votes on random pairs of `items` items in blocks of `per_block`, answered by utilities that are drawn N(0,
// 1).
PairVotes some_votes(std::uint32_t items, std::uint32_t per_block, std::size_t count, std::uint64_t seed) {
  Rng rng = Rng(seed).stream("votes");
  std::vector<double> utility(items);
  for (double& u : utility) u = rng.normal();
  PairVotes votes;
  while (votes.share.size() < count) {
    const auto i = static_cast<std::uint32_t>(rng.below(items));
    const auto j = static_cast<std::uint32_t>(i / per_block * per_block + rng.below(per_block));
    if (i == j) continue;
    votes.asked.first.push_back(i);
    votes.asked.second.push_back(j);
    votes.share.push_back(rng.bernoulli(sigmoid(utility[i] - utility[j])) ? 1 : 0);
  }
  return votes;
}

std::vector<std::uint32_t> blocks_of(std::uint32_t items, std::uint32_t per_block) {
  std::vector<std::uint32_t> out(items);
  for (std::uint32_t i = 0; i < items; ++i) out[i] = i / per_block;
  return out;
}

TEST(ItemBelief, OfTwoItemsIsTheRootOfItsScoreEquation) {
  PairVotes votes;
  votes.asked = {{0, 1, 0}, {1, 0, 1}, {}, {}, {}};
  votes.share = {1, 0.25, 0.5};
  votes.weight = {2, 1, 0.5};
  const double prior = 1.7;
  const ItemBelief found = item_belief(2, std::vector<std::uint32_t>{0, 0}, votes, prior);
  // u_0 = -u_1 = d / 2 with d ~ N(0, 2 prior): bisection on d / (2 prior) = sum of weight (share - p).
  const auto score = [&](double d) {
    return 2 * (1 - sigmoid(d)) + (0.75 - sigmoid(d)) + 0.5 * (0.5 - sigmoid(d)) - d / (2 * prior);
  };
  double low = -20, high = 20;
  for (int k = 0; k < 200; ++k) (score((low + high) / 2) > 0 ? low : high) = (low + high) / 2;
  EXPECT_NEAR(found.mean[0], low / 2, 1e-10);
  EXPECT_NEAR(found.mean[1], -low / 2, 1e-10);
  const double curvature = 3.5 * sigmoid(low) * sigmoid(-low);
  const Matrix& s = found.covariance[0];
  EXPECT_NEAR(s(0, 0) - 2 * s(0, 1) + s(1, 1), 1 / (1 / (2 * prior) + curvature), 1e-10);
  EXPECT_NEAR(s(0, 0) + 2 * s(0, 1) + s(1, 1), 2 * prior, 1e-9);  // the level stays the prior's
}

TEST(ItemBelief, EqualsTheLinearOneOnIndicators) {
  constexpr std::uint32_t kItems = 8;
  PairVotes votes = some_votes(kItems, 4, 60, 3);
  votes.asked.slope.assign(60, 1.0);
  votes.asked.shift.assign(60, 0.0);
  for (std::size_t k = 0; k < 60; k += 3) {
    votes.asked.slope[k] = 0.4;
    votes.asked.shift[k] = 0.3;
  }
  const ItemBelief items = item_belief(kItems, blocks_of(kItems, 4), votes, 2.5);
  std::vector<float> identity(kItems * kItems, 0.0f);
  for (std::size_t i = 0; i < kItems; ++i) identity[i * kItems + i] = 1;
  const LinearBelief linear = linear_belief({identity.data(), kItems, kItems}, votes, 2.5);
  for (std::size_t i = 0; i < kItems; ++i) {
    EXPECT_NEAR(items.mean[i], linear.mean[i], 1e-9);
    for (std::size_t j = 0; j < kItems; ++j) {
      const double expected = i / 4 == j / 4 ? items.covariance[i / 4](i % 4, j % 4) : 0.0;
      EXPECT_NEAR(linear.covariance(i, j), expected, 1e-9);
    }
  }
}

TEST(ItemBelief, EqualsTheItemModelsFitAndErrors) {
  const PairVotes votes = some_votes(12, 6, 150, 21);
  const std::vector<Answer> answer = [&] {
    std::vector<Answer> out;
    for (const double share : votes.share) out.push_back(share == 1 ? Answer::kFirst : Answer::kSecond);
    return out;
  }();
  const ItemVotes same{12, votes.asked.first, votes.asked.second, answer, {}, {}, {}, {}, {}};
  ItemOptions options;
  options.ties = Ties::kHalf;
  options.prior_sd = 1.3;
  const ItemFit fit = fit_items(same, options);
  const ItemPosterior posterior(same, options, fit);
  const ItemBelief belief = item_belief(12, blocks_of(12, 6), votes, 1.3 * 1.3);
  for (std::uint32_t i = 0; i < 12; ++i) EXPECT_NEAR(belief.mean[i], fit.utility[i], 1e-7);
  for (const auto& [i, j] : {std::pair{0u, 5u}, {2u, 3u}, {6u, 11u}}) {
    const Matrix& s = belief.covariance[i / 6];
    const double variance = s(i % 6, i % 6) + s(j % 6, j % 6) - 2 * s(i % 6, j % 6);
    EXPECT_NEAR(std::sqrt(variance), posterior.standard_error(i, j), 1e-7);
  }
}

TEST(ItemBelief, EvidenceIsTheIntegralOfTheLikelihoodUnderThePrior) {
  // Two items: u_0 - u_1 = d ~ N(0, 2 prior); by the trapezoid rule. With 60 votes Laplace is good to a few
  // percent.
  PairVotes votes;
  for (int k = 0; k < 60; ++k) {
    votes.asked.first.push_back(0);
    votes.asked.second.push_back(1);
    votes.share.push_back(k % 3 == 0 ? 0 : 1);
  }
  const std::vector<std::uint32_t> block = {0, 0};
  const auto truth = [&](double prior) {
    double sum = 0;
    for (int k = -4000; k <= 4000; ++k) {
      const double d = k * 0.005;
      sum += 0.005 * std::exp(40 * std::log(sigmoid(d)) + 20 * std::log(sigmoid(-d)) - d * d / (4 * prior)) /
             std::sqrt(4 * M_PI * prior);
    }
    return std::log(sum);
  };
  for (const double prior : {0.1, 1.0, 10.0})
    EXPECT_NEAR(item_belief(2, block, votes, prior).log_evidence, truth(prior), 0.03) << prior;
}

// ---------------------------------------------------------------------------------------------- rank-one steps

// Variances of all entries where the precision has grown by curvature x x' for each entry taken: by one
// inverse.
std::vector<double> variances_by_inverse(const Eigen::MatrixXd& covariance, const Eigen::MatrixXd& rows,
                                         const std::vector<std::pair<std::size_t, double>>& taken) {
  Eigen::MatrixXd precision = covariance.inverse();
  for (const auto& [k, h] : taken) {
    const auto x = rows.row(static_cast<Eigen::Index>(k));
    precision += h * x.transpose() * x;
  }
  const Eigen::MatrixXd s = precision.inverse();
  std::vector<double> out;
  for (Eigen::Index k = 0; k < rows.rows(); ++k) out.push_back((rows.row(k) * s).dot(rows.row(k)));
  return out;
}

TEST(PairSelector, RankOneStepsEqualTheInverseOfTheGrownPrecision) {
  constexpr std::uint32_t kItems = 6;
  const ItemBelief belief =
      item_belief(kItems, blocks_of(kItems, kItems), some_votes(kItems, kItems, 12, 5), 3);
  PairPool pool = all_pairs(kItems);
  pool.slope.assign(pool.size(), 1.0);
  pool.slope[2] = 0.5;
  pool.slope[7] = -1.5;  // somebody who votes against everyone tells as much as one who votes with them
  Eigen::MatrixXd rows = Eigen::MatrixXd::Zero(static_cast<Eigen::Index>(pool.size()), kItems),
                  s(kItems, kItems);
  for (std::size_t k = 0; k < pool.size(); ++k) {
    rows(static_cast<Eigen::Index>(k), pool.first[k]) = pool.slope[k];
    rows(static_cast<Eigen::Index>(k), pool.second[k]) = -pool.slope[k];
  }
  for (Eigen::Index i = 0; i < kItems; ++i)
    for (Eigen::Index j = 0; j < kItems; ++j)
      s(i, j) = belief.covariance[0](static_cast<std::size_t>(i), static_cast<std::size_t>(j));
  PairSelector selector(belief, pool, {});
  std::vector<std::pair<std::size_t, double>> taken;
  for (const std::size_t entry : {2u, 7u, 0u, 14u, 8u, 3u, 11u}) {
    const double mean = pool.slope[entry] * (belief.mean[pool.first[entry]] - belief.mean[pool.second[entry]]);
    taken.emplace_back(entry, vote_information(mean, selector.variance()[entry]).curvature);
    selector.take(entry);
    const std::vector<double> expected = variances_by_inverse(s, rows, taken);
    for (std::size_t k = 0; k < pool.size(); ++k) EXPECT_NEAR(selector.variance()[k], expected[k], 1e-11) << k;
  }
}

TEST(PairSelector, LinearStepsEqualItemStepsWhereFeaturesAreIndicators) {
  constexpr std::uint32_t kItems = 9;
  const PairVotes votes = some_votes(kItems, kItems, 20, 8);
  const ItemBelief items = item_belief(kItems, blocks_of(kItems, kItems), votes, 2);
  std::vector<float> identity(kItems * kItems, 0.0f);
  for (std::size_t i = 0; i < kItems; ++i) identity[i * kItems + i] = 1;
  const DesignView design{identity.data(), kItems, kItems};
  const LinearBelief linear{items.mean, items.covariance[0]};
  const PairPool pool = all_pairs(kItems);
  const auto a = select_pairs(items, pool, 20, {}, Rng(4)),
             b = select_pairs(linear, design, pool, 20, {}, Rng(4));
  for (std::size_t m = 0; m < a.size(); ++m) {
    EXPECT_EQ(a[m].entry, b[m].entry);
    EXPECT_NEAR(a[m].probability, b[m].probability, 1e-9);
    EXPECT_NEAR(a[m].information, b[m].information, 1e-9);
  }
}

TEST(PairSelector, ARankOneStepIsNearTheFullRefitWithTheVote) {
  // 400 votes are in; the covariance that one more is expected to leave, against refits with either answer,
  // averaged by how likely each is. What is left out is that the mode moves.
  constexpr std::uint32_t kItems = 7;
  PairVotes votes = some_votes(kItems, kItems, 400, 9);
  const auto block = blocks_of(kItems, kItems);
  const ItemBelief belief = item_belief(kItems, block, votes, 2);
  const PairPool pool = all_pairs(kItems);
  for (const std::size_t entry : {0u, 9u, 20u}) {
    PairSelector selector(belief, pool, {});
    const double before = selector.variance()[entry];
    const double first =
        vote_information(belief.mean[pool.first[entry]] - belief.mean[pool.second[entry]], before).probability;
    selector.take(entry);
    double refit = 0;
    for (const double answer : {1.0, 0.0}) {
      PairVotes more = votes;
      more.asked.first.push_back(pool.first[entry]);
      more.asked.second.push_back(pool.second[entry]);
      more.share.push_back(answer);
      const PairSelector again(item_belief(kItems, block, more, 2), pool, {});
      refit += (answer == 1 ? first : 1 - first) * again.variance()[entry];
    }
    const double gained = before - selector.variance()[entry];
    EXPECT_GT(gained, 0);
    EXPECT_NEAR(selector.variance()[entry], refit, 0.1 * gained) << entry;
  }
}

TEST(PairSelector, AsksOtherThingsOnceAPairIsTaken) {
  // Two copies of one question and an unrelated one, alike in information: after a copy, the other tells less.
  const ItemBelief belief = item_belief(4, std::vector<std::uint32_t>{0, 0, 1, 1}, {}, 4);
  PairPool pool;
  pool.first = {0, 1, 2};
  pool.second = {1, 0, 3};
  PairSelector selector(belief, pool, {});
  EXPECT_EQ(selector.information()[0], selector.information()[1]);
  EXPECT_EQ(selector.information()[0], selector.information()[2]);
  selector.take(0);
  EXPECT_LT(selector.information()[1], 0.9 * selector.information()[2]);
  EXPECT_GT(selector.probability()[2], selector.probability()[1]);
}

// ---------------------------------------------------------------------------------------------- probabilities

TEST(PairSelector, ProbabilitiesAreTheMixtureOfUniformAndPowersOfInformationByCost) {
  const ItemBelief belief = item_belief(5, blocks_of(5, 5), some_votes(5, 5, 8, 2), 4);
  PairPool pool = all_pairs(5);
  for (std::size_t k = 0; k < pool.size(); ++k) {
    pool.slope.push_back(0.2 + 0.1 * static_cast<double>(k));
    pool.shift.push_back(0.05 * static_cast<double>(k));
    pool.cost.push_back(1 + static_cast<double>(k % 3));
  }
  const SelectionOptions options{0.3, 2.5, 1};
  const PairSelector selector(belief, pool, options);
  std::vector<double> score;
  for (std::size_t k = 0; k < pool.size(); ++k) {
    const std::uint32_t i = pool.first[k], j = pool.second[k];
    const Matrix& s = belief.covariance[0];
    const double a = pool.slope[k], v = a * a * (s(i, i) + s(j, j) - 2 * s(i, j));
    const double m = pool.shift[k] + a * (belief.mean[i] - belief.mean[j]);
    score.push_back(std::pow(vote_information(m, v).nats / pool.cost[k], 2.5));
  }
  const double total = std::accumulate(score.begin(), score.end(), 0.0);
  double sum = 0;
  for (std::size_t k = 0; k < pool.size(); ++k) {
    EXPECT_NEAR(selector.probability()[k], 0.3 / 10 + 0.7 * score[k] / total, 1e-12);
    sum += selector.probability()[k];
  }
  EXPECT_NEAR(sum, 1, 1e-12);
}

TEST(PairSelector, DrawsAsOftenAsTheProbabilitiesSay) {
  const ItemBelief belief = item_belief(4, blocks_of(4, 4), some_votes(4, 4, 6, 1), 4);
  const PairPool pool = all_pairs(4);
  PairSelector selector(belief, pool, {});
  selector.take(2);
  EXPECT_EQ(selector.probability()[2], 0);
  constexpr int kDraws = 60'000;
  std::vector<int> count(pool.size(), 0);
  Rng rng = Rng(12).stream("draws");
  for (int d = 0; d < kDraws; ++d) ++count[selector.draw(rng)];
  double statistic = 0;
  for (std::size_t k = 0; k < pool.size(); ++k) {
    if (k == 2) continue;
    const double expected = kDraws * selector.probability()[k];
    statistic += (count[k] - expected) * (count[k] - expected) / expected;
  }
  EXPECT_EQ(count[2], 0);
  EXPECT_LT(statistic, 23.51);  // the .9999 quantile of chi-squared with 4 degrees (5 entries are left)
}

// Calls visit(order of entries, their conditional probabilities, probability of the whole order) for every way
// in which `count` entries can be drawn. `answer` may change what is believed after each draw.
void enumerate(const ItemBelief& belief, const PairPool& pool, std::size_t count,
               std::vector<std::size_t>& order, std::vector<double>& conditional, double probability,
               const std::function<void(double)>& visit) {
  if (order.size() == count) {
    visit(probability);
    return;
  }
  PairSelector selector(belief, pool, {});
  for (const std::size_t k : order) selector.take(k);
  const std::vector<double> p(selector.probability().begin(), selector.probability().end());
  for (std::size_t k = 0; k < p.size(); ++k) {
    if (p[k] == 0) continue;
    order.push_back(k);
    conditional.push_back(p[k]);
    enumerate(belief, pool, count, order, conditional, probability * p[k], visit);
    order.pop_back();
    conditional.pop_back();
  }
}

TEST(SelectionWeights, MakeSumsOverWhatWasAskedUnbiasedForThePoolByEnumeration) {
  const ItemBelief belief = item_belief(4, blocks_of(4, 4), some_votes(4, 4, 6, 7), 4);
  const PairPool pool = all_pairs(4);
  // Something that goes with the information, so that the plain mean over what was asked is off.
  const PairSelector start(belief, pool, {});
  std::vector<double> loss;
  for (std::size_t k = 0; k < pool.size(); ++k)
    loss.push_back(3 * start.information()[k] + 0.1 * static_cast<double>(k % 2));
  const double truth = std::accumulate(loss.begin(), loss.end(), 0.0) / static_cast<double>(pool.size());
  for (const std::size_t count : {1u, 2u, 4u, 6u}) {
    double weighted = 0, naive = 0, total = 0, mean_weight = 0;
    std::vector<std::size_t> order;
    std::vector<double> conditional;
    enumerate(belief, pool, count, order, conditional, 1, [&](double probability) {
      const std::vector<double> w = selection_weights(pool.size(), conditional);
      const double share = probability / static_cast<double>(count);
      total += probability;
      for (std::size_t m = 0; m < count; ++m) {
        weighted += share * w[m] * loss[order[m]];
        naive += share * loss[order[m]];
        mean_weight += share * w[m];
      }
    });
    EXPECT_NEAR(total, 1, 1e-12);
    EXPECT_NEAR(weighted, truth, 1e-12) << count;
    EXPECT_NEAR(mean_weight, 1, 1e-12) << count;
    if (count < 6) {
      EXPECT_GT(std::abs(naive - truth), 1e-3) << count;
    }
  }
}

TEST(SelectionWeights, StayUnbiasedWhereLaterDrawsDependOnEarlierAnswers) {
  // Three entries with answers 0 or 1, two draws; the second draw's probabilities follow the first answer.
  const double yes[] = {0.9, 0.4, 0.2};
  double weighted = 0;
  for (std::size_t a = 0; a < 3; ++a) {
    const double q1 = a == 0 ? 0.6 : 0.2;
    for (const int answer : {0, 1}) {
      const double seen = answer == 1 ? yes[a] : 1 - yes[a];
      for (std::size_t b = 0; b < 3; ++b) {
        if (b == a) continue;
        const double lower = answer == 1 ? 0.85 : 0.3;  // of the lower-numbered of the two that are left
        const bool is_lower = b == (a == 0 ? 1u : 0u);
        const double q2 = is_lower ? lower : 1 - lower;
        const std::vector<double> w = selection_weights(3, std::vector<double>{q1, q2});
        weighted += q1 * seen * q2 * (w[0] * answer + w[1] * yes[b]) / 2;
      }
    }
  }
  EXPECT_NEAR(weighted, (0.9 + 0.4 + 0.2) / 3, 1e-12);
}

TEST(SelectionWeights, AreBoundedByTheUniformShareAndOneForRandomSelection) {
  const ItemBelief belief = item_belief(12, blocks_of(12, 12), some_votes(12, 12, 40, 7), 4);
  const PairPool pool = all_pairs(12);
  for (const SelectedPair& s : select_pairs(belief, pool, 40, {0.25, 8, 1}, Rng(2))) {
    EXPECT_GE(s.weight, 0);
    EXPECT_LE(s.weight, 4);
  }
  for (const SelectionOptions& random : {SelectionOptions{1, 4, 1}, SelectionOptions{0.1, 0, 1}})
    for (const SelectedPair& s : select_pairs(belief, pool, 40, random, Rng(2))) EXPECT_NEAR(s.weight, 1, 1e-9);
}

// ---------------------------------------------------------------------------------------------- the same bytes

TEST(SelectPairs, GivesTheSameBytesForAnyNumberOfThreads) {
  constexpr std::size_t kItems = 9000, kColumns = 64, kPairs = 20'000;
  std::vector<float> x(kItems * kColumns);
  Rng rng = Rng(3).stream("features");
  for (float& value : x) value = static_cast<float>(rng.normal());
  PairPool pool;
  for (std::size_t k = 0; k < kPairs; ++k) {
    pool.first.push_back(static_cast<std::uint32_t>(rng.below(kItems - 1)));
    pool.second.push_back(pool.first.back() + 1);
  }
  const DesignView design{x.data(), kItems, kColumns};
  const LinearBelief belief = linear_belief(design, {}, 0.1);
  const auto one = select_pairs(belief, design, pool, 12, {0.2, 4, 1}, Rng(6));
  for (const int threads : {2, 5}) {
    const auto many = select_pairs(belief, design, pool, 12, {0.2, 4, threads}, Rng(6));
    for (std::size_t m = 0; m < one.size(); ++m) {
      EXPECT_EQ(one[m].entry, many[m].entry);
      EXPECT_EQ(one[m].probability, many[m].probability);
      EXPECT_EQ(one[m].information, many[m].information);
      EXPECT_EQ(one[m].weight, many[m].weight);
    }
  }
}

// ---------------------------------------------------------------------------------------------- refusals

void expect_refusal(const std::function<void()>& call, const std::string& what) {
  try {
    call();
    ADD_FAILURE() << "not refused: " << what;
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Code::kInput);
    EXPECT_NE(std::string(e.what()).find(what), std::string::npos) << e.what();
  }
}

TEST(SelectPairs, RefusesWhatCannotBeAsked) {
  const ItemBelief belief = item_belief(4, std::vector<std::uint32_t>{0, 0, 1, 1}, {}, 1);
  const auto ask = [&](PairPool pool, std::size_t count, SelectionOptions options = {}) {
    return [=, &belief] { select_pairs(belief, pool, count, options, Rng(1)); };
  };
  expect_refusal(ask({}, 1), "pool: pairs: found none");
  expect_refusal(ask({{0}, {0}, {}, {}, {}}, 1), "pool: pair 0: found item 0 beside itself");
  expect_refusal(ask({{0, 2}, {1, 4}, {}, {}, {}}, 1), "pool: pair 1: found item 4, expected an item below 4");
  expect_refusal(ask({{0}, {2}, {}, {}, {}}, 1), "pool: pair 0: found items of blocks 0 and 1");
  expect_refusal(ask({{0, 1}, {1}, {}, {}, {}}, 1), "pool: second: found 1 entries");
  expect_refusal(ask({{0}, {1}, {}, {}, {}}, 2), "count: found 2, expected 1 to 1");
  expect_refusal(ask({{0}, {1}, {}, {}, {}}, 0), "count: found 0");
  expect_refusal(ask({{0}, {1}, {NAN}, {}, {}}, 1), "slope of pair 0: found nan");
  expect_refusal(ask({{0}, {1}, {}, {}, {0}}, 1), "cost of pair 0: found 0, expected a number > 0");
  expect_refusal(ask({{0}, {1}, {}, {}, {}}, 1, {0, 4, 1}), "uniform: found 0");
  expect_refusal(ask({{0}, {1}, {}, {}, {}}, 1, {0.2, -1, 1}), "sharpness: found -1");
}

TEST(SelectPairs, RefusesCovariancesThatAreNone) {
  const PairPool pool{{0}, {1}, {}, {}, {}};
  const auto with = [&](std::vector<double> elements) {
    return [=, &pool] {
      ItemBelief belief{{0, 0}, {0, 0}, {Matrix(2, 2)}};
      belief.covariance[0].data = elements;
      select_pairs(belief, pool, 1, {}, Rng(1));
    };
  };
  with({1, 0, 0, 1})();
  expect_refusal(with({1, 0.5, 0, 1}), "expected a symmetric matrix");
  expect_refusal(with({1, 2, 2, 1}), "variance of pair 0: found -2");
  expect_refusal(with({1, 0, 0, INFINITY}), "expected finite numbers");
  const auto wrong_shape = [&] {
    select_pairs(ItemBelief{{0, 0}, {0, 0}, {Matrix(3, 3)}}, pool, 1, {}, Rng(1));
  };
  expect_refusal(wrong_shape, "found 3 x 3, expected 2 x 2");
}

TEST(ItemBelief, RefusesVotesThatAreNone) {
  const std::vector<std::uint32_t> block = {0, 0, 1};
  const auto fit = [&](PairVotes votes, double prior = 1) {
    return [=, &block] { item_belief(3, block, votes, prior); };
  };
  expect_refusal(fit({{{0}, {1}, {}, {}, {}}, {1.5}, {}}), "share of vote 0: found 1.5");
  expect_refusal(fit({{{0}, {1}, {}, {}, {}}, {1}, {-1}}), "weight of vote 0: found -1");
  expect_refusal(fit({{{0}, {2}, {}, {}, {}}, {1}, {}}), "items of blocks 0 and 1");
  expect_refusal(fit({{{1}, {1}, {}, {}, {}}, {1}, {}}), "item 1 beside itself");
  expect_refusal(fit({}, 0), "prior variance: found 0");
}

}  // namespace
}  // namespace plumb
