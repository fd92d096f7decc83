// Factored designs give what the same rows written out give: sums, logistic fits, choices.
#include "stats/factored.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/exp_of.h"
#include "stats/lanes.h"

namespace plumb {
namespace {

// Contexts z of four slots, three groups whose maps scale and share columns (one column gets two slots).
struct Made {
  stats::FactoredDesign design;
  std::vector<float> x;  // the same written out
  std::size_t n = 0, p = 9;
  std::vector<std::uint32_t> rows;
  std::vector<std::uint8_t> fold;
  std::vector<double> y, weight;
  DesignView view() const { return {x.data(), n, p}; }
};

Made made(std::size_t n, std::uint64_t seed) {
  Made out;
  out.n = n;
  Rng rng(seed);
  std::vector<float> z(n * 4);
  for (std::size_t i = 0; i < n; ++i) {
    z[i * 4] = 1;
    z[i * 4 + 1] = static_cast<float>(rng.normal());
    z[i * 4 + 2 + rng.below(2)] = 1;
  }
  out.design = stats::compressed(
      n, 4, [&](std::size_t i, std::span<float> to) { std::copy_n(z.data() + i * 4, 4, to.begin()); }, 1);
  out.design.columns = out.p;
  out.design.map.clear();
  for (std::uint32_t g = 0; g < 3; ++g) {
    const double scale = g == 2 ? -0.5 : 1;
    out.design.map.push_back({{0, 0, 1}, {1, 1, 1}, {2, 2, 1}, {2, 3, 1}, {3 + g, 0, 1}, {6 + g, 1, scale}});
  }
  out.x.assign(n * out.p, 0.0f);
  for (std::size_t i = 0; i < n; ++i) {
    const auto g = static_cast<std::uint32_t>(rng.below(3));
    out.design.group.push_back(g);
    double log_odds = -0.5;
    for (const auto& image : out.design.map[g])
      out.x[i * out.p + image.column] += static_cast<float>(image.factor) * z[i * 4 + image.slot];
    for (std::size_t c = 1; c < out.p; ++c)
      log_odds += (c % 2 ? 0.6 : -0.4) * static_cast<double>(out.x[i * out.p + c]);
    out.y.push_back(rng.bernoulli(sigmoid(log_odds)) ? 1 : 0);
    out.weight.push_back(0.5 + rng.uniform());
    out.rows.push_back(static_cast<std::uint32_t>(i));
    out.fold.push_back(static_cast<std::uint8_t>(rng.below(4)));
  }
  return out;
}

TEST(Factored, SumsByFoldAreThoseOfTheRowsWrittenOut) {
  const Made m = made(3000, 1);
  for (const bool weighted : {false, true}) {
    const std::span<const double> weight =
        weighted ? std::span<const double>(m.weight) : std::span<const double>();
    const std::span<const double> y = m.y;
    const FoldSums plain = fold_sums(m.view(), y, m.rows, m.fold, 4, 1, weight);
    const FoldSums sums = stats::fold_sums_many(m.design, {&y, 1}, m.rows, m.fold, 4, 2, weight)[0];
    for (std::size_t f = 0; f < 4; ++f) {
      EXPECT_NEAR(sums.count[f], plain.count[f], 1e-9);
      EXPECT_NEAR(sums.yty[f], plain.yty[f], 1e-9);
      EXPECT_NEAR(sums.y_sum[f], plain.y_sum[f], 1e-9);
      for (std::size_t k = 0; k < plain.xtx[f].size(); ++k) EXPECT_NEAR(sums.xtx[f][k], plain.xtx[f][k], 1e-8);
      for (std::size_t k = 0; k < m.p; ++k) EXPECT_NEAR(sums.xty[f][k], plain.xty[f][k], 1e-8);
    }
  }
}

TEST(Factored, LogisticFitsOfSeveralSetsOfFoldsAreThoseOfEachAlone) {
  const Made m = made(2500, 2);
  const std::vector<FoldMask> masks = {0b1110, 0b1101, 0b1011, 0b0111, 0b1111};
  for (const bool weighted : {false, true}) {
    const std::span<const double> weight =
        weighted ? std::span<const double>(m.weight) : std::span<const double>();
    const auto together = stats::logistic(m.design, m.y, m.rows, m.fold, masks, 2, weight);
    for (std::size_t k = 0; k < masks.size(); ++k) {
      const LinearFit alone = logistic(m.view(), m.y, m.rows, m.fold, masks[k], 1, weight);
      EXPECT_NEAR(together[k].penalty, alone.penalty, 1e-9 * alone.penalty);
      EXPECT_NEAR(together[k].held_out_loss, alone.held_out_loss, 1e-7);
      for (std::size_t c = 0; c < m.p; ++c)
        EXPECT_NEAR(together[k].coef[c], alone.coef[c], 1e-7) << k << " " << c;
    }
    const auto other = stats::logistic(m.design, m.y, m.rows, m.fold, masks, 7, weight);
    for (std::size_t k = 0; k < masks.size(); ++k) EXPECT_EQ(other[k].coef, together[k].coef);
  }
}

// The model of a fold's complement never sees the fold: other outcomes there change nothing.
TEST(Factored, AFitDoesNotDependOnFoldsThatItMayNotSee) {
  Made m = made(2500, 3);
  const std::vector<FoldMask> masks = {0b1110, 0b1101, 0b1011, 0b0111, 0b1111};
  const auto before = stats::logistic(m.design, m.y, m.rows, m.fold, masks, 2);
  for (std::size_t i = 0; i < m.n; ++i) {
    if (m.fold[i] == 1) m.y[i] = 1 - m.y[i];
  }
  const auto after = stats::logistic(m.design, m.y, m.rows, m.fold, masks, 2);
  EXPECT_EQ(before[1].penalty, after[1].penalty);
  EXPECT_EQ(before[1].coef, after[1].coef);
  double moved = 0;
  for (std::size_t c = 0; c < m.p; ++c) moved += std::abs(before[0].coef[c] - after[0].coef[c]);
  EXPECT_GT(moved, 0.1);
}

// `fixed`: every decision offers all groups in order; else two of them.
void expect_same_choices(bool fixed, bool weighted) {
  const Made m = made(2000, 4);
  stats::Offers offers;
  offers.offset.push_back(0);
  std::vector<float> x;
  Rng rng(5);
  for (std::size_t i = 0; i < m.n; ++i) {
    std::vector<std::uint32_t> groups = {0, 1, 2};
    if (!fixed) groups.erase(groups.begin() + static_cast<std::ptrdiff_t>(rng.below(3)));
    std::vector<double> chance;
    for (const std::uint32_t g : groups) {
      std::vector<float> row(m.p, 0.0f);
      for (std::size_t e = m.design.start[i]; e < m.design.start[i + 1]; ++e) {
        for (const auto& image : m.design.map[g]) {
          if (image.slot == m.design.slot[e])
            row[image.column] += static_cast<float>(image.factor) * m.design.value[e];
        }
      }
      x.insert(x.end(), row.begin(), row.end());
      chance.push_back(std::exp(0.7 * static_cast<double>(row[6]) - 0.5 * static_cast<double>(row[4])));
      offers.group.push_back(g);
    }
    offers.offset.push_back(offers.group.size());
    offers.chosen.push_back(static_cast<std::uint32_t>(rng.categorical(chance)));
  }
  const std::span<const double> weight =
      weighted ? std::span<const double>(m.weight) : std::span<const double>();
  const LinearFit plain = softmax_regression({x.data(), offers.group.size(), m.p}, offers.offset, offers.chosen,
                                             m.fold, 0b1011, 1, weight);
  const LinearFit fit = stats::softmax_regression(m.design, offers, m.fold, 0b1011, 2, weight);
  EXPECT_NEAR(fit.penalty, plain.penalty, 1e-9 * plain.penalty);
  EXPECT_NEAR(fit.held_out_loss, plain.held_out_loss, 1e-7);
  for (std::size_t c = 0; c < m.p; ++c) EXPECT_NEAR(fit.coef[c], plain.coef[c], 1e-7) << c;
  EXPECT_EQ(fit.coef, stats::softmax_regression(m.design, offers, m.fold, 0b1011, 5, weight).coef);
}

TEST(Factored, ChoicesAmongAllGroupsAreThoseOfTheRowsWrittenOut) {
  expect_same_choices(true, false);
  expect_same_choices(true, true);
}

TEST(Factored, ChoicesAmongSomeGroupsAreThoseOfTheRowsWrittenOut) {
  expect_same_choices(false, false);
  expect_same_choices(false, true);
}

TEST(ExpOf, IsWithinAUnitInTheLastPlaceOfTheLibrary) {
  for (double x = -700; x < 700; x += 0.0937) EXPECT_NEAR(exp_of(x) / std::exp(x), 1, 4.5e-16) << x;
  for (float x = -87; x < 87; x += 0.0137f) {
    const double exact = std::exp(static_cast<double>(x));
    EXPECT_NEAR(static_cast<double>(exp_of(x)) / exact, 1, 2.4e-7) << x;
  }
  EXPECT_EQ(exp_of(0.0), 1);
  EXPECT_EQ(exp_of(0.0f), 1);
}

}  // namespace
}  // namespace plumb
