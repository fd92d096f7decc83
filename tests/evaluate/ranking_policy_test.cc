// Policies that fill slots, against the definition of their probabilities and sums over all rankings.
#include <cmath>

#include "tests/evaluate/listed_rankings.h"

namespace plumb {
namespace {

// From the definition, by the product of ratios.
double plackett_luce_probability(const Matrix& score, const Ranking& ranking) {
  double left = 0, p = 1;
  for (std::size_t a = 0; a < score.rows; ++a) left += std::exp(score(a, 0));
  for (const std::uint32_t a : ranking) {
    p *= std::exp(score(a, 0)) / left;
    left -= std::exp(score(a, 0));
  }
  return p;
}

TEST(SlotPolicies, PlackettLuceHasItsProbabilities) {
  const Listed t = four_items();
  const Matrix score = random_scores(4, 1, 2);
  double sum = 0;
  for (std::size_t i = 0; i < t.rankings.size(); ++i) {
    EXPECT_NEAR(t.target.ranking[i], plackett_luce_probability(score, t.rankings[i]), 1e-14);
    double product = 1;
    for (std::size_t l = 0; l < 3; ++l) product *= t.target.conditional[3 * i + l];
    EXPECT_NEAR(product, t.target.ranking[i], 1e-15);
    sum += t.target.ranking[i];
  }
  EXPECT_EQ(t.rankings.size(), 24u);
  EXPECT_NEAR(sum, 1, 1e-14);
}

TEST(SlotPolicies, FactoredChoosesByTheScoresOfTheSlot) {
  const Matrix score = random_scores(4, 3, 1);
  const Listed t = four_items();
  for (std::size_t i = 0; i < t.rankings.size(); ++i) {
    const Ranking& a = t.rankings[i];
    double p = 1;
    for (std::size_t l = 0; l < 3; ++l) {
      double left = 0;
      for (std::uint32_t b = 0; b < 4; ++b)
        left += std::find(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(l), b) ==
                        a.begin() + static_cast<std::ptrdiff_t>(l)
                    ? std::exp(score(b, l))
                    : 0;
      p *= std::exp(score(a[l], l)) / left;
    }
    EXPECT_NEAR(t.log.logged.ranking[i], p, 1e-14);
  }
}

TEST(SlotPolicies, MarginalsAreSumsOverAllRankings) {
  const Listed t = four_items();
  for (std::uint32_t a = 0; a < 4; ++a) {
    for (std::size_t l = 0; l < 3; ++l) {
      double sum = 0;
      for (std::size_t i = 0; i < t.rankings.size(); ++i)
        if (t.rankings[i][l] == a) sum += t.target.ranking[i];
      EXPECT_NEAR(t.marginals(a, l), sum, 1e-14);
    }
  }
}

TEST(SlotPolicies, SamplesHaveTheirProbabilities) {
  const std::size_t n = 40000;
  const Listed t = four_items();
  const auto policy = repeated(n, random_scores(4, 1, 2));
  const std::vector<std::uint32_t> shown = sample_rankings(*policy, 3, Rng(4));
  for (std::size_t r = 0; r < t.rankings.size(); ++r) {
    double count = 0;
    for (std::size_t i = 0; i < n; ++i)
      count += std::equal(t.rankings[r].begin(), t.rankings[r].end(), &shown[3 * i]);
    const double p = t.target.ranking[r], size = static_cast<double>(n);
    EXPECT_NEAR(count / size, p, 4 * std::sqrt(p * (1 - p) / size)) << r;  // four binomial standard errors
  }
}

TEST(SlotPolicies, ThreadsDoNotMatter) {
  const auto policy = repeated(300, random_scores(5, 3, 6));
  EXPECT_EQ(sample_rankings(*policy, 3, Rng(4), 1), sample_rankings(*policy, 3, Rng(4), 3));
  EXPECT_EQ(slot_marginals(*policy, 3, 1).data, slot_marginals(*policy, 3, 3).data);
  const Listed t = listed(3, random_scores(6, 3, 7), random_scores(6, 1, 8));
  const RankingProbabilities one = ranking_probabilities(*t.pi, t.log, 1),
                             three = ranking_probabilities(*t.pi, t.log, 3);
  EXPECT_EQ(one.ranking, three.ranking);
  EXPECT_EQ(one.conditional, three.conditional);
  EXPECT_EQ(slate_weights(t.log, *t.mu, t.marginals, 1).weight,
            slate_weights(t.log, *t.mu, t.marginals, 3).weight);
}

TEST(SlotPolicies, LongRankingsKeepTheirConditionals) {
  // 200 items in 200 slots: the ranking's own probability, 1/200!, is 0 in double, its conditionals are not.
  const std::size_t k = 200;
  RankingLog log;
  log.slots = k;
  log.offset = {0, k};
  for (std::uint32_t a = 0; a < k; ++a) log.shown.push_back(a);
  log.reward.assign(k, 0.0);
  log.unit = {0};
  const RankingProbabilities p = ranking_probabilities(*repeated(1, Matrix(k, 1)), log);
  EXPECT_EQ(p.ranking[0], 0);
  for (std::size_t l = 0; l < k; ++l) EXPECT_NEAR(p.conditional[l] * static_cast<double>(k - l), 1, 1e-12) << l;
}

TEST(SlotPolicies, RefuseWhatDoesNotFit) {
  const auto has = [](const std::string& message, const std::string& part) {
    EXPECT_NE(message.find(part), std::string::npos) << message;
  };
  has(message_of([] { plackett_luce({0, 2}, {1, std::nan("")}); }), "row 1: score: found nan");
  has(message_of([] { plackett_luce({0, 2}, {1}); }), "found 1 values, expected 2");
  has(message_of([] { factored_rankings({0, 2}, Matrix(2, 1)); }), "found 1 slot");
  has(message_of([] {
        slot_marginals(*plackett_luce({0, 2}, {0, 0}), 3);
      }),
      "decision 0: offered items: found 2, expected at least 3");
  has(message_of([] {
        slot_marginals(*plackett_luce({0, 40}, std::vector<double>(40)), 8);
      }),
      "found 40 items in 8 slots");
  // A policy from outside that shows an item again.
  class Again final : public SlotPolicy {
   public:
    std::vector<double> next(std::size_t, std::span<const std::uint32_t>) const override { return {1, 0}; }
    std::span<const std::size_t> offset() const override { return offset_; }

   private:
    std::vector<std::size_t> offset_ = {0, 2};
  };
  has(message_of([] { slot_marginals(Again(), 2); }),
      "decision 0, slot 1: next: found 1 for item 0, which stands above");
}

}  // namespace
}  // namespace plumb
