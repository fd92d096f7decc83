// The fit: an independent Newton solution, known truths, length out of the score, penalties by groups.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <set>

#include "plumb/ensemble.h"
#include "reward/text_problem.h"
#include "tests/reward/made_preferences.h"

namespace plumb {
namespace {

// Minimizes a smooth function of few parameters by Newton's method on numerical derivatives: slow and
// independent.
std::vector<double> numerical_minimum(const std::function<double(const std::vector<double>&)>& loss,
                                      std::size_t p) {
  std::vector<double> x(p, 0.0);
  const double h = 1e-4;
  for (int step = 0; step < 60; ++step) {
    std::vector<double> gradient(p);
    std::vector<std::vector<double>> m(p, std::vector<double>(p + 1));
    const auto at = [&](std::size_t i, double di, std::size_t j, double dj) {
      std::vector<double> y = x;
      y[i] += di;
      y[j] += dj;
      return loss(y);
    };
    for (std::size_t i = 0; i < p; ++i) {
      for (std::size_t j = 0; j < p; ++j) {
        m[i][j] = (at(i, h, j, h) - at(i, h, j, -h) - at(i, -h, j, h) + at(i, -h, j, -h)) / (4 * h * h);
      }
      m[i][p] = -(at(i, h, i, 0) - at(i, -h, i, 0)) / (2 * h);
    }
    for (std::size_t c = 0; c < p; ++c) {
      for (std::size_t r = 0; r < p; ++r) {
        if (r == c) continue;
        const double f = m[r][c] / m[c][c];
        for (std::size_t k = c; k <= p; ++k) m[r][k] -= f * m[c][k];
      }
    }
    double size = 0;
    for (std::size_t c = 0; c < p; ++c) {
      const double move = std::clamp(m[c][p] / m[c][c], -1.0, 1.0);
      x[c] += move;
      size += std::abs(move);
    }
    if (size < 1e-10) break;
  }
  return x;
}

TEST(TextRewardFit, EqualsANumericalSolutionOfItsDefinition) {
  NumberWorld world = number_world({1.0, -0.5, 0.2}, 40, 150, 1);
  for (std::size_t k = 0; k < 150; k += 7) world.judged.tie_votes[k] = 1.5;
  TextRewardOptions options;
  options.features = world.rows.features;
  options.penalties = {0.01};
  for (const Ties ties : {Ties::kHalf, Ties::kDavidson, Ties::kRaoKupper}) {
    options.ties = ties;
    const TextReward model = fit_text_reward(world.rows, world.judged, options, 1);
    // Columns standardized over all 40 rows, which all take part.
    double weight = 0;
    for (std::size_t k = 0; k < 150; ++k) weight += 1 + world.judged.tie_votes[k];
    std::array<double, 3> mean{}, deviation{};
    const auto x = [&](std::size_t i, std::size_t c) {
      return static_cast<double>(world.rows.value[3 * i + c]);
    };
    for (std::size_t c = 0; c < 3; ++c) {
      for (std::size_t i = 0; i < 40; ++i) mean[c] += x(i, c) / 40;
      for (std::size_t i = 0; i < 40; ++i) deviation[c] += (x(i, c) - mean[c]) * (x(i, c) - mean[c]) / 40;
      deviation[c] = std::sqrt(deviation[c]);
    }
    const auto loss = [&](const std::vector<double>& w) {
      double sum = 0;
      for (std::size_t k = 0; k < 150; ++k) {
        double d = 0;
        for (std::size_t c = 0; c < 3; ++c) {
          d += w[c] * (x(world.judged.first[k], c) - x(world.judged.second[k], c)) / deviation[c];
        }
        const double a = world.judged.first_votes[k], b = world.judged.second_votes[k],
                     t = world.judged.tie_votes[k];
        double pa, pb, pt;
        if (ties == Ties::kDavidson) {
          const double nu = std::exp(w[3]), z = std::exp(d) + 1 + nu * std::exp(d / 2);
          pa = std::exp(d) / z;
          pb = 1 / z;
          pt = nu * std::exp(d / 2) / z;
        } else if (ties == Ties::kRaoKupper) {
          pa = sigmoid(d - std::exp(w[3]));
          pb = sigmoid(-d - std::exp(w[3]));
          pt = 1 - pa - pb;
        } else {
          pa = sigmoid(d);
          pb = sigmoid(-d);
          pt = std::sqrt(pa * pb);  // half a vote each way
        }
        sum -= a * std::log(pa) + b * std::log(pb) + t * std::log(pt);
      }
      for (std::size_t c = 0; c < 3; ++c) sum += 0.01 * weight / 2 * w[c] * w[c];
      return sum;
    };
    const std::vector<double> expected = numerical_minimum(loss, ties == Ties::kHalf ? 3 : 4);
    for (std::size_t c = 0; c < 3; ++c) {
      EXPECT_NEAR(static_cast<double>(model.weight[16 + c]) * deviation[c], expected[c], 3e-4);
    }
    if (ties != Ties::kHalf) {
      EXPECT_NEAR(model.tie, std::exp(expected[3]), 1e-3);
    }
    const RewardScores s = score(model, world.rows, 1);
    double sum = 0;
    for (const double m : s.mean) sum += m;
    EXPECT_NEAR(sum / 40, 0, 1e-6);
  }
}

TEST(TextRewardFit, RecoversKnownCoefficients) {
  const std::vector<double> truth = {1.2, -0.7, 0.0, 0.4};
  const NumberWorld world = number_world(truth, 2000, 20000, 2);
  TextRewardOptions options;
  options.features = world.rows.features;
  options.penalties = {1e-5};
  const TextReward model = fit_text_reward(world.rows, world.judged, options, 2);
  // Fisher information a coefficient: 20,000 votes x E[p(1 - p) dx^2] with dx^2 about 2, p(1 - p) at least .12.
  const double error = 1 / std::sqrt(20000 * 0.12 * 2);
  for (std::size_t c = 0; c < truth.size(); ++c) {
    EXPECT_NEAR(static_cast<double>(model.weight[16 + c]), truth[c], 4 * error) << c;
  }
}

// Ratings and thumbs of the same rewards: one scale, thresholds where they were.
TEST(TextRewardFit, RecoversThresholdsFromRatingsAndThumbs) {
  NumberWorld world = number_world({1.0, -0.6}, 6000, 0, 4);
  Judged& j = world.judged;
  Rng rng = Rng(5).stream("ratings");
  const double threshold[] = {-1.0, 0.5, 2.0};
  j.levels = 4;
  double mean = 0;
  for (std::uint32_t i = 0; i < 6000; ++i) {
    mean += world.reward[i] / 6000;
    const double u = rng.uniform();
    std::uint32_t level = 0;
    while (level < 3 && u > sigmoid(threshold[level] - world.reward[i])) ++level;
    j.rated.push_back(i);
    j.level.push_back(level);
    j.rating_weight.push_back(1);
    j.rating_group.push_back(i % 20);
    j.thumbed.push_back(i);
    j.up.push_back(rng.bernoulli(sigmoid(world.reward[i] + 0.8)));
    j.thumb_weight.push_back(1);
    j.thumb_group.push_back(i % 20);
  }
  TextRewardOptions options;
  options.features = world.rows.features;
  options.penalties = {1e-5};
  const TextReward model = fit_text_reward(world.rows, j, options, 1);
  EXPECT_NEAR(static_cast<double>(model.weight[16]), 1.0, 0.1);
  EXPECT_NEAR(static_cast<double>(model.weight[17]), -0.6, 0.1);
  ASSERT_EQ(model.thresholds.size(), 3u);
  // Scores are centred: thresholds move with them. Standard errors are about .03.
  for (std::size_t k = 0; k < 3; ++k) EXPECT_NEAR(model.thresholds[k], threshold[k] - mean, 0.12) << k;
  EXPECT_NEAR(model.thumb_intercept, 0.8 + mean, 0.12);
}

TEST(TextRewardFit, KnowsQualityFromLength) {
  // Length alone is wanted: a model with length takes it, one that controls it finds nothing in the words.
  const TextWorld world = text_world(600, 6000, 1.0, false, 6);
  TextRewardOptions options;
  options.features.words = 1;
  options.penalties = {1e-3};
  const ItemRows rows = text_rows(world.texts, options.features, 2);
  const TextReward with = fit_text_reward(rows, world.judged, options, 1);
  options.length = LengthUse::kControlled;
  const TextReward controlled = fit_text_reward(rows, world.judged, options, 1);
  EXPECT_GT(correlation(score(with, rows, 1).mean, world.reward), 0.95);
  EXPECT_GT(correlation(score(controlled, rows, 1).mean, world.quality), 0.95);
  EXPECT_LT(std::abs(correlation(score(controlled, rows, 1).mean, world.length)), 0.15);
  for (std::size_t k = 0; k < kLengthMeasures; ++k) EXPECT_EQ(controlled.weight[rows.hashed() + k], 0);
}

TEST(TextRewardFit, ABlindModelIsUncorrelatedWithLengthHereAndElsewhere) {
  // Good words come with length, and people like both: only a blind model's score keeps clear of it.
  const TextWorld world = text_world(800, 8000, 0.7, true, 7);
  const TextWorld fresh = text_world(4000, 0, 0.7, true, 8);
  TextRewardOptions options;
  options.features.words = 2;
  options.penalties = {1e-3};
  const ItemRows rows = text_rows(world.texts, options.features, 2);
  const ItemRows fresh_rows = text_rows(fresh.texts, options.features, 2);
  options.length = LengthUse::kControlled;
  const TextReward controlled = fit_text_reward(rows, world.judged, options, 1);
  options.length = LengthUse::kBlind;
  const TextReward blind = fit_text_reward(rows, world.judged, options, 1);
  EXPECT_GT(correlation(score(controlled, fresh_rows, 1).mean, fresh.length), 0.3);
  EXPECT_LT(std::abs(correlation(score(blind, rows, 1).mean, world.length)), 1e-4);
  // 4 standard errors of a correlation of 0 among 4,000, and as much for the share estimated from 800.
  EXPECT_LT(std::abs(correlation(score(blind, fresh_rows, 1).mean, fresh.length)),
            4 / std::sqrt(4000.0) + 4 / std::sqrt(800.0));
  // It still knows quality at a given length.
  EXPECT_GT(correlation(score(blind, fresh_rows, 1).mean, fresh.quality), 0.7);
}

// Frisch, Waugh, Lovell for a nuisance: subtracting the score's share of the length measures is the same as
// scoring every column residualized on them.
TEST(TextRewardFit, BlindIsTheFitOnResidualizedColumns) {
  const TextWorld world = text_world(200, 2000, 0.7, true, 9);
  TextRewardOptions options;
  options.features.words = 1;
  options.penalties = {1e-2};
  const ItemRows rows = text_rows(world.texts, options.features, 1);
  options.length = LengthUse::kControlled;
  const std::vector<double> controlled = score(fit_text_reward(rows, world.judged, options, 1), rows, 1).mean;
  options.length = LengthUse::kBlind;
  const std::vector<double> blind = score(fit_text_reward(rows, world.judged, options, 1), rows, 1).mean;
  // Least squares of the controlled score on [1, length measures] by normal equations on orthogonalized
  // columns.
  std::vector<std::vector<double>> basis(1, std::vector<double>(200, 1.0));
  for (std::size_t k = 0; k < kLengthMeasures; ++k) {
    std::vector<double> column;
    for (std::size_t i = 0; i < 200; ++i) {
      column.push_back(static_cast<double>(rows.value[rows.offset[i + 1] - kSurfaceMeasures + k]));
    }
    basis.push_back(column);
  }
  std::vector<double> residual = controlled;
  const auto dot = [](const std::vector<double>& a, const std::vector<double>& b) {
    double sum = 0;
    for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
    return sum;
  };
  for (std::size_t k = 0; k < basis.size(); ++k) {
    for (int pass = 0; pass < 2; ++pass) {
      for (std::size_t e = 0; e < k; ++e) {
        const double share = dot(basis[k], basis[e]);
        for (std::size_t i = 0; i < 200; ++i) basis[k][i] -= share * basis[e][i];
      }
    }
    const double size = std::sqrt(dot(basis[k], basis[k]));
    for (double& v : basis[k]) v = size > 1e-9 ? v / size : 0;
    const double share = dot(residual, basis[k]);
    for (std::size_t i = 0; i < 200; ++i) residual[i] -= share * basis[k][i];
  }
  for (std::size_t i = 0; i < 200; ++i) EXPECT_NEAR(blind[i], residual[i], 1e-4);
}

TEST(TextRewardFit, ChoosesThePenaltyOnGroupsThatWereHeldOut) {
  // A weak truth among 400 useless numbers needs a strong penalty; a strong one in three numbers a weak one.
  std::vector<double> weak(200, 0.0);
  weak[0] = 0.3;
  const NumberWorld noise = number_world(weak, 400, 400, 10),
                    clear = number_world({2.0, -1.0, 1.0}, 400, 4000, 11);
  TextRewardOptions options;
  options.features = noise.rows.features;
  options.penalties = {1e-4, 1e-2, 1};
  const ItemRows* const noisy = &noise.rows;
  const TextReward a = fit_text_reward(noise.rows, noise.judged, options, 2);
  const TextReward b = fit_text_reward(clear.rows, clear.judged, options, 2);
  EXPECT_NEAR(a.penalty, 1 * 400, 1e-9);
  EXPECT_NEAR(b.penalty, 1e-4 * 4000, 1e-9);
  EXPECT_LT(b.held_out_loss, 0.55);
  EXPECT_LT(a.held_out_loss, inner_results({&noisy, 1}, noise.judged, {&options, 1}, 1)[0].loss - 0.1);
  const ItemRows* const both[] = {&clear.rows};
  const std::vector<InnerResult> results = inner_results(both, clear.judged, {&options, 1}, 1);
  ASSERT_EQ(results.size(), 3u);
  EXPECT_EQ(results[0].loss, b.held_out_loss);
  EXPECT_GT(results[0].accuracy, 0.75);
}

TEST(TextRewardFit, FoldsKeepGroupsTogetherAndBalanced) {
  std::vector<std::uint64_t> group;
  for (std::uint64_t g = 0; g < 24; ++g) group.insert(group.end(), 100 + 7 * g, 1000 - g);
  const std::vector<int> fold = group_folds(group, 6);
  std::map<std::uint64_t, std::set<int>> of_group;
  std::array<std::size_t, 6> size{};
  for (std::size_t k = 0; k < group.size(); ++k) {
    of_group[group[k]].insert(fold[k]);
    ++size[static_cast<std::size_t>(fold[k])];
  }
  for (const auto& [g, folds] : of_group) EXPECT_EQ(folds.size(), 1u) << g;
  const auto [low, high] = std::minmax_element(size.begin(), size.end());
  EXPECT_LT(*high - *low, 100u);
}

TEST(TextRewardFit, IsTheSameForAnyNumberOfThreads) {
  const TextWorld world = text_world(150, 800, 0.5, true, 12);
  TextRewardOptions options;
  options.penalties = {1e-3, 1e-1};
  const ItemRows rows = text_rows(world.texts, options.features, 1);
  EXPECT_EQ(reward_bytes(fit_text_reward(rows, world.judged, options, 1)),
            reward_bytes(fit_text_reward(rows, world.judged, options, 4)));
}

TEST(TextRewardFit, StaysFiniteWhereTheMaximumDoesNotExist) {
  // a beats b, b beats c, a beats c, always: without a penalty rewards would run away.
  const std::vector<std::string> texts = {"alpha", "beta", "gamma"};
  TextRewardOptions options;
  options.features.surface = false;
  options.penalties = {1e-3};
  Judged j;
  j.first = {0, 1, 0};
  j.second = {1, 2, 2};
  j.first_votes = {1, 1, 1};
  j.second_votes = j.tie_votes = {0, 0, 0};
  j.pair_group = {0, 0, 0};
  const std::vector<double> r =
      score(fit_text_reward(text_rows(texts, options.features, 1), j, options, 1), texts, 1).mean;
  EXPECT_GT(r[0], r[1]);
  EXPECT_GT(r[1], r[2]);
  EXPECT_LT(r[0] - r[2], 50);
}

TEST(TextRewardFit, ReadsFeedbackAsJudgements) {
  Feedback f;
  f.source = "made";
  f.prompt = {"p", "q"};
  f.item = {"a", "b", "c", "d"};
  f.item_prompt = {0, 0, 0, 1};
  f.first = {0};
  f.second = {1};
  f.answer = {Answer::kTie};
  f.comparison.weight = {2.0f};
  f.ranking_offset = {0, 3};
  f.ranking_item = {2, 0, 1};
  f.ranking_rank = {0, 1, 1};
  f.rated = {0, 3};
  f.rating = {5, 1};
  f.thumbed = {3};
  f.up = {1};
  const Judged j = judged_rows(f);
  EXPECT_EQ(j.first, (std::vector<std::uint32_t>{0, 2, 2, 0}));
  EXPECT_EQ(j.second, (std::vector<std::uint32_t>{1, 0, 1, 1}));
  EXPECT_EQ(j.first_votes, (std::vector<double>{0, 0.5, 0.5, 0}));
  EXPECT_EQ(j.tie_votes, (std::vector<double>{2, 0, 0, 0.5}));
  EXPECT_EQ(j.levels, 2u);
  EXPECT_EQ(j.level, (std::vector<std::uint32_t>{1, 0}));
  EXPECT_EQ(j.thumb_group[0], hash_bytes("q"));
  EXPECT_EQ(j.pair_group[0], hash_bytes("p"));
  f.rating = {5, 5};
  EXPECT_THROW(judged_rows(f), Error);
}

TEST(TextRewardFit, RefusesWhatItCannotUse) {
  const NumberWorld world = number_world({1.0}, 10, 20, 13);
  TextRewardOptions options;
  options.features = world.rows.features;
  const auto refused = [&](const Judged& j, const TextRewardOptions& o) {
    try {
      fit_text_reward(world.rows, j, o, 1);
      return false;
    } catch (const Error& e) {
      return e.code() == Code::kInput;
    }
  };
  EXPECT_FALSE(refused(world.judged, options));
  Judged j = world.judged;
  j.first[3] = 10;
  EXPECT_TRUE(refused(j, options)) << "a row that does not exist";
  j = world.judged;
  j.first[3] = j.second[3];
  EXPECT_TRUE(refused(j, options)) << "a row with itself";
  j = world.judged;
  j.first_votes[0] = NAN;
  EXPECT_TRUE(refused(j, options)) << "votes that are no number";
  j = world.judged;
  j.tie_votes.pop_back();
  EXPECT_TRUE(refused(j, options)) << "arrays of different lengths";
  j = world.judged;
  for (std::uint64_t& g : j.pair_group) g = 5;
  EXPECT_TRUE(refused(j, options)) << "one group and several penalties";
  EXPECT_TRUE(refused({}, options)) << "nothing judged";
  TextRewardOptions o = options;
  o.length = LengthUse::kBlind;
  EXPECT_TRUE(refused(world.judged, o)) << "blind to length without its measures";
  o = options;
  o.features.words = 2;
  EXPECT_TRUE(refused(world.judged, o)) << "rows of other features";
  o = options;
  o.ties = Ties::kRefuse;
  EXPECT_FALSE(refused(world.judged, o));
  j = world.judged;
  j.tie_votes[2] = 1;
  EXPECT_TRUE(refused(j, o)) << "a tie where ties are refused";
  o = options;
  o.penalties = {0};
  EXPECT_TRUE(refused(world.judged, o)) << "no penalty";
  o = options;
  o.margin = 1;
  o.ties = Ties::kDavidson;
  EXPECT_TRUE(refused(world.judged, o)) << "a margin in a model of ties";
}

}  // namespace
}  // namespace plumb
