// Fences of number columns, and features that are held to them.
#include "data/outlying.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "data/checks.h"
#include "data/implied.h"
#include "plumb/features.h"
#include "tests/data/small_logs.h"

namespace plumb {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

std::vector<std::uint32_t> all_of(const std::vector<float>& number) {
  std::vector<std::uint32_t> rows(number.size());
  std::iota(rows.begin(), rows.end(), 0u);
  return rows;
}

Fence fence(const std::vector<float>& number) { return fence_of(number, all_of(number)); }

std::size_t beyond(const std::vector<float>& number) {
  const Fence f = fence(number);
  return static_cast<std::size_t>(
      std::count_if(number.begin(), number.end(), [&](float x) { return f.is_outlying(x); }));
}

template <class Draw>
std::vector<float> column(std::size_t n, std::uint64_t seed, const Draw& draw) {
  Rng rng(seed);
  std::vector<float> out(n);
  for (float& x : out) x = static_cast<float>(draw(rng));
  return out;
}

// The header's claims: less than one cell in 10^7 of light columns, about one in 10^5 of lognormal ones. Over
// 200 columns of 3,000 that is none (chance of any: 6 %) and about 6 (at most 17 in 999 of 1,000 by Poisson).
TEST(Outlying, SoundColumnsHaveNone) {
  std::size_t light = 0, lognormal = 0;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    light += beyond(column(3000, seed, [](Rng& r) { return r.normal(); }));
    light += beyond(column(3000, seed, [](Rng& r) { return r.uniform(); }));
    light += beyond(column(3000, seed, [](Rng& r) { return r.exponential(); }));
    light += beyond(column(3000, seed, [](Rng& r) { return 20000 + static_cast<double>(r.below(700)); }));
    light += beyond(column(3000, seed, [](Rng& r) { return r.bernoulli(.01) ? 1.0 : 0.0; }));
    light += beyond(column(
        3000, seed, [](Rng& r) { return r.bernoulli(.03) ? 1 + static_cast<double>(r.below(3)) : 0.0; }));
    light += beyond(column(3000, seed, [](Rng& r) { return r.bernoulli(.3) ? 100 + r.normal() : r.normal(); }));
    lognormal += beyond(column(3000, seed, [](Rng& r) { return std::exp(r.normal()); }));
  }
  EXPECT_EQ(light, 0u);
  EXPECT_LE(lognormal, 17u);
}

TEST(Outlying, ColumnsOfAllLengthsAndOddNumbersAreTaken) {
  EXPECT_EQ(beyond({}), 0u);
  EXPECT_EQ(beyond({7}), 0u);
  EXPECT_EQ(beyond({7, 7, 7}), 0u);
  EXPECT_EQ(beyond({kNan, kNan}), 0u);
  EXPECT_EQ(beyond({1, 2, 3, kNan}), 0u);
  EXPECT_EQ(beyond({0.0f, -0.0f, 1e-42f, -1e-42f}), 0u);
  std::vector<float> tiny = column(3000, 1, [](Rng& r) { return 1e-40 * r.normal(); });
  EXPECT_EQ(beyond(tiny), 0u);
  tiny[5] = 1;
  EXPECT_EQ(beyond(tiny), 1u);
  std::vector<float> huge = column(3000, 1, [](Rng& r) { return 1e38 * r.uniform(); });
  EXPECT_EQ(beyond(huge), 0u);
}

TEST(Outlying, OneThreeOrThirtyCellsAreFoundWhateverTheirSize) {
  for (const std::size_t cells : {1, 3, 30}) {
    for (const double size : {40., 100., 1e9, 3e38}) {
      for (const bool lower : {false, true}) {
        for (const bool zeros : {false, true}) {
          std::vector<float> x = column(6000, cells, [&](Rng& r) {
            return zeros ? (r.bernoulli(.9) ? 0 : 1 + static_cast<double>(r.below(4))) : r.normal();
          });
          if (zeros && cells == 30) continue;  // of 600 that are not zeros they are one in 20
          for (std::size_t k = 0; k < cells; ++k) x[7 * k] = static_cast<float>(lower ? -size : size);
          EXPECT_EQ(beyond(x), cells) << size << lower << zeros;
        }
      }
    }
  }
}

