// Dawid-Skene on the data of the paper, and on a world with known raters.
#include <gtest/gtest.h>

#include <cmath>

#include "plumb/raters.h"

namespace plumb {
namespace {

struct Labels {
  std::size_t items = 0, raters = 0, classes = 0;
  std::vector<std::uint32_t> item, rater, label;
  void add(std::size_t i, std::size_t r, std::size_t l) {
    item.push_back(static_cast<std::uint32_t>(i));
    rater.push_back(static_cast<std::uint32_t>(r));
    label.push_back(static_cast<std::uint32_t>(l));
  }
  RaterLabels view() const { return {items, raters, classes, item, rater, label}; }
};

// Table 1 of Dawid, Skene 1979: 45 patients, the first anaesthetist three times, then four others; classes 1
// to 4.
Labels anaesthesia() {
  const char* const patients[45] = {
      "1111111", "3334334", "1122122", "2223121", "2223222", "2223322", "1222111", "3333433", "2222223",
      "2322223", "4444444", "2223343", "1111111", "2223212", "1211111", "1112111", "1111111", "1111111",
      "2222221", "2221322", "2222222", "2222221", "2223222", "2212222", "1111111", "1111111", "2322222",
      "1111111", "1111111", "1121121", "1111111", "3333233", "1111111", "2222222", "2223232", "4334343",
      "2212232", "2323233", "3333432", "1111111", "1111111", "1212111", "2322222", "1211111", "2222222"};
  Labels out{45, 5, 4, {}, {}, {}};
  for (std::size_t i = 0; i < 45; ++i)
    for (std::size_t k = 0; k < 7; ++k)
      out.add(i, k < 3 ? 0 : k - 2, static_cast<std::size_t>(patients[i][k] - '1'));
  return out;
}

TEST(DawidSkene, EqualsThePublishedAnaesthesiaFit) {
  const Labels labels = anaesthesia();
  const DawidSkene fit = dawid_skene(labels.view(), {});
  EXPECT_TRUE(fit.converged);
  const double published[4] = {.39955, .42198, .11180, .06667};
  for (std::size_t c = 0; c < 4; ++c) EXPECT_NEAR(fit.prevalence[c], published[c], 5e-6);
  EXPECT_NEAR(fit.log_likelihood, -192.8909, 5e-5);
}

// Two thirds of the labels are right; one rater says the opposite class of two.
TEST(DawidSkene, RecoversTheWorldsRatersAndSeesThroughTheContrary) {
  Rng rng(3);
  Labels labels{2000, 6, 2, {}, {}, {}};
  const double right[6] = {.9, .8, .7, .6, .5, .1};
  std::vector<std::size_t> truth(2000);
  for (std::size_t i = 0; i < 2000; ++i) {
    truth[i] = rng.bernoulli(.3) ? 1 : 0;
    for (std::size_t r = 0; r < 6; ++r) labels.add(i, r, rng.bernoulli(right[r]) ? truth[i] : 1 - truth[i]);
  }
  const DawidSkene fit = dawid_skene(labels.view(), {});
  EXPECT_NEAR(fit.prevalence[1], .3, .05);
  for (std::size_t r = 0; r < 6; ++r)
    for (std::size_t c = 0; c < 2; ++c) EXPECT_NEAR(fit.says[r](c, c), right[r], .07) << r << ' ' << c;
  std::size_t correct = 0, votes_correct = 0;
  for (std::size_t i = 0; i < 2000; ++i) {
    correct += (fit.posterior(i, 1) > .5) == (truth[i] == 1);
    int ones = 0;
    for (std::size_t r = 0; r < 6; ++r) ones += static_cast<int>(labels.label[i * 6 + r]);
    votes_correct += (ones > 3) == (truth[i] == 1);
  }
  EXPECT_GT(correct, votes_correct + 200);
}

TEST(DawidSkene, LikelihoodNeverFalls) {
  const Labels labels = anaesthesia();
  double before = -1e300;
  for (int steps = 1; steps < 12; ++steps) {
    const double now = dawid_skene(labels.view(), {.most_steps = steps}).log_likelihood;
    EXPECT_GE(now, before - 1e-9);
    before = now;
  }
}

TEST(DawidSkene, PredictionsAreProbabilitiesAndNeverZeroWithAPseudoCount) {
  const Labels labels = anaesthesia();
  const DawidSkene fit = dawid_skene(labels.view(), {.pseudo_count = .5});
  for (std::uint32_t i = 0; i < 45; ++i)
    for (std::uint32_t r = 0; r < 5; ++r) {
      double sum = 0;
      for (const double p : fit.predict(i, r)) {
        EXPECT_GT(p, 0);
        sum += p;
      }
      EXPECT_NEAR(sum, 1, 1e-12);
    }
}

TEST(DawidSkene, WhatCannotBeUsedIsRefused) {
  Labels labels = anaesthesia();
  labels.label[17] = 4;
  EXPECT_THROW(dawid_skene(labels.view(), {}), Error);
  labels.label[17] = 3;
  labels.rater.pop_back();
  EXPECT_THROW(dawid_skene(labels.view(), {}), Error);
  EXPECT_THROW(dawid_skene({3, 2, 2, {}, {}, {}}, {}), Error);
}

}  // namespace
}  // namespace plumb
