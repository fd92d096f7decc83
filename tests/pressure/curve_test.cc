// The Goodhart curve on a world of three actions whose curve is known in closed form.
#include <gtest/gtest.h>

#include "tests/pressure/three_actions.h"

namespace plumb {
namespace {

// Up, then down below where it began: the middle action is best, the proxy's favourite is bad.
constexpr std::array<double, 3> kGoodhart = {-1, 1, -.6};

TEST(GoodhartCurve, FollowsTheClosedForm) {
  const ThreeActions world(kGoodhart);
  ASSERT_EQ(world.curve.points.size(), world.path.points.size());
  ASSERT_GT(world.curve.points.size(), 8u);
  for (std::size_t k = 0; k < world.curve.points.size(); ++k) {
    const CurvePoint& point = world.curve.points[k];
    const double beta = world.path.points[k].beta;
    const double goal_error = (point.goal_interval.upper - point.goal) / world.curve.critical;
    const double proxy_error = (point.proxy_interval.upper - point.proxy) / world.curve.critical;
    EXPECT_NEAR(point.goal, world.goal_gain(beta), 4 * goal_error) << k;
    EXPECT_NEAR(point.proxy, ThreeActions::gain({0, .5, 1}, beta), 4 * proxy_error) << k;
    EXPECT_LT(goal_error, .02);  // or the comparison would mean little
    EXPECT_EQ(point.kl, world.path.points[k].kl);
  }
}

TEST(GoodhartCurve, FindsThePeakAndTheHarmBeyondIt) {
  const ThreeActions world(kGoodhart);
  const GoodhartCurve& curve = world.curve;
  std::size_t best = 0;
  double first_fall = 0;
  for (std::size_t k = 0; k < curve.points.size(); ++k) {
    if (world.goal_gain(world.path.points[k].beta) > world.goal_gain(world.path.points[best].beta)) best = k;
    if (first_fall == 0 && world.goal_gain(world.path.points[k].beta) < 0) first_fall = curve.points[k].kl;
  }
  ASSERT_GT(best, 0u);
  ASSERT_GT(first_fall, 0);
  EXPECT_TRUE(curve.proxy_rises);
  EXPECT_TRUE(curve.harm);
  EXPECT_GE(curve.harm_kl, first_fall);
  EXPECT_LE(curve.harm_kl, 3 * first_fall);
  EXPECT_LE(curve.peak.kl_lower, curve.points[best].kl);
  EXPECT_GE(curve.peak.kl_upper, curve.points[best].kl);
  EXPECT_LT(curve.peak.kl_upper, curve.harm_kl);
  EXPECT_GT(curve.peak.kl, 0);
  EXPECT_FALSE(curve.peak.censored);
}

TEST(GoodhartCurve, SeesNoHarmAndNoPeakInSightWhereTheGoalFollows) {
  const ThreeActions world({0, .5, 1});
  EXPECT_TRUE(world.curve.proxy_rises);
  EXPECT_FALSE(world.curve.harm);
  EXPECT_TRUE(world.curve.peak.censored);
  EXPECT_EQ(world.curve.peak.kl_upper, world.curve.points.back().kl);
  EXPECT_GT(world.curve.points.back().goal_interval.lower, 0);
}

TEST(GoodhartCurve, HasItsPeakAtTheReferenceWhereEveryPressureHarms) {
  const ThreeActions world({1, .5, 0});
  EXPECT_TRUE(world.curve.harm);
  EXPECT_EQ(world.curve.peak.kl, 0);
  EXPECT_LT(world.curve.peak.kl_upper, world.curve.points[world.curve.points.size() / 2].kl);
}

TEST(GoodhartCurve, CallsHarmOnlyWhatTheWholeBandShows) {
  for (const auto& goal : {kGoodhart, std::array<double, 3>{1, .5, 0}}) {
    const ThreeActions world(goal);
    double first = 0;
    for (const CurvePoint& point : world.curve.points) {
      if (first == 0 && point.proxy_interval.lower > 0 && point.goal_interval.upper < 0) first = point.kl;
    }
    EXPECT_EQ(world.curve.harm_kl, first);
  }
}

TEST(GoodhartCurve, CannotTellThePeakOfAGoalThatDoesNotMove) {
  bool falls = false;
  for (const std::uint64_t seed : {1u, 2u, 3u}) {
    const ThreeActions flat({0, 0, 0}, seed);
    EXPECT_FALSE(flat.curve.harm);
    EXPECT_EQ(flat.curve.peak.kl_lower, 0);
    EXPECT_TRUE(flat.curve.peak.censored);
    for (const CurvePoint& point : flat.curve.points) falls |= point.goal < 0;
  }
  EXPECT_TRUE(falls);  // estimates below the reference alone are no harm
}

TEST(GoodhartCurve, OfAnEmptyPathIsEmpty) {
  const DecisionLog log = made_log({"a", "b"}, {{"y"}}, {{1, {.5, .5}, 0, {1}, {}, {}, 0}});
  const OutcomeModels models = made_models(log, [](auto, auto, auto) { return 0.0; });
  Evaluation evaluation(log, models, 1);
  const std::size_t all = evaluation.add_subset({"all", {1}});
  const std::size_t reference = evaluation.add_policy(LoggingPolicy(log, 1));
  const std::pair<std::size_t, double> terms[] = {{0, 1.0}};
  const GoodhartCurve curve = goodhart_curve(evaluation, {}, reference, all, terms, terms, .95, Rng(1), 1);
  EXPECT_TRUE(curve.points.empty());
  EXPECT_FALSE(curve.harm);
}

}  // namespace
}  // namespace plumb