DecisionLog log_with(std::vector<float> x, std::vector<float> f = {}) {
  DecisionLog log;
  log.source = "log";
  log.actions = {"a", "b"};
  log.offset = {0};
  for (std::size_t i = 0; i < x.size(); ++i) {
    log.action.insert(log.action.end(), {0, 1});
    log.offset.push_back(log.action.size());
    log.chosen.push_back(i % 2);
    log.propensity.push_back(.25);
    log.unit.push_back(hash_combine(i, 3));
  }
  log.context.resize(1);
  log.context[0].name = "x";
  log.context[0].number = std::move(x);
  if (!f.empty()) {
    log.action_features.resize(1);
    log.action_features[0].name = "f";
    log.action_features[0].number = std::move(f);
  }
  log.fold.assign(log.size(), 0);
  return log;
}

std::vector<float> design_of(const DecisionLog& log, const FeatureMap& map, std::size_t decision) {
  std::vector<float> out(map.width());
  BoundFeatures(map, log).design(decision, log.chosen_row(decision), out);
  return out;
}

TEST(Outlying, FeaturesOfSoundColumnsAreWhatTheyWouldBeWithoutBounds) {
  const DecisionLog log = log_with(column(2000, 3, [](Rng& r) { return r.normal(); }),
                                   column(4000, 4, [](Rng& r) { return r.exponential(); }));
  const FeatureMap map = make_feature_map(log, std::vector<std::uint8_t>(log.size(), 1));
  FeatureMap free = map;
  for (auto* columns : {&free.context, &free.action})
    for (FeatureMap::Column& c : *columns) {
      c.low = c.lowest = -INFINITY;
      c.high = c.highest = INFINITY;
    }
  double sum = 0;
  for (const float x : log.context[0].number) sum += x;
  EXPECT_EQ(map.context[0].mean, sum / 2000);  // every cell counts as it is
  for (std::size_t i = 0; i < log.size(); ++i) EXPECT_EQ(design_of(log, map, i), design_of(log, free, i));
}

TEST(Outlying, ACellBeyondIsTakenAsTheMeanInAnyLog) {
  std::vector<float> x = column(2000, 3, [](Rng& r) { return r.normal(); });
  x[8] = 1e9f;
  x[9] = -1e30f;
  const DecisionLog log = log_with(x, column(4000, 4, [](Rng& r) { return r.exponential(); }));
  const FeatureMap map = make_feature_map(log, std::vector<std::uint8_t>(log.size(), 1));
  EXPECT_NEAR(map.context[0].scale, 1, .1);
  EXPECT_LT(std::abs(map.context[0].mean), .1);
  const DecisionLog later = log_with({4, 1e20f, -4, -7e5f, kNan}, std::vector<float>(10, 1e9f));
  EXPECT_NEAR(design_of(later, map, 0)[1], 4, .5);
  EXPECT_NEAR(design_of(later, map, 2)[1], -4, .5);
  for (const std::size_t i : {1, 3, 4}) {
    EXPECT_EQ(design_of(later, map, i)[1], 0);
    EXPECT_EQ(design_of(later, map, i)[2], 0);  // f
  }
}

TEST(Outlying, TheCheckCountsThemAndNamesTheFarthest) {
  std::vector<float> x = column(2000, 3, [](Rng& r) { return r.normal(); });
  DecisionLog log = log_with(x, column(4000, 4, [](Rng& r) { return r.exponential(); }));
  std::vector<Finding> found;
  find_outlying(log, found);
  EXPECT_TRUE(found.empty());
  log.context[0].number[8] = 100;
  log.context[0].number[11] = -999;
  log.action_features[0].number[3] = 1e9f;
  find_outlying(log, found);
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].check, "outlying_cells");
  EXPECT_EQ(found[0].severity, Severity::kInfo);
  EXPECT_NE(found[0].sentence.find("2 of 2000 numbers of x lie"), std::string::npos) << found[0].sentence;
  EXPECT_NE(found[0].sentence.find("-999 in decision 12"), std::string::npos) << found[0].sentence;
  EXPECT_NE(found[1].sentence.find("in decision 2."), std::string::npos) << found[1].sentence;
}

TEST(Outlying, OfTwoActionsTheOneThatWasNotChosenHasTheRest) {
  const DecisionLog log = log_with({1, 2, 3});
  EXPECT_EQ(implied_probabilities(log), (std::vector<float>{.25f, .75f, .75f, .25f, .25f, .75f}));
  DecisionLog three = log;
  three.action.push_back(1);
  three.offset.back() += 1;
  EXPECT_TRUE(implied_probabilities(three).empty());
  const Goal goal = csv_goal();
  const char* text = "arm,p,spend,age,region\na,0.8,1,2,n\nb,0.3,0,3,n\n";
  EXPECT_EQ(csv_log(text, goal).logged, (std::vector<float>{.8f, static_cast<float>(1 - .8), .7f, .3f}));
}

}  // namespace
}  // namespace plumb
