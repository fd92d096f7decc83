// How often a Goodhart curve sees what is not there.
#include <gtest/gtest.h>

#include "tests/pressure/three_actions.h"

namespace plumb {
namespace {

// The band is simultaneous over all pressures and both outcomes: where the goal does not move at all it misses
// in at most one log of twenty. Of 100 logs, more than 11 would be wrong with probability .004.
TEST(GoodhartCurve, SeldomSeesHarmThatIsNotThere) {
  int harm = 0, missed = 0;
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    const ThreeActions world({0, 0, 0}, seed, 1000);
    harm += world.curve.harm;
    bool outside = false;
    for (const CurvePoint& point : world.curve.points)
      outside |= point.goal_interval.lower > 0 || point.goal_interval.upper < 0;
    missed += outside;
    EXPECT_TRUE(world.curve.proxy_rises);
  }
  EXPECT_LE(harm, missed);
  EXPECT_LE(missed, 11);
  RecordProperty("missed", missed);
}

}  // namespace
}  // namespace plumb
