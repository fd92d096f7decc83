// How often something is shown that is not there, and how often what is there.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "tests/monitor/two_worlds.h"

namespace plumb {
namespace {

constexpr int kReplications = 200;

struct Counts {
  int contexts = 0, choices = 0, outcomes = 0, revoked = 0, stands = 0, capped = 0;
};

Counts replicate(const std::function<void(MadeWorld&)>& change) {
  Counts out;
  const Goal goal = made_certificate_goal();
  for (int k = 0; k < kReplications; ++k) {
    MadeWorld one, two;
    one.n = two.n = 2000;
    one.seed = static_cast<std::uint64_t>(2 * k + 101);
    two.seed = one.seed + 1;
    change(two);
    const Monitoring m = monitored(one.log(), two.log(), goal);
    out.contexts += m.contexts.shown() > 0;
    out.choices += m.choices.shown() > 0;
    bool moved = false;  // the part by contexts stands in this band, and does move with them
    for (const Shift& s : m.outcomes.shifts) moved |= s.shown && s.group != "contexts";
    out.outcomes += moved;
    out.revoked += m.verdict == Verdict::kRefuse;
    out.stands += m.verdict == Verdict::kPass;
    out.capped += !m.cap.empty();
  }
  return out;
}

// More than this in a test at level .05 has probability below one in a thousand.
int most(double level) {
  return static_cast<int>(kReplications * level + 3.3 * std::sqrt(kReplications * level * (1 - level)));
}

TEST(MonitorErrors, FamiliesShowWhatIsNotThereAtMostAtTheirLevel) {
  const Counts n = replicate([](MadeWorld&) {});
  EXPECT_LE(n.contexts, most(.05));
  EXPECT_LE(n.choices, most(.05));
  EXPECT_LE(n.outcomes, most(.05));
  EXPECT_LE(n.revoked, most(.005));
  EXPECT_EQ(n.capped, 0);
  EXPECT_GE(n.stands, kReplications * 9 / 10);
  RecordProperty("contexts", n.contexts);
  RecordProperty("choices", n.choices);
  RecordProperty("outcomes", n.outcomes);
  std::printf("unchanged: contexts %d, choices %d, outcomes %d, revoked %d, stand %d of %d\n", n.contexts,
              n.choices, n.outcomes, n.revoked, n.stands, kReplications);
}

// The models know nothing of x0's square, so they err more where x0 is large; the ratio makes up for it, and
// its own error is in the intervals.
TEST(MonitorErrors, MovedContextsAreNotTakenForMovedOutcomes) {
  const Counts n = replicate([](MadeWorld& w) {
    w.x_mean = 0.5;
    w.group = 0.4;
  });
  std::printf("contexts moved: contexts %d, choices %d, outcomes %d, revoked %d, stand %d of %d\n", n.contexts,
              n.choices, n.outcomes, n.revoked, n.stands, kReplications);
  EXPECT_EQ(n.contexts, kReplications);
  EXPECT_LE(n.choices, most(.05));
  EXPECT_LE(n.outcomes, most(.05));
  EXPECT_LE(n.revoked, most(.005));
}

// Moves of about six standard errors each.
TEST(MonitorErrors, ContextsThatMovedAreShown) {
  const Counts n = replicate([](MadeWorld& w) { w.x_mean = 0.2; });
  std::printf("contexts shown in %d of %d\n", n.contexts, kReplications);
  EXPECT_GE(n.contexts, kReplications * 95 / 100);
}

TEST(MonitorErrors, ChoicesThatMovedAreShown) {
  const Counts n = replicate([](MadeWorld& w) { w.b = 0.62; });
  std::printf("choices shown in %d of %d\n", n.choices, kReplications);
  EXPECT_GE(n.choices, kReplications * 95 / 100);
}

TEST(MonitorErrors, OutcomesThatMovedRevoke) {
  const Counts n = replicate([](MadeWorld& w) { w.effect = -0.2; });
  std::printf("revoked in %d of %d\n", n.revoked, kReplications);
  EXPECT_GE(n.revoked, kReplications * 95 / 100);
  EXPECT_LE(n.contexts, most(.05));
}

}  // namespace
}  // namespace plumb
